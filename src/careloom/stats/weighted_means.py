"""Means of groups to which each subject belongs in part, with intervals by the bootstrap."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 999
LEVEL = 0.95


def weighted_means(amounts: Floats, weights: Floats) -> Floats:
    """Return the mean amount of each group (K,): m_c = sum_i w_ic y_i / sum_i w_ic.

    `amounts` (N,) is one number for each subject, `weights` (N, K) how much of the subject is in each group, such as a
    posterior probability. NaN for a group that nobody is in.
    """
    sums, sizes = amounts @ weights, weights.sum(axis=0)
    means: Floats = np.divide(sums, sizes, out=np.full(len(sizes), np.nan), where=sizes > 0)
    return means


def bootstrap_means(
    amounts: Floats, weights: Floats, *, seed: int, draws: int = DRAWS, level: float = LEVEL
) -> tuple[Floats, Floats]:
    """Return the lower and upper limits (K,) of the means: percentiles over samples of whole subjects, with replacement.

    A subject is drawn with its amount and all its weights, so that subjects are the clusters. The weights are taken as
    they are: that they were estimated is not in the interval. Source: Efron and Tibshirani 1993, An Introduction to the
    Bootstrap, chapter 13.
    """
    chance = np.random.default_rng(seed)
    both = np.column_stack([amounts[:, None] * weights, weights])
    drawn = np.empty((draws, both.shape[1]))
    for draw in range(draws):
        times = np.bincount(chance.integers(len(amounts), size=len(amounts)), minlength=len(amounts))
        drawn[draw] = times @ both
    sums, sizes = np.split(drawn, 2, axis=1)
    means = np.divide(sums, sizes, out=np.full(sums.shape, np.nan), where=sizes > 0)
    tail = (1 - level) / 2
    is_drawn = ~np.isnan(means).all(axis=0)
    limits = np.full((2, means.shape[1]), np.nan)
    limits[:, is_drawn] = np.nanquantile(means[:, is_drawn], [tail, 1 - tail], axis=0)
    return limits[0], limits[1]
