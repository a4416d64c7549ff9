"""Draws of amounts of which a lowest, a most likely and a highest value are known, some of them alike.

Standard normals that are alike in part are turned into shares of a distribution, and these into amounts: so any two amounts
can go up and down together, whatever their own distributions (a Gaussian copula; Nelsen 2006, An Introduction to Copulas).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import gamma

Floats = NDArray[np.float64]
WITHIN = 1.959964
"""Standard deviations on each side of the mean of a normal that hold 95% of it."""
AT_ONCE, MULTIPLIED = 256, 8192
"""Rows of a block of `resampled_sums`, as many as a byte can tell apart; and of the blocks that are multiplied by their amounts together."""


def alike_normals(
    groupings: Sequence[Sequence[object]], shares: Sequence[float], *, draws: int, chance: np.random.Generator
) -> Floats:
    """Return standard normals, items x draws: `shares[g]` of the variance of an item is common to its group of grouping g.

    Each grouping names the group of every item. Two items have the correlation that is the sum of the shares of the
    groupings that put them together; what is left of the variance is an item's own. Raises ValueError when shares are
    negative or add up to more than 1, or no grouping says how many items there are.
    """
    if not groupings or min(shares) < 0 or sum(shares) > 1 + 1e-12:
        raise ValueError("name at least one grouping, with shares of 0 or more that add up to 1 or less")
    items = len(groupings[0])
    drawn: Floats = np.sqrt(max(0.0, 1 - sum(shares))) * chance.standard_normal((items, draws))
    for names, share in zip(groupings, shares, strict=True):
        places = {name: place for place, name in enumerate(dict.fromkeys(names))}
        common = chance.standard_normal((len(places), draws))
        drawn += np.sqrt(share) * common[[places[name] for name in names]]
    return drawn


def triangular(normals: Floats, low: Floats, mode: Floats, high: Floats) -> Floats:
    """Return amounts of the triangular distributions (low, mode, high), items x draws, from standard normals.

    low <= mode <= high, one of each an item; where low = high the amount is always that.
    """
    low, mode, high = (each[:, None] for each in (low, mode, high))
    share, width = ndtr(normals), high - low
    turns = np.divide(mode - low, width, out=np.zeros_like(width), where=width > 0)
    rising = low + np.sqrt(share * width * (mode - low))
    falling = high - np.sqrt((1 - share) * width * (high - mode))
    drawn: Floats = np.where(share < turns, rising, falling)
    return drawn


def gamma_between(low: Floats, mode: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return shape k and scale s of the gamma distributions with this mode, whose 2 x 1.96 standard deviations are high - low.

    The mode (k - 1) s and the variance k s^2 give s = (sqrt(mode^2 + 4 sd^2) - mode) / 2 and k = mode / s + 1.
    Where low = high the scale is 0: the amount is always the mode.
    """
    sd = (high - low) / (2 * WITHIN)
    scale = (np.sqrt(mode**2 + 4 * sd**2) - mode) / 2
    shape = np.divide(mode, scale, out=np.ones_like(mode), where=scale > 0) + 1
    return shape, scale


def gammas(normals: Floats, low: Floats, mode: Floats, high: Floats) -> Floats:
    """Return amounts of the gamma distributions of `gamma_between`, items x draws, from standard normals."""
    shape, scale = gamma_between(low, mode, high)
    is_sure = (scale == 0)[:, None]
    drawn = scale[:, None] * gamma.ppf(ndtr(normals), np.where(scale > 0, shape, 1.0)[:, None])
    amounts: Floats = np.where(is_sure, mode[:, None], drawn)
    return amounts


def resampled_sums(
    amounts: Floats, *, draws: int, chance: np.random.Generator, clusters: NDArray[np.int64] | None = None
) -> Floats:
    """Return sums of rows drawn with replacement, columns x draws: the bootstrap of totals.

    `amounts` is rows x columns, a row one child; `clusters` numbers the families from 0, which are drawn whole. Rows are taken
    a block at a time, for all draws: how many of a draw fall in a block is binomial, given those before it, and which they are
    does not depend on the other blocks. So it is the same drawing, in memory of draws x block.
    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 6.
    """
    if clusters is not None:
        together = np.zeros((int(clusters.max()) + 1, amounts.shape[1]))
        np.add.at(together, clusters, amounts)
        amounts = together
    rows, sums, to_come = len(amounts), np.zeros((amounts.shape[1], draws)), np.full(draws, len(amounts))
    for start in range(0, rows, MULTIPLIED):
        times = np.zeros((draws, min(MULTIPLIED, rows - start)))
        for first in range(0, times.shape[1], AT_ONCE):
            size = min(AT_ONCE, times.shape[1] - first)
            of_block = chance.binomial(to_come, size / (rows - start - first))
            to_come -= of_block
            drawn = chance.integers(0, size, int(of_block.sum()), dtype=np.uint8)
            places = np.repeat(np.arange(0, draws * size, size), of_block) + drawn
            times[:, first : first + size] = np.bincount(places, minlength=draws * size).reshape(draws, size)
        sums += (times @ amounts[start : start + MULTIPLIED]).T
    return sums
