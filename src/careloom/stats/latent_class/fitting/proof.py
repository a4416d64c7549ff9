"""The last digits by Newton's method on the exact information, and with it the proof that a fit is a maximum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from careloom.stats.latent_class.fitting.climb import MOST_STEPS, NEARLY_CERTAIN, ROUNDING, Climb, climb, search_line
from careloom.stats.latent_class.model.information import complete_scale, free_parameters
from careloom.stats.latent_class.model.likelihood import Point
from careloom.stats.latent_class.model.objective import Objective
from careloom.stats.latent_class.model.parameters import LEAST_LOG
from careloom.stats.latent_class.rows.patterns import Floats

NEWTON_STEPS = 20
FINISHING_ROUNDS = 10
NOTHING_LEFT = 1e-9  # total log-likelihood that a last Newton step may still promise at a certified fit
THE_LAST_DIGIT = 1e-16  # what it may promise and be taken all the same: the parameters then stand to 1e-8
HARDLY_A_STEP = 1e-8  # so little is gained by moving 0.00014 standard errors: the information is what it was
LEAST_EIGENVALUE = 1e-8  # share of information below which a direction is not told by the data
BENT_UPWARDS = 1e-5  # share by which the surface must bend upwards to be no maximum; on a flat ridge it may by rounding
DRAWN_BACK = 1.0 + 1e-6
ON_ITS_WAY_OUT = 0.5  # rows that a probability that is falling may still stand for when it is put to 0

Verdict = Literal["certified", "boundary-fixed", "weakly identified", "not converged"]


@dataclass(frozen=True)
class Certificate:
    """What is known of a fit for certain.

    ``verdict``: *certified*, a maximum in the inside; *boundary-fixed*, a maximum with some probabilities at 0 or 1,
    which have no standard error; *weakly identified*, some direction is hardly told by the data; *not converged*.
    ``gain_left``: total log-likelihood that a Newton step still promises (half the decrement), by the exact information at
    the place or 0.00014 standard errors from it.
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
    bend = bend_at(objective, point)
    direction, gain = newton(bend, point)
    for _ in range(NEWTON_STEPS):
        reached = search_line(objective, point, direction) if gain > THE_LAST_DIGIT else None
        if reached is None:
            break
        if gain > HARDLY_A_STEP or not np.array_equal(reached.at.at_bound, point.at.at_bound):
            bend = bend_at(objective, reached)
        point = reached
        direction, gain = newton(bend, point)
    return point, certify(point, gain, bend.least)


def certify(point: Point, gain: float, least: float) -> Certificate:
    bound = point.at.at_bound
    with np.errstate(invalid="ignore"):
        pull = np.nan_to_num(point.expected[bound] / point.fitted[bound], nan=1.0)
    verdict: Verdict = "boundary-fixed" if bound.any() else "certified"
    # Said so that a figure which is no number (nan) never passes for a proof.
    if not (gain <= NOTHING_LEFT and least >= -BENT_UPWARDS and (pull <= DRAWN_BACK).all()):
        verdict = "not converged"
    elif least < LEAST_EIGENVALUE:
        verdict = "weakly identified"
    return Certificate(verdict, gain, least, int(bound.sum()))


@dataclass(frozen=True, eq=False)
class Bend:
    """The information about what is free, scaled by what it would be if the classes were seen, as ``values`` (F,) along
    ``vectors`` (F, F); ``scale`` (F,) is the square root of that.

    A value is the share of information that is left now that they are not; along a direction below LEAST_EIGENVALUE no
    step is taken.
    """

    values: Floats
    vectors: Floats
    scale: Floats

    @property
    def least(self) -> float:
        return float(self.values.min(initial=1.0))

    def step(self, slope: Floats) -> tuple[Floats, float]:
        """The step (F,) that a slope (F,) asks for, and half the decrement; upwards also where the surface is not yet a hill."""
        along = self.vectors.T @ (slope / self.scale)
        told = np.abs(self.values) > LEAST_EIGENVALUE
        move = np.where(told, along / np.where(told, np.abs(self.values), 1.0), 0.0)
        return (self.vectors @ move) / self.scale, float(along @ move) / 2.0


def bend_of(information: Floats, scale: Floats) -> Bend:
    return Bend(*np.linalg.eigh(information / np.outer(scale, scale)), scale)


def bend_at(objective: Objective, point: Point) -> Bend:
    """By the exact information about the free parameters."""
    free = free_parameters(point.at)
    if not free.size:
        return Bend(np.empty(0), np.empty((0, 0)), np.empty(0))
    return bend_of(objective.information(point, free), complete_scale(point, free))


def newton(bend: Bend, point: Point) -> tuple[Floats, float]:
    """Newton direction (flat), and half the decrement g'I^-1 g."""
    free = free_parameters(point.at)
    direction = np.zeros(point.at.flat().size)
    direction[free], gain = bend.step(point.slope[free])
    return direction, gain


def settle(objective: Objective, found: Climb) -> Climb:
    """Put probabilities that hardly a row keeps from 0 where they belong and climb on, as long as that is no lower.

    So near the edge the slope all but vanishes whichever way it points, and steps along it would take for ever: those
    on their way out go to the bound, those drawn back go in to where a tenth of a row holds them.
    """
    for _ in range(FINISHING_ROUNDS):
        placed = at_the_edges(found.point)
        if (placed == found.point.at.flat()).all():
            break
        higher = climb(objective, Climb(objective.expect(found.point.at.like(placed)), found.steps, np.inf), MOST_STEPS)
        if higher.point.value < found.point.value - ROUNDING * abs(found.point.value):
            break
        found = higher
    return found


def at_the_edges(point: Point) -> Floats:
    """The parameters (flat) with those near the edge put where they belong."""
    flat, fitted = point.at.flat(), point.fitted
    rows = np.concatenate([np.full(point.at.classes, point.members.sum()), point.seen.ravel()])
    with np.errstate(invalid="ignore", divide="ignore"):
        pull = np.nan_to_num(point.expected / fitted, nan=1.0)
    inward = (fitted < NEARLY_CERTAIN) & (pull > DRAWN_BACK)
    outward = ((fitted < ON_ITS_WAY_OUT) & (pull < 1.0)) | ((fitted < NEARLY_CERTAIN) & ~inward)
    edge = (inward | outward) & (rows > 0.0)  # an item never observed in a class stays as it is
    return np.asarray(np.where(edge, np.where(inward, -np.log1p(10.0 * rows), LEAST_LOG), flat))
