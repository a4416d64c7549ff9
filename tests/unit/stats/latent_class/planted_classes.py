"""Rows of three planted classes, for the tests of latent classes: eight items, two of them with more than two answers."""

from __future__ import annotations

import numpy as np

from careloom.stats.latent_class import Parameters, PatternTable, collapse, from_probabilities

SHARES = np.array([0.5, 0.3, 0.2])
YES = np.array(
    [
        [0.10, 0.15, 0.05, 0.20, 0.10, 0.08],
        [0.85, 0.75, 0.60, 0.10, 0.15, 0.05],
        [0.20, 0.10, 0.15, 0.80, 0.90, 0.70],
    ]
)
OF_THREE = np.array([[0.70, 0.20, 0.10], [0.20, 0.20, 0.60], [0.15, 0.70, 0.15]])
OF_FOUR = np.array([[0.40, 0.30, 0.20, 0.10], [0.10, 0.20, 0.30, 0.40], [0.25, 0.25, 0.25, 0.25]])
BY_ITEM = [*(np.column_stack([1.0 - column, column]) for column in YES.T), OF_THREE, OF_FOUR]
LEVELS = [np.arange(item.shape[1]) for item in BY_ITEM]
TRUTH: Parameters = from_probabilities(SHARES, BY_ITEM)
FREE = 2 + 3 * (6 + 2 + 3)


def draw(n: int, *, seed: int, missing: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Rows (n, 8) of codes from 0, -1 where missing (completely at random), and the class of each (n,)."""
    random = np.random.default_rng(seed)
    classes = random.choice(3, size=n, p=SHARES)
    above = [random.random(n)[:, None] > item.cumsum(axis=1)[classes, :-1] for item in BY_ITEM]
    rows = np.column_stack([passed.sum(axis=1) for passed in above])
    rows[random.random(rows.shape) < missing] = -1
    return rows, classes


def table_of(rows: np.ndarray, weights: np.ndarray | None = None) -> PatternTable:
    return collapse(rows, weights, LEVELS)[0]
