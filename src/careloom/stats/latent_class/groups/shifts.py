"""How far does an item of a class lie, in one group, from where it lies for all? With the noise taken out.

Given all other answers of a row, and the sizes of the classes in its group, the chance that the row says yes to an item
is q @ theta: q (K,) how likely the row is of each class judged by the other answers, theta (K,) the class's probability.
So the group's own theta is a weighted regression of the answer on q. What a small group shows is mostly chance, so its
shift is drawn back: in units of sqrt(theta (1 - theta)) shifts are taken to vary between groups and classes with a
variance of the item's own, estimated by maximum likelihood, and each becomes its expectation given what was seen
(empirical Bayes). An item that varies no more than chance makes it gets no shifts at all.
Each item is looked at alone, with the sizes and all other items as they are: what structural equation modelling calls
the expected parameter change.
Sources: Efron and Morris (1975), JASA 70:311; Saris, Satorra and Sorbom (1987), Sociological Methodology 17:105.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from careloom.stats.latent_class.groups.by_group import ClassesByGroup
from careloom.stats.latent_class.model.likelihood import memberships
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.grouped_patterns import GroupedPatterns
from careloom.stats.latent_class.rows.patterns import MISSING, Floats, PatternTable, Whole

WIDEST = 100.0  # a variance of shifts beyond all sense; the search for it ends there
TOLD = 1e-9  # information, in rows, below which a group says nothing of a class


@dataclass(frozen=True, eq=False)
class Shifts:
    """Shifts of probability by group, (G, M, K) each, from the common classes; the first answer to an item has none.

    ``shrunken``: with the noise taken out. ``seen``: as the group's rows show it, ``error`` its standard error (nan
    where they do not). ``variance`` (M,) is that of shifts between groups in units of theta (1 - theta).
    """

    common: Parameters
    shrunken: Floats
    seen: Floats
    error: Floats
    variance: Floats

    def largest(self) -> tuple[int, int, int]:
        """Group, cell and class of the largest shrunken shift."""
        group, cell, k = np.unravel_index(np.abs(self.shrunken).argmax(), self.shrunken.shape)
        return int(group), int(cell), int(k)

    def by_item(self) -> Floats:
        """The largest shrunken shift of each item anywhere (J,)."""
        return np.asarray(np.maximum.reduceat(np.abs(self.shrunken).max(axis=(0, 2)), self.common.first_cells))

    def probabilities(self, group: int) -> Floats:
        """Probability of each cell in each class with the group's shrunken shifts (M, K); an item's sum to one."""
        moved = np.clip(self.common.probabilities + self.shrunken[group], 0.0, 1.0)
        first = self.common.first_cells
        moved[first] = 0.0
        others = np.add.reduceat(moved, first)
        moved /= np.maximum(others, 1.0)[self.common.item_of_cell]
        moved[first] = np.maximum(1.0 - others, 0.0)
        return np.asarray(moved)


def find_shifts(grouped: GroupedPatterns, fit: ClassesByGroup) -> Shifts:
    """The shifts of every item in every class and group, from a fit with sizes free by group and nothing else."""
    common, shape = fit.common, (grouped.groups, *fit.common.log_probabilities.shape)
    slopes, informations = np.zeros(shape), np.zeros((*shape, fit.common.classes))
    for group in range(grouped.groups):
        table, at = grouped.table_of(group), fit.in_group(group)
        belongs = memberships(table.cells, at)[1]
        for cell in np.setdiff1d(np.arange(shape[1]), common.first_cells):
            slopes[group, cell], informations[group, cell] = evidence(table, at, belongs, int(cell))
    shrunken, seen, error, variance = np.zeros(shape), np.zeros(shape), np.full(shape, np.nan), np.zeros(shape[1])
    for cell in np.setdiff1d(np.arange(shape[1]), common.first_cells):
        unit = np.sqrt(common.probabilities[cell] * (1.0 - common.probabilities[cell]))
        variance[cell], *found = shrink(slopes[:, cell] * unit, informations[:, cell] * np.outer(unit, unit))
        shrunken[:, cell], seen[:, cell], error[:, cell] = (values * unit for values in found)
    return Shifts(common, shrunken, seen, error, variance)


def evidence(table: PatternTable, at: Parameters, belongs: Floats, cell: int) -> tuple[Floats, Floats]:
    """Slope (K,) and information (K, K) of the probabilities of one cell, from all rows with its item observed."""
    item = int(at.item_of_cell[cell])
    seen = table.codes[:, item] != MISSING
    cells: Whole = table.codes[seen, item] + table.first_cells[item]
    weights = table.weights[seen]
    rest = belongs[seen] / at.probabilities[cells]
    rest /= rest.sum(axis=1, keepdims=True)
    fitted = np.clip(rest @ at.probabilities[cell], 1e-12, 1.0 - 1e-12)
    spread = weights / (fitted * (1.0 - fitted))
    return rest.T @ (spread * ((cells == cell) - fitted)), (rest * spread[:, None]).T @ rest


def shrink(slopes: Floats, informations: Floats) -> tuple[float, Floats, Floats, Floats]:
    """Variance of shifts, the shifts shrunken and as seen, and the standard errors of the latter (G, K each).

    With b ~ N(0, v) and slopes ~ N(I b, I), along each eigenvector of I (with eigenvalue e) the slope squared over e
    is (1 + v e) times a chi-square of one degree of freedom; v is where that is likeliest.
    """
    values, vectors = np.linalg.eigh(informations)
    told = values > TOLD
    along = np.einsum("gka,gk->ga", vectors, slopes)
    size, found = values[told], along[told] ** 2 / values[told]

    def slope_of_likelihood(variance: float) -> float:
        more = 1.0 + variance * size
        return float((size * (found / more - 1.0) / more).sum())

    variance = 0.0
    if slope_of_likelihood(0.0) > 0.0:
        variance = WIDEST if slope_of_likelihood(WIDEST) > 0.0 else float(brentq(slope_of_likelihood, 0.0, WIDEST))
    shrunken = np.einsum("gka,ga->gk", vectors, variance * along / (1.0 + variance * np.maximum(values, 0.0)))
    inverse = np.where(told, 1.0 / np.where(told, values, 1.0), 0.0)
    seen = np.einsum("gka,ga->gk", vectors, along * inverse)
    error = np.sqrt(np.einsum("gka,ga->gk", vectors**2, inverse))
    hidden = np.einsum("gka,ga->gk", vectors**2, ~told) > 1e-6
    return variance, shrunken, seen, np.where(hidden, np.nan, error)
