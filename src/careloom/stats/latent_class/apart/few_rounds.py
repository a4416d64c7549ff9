"""A climb for those to whom every look at the rows is dear: Newton's method with damping, from the first step on.

Far from a maximum the information has directions in which the surface bends upwards; there a Newton step leads down to
a saddle. Adding a multiple of the complete-data information bends it back, and makes for a step that goes up. So
each look also brings the information, and tens of looks do what hundreds do without.
Source: Levenberg (1944), Quart. Appl. Math. 2:164; Nocedal and Wright (2006), Numerical Optimization, ch. 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.fitting.climb import LONGEST_STEP, ROUNDING
from careloom.stats.latent_class.fitting.proof import (
    LEAST_EIGENVALUE,
    Certificate,
    at_the_edges,
    certify,
)
from careloom.stats.latent_class.model.information import complete_scale, free_parameters
from careloom.stats.latent_class.model.likelihood import Point
from careloom.stats.latent_class.model.objective import Objective
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import Floats

MOST_LOOKS = 150
ENOUGH = 1e-16  # total log-likelihood still promised where the climb ends: no parameter then moves in its 8th digit
BENT_BACK = 1.1  # times the worst upward bend
LEAST_DAMPING, LITTLE_DAMPING, MOST_DAMPING = 1e-3, 1e-4, 1e6


@dataclass(frozen=True, eq=False)
class Hill:
    """The surface about a point in the axes in which it bends, scaled by the complete-data information.

    ``bends`` (F,) downwards, ``slopes`` (F,) along the axes, and ``axes`` (n, F) back to all parameters, flat.
    """

    bends: Floats
    slopes: Floats
    axes: Floats

    @property
    def gain(self) -> float:
        """Half the Newton decrement, along what the data can tell."""
        told = self.bends > LEAST_EIGENVALUE
        return float((self.slopes[told] ** 2 / self.bends[told]).sum()) / 2.0

    @property
    def least(self) -> float:
        return float(self.bends.min(initial=1.0))

    def step(self, damping: float, taken: NDArray[np.bool_]) -> tuple[Floats, float, float]:
        """A step that goes up (n,), with no more damping than is needed; what it promises, and the damping.

        ``taken`` (n,) are parameters that will not go by it: how far they would go does not matter.
        """
        if self.least < LEAST_EIGENVALUE:
            damping = max(damping, LEAST_DAMPING - BENT_BACK * self.least)
        while True:
            along = self.slopes / (self.bends + damping)
            step = self.axes @ along
            if np.abs(step[~taken]).max(initial=0.0) <= LONGEST_STEP:
                return step, float(self.slopes @ along - (along * self.bends) @ along / 2.0), damping
            damping = max(2.0 * damping, LEAST_DAMPING)


def climb_in_few_looks(objective: Objective, start: Parameters) -> tuple[Point, Certificate]:
    """Climb from a start to a maximum, or as far as ``MOST_LOOKS`` looks lead, and say which."""
    point, damping, places = objective.expect(start), 0.0, True
    hill = look(objective, point)
    for _ in range(MOST_LOOKS):
        edge = at_the_edges(point) if places else point.at.flat()
        moves = edge != point.at.flat()
        if (hill.least > -LEAST_EIGENVALUE and hill.gain < ENOUGH and not moves.any()) or damping > MOST_DAMPING:
            break
        step, promised, damping = hill.step(damping, moves)
        reached = objective.expect(point.at.like(np.where(moves, edge, point.at.flat() + step)))
        won = reached.value - point.value
        if won > 1e-4 * promised - ROUNDING * abs(point.value):
            damping = less(damping, won / max(promised, 1e-300))
            point, places = reached, True
            hill = look(objective, point)
        elif moves.any():
            places = False
        else:
            damping = max(4.0 * damping, 10.0 * LEAST_DAMPING)
    return point, certify(point, hill.gain, hill.least)


def look(objective: Objective, point: Point) -> Hill:
    free = free_parameters(point.at)
    scale = complete_scale(point, free)
    bends, vectors = np.linalg.eigh(objective.information(point, free) / np.outer(scale, scale))
    axes = np.zeros((point.at.flat().size, len(free)))
    axes[free] = vectors / scale[:, None]
    return Hill(bends, vectors.T @ (point.slope[free] / scale), axes)


def less(damping: float, kept: float) -> float:
    """The damping after a step that kept so much of its promise."""
    if damping < LITTLE_DAMPING:
        return 0.0
    return damping / 10.0 if kept > 0.75 else damping if kept > 0.25 else 4.0 * damping
