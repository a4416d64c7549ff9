"""What else must be withheld so that a withheld number cannot be worked out from a total and its parts.

Counts are withheld below 6 and rounded to 5, parts and total each from their unrounded value. Measured by linear
programming on tables of 8 x 5 to 152 x 8 cells: withholding alone let 62 of 254 cells be found exactly, withholding and
rounding none. It can still fail when a total says that many withheld cells are all as small as can be (a total of 17
and parts of 13, 1, 1, 1, 1 are shown as 15 and 15: the four can only be 1); then the total is withheld, or of the
levels of one thing, whose total stands in many places, the smallest that is shown.
Sums may go from table to table, where two tables tell the same numbers; amounts of money have rules of their own, in
`amounts`.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal

Cell = tuple[str, int, str]
"""A table's name, a row's number and a column's name."""
Bounds = dict[Cell, tuple[int, int]]
"""The least and the greatest number that each cell can hold for all that a reader knows."""

Adds = Literal["exactly", "overlapping", "at least"]

PASSES = 12
"""Passes over all sums: those that stand in a ring can go on narrowing a number by one for ever."""


@dataclass(frozen=True)
class Sum:
    """A cell that is the sum of others, and which goes first when more must be withheld: the whole, or the smallest part.

    `adds` says how: `exactly`; `overlapping`, of children who may be in several parts, so that the whole is no more than
    the parts together and no less than each; or `at least`, of rows and their children: each child has one row or more.
    """

    whole: Cell
    parts: tuple[Cell, ...]
    whole_first: bool
    adds: Adds = "exactly"

    @property
    def cells(self) -> tuple[Cell, ...]:
        return (self.whole, *self.parts)


def narrowed(sums: Sequence[Sum], could_be: Mapping[Cell, tuple[int, int]]) -> Bounds:
    """Narrow what each cell could be by every sum it stands in, until nothing more can be said or PASSES are done."""
    found = dict(could_be)
    for _ in range(PASSES):
        changed = False
        for each in sums:
            for cell, (low, high) in implied(each, found):
                if low > found[cell][0] or high < found[cell][1]:
                    found[cell] = max(low, found[cell][0]), min(high, found[cell][1])
                    changed = True
        if not changed:
            break
    return found


def implied(each: Sum, found: Bounds) -> list[tuple[Cell, tuple[int, int]]]:
    """Say what one sum alone says of each of its cells, the others being within their bounds."""
    low, high = (sum(found[part][end] for part in each.parts) for end in (0, 1))
    whole = found[each.whole]
    if each.adds == "at least":
        most = [(part, (found[part][0], whole[1] - low + found[part][0])) for part in each.parts]
        return [(each.whole, (low, whole[1])), *most]
    if each.adds == "overlapping":
        least = [(part, (whole[0] - high + found[part][1], whole[1])) for part in each.parts]
        return [(each.whole, (max(found[part][0] for part in each.parts), high)), *least]
    parts = [(part, (whole[0] - high + found[part][1], whole[1] - low + found[part][0])) for part in each.parts]
    return [(each.whole, (low, high)), *parts]


def given_away(sums: Sequence[Sum], found: Bounds, few: Set[Cell], tied: Set[Cell], most: int) -> list[Sum]:
    """Name the sums that give away what is withheld because `few` children are behind it.

    That is so where a withheld number can only be one; and, of a count `tied` to its children, where more rows are
    surely left for a sum's withheld cells than if each were itself as small as can be withheld (`most`): then the
    rows of these few children would be told as well as if they had been shown.
    """
    exposed = {cell for cell in few if found[cell][0] == found[cell][1] or (cell in tied and found[cell][0] > most)}
    away = [each for each in sums if exposed & set(each.cells)]
    for each in sums:
        hidden = [part for part in each.parts if part in few and part in tied]
        others = sum(found[part][1] for part in each.parts if part not in hidden)
        if hidden and found[each.whole][0] - others > most * len(hidden):
            away.append(each)
    return away


def next_withheld(each: Sum, shown: Mapping[Cell, int | None]) -> Cell | None:
    """Name the cell of a sum to be withheld next: a nought hides nothing; None when all are withheld."""
    parts = sorted((part for part in each.parts if shown[part]), key=lambda part: (shown[part] or 0, part))
    whole = [each.whole] if shown[each.whole] else []
    return next(iter([*whole, *parts] if each.whole_first else [*parts, *whole]), None)
