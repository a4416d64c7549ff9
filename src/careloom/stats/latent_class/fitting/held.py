"""The model with one share or probability held where it is put: the rest is free to make the best of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit

from careloom.stats.latent_class.fitting.climb import MOST_STEPS, Climb, climb
from careloom.stats.latent_class.fitting.proof import settle
from careloom.stats.latent_class.model.likelihood import Point
from careloom.stats.latent_class.model.objective import Objective
from careloom.stats.latent_class.model.parameters import LEAST_LOG, Parameters
from careloom.stats.latent_class.rows.patterns import Floats


@dataclass(frozen=True, eq=False)
class HeldParameters(Parameters):
    """Parameters of which the one at ``place`` of the flat vector keeps its log odds whatever the others do."""

    place: int
    log_odds: float

    @property
    def others(self) -> NDArray[np.intp]:
        """Places of what sums to one with it."""
        return others_of(self, self.place)

    def like(self, flat: Floats) -> HeldParameters:
        """As for free parameters, but that the others of its sum share what it leaves."""
        moved = flat.copy()
        moved[self.place] = -np.inf
        logs = Parameters.like(self, moved).flat()
        logs[self.others] += log_expit(-self.log_odds)
        logs[self.place] = log_expit(self.log_odds)
        logs = np.maximum(logs, LEAST_LOG)
        shares, cells = logs[: self.classes], logs[self.classes :].reshape(self.log_probabilities.shape)
        return HeldParameters(shares, cells, self.first_cells, self.place, self.log_odds)


@dataclass(frozen=True, eq=False)
class HeldPoint(Point):
    """What the E-step knows there; nothing pulls at what is held, and the others of its sum are fitted to the rest."""

    @property
    def fitted(self) -> Floats:
        assert isinstance(self.at, HeldParameters)
        fitted, expected, others = super().fitted, self.expected, self.at.others
        free = np.exp(self.at.flat()[others])
        fitted[others] = expected[others].sum() * free / free.sum()
        fitted[self.at.place] = expected[self.at.place]
        return fitted


@dataclass(frozen=True, eq=False)
class HeldObjective:
    """An objective seen from held parameters: it can be climbed, and has no information of its own."""

    objective: Objective

    def expect(self, at: Parameters) -> HeldPoint:
        point = self.objective.expect(at)
        return HeldPoint(point.at, point.loglik, point.value, point.members, point.counts)

    def information(self, point: Point, free: NDArray[np.intp]) -> Floats:
        raise NotImplementedError("what is held has no slope, so there is no Newton step to take")


def best_with(objective: Objective, start: Parameters, place: int, log_odds: float) -> Point:
    """The highest point near a start with the parameter at this place of the flat vector held at these log odds."""
    begun = HeldParameters(start.log_shares, start.log_probabilities, start.first_cells, place, log_odds)
    held = HeldObjective(objective)
    first = Climb(held.expect(begun.like(start.flat())), 0, np.inf)
    return settle(held, climb(held, first, MOST_STEPS)).point


def others_of(at: Parameters, place: int) -> NDArray[np.intp]:
    """Places in the flat vector of what sums to one with the parameter at this place, itself left out."""
    together = sum_of(at)
    same = np.flatnonzero(together == together[place])
    return np.asarray(same[same != place])


def sum_of(at: Parameters) -> NDArray[np.intp]:
    """The number of the sum to one that each of the flat vector belongs to (K + M K,): the shares to -1."""
    cells = at.item_of_cell[:, None].astype(np.intp) * at.classes + np.arange(at.classes)
    return np.concatenate([np.full(at.classes, -1), cells.ravel()])
