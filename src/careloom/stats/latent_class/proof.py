"""The last digits by Newton's method on the exact information, and with it the proof that a fit is a maximum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.climb import MOST_STEPS, NEARLY_CERTAIN, Climb, climb, search_line
from careloom.stats.latent_class.information import free_parameters
from careloom.stats.latent_class.likelihood import Point
from careloom.stats.latent_class.objective import Objective
from careloom.stats.latent_class.parameters import LEAST_LOG
from careloom.stats.latent_class.patterns import Floats

NEWTON_STEPS = 20
FINISHING_ROUNDS = 10
NOTHING_LEFT = 1e-9  # total log-likelihood that a last Newton step may still promise at a certified fit
LEAST_EIGENVALUE = 1e-8  # share of information below which a direction is not told by the data
DRAWN_BACK = 1.0 + 1e-6

Verdict = Literal["certified", "boundary-fixed", "weakly identified", "not converged"]


@dataclass(frozen=True)
class Certificate:
    """What is known of a fit for certain.

    ``verdict``: *certified*, a maximum in the inside; *boundary-fixed*, a maximum with some probabilities at 0 or 1,
    which have no standard error; *weakly identified*, some direction is hardly told by the data; *not converged*.
    ``gain_left``: total log-likelihood that an exact Newton step still promises (half the decrement).
    ``least_information``: smallest eigenvalue of the information among what is free, as a share of what it would be
    if the classes were seen (0 to 1; near 0 some direction is hardly told). ``at_boundary``: probabilities at 0.
    """

    verdict: Verdict
    gain_left: float
    least_information: float
    at_boundary: int

    @property
    def is_maximum(self) -> bool:
        return self.verdict != "not converged"


def finish(objective: Objective, found: Climb) -> tuple[Point, Certificate]:
    """Go the last steps from where a climb ended, and say what is known of the place."""
    for _ in range(FINISHING_ROUNDS):
        point, certificate = climb_by_newton(objective, settle(objective, found).point)
        if certificate.is_maximum:
            break
        found = climb(objective, Climb(point, found.steps, np.inf), MOST_STEPS)
    return point, certificate


def climb_by_newton(objective: Objective, point: Point) -> tuple[Point, Certificate]:
    """Newton steps until the exact information promises nothing more, or the arithmetic can tell no difference."""
    for step in range(NEWTON_STEPS + 1):
        direction, gain, least = newton(objective, point)
        reached = search_line(objective, point, direction) if gain > NOTHING_LEFT / 10 and step < NEWTON_STEPS else None
        if reached is None:
            break
        point = reached
    return point, certify(point, gain, least)


def certify(point: Point, gain: float, least: float) -> Certificate:
    bound = point.at.at_bound
    with np.errstate(invalid="ignore"):
        pull = np.nan_to_num(point.expected[bound] / point.fitted[bound], nan=1.0)
    verdict: Verdict = "boundary-fixed" if bound.any() else "certified"
    if gain > NOTHING_LEFT or least < -LEAST_EIGENVALUE or (pull > DRAWN_BACK).any():
        verdict = "not converged"
    elif least < LEAST_EIGENVALUE:
        verdict = "weakly identified"
    return Certificate(verdict, gain, least, int(bound.sum()))


def newton(objective: Objective, point: Point) -> tuple[Floats, float, float]:
    """Newton direction (flat), half the decrement g'I^-1 g, and the least eigenvalue of the scaled information.

    The information is scaled by what it would be if the classes were seen, so an eigenvalue is the share that is left
    now that they are not; along a direction below LEAST_EIGENVALUE no step is taken.
    """
    free = free_parameters(point.at)
    direction = np.zeros(point.at.flat().size)
    if not free.size:
        return direction, 0.0, 1.0
    scale = complete_scale(point, free)
    values, vectors = np.linalg.eigh(objective.information(point, free) / np.outer(scale, scale))
    along = vectors.T @ (point.slope[free] / scale)
    told = np.abs(values) > LEAST_EIGENVALUE
    move = np.where(told, along / np.where(told, np.abs(values), 1.0), 0.0)
    direction[free] = (vectors @ move) / scale
    return direction, float(along @ move) / 2.0, float(values.min())


def complete_scale(point: Point, free: NDArray[np.intp]) -> Floats:
    """Square root of the complete-data information of each free parameter (F,)."""
    probability = np.exp(point.at.flat()[free])
    return np.asarray(np.sqrt(np.maximum(point.fitted[free] * (1.0 - probability), 1e-300)))


def settle(objective: Objective, found: Climb) -> Climb:
    """Put probabilities that hardly a row keeps from 0 where they belong and climb on, if that is higher.

    So near the edge the slope all but vanishes whichever way it points, and steps along it would take for ever: those
    on their way out go to the bound, those drawn back go in to where a tenth of a row holds them.
    """
    point = found.point
    flat, fitted = point.at.flat(), point.fitted
    edge = fitted < NEARLY_CERTAIN
    with np.errstate(invalid="ignore", divide="ignore"):
        inward = np.nan_to_num(point.expected / fitted, nan=1.0) > DRAWN_BACK
    rows = np.concatenate([np.full(point.at.classes, point.members.sum()), point.seen.ravel()])
    placed = np.where(edge, np.where(inward, -np.log1p(10.0 * rows), LEAST_LOG), flat)
    if (placed == flat).all():
        return found
    moved = objective.expect(point.at.like(placed))
    higher = climb(objective, Climb(moved, found.steps, np.inf), MOST_STEPS)
    return higher if higher.point.value >= point.value else found
