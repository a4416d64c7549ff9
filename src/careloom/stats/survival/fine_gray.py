"""Fine and Gray's model: how covariates move the cumulative incidence of one cause, others being at work.

A row that another cause ended stays at risk, with a weight that fades as censoring would have thinned it out:
G(t-) / G(T-), with G the Kaplan-Meier curve of the censoring and T its own day. Nothing is expanded: those rows linger in
the risk sets of the Cox model. Sources: Fine and Gray (1999), JASA 94:496; Geskus (2011), Biometrics 67:39.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from careloom.stats.distinct_rows import distinct_rows
from careloom.stats.survival.cox import CoxFit, Ties, check_design, fit_risk_sets
from careloom.stats.survival.cox_model import numbers_of
from careloom.stats.survival.risk_sets import Lingering, RiskSets, Rows, checked_cox_rows, count_risk_sets, sum_into
from careloom.stats.survival.robust import score_sums
from careloom.stats.survival.rows import Floats, checked_causes, weight_at_or_after


def fit_fine_gray(
    design: ArrayLike,
    pattern: ArrayLike,
    exit_days: ArrayLike,
    cause: ArrayLike,
    *,
    names: Sequence[str],
    of: int = 1,
    stratum: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    ties: Ties = "breslow",
    errors: Literal["model", "robust", "censoring"] = "censoring",
    max_iterations: int = 50,
) -> CoxFit:
    """Fit a proportional subdistribution hazards model; the result reads as that of `fit_cox`.

    cause: (n,) 0 for a censoring, 1, 2 ... for what happened; `of` is the one asked about. Each stratum has its own
    censoring. Standard errors: "model" takes the fading weights as known, "robust" too, summed over `cluster` (each
    row one, by default), "censoring" adds that they were estimated (as cmprsk's crr). Other arguments as `fit_cox`.
    Raises ValueError as `fit_cox`, and when there is no event of the cause. Delayed entry is not provided for: it
    would need weights for the entries too.
    """
    which = checked_causes(cause)
    x = np.asarray(design, dtype=np.float64)
    nothing = np.zeros(len(x))
    check_design(x, nothing, names, ties)
    rows = checked_cox_rows(
        pattern, exit_days, which == of, patterns=len(x), entry_days=None, stratum=stratum, weights=weights
    )
    sets = count_risk_sets(rows, patterns=len(x), efron=ties == "efron")
    others = np.flatnonzero((which != of) & (which > 0))
    censoring = _censoring(rows, which == 0)
    sets = replace(sets, lingering=_lingering(sets, others, censoring, patterns=len(x)))
    who = np.arange(which.size) if cluster is None else np.unique(np.asarray(cluster), return_inverse=True)[1]
    fit = fit_risk_sets(
        sets, x, nothing, names, cluster=None if errors == "model" else who, max_iterations=max_iterations
    )
    if errors == "censoring":
        return replace(fit, robust_covariance=_with_censoring(fit, censoring, which == 0, who))
    return fit


def fine_gray(
    X: object,
    *,
    time: ArrayLike,
    cause: ArrayLike,
    of: int = 1,
    strata: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    ties: Ties = "breslow",
    errors: Literal["model", "robust", "censoring"] = "censoring",
) -> CoxFit:
    """`fit_fine_gray` for rows: X (n, p) numbers, a frame or an array, as `CoxModel.fit` takes them."""
    names, x = numbers_of(X)
    distinct, pattern = distinct_rows(x)
    return fit_fine_gray(
        distinct,
        pattern,
        time,
        cause,
        names=names,
        of=of,
        stratum=strata,
        weights=weights,
        cluster=cluster,
        ties=ties,
        errors=errors,
    )


@dataclass(frozen=True)
class Censoring:
    """Per stratum: its days (D,), rows still there after the events of the day, those censored, and G before the day."""

    days: tuple[Floats, ...]
    there: tuple[Floats, ...]
    censored: tuple[Floats, ...]
    before: tuple[Floats, ...]

    def g(self, stratum: int, days: Floats) -> Floats:
        """G just before some days, none of them after the stratum's last."""
        return np.asarray(self.before[stratum][np.searchsorted(self.days[stratum], days)])


def _censoring(rows: Rows, is_censored: NDArray[np.bool_]) -> Censoring:
    """Kaplan-Meier of the censoring, with the events of a day before its censorings."""
    parts = []
    for stratum in range(rows.labels.size):
        mine = rows.stratum == stratum
        days, at = np.unique(rows.exit_days[mine], return_inverse=True)
        weight, censored = rows.weight[mine], np.bincount(at, rows.weight[mine] * is_censored[mine], days.size)
        there = weight_at_or_after(days, rows.exit_days[mine], weight) - np.bincount(at, weight, days.size) + censored
        left = np.cumprod(1.0 - np.divide(censored, there, out=np.zeros(days.size), where=there > 0))
        parts.append((days, there, censored.astype(np.float64), np.concatenate(([1.0], left[:-1]))))
    return Censoring(*zip(*parts, strict=True))


def _lingering(sets: RiskSets, others: NDArray[np.int64], censoring: Censoring, *, patterns: int) -> Lingering:
    rows, slots = sets.rows, sets.slots
    fading = np.empty(slots.day.size)
    thinned = np.empty(others.size)
    for stratum, run in enumerate(slots.runs()):
        fading[run] = censoring.g(stratum, slots.day[run])
        mine = rows.stratum[others] == stratum
        thinned[mine] = censoring.g(stratum, rows.exit_days[others[mine]])
    weight, first = rows.weight[others] / thinned, sets.last[others]
    stays = first < slots.last_of(rows.stratum[others])
    coming = sum_into((slots.day.size, patterns), first[stays], rows.pattern[others[stays]], weight[stays])
    return Lingering(others, first, weight, coming, fading)


def _with_censoring(
    fit: CoxFit, censoring: Censoring, is_censored: NDArray[np.bool_], who: NDArray[np.int64]
) -> Floats:
    """The robust covariance with each row's part in the censoring curve added to its score residual."""
    sets, scaled, at = fit.working.sets, fit.working.scaled, fit.working.at
    clusters = int(who.max()) + 1
    sums = np.concatenate(list(score_sums(sets, scaled.x, at, who, clusters)))
    part = _part_in_censoring(fit, censoring, is_censored) * sets.rows.weight[:, None]
    sums += sum_into((clusters, who.size), who, np.arange(who.size), np.ones(who.size)) @ part
    free = np.isfinite(np.diag(fit.covariance))
    width = scaled.width[free]
    bread = fit.covariance[np.ix_(free, free)] * np.outer(width, width)
    out = np.full_like(fit.covariance, np.nan)
    out[np.ix_(free, free)] = bread @ (sums.T @ sums)[np.ix_(free, free)] @ bread / np.outer(width, width)
    return out


def _part_in_censoring(fit: CoxFit, censoring: Censoring, is_censored: NDArray[np.bool_]) -> Floats:
    """What each row's being censored or not, on each day it could be, moves the score by (n, columns).

    A censoring on day u thins out every row lingering by then, on all event days after u.
    """
    sets, x, at = fit.working.sets, fit.working.scaled.x, fit.working.at
    rows, slots, lingering = sets.rows, sets.slots, sets.lingering
    assert lingering is not None
    used = lingering.fading[:, None] * np.column_stack((at.a, at.a2[:, None] * at.s1 - at.b2[:, None] * at.d1))
    ahead = np.concatenate((slots.remaining(used), np.zeros((1, used.shape[1]))))
    size = lingering.weight * at.r[rows.pattern[lingering.rows]]
    out = np.zeros((rows.pattern.size, x.shape[1]))
    for stratum, run in enumerate(slots.runs()):
        days, there, censored = (part[stratum] for part in (censoring.days, censoring.there, censoring.censored))
        stay = rows.stratum[lingering.rows] == stratum
        by_day = np.zeros((days.size, 1 + x.shape[1]))
        since = np.searchsorted(days, rows.exit_days[lingering.rows[stay]])
        own_x = x[rows.pattern[lingering.rows[stay]]]
        np.add.at(by_day, since, size[stay, None] * np.column_stack((np.ones(len(own_x)), own_x)))
        by_day = by_day.cumsum(axis=0)
        place = run.start + np.searchsorted(slots.day[run], days, side="right")
        to_come = np.where((place < run.stop)[:, None], ahead[place], 0.0)
        pulled = by_day[:, 1:] * to_come[:, :1] - by_day[:, :1] * to_come[:, 1:]
        pulled /= np.maximum(there, 1e-300)[:, None]
        expected = np.cumsum(
            pulled * np.divide(censored, there, out=np.zeros(days.size), where=there > 0)[:, None], axis=0
        )
        mine = rows.stratum == stratum
        day = np.searchsorted(days, rows.exit_days[mine])
        left = is_censored[mine]
        before = np.concatenate((np.zeros((1, x.shape[1])), expected))
        out[mine] = np.where(left[:, None], pulled[day] - expected[day], -before[day])
    return out
