"""The counts of tables on their way out, how they add up in and between tables, and what is withheld for it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

from careloom.disclose.columns import Again, Count, Parts, Same, Steps
from careloom.disclose.complement import Bounds, Cell, Sum, given_away, implied, narrowed, next_withheld
from careloom.disclose.profile import Profile

Rows = list[dict[str, Any]]
Groups = list[tuple[list[int], list[int]]]
"""The rows that are parts and the rows that are their total, group by group."""
UNBOUNDED = 10**12
Adding = Parts | Steps | Again


@dataclass(frozen=True)
class Counted:
    """The counts of one table: its rows, unrounded, which columns are counts, and how they add up.

    `same` names numbers that another table holds too; what is said of a table that is not there does not count.
    """

    name: str
    rows: Rows
    counts: Sequence[Count]
    groups: Groups
    adding: Sequence[Adding]
    same: Sequence[Same] = ()


class Alike:
    """Cells that hold one number, so that what is known of one is known of all: each named by the first of them."""

    def __init__(self) -> None:
        self.before: dict[Cell, Cell] = {}
        self.family: dict[Cell, list[Cell]] = {}

    def one(self, cell: Cell) -> Cell:
        while cell in self.before:
            before = self.before[cell]
            self.before[cell] = cell = self.before.get(before, before)  # the way is halved for the next who asks
        return cell

    def all(self, cell: Cell) -> list[Cell]:
        first = self.one(cell)
        return self.family.get(first, [first])

    def join(self, cell: Cell, other: Cell) -> None:
        first, second = sorted((self.one(cell), self.one(other)))
        if first != second:
            more = self.all(second)
            self.family.setdefault(first, [first]).extend(more)
            self.family.pop(second, None)
            self.before[second] = first


class Withholder:
    """The counts of some tables, what is shown of them, and how they add up; `withheld` grows until nothing is given away."""

    def __init__(self, tables: Sequence[Counted], profile: Profile) -> None:
        unseen = {table.name: list(wholes_unseen(table)) for table in tables}
        tables = [*tables, *(whole for wholes in unseen.values() for whole, _ in wholes)]
        self.tables, self.profile = {table.name: table for table in tables}, profile
        self.behind = {(t.name, count.name): count.on or count.name for t in tables for count in t.counts}
        self.known = {
            (table.name, row, count.name)
            for table in tables
            for row, values in enumerate(table.rows)
            for count in table.counts
            if values[count.name] is not None
        }
        self.alike = Alike()
        for table in tables:
            self.join_alike(table)
        self.never_shown = {cell for cell in self.known if cell[0] not in unseen}
        self.withheld = {cell for cell in self.known if self.value(cell) and self.children(cell) < profile.threshold}
        self.withheld -= self.never_shown
        for cell in list(self.withheld):
            self.withhold(cell)
        sums = [each for table in tables for each in self.of_table(table)]
        sums += [
            Sum((whole.name, number, name), self.cells(self.tables[table], rows, name), whole_first=True)
            for table, wholes in unseen.items()
            for whole, parts in wholes
            for number, name, rows in parts
        ]
        self.sums = [checked for each in dict.fromkeys(sums) if (checked := self.checked(each))]

    def value(self, cell: Cell) -> int:
        table, row, name = cell
        return int(self.tables[table].rows[row][name])

    def children(self, cell: Cell) -> int:
        """How many different children are behind a count of them, or of their rows."""
        table, row, name = cell
        return int(self.tables[table].rows[row][self.behind[table, name]] or 0)

    def is_tied(self, cell: Cell) -> bool:
        """Is it a count of rows, tied to that of their children?"""
        return self.behind[cell[0], cell[2]] != cell[2]

    def checked(self, each: Sum) -> Sum | None:
        """Say whether a sum is exact; None when the parts are fewer than the whole, so that some are not in the table."""
        parts, whole = sum(map(self.value, each.parts)), self.value(each.whole)
        if each.adds == "at least":
            return each
        return None if parts < whole else replace(each, adds="exactly" if parts == whole else "overlapping")

    def join_alike(self, table: Counted) -> None:
        """Join the cells that hold one number: a whole that each of its parts repeats, and what another table holds too.

        Numbers that do not agree are not the same after all, and nothing is said of them: a table may leave rows out.
        """
        for each in table.adding:
            if isinstance(each, Parts):
                for rows in shared(table.rows, each.within):
                    self.join([(table.name, row, each.whole) for row in rows])
        for said in table.same:
            for cell, others in self.told_twice(table, said) if not said.is_sum else ():
                self.join([cell, *(other for other in others if self.value(other) == self.value(cell))])

    def join(self, cells: Sequence[Cell]) -> None:
        known = [cell for cell in cells if cell in self.known]
        for cell in known[1:]:
            self.alike.join(known[0], cell)

    def told_twice(self, table: Counted, said: Same) -> Iterator[tuple[Cell, list[Cell]]]:
        """Each cell of a table with those of another that hold the same number, or add up to it."""
        theirs = self.tables.get(said.table)
        there = matching(theirs.rows, said.there, said.by) if theirs else {}
        for key, rows in matching(table.rows, said.here, said.by).items():
            for (ours, other), row in product(said.counts.items(), rows):
                others = [(said.table, place, other) for place in there.get(key, ())]
                if (table.name, row, ours) in self.known:
                    yield (table.name, row, ours), [cell for cell in others if cell in self.known]

    def of_table(self, table: Counted) -> Iterator[Sum]:
        yield from self.of_groups(table)
        yield from self.of_children(table)
        for each in table.adding:
            if isinstance(each, Parts):
                yield from self.of_parts(table, each)
            elif isinstance(each, Steps):
                yield from self.of_steps(table, each)
        for said in table.same:
            for cell, others in self.told_twice(table, said) if said.is_sum else ():
                if others:
                    yield Sum(self.alike.one(cell), tuple(map(self.alike.one, others)), whole_first=True)

    def of_groups(self, table: Counted) -> Iterator[Sum]:
        for name in (count.name for count in table.counts):
            for parts, totals in table.groups:
                named = self.cells(table, parts, name)
                for total in self.cells(table, totals, name) if named else ():
                    yield Sum(total, named, whole_first=True)

    def of_children(self, table: Counted) -> Iterator[Sum]:
        """Each child behind a count of rows has a row or more."""
        for count in table.counts:
            for row in range(len(table.rows)) if count.on else ():
                both = (*self.cells(table, [row], count.name), *self.cells(table, [row], count.on or ""))
                if len(both) == 2:
                    yield Sum(both[0], both[1:], whole_first=True, adds="at least")

    def of_parts(self, table: Counted, each: Parts) -> Iterator[Sum]:
        for rows in shared(table.rows, each.within):
            named, whole = self.cells(table, rows, each.of), self.cells(table, rows[:1], each.whole)
            if named and whole:
                yield Sum(whole[0], named, whole_first=False)

    def of_steps(self, table: Counted, each: Steps) -> Iterator[Sum]:
        for rows in shared(table.rows, each.within):
            for first, last in combinations(range(len(rows)), 2):
                dropped = self.cells(table, rows[first + 1 : last + 1], each.dropped)
                ends = self.cells(table, (rows[first], rows[last]), each.left)
                if len(ends) == 2:
                    yield Sum(ends[0], (*dropped, ends[1]), whole_first=False)

    def cells(self, table: Counted, rows: Sequence[int], name: str) -> tuple[Cell, ...]:
        """These cells of a column, as far as something is known, each by the first that holds its number."""
        cells = [(table.name, row, name) for row in rows]
        return tuple(self.alike.one(cell) for cell in cells if cell in self.known)

    def could_be(self, cell: Cell) -> tuple[int, int]:
        if cell in self.never_shown:
            return 0, UNBOUNDED
        if cell not in self.withheld:
            return self.profile.could_be(self.profile.shown(self.value(cell)))
        return 1, self.profile.threshold - 1 if self.value(cell) < self.profile.threshold else UNBOUNDED

    def work(self) -> None:
        """Withhold more until no sum gives away what was withheld for its few children; sums that share no cell apart."""
        few = {self.alike.one(cell) for cell in self.withheld}
        for sums in apart(self.sums):
            cells = {cell for each in sums for cell in each.cells}
            self.work_on(sums, cells, few & cells)

    def work_on(self, sums: list[Sum], cells: set[Cell], few: set[Cell]) -> None:
        tied = {cell for cell in few if self.is_tied(cell)}
        is_at_work = bool(few)
        while is_at_work:
            blank = self.withheld | self.never_shown
            shown = {cell: None if cell in blank else self.profile.shown(self.value(cell)) for cell in cells}
            found = narrowed(sums, {cell: self.could_be(cell) for cell in cells})
            away = given_away(sums, found, few, tied, self.profile.threshold - 1)
            is_at_work = self.withhold_more(sums, away, found, shown)

    def withhold_more(self, sums: list[Sum], away: list[Sum], found: Bounds, shown: Mapping[Cell, int | None]) -> bool:
        """Withhold a cell of each sum that gives something away, the tightest first, one cell a group of cells."""
        done = set[Cell]()
        if away and not any(next_withheld(each, shown) for each in away):  # all withheld: go to the sums beside them
            cells = {cell for each in away for cell in each.cells}
            away = [each for each in sums if cells & set(each.cells)]
        for each in sorted(away, key=lambda each: min(high - low for _, (low, high) in implied(each, found))):
            more = next_withheld(each, shown)
            if more and not done & set(each.cells):
                done |= set(each.cells)
                self.withhold(more)
        return bool(done)

    def withhold(self, cell: Cell) -> None:
        """Withhold a cell, those that hold the same number, and the counts that are tied to them."""
        new = [cell]
        while new:
            for table, row, name in self.alike.all(new.pop()):
                behind = self.behind[table, name]
                tied = {(table, row, other) for (of, other), on in self.behind.items() if of == table and on == behind}
                more = {each for each in tied & self.known if self.value(each)} | {(table, row, name)}
                new += sorted(more - self.withheld - {(table, row, name)})
                self.withheld |= more


def wholes_unseen(table: Counted) -> Iterator[tuple[Counted, list[tuple[int, str, list[int]]]]]:
    """The numbers that are shown nowhere and that rows add up to again and again, as a table of their own; and of which rows.

    Where they do not add up to the same, as of children who may be at several levels, there is a number for each.
    """
    for each in table.adding:
        if isinstance(each, Again):
            found: dict[tuple[Any, ...], int] = {}
            parts = []
            for rows in shared(table.rows, each.within):
                known = [row for row in rows if table.rows[row][each.of] is not None]
                number = sum(int(table.rows[row][each.of]) for row in known)
                place = found.setdefault((*(table.rows[rows[0]][label] for label in each.once), number), len(found))
                parts.append((place, each.of, known))
            name = f"{table.name}, all of {each.of}"
            yield Counted(name, [{each.of: key[-1]} for key in found], [Count(each.of)], [], []), parts


def matching(rows: Rows, holding: Mapping[str, str], by: Sequence[str]) -> dict[tuple[Any, ...], list[int]]:
    """The numbers of the rows that hold these labels, by the labels `by`."""
    found: dict[tuple[Any, ...], list[int]] = {}
    for number, row in enumerate(rows):
        if all(row[label] == value for label, value in holding.items()):
            found.setdefault(tuple(row[label] for label in by), []).append(number)
    return found


def shared(rows: Rows, within: Sequence[str]) -> list[list[int]]:
    """Return the numbers of the rows that share these labels."""
    return list(matching(rows, {}, within).values())


def apart(sums: Sequence[Sum]) -> list[list[Sum]]:
    """Put sums that share a cell, straight or through others, together."""
    joined = Alike()
    for each in sums:
        for part in each.parts:
            joined.join(each.whole, part)
    found: dict[Cell, list[Sum]] = {}
    for each in sums:
        found.setdefault(joined.one(each.whole), []).append(each)
    return list(found.values())
