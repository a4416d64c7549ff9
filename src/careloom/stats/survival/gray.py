"""Gray's test: is the incidence of one cause the same in all groups, other causes being at work? (Gray 1988, Ann. Stat. 16:1141)

Per event day, with n_k at risk in group k, S_k its event-free share and F_k its incidence of the cause: the rows still
able to have the event are h_k (1 - F_k), where h_k = n_k / S_k just before the day. If the groups are alike the pooled
incidence F rises by d / H a day, with d events of the cause and H the sum of h_k.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from careloom.stats.survival.rows import Floats, checked_causes, checked_rows


@dataclass(frozen=True)
class GrayTest:
    """Per group (in sorted order) the score, events observed less expected, and the test that all are zero."""

    groups: NDArray[np.generic]
    score: Floats
    variance: Floats
    chi_square: float
    degrees_of_freedom: int
    p_value: float


def gray_test(
    days: ArrayLike,
    cause: ArrayLike,
    group: ArrayLike,
    *,
    of: int = 1,
    counts: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    rho: float = 0.0,
) -> GrayTest:
    """Test whether the cumulative incidence of cause `of` is the same in all groups, within each stratum.

    cause: (n,) 0 for a censoring, 1, 2 ... for what happened. group, stratum: (n,) labels. counts: (n,) how many alike
    each row stands for, default 1. rho: a day counts as much as the pooled share without the event to this power.
    Other inputs and errors as `aalen_johansen`; delayed entry is not provided for.
    """
    which = checked_causes(cause)
    exits, _, count, _ = checked_rows(days, which > 0, counts, None)
    groups, member = np.unique(np.asarray(group), return_inverse=True)
    _, apart = np.unique(np.zeros(exits.size) if stratum is None else np.asarray(stratum), return_inverse=True)
    if member.shape != exits.shape or apart.shape != exits.shape:
        raise ValueError("group and stratum must have one label per row")
    if groups.size < 2 or not (which == of).any():
        raise ValueError("Gray's test needs at least two groups and one event of the cause")
    ended = np.where(which == of, 1, np.where(which > 0, 2, 0))
    score, variance = np.zeros(groups.size), np.zeros((groups.size, groups.size))
    for number in range(apart.max() + 1):
        mine = apart == number
        table = _count(exits[mine], ended[mine], member[mine], count[mine], groups.size)
        for total, part in zip((score, variance), _one_stratum(*table, rho), strict=True):
            total += part
    able = np.flatnonzero(np.diag(variance) > 0)[1:]
    chi_square = float(score[able] @ np.linalg.solve(variance[np.ix_(able, able)], score[able])) if able.size else 0.0
    return GrayTest(groups, score, variance, chi_square, able.size, float(chi2.sf(chi_square, able.size)))


def _count(
    exits: Floats, ended: NDArray[np.int64], member: NDArray[np.intp], count: Floats, groups: int
) -> tuple[Floats, Floats, Floats]:
    """At risk, events of the cause, and other events, each (days, groups), on the days with any event."""
    days, at = np.unique(exits, return_inverse=True)
    table = np.zeros((3, days.size, groups))
    np.add.at(table, (ended, at, member), count)
    at_risk = table.sum(axis=0)[::-1].cumsum(axis=0)[::-1]
    some = table[1:].sum(axis=(0, 2)) > 0
    return at_risk[some], table[1, some], table[2, some]


@dataclass(frozen=True)
class _Days:
    """What is known on each event day of a stratum, (D, K) by group or (D,); `before` is just before the day."""

    n: Floats
    own: Floats
    other: Floats
    free: Floats
    free_before: Floats
    h: Floats
    able: Floats
    pooled: Floats
    pooled_before: Floats


def _days(n: Floats, own: Floats, other: Floats) -> _Days:
    there = n > 0
    safe = np.where(there, n, 1.0)
    nothing = np.zeros((1, n.shape[1]))
    free = np.asarray(np.cumprod(np.where(there, 1.0 - (own + other) / safe, 1.0), axis=0), dtype=np.float64)
    free_before = np.vstack([nothing + 1.0, free[:-1]])
    reached = np.cumsum(np.where(there, free_before * own / safe, 0.0), axis=0)
    h = np.where(there, n / np.where(free_before > 0, free_before, 1.0), 0.0)
    pooled = np.cumsum(own.sum(axis=1) / h.sum(axis=1))
    able = h * (1.0 - np.vstack([nothing, reached[:-1]]))
    return _Days(n, own, other, free, free_before, h, able, pooled, np.concatenate(([0.0], pooled[:-1])))


def _one_stratum(n: Floats, own: Floats, other: Floats, rho: float) -> tuple[Floats, Floats]:
    """Score (K,) and its variance (K, K), from the counts by day and group (D, K)."""
    day = _days(n, own, other)
    weight = (1.0 - day.pooled_before) ** rho
    expected = (own.sum(axis=1) / day.able.sum(axis=1))[:, None] * day.able
    return weight @ (own - expected), _variance(day, weight)


def _variance(day: _Days, weight: Floats) -> Floats:
    """Variance of the score: what chance does on each day to each group's events of the cause, and to its others."""
    total, events = day.h.sum(axis=1), day.own.sum(axis=1)
    # a[t, i, k]: what an event in group k does to the score of group i on the day; later: to what is expected after it.
    share = (day.h / total[:, None])[:, None, :]
    a = weight[:, None, None] * day.h[:, :, None] * (np.eye(day.h.shape[1]) - share)
    expected = np.cumsum(a * (events / (total * (1.0 - day.pooled_before)))[:, None, None], axis=0)
    later = expected[-1] - expected
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(day.free > 0, (1.0 - day.pooled)[:, None] / day.free, 0.0)
        tied = np.where(events > 1, (events - 1.0) / (total * day.free_before.T - 1.0), 0.0).T
        chance = (1.0 - tied) * day.free_before * events[:, None] / (total[:, None] * day.n)
        of_cause = np.where(day.n > 0, chance, 0.0)
        shared = np.where(day.other > 1, 1.0 - (day.other - 1.0) / (day.n - 1.0), 1.0)
        chance = shared * day.free_before**2 * day.other / day.n**2
        of_others = np.where((day.free > 0) & (day.other > 0), chance, 0.0)
    by_own, by_other = a + (1.0 - left)[:, None, :] * later, left[:, None, :] * later
    both = ((by_own, of_cause), (by_other, of_others))
    return np.asarray(sum(np.einsum("tik,tk,tjk->ij", moved, chance, moved) for moved, chance in both))
