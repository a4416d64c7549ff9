"""How right a linkage is, told from pairs that people judged: a random sample in each of several strata.

A stratum holds pairs that were all joined, or all not. Within it the pairs judged are taken at random, so the share of them
that is one child is that of the rest as well; strata are put together by their sizes. Source: Blakely and Salmond (2002),
Probabilistic record linkage and a method to calculate the positive predictive value, Int J Epidemiol 31:1246; the intervals
are those of Jeffreys' prior for each share, Brown, Cai and DasGupta (2001), Statist Sci 16:101.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.stats.proportions import Interval

DRAWS = 20_000
LIMITS = (2.5, 97.5)


@dataclass(frozen=True)
class Stratum:
    """How many pairs there are, how many of them were judged, how many of these are one child, and whether all are joined."""

    pairs: int
    judged: int
    same: int
    is_joined: bool


def judged_quality(strata: Sequence[Stratum], seed: int = 0) -> tuple[Interval, Interval, Interval]:
    """Precision, recall and F1 of all pairs, each with its 95% interval.

    NaN where it cannot be told: precision wants a judged pair in each stratum that is joined, the others in every stratum.
    Recall is of the pairs of the strata: what was never weighed is not in it. The draws are those of `seed`.
    """
    chance = np.random.default_rng(seed)
    drawn = [same_drawn(each, chance) for each in strata]
    expected = [same_expected(each) for each in strata]
    points, draws = measures(strata, expected), measures(strata, drawn)
    precision, recall, f1 = (
        (float(point), *(float(limit) for limit in np.percentile(draw, LIMITS)))
        if np.isfinite(point)
        else (float("nan"),) * 3
        for point, draw in zip(points, draws, strict=True)
    )
    return precision, recall, f1  # type: ignore[return-value]


def same_expected(of: Stratum) -> NDArray[np.float64]:
    """How many pairs of a stratum are one child, as the judged ones are; NaN where there are pairs and nobody judged one."""
    if not of.judged:
        return np.array(np.nan if of.pairs else 0.0)
    return np.array(of.same * of.pairs / of.judged)


def same_drawn(of: Stratum, chance: np.random.Generator) -> NDArray[np.float64]:
    """How many pairs of a stratum are one child, (DRAWS,): those judged so, and of the others what their share brings."""
    share = chance.beta(of.same + 0.5, of.judged - of.same + 0.5, DRAWS)
    return of.same + chance.binomial(of.pairs - of.judged, share).astype(np.float64)


def measures(
    strata: Sequence[Stratum], same: Sequence[NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Precision, recall and F1, from how many pairs of each stratum are one child; of no pair at all they are NaN."""
    joined = sum(each.pairs for each in strata if each.is_joined)
    nothing = np.zeros(())
    right = sum((of for each, of in zip(strata, same, strict=True) if each.is_joined), nothing)
    true = sum(same, nothing)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.true_divide(right, joined), np.true_divide(right, true), np.true_divide(2 * right, joined + true)
