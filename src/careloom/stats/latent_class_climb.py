"""Climbing the likelihood: EM to get going, L-BFGS to get there, Newton to prove it.

EM alone stops moving long before it arrives when classes overlap, so what decides is never how little the last step
gained but how much is still to be gained: half of g'Hg, in units of the total log-likelihood.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class_model import (
    LOG_ODDS_BOUND,
    Expectation,
    Floats,
    Parameters,
    Responses,
    complete_information,
    expect,
    gradient,
    maximise,
    observed_information,
    pull,
)

EM_STEPS = 20
MOST_STEPS = 5000
NEWTON_STEPS = 20
FINISHING_ROUNDS = 10
GAIN_LEFT = 1e-8  # L-BFGS stops when it expects to gain less than this much total log-likelihood by going on
NOTHING_LEFT = 1e-10  # the same for Newton's method, which knows
LONGEST_STEP = 3.0  # in log odds; beyond it the quadratic picture is not to be trusted
REMEMBERED = 30
NEARLY_CERTAIN = 1e-3  # expected children who keep a probability from being 0 or 1
DRAWN_BACK = 1.0 + 1e-6
LEAST_EIGENVALUE = 1e-8

Memory = deque[tuple[Floats, Floats]]


@dataclass(frozen=True, eq=False)
class Summit:
    """Where a climb stands: the parameters, what the E-step says there, steps taken, and the gain still promised."""

    parameters: Parameters
    expected: Expectation
    steps: int
    gain_left: float
    least_information: float = np.nan

    @property
    def loglik(self) -> float:
        return self.expected.loglik

    @property
    def is_maximum(self) -> bool:
        return self.gain_left <= 10.0 * NOTHING_LEFT and self.least_information > -LEAST_EIGENVALUE


def climb_by_em(data: Responses, start: Parameters, steps: int) -> Summit:
    """A fixed number of EM steps; the log-likelihood never falls."""
    at, expected = start, expect(data, start)
    for _ in range(steps):
        at = maximise(expected, at)
        expected = expect(data, at)
    return Summit(at, expected, steps, np.inf)


def climb(data: Responses, start: Summit, most: int) -> Summit:
    """L-BFGS, preconditioned by the complete-data information; one EM step whenever it would not go up."""
    at, expected, memory = start.parameters, start.expected, Memory(maxlen=REMEMBERED)
    gain = np.inf
    for step in range(most):
        slope = free_gradient(expected, at)
        direction = ascent(slope, complete_information(expected, at), memory)
        direction[at_bound(at) & (slope == 0.0)] = 0.0
        gain = float(slope @ direction) / 2.0
        if gain < GAIN_LEFT:
            return Summit(at, expected, start.steps + step, gain)
        reached = search_line(data, at, expected, direction)
        if reached is None:
            memory.clear()
            by_em = climb_by_em(data, at, 1)
            reached = by_em.parameters, by_em.expected
            if by_em.loglik <= expected.loglik:
                return Summit(at, expected, start.steps + step, gain)
        remember(memory, reached[0].flat() - at.flat(), slope - free_gradient(reached[1], reached[0]))
        at, expected = reached
    return Summit(at, expected, start.steps + most, gain)


def free_gradient(expected: Expectation, at: Parameters) -> Floats:
    """The gradient, without the directions that would leave the bound."""
    slope = gradient(expected, at)
    return np.where(at_bound(at) & (slope * at.flat() > 0), 0.0, slope)


def at_bound(at: Parameters) -> NDArray[np.bool_]:
    return np.asarray(np.abs(at.flat()) >= LOG_ODDS_BOUND)


def ascent(slope: Floats, information: Floats, memory: Memory) -> Floats:
    """The L-BFGS direction by the two-loop recursion (Nocedal and Wright, algorithm 7.4)."""
    direction, taken = slope.copy(), []
    for moved, bent in reversed(memory):
        share = (moved @ direction) / (moved @ bent)
        direction -= share * bent
        taken.append(share)
    direction /= np.maximum(information, NEARLY_CERTAIN)
    for (moved, bent), share in zip(memory, reversed(taken), strict=True):
        direction += (share - (bent @ direction) / (moved @ bent)) * moved
    return direction


def remember(memory: Memory, moved: Floats, bent: Floats) -> None:
    """Keep a step and the fall in slope along it, when the surface curved downwards there."""
    if moved @ bent > 1e-10 * np.sqrt((moved @ moved) * (bent @ bent)):
        memory.append((moved, bent))


def search_line(
    data: Responses, at: Parameters, expected: Expectation, direction: Floats
) -> tuple[Parameters, Expectation] | None:
    """The first of ever shorter steps that gains a fair part of what the slope promises (Armijo), or None."""
    direction = direction * min(1.0, LONGEST_STEP / np.abs(direction).max(initial=1e-300))
    promise = float(gradient(expected, at) @ direction)
    # Differences below the rounding of the sum mean nothing; without this slack the last steps would be refused.
    rounding = 8.0 * np.finfo(float).eps * abs(expected.loglik)
    for halving in range(12 if promise > 0 else 0):
        length = 0.5**halving
        there = at.like(at.flat() + length * direction)
        found = expect(data, there)
        if found.loglik >= expected.loglik + 1e-4 * length * promise - rounding:
            return there, found
    return None


def climb_to_top(data: Responses, start: Parameters) -> Summit:
    """EM, then L-BFGS, then L-BFGS again from wherever probabilities near 0 and 1 belong."""
    return settle(data, climb(data, climb_by_em(data, start, EM_STEPS), MOST_STEPS))


def finish(data: Responses, summit: Summit) -> Summit:
    """The last digits by Newton's method on the exact information, and with it the proof that this is a maximum."""
    for _ in range(FINISHING_ROUNDS):
        proven = climb_by_newton(data, settle(data, summit))
        if proven.is_maximum:
            break
        summit = climb(data, proven, MOST_STEPS)
    return proven


