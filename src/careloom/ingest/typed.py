"""Text becomes dates, numbers and codes, exactly as declared; a cell that does not fit is set aside, its row kept.

Work is done column by column, and each distinct text is read once.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from careloom.catalogue.kinds import ARROW
from careloom.core import Column, Table
from careloom.ingest.cells import (
    NO_ID,
    Read,
    Reader,
    date_reader,
    read_age,
    read_identifier,
    read_key,
    read_money,
    read_number,
    read_whole,
    read_year,
)
from careloom.ingest.raw import Rows
from careloom.ingest.recognise import CodeReader

MOST_REMEMBERED = 100_000
"""Distinct texts of one column that are kept in mind; beyond it, a column of sums of money would fill the memory."""

READERS: Mapping[str, Reader] = {
    "integer": read_whole,
    "ordinal": read_whole,
    "number": read_number,
    "age": read_age,
    "money": read_money,
    "year": read_year,
}
SPOILT: Mapping[Reader | None, str] = {
    read_identifier: r"^=|\.0+$|e\+",
    read_key: rf"^=|\.0+$|e\+|^(?:{NO_ID.pattern})$",
}
"""What to look for in identifiers before they are read one by one."""

NULL = "NULL"
"""What databases write for a blank."""

SAID = {
    "collection_year": Column("collection_year", "year", "Collection year that the row says itself", "open"),
    "la": Column("la", "text", "Authority that the row says itself", "open"),
}
NOTES = pa.schema(
    [
        ("table_name", pa.string()),
        ("line", pa.int32()),
        ("column_name", pa.string()),
        ("is_row", pa.bool_()),
        ("is_used", pa.bool_()),
        ("reason", pa.string()),
    ]
)
HOW_READ = {
    "exact": "",
    "spelling": "",
    "normalised": "written otherwise than the code of {}, read as the code it means",
    "confirmed": "not a code of {}, read as recognised.csv says",
    "left aside": "not a code of {}, and recognised.csv says to leave it aside",
    "kept as written": "not a code of {}; it looks like one and is kept as written",
    "proposed": "not a code of {}; recognised.csv proposes one, to be confirmed",
    "unclear": "not a code of {}; it could mean two, and recognised.csv asks which",
    "unknown": "not a code of {}, nor like one",
}


@dataclass(frozen=True)
class Typed:
    """Typed rows of one table, without those that lack a key; notes on cells and rows; and how many rows came in."""

    rows: pa.Table
    notes: pa.Table
    rows_in: int
    aside: Counter[str]


class Typer:
    """Types the batches of one table of one return.

    A row without a needed part of its key cannot be used. `said` are how to read those of `collection_year` and `la`
    that each row says itself; they are needed as much.
    `is_joined` columns are filled later, from the rows of another table, so may still be blank in a key. Without
    `needs_codes` a code in a key may be unknown, as the kind of a service may be until somebody says what it is.
    """

    def __init__(
        self,
        table: Table,
        date_formats: tuple[str, ...],
        codes: Mapping[str, CodeReader],
        *,
        said: Mapping[str, Reader] = {},
        is_joined: Iterable[str] = (),
        needs_codes: bool = True,
    ) -> None:
        self.table = table
        self.columns = {column.name: TypedColumn(column, date_formats, codes) for column in table.columns}
        self.columns |= {name: TypedColumn(SAID[name], date_formats, codes, said.get(name)) for name in SAID}
        self.alike = Counter[str]()
        self.own_numbers = [column.name for column in table.columns if column.own_number]
        lent = set(is_joined)
        keys = [c for c in table.columns if c.key and c.needed and (needs_codes or c.type != "code")]
        self.needed = [c.name for c in keys if c.name not in lent] + list(said)

    def type_rows(self, rows: Rows) -> Typed:
        """Type every cell. Rows whose needed key is blank or unreadable cannot be used and are set aside whole."""
        size = len(rows.lines)
        notes: list[pa.Table] = []
        typed: dict[str, pa.Array] = {}
        for name, column in self.columns.items():
            cells = rows.cells.get(name)
            if cells is not None and "name" not in name.lower():  # which may be a child's
                cells = pc.if_else(pc.equal(cells, NULL), pa.scalar(None, pa.string()), cells)
            if cells is None:
                typed[name] = pa.nulls(size, column.kind)
            else:
                typed[name] = column.read(cells, rows.lines, notes, self.table.name)
        for name in self.own_numbers:
            typed[name] = self.numbered(typed, name)
        kept = self.with_key(typed, rows.lines, notes)
        for reason in dict.fromkeys(reason for _, reason in rows.broken):
            lines = [line for line, why in rows.broken if why == reason]
            notes.append(note(self.table.name, lines, None, reason))
        table = pa.table({**typed, "line": rows.lines})
        all_notes = pa.concat_tables(notes) if notes else NOTES.empty_table()
        whole = all_notes.filter(all_notes["is_row"])["reason"].to_pylist()
        table = table if kept is None else table.filter(pa.array(kept))
        return Typed(table, all_notes, size + len(rows.broken), Counter(whole))

    def numbered(self, typed: Mapping[str, pa.Array], name: str) -> pa.Array:
        """Return the rows' own numbers; for a row without one its fingerprint, and how many alike stood before it."""
        if not typed[name].null_count:
            return typed[name]
        prints = []
        for mark in prints_of(self.table, typed):
            prints.append(f"{mark}-{self.alike[mark]}" if self.alike[mark] else mark)
            self.alike[mark] += 1
        return pc.coalesce(typed[name], pa.array(prints, pa.string()))

    def with_key(
        self, typed: dict[str, pa.Array], lines: pa.Array, notes: list[pa.Table]
    ) -> "np.ndarray[tuple[int], np.dtype[np.bool_]] | None":
        """Return which rows have a whole key, or None when all have; note the others, each by the first column it lacks."""
        kept = np.ones(len(lines), bool)
        for name in self.needed:
            if not typed[name].null_count:
                continue
            lacks = kept & typed[name].is_null().to_numpy(zero_copy_only=False)
            why = "every row of this file says its own" if name in SAID else "it is part of the key"
            reason = f"{name} is blank or unreadable, and {why}"
            notes.append(note(self.table.name, lines.filter(pa.array(lacks)), None, reason))
            kept &= ~lacks
        return None if kept.all() else kept


