"""Intervals for class shares and probabilities: from the standard error (Wald), or from the likelihood itself (profile).

Wald intervals are taken on the log-odds scale and brought back, so they stay within 0 and 1. A profile interval holds
every value with which the best that the other parameters can do is hardly less likely than the maximum: twice the loss
of log-likelihood stays below the quantile of chi-squared with one degree of freedom. It needs no standard error, leans
to the side to which the likelihood does, and starts at 0 (or ends at 1) where the estimate stands there. It also ends
where its class would have to change places with another to go on: beyond, the value is no longer that of this class.
Source: Venzon and Moolgavkar (1988), Applied Statistics 37:87.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logsumexp
from scipy.stats import norm

from careloom.stats.class_agreement import match_classes
from careloom.stats.latent_class.errors.standard_errors import StandardErrors, by_item, standard_errors
from careloom.stats.latent_class.fitting.fit import LatentClassFit
from careloom.stats.latent_class.fitting.held import best_with, others_of, sum_of
from careloom.stats.latent_class.fitting.search import SAME_HEIGHT, in_threads
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.model.parameters import LEAST_LOG, Parameters
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable

FIRST_STEP = 1.0  # in log odds, where there is no standard error to go by
LONGEST_STEP = 4.0
FURTHEST = 100.0  # standard deviations
CLOSE = 1e-6  # in log odds: how well a limit is found


@dataclass(frozen=True, eq=False)
class Intervals:
    """Lower and upper limits of all shares and probabilities, ``flat`` (K + M K, 2) as in ``Parameters``."""

    level: float
    at: Parameters
    flat: Floats

    @property
    def shares(self) -> Floats:
        """(K, 2)."""
        return self.flat[: self.at.classes]

    @property
    def probabilities(self) -> list[Floats]:
        """One array (K, levels, 2) an item."""
        return by_item(self.at, self.flat)


def wald_intervals(errors: StandardErrors, level: float = 0.95) -> Intervals:
    """Intervals from standard errors of any kind; nan where there is none."""
    reach = reach_of(level)
    known = np.where(np.isnan(errors.flat), np.nan, np.exp(errors.at.flat()))
    middle, step = np.log(known) - np.log1p(-known), reach * errors.of_log_odds
    return Intervals(level, errors.at, expit(np.column_stack([middle - step, middle + step])))


def profile_interval(
    table: PatternTable,
    fit: LatentClassFit,
    *,
    of_class: int,
    item: int | None = None,
    answer: int = -1,
    level: float = 0.95,
) -> tuple[float, float]:
    """Profile-likelihood limits of the probability of an answer to an item in a class; without item, of its share.

    All are counted from 0; the answer is a place among the item's levels, the last when not given. Raises ValueError
    for the share of a single class, and when something higher than the fit is met on the way: then the fit is not the
    maximum, and more starts are needed.
    """
    at = fit.parameters
    cell = 0 if item is None else int(table.first_cells[item]) + range(table.sizes[item])[answer]
    place = range(at.classes)[of_class] + (0 if item is None else at.classes * (1 + cell))
    if not others_of(at, place).size:
        raise ValueError("the share of a single class, and the only answer to an item, are certain: no interval")
    return profile(table, fit, standard_errors(table, fit), place, reach_of(level))


def profile_intervals(
    table: PatternTable, fit: LatentClassFit, *, level: float = 0.95, threads: int | None = None
) -> Intervals:
    """Profile intervals of all shares and probabilities, as ``profile_interval``; nan for what is certain.

    Takes some ten climbs for each limit. Of an item with two answers the limits of the one give those of the other.
    """
    at, errors, reach = fit.parameters, standard_errors(table, fit), reach_of(level)
    together = sum_of(at)
    places = np.arange(together.size)
    others = {place: places[(together == together[place]) & (places != place)] for place in places.tolist()}
    mirrors = {place: int(own[0]) for place, own in others.items() if own.size == 1 and own[0] > place}
    climbed = [place for place in others if others[place].size and place not in mirrors]
    limits = in_threads(lambda place: profile(table, fit, errors, place, reach), climbed, threads)
    flat = np.full((together.size, 2), np.nan)
    flat[climbed] = limits
    for place, mirror in mirrors.items():
        flat[place] = 1.0 - flat[mirror, ::-1]
    return Intervals(level, at, flat)


def profile(
    table: PatternTable, fit: LatentClassFit, errors: StandardErrors, place: int, reach: float
) -> tuple[float, float]:
    """Limits of the share or probability at this place of the flat vector; ``reach`` standard deviations to a side."""
    at, flat = fit.parameters, fit.parameters.flat()
    top = float(np.clip(flat[place] - logsumexp(flat[others_of(at, place)]), LEAST_LOG, -LEAST_LOG))
    beyond = distance_beyond(PatternObjective(table, fit.prior), at, place, top, reach)
    error = errors.of_log_odds[place]
    step = FIRST_STEP if np.isnan(error) else reach * float(error)
    return float(expit(limit(beyond, top, -step))), float(expit(limit(beyond, top, step)))


def distance_beyond(
    objective: PatternObjective, at: Parameters, place: int, top: float, reach: float
) -> Callable[[float], float]:
    """How far log odds lie beyond the limit, in standard deviations: the root of twice the loss, less the reach.

    The root is nearly a straight line in the log odds, so the limit is soon found. There can be several tops with a
    value held too: climbs start from the nearest points there are within the limit and beyond it, and the highest counts.
    """
    best = objective.expect(at).value
    distance, reached = {top: -reach}, {top: at}

    def beyond(log_odds: float) -> float:
        if log_odds in distance:
            return distance[log_odds]
        sides = [[there for there in reached if (distance[there] < 0.0) == within] for within in (True, False)]
        nearest = [min(side, key=lambda there: abs(there - log_odds)) for side in sides if side]
        points = [best_with(objective, reached[there], place, log_odds) for there in nearest]
        higher = max(point.value for point in points) - best
        if higher > SAME_HEIGHT:
            raise ValueError(f"the fit is not the maximum: one higher by {higher:.3g} was met; try more starts")
        alike = [point for point in points if same_classes(at, point.at)]
        distance[log_odds] = FURTHEST
        if alike:
            highest = max(alike, key=lambda point: point.value)
            distance[log_odds] = float(np.sqrt(2.0 * max(best - highest.value, 0.0))) - reach
            reached[log_odds] = highest.at
        return distance[log_odds]

    return beyond


def same_classes(a: Parameters, b: Parameters) -> bool:
    """Whether every class of the one is most like the class of the other that has its number."""
    order = match_classes(a.probabilities.T, b.probabilities.T)
    return bool((order == np.arange(a.classes)).all())


def limit(beyond: Callable[[float], float], top: float, step: float) -> float:
    """The log odds where the interval ends, going from the top by ever longer steps; infinite if it never does."""
    near, far = top, float(np.clip(top + step, LEAST_LOG, -LEAST_LOG))
    while beyond(far) < 0.0:
        if abs(far) >= -LEAST_LOG and far * step > 0.0:
            return float(np.copysign(np.inf, step))
        step = float(np.clip(2.0 * step, -LONGEST_STEP, LONGEST_STEP))
        near, far = far, float(np.clip(far + step, LEAST_LOG, -LEAST_LOG))
    return float(brentq(beyond, near, far, xtol=CLOSE))


def reach_of(level: float) -> float:
    """How many standard deviations an interval of this level reaches to each side."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"the level of an interval lies between 0 and 1; got {level}")
    return float(norm.isf((1.0 - level) / 2.0))
