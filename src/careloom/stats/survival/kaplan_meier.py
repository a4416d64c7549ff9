"""Survival curves: what share has not had the event yet, day by day (Kaplan and Meier 1958)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from careloom.stats.survival.rows import Floats, checked_rows, distinct_of, sum_by, weight_at_or_after

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
    distinct, where = distinct_of(exits)
    events = sum_by(where, weight * event, distinct.size)
    leaving = sum_by(where, weight, distinct.size)
    at_risk = leaving[::-1].cumsum()[::-1]
    if entry is not None:
        at_risk = at_risk - weight_at_or_after(distinct, entry, weight)
    return _curve(distinct, at_risk, events, leaving, interval, level)


def kaplan_meier_of_counts(
    days: ArrayLike,
    events: ArrayLike,
    left: ArrayLike,
    entered: ArrayLike | None = None,
    *,
    interval: Interval = "log-log",
    level: float = 0.95,
) -> Curve:
    """The curve of counts by day, which may be the sum of those of several authorities.

    days: (D,) distinct and rising; left: (D,) whose last day it is, events: (D,) those of them with the event; entered:
    (D,) watched from the end of the day on. The curve has the days on which somebody left. Raises ValueError for counts
    that are not of one length, more events than leavers, days that do not rise.
    """
    when, event, out = (np.asarray(part, dtype=np.float64) for part in (days, events, left))
    inward = np.zeros(when.shape) if entered is None else np.asarray(entered, dtype=np.float64)
    if (
        when.ndim != 1
        or any(part.shape != when.shape for part in (event, out, inward))
        or not (np.diff(when) > 0).all()
    ):
        raise ValueError("counts must be columns of one length, of distinct days that rise")
    if not ((event >= 0) & (event <= out) & (inward >= 0)).all() or not out.any():
        raise ValueError(
            "counts must be known and not negative, with no more events than leavers, and somebody must leave"
        )
    at_risk = (out - inward)[::-1].cumsum()[::-1]  # who enters on a day is not at risk on it
    some = out > 0
    return _curve(when[some], at_risk[some], event[some], out[some], interval, level)


def _curve(
    distinct: Floats, at_risk: Floats, events: Floats, leaving: Floats, interval: Interval, level: float
) -> Curve:
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.asarray(np.cumprod(1 - events / at_risk), dtype=np.float64)
        error_of_log = np.sqrt(np.cumsum(events / (at_risk * (at_risk - events))))
        lower, upper = _limits(survival, error_of_log, interval, float(norm.ppf((1 + level) / 2)))
        std_error = survival * error_of_log
    return Curve(distinct, at_risk, events, leaving - events, survival, std_error, lower, upper)


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
