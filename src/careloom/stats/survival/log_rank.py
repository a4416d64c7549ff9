"""The log-rank test: do groups have the event at the same pace? (Mantel 1966)"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from careloom.stats.survival.rows import Floats, checked_rows, weight_at_or_after


@dataclass(frozen=True)
class LogRank:
    """The log-rank test of equal hazards: per group (in sorted order) events observed and expected."""

    groups: NDArray[np.generic]
    observed: Floats
    expected: Floats
    chi_square: float
    degrees_of_freedom: int
    p_value: float


def log_rank(days: ArrayLike, is_event: ArrayLike, group: ArrayLike, *, entry_days: ArrayLike | None = None) -> LogRank:
    """Test whether the groups' hazards are equal (Mantel 1966, exact variance under ties, no weights).

    group: (n,) labels of any sortable kind; the other inputs and errors as `kaplan_meier`.
    """
    exits, event, one, entry = checked_rows(days, is_event, None, entry_days)
    groups, member = np.unique(np.asarray(group), return_inverse=True)
    distinct = np.unique(exits[event])
    d, n = np.zeros((2, distinct.size, groups.size))
    for g in range(groups.size):
        mine = member == g
        d[:, g] = np.bincount(np.searchsorted(distinct, exits[mine & event]), minlength=distinct.size)
        n[:, g] = weight_at_or_after(distinct, exits[mine], one[mine])
        if entry is not None:
            n[:, g] -= weight_at_or_after(distinct, entry[mine], one[mine])
    total, events = n.sum(1), d.sum(1)
    share = n / total[:, None]
    spread = events * (total - events) / np.maximum(total - 1, 1)
    variance = np.diag(spread @ share) - (share * spread[:, None]).T @ share
    observed, expected = d.sum(0), events @ share
    # The variance has rank groups - 1: the differences sum to zero, so one group is left out.
    gap = (observed - expected)[1:]
    chi_square = float(gap @ np.linalg.solve(variance[1:, 1:], gap))
    df = groups.size - 1
    return LogRank(groups, observed, expected, chi_square, df, float(chi2.sf(chi_square, df)))
