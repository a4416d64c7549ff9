"""Survival curves: what share has not had the event yet, day by day (Kaplan and Meier 1958), and the log-rank test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2, norm

Floats = NDArray[np.float64]
Interval = Literal["log-log", "log", "plain"]


@dataclass(frozen=True)
class Curve:
    """A survival curve: one element per distinct exit day; every array has the same shape (days,).

    `at_risk`, `events` and `censored` are sums of weights. `std_error` is Greenwood's, of the survival itself. `lower`
    and `upper` are pointwise limits, nan where they are not defined (survival exactly 0; exactly 1 under log-log).
    """

    days: Floats
    at_risk: Floats
    events: Floats
    censored: Floats
    survival: Floats
    std_error: Floats
    lower: Floats
    upper: Floats

    def survival_at(self, days: ArrayLike) -> Floats:
        """Survival at each day given (flat between exits): 1 before the first, nan after the last unless it is 0."""
        when = np.asarray(days, dtype=np.float64)
        steps = np.concatenate(([1.0], self.survival))[np.searchsorted(self.days, when, side="right")]
        return np.where((when > self.days[-1]) & (steps > 0), np.nan, steps)

    def quantile(self, share: float) -> float:
        """The first day by which `share` have had the event (0.5: the median); nan when the curve stays above.

        Where the curve is flat at exactly `1 - share`, the middle of the flat stretch, as R's `quantile.survfit`.
        """
        above = 1.0 - share
        # A product of fractions can miss 0.5 by rounding: take "equal" at the same width as R does.
        equal = np.flatnonzero(np.abs(self.survival - above) < 1e-9)
        below = np.flatnonzero(self.survival < above - 1e-9)
        after = float(self.days[below[0]]) if below.size else np.nan
        if not equal.size:
            return after
        return float(self.days[equal[0]] + (self.days[equal[-1]] if not below.size else after)) / 2

    def restricted_mean(self, horizon: float) -> float:
        """Mean event-free days out of the first `horizon`: the area under the curve, held flat after the last exit."""
        inside = self.days < horizon
        edges = np.concatenate(([0.0], self.days[inside], [horizon]))
        return float(np.diff(edges) @ np.concatenate(([1.0], self.survival[inside])))


def kaplan_meier(
    days: ArrayLike,
    is_event: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    entry_days: ArrayLike | None = None,
    interval: Interval = "log-log",
    level: float = 0.95,
) -> Curve:
    """Estimate the survival curve of one group.

    days: (n,) day of exit, any number >= 0; equal days are ties, and on one day events come before censorings.
    is_event: (n,) true where the exit is the event, false where it is a censoring.
    weights: (n,) case weights > 0; default 1.
    entry_days: (n,) at risk on `entry < day <= exit`; default from the start.
    interval: the scale of the limits. A same-day event (day 0) is the caller's to place, for instance at half a day.
    Raises ValueError for missing values, negative days, weights not above 0, no rows, or an entry not before its exit.
    """
    exits, event, weight, entry = checked_rows(days, is_event, weights, entry_days)
    distinct, where = np.unique(exits, return_inverse=True)
    events = _sum_by(where, weight * event, distinct.size)
    leaving = _sum_by(where, weight, distinct.size)
    at_risk = leaving[::-1].cumsum()[::-1]
    if entry is not None:
        at_risk = at_risk - _weight_at_or_after(distinct, entry, weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod(1 - events / at_risk)
        error_of_log = np.sqrt(np.cumsum(events / (at_risk * (at_risk - events))))
        lower, upper = _limits(survival, error_of_log, interval, float(norm.ppf((1 + level) / 2)))
        std_error = survival * error_of_log
    return Curve(distinct, at_risk, events, leaving - events, survival, std_error, lower, upper)


@dataclass(frozen=True)
class LogRank:
    """The log-rank test of equal hazards: per group (in sorted order) events observed and expected."""

    groups: NDArray[np.generic]
    observed: Floats
    expected: Floats
    chi_square: float
    degrees_of_freedom: int
    p_value: float


def logrank(days: ArrayLike, is_event: ArrayLike, group: ArrayLike, *, entry_days: ArrayLike | None = None) -> LogRank:
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
        n[:, g] = _weight_at_or_after(distinct, exits[mine], one[mine])
        if entry is not None:
            n[:, g] -= _weight_at_or_after(distinct, entry[mine], one[mine])
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


def checked_rows(
    days: ArrayLike, is_event: ArrayLike, weights: ArrayLike | None, entry_days: ArrayLike | None
) -> tuple[Floats, NDArray[np.bool_], Floats, Floats | None]:
    """The rows of a survival analysis as arrays of one length, or a ValueError that says which rule they break."""
    exits = np.asarray(days, dtype=np.float64)
    event = np.asarray(is_event)
    weight = np.ones(exits.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    entry = None if entry_days is None else np.asarray(entry_days, dtype=np.float64)
    if exits.ndim != 1 or exits.size == 0:
        raise ValueError("days must be one non-empty column")
    if any(a.shape != exits.shape for a in (event, weight) + (() if entry is None else (entry,))):
        raise ValueError("days, is_event, weights and entry_days must have the same length")
    if not ((event == 0) | (event == 1)).all():
        raise ValueError("is_event must be true or false (1 or 0), with none missing")
    if not (np.isfinite(exits).all() and exits.min() >= 0):
        raise ValueError("days must be known and not negative")
    if not (np.isfinite(weight).all() and weight.min() > 0):
        raise ValueError("weights must be known and above 0; leave out rows of weight 0")
    if entry is not None and not (entry < exits).all():
        raise ValueError("entry_days must be known and before the exit; place a same-day exit at, say, half a day")
    return exits, event.astype(bool), weight, entry


def _sum_by(where: NDArray[np.int64], weight: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(where, weight, size), dtype=np.float64)


def _weight_at_or_after(distinct: Floats, days: Floats, weight: Floats) -> Floats:
    """For each distinct day, the weight of the rows whose day is that day or later."""
    upto = np.searchsorted(distinct, days, side="right")
    return _sum_by(upto, weight, distinct.size + 1)[::-1].cumsum()[::-1][1:]


def _limits(survival: Floats, error_of_log: Floats, interval: Interval, z: float) -> tuple[Floats, Floats]:
    """Pointwise limits; the logs keep them inside [0, 1] or nearly so, plain ones are cut there."""
    if interval == "plain":
        half = z * survival * error_of_log
        return np.clip(survival - half, 0, 1), np.clip(survival + half, 0, 1)
    log = np.log(survival)
    if interval == "log":
        return np.exp(log - z * error_of_log), np.minimum(np.exp(log + z * error_of_log), 1)
    if interval == "log-log":
        # log(-log S) has standard error se / |log S|; the power form of the same interval.
        factor = np.exp(z * error_of_log / -log)
        return np.exp(log * factor), np.exp(log / factor)
    raise ValueError("interval must be 'log-log', 'log' or 'plain'")
