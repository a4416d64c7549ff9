"""What would groups show if their classes were truly the same? Rows drawn anew from the common classes, and nothing else.

Small groups have classes of their own by chance alone. What they show is to be held against what they would show then.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from careloom.stats.latent_class.groups.by_group import ClassesByGroup
from careloom.stats.latent_class.model.draw import draw_like
from careloom.stats.latent_class.rows.grouped_patterns import GroupedPatterns, group_weights
from careloom.stats.latent_class.rows.patterns import PatternTable, distinct


def draw_alike(grouped: GroupedPatterns, fit: ClassesByGroup, seed: int = 1) -> GroupedPatterns:
    """As many rows in each group as there are, with the same items missing, drawn from its classes in the fit."""
    drawn = [
        draw_like(grouped.table_of(group), fit.in_group(group), np.random.default_rng([seed, group]))
        for group in range(grouped.groups)
    ]
    codes = np.vstack([one.codes for one in drawn])
    first, pattern = distinct(codes)
    starts = np.concatenate([[0], np.cumsum([len(one.codes) for one in drawn])])
    weights = csr_array(
        (np.concatenate([one.weights for one in drawn]), pattern, starts), shape=(grouped.groups, len(first))
    )
    return group_weights(PatternTable(codes[first], np.ones(len(first)), grouped.table.levels), weights)
