"""Worked examples become typed tables: the same text is a declaration's test and its page in the documentation."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import pyarrow as pa

from careloom.catalogue.kinds import ARROW, MARKS
from careloom.catalogue.nouns import Return
from careloom.core import Table, nearest, read_examples

BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
ISO = ("%Y-%m-%d",)
ROW_OF_A_RETURN = {name: kind for name, (kind, _) in MARKS.items()}
Row = dict[str, str | None]


@dataclass(frozen=True)
class LoadedExamples:
    """Typed tables by the name an engine knows them by, and for each the cells of columns it does not declare.

    `expected["ssda903_episodes"][i]` belongs to row i of `tables["ssda903_episodes"]`, so `fails` is found there.
    """

    tables: dict[str, pa.Table]
    expected: dict[str, tuple[Row, ...]]


def load_examples(
    text: str, default_table: str, *, year: int, common: Mapping[str, Table], return_: Return | None = None
) -> LoadedExamples:
    """Return the tables of an example with all their columns, typed, and what its other columns expect.

    A table is one of `return_` by its bare name (it becomes `{return}_{table}`), or one of `common` by its own.
    Columns not drawn are missing values. Dates are written as in the return, or like 2021-03-31. A return's rows may
    say their la, collection_year, delivery_id, line and standing; if not, they are lines 2, 3, ... of authority `A` in
    collection year `year`, `current`, and come from one file per table (CSV) or one for all (XML), authority and year.
    Those files make the table `delivery`. Every table drawn, even without rows, was supplied by every authority in
    every year that the example has. Raises ValueError for a table that is not declared or a cell that cannot be read.
    """
    drawn = read_examples(text, default_table)
    bare = return_.tables if return_ else {}
    if unknown := [name for name in drawn if name not in bare and name not in common]:
        raise ValueError(f'an example has no table "{unknown[0]}"{nearest(unknown[0], [*bare, *common])}')
    tables, expected = {}, {}
    files = Files.of(return_, {name: drawn[name].rows for name in drawn if name in bare}, year) if return_ else None
    if return_ and files:
        tables["delivery"] = typed(common["delivery"], files.delivered(), ISO)
    for name, example in drawn.items():
        if return_ and files and name in bare:
            loaded, rows = f"{return_.name}_{name}", files.addressed(name)
            tables[loaded] = typed(bare[name], rows, return_.date_formats, ROW_OF_A_RETURN)
            known = {*bare[name].column_names, *ROW_OF_A_RETURN}
        else:
            loaded = name
            tables[loaded] = typed(common[name], example.rows, ISO)
            known = set(common[name].column_names)
        expected[loaded] = tuple({key: cell for key, cell in row.items() if key not in known} for row in example.rows)
    return LoadedExamples(tables, expected)


@dataclass(frozen=True)
class Files:
    """The files that the rows of an example would have come in: their keys, (table or `all`, la, year), from number 1."""

    return_: Return
    drawn: dict[str, tuple[Row, ...]]
    year: int
    keys: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(cls, return_: Return, drawn: dict[str, tuple[Row, ...]], year: int) -> "Files":
        whose = sorted({whose_row(row, year) for rows in drawn.values() for row in rows}) or [whose_row({}, year)]
        names = ["all"] if return_.layouts[0] == "xml" else list(drawn)
        return cls(return_, drawn, year, tuple((name, *pair) for pair in whose for name in names))

    def delivered(self) -> list[Row]:
        """Return the rows of `delivery`."""
        return [
            {
                "delivery_id": str(number),
                "return_name": self.return_.name,
                "table_name": table,
                "la": la,
                "collection_year": year,
                "state": "read",
            }
            for number, (table, la, year) in enumerate(self.keys, start=1)
        ]

    def addressed(self, table: str) -> list[Row]:
        """Return the rows of a table with what the example left out of where they come from."""
        file = "all" if self.return_.layouts[0] == "xml" else table
        rows: list[Row] = []
        for line, row in enumerate(self.drawn[table], start=2):
            la, year = whose_row(row, self.year)
            number = self.keys.index((file, la, year)) + 1
            address: Row = {"delivery_id": str(number), "line": str(line), "standing": "current"}
            rows.append({**address, **row, "la": la, "collection_year": year})
        return rows


def whose_row(row: Mapping[str, str | None], year: int) -> tuple[str, str]:
    """Return the authority and collection year of a row, as text."""
    return row.get("la") or "A", row.get("collection_year") or str(year)


def typed(
    table: Table, rows: Iterable[Mapping[str, str | None]], formats: Sequence[str], more: Mapping[str, pa.DataType] = {}
) -> pa.Table:
    """Return rows of text as the declared columns, and `more` columns whose names are not in the declaration."""
    rows = list(rows)
    kinds = {column.name: ARROW[column.type] for column in table.columns} | dict(more)
    return pa.table(
        {
            name: pa.array([read_cell(row.get(name), kind, formats, f"{table.name}.{name}") for row in rows], kind)
            for name, kind in kinds.items()
        }
    )


def read_cell(cell: str | None, kind: pa.DataType, formats: Sequence[str], where: str) -> object:
    """Return one cell as a value of its Arrow type; blank is missing."""
    if cell is None or pa.types.is_string(kind):
        return cell
    try:
        if pa.types.is_date(kind):
            return read_day(cell, (*formats, *ISO))
        if pa.types.is_boolean(kind):
            return BOOLEANS[cell.lower()]
        if pa.types.is_decimal(kind):
            return Decimal(cell)
        return float(cell) if pa.types.is_floating(kind) else int(cell)
    except (ValueError, KeyError, InvalidOperation):
        raise ValueError(f'{where}: "{cell}" in an example cannot be read as {kind}') from None


def write_cell(value: object) -> str | None:
    """Write a value as an example does; a missing one is a blank cell."""
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else value.isoformat() if isinstance(value, dt.date) else str(value)


def read_day(cell: str, formats: Sequence[str]) -> dt.date:
    for form in formats:
        try:
            return dt.datetime.strptime(cell, form).date()
        except ValueError:
            continue
    raise ValueError(cell)
