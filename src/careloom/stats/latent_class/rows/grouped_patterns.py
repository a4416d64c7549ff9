"""The same patterns counted in each of several groups: authorities, years, or both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csr_array

from careloom.stats.latent_class.rows.patterns import Floats, PatternTable, check_weights

Sparse = Any  # scipy.sparse.csr_array; SciPy hands out no types


@dataclass(frozen=True, eq=False)
class GroupedPatterns:
    """Patterns of all groups together, and ``weights`` (G, P), sparse: how much of each pattern each group has.

    The weights of ``table`` are the sums over groups. Made by ``group_rows`` or ``group_weights``.
    """

    table: PatternTable
    weights: Sparse

    @property
    def groups(self) -> int:
        return int(self.weights.shape[0])

    @cached_property
    def sizes(self) -> Floats:
        """Weight of each group's rows with anything observed (G,): its n."""
        return np.asarray(self.weights @ self.table.observed.astype(np.float64), dtype=np.float64)

    def places_of(self, group: int) -> tuple[NDArray[np.intp], Floats]:
        """The patterns that a group has (p,), as places in the table, and their weights there (p,)."""
        own = slice(self.weights.indptr[group], self.weights.indptr[group + 1])
        return np.asarray(self.weights.indices[own], dtype=np.intp), np.asarray(self.weights.data[own])

    def table_of(self, group: int) -> PatternTable:
        places, weights = self.places_of(group)
        return PatternTable(self.table.codes[places], weights, self.table.levels)

    def some(self, groups: ArrayLike) -> GroupedPatterns:
        """Only these groups (g,), in this order, with the patterns they have."""
        rows = self.weights[np.asarray(groups, dtype=np.intp)]
        met = np.unique(rows.indices)
        table = PatternTable(self.table.codes[met], np.ones(met.size), self.table.levels)
        return group_weights(table, rows.tocsc()[:, met])


def group_rows(
    table: PatternTable, pattern_of: ArrayLike, group_of: ArrayLike, weights: ArrayLike | None = None
) -> GroupedPatterns:
    """Patterns by group from rows: each row's pattern (N,), as ``collapse`` gives it, and its group (N,), from 0.

    ``weights`` (N,) are those of the rows, one each when not given. Raises ValueError when the lists are not equally
    long, when a group's number is below 0 or left out, or when the rows do not add up to the table.

    >>> table, pattern_of = collapse([[0], [1], [1]])
    >>> group_rows(table, pattern_of, [0, 0, 1]).weights.toarray().tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    pattern, group = np.asarray(pattern_of), np.asarray(group_of)
    if pattern.ndim != 1 or pattern.shape != group.shape or not pattern.size:
        raise ValueError(f"each row needs one pattern and one group; got shapes {pattern.shape} and {group.shape}")
    if not np.issubdtype(group.dtype, np.integer) or group.min() < 0:
        raise ValueError("groups must be whole numbers from 0")
    counts = check_weights(np.ones(pattern.size) if weights is None else weights, pattern.size)
    shape = (int(group.max()) + 1, len(table.weights))
    grouped = group_weights(table, coo_array((counts, (group, pattern)), shape=shape))
    if not np.allclose(grouped.table.weights, table.weights, rtol=1e-9, atol=0.0):
        raise ValueError("the rows do not add up to the patterns' weights: were they collapsed to this table?")
    return grouped


def group_weights(table: PatternTable, weights: Sparse) -> GroupedPatterns:
    """Patterns by group from the weights (G, P), sparse or not, of each pattern in each group.

    Raises ValueError on another number of patterns, weights that are negative or not finite, or a group that has none.
    """
    by_group = csr_array(weights, dtype=np.float64)
    if by_group.shape[1] != len(table.codes):
        raise ValueError(f"the weights are for {by_group.shape[1]} patterns, the table has {len(table.codes)}")
    by_group.sum_duplicates()
    by_group.eliminate_zeros()
    if not np.isfinite(by_group.data).all() or (by_group.data < 0).any():
        raise ValueError("weights must be finite and not negative")
    empty = np.flatnonzero(np.diff(by_group.indptr) == 0)
    if empty.size:
        raise ValueError(f"{empty.size} of {by_group.shape[0]} groups have no rows: leave them out")
    return GroupedPatterns(table.reweighted(by_group.sum(axis=0)), by_group)
