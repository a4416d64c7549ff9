"""Rows that belong together, such as the assessments of one child or of one authority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from careloom.stats.latent_class.rows.patterns import PatternTable, check_weights


@dataclass(frozen=True, eq=False)
class Clusters:
    """Which rows belong together.

    ``of`` (N,) is each row's cluster, a label of any kind; ``pattern_of`` (N,) its pattern, as ``collapse`` gives it;
    ``weights`` (N,) those the rows were collapsed with, one each when not given.
    """

    of: ArrayLike
    pattern_of: ArrayLike
    weights: ArrayLike | None = None

    def weights_by_pattern(self, table: PatternTable) -> csr_array[Any]:
        """Weight of each pattern in each cluster (G, P), sparse.

        Raises ValueError when the lists are not equally long, when a label is missing or there is but one cluster, or
        when the rows do not add up to the table's weights.
        """
        shape, pattern = np.shape(self.of), np.asarray(self.pattern_of)
        if len(shape) != 1 or pattern.shape != shape:
            raise ValueError(f"one cluster and one pattern a row are needed; got {shape} and {pattern.shape}")
        who = number_clusters(self.of)
        weights = check_weights(np.ones(who.size) if self.weights is None else self.weights, who.size)
        if not fits(table, pattern, weights):
            raise ValueError("the rows do not add up to the patterns' weights: were they collapsed to this table?")
        return csr_array((weights, (who, pattern)), shape=(int(who.max()) + 1, len(table.weights)))


def number_clusters(labels: ArrayLike) -> NDArray[np.intp]:
    """The cluster of each row (N,) as a number from 0.

    Raises ValueError for missing labels, which would make one cluster of rows that have nothing in common, and for one
    cluster only.
    """
    given = np.asarray(labels)
    missing = count_missing(given)
    if missing:
        raise ValueError(f"{missing} rows have no cluster: give each a label of its own")
    found, number = np.unique(given, return_inverse=True)
    if found.size < 2:
        raise ValueError("at least two clusters are needed: one alone does not show how clusters vary")
    return number


def count_missing(given: NDArray[Any]) -> int:
    """How many of some labels, numbers or dates are None, NaN or NaT; the last two do not equal themselves."""
    return int(((given != given) | (given.astype(object) == None)).sum())  # noqa: E711


def fits(table: PatternTable, pattern: NDArray[Any], weights: NDArray[np.float64]) -> bool:
    """Whether the rows add up to the table, up to the rounding of the sums."""
    if not np.issubdtype(pattern.dtype, np.integer) or pattern.min() < 0 or pattern.max() >= len(table.weights):
        return False
    return bool(np.allclose(np.bincount(pattern, weights, len(table.weights)), table.weights, rtol=1e-9, atol=0.0))
