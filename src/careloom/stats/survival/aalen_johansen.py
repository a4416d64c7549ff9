"""Cumulative incidence when one of several things can happen first (Aalen and Johansen 1978).

The standard errors are the infinitesimal jackknife's: what each row's weight does to the estimate, squared and summed.
A row's influence runs with the estimate itself, so sums over rows need only one pass over the days. With h the hazard of
any event, n at risk, d events, and S the event-free share,

    G(t) = sum over days s <= t of h(s) / (n(s) - d(s))
    B_c(t) = sum over days s <= t of S(s-) h_c(s) (G(s-) - 1 / n(s))

a row that entered on day e and is still at risk has influence B_c(t) - B_c(e) - G(e) (F_c(t) - F_c(e)) on the incidence
F_c of cause c, and S(t) (G(t) - G(e)) on S. A row that left on day T keeps its influence on S / S(T) for ever.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from careloom.stats.survival.rows import Floats, checked_causes, checked_rows, distinct_of, weight_at_or_after


@dataclass(frozen=True)
class Incidence:
    """Incidence of each of C causes on each of D distinct exit days, and the share with no event yet.

    `at_risk` and `censored` are (D,), `events`, `incidence` and `std_error` (C, D), causes in the order 1, 2, ... C;
    `event_free` and its error (D,). Counts are sums of `counts`. Incidences and the event-free share sum to 1.
    """

    days: Floats
    at_risk: Floats
    censored: Floats
    events: Floats
    event_free: Floats
    event_free_error: Floats
    incidence: Floats
    std_error: Floats

    def read_off(self, days: ArrayLike, level: float = 0.95) -> ReadOff:
        """What holds on some days (m,): flat between exits, unknown after the last unless no one was left at risk."""
        when = np.asarray(days, dtype=np.float64)
        at = np.searchsorted(self.days, when, side="right") - 1
        known = (when <= self.days[-1]) | (self.event_free[-1] == 0)
        share = np.where(known, np.where(at < 0, 0.0, self.incidence[:, at]), np.nan)
        error = np.where(known, np.where(at < 0, 0.0, self.std_error[:, at]), np.nan)
        reached = np.minimum(np.searchsorted(self.days, when, side="left"), len(self.days) - 1)
        left = np.where(when <= self.days[-1], self.at_risk[reached], 0.0)
        return ReadOff(when, left, share, error, *_limits(share, error, float(norm.ppf((1 + level) / 2))))


@dataclass(frozen=True)
class ReadOff:
    """Incidences (C, m) on some days (m,), their errors and limits, and who was still at risk just before (m,)."""

    days: Floats
    at_risk: Floats
    incidence: Floats
    std_error: Floats
    lower: Floats
    upper: Floats


def aalen_johansen(
    days: ArrayLike,
    cause: ArrayLike,
    counts: ArrayLike | None = None,
    *,
    entry_days: ArrayLike | None = None,
    causes: int | None = None,
) -> Incidence:
    """Estimate the cumulative incidence of each cause in one group.

    days: (n,) day of exit, any number >= 0; equal days are ties, and on one day events come before censorings.
    cause: (n,) whole numbers: 0 for a censoring, 1 to C for what happened. counts: (n,) how many alike each row stands
    for (0.5 of one may be a probability), default 1. entry_days: (n,) at risk on `entry < day <= exit`; default from
    the start. causes: C, when not all of them need occur. Raises ValueError as `kaplan_meier`, and for other causes.
    """
    which = checked_causes(cause)
    exits, _, count, entry = checked_rows(days, which > 0, counts, entry_days)
    most = max(int(which.max()), 1) if causes is None else causes
    if which.max() > most:
        raise ValueError(f"cause must be at most {most}")
    distinct, at = distinct_of(exits)
    cell = which * distinct.size + at
    leaving = np.bincount(cell, count, (most + 1) * distinct.size).astype(np.float64).reshape(most + 1, -1)
    at_risk = leaving.sum(axis=0)[::-1].cumsum()[::-1]
    if entry is not None:
        at_risk = at_risk - weight_at_or_after(distinct, entry, count)
    steps = _steps(at_risk, leaving[1:])
    entered = np.zeros(exits.size, dtype=np.intp) if entry is None else np.searchsorted(distinct, entry, side="right")
    squares = _squares(steps, at, entered, which, count)
    return Incidence(
        days=distinct,
        at_risk=at_risk,
        censored=leaving[0],
        events=leaving[1:],
        event_free=steps.free[1:],
        event_free_error=np.sqrt(squares[0]),
        incidence=steps.incidence[:, 1:],
        std_error=np.sqrt(squares[1:]),
    )


@dataclass(frozen=True)
class _Steps:
    """The sums of the module's notation, with a leading element for the time before the first day."""

    at_risk: Floats  # (D,)
    free: Floats  # (D + 1,)
    incidence: Floats  # (C, D + 1)
    g: Floats  # (D + 1,)
    b: Floats  # (C, D + 1)


