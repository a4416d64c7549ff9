"""Newton's method for the models that follow a latent class fit: few parameters, exact information."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.fitting.proof import LEAST_EIGENVALUE, NOTHING_LEFT, Certificate, Verdict, bend_of
from careloom.stats.latent_class.rows.patterns import Floats

STEPS = 200
HALVINGS = 40
WORTH_A_STEP = 1e-14  # gain in height; the last steps are cheap and double the digits
FAIR_PART = 2e-4  # of the gain that a step promises
NEARLY_NOTHING = 1e-3  # rows' worth of information below which a parameter is taken to have run off to infinity
HAS_A_PART = 1e-4  # of a direction of length 1 that the data cannot tell


@dataclass(frozen=True, eq=False)
class Look:
    """What is known at some parameters: the height, its slope (F,), minus its curvature (F, F).

    ``complete`` (F,) is the diagonal of the information there would be if the classes were seen.
    """

    value: float
    score: Floats
    information: Floats
    complete: Floats


@dataclass(frozen=True, eq=False)
class Direction:
    """A Newton step (F,), the gain it promises, and the least share of information in what can be told."""

    step: Floats
    gain: float
    least: float
    ran_off: int


def climb_by_newton(
    look: Callable[[Floats], Look], height: Callable[[Floats], float], start: Floats
) -> tuple[Floats, Look, Certificate]:
    """Go up from a start until a step promises nothing more; the height never falls."""
    at, seen = start, look(start)
    for _ in range(STEPS):
        direction = newton(seen)
        length = shorten(height, at, seen, direction) if direction.gain > WORTH_A_STEP else None
        if length is None:
            break
        at = at + length * direction.step
        seen = look(at)
    return at, seen, certify(newton(seen))


def newton(seen: Look) -> Direction:
    """The step that the curvature asks for, upwards also where the surface is not yet a hill; none where it is flat."""
    inside = seen.complete > NEARLY_NOTHING
    step = np.zeros(len(inside))
    if not inside.any():
        return Direction(step, 0.0, 1.0, len(inside))
    information, scale = seen.information[np.ix_(inside, inside)], np.sqrt(seen.complete[inside])
    bend = bend_of(information, scale)
    step[inside], gain = bend.step(seen.score[inside])
    return Direction(step, gain, bend.least, int((~inside).sum()))


def shorten(height: Callable[[Floats], float], at: Floats, seen: Look, direction: Direction) -> float | None:
    """The longest of ever shorter steps that gains a fair part of what is promised (Armijo), or None."""
    rounding = 8.0 * np.finfo(float).eps * abs(seen.value)
    for halving in range(HALVINGS):
        length = 0.5**halving
        with np.errstate(over="ignore", invalid="ignore"):  # too long a step may end beyond all numbers
            reached = height(at + length * direction.step)
        if reached >= seen.value + FAIR_PART * length * direction.gain - rounding:
            return length
    return None


def certify(direction: Direction) -> Certificate:
    verdict: Verdict = "boundary-fixed" if direction.ran_off else "certified"
    # Said so that a figure which is no number (nan) never passes for a proof.
    if not (direction.gain <= NOTHING_LEFT and direction.least >= -LEAST_EIGENVALUE):
        verdict = "not converged"
    elif direction.least < LEAST_EIGENVALUE:
        verdict = "weakly identified"
    return Certificate(verdict, direction.gain, direction.least, direction.ran_off)


def inverse(seen: Look) -> tuple[Floats, NDArray[np.bool_]]:
    """The inverse of the information (F, F), 0 for what the data cannot tell, and which those are (F,)."""
    inside = seen.complete > NEARLY_NOTHING
    scale = np.sqrt(seen.complete[inside])
    values, vectors = np.linalg.eigh(seen.information[np.ix_(inside, inside)] / np.outer(scale, scale))
    told = values > LEAST_EIGENVALUE
    known = vectors[:, told] / scale[:, None]
    whole, untold = np.zeros(seen.information.shape), ~inside
    whole[np.ix_(inside, inside)] = (known / values[told]) @ known.T
    untold[inside] = (np.abs(vectors[:, ~told]) > HAS_A_PART).any(axis=1)
    return whole, untold