def climb_by_newton(data: Responses, summit: Summit) -> Summit:
    """Newton steps until the exact information promises nothing more, or the arithmetic can tell no difference."""
    at, expected = summit.parameters, summit.expected
    for step in range(NEWTON_STEPS + 1):
        direction, gain, least = newton(data, expected, at)
        reached = search_line(data, at, expected, direction) if gain > NOTHING_LEFT and step < NEWTON_STEPS else None
        if reached is None:
            break
        at, expected = reached
    drawn_back = (pull(data, expected, at)[at_bound(at)] > DRAWN_BACK).any()
    return Summit(at, expected, summit.steps + step, np.inf if drawn_back else gain, least)


def settle(data: Responses, summit: Summit) -> Summit:
    """Put probabilities that hardly a child keeps from 0 or 1 where they belong and climb on, if that is higher.

    So near the edge the slope all but vanishes whichever way it points, and steps along it would take for ever: those
    on their way out go to the bound, those drawn back go in to where a tenth of a child holds them.
    """
    at, expected = summit.parameters, summit.expected
    flat, edge = at.flat(), complete_information(expected, at) < NEARLY_CERTAIN
    inward = pull(data, expected, at) > DRAWN_BACK
    seen = np.concatenate([np.full(len(at.log_shares), data.total), expected.seen.ravel()])
    placed = np.where(edge, np.sign(flat) * np.where(inward, np.log1p(10.0 * seen), LOG_ODDS_BOUND), flat)
    if (placed == flat).all():
        return summit
    moved = at.like(placed)
    higher = climb(data, Summit(moved, expect(data, moved), summit.steps, np.inf), MOST_STEPS)
    return higher if higher.loglik >= summit.loglik else summit


def newton(data: Responses, expected: Expectation, at: Parameters) -> tuple[Floats, float, float]:
    """Newton direction, half the decrement g'I^-1 g, and the least eigenvalue of the information.

    The information is scaled by its complete-data diagonal, so an eigenvalue is the share of information that is left
    after the classes went unseen; below LEAST_EIGENVALUE a direction tells nothing and is left alone.
    """
    slope = free_gradient(expected, at)
    scale = np.sqrt(complete_information(expected, at))
    free = ~at_bound(at)
    free[int(np.argmax(at.log_shares))] = False  # shares sum to one: the largest class follows from the others
    information = observed_information(data, expected, at)[np.ix_(free, free)] / np.outer(scale[free], scale[free])
    values, vectors = np.linalg.eigh(information)
    along = vectors.T @ (slope[free] / scale[free])
    told = np.abs(values) > LEAST_EIGENVALUE
    move = np.where(told, along / np.where(told, np.abs(values), 1.0), 0.0)
    direction = np.zeros_like(slope)
    direction[free] = (vectors @ move) / scale[free]
    return direction, float(along @ move) / 2.0, float(values.min(initial=1.0))


def ordered(summit: Summit) -> Parameters:
    """The parameters with the classes by descending share."""
    order = np.argsort(-summit.parameters.shares, kind="stable")
    return Parameters(summit.parameters.log_shares[order], summit.parameters.log_odds[order])
