"""The log-rank test: do groups have the event at the same pace? (Mantel 1966; weighted after Harrington and Fleming 1982)"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from careloom.stats.survival.rows import Floats, checked_rows, weight_at_or_after


@dataclass(frozen=True)
class LogRank:
    """The log-rank test of equal hazards: per group (in sorted order) events observed and expected, both weighted."""

    groups: NDArray[np.generic]
    observed: Floats
    expected: Floats
    variance: Floats
    chi_square: float
    degrees_of_freedom: int
    p_value: float


def log_rank(
    days: ArrayLike,
    is_event: ArrayLike,
    group: ArrayLike,
    *,
    counts: ArrayLike | None = None,
    entry_days: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    rho: float = 0.0,
) -> LogRank:
    """Test whether the groups' hazards are equal, within each stratum if there are several (exact variance under ties).

    group, stratum: (n,) labels of any sortable kind. counts: (n,) how many alike each row stands for, default 1.
    rho: a day counts as much as the pooled survival just before it to this power: 0 the log-rank test, 1 Peto and Peto's
    version of the Wilcoxon test, which gives early days more weight. Other inputs and errors as `kaplan_meier`.
    """
    exits, event, count, entry = checked_rows(days, is_event, counts, entry_days)
    groups, member = np.unique(np.asarray(group), return_inverse=True)
    _, apart = np.unique(np.zeros(exits.size) if stratum is None else np.asarray(stratum), return_inverse=True)
    if member.shape != exits.shape or apart.shape != exits.shape:
        raise ValueError("group and stratum must have one label per row")
    if groups.size < 2 or not event.any():
        raise ValueError("a log-rank test needs at least two groups and one event")
    observed, expected, variance = np.zeros(groups.size), np.zeros(groups.size), np.zeros((groups.size, groups.size))
    for number in range(apart.max() + 1):
        mine = apart == number
        if not event[mine].any():
            continue
        own = None if entry is None else entry[mine]
        seen = _one_stratum(exits[mine], event[mine], count[mine], own, member[mine], groups.size, rho)
        for total, part in zip((observed, expected, variance), seen, strict=True):
            total += part
    # The differences sum to zero, so one group of those that ever had somebody at risk is left out.
    able = np.flatnonzero(np.diag(variance) > 0)[1:]
    gap = (observed - expected)[able]
    chi_square = float(gap @ np.linalg.solve(variance[np.ix_(able, able)], gap)) if able.size else 0.0
    return LogRank(groups, observed, expected, variance, chi_square, able.size, float(chi2.sf(chi_square, able.size)))


def _one_stratum(
    exits: Floats,
    event: NDArray[np.bool_],
    count: Floats,
    entry: Floats | None,
    member: NDArray[np.intp],
    groups: int,
    rho: float,
) -> tuple[Floats, Floats, Floats]:
    """Observed and expected events per group, and the variance of their difference."""
    distinct = np.unique(exits[event])
    d, n = np.zeros((2, distinct.size, groups))
    for g in range(groups):
        mine = member == g
        had = mine & event
        d[:, g] = np.bincount(np.searchsorted(distinct, exits[had]), count[had], distinct.size)
        n[:, g] = weight_at_or_after(distinct, exits[mine], count[mine])
        if entry is not None:
            n[:, g] -= weight_at_or_after(distinct, entry[mine], count[mine])
    total, events = n.sum(axis=1), d.sum(axis=1)
    before = np.concatenate(([1.0], np.cumprod(1.0 - events / total)[:-1])) ** rho
    share = n / total[:, None]
    spread = before**2 * events * (total - events) / np.maximum(total - 1, 1)
    variance = np.diag(spread @ share) - (share * spread[:, None]).T @ share
    return before @ d, (before * events) @ share, variance
