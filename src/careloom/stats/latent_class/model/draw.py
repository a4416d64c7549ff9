"""Draw rows from a latent class model, as patterns with counts: what it costs goes with the patterns, not the rows.

Counts are split and split again: rows by class, then those of each class along the answers to one item after another.
"""

from __future__ import annotations

import numpy as np

from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import MISSING, Floats, PatternTable, Whole, distinct


def draw_like(table: PatternTable, at: Parameters, random: np.random.Generator) -> PatternTable:
    """As many rows as the table has, with the same items missing together, drawn from a model.

    Which items are missing is taken to have nothing to do with the class. Weights are taken for numbers of rows, to the
    nearest whole; rows with nothing observed are left out.
    """
    seen = (table.codes != MISSING).astype(np.int32)
    first, group = distinct(seen)
    rows = np.rint(np.bincount(group, table.weights, len(first))).astype(np.int64)
    asked, rows = seen[first], np.where(seen[first].any(axis=1), rows, 0)
    by_class = random.multinomial(rows, at.shares / at.shares.sum())  # (U, K)
    of_group, of_class = np.nonzero(by_class)
    counts, codes = by_class[of_group, of_class], np.empty((len(of_group), 0), dtype=np.int32)
    for item, theta in enumerate(at.by_item):
        chance = np.where(asked[of_group, item, None], theta[of_class], 0.0)
        # One more answer, last, that those take who were not asked: it is certain for them and else impossible.
        chance = np.column_stack([chance, 1 - asked[of_group, item]])
        split = random.multinomial(counts, chance / chance.sum(axis=1, keepdims=True))
        parent, answer = np.nonzero(split)
        counts, of_group, of_class = split[parent, answer], of_group[parent], of_class[parent]
        code = np.where(answer == len(theta[0]), MISSING, answer)
        codes = np.column_stack([codes[parent], code]).astype(np.int32)
    return gathered(codes, counts.astype(np.float64), table)


def gathered(codes: Whole, counts: Floats, like: PatternTable) -> PatternTable:
    """Distinct patterns of the items of another table."""
    first, number = distinct(codes)
    return PatternTable(codes[first], np.bincount(number, counts, len(first)).astype(np.float64), like.levels)
