"""Which cells of a table add up to which, and what must be withheld beside the small ones because of it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from careloom.disclose.columns import Count, Parts, Steps
from careloom.disclose.complement import Bounds, Cell, Sum, given_away, implied, narrowed, next_withheld
from careloom.disclose.profile import Profile

Rows = list[dict[str, Any]]
Groups = list[tuple[list[int], list[int]]]
"""The rows that are parts and the rows that are their total, group by group."""
UNBOUNDED = 10**12


class Withholder:
    """The counts of one table, what is shown of them, and how they add up; `withheld` grows until nothing is given away."""

    def __init__(
        self, raw: Rows, counts: Sequence[Count], groups: Groups, adding: Sequence[Parts | Steps], profile: Profile
    ) -> None:
        self.raw, self.profile = raw, profile
        self.behind = {count.name: count.on or count.name for count in counts}
        self.same: dict[Cell, Cell] = {}
        for each in adding:
            if isinstance(each, Parts):
                for rows in shared(raw, each.within):
                    self.same |= {(row, each.whole): (rows[0], each.whole) for row in rows}
        known = {(row, name) for row, values in enumerate(raw) for name in self.behind if values[name] is not None}
        self.cells = known
        self.withheld = {cell for cell in known if self.value(cell) and self.children(cell) < profile.threshold}
        sums = [*self.of_groups(groups), *self.of_parts(adding), *self.of_steps(adding)]
        self.sums = [checked for each in dict.fromkeys(sums) if (checked := self.checked(each))]

    def value(self, cell: Cell) -> int:
        return int(self.raw[cell[0]][cell[1]])

    def children(self, cell: Cell) -> int:
        """How many different children are behind a count of them, or of their rows."""
        return int(self.raw[cell[0]][self.behind[cell[1]]] or 0)

    def checked(self, each: Sum) -> Sum | None:
        """Say whether a sum is exact; None when the parts are fewer than the whole, so that some are not in the table."""
        parts, whole = sum(map(self.value, each.parts)), self.value(each.whole)
        return None if parts < whole else replace(each, is_exact=parts == whole)

    def one(self, row: int, name: str) -> Cell:
        """The first of the cells that repeat one number."""
        return self.same.get((row, name), (row, name))

    def of_groups(self, groups: Groups) -> Iterator[Sum]:
        for name in self.behind:
            for parts, totals in groups:
                named = tuple(self.one(part, name) for part in parts if (part, name) in self.cells)
                for total in totals:
                    if named and (total, name) in self.cells:
                        yield Sum(self.one(total, name), named, whole_first=True)

    def of_parts(self, adding: Sequence[Parts | Steps]) -> Iterator[Sum]:
        for each in adding:
            if isinstance(each, Parts):
                for rows in shared(self.raw, each.within):
                    named = tuple((row, each.of) for row in rows if (row, each.of) in self.cells)
                    if named and (rows[0], each.whole) in self.cells:
                        yield Sum((rows[0], each.whole), named, whole_first=False)

    def of_steps(self, adding: Sequence[Parts | Steps]) -> Iterator[Sum]:
        for each in adding:
            if isinstance(each, Steps):
                for rows in shared(self.raw, each.within):
                    for first, last in combinations(range(len(rows)), 2):
                        dropped = tuple((row, each.dropped) for row in rows[first + 1 : last + 1])
                        yield Sum((rows[first], each.left), (*dropped, (rows[last], each.left)), whole_first=False)

    def could_be(self, cell: Cell) -> tuple[int, int]:
        if cell not in self.withheld:
            return self.profile.could_be(self.profile.shown(self.value(cell)))
        return 1, self.profile.threshold - 1 if self.value(cell) < self.profile.threshold else UNBOUNDED

    def work(self) -> None:
        """Withhold more until no sum gives away what was withheld for its few children."""
        few = {self.one(*cell) for cell in self.withheld}
        tied = {cell for cell in few if self.behind[cell[1]] != cell[1]}
        cells = {cell for each in self.sums for cell in each.cells}
        is_at_work = bool(few & cells)
        while is_at_work:
            shown = {cell: None if cell in self.withheld else self.profile.shown(self.value(cell)) for cell in cells}
            found = narrowed(self.sums, {cell: self.could_be(cell) for cell in cells})
            away = given_away(self.sums, found, few & cells, tied, self.profile.threshold - 1)
            is_at_work = self.withhold_more(away, found, shown)

    def withhold_more(self, away: list[Sum], found: Bounds, shown: dict[Cell, int | None]) -> bool:
        """Withhold a cell of each sum that gives something away, the tightest first, one cell a group of cells."""
        done = set[Cell]()
        if away and not any(next_withheld(each, shown) for each in away):  # all withheld: go to the sums beside them
            cells = {cell for each in away for cell in each.cells}
            away = [each for each in self.sums if cells & set(each.cells)]
        for each in sorted(away, key=lambda each: min(high - low for _, (low, high) in implied(each, found))):
            more = next_withheld(each, shown)
            if more and not done & set(each.cells):
                done |= set(each.cells)
                self.withhold(more)
        return bool(done)

    def withhold(self, cell: Cell) -> None:
        """Withhold a cell, those that repeat it, and the count that is tied to it."""
        alike = [each for each, first in self.same.items() if first == cell] or [cell]
        for row, name in alike:
            family = [other for other in self.behind if self.behind[other] == self.behind[name]]
            self.withheld |= {
                (row, other) for other in family if (row, other) in self.cells and self.value((row, other))
            }


def shared(rows: Rows, within: Sequence[str]) -> list[list[int]]:
    """Return the numbers of the rows that share these labels."""
    found: dict[tuple[Any, ...], list[int]] = {}
    for number, row in enumerate(rows):
        found.setdefault(tuple(row[label] for label in within), []).append(number)
    return list(found.values())