class TypedColumn:
    """One column's way of reading, and what it remembers of the texts it has read."""

    def __init__(
        self,
        column: Column,
        date_formats: tuple[str, ...],
        codes: Mapping[str, CodeReader],
        reader: Reader | None = None,
    ) -> None:
        self.column = column
        self.kind = ARROW[column.type]
        self.code_reader = codes[column.codes] if column.type == "code" and column.codes else None
        self.reader = reader or (self.code_cell if self.code_reader else reader_of(column, date_formats))
        self.known: dict[str, Read] = {}

    def code_cell(self, text: str) -> Read:
        assert self.code_reader is not None
        reading = self.code_reader.read(text)
        is_left = reading.how == "confirmed" and reading.code is None
        return reading.code, HOW_READ["left aside" if is_left else reading.how].format(self.column.codes)

    def read(self, cells: pa.StringArray, lines: pa.Array, notes: list[pa.Table], table: str) -> pa.Array:
        """Return the typed cells, and note those that could not be used as handed over."""
        if self.reader is None or (self.reader in SPOILT and not may_be_spoilt(cells, SPOILT[self.reader])):
            return cells
        packed = cells.dictionary_encode()
        texts = packed.dictionary.to_pylist()
        if self.code_reader:
            self.count(packed, texts)
        if len(self.known) > MOST_REMEMBERED:
            self.known.clear()
        read = [self.one(text) for text in texts]
        self.note_reasons(packed, read, lines, notes, table)
        return pa.array([value for value, _ in read], self.kind).take(packed.indices)

    def one(self, text: str) -> Read:
        found = self.known.get(text)
        if found is None:
            found = self.known[text] = self.reader(text) if self.reader else (text, "")
        return found

    def count(self, packed: pa.DictionaryArray, texts: list[str]) -> None:
        """Tell the code reader how often each text came."""
        assert self.code_reader is not None
        for found in pc.value_counts(packed.indices.drop_null()).to_pylist():
            self.code_reader.count(texts[found["values"]], found["counts"])

    def note_reasons(
        self, packed: pa.DictionaryArray, read: list[Read], lines: pa.Array, notes: list[pa.Table], table: str
    ) -> None:
        reasons = {reason for _, reason in read if reason}
        for reason in sorted(reasons):
            for is_used in (True, False):
                of = [
                    place for place, (value, why) in enumerate(read) if why == reason and (value is not None) == is_used
                ]
                if of:
                    here = pc.is_in(packed.indices, value_set=pa.array(of, packed.indices.type))
                    notes.append(note(table, lines.filter(here), self.column.name, reason, is_used=is_used))


def may_be_spoilt(identifiers: pa.StringArray, signs: str) -> bool:
    """Has a spreadsheet perhaps been at these identifiers? Most have never met one, and need no second look."""
    return bool(pc.any(pc.match_substring_regex(identifiers, signs, ignore_case=True)).as_py())


def prints_of(table: Table, typed: Mapping[str, pa.Array]) -> list[str]:
    """Return each row's fingerprint: of what its cells were read as, but for those whose blank may yet be filled."""
    lasting = [c.name for c in table.columns if not c.own_number and not c.blank]
    cells = (pc.fill_null(typed[name].cast(pa.string()), "") for name in lasting)
    whole = pc.binary_join_element_wise(*cells, "\x1f")
    return [hashlib.sha256(text.encode()).hexdigest()[:16] for text in whole.to_pylist()]


def reader_of(column: Column, date_formats: tuple[str, ...]) -> Reader | None:
    """Return how to read a cell of this column; None when text is kept as it is."""
    if column.type == "date":
        return date_reader(date_formats)
    if column.type == "text" and column.privacy == "identifier":
        return read_key if column.key and column.needed else read_identifier
    return READERS.get(column.type)


def note(
    table: str, lines: pa.Array | list[int], column: str | None, reason: str, *, is_used: bool = False
) -> pa.Table:
    """Rows of `set_aside`: one reason for the cells of a column, or for whole rows, at these lines."""
    size = len(lines)
    return pa.table(
        {
            "table_name": pa.repeat(pa.scalar(table, pa.string()), size),
            "line": pa.array(lines, pa.int32()) if isinstance(lines, list) else lines,
            "column_name": pa.repeat(pa.scalar(column, pa.string()), size),
            "is_row": pa.repeat(column is None, size),
            "is_used": pa.repeat(is_used, size),
            "reason": pa.repeat(reason, size),
        },
        NOTES,
    )
