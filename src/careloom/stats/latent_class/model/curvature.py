"""How the likelihood bends near a place, from a part of the patterns: with it the end of a climb takes few steps.

Where the model holds, the information is the sum of the outer products of the scores. It stands in no proof: it only
points the way, so some thousands of patterns will do, the heavy ones and of the light ones as many as their weight asks.
Source: Berndt, Hall, Hall and Hausman (1974), Annals of Economic and Social Measurement 3:653.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from careloom.stats.latent_class.model.information import complete_scale, free_parameters, places
from careloom.stats.latent_class.model.likelihood import Point, memberships
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable

PATTERNS_A_PARAMETER = 8
FEW = 10.0  # rows; of what fewer tell, a quadratic picture is not to be trusted
STIFFENED = 3e-3  # share of the complete information that is added, so that no direction looks flat
LEAST_ROWS = 1e-3
ROUNDS = 5
PATTERNS_AT_ONCE = 512


@dataclass(frozen=True, eq=False)
class Curvature:
    """Places in the flat vector of the free parameters (F,), and the inverse of the information about them (F, F).

    Half as many digits as elsewhere: it is read at every step, and the less there is to read the better.
    """

    free: NDArray[np.int32]
    inverse: NDArray[np.float32]

    def undo(self, slopes: Floats) -> Floats:
        """The steps (..., n) that these slopes (..., n) ask for."""
        steps = np.zeros_like(slopes)
        steps[..., self.free] = slopes[..., self.free] @ self.inverse
        return steps


def curvature_at(table: PatternTable, point: Point) -> Curvature:
    """From the scores of a part of the patterns; what hardly a row tells is taken to bend as if classes were seen."""
    free = free_parameters(point.at)
    complete = complete_scale(point, free) ** 2
    told = complete >= FEW
    inverse = np.diag(1.0 / np.maximum(complete, LEAST_ROWS))
    if told.any():
        some = thin_out(table, PATTERNS_A_PARAMETER * len(free))
        information = np.diag(STIFFENED * complete[told]) + outer_products(some, point.at, free[told])
        inverse[np.ix_(told, told)] = cho_solve(cho_factor(information), np.eye(len(information)))
    return Curvature(free.astype(np.int32), inverse.astype(np.float32))


def outer_products(table: PatternTable, at: Parameters, free: NDArray[np.intp]) -> Floats:
    """Weighted sum of the outer products of the scores (F, F), as ``information.scores`` has them, to six digits."""
    class_of, cell_of = places(free, at)
    of_share, theta = cell_of < 0, at.probabilities
    total = np.zeros((len(free), len(free)))
    for first in range(0, len(table.weights), PATTERNS_AT_ONCE):
        some = slice(first, first + PATTERNS_AT_ONCE)
        cells = table.cells_of(some)
        root = np.sqrt(table.weights[some], dtype=np.float32)
        belongs = (memberships(cells, at)[1].T * root).astype(np.float32)
        answers = np.zeros((len(theta) + 1, len(cells)), dtype=np.float32)
        answers[cells.T, np.arange(len(cells))] = 1.0
        seen = np.add.reduceat(answers[:-1], at.first_cells)
        score = answers[cell_of] - seen[at.item_of_cell[cell_of]] * theta[cell_of, class_of].astype(np.float32)[:, None]
        score[of_share] = 1.0
        score *= belongs[class_of]
        score[of_share] -= at.shares[free[of_share]].astype(np.float32)[:, None] * root
        total += score @ score.T
    return total


def thin_out(table: PatternTable, patterns: int) -> PatternTable:
    """About so many patterns that stand for all: each is taken with a chance by its weight, evenly along the table,
    and weighs as many as it stands for; those heavier than the rest are all taken and weigh what they weigh."""
    if len(table.weights) <= patterns:
        return table
    each = table.total / patterns
    for _ in range(ROUNDS):
        each *= np.minimum(table.weights / each, 1.0).sum() / patterns
    chance = np.minimum(table.weights / each, 1.0)
    so_far = np.cumsum(np.where(chance < 1.0, chance, 0.0)) + 0.5
    taken = (chance >= 1.0) | (np.diff(np.floor(so_far), prepend=0.0) > 0.0)
    return PatternTable(table.codes[taken], table.weights[taken] / chance[taken], table.levels)
