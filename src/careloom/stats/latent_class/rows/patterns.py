"""Distinct response patterns with weights: all that a latent class model needs to see of the rows.

Collapsing rows to patterns leaves the likelihood as it is, and a million assessments become some twenty thousand
patterns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int32]

MISSING = -1
PATTERNS_AT_ONCE = 4096
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
    first, number = number_rows(from_zero(column, item) for item, column in enumerate(answers.T))
    codes, kept = code(answers[first], np.bincount(number), levels)  # only rows that differ need to be coded
    own_first, own_number = distinct(codes)
    pattern_of = own_number[number]
    weighed = np.bincount(pattern_of, counts, len(own_first)).astype(np.float64)
    return PatternTable(codes[own_first], weighed, kept), pattern_of


def code(
    answers: NDArray[np.generic], times: NDArray[np.intp], levels: Sequence[ArrayLike] | None
) -> tuple[Whole, tuple[NDArray[np.generic], ...]]:
    """The codes of rows (n, J) that stand for so many rows each, and the levels of each item."""
    codes, kept = np.empty(answers.shape, dtype=np.int32, order="F"), []
    for item in range(answers.shape[1]):
        codes[:, item], own = code_item(answers[:, item], times, None if levels is None else levels[item], item)
        kept.append(own)
    return codes, tuple(kept)


def code_item(
    answers: NDArray[np.generic], times: NDArray[np.intp], levels: ArrayLike | None, item: int
) -> tuple[Whole, NDArray[np.generic]]:
    """Each answer's place among the item's levels (n,), -1 where missing, and the levels."""
    found, place = np.unique(answers.astype(np.float64), return_inverse=True)
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
        unknown = int(times[coded == len(own)].sum())
        raise ValueError(f"item {item} (from 0) has {unknown} answers that are not among its {own.size} levels")
    return coded, own


def check_weights(weights: ArrayLike, rows: int) -> Floats:
    counts = np.asarray(weights, dtype=np.float64)
    if counts.shape != (rows,):
        raise ValueError(f"one weight a row is needed: {rows} rows, weights of shape {counts.shape}")
    if not np.isfinite(counts).all() or (counts < 0).any() or counts.sum() <= 0:
        raise ValueError("weights must be finite and not negative, and not all zero")
    return counts


# --- rows that are alike -------------------------------------------------------------------------------------------


def distinct(codes: Whole) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places of the first of each distinct row of whole numbers, in sorted order, and the number of each row."""
    return number_rows(from_zero(column, item) for item, column in enumerate(codes.T))


def from_zero(answers: NDArray[np.generic], item: int) -> tuple[NDArray[np.int64], int]:
    """Answers (n,) as whole numbers from 0 that keep their order, missing ones alike, and how many numbers there may be."""
    try:
        numbers = answers if answers.dtype.kind in "iu" else answers.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"item {item} (from 0) holds answers that are not numbers: code them first") from None
    if numbers.dtype.kind == "f":
        numbers = np.where(np.isnan(numbers), MISSING, numbers)
    least, most = numbers.min(), numbers.max()
    if float(most) - float(least) < MANY_LEVELS and (numbers.dtype.kind != "f" or (numbers == np.floor(numbers)).all()):
        return numbers.astype(np.int64) - int(least), int(most) - int(least) + 1
    found, place = np.unique(numbers, return_inverse=True)
    return place, len(found)


def number_rows(columns: Iterable[tuple[NDArray[np.int64], int]]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """As ``distinct``, of columns (n,) from 0 and how many numbers each may hold.

    A row's numbers make one key, as digits do. When keys could be many more than rows, those there are take the place of those there could be.
    """
    key, room = np.zeros(1, dtype=np.int64), 1
    for column, radix in columns:
        if room * radix > FEW_KEYS * len(column):
            key, room = rank(key, room)
        key, room = key * radix + column, room * radix
    number, count = rank(key, room)
    first = np.empty(count, dtype=np.intp)
    first[number[::-1]] = np.arange(len(key) - 1, -1, -1)
    return first, number


def rank(key: NDArray[np.int64], room: int) -> tuple[NDArray[np.int64], int]:
    """The place of each key among those there are, and how many there are; keys are less than ``room``."""
    if room > FEW_KEYS * len(key):
        found, place = np.unique(key, return_inverse=True)
        return place, len(found)
    place_of = np.cumsum(np.bincount(key, minlength=room) > 0)
    return (place_of - 1)[key], int(place_of[-1])
