"""Shares with an interval, the F measure of a linkage with one, and how far two raters agree."""

from collections.abc import Sequence
from math import sqrt

SURE = 1.959963984540054
"""Standard errors on either side of an interval of 95%."""
Interval = tuple[float, float, float]


def wilson(part: int, whole: int) -> Interval:
    """A share and its 95% interval, by Wilson's score; NaN of nothing. Source: Wilson (1927), JASA 22:209."""
    if not whole:
        return float("nan"), float("nan"), float("nan")
    share, square = part / whole, SURE**2 / whole
    middle = (share + square / 2) / (1 + square)
    reach = SURE / (1 + square) * sqrt(share * (1 - share) / whole + square / (4 * whole))
    return share, max(middle - reach, 0.0), min(middle + reach, 1.0)


def f_measure(right: int, wrong: int, missed: int) -> Interval:
    """F1, the harmonic mean of precision and recall, with its 95% interval.

    Right links as a share F* of all that are right, wrong or missed have Wilson's interval, and F1 = 2 F* / (1 + F*) rises
    with it. Source: Hand, Christen and Kirielle (2021), F*: an interpretable transformation of the F-measure, Mach Learn 110:451.
    """
    share, lower, upper = (2 * star / (1 + star) for star in wilson(right, right + wrong + missed))
    return share, lower, upper


def cohens_kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Agreement of two raters beyond chance: 1 is complete, 0 what chance gives; NaN where chance alone gives all.

    `first` and `second` are what each said of the same things, in the same order. Source: Cohen (1960), Educ Psychol Meas 20:37.
    """
    n = len(first)
    if not n:
        return float("nan")
    agreed = sum(one == two for one, two in zip(first, second, strict=True)) / n
    words = set(first) | set(second)
    chance = sum((first.count(word) / n) * (second.count(word) / n) for word in words)
    return float("nan") if chance == 1 else (agreed - chance) / (1 - chance)
