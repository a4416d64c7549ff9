"""Shares with an interval, and the F measure of a linkage with one."""

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
