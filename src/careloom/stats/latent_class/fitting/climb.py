"""Climbing the likelihood: EM to get going, L-BFGS to get there.

EM alone stops moving long before it arrives when classes overlap, so what decides is never how little the last step
gained but how much is still to be gained: half of g'Hg, in units of the total log-likelihood.
Source: Nocedal and Wright (2006), Numerical Optimization, ch. 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from careloom.stats.latent_class.model import compiled
from careloom.stats.latent_class.model.likelihood import Point
from careloom.stats.latent_class.model.objective import Objective, PatternObjective
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import Floats

EM_STEPS = 20
MOST_STEPS = 5000
GAIN_LEFT = 1e-8  # the climb ends when it expects to gain less than this much total log-likelihood by going on
LONGEST_STEP = 3.0  # in log odds; beyond it the quadratic picture is not to be trusted
REMEMBERED = 30
NEARLY_CERTAIN = 1e-3  # expected rows that keep a probability from being 0
HALVINGS = 12  # times a step may be shortened
FAIR_PART = 1e-4  # of what the slope promises
# Differences below the rounding of the sum mean nothing; without this slack the last steps would be refused.
ROUNDING = 8.0 * np.finfo(float).eps
CURVED = 1e-10  # least cosine between a step and the fall in slope along it


@dataclass(frozen=True, eq=False)
class Memory:
    """The last steps (m, n), and the fall in slope along each (m, n), oldest first."""

    moved: Floats
    bent: Floats

    def and_also(self, moved: Floats, bent: Floats) -> Memory:
        """With one more step, when the surface curved downwards there."""
        if moved @ bent <= CURVED * np.sqrt((moved @ moved) * (bent @ bent)):
            return self
        return Memory(
            *(np.vstack([old[-REMEMBERED + 1 :], new]) for old, new in ((self.moved, moved), (self.bent, bent)))
        )


@dataclass(frozen=True, eq=False)
class Climb:
    """Where a climb stands: what the E-step says there, steps taken, and the gain it still expects."""

    point: Point
    steps: int
    gain_left: float


def climb_by_em(objective: Objective, start: Parameters, steps: int) -> Climb:
    """A fixed number of EM steps; the objective never falls."""
    point = objective.expect(start)
    for _ in range(steps):
        point = objective.expect(point.maximised())
    return Climb(point, steps, np.inf)


def climb_to_end(objective: Objective, start: Parameters, most: int = MOST_STEPS) -> Climb:
    """EM steps and then L-BFGS from one start, until hardly anything is left to gain or ``most`` steps are taken."""
    ended = climb_compiled(objective, start, EM_STEPS, most)
    return ended or climb(objective, climb_by_em(objective, start, EM_STEPS), most)


def climb(objective: Objective, start: Climb, most: int) -> Climb:
    """L-BFGS, preconditioned by the complete-data information; one EM step whenever it would not go up."""
    ended = climb_compiled(objective, start.point.at, 0, most)
    if ended:
        return Climb(ended.point, start.steps + ended.steps, ended.gain_left)
    point, gain = start.point, np.inf
    nothing = Memory(*np.empty((2, 0, point.slope.size)))
    memory = nothing
    for step in range(most):
        slope = point.slope
        direction = ascent(slope, point.fitted, memory)
        direction[point.at.at_bound & (slope == 0.0)] = 0.0
        gain = float(slope @ direction) / 2.0
        if gain < 0.0 and len(memory.moved):  # the bounds have turned the direction downhill: begin anew
            memory = nothing
            continue
        if gain < GAIN_LEFT:
            return Climb(point, start.steps + step, gain)
        reached = search_line(objective, point, direction)
        if reached is None:
            memory = nothing
            reached = climb_by_em(objective, point.at, 1).point
            if reached.value <= point.value:
                return Climb(point, start.steps + step, gain)
        memory = memory.and_also(reached.at.flat() - point.at.flat(), slope - reached.slope)
        point = reached
    return Climb(point, start.steps + most, gain)


def climb_compiled(objective: Objective, start: Parameters, em_steps: int, most: int) -> Climb | None:
    """EM steps and L-BFGS in compiled code; None where the objective has none, or a product of probabilities vanishes."""
    if not isinstance(objective, PatternObjective) or objective.blocks is None:
        return None
    rules = compiled.Rules(
        em_steps, most, REMEMBERED, HALVINGS, GAIN_LEFT, LONGEST_STEP, NEARLY_CERTAIN, FAIR_PART, ROUNDING, CURVED
    )
    ended = compiled.climb(objective.blocks, objective.prior, start, rules)
    return Climb(objective.expect(ended[0]), *ended[1:]) if ended else None


def ascent(slope: Floats, information: Floats, memory: Memory) -> Floats:
    """The L-BFGS direction in compact form (Byrd, Nocedal and Schnabel 1994, Math. Program. 63:129, theorem 2.2)."""
    spread = 1.0 / np.maximum(information, NEARLY_CERTAIN)
    direction = spread * slope
    if not len(memory.moved):
        return np.asarray(direction)
    moved, bent = memory.moved, memory.bent
    both = moved @ bent.T
    along = solve_triangular(both, moved @ slope, check_finite=False)
    bent_spread = bent * spread
    middle = np.diag(both) * along + bent_spread @ (bent.T @ along) - bent_spread @ slope
    direction += moved.T @ solve_triangular(both, middle, trans="T", check_finite=False) - bent_spread.T @ along
    return np.asarray(direction)


def search_line(objective: Objective, point: Point, direction: Floats) -> Point | None:
    """The first of ever shorter steps that gains a fair part of what the slope promises (Armijo), or None."""
    direction = direction * min(1.0, LONGEST_STEP / np.abs(direction).max(initial=1e-300))
    promise = float(point.slope @ direction)
    rounding = ROUNDING * abs(point.value)
    for halving in range(HALVINGS if promise > 0 else 0):
        length = 0.5**halving
        reached = objective.expect(point.at.like(point.at.flat() + length * direction))
        if reached.value >= point.value + FAIR_PART * length * promise - rounding:
            return reached
    return None