def _steps(at_risk: Floats, events: Floats) -> _Steps:
    with np.errstate(divide="ignore", invalid="ignore"):
        by_cause = np.where(at_risk > 0, events / at_risk, 0.0)
        left = at_risk - events.sum(axis=0)
        # When nobody is left, nothing that follows depends on G.
        step_g = np.where(left > 0, by_cause.sum(axis=0) / left, 0.0)
        one = np.where(at_risk > 0, 1.0 / at_risk, 0.0)
    zero = np.zeros((len(events), 1))
    free = np.concatenate(([1.0], np.cumprod(1.0 - by_cause.sum(axis=0))))
    free[np.flatnonzero(free < 1e-15)] = 0.0
    g = np.concatenate(([0.0], np.cumsum(step_g)))
    incidence = np.hstack([zero, np.cumsum(free[:-1] * by_cause, axis=1)])
    b = np.hstack([zero, np.cumsum(free[:-1] * by_cause * (g[:-1] - one), axis=1)])
    return _Steps(at_risk, free, incidence, g, b)


def _squares(
    steps: _Steps, at: NDArray[np.intp], entered: NDArray[np.intp], which: NDArray[np.int64], count: Floats
) -> Floats:
    """Sum of the squared influences of all rows (1 + C, D): on the event-free share, then on each incidence."""
    days, had_event = len(steps.at_risk), which > 0
    g_in, free_before = steps.g[entered], steps.free[at]
    with np.errstate(divide="ignore"):
        own = np.where(had_event, 1.0 / steps.at_risk[at], 0.0)
    # What the row did to S, as a share of S when it left: the same for ever after.
    on_free = np.where(had_event, steps.g[at] - own, steps.g[at + 1]) - g_in
    out = [
        _over_rows(steps.free[1:], on_free, at, count, days, flat=np.zeros(at.size))
        + _still_there(steps.free[1:] * steps.g[1:], steps.free[1:], g_in, np.zeros(at.size), at, entered, count)
    ]
    for cause, (incidence, b) in enumerate(zip(steps.incidence, steps.b, strict=True), start=1):
        offset = b[entered] - g_in * incidence[entered]
        reached = b[at + 1] - g_in * incidence[at + 1] - offset + np.where(which == cause, free_before * own, 0.0)
        flat = reached - on_free * incidence[at + 1]
        out.append(
            _over_rows(incidence[1:], on_free, at, count, days, flat=flat)
            + _still_there(b[1:], incidence[1:], g_in, offset, at, entered, count)
        )
    return np.maximum(np.array(out), 0.0)


def _over_rows(curve: Floats, slope: Floats, at: NDArray[np.intp], count: Floats, days: int, *, flat: Floats) -> Floats:
    """Sum over the rows that have left by each day of (flat + slope * curve)^2 (D,)."""
    a, b, c = (np.cumsum(np.bincount(at, count * term, days)) for term in (flat * flat, flat * slope, slope * slope))
    return np.asarray(a + 2.0 * curve * b + curve * curve * c)


def _still_there(
    level: Floats,
    curve: Floats,
    g_in: Floats,
    offset: Floats,
    at: NDArray[np.intp],
    entered: NDArray[np.intp],
    count: Floats,
) -> Floats:
    """Sum over the rows at risk after each day of (level - g_in * curve - offset)^2 (D,)."""

    def at_risk(term: Floats) -> Floats:
        days = len(level)
        came = np.cumsum(np.bincount(entered, count * term, days + 1))[:days]
        return np.asarray(came - np.cumsum(np.bincount(at, count * term, days)))

    one = at_risk(np.ones(at.size))
    if not g_in.any():
        return np.asarray(one * level * level)
    gg, g, o, oo, go = (at_risk(term) for term in (g_in * g_in, g_in, offset, offset * offset, g_in * offset))
    square = one * level * level + curve * curve * gg + oo - 2 * level * curve * g - 2 * level * o + 2 * curve * go
    return np.asarray(square)


def _limits(share: Floats, error: Floats, z: float) -> tuple[Floats, Floats]:
    """Pointwise limits on the complementary log-log scale, as cmprsk and Kalbfleisch and Prentice; 0 and 1 have none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        left = 1.0 - share
        wide = np.exp(z * error / (left * -np.log(left)))
        inside = (share > 0) & (share < 1)
        lower, upper = (np.where(inside, 1.0 - left**power, np.nan) for power in (1.0 / wide, wide))
    return lower, upper
