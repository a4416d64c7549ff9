"""Climbing the likelihood: EM to get going, L-BFGS to get there.

EM alone stops moving long before it arrives when classes overlap, so what decides is never how little the last step
gained but how much is still to be gained: half of g'Hg, in units of the total log-likelihood. L-BFGS begins from the
information there would be if the classes were seen. Where it hardly gains any more, in the long flat valleys before a
top, it goes on from how the surface bends there, looked at again every few steps.
Source: Nocedal and Wright (2006), Numerical Optimization, ch. 7.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from careloom.stats.latent_class.model import compiled
from careloom.stats.latent_class.model.curvature import Curvature, curvature_at
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
# So many steps that gained less than this much are slow ones: how the surface bends is worth looking at.
WINDOW, SLOW = 10, 1.0
MOST_LOOKED_AT = 2000  # parameters; of more a look takes longer than it saves
LOOK_AGAIN = 80  # steps after which the surface may bend otherwise ...
LONGER = 1.5  # ... and so many times that after the next look, for where looking helps it helps at once


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
    """Where a climb stands: what the E-step says there, steps taken, and the gain it still expects.

    ``on_its_way``: it stopped because it had become slow, or to look about, and would go on.
    """

    point: Point
    steps: int
    gain_left: float
    on_its_way: bool = False


def climb_by_em(objective: Objective, start: Parameters, steps: int) -> Climb:
    """A fixed number of EM steps; the objective never falls."""
    point = objective.expect(start)
    for _ in range(steps):
        point = objective.expect(point.maximised())
    return Climb(point, steps, np.inf)


def climb_to_end(objective: Objective, start: Parameters, most: int = MOST_STEPS) -> Climb:
    """EM steps and then L-BFGS from one start, until hardly anything is left to gain or ``most`` steps are taken."""
    ended = climb_compiled(objective, start, EM_STEPS, most)
    ended = ended or climb_part(objective, climb_by_em(objective, start, EM_STEPS), most)
    return climb_on(objective, ended, EM_STEPS + most)


def climb(objective: Objective, start: Climb, most: int) -> Climb:
    """L-BFGS from where a climb stands, until hardly anything is left to gain or ``most`` steps are taken."""
    return climb_on(objective, climb_part(objective, start, most), start.steps + most)


def climb_on(objective: Objective, found: Climb, until: int) -> Climb:
    """The rest of the way, looking every few steps how the surface bends."""
    steps = LOOK_AGAIN
    while found.on_its_way and found.steps < until:
        assert isinstance(objective, PatternObjective)
        curvature = curvature_at(objective.table, found.point)
        found = climb_part(objective, found, min(steps, until - found.steps), curvature)
        steps = int(steps * LONGER)
    return found


def climb_part(objective: Objective, start: Climb, most: int, curvature: Curvature | None = None) -> Climb:
    """L-BFGS until it has arrived, has become slow or, with a curvature, has taken ``most`` steps.

    Only where the objective is a table of patterns can the curvature be had and is slowness looked for. Where a step
    would not go up, one EM step is taken.
    """
    ended = climb_compiled(objective, start.point.at, 0, most, curvature)
    if ended:
        return Climb(ended.point, start.steps + ended.steps, ended.gain_left, ended.on_its_way)
    point, gain, last = start.point, np.inf, start.point.value
    nothing = Memory(*np.empty((2, 0, point.slope.size)))
    memory, window = nothing, window_of(objective, start.point.at, curvature)
    for step in range(most):
        if window and step and step % window == 0:
            if point.value - last < SLOW:
                return Climb(point, start.steps + step, gain, on_its_way=True)
            last = point.value
        slope = point.slope
        direction = ascent(slope, memory, point, curvature)
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
    return Climb(point, start.steps + most, gain, on_its_way=curvature is not None)


def window_of(objective: Objective, at: Parameters, curvature: Curvature | None) -> int:
    can_look = isinstance(objective, PatternObjective) and at.flat().size <= MOST_LOOKED_AT
    return WINDOW if can_look and curvature is None else 0


def climb_compiled(
    objective: Objective, start: Parameters, em_steps: int, most: int, curvature: Curvature | None = None
) -> Climb | None:
    """EM steps and L-BFGS in compiled code; None where the objective has none, or a product of probabilities vanishes."""
    if not isinstance(objective, PatternObjective) or objective.blocks is None:
        return None
    counts = (em_steps, most, REMEMBERED, HALVINGS, window_of(objective, start, curvature))
    amounts = (GAIN_LEFT, LONGEST_STEP, NEARLY_CERTAIN, FAIR_PART, ROUNDING, CURVED, SLOW)
    ended = compiled.climb(objective.blocks, objective.prior, start, compiled.Rules(*counts, *amounts), curvature)
    if ended is None:
        return None
    at, steps, gain, stopped = ended
    return Climb(
        objective.expect(at),
        steps,
        gain,
        stopped == compiled.SLOW or (stopped == compiled.OUT_OF_STEPS and curvature is not None),
    )


def if_seen(point: Point) -> Callable[[Floats], Floats]:
    """What slopes would ask for if the classes were seen: each parameter is then told by the rows fitted to it."""
    spread = 1.0 / np.maximum(point.fitted, NEARLY_CERTAIN)
    return lambda slopes: slopes * spread


def ascent(slope: Floats, memory: Memory, point: Point, curvature: Curvature | None) -> Floats:
    """The L-BFGS direction in compact form (Byrd, Nocedal and Schnabel 1994, Math. Program. 63:129, theorem 2.2).

    A curvature is scaled by how much longer the last step was than it would have had it.
    """
    undo = curvature.undo if curvature else if_seen(point)
    direction = undo(slope)
    if not len(memory.moved):
        return np.asarray(direction)
    moved, bent = memory.moved, memory.bent
    both = moved @ bent.T
    along = solve_triangular(both, moved @ slope, check_finite=False)
    bent_spread = undo(bent)
    scale = both[-1, -1] / (bent[-1] @ bent_spread[-1]) if curvature else 1.0
    direction, bent_spread = scale * direction, scale * bent_spread
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
