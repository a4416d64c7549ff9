"""Where to begin the climb: three kinds of random start, because none finds the best solution most often everywhere."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import MISSING, Floats, PatternTable

# Keeps every starting probability away from 0, which EM can never leave again.
INSIDE = 0.02

Kind = Callable[[PatternTable, int, np.random.Generator], Floats]


def starting_point(table: PatternTable, classes: int, seed: int, number: int) -> tuple[str, Parameters]:
    """The start of this number (from 0) and its kind; the same seed and number give the same start."""
    kind = list(KINDS)[number % len(KINDS)]
    stream = np.random.default_rng([seed, classes, number])
    cells = KINDS[kind](table, classes, stream)
    inside = np.maximum(cells, INSIDE)
    blank = Parameters(np.zeros(classes), np.zeros(cells.shape), table.first_cells)
    return kind, blank.like(np.concatenate([np.zeros(classes), np.log(inside).ravel()]))


def near_prevalence(table: PatternTable, classes: int, random: np.random.Generator) -> Floats:
    """Each class is the whole file, its log odds shaken with a standard deviation of one half."""
    middle = np.log(np.maximum(table.prevalence, INSIDE))[:, None]
    # Two log probabilities make one log odds: each is shaken by 0.5 / sqrt(2).
    return each_sums_to_one(np.exp(middle + random.normal(0.0, np.sqrt(0.125), (len(middle), classes))), table)


def uniform(table: PatternTable, classes: int, random: np.random.Generator) -> Floats:
    """Every set of probabilities as likely as any other."""
    return each_sums_to_one(random.exponential(size=(int(table.sizes.sum()), classes)), table)


def seeded_by_patterns(table: PatternTable, classes: int, random: np.random.Generator) -> Floats:
    """Each class half one row's own answers, half the whole file; rows chosen far apart, as in k-means++."""
    chosen: list[int] = []
    weights = np.where(table.observed, table.weights, 0.0)
    nearest = np.full(len(weights), float(table.items))
    for _ in range(classes):
        chance = weights * nearest if (weights * nearest).any() else weights
        chosen.append(int(random.choice(chance.size, p=chance / chance.sum())))
        row = table.codes[chosen[-1]]
        for some in table.parts():
            codes = table.codes[some]
            differ = (codes != row) & (codes != MISSING) & (row != MISSING)
            nearest[some] = np.minimum(nearest[some], differ.sum(axis=1))
    answers = np.tile(table.prevalence[:, None], classes)
    for k, row in enumerate(chosen):
        for item in np.flatnonzero(table.codes[row] != MISSING):
            own = slice(table.first_cells[item], table.first_cells[item] + table.sizes[item])
            answers[own, k] = np.arange(table.sizes[item]) == table.codes[row, item]
    return np.asarray(0.5 * answers + 0.5 * table.prevalence[:, None], dtype=np.float64)


def each_sums_to_one(cells: Floats, table: PatternTable) -> Floats:
    """Cells (M, K) divided by their sum over the item's levels."""
    return np.asarray(cells / np.add.reduceat(cells, table.first_cells)[table.item_of_cell], dtype=np.float64)


KINDS: dict[str, Kind] = {
    "near prevalence": near_prevalence,
    "uniform": uniform,
    "seeded by patterns": seeded_by_patterns,
}
