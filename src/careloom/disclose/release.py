"""Release a table: withhold, round, work ratios out from what is left, and account for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Any

import pyarrow as pa

from careloom.disclose.amounts import is_dominated, withheld_amounts
from careloom.disclose.columns import Amount, Column, Count, Estimate, Label, Parts, Ratio, Share, Steps, Total
from careloom.disclose.profile import DEFAULT, Profile, nearest_multiple
from careloom.disclose.sums import Groups, Withholder

WITHHELD = "withheld"
"""The column added to every released table: the names of the columns withheld in this row, blank when none."""


@dataclass(frozen=True)
class Account:
    """What happened to the numbers of one table: cells (not labels), those withheld, those changed by rounding."""

    table: str
    cells: int
    withheld: int
    rounded: int


@dataclass(frozen=True)
class Released:
    """A table that may be shown: `rows` with withheld cells blank, and the account of what was done."""

    name: str
    rows: pa.Table
    account: Account

    def is_withheld(self, row: dict[str, Any], column: str) -> bool:
        """Was this cell of a row (of `rows.to_pylist()`) withheld, not merely blank?"""
        return column in (row[WITHHELD] or "").split(",")


@dataclass
class _Work:
    """A table on its way out: raw rows, shown rows, and the cells withheld."""

    raw: list[dict[str, Any]]
    shown: list[dict[str, Any]]
    profile: Profile
    withheld: set[tuple[int, str]] = field(default_factory=set)

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
    adding: Sequence[Parts | Steps] = (),
    profile: Profile = DEFAULT,
) -> Released:
    """Return `table` as it may be shown.

    `columns` says what each column is: a label, a count, an amount, a ratio or an estimate. A column of the table that
    is not among them raises ValueError, so nothing gets out unnoticed; a ratio need not be in the table. `total` says
    which rows are totals of others, `margin` which are so too in a table that adds up in two directions, and `adding`
    which counts of a row add up to another. A blank stays blank and is not called withheld.
    """
    undeclared = set(table.column_names) - {column.name for column in columns} - never_shown(columns)
    if undeclared:
        raise ValueError(f"{name}: not declared, so not released: {', '.join(sorted(undeclared))}")
    raw = table.to_pylist()
    work = _Work(raw, [dict(row) for row in raw], profile)
    groups = [*_groups(raw, total), *_groups(raw, margin)]
    _counts(work, [column for column in columns if isinstance(column, Count)], groups, adding)
    for kind in (Amount, Estimate, Ratio, Share):  # amounts and estimates look at counts, the others at what is shown
        for column in columns:
            if isinstance(column, kind):
                _DO[kind](work, column, groups)
    return _finish(name, table, work, columns)


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


def _counts(work: _Work, counts: Sequence[Count], groups: Groups, adding: Sequence[Parts | Steps]) -> None:
    for row in work.shown:
        for count in counts:
            if row[count.name] is not None:
                row[count.name] = work.profile.shown(int(row[count.name]))
    withholder = Withholder(work.raw, counts, groups, adding, work.profile)
    withholder.work()
    for cell in withholder.withheld:
        work.withhold(*cell)


def _amount(work: _Work, column: Amount, groups: Groups) -> None:
    for number, row in enumerate(work.raw):
        if row[column.name] is not None:
            work.shown[number][column.name] = nearest_multiple(row[column.name], column.to)
    few = {row for row, name in work.withheld if name == column.on}
    for number in withheld_amounts(work.raw, column, few, groups, work.profile):
        work.withhold(number, column.name)


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
            work.shown[number][column.name] = round(float(estimate), column.digits) + 0.0  # no minus nought


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


_DO: dict[type, Any] = {Amount: _amount, Estimate: _estimate, Ratio: _ratio, Share: _share}
_TYPES: dict[type, pa.DataType] = {
    **dict.fromkeys((Count, Amount), pa.int64()),
    **dict.fromkeys((Ratio, Share, Estimate), pa.float64()),
}


def _finish(name: str, table: pa.Table, work: _Work, columns: Sequence[Column]) -> Released:
    types = [(c.name, table.schema.field(c.name).type if isinstance(c, Label) else _TYPES[type(c)]) for c in columns]
    for number, row in enumerate(work.shown):
        row[WITHHELD] = ",".join(c.name for c in columns if (number, c.name) in work.withheld) or None
    rows = pa.Table.from_pylist(work.shown, schema=pa.schema([*types, (WITHHELD, pa.string())]))
    numbers = [c.name for c in columns if not isinstance(c, Label)]
    cells = [(old.get(n), new[n]) for old, new in zip(work.raw, work.shown, strict=True) for n in numbers]
    rounded = sum(1 for old, new in cells if None not in (old, new) and old != new)
    return Released(name, rows, Account(name, len(cells), len(work.withheld), rounded))
