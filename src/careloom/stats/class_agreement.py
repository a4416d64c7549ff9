"""Do two classifications say the same? Pair the classes of two fits, and score how far two labellings agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment


def match_classes(a_probabilities: ArrayLike, b_probabilities: ArrayLike) -> NDArray[np.intp]:
    """Pair the classes of b with those of a so that item probabilities differ least in all (Hungarian method).

    Both are (K, J). Returns order (K,): class ``order[k]`` of b is class k of a, so ``b[order]`` lines up with a.
    """
    a, b = np.asarray(a_probabilities, dtype=float), np.asarray(b_probabilities, dtype=float)
    if a.ndim != 2 or a.shape != b.shape:
        raise ValueError(f"both sets of probabilities must be (classes, items); got shapes {a.shape} and {b.shape}")
    distance = np.abs(a[:, None, :] - b[None, :, :]).sum(axis=2)
    return np.asarray(linear_sum_assignment(distance)[1])


def adjusted_rand_index(a: ArrayLike, b: ArrayLike) -> float:
    """Agreement of two labellings of the same units, corrected for chance (Hubert and Arabie 1985).

    a and b are (N,) labels of any kind, N at least 2. 1 means the same grouping, 0 no better than chance.
    """
    first, second = np.asarray(a), np.asarray(b)
    if first.ndim != 1 or first.shape != second.shape or first.size < 2:
        raise ValueError(f"labels must be two equally long lists of at least 2; got {first.shape} and {second.shape}")
    rows = np.unique(first, return_inverse=True)[1]
    columns = np.unique(second, return_inverse=True)[1]
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1.0)
    together, in_a, in_b = (_pairs(counts) for counts in (table, table.sum(axis=1), table.sum(axis=0)))
    by_chance = in_a * in_b / _pairs(np.array([float(first.size)]))
    most = (in_a + in_b) / 2.0
    return 1.0 if most == by_chance else (together - by_chance) / (most - by_chance)


def _pairs(counts: NDArray[np.float64]) -> float:
    return float((counts * (counts - 1.0) / 2.0).sum())
