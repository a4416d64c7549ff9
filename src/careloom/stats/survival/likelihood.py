"""Cox's partial likelihood on counts (Cox 1972; ties after Efron 1977 or Breslow 1974), and the climb to its top.

Notation, per slot: S0, S1 are the sums of r and r x over the weight at risk, D0, D1 the same over the slot's events,
with r = exp(x b). The l-th of d tied events (l = 0 .. d-1) sees the hazard h = 1 / (S0 - q D0), q = l/d (Breslow: 0).
Small letters a, b, a2, b2, c2 are the sums over the slot's tied events of h, q h, h^2, q h^2, q^2 h^2, times the mean
weight of those events. No rows x columns matrix is built: work goes with the counts, the slots and the patterns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from careloom.stats.survival.risk_sets import RiskSets
from careloom.stats.survival.rows import Floats

# In log likelihood: below NO_GAIN nothing is left to climb. A column that for less than SMALL_GAIN still moves by a
# hundredth of its range has no finite estimate: a true one would need a standard error of 100 ranges. Nor has one in
# whose direction the information is gone, against what it was at 0 (e^-27; beside a moving column, e^-14).
NO_GAIN, SMALL_GAIN, STILL_MOVING, GONE, GONE_TOO = 1e-12, 1e-8, 0.01, 1e-12, 1e-6


@dataclass(frozen=True)
class Scaled:
    """The design centred and one range wide per column, whatever its units: no overflow, few cancelling digits."""

    x: Floats  # (patterns, columns)
    offset: Floats  # (patterns,)
    centre: Floats
    width: Floats
    offset_centre: float


@dataclass(frozen=True)
class Point:
    """The log likelihood at `beta` and its derivatives: all that the climb looks at."""

    beta: Floats
    loglik: float
    score: Floats
    information: Floats


@dataclass(frozen=True)
class Evaluation(Point):
    """A point of the counts here (`beta` per range of each column), with the sums of the notation above."""

    r: Floats
    s1: Floats
    d1: Floats
    a: Floats
    b: Floats
    a2: Floats
    b2: Floats
    c2: Floats


P = TypeVar("P", bound=Point)


@dataclass(frozen=True)
class Climb(Generic[P]):
    """Where Newton's method started and ended; `infinite` marks the columns that would have gone on for ever."""

    null: Point
    top: P
    covariance: Floats
    iterations: int
    converged: bool
    infinite: NDArray[np.bool_]


def scale(x: Floats, offset: Floats, sets: RiskSets, names: Sequence[str]) -> Scaled:
    """Centre at the weighted mean of the rows and divide by the range among the patterns in use."""
    share = sets.pattern_weight / sets.pattern_weight.sum()
    width = np.ptp(x[share != 0], axis=0)
    _refuse(names, width == 0)
    return Scaled((x - share @ x) / width, offset - share @ offset, share @ x, width, float(share @ offset))


def evaluate(sets: RiskSets, scaled: Scaled, beta: Floats) -> Evaluation:
    """The log likelihood, score and information at `beta`; nan or -inf when the step was too far for exp."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        eta = scaled.x @ beta + scaled.offset
        r = np.exp(eta)
        rx = np.column_stack((r, r[:, None] * scaled.x))
        s, d = sets.at_risk(rx), sets.events @ rx
        h = 1 / (s[sets.event_slot, 0] - sets.q * d[sets.event_slot, 0])
        qh = sets.q * h
        a, b, a2, b2, c2 = (by_slot(sets, term) for term in (h, qh, h * h, qh * h, qh * qh))
        loglik = float(sets.events.sum(axis=0) @ eta + sets.mean_weight[sets.event_slot] @ np.log(h))
        sums = Evaluation(beta, loglik, beta, beta, r, s[:, 1:], d[:, 1:], a, b, a2, b2, c2)
        score, information = score_and_information(sets, scaled.x, sums, np.ones(a.size))
    return replace(sums, score=score, information=information)


def score_and_information(sets: RiskSets, x: Floats, at: Evaluation, g: Floats) -> tuple[Floats, Floats]:
    """Score and information of x with every slot counted `g` times (1 for the fit itself)."""
    expected = at.r * exposure(sets, g * at.a, g * at.b)
    ga2, gb2, gc2 = (g[:, None] * v[:, None] for v in (at.a2, at.b2, at.c2))
    squares = at.s1.T @ (ga2 * at.s1 - 2 * gb2 * at.d1) + at.d1.T @ (gc2 * at.d1)
    return x.T @ (sets.events.T @ g - expected), (x * expected[:, None]).T @ x - (squares + squares.T) / 2


def climb(sets: RiskSets, scaled: Scaled, names: Sequence[str], max_iterations: int) -> Climb[Evaluation]:
    """Newton's method from 0 on counts that are here. Raises ValueError for columns that cannot be estimated."""
    null = evaluate(sets, scaled, np.zeros(scaled.x.shape[1]))
    check_estimable(names, null, (null.r * exposure(sets, null.a, null.b)) @ scaled.x**2)
    return climb_from(null, lambda beta: evaluate(sets, scaled, beta), max_iterations)


