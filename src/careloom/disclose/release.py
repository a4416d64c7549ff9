"""Release tables: withhold, round, work ratios out from what is left, and account for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, log
from typing import Any

import pyarrow as pa

from careloom.disclose.amounts import is_dominated
from careloom.disclose.columns import Amount, Column, Count, Estimate, Label, Ratio, Same, Share, Total
from careloom.disclose.money import Amounts, Summed
from careloom.disclose.profile import DEFAULT, Profile, nearest_multiple
from careloom.disclose.sums import Adding, Alike, Counted, Groups, Withholder

WITHHELD = "withheld"
"""The column added to every released table: the names of the columns withheld in this row, blank when none."""


@dataclass(frozen=True)
class Account:
    """What happened to the numbers of one table: cells (not labels), those withheld and why, those changed by rounding.

    Withheld are counts as `small`, of few children; counts `hiding` those, which could be worked out from them; and
    amounts, ratios and statistics `resting` on counts withheld, or on one child. `smallest` is the smallest count that is
    shown and not nought, if any is.
    """

    table: str
    cells: int
    small: int
    hiding: int
    resting: int
    rounded: int
    smallest: int | None = None

    @property
    def withheld(self) -> int:
        return self.small + self.hiding + self.resting


@dataclass(frozen=True)
class Released:
    """A table that may be shown: `rows` with withheld cells blank, and the account of what was done."""

    name: str
    rows: pa.Table
    account: Account

    def is_withheld(self, row: dict[str, Any], column: str) -> bool:
        """Was this cell of a row (of `rows.to_pylist()`) withheld, not merely blank?"""
        return column in (row[WITHHELD] or "").split(",")


@dataclass(frozen=True)
class Asked:
    """A table that asks to be released, unrounded, and what `release` is told of it.

    `columns` says what each column is: a label, a count, an amount, a ratio or an estimate. `total` says which rows are
    totals of others, `margin` which are so too in a table that adds up in two directions, `adding` which counts of a row
    add up to another, and `same` which numbers another table tells too.
    """

    name: str
    table: pa.Table
    columns: Sequence[Column]
    total: Total | None = None
    margin: Total | None = None
    adding: Sequence[Adding] = ()
    same: Sequence[Same] = ()

    @property
    def counts(self) -> list[Count]:
        return [column for column in self.columns if isinstance(column, Count)]


class _Work:
    """A table on its way out: raw rows, shown rows, and the cells withheld."""

    def __init__(self, asked: Asked, profile: Profile) -> None:
        self.asked, self.profile, self.raw = asked, profile, asked.table.to_pylist()
        self.shown = [dict(row) for row in self.raw]
        self.groups = [*_groups(self.raw, asked.total), *_groups(self.raw, asked.margin)]
        self.withheld: set[tuple[int, str]] = set()

    def withhold(self, row: int, column: str) -> None:
        self.shown[row][column] = None
        self.withheld.add((row, column))


def release(
    table: pa.Table,
    columns: Sequence[Column],
    *,
    name: str,
    total: Total | None = None,
    margin: Total | None = None,
    adding: Sequence[Adding] = (),
    profile: Profile = DEFAULT,
) -> Released:
    """Return one table as it may be shown, where no other tells the same numbers; see `release_all`."""
    return release_all([Asked(name, table, columns, total, margin, adding)], profile)[name]


def release_all(asked: Sequence[Asked], profile: Profile = DEFAULT) -> dict[str, Released]:
    """Return tables as they may be shown together, by name.

    A column of a table that is not among its `columns` raises ValueError, so nothing gets out unnoticed; a ratio need not
    be in the table. What is withheld in one table is not told by another, as far as they say which numbers are the same.
    A blank stays blank and is not called withheld.
    """
    for each in asked:
        undeclared = set(each.table.column_names) - {c.name for c in each.columns} - never_shown(each.columns)
        if undeclared:
            raise ValueError(f"{each.name}: not declared, so not released: {', '.join(sorted(undeclared))}")
    works = {each.name: _Work(each, profile) for each in asked}
    _amounts(works, _counts(works, profile), profile)
    for work in works.values():
        for kind in (Estimate, Ratio, Share):  # estimates look at counts and amounts, the others at what is shown
            for column in work.asked.columns:
                if isinstance(column, kind):
                    _DO[kind](work, column, work.groups)
    return {name: _finish(work) for name, work in works.items()}


def never_shown(columns: Sequence[Column]) -> set[str]:
    """The columns that are read to see whether one child dominates a number, and never released."""
    return {name for column in columns if isinstance(column, Amount | Estimate) for name in column.largest or ()}


def _groups(rows: list[dict[str, Any]], total: Total | None) -> Groups:
    """The rows that are parts and the row that is their total, group by group."""
    if total is None:
        return []
    groups: dict[tuple[Any, ...], tuple[list[int], list[int]]] = {}
    for number, row in enumerate(rows):
        parts, totals = groups.setdefault(tuple(row[label] for label in total.within), ([], []))
        (totals if row[total.column] == total.value else parts).append(number)
    return list(groups.values())


def _counts(works: Mapping[str, _Work], profile: Profile) -> Alike:
    """Withhold and round the counts; return which of them hold one number."""
    for work in works.values():
        for shown in work.shown:
            for count in work.asked.counts:
                if shown[count.name] is not None:
                    shown[count.name] = profile.shown(int(shown[count.name]))
    tables = [
        Counted(name, work.raw, work.asked.counts, work.groups, work.asked.adding, work.asked.same)
        for name, work in works.items()
    ]
    withholder = Withholder(tables, profile)
    withholder.work()
    for name, row, column in withholder.withheld - withholder.never_shown:
        works[name].withhold(row, column)
    return withholder.alike


def _amounts(works: Mapping[str, _Work], alike: Alike, profile: Profile) -> None:
    """Round the amounts, and withhold what must be of all tables together."""
    tables = []
    for work in works.values():
        amounts = [column for column in work.asked.columns if isinstance(column, Amount)]
        for column in amounts:
            for shown in work.shown:
                if shown[column.name] is not None:
                    shown[column.name] = nearest_multiple(shown[column.name], column.to)
        few = {column.on: {row for row, name in work.withheld if name == column.on} for column in amounts}
        tables.append(Summed(work.asked.name, work.raw, amounts, work.groups, few))
    for name, row, column_name in Amounts(tables, alike, profile).work():
        works[name].withhold(row, column_name)


def _estimate(work: _Work, column: Estimate, groups: Groups) -> None:
    for number, row in enumerate(work.raw):
        estimate = row[column.name]
        if estimate is None or isnan(estimate):
            work.shown[number][column.name] = None
            continue
        implied = round(estimate * row[column.on[0]]) if column.is_share else 0
        is_few = any((row[on] or 0) < work.profile.threshold or (number, on) in work.withheld for on in column.on)
        is_of_one = column.largest is not None and is_dominated(*(float(row[name] or 0) for name in column.largest))
        if is_few or is_of_one or work.profile.is_small(implied):
            work.withhold(number, column.name)
        else:
            told = _as_of_shown(float(estimate), column, row, work.shown[number][column.on[0]])
            work.shown[number][column.name] = round(told, column.digits) + 0.0  # no minus nought


def _as_of_shown(estimate: float, column: Estimate, row: Mapping[str, Any], shown: int) -> float:
    """The estimate as if its first count were the one that is shown, where it would tell the exact one."""
    count: int = row[column.on[0]]
    if column.is_mean:
        return estimate * count / shown
    if column.log_times:
        times: int = row[column.log_times]
        return estimate + times * log((shown + column.log_plus) / (count + column.log_plus))
    return estimate


def _ratio(work: _Work, column: Ratio, groups: Groups) -> None:
    for number, row in enumerate(work.shown):
        if {(number, column.of), (number, column.out_of)} & work.withheld:
            work.withhold(number, column.name)
        elif row[column.of] is None or (row[column.out_of] or 0) < column.at_least:
            row[column.name] = None
        else:
            row[column.name] = round(column.times * row[column.of] / row[column.out_of], column.digits)


def _share(work: _Work, column: Share, groups: Groups) -> None:
    """The total is that of the first group that a row is in: of `total`, not of `margin`."""
    totals = {row: total[0] for parts, total in reversed(groups) if total for row in (*parts, *total)}
    for number, row in enumerate(work.shown):
        of, whole = row[column.of], work.shown[totals[number]][column.of] if number in totals else None
        if number in totals and {(number, column.of), (totals[number], column.of)} & work.withheld:
            work.withhold(number, column.name)
        else:
            row[column.name] = round(min(of / whole, 1.0), column.digits) if of is not None and whole else None


_DO: dict[type, Any] = {Estimate: _estimate, Ratio: _ratio, Share: _share}
_TYPES: dict[type, pa.DataType] = {
    **dict.fromkeys((Count, Amount), pa.int64()),
    **dict.fromkeys((Ratio, Share, Estimate), pa.float64()),
}


def _finish(work: _Work) -> Released:
    name, table, columns = work.asked.name, work.asked.table, work.asked.columns
    types = [(c.name, table.schema.field(c.name).type if isinstance(c, Label) else _TYPES[type(c)]) for c in columns]
    for number, row in enumerate(work.shown):
        row[WITHHELD] = ",".join(c.name for c in columns if (number, c.name) in work.withheld) or None
    rows = pa.Table.from_pylist(work.shown, schema=pa.schema([*types, (WITHHELD, pa.string())]))
    numbers = [c.name for c in columns if not isinstance(c, Label)]
    cells = [(old.get(n), new[n]) for old, new in zip(work.raw, work.shown, strict=True) for n in numbers]
    rounded = sum(1 for old, new in cells if None not in (old, new) and old != new)
    few = sum(1 for count in work.asked.counts for row in work.raw if _is_small(row, count, work.profile))
    counts = {count.name for count in work.asked.counts}
    of_counts = sum(1 for _, column in work.withheld if column in counts)
    smallest = min((row[name] for row in work.shown for name in counts if row[name]), default=None)
    account = Account(name, len(cells), few, of_counts - few, len(work.withheld) - of_counts, rounded, smallest)
    return Released(name, rows, account)


def _is_small(row: Mapping[str, Any], count: Count, profile: Profile) -> bool:
    """Is it a count of few children, or of the rows of few?"""
    return bool(row[count.name]) and int(row[count.on or count.name] or 0) < profile.threshold
