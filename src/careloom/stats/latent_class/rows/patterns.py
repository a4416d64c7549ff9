"""Distinct response patterns with weights: all that a latent class model needs to see of the rows.

Collapsing rows to patterns leaves the likelihood as it is, and a million assessments become some twenty thousand
patterns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int32]

MISSING = -1
PATTERNS_AT_ONCE = 4096
LONGEST_KEY = 2**62
MANY_LEVELS = 1024  # whole numbers that spread no wider are counted, others sorted
FEW_KEYS = 4  # so many times the rows: keys that fit are counted, others sorted


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
    def observed(self) -> NDArray[np.bool_]:
        """Which patterns have an item observed (P,); the others say nothing about the classes."""
        return np.concatenate([(self.codes[some] != MISSING).any(axis=1) for some in self.parts()])

    @cached_property
    def total_unobserved(self) -> float:
        """Weight of the rows with no item observed."""
        return float(self.weights[~self.observed].sum())

    @property
    def cells(self) -> Whole:
        """The cell of each answer (P, J); M, one past the last, where it is missing."""
        return self.cells_of(slice(None))

    def cells_of(self, some: slice) -> Whole:
        """The cells of some patterns (p, J): made anew, for all of them would take as much room as the codes."""
        codes = self.codes[some]
        return np.where(codes == MISSING, np.int32(self.sizes.sum()), codes + self.first_cells)

    def parts(self) -> Iterator[slice]:
        """The patterns some at a time, so that what is made of each never stands for all of them at once."""
        return (slice(first, first + PATTERNS_AT_ONCE) for first in range(0, len(self.weights), PATTERNS_AT_ONCE))

    @cached_property
    def counts(self) -> Floats:
        """Weight of each cell (M,)."""
        with_missing = zip(self.codes.T, self.sizes, strict=True)  # -1 goes in front, and is dropped
        counted = [np.bincount(column + 1, self.weights, size + 1)[1:] for column, size in with_missing]
        return np.concatenate(counted).astype(np.float64)

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
    on other shapes, weights that are negative or not finite, an answer not among the levels, levels given twice, an item
    never observed.

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
    codes = np.empty(answers.shape, dtype=np.int32, order="F")
    kept = []
    for item in range(answers.shape[1]):
        codes[:, item], own = code_item(answers[:, item], None if levels is None else levels[item], item)
        kept.append(own)
    first, pattern_of = distinct(codes, [len(own) for own in kept])
    table = PatternTable(codes[first], np.bincount(pattern_of, counts, len(first)).astype(np.float64), tuple(kept))
    return table, pattern_of


def code_item(answers: NDArray[np.generic], levels: ArrayLike | None, item: int) -> tuple[Whole, NDArray[np.generic]]:
    """Each answer's place among the item's levels (N,), -1 where missing, and the levels."""
    found, place = tell_apart(answers, item)
    seen = ~np.isnan(found) & (found != MISSING)
    own = found[seen] if levels is None else np.asarray(levels, dtype=np.float64)
    if not own.size:
        raise ValueError(f"item {item} (from 0) is never observed: leave it out")
    if np.isnan(own).any() or (own == MISSING).any() or np.unique(own).size < own.size:
        raise ValueError(f"item {item} (from 0): its levels must differ, and none may be NaN or -1, which mean missing")
    where = {level: code for code, level in enumerate(own.tolist())}
    codes = np.array([where.get(level, len(own)) for level in found.tolist()], dtype=np.int32)
    codes[~seen] = MISSING
    coded = codes[place]
    if (codes == len(own)).any():
        unknown = int((coded == len(own)).sum())
        raise ValueError(f"item {item} (from 0) has {unknown} answers that are not among its {own.size} levels")
    return coded, own


def tell_apart(answers: NDArray[np.generic], item: int) -> tuple[Floats, NDArray[np.intp]]:
    """The answers there are, in order, and which of them each row gave (N,)."""
    if answers.dtype.kind in "iub":
        least = int(answers.min())
        if int(answers.max()) - least < MANY_LEVELS:  # small whole numbers need no sorting
            shifted = answers.astype(np.int64) - least
            there = np.bincount(shifted) > 0
            return np.flatnonzero(there).astype(np.float64) + least, (np.cumsum(there) - 1)[shifted]
    try:
        numbers = answers.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"item {item} (from 0) holds answers that are not numbers: code them first") from None
    found, place = np.unique(numbers, return_inverse=True)
    return found, place


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
    for column, levels in zip(codes.T, radices, strict=True):
        has_gap = int(column.min() == MISSING)
        radix = levels + has_gap
        if room * radix > LONGEST_KEY:  # what came before is told apart by fewer numbers than it could have had
            key = np.unique(key, return_inverse=True)[1]
            room = len(codes)
        key, room = key * radix + (column + has_gap), room * radix
    if room > FEW_KEYS * len(codes):
        _, first, number = np.unique(key, return_index=True, return_inverse=True)
        return first, number
    there = np.bincount(key, minlength=room) > 0
    number = (np.cumsum(there) - 1)[key]
    first = np.empty(int(there.sum()), dtype=np.intp)
    first[number[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return first, number
