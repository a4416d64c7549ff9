"""The terms of a hazard model, their levels and reference levels, and the design that they make."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.outcomes.risk_table import UNCLASSED, LevelCounts, RiskTable
from careloom.stats.distinct_rows import distinct_rows

PREFERRED = {"ethnic_group": "White", "disability": "No"}
"""The census's own first group, and none; the other terms take the most common level."""


@dataclass(frozen=True, eq=False)
class Term:
    """One categorical term: its counts by level, and the level of each pattern (P,) within them."""

    name: str
    counts: LevelCounts

    @property
    def levels(self) -> tuple[str, ...]:
        return self.counts.levels

    @property
    def reference(self) -> str:
        """The level others are compared with: it has events, or nothing could be compared with it."""
        able = [level for level, events in zip(self.levels, self.counts.events, strict=True) if events]
        if PREFERRED.get(self.name) in able:
            return PREFERRED[self.name]
        rows = dict(zip(self.levels, self.counts.rows, strict=True))
        return max(able, key=lambda level: (level not in (UNCLASSED, "Not known"), rows[level]))

    @property
    def compared(self) -> tuple[str, ...]:
        """Levels with a column in the design: those with events, less the reference."""
        pairs = zip(self.levels, self.counts.events, strict=True)
        return tuple(level for level, events in pairs if events and level != self.reference)

    def column(self, level: str) -> str:
        return f"{self.name} {level}"

    def block(self, level_of: NDArray[np.int64]) -> NDArray[np.float64]:
        """0/1 columns (P, compared) for patterns that have these levels of the term."""
        numbers = np.array([self.levels.index(level) for level in self.compared], dtype=np.int64)
        return np.equal.outer(level_of, numbers).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Design:
    """The columns of a model: a row for each combination of its terms' levels (K, C), the names, the combination that each
    pattern has (P,), and the patterns that say something (P,).

    A pattern with a level that has no event at all has no hazard to compare: the level's ratio stays blank, and leaving
    its stretches out gives the other levels the very estimates that the likelihood has at that limit. A column that is
    a sum of those before it is left out, and its level stays blank: the data cannot tell the two apart.
    """

    terms: tuple[Term, ...]
    names: tuple[str, ...]
    rows: NDArray[np.float64]
    row_of: NDArray[np.int64]
    is_used: NDArray[np.bool_]

    def of_class(self, term: str, level: str, patterns: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """The columns (P, C) that the patterns, all or some, would have with one term set to a level."""
        parts = []
        for each in self.terms:
            level_of = each.counts.level_of if patterns is None else each.counts.level_of[patterns]
            set_to = np.full_like(level_of, each.levels.index(level)) if each.name == term else None
            parts.append(each.block(level_of if set_to is None else set_to))
        kept = [name in self.names for each in self.terms for name in map(each.column, each.compared)]
        return np.hstack(parts)[:, kept]


def design_of(risk: RiskTable, names: Sequence[str]) -> Design:
    """The design of a model with these terms; a term with one level says nothing and is left out."""
    terms = tuple(Term(name, risk.counts[name]) for name in names if (risk.counts[name].rows > 0).sum() > 1)
    used = np.full(next(iter(risk.levels.values())).of.shape, True)
    for term in terms:
        used &= term.counts.events[term.counts.level_of] > 0
    columns = [term.column(level) for term in terms for level in term.compared]
    first, row_of = combinations(terms, used.size)
    blocks = np.hstack([np.empty((first.size, 0)), *(term.block(term.counts.level_of[first]) for term in terms)])
    is_met = np.zeros(used.size, dtype=bool)
    is_met[risk.pattern] = True
    met = np.unique(row_of[is_met & used])
    kept = np.flatnonzero(~is_sum_of_earlier(distinct_rows(blocks[met])[0]))
    return Design(terms, tuple(columns[i] for i in kept), blocks[:, kept], row_of, used)


def combinations(terms: Sequence[Term], patterns: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first pattern of each combination of levels (K,), and the combination that each pattern has (P,)."""
    first, number = np.zeros(min(patterns, 1), dtype=np.int64), np.zeros(patterns, dtype=np.int64)
    for term in terms:  # numbered anew after each, so that the number of combinations never outgrows the patterns
        both = number * len(term.levels) + term.counts.level_of
        _, first, number = np.unique(both, return_index=True, return_inverse=True)
    return first, number


def is_sum_of_earlier(columns: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which columns (C,) are constant, or a constant plus a sum of multiples of columns before them.

    What is left of a column's sum of squares once the columns before it are swept out of it (Beaton 1964) is then 0.
    """
    with_constant = np.hstack([np.ones((len(columns), 1)), columns])
    squares = with_constant.T @ with_constant
    whole = np.diag(squares).copy()
    out = np.full(whole.size, False)
    for place in range(whole.size):
        left = squares[place, place]
        out[place] = left <= 1e-9 * whole[place]
        if not out[place]:
            squares = squares - np.outer(squares[:, place], squares[place]) / left
    return out[1:]
