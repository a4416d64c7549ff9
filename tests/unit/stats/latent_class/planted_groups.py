"""Rows of the planted classes in several groups, for the tests of whether classes are the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from planted_classes import BY_ITEM, LEVELS

from careloom.stats.latent_class import collapse
from careloom.stats.latent_class.rows.grouped_patterns import GroupedPatterns, group_rows


@dataclass(frozen=True, eq=False)
class Odd:
    """In one group, one class, the probability of a yes to one item (of the first six) is another."""

    group: int
    k: int
    item: int
    yes: float


def draw_groups(
    shares: np.ndarray, n: int, *, seed: int, odd: Odd | None = None, missing: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Rows (G n, 8) of the planted classes, n in each group, with shares (G, K) by group; and the group of each row."""
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(len(shares)), n)
    classes = (random.random((len(groups), 1)) > shares.cumsum(axis=1)[groups, :-1]).sum(axis=1)
    above = [random.random(len(groups))[:, None] > item.cumsum(axis=1)[classes, :-1] for item in BY_ITEM]
    rows = np.column_stack([passed.sum(axis=1) for passed in above])
    if odd:
        there = (groups == odd.group) & (classes == odd.k)
        rows[there, odd.item] = random.random(int(there.sum())) < odd.yes
    rows[random.random(rows.shape) < missing] = -1
    return rows, groups


def group(rows: np.ndarray, groups: np.ndarray, items: int = 8) -> GroupedPatterns:
    table, pattern_of = collapse(rows[:, :items], None, LEVELS[:items])
    return group_rows(table, pattern_of, groups)


def mixes(groups: int, *, seed: int) -> np.ndarray:
    """Shares of the three classes in each group (G, 3), quite unlike between groups."""
    return np.random.default_rng(seed).dirichlet([10.0, 6.0, 4.0], groups)
