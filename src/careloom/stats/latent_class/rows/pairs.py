"""Rows collapsed once more: a response pattern together with what else is known of the row, and how often both occur.

What is known beside the items (covariates of membership, an outcome, a year) takes few values, so that a million rows
become some ten thousand pairs, and everything that follows costs by the pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from careloom.stats.latent_class.rows.clusters import number_clusters
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable, check_weights, distinct


@dataclass(frozen=True, eq=False)
class Pairs:
    """Distinct pairs: the pattern's number in its table (R,), the other values (R, C), the weight (R,).

    ``by_cluster`` (G, R), sparse, is the weight of each pair in each cluster, such as the assessments of one child.
    """

    pattern: NDArray[np.intp]
    values: Floats
    weights: Floats
    by_cluster: csr_array[Any] | None = None

    def are_rows_of(self, table: PatternTable) -> bool:
        """Whether these are the rows of the table, all of them, up to the rounding of the sums."""
        if self.pattern.max() >= len(table.weights):
            return False
        weights = np.bincount(self.pattern, self.weights, len(table.weights))
        return bool(np.allclose(weights, table.weights, rtol=1e-9, atol=1e-9 * table.total))


def pair_up(
    pattern_of: ArrayLike, values: ArrayLike, weights: ArrayLike | None = None, clusters: ArrayLike | None = None
) -> tuple[Pairs, NDArray[np.intp]]:
    """Collapse rows to distinct pairs of pattern and values; return them and the pair of each row (N,).

    ``pattern_of`` (N,) as ``collapse`` gives it; ``values`` (N,) or (N, C) numbers, none of them missing; ``weights``
    (N,) those the rows were collapsed with, one each when not given; ``clusters`` (N,) labels of any kind.
    Raises ValueError on other shapes, on missing values or clusters (they are counted), and for one cluster only.

    >>> pairs, pair_of = pair_up([0, 1, 0, 0], [5.0, 5.0, 5.0, 7.0])
    >>> pairs.pattern.tolist(), pairs.values.ravel().tolist(), pairs.weights.tolist(), pair_of.tolist()
    ([0, 0, 1], [5.0, 7.0, 5.0], [2.0, 1.0, 1.0], [0, 2, 0, 1])
    """
    pattern = np.asarray(pattern_of)
    known = np.asarray(values, dtype=np.float64)
    known = known[:, None] if known.ndim == 1 else known
    if pattern.ndim != 1 or not pattern.size or known.ndim != 2 or len(known) != len(pattern):
        raise ValueError(f"a pattern and values are needed for each row; got shapes {pattern.shape} and {known.shape}")
    if not np.issubdtype(pattern.dtype, np.integer) or pattern.min() < 0:
        raise ValueError("patterns are given by their number in the table, from 0")
    missing = int((~np.isfinite(known)).any(axis=1).sum())
    if missing:
        raise ValueError(
            f"{missing} rows have missing values: leave them out, or give what is missing a value of its own"
        )
    counts = check_weights(np.ones(pattern.size) if weights is None else weights, pattern.size)
    codes = [np.unique(column, return_inverse=True)[1] for column in (pattern, *known.T)]
    first, number = distinct(np.column_stack(codes).astype(np.int32))
    total = np.bincount(number, counts, len(first)).astype(np.float64)
    by_cluster = None if clusters is None else gather_clusters(clusters, number, counts, len(first))
    return Pairs(pattern[first].astype(np.intp), known[first], total, by_cluster), number


def gather_clusters(clusters: ArrayLike, pair_of: NDArray[np.intp], weights: Floats, pairs: int) -> csr_array[Any]:
    """Weight of each pair in each cluster (G, R), sparse."""
    if np.shape(clusters) != pair_of.shape:
        raise ValueError(f"one cluster a row is needed: {pair_of.size} rows, clusters of shape {np.shape(clusters)}")
    who = number_clusters(clusters)
    return csr_array((weights, (who, pair_of)), shape=(int(who.max()) + 1, pairs))
