"""Text becomes dates, numbers and codes, exactly as declared; a cell that does not fit is set aside, its row kept."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from careloom.catalogue import Return
from careloom.catalogue.kinds import ARROW
from careloom.core import Column
from careloom.ingest.raw import RawTable

LIKE_A_CODE = re.compile(r"[A-Z]{0,3}\d{1,3}[A-Z]?")
EARLIEST = dt.date(1900, 1, 1)


@dataclass
class SetAside:
    """Where cells and rows were set aside: (line, column or None for the whole row, reason)."""

    notes: list[tuple[int, str | None, str]] = field(default_factory=list)

    def rows(self) -> list[tuple[int, str]]:
        return [(line, reason) for line, column, reason in self.notes if column is None]


@dataclass(frozen=True)
class TypedTable:
    """Typed columns of one table of one file, without the rows that lack a key."""

    lines: list[int]
    columns: dict[str, pa.Array]
    rows_in: int
    aside: SetAside


def type_table(raw: RawTable, return_: Return) -> TypedTable:
    """Type every cell of a table. Rows whose key is blank or unreadable cannot be used and are set aside whole."""
    aside = SetAside([(line, None, reason) for line, reason in raw.broken])
    columns = {column.name: type_column(column, raw, return_, aside) for column in raw.table.columns}
    kept = []
    for i, line in enumerate(raw.lines):
        missing = next((name for name in raw.table.key if columns[name][i] is None), None)
        if missing is None:
            kept.append(i)
        else:
            aside.notes.append((line, None, f"{missing} is blank or unreadable, and it is part of the key"))
    arrays = {c.name: pa.array([columns[c.name][i] for i in kept], ARROW[c.type]) for c in raw.table.columns}
    return TypedTable([raw.lines[i] for i in kept], arrays, len(raw.lines) + len(raw.broken), aside)


def type_column(column: Column, raw: RawTable, return_: Return, aside: SetAside) -> list[object]:
    """Type one column, reading each distinct text once."""
    read, expected = reader(column, return_)
    known: dict[str | None, object] = {None: None}
    values = []
    for line, cell in zip(raw.lines, raw.cells[column.name], strict=True):
        if cell not in known:
            known[cell] = read(str(cell))
        value = known[cell]
        if value is None and cell is not None:
            aside.notes.append((line, column.name, f"not {expected}"))
        values.append(value)
    return values


def reader(column: Column, return_: Return) -> tuple[Callable[[str], object], str]:
    """Return how to read a cell of this column (None when it cannot be) and what was expected, in words."""
    if column.type == "date":
        formats = return_.date_formats
        return lambda cell: read_date(cell, formats), f"a date written like {dt.date(2021, 3, 31).strftime(formats[0])}"
    if column.type in ("integer", "ordinal"):
        return read_whole, "a whole number"
    if column.type == "number":
        return read_number, "a number"
    if column.type == "code":
        known = frozenset(code.code for code in return_.codes[str(column.codes)].codes)
        return lambda cell: read_code(cell, known), f"a code of {column.codes}, nor like one"
    return str, "text"


def read_code(cell: str, known: frozenset[str]) -> str | None:
    """Return the code in capitals: one of its set, or one that looks like a code, as old and local ones do.

    Anything else may be a name that slipped into the wrong column, and would be kept as one.
    """
    code = cell.upper()
    return code if code in known or LIKE_A_CODE.fullmatch(code) else None


def read_date(cell: str, formats: Sequence[str]) -> dt.date | None:
    for form in formats:
        try:
            day = dt.datetime.strptime(cell, form).date()
        except ValueError:
            continue
        return day if day >= EARLIEST else None
    return None


def read_whole(cell: str) -> int | None:
    try:
        return int(cell)
    except ValueError:
        return None


def read_number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
