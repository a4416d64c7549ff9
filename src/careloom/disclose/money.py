"""The amounts of tables on their way out together: what is withheld in one must not be told by the sums of all.

Two amounts are one when they are as large, to a penny, and rest on a count that is one (`Same`). Tables are looked at one by
one first (`amounts`); then by the bounds that all sums together leave, as for counts (`complement`).
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from careloom.disclose.amounts import PERCENT, number, stands_out, withheld_amounts
from careloom.disclose.columns import Amount
from careloom.disclose.complement import Cell, Sum, narrowed
from careloom.disclose.profile import Profile, nearest_multiple
from careloom.disclose.sums import UNBOUNDED, Alike, Groups, Rows

PENNIES = 1
"""By so many GBP the parts of a sum, each rounded to a penny, may miss it."""


@dataclass(frozen=True)
class Summed:
    """The amounts of one table: its rows, unrounded, how they add up, and by column of counts the rows withheld."""

    name: str
    rows: Rows
    amounts: Sequence[Amount]
    groups: Groups
    few: Mapping[str, Set[int]]


class Amounts:
    """Amounts of some tables, each cell by the first that holds its number; `withheld` grows until nothing is given away."""

    def __init__(self, tables: Sequence[Summed], alike: Alike, profile: Profile) -> None:
        self.tables, self.profile = {table.name: table for table in tables}, profile
        self.column = {(table.name, amount.name): amount for table in tables for amount in table.amounts}
        self.one: dict[Cell, Cell] = {}
        self.family: dict[Cell, list[Cell]] = {}
        firsts: dict[object, Cell] = {}
        for table in tables:
            for amount in table.amounts:
                for row in range(len(table.rows)):
                    cell = (table.name, row, amount.name)
                    if table.rows[row][amount.name] is not None:
                        whose = (alike.one((table.name, row, amount.on)), round(self.value(cell), 2))
                        self.one[cell] = first = firsts.setdefault(whose, cell)
                        self.family.setdefault(first, []).append(cell)
        self.withheld: set[Cell] = set()
        self.sums = list(dict.fromkeys(each for table in tables for each in self.sums_of(table)))
        self.may_be_less = {
            name for name in self.column if any(number(row[name[1]]) < 0 for row in self.tables[name[0]].rows)
        }

    def value(self, cell: Cell) -> float:
        table, row, name = cell
        return number(self.tables[table].rows[row][name])

    def sums_of(self, table: Summed) -> Iterator[Sum]:
        """The totals of a table with their parts, where these are all of them."""
        for amount in table.amounts:
            for rows, totals in table.groups:
                parts = [(table.name, row, amount.name) for row in rows if (table.name, row, amount.name) in self.one]
                for row in totals:
                    whole = (table.name, row, amount.name)
                    if parts and whole in self.one and abs(sum(map(self.value, parts)) - self.value(whole)) < PENNIES:
                        yield Sum(self.one[whole], tuple(self.one[part] for part in parts), whole_first=False)

    def work(self) -> set[Cell]:
        """Withhold until no amount of few children, or of one, can be told to within PERCENT; return every cell withheld."""
        self.look_at_tables()
        while more := self.next_withheld():
            self.withhold(more)
            self.look_at_tables()
        return {cell for first in self.withheld for cell in self.family[first]}

    def look_at_tables(self) -> None:
        before = -1
        while before < len(self.withheld):
            before = len(self.withheld)
            for table in self.tables.values():
                for amount in table.amounts:
                    given = {row for row in range(len(table.rows)) if self.is_withheld((table.name, row, amount.name))}
                    given |= table.few.get(amount.on, set())
                    found = withheld_amounts(table.rows, amount, given, table.groups, self.profile)
                    for row in found:
                        self.withhold((table.name, row, amount.name))

    def is_withheld(self, cell: Cell) -> bool:
        return self.one.get(cell) in self.withheld

    def withhold(self, cell: Cell) -> None:
        self.withheld.add(self.one[cell])

    def next_withheld(self) -> Cell | None:
        """What to withhold next beside an amount that the sums give away: of the fewest children. None when none is given away."""
        found = narrowed(self.sums, {cell: self.could_be(cell) for each in self.sums for cell in each.cells})
        away = {cell for cell in found if self.margin(cell) > found[cell][1] - self.value(cell)}
        beside = away
        while beside:  # what the sums leave open widens from sum to sum
            cells = {cell for each in self.sums if beside & set(each.cells) for cell in each.cells}
            shown = [cell for cell in cells if cell not in self.withheld and self.value(cell)]
            if shown or cells <= beside:
                return min(shown, key=lambda cell: (self.children(cell), self.value(cell), cell), default=None)
            beside = cells
        return None

    def margin(self, cell: Cell) -> float:
        """How far above the truth what can be known must stay, of an amount that is withheld for its own sake; else 0."""
        of = [each for each in self.family.get(cell, ()) if self.is_sensitive(each)] if cell in self.withheld else []
        return max((PERCENT / 100 * self.largest(each) for each in of), default=0.0)

    def is_sensitive(self, cell: Cell) -> bool:
        table, row, name = cell
        amount, rows = self.column[table, name], self.tables[table].rows
        return 0 < self.children(cell) < self.profile.threshold or stands_out(rows, amount, {row})

    def largest(self, cell: Cell) -> float:
        """What the one child who adds most adds; all of it where that is not known."""
        table, row, name = cell
        named = self.column[table, name].largest
        return number(self.tables[table].rows[row][named[0]]) if named else self.value(cell)

    def children(self, cell: Cell) -> int:
        table, row, name = cell
        return int(self.tables[table].rows[row][self.column[table, name].on] or 0)

    def could_be(self, cell: Cell) -> tuple[int, int]:
        """From what to what a reader can take an amount, in whole numbers."""
        table, _, name = cell
        if cell in self.withheld:
            return (-UNBOUNDED if (table, name) in self.may_be_less else 0), UNBOUNDED
        to = self.column[table, name].to
        shown = nearest_multiple(self.value(cell), to)
        return shown - to // 2 - PENNIES, shown + to // 2 + PENNIES
