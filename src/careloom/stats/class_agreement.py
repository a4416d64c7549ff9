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


def adjusted_rand_index(a: ArrayLike, b: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Agreement of two labellings of the same units, corrected for chance (Hubert and Arabie 1985).

    a and b are (N,) labels of any kind; ``weights`` (N,) says how many units each stands for, one when not given; at
    least 2 in all. 1 means the same grouping, 0 no better than chance. Which label means which does not matter.
    """
    table = cross_table(a, b, weights, np.unique(np.asarray(a)), np.unique(np.asarray(b)))
    total = table.sum()
    if total < 2:
        raise ValueError(f"at least 2 units are needed to compare two groupings; got {total:g}")
    together, in_a, in_b = (_pairs(counts) for counts in (table, table.sum(axis=1), table.sum(axis=0)))
    by_chance = in_a * in_b / _pairs(np.array([total]))
    most = (in_a + in_b) / 2.0
    return 1.0 if most == by_chance else float((together - by_chance) / (most - by_chance))


def cohens_kappa(a: ArrayLike, b: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Agreement of two labellings with the same labels, corrected for chance (Cohen 1960, Educ. Psychol. Meas. 20:37).

    a and b are (N,); ``weights`` (N,) says how many units each stands for, one when not given. 1 means the same label
    for every unit, 0 no better than chance; 1 too when both use one and the same label only.

    >>> round(cohens_kappa(["yes", "yes", "no", "no"], ["yes", "no", "yes", "no"], [20, 5, 10, 15]), 9)
    0.4
    """
    labels = np.unique(np.concatenate([np.asarray(a).ravel(), np.asarray(b).ravel()]))
    shares = cross_table(a, b, weights, labels, labels)
    shares = shares / shares.sum()
    by_chance = float(shares.sum(axis=1) @ shares.sum(axis=0))
    return 1.0 if by_chance == 1.0 else float((np.trace(shares) - by_chance) / (1.0 - by_chance))


def cross_table(
    a: ArrayLike, b: ArrayLike, weights: ArrayLike | None, rows: NDArray[np.generic], columns: NDArray[np.generic]
) -> NDArray[np.float64]:
    """Weight of each pair of labels (labels of a, labels of b); the labels sorted."""
    first, second = np.asarray(a), np.asarray(b)
    counts = np.ones(first.shape) if weights is None else np.asarray(weights, dtype=float)
    if first.ndim != 1 or first.shape != second.shape or counts.shape != first.shape or not first.size:
        raise ValueError(
            f"labels and weights must be equally long lists; got {first.shape}, {second.shape} and {counts.shape}"
        )
    if not np.isfinite(counts).all() or (counts < 0).any() or counts.sum() <= 0:
        raise ValueError("weights must be finite and not negative, and not all zero")
    table = np.zeros((rows.size, columns.size))
    np.add.at(table, (np.searchsorted(rows, first), np.searchsorted(columns, second)), counts)
    return table


def _pairs(counts: NDArray[np.float64]) -> float:
    return float((counts * (counts - 1.0) / 2.0).sum())