def climb_from(null: P, ask: Callable[[Floats], P], max_iterations: int) -> Climb[P]:
    """Newton's method from 0, halving steps that go too far; the last step is taken too. `ask` evaluates at a beta."""
    now, size = null, np.sqrt(np.diag(null.information))
    iteration, gain, moving = 0, np.inf, np.zeros(size.size, dtype=bool)
    for iteration in range(1, max_iterations + 1):  # noqa: B007 (told after the loop)
        step = _inverse(now.information, size, GONE)[0] @ now.score
        gain = float(now.score @ step)
        now = upward(ask, now, step)
        moving = (np.abs(step) > STILL_MOVING) & (gain < SMALL_GAIN)
        if gain < NO_GAIN or moving.any():
            break
    covariance, flat = _inverse(now.information, size, GONE_TOO if moving.any() else GONE)
    at_null = Point(null.beta, null.loglik, null.score, null.information)  # without its sums, which nobody needs again
    return Climb(at_null, now, covariance, iteration, gain < SMALL_GAIN, moving | flat)


def _inverse(information: Floats, size: Floats, gone: float) -> tuple[Floats, NDArray[np.bool_]]:
    """The inverse over the directions that have information, and which columns take part in one that has none."""
    values, vectors = np.linalg.eigh(information / np.outer(size, size))
    directions = vectors / size[:, None]
    has_some = values > gone
    roots = directions[:, has_some] / np.sqrt(values[has_some])
    empty = np.abs(directions[:, ~has_some])
    return roots @ roots.T, (empty > STILL_MOVING * empty.max(axis=0, initial=0)).any(axis=1)


def by_slot(sets: RiskSets, per_event: Floats) -> Floats:
    return np.add.reduceat(per_event, np.cumsum(sets.tied) - sets.tied) * sets.mean_weight


def exposure(sets: RiskSets, a: Floats, b: Floats) -> Floats:
    """Each pattern's cumulative hazard over the time its rows were at risk, less what tied events did not share."""
    exposure: Floats = sets.over_time_at_risk(a) - sets.events.T @ b
    return exposure


def upward(ask: Callable[[Floats], P], now: P, step: Floats) -> P:
    """Take the step, or half of it, or half of that ...: not lower, and not far down the other side either.

    On the far side the likelihood falls in a straight line: no information there, and so no way back for Newton.
    """
    rounding, slope = 1e-12 * abs(now.loglik), now.score @ step
    for halvings in range(60):
        then = ask(now.beta + step / 2**halvings)
        is_finite = bool(np.isfinite(then.information).all())
        if is_finite and then.loglik >= now.loglik - rounding and then.score @ step >= -0.9 * slope - rounding:
            return then
    return now


def check_estimable(names: Sequence[str], null: Point, without_risk_sets: Floats | float) -> None:
    """Refuse columns that do not vary within any risk set, and columns that are sums of others there.

    without_risk_sets: (columns,) what the information would about be if a column's mean were 0 in every risk set.
    """
    diagonal = np.diag(null.information)
    # Below 1e-10 of the variance without risk sets it is rounding, not information.
    _refuse(names, diagonal <= 1e-10 * without_risk_sets)
    size = np.sqrt(diagonal)
    values, vectors = np.linalg.eigh(null.information / np.outer(size, size))
    _refuse(names, (values[0] < 1e-10) & (np.abs(vectors[:, 0]) > 1e-3))


def _refuse(names: Sequence[str], is_bad: NDArray[np.bool_]) -> None:
    bad = [name for name, flag in zip(names, is_bad, strict=True) if flag]
    if bad:
        raise ValueError(f"cannot be estimated (constant, or a sum of other columns, while at risk): {', '.join(bad)}")
