"""The terms of the hazard model, their levels and reference levels, and the design that they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PREFERRED = {"ethnic_group": "White"}  # the census's own first group; the other terms take the most common level
UNCLASSED = "unclassed"


@dataclass(frozen=True, eq=False)
class Term:
    """One categorical term: its levels, rows and events at each (L,), and the level of each stretch (n,)."""

    name: str
    levels: tuple[str, ...]
    rows: NDArray[np.int64]
    events: NDArray[np.int64]
    level_of: NDArray[np.intp]

    @property
    def reference(self) -> str:
        """The level others are compared with: it has events, or nothing could be compared with it."""
        able = [level for level, events in zip(self.levels, self.events, strict=True) if events]
        if PREFERRED.get(self.name) in able:
            return PREFERRED[self.name]
        rows = dict(zip(self.levels, self.rows, strict=True))
        return max(able, key=lambda level: (level != UNCLASSED, rows[level]))

    @property
    def compared(self) -> tuple[str, ...]:
        """Levels with a column in the design: those with events, less the reference."""
        return tuple(x for x, e in zip(self.levels, self.events, strict=True) if e and x != self.reference)

    def column(self, level: str) -> str:
        return f"{self.name} {level}"

    def has_event_at_level(self) -> NDArray[np.bool_]:
        return np.greater(self.events[self.level_of], 0)


def terms_of(levels: Mapping[str, NDArray[np.str_]], is_event: NDArray[np.bool_]) -> list[Term]:
    """Count each term's levels; a term with one level says nothing and is left out."""
    terms = []
    for name, values in levels.items():
        distinct, level_of = np.unique(values, return_inverse=True)
        rows, events = np.bincount(level_of), np.bincount(level_of, is_event).astype(np.int64)
        if distinct.size > 1:
            terms.append(Term(name, tuple(map(str, distinct)), rows, events, level_of))
    return terms


def design_of(
    terms: Sequence[Term], used: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.intp], list[str]]:
    """Return the distinct 0/1 covariate patterns (P, C), the pattern of each used stretch, and the columns' names."""
    names = [term.column(level) for term in terms for level in term.compared]
    columns = [term.level_of[used] == term.levels.index(level) for term in terms for level in term.compared]
    if not columns:
        return np.empty((0, 0)), np.empty(0, dtype=np.intp), []
    design, pattern = np.unique(np.column_stack(columns).astype(float), axis=0, return_inverse=True)
    return design, pattern.ravel(), names
