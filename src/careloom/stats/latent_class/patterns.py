"""Distinct response patterns with weights: all that a latent class model needs to see of the rows.

Collapsing rows to patterns leaves the likelihood as it is, and a million assessments become some twenty thousand
patterns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int32]

MISSING = -1
LONGEST_KEY = 2**62


@dataclass(frozen=True, eq=False)
class PatternTable:
    """Response patterns: codes (P, J) count from 0 along the item's levels, -1 where missing; weights (P,).

    ``levels`` holds for each item the answers it can have, in order. Patterns are distinct when made by ``collapse``;
    the likelihood does not need them to be.
    """

    codes: Whole
    weights: Floats
    levels: tuple[NDArray[np.generic], ...]

    @property
    def items(self) -> int:
        return len(self.levels)

    @cached_property
    def sizes(self) -> Whole:
        """Number of levels of each item (J,)."""
        return np.array([len(levels) for levels in self.levels], dtype=np.int32)

    @cached_property
    def first_cells(self) -> Whole:
        """Where each item's levels begin (J,) when all levels of all items, the M cells, stand in one row."""
        return np.asarray(np.concatenate([[0], np.cumsum(self.sizes)[:-1]]), dtype=np.int32)

    @cached_property
    def item_of_cell(self) -> Whole:
        return np.repeat(np.arange(self.items, dtype=np.int32), self.sizes)

    @property
    def total(self) -> float:
        return float(self.weights.sum())

    @cached_property
    def total_unobserved(self) -> float:
        """Weight of the rows with no item observed: they say nothing about the classes."""
        return float(self.weights[(self.codes == MISSING).all(axis=1)].sum())

    @cached_property
    def cells(self) -> Whole:
        """The cell of each answer (P, J); M, one past the last, where it is missing."""
        return np.where(self.codes == MISSING, self.sizes.sum(), self.codes + self.first_cells).astype(np.int32)

    @cached_property
    def counts(self) -> Floats:
        """Weight of each cell (M,)."""
        cells = int(self.sizes.sum())
        counted = [np.bincount(column, self.weights, cells + 1)[:cells] for column in self.cells.T]
        return np.asarray(np.sum(counted, axis=0), dtype=np.float64)

    @cached_property
    def seen(self) -> Floats:
        """Weight of the rows with each item observed (J,)."""
        return np.asarray(np.add.reduceat(self.counts, self.first_cells), dtype=np.float64)

    @cached_property
    def prevalence(self) -> Floats:
        """Share of each cell among the rows with its item observed (M,)."""
        return self.counts / self.seen[self.item_of_cell]

    def reweighted(self, weights: ArrayLike) -> PatternTable:
        """The same patterns with other weights (P,)."""
        return PatternTable(self.codes, check_weights(weights, len(self.codes)), self.levels)


def collapse(
    rows: ArrayLike, weights: ArrayLike | None = None, levels: Sequence[ArrayLike] | None = None
) -> tuple[PatternTable, NDArray[np.intp]]:
    """Collapse rows (N, J) to distinct patterns; return them and the pattern of each row (N,).

    Answers are numbers, NaN or -1 for missing. ``weights`` (N,) may be fractional; one each when not given.
    ``levels`` says which answers each item can have, in order; when not given, those that occur. Raises ValueError
    on other shapes, weights that are negative or not finite, an answer not among the levels, an item never observed.

    >>> table, pattern_of = collapse([[0, 1], [1, 1], [0, 1]])
    >>> table.codes.tolist(), table.weights.tolist(), pattern_of.tolist()
    ([[0, 0], [1, 0]], [2.0, 1.0], [0, 1, 0])
    """
    answers = np.asarray(rows)
    if answers.ndim != 2 or 0 in answers.shape:
        raise ValueError(f"rows must be (rows, items) and not empty; got shape {answers.shape}")
    counts = check_weights(np.ones(len(answers)) if weights is None else weights, len(answers))
    if levels is not None and len(levels) != answers.shape[1]:
        raise ValueError(f"levels are given for {len(levels)} items, the rows have {answers.shape[1]}")
    coded, kept = [], []
    for item in range(answers.shape[1]):
        codes, own = code_item(answers[:, item], None if levels is None else levels[item], item)
        coded.append(codes)
        kept.append(own)
    codes = np.column_stack(coded)
    first, pattern_of = distinct(codes, [len(own) + 1 for own in kept])
    table = PatternTable(codes[first], np.bincount(pattern_of, counts, len(first)).astype(np.float64), tuple(kept))
    return table, pattern_of


def code_item(answers: NDArray[np.generic], levels: ArrayLike | None, item: int) -> tuple[Whole, NDArray[np.generic]]:
    """Each answer's place among the item's levels (N,), -1 where missing, and the levels."""
    try:
        numbers = answers.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"item {item} (from 0) holds answers that are not numbers: code them first") from None
    seen = ~np.isnan(numbers) & (numbers != MISSING)
    own = np.unique(numbers[seen]) if levels is None else np.asarray(levels, dtype=np.float64)
    if not own.size:
        raise ValueError(f"item {item} (from 0) is never observed: leave it out")
    order = np.argsort(own, kind="stable")
    place = np.minimum(np.searchsorted(own, numbers, sorter=order), own.size - 1)
    codes = np.where(seen, order[place], MISSING).astype(np.int32)
    unknown = int((seen & (own[codes] != numbers)).sum())
    if unknown:
        raise ValueError(f"item {item} (from 0) has {unknown} answers that are not among its {own.size} levels")
    return codes, own


def check_weights(weights: ArrayLike, rows: int) -> Floats:
    counts = np.asarray(weights, dtype=np.float64)
    if counts.shape != (rows,):
        raise ValueError(f"one weight a row is needed: {rows} rows, weights of shape {counts.shape}")
    if not np.isfinite(counts).all() or (counts < 0).any() or counts.sum() <= 0:
        raise ValueError("weights must be finite and not negative, and not all zero")
    return counts


def distinct(codes: Whole, radices: Sequence[int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places of the first of each distinct row of codes (from -1), in sorted order, and the number of each row."""
    key, room = np.zeros(len(codes), dtype=np.int64), 1
    for column, radix in zip(codes.T, radices, strict=True):
        if room * radix > LONGEST_KEY:  # what came before is told apart by fewer numbers than it could have had
            key = np.unique(key, return_inverse=True)[1]
            room = len(codes)
        key, room = key * radix + (column + 1), room * radix
    _, first, number = np.unique(key, return_index=True, return_inverse=True)
    return first, number
