"""What arrived becomes the typed tables of the returns, the deliveries and what was set aside; each step is accounted for."""

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa

from careloom.catalogue import Catalogue, Return
from careloom.core import Ledger, Table
from careloom.engine import Engine, count
from careloom.ingest.flat import LATE_NOTES, fill_from_parents, lacks_of_parents
from careloom.ingest.parts import WHOLE, File, Part
from careloom.ingest.reading import NOTES, arrived
from careloom.ingest.typed import NOTES as NOTE_COLUMNS

PART = pa.schema([("part_no", pa.int32()), ("part_la", pa.string()), ("part_year", pa.int32())])
WHOSE = pa.schema(
    [("part_no", pa.int32()), ("la", pa.string()), ("collection_year", pa.int32()), ("delivery_id", pa.int32())]
)
WHOLE_NUMBERS = ("delivery_id", "collection_year", "rows_in")
DELIVERY = pa.schema(
    [
        (name, pa.int32() if name in WHOLE_NUMBERS else pa.string())
        for name in (
            *("delivery_id", "return_name", "table_name", "la", "collection_year", "file_name", "sha256", "encoding"),
            *("rows_in", "state", "message"),
        )
    ]
)
MARKS = ("delivery_id", "la", "collection_year", "line")
"""What a row carries beside its own columns, in this order."""
ITS_LA, ITS_YEAR = "coalesce(a.la, p.part_la)", "coalesce(a.collection_year, p.part_year)"
"""Whose a row is: as it says itself, or as its part is."""


def load_deliveries(engine: Engine, files: Sequence[File]) -> None:
    """Make `delivery`, a row for what one file gave to one table (XML: one return) of one authority and year.

    Files and sheets that gave nothing have a row each, too. Also makes `part` and `whose`, by which rows find theirs.
    """
    parts = [part for file in files for part in file.read]
    known = [{"part_no": part.number, "part_la": part.la, "part_year": part.year} for part in parts]
    engine.load("part", pa.Table.from_pylist(known, PART))
    rows: list[dict[str, object]] = []
    whose: list[dict[str, object]] = []
    for file in files:
        for part in file.parts:
            for la, year, rows_in in (
                shares(engine, part) if part in file.read else [(part.la, part.year, rows_of(part))]
            ):
                rows.append(row_of(file, part, la, year, rows_in))
                whose.append({"part_no": part.number, "la": la, "collection_year": year, "delivery_id": len(rows)})
        rows += [blank_row(file, named(file, ""), "refused", file.said)] if file.fault and not file.parts else []
        rows += [blank_row(file, named(file, sheet), "not used", why) for sheet, why in file.unused]
    numbered = [{**row, "delivery_id": number} for number, row in enumerate(rows, start=1)]
    engine.load("delivery", pa.Table.from_pylist(numbered, DELIVERY))
    engine.load("whose", pa.Table.from_pylist(whose, WHOSE))


def rows_of(part: Part) -> int:
    return part.rows_in.total()


def shares(engine: Engine, part: Part) -> list[tuple[str, int | None, int]]:
    """Return the rows of a part by authority and year; rows without a key, which say neither for sure, go to the first."""
    if not (part.says_year or part.says_la):
        return [(part.la, part.year, rows_of(part))]
    found = engine.rows(
        f"""SELECT la, collection_year, count(*) AS n
        FROM (SELECT {ITS_LA} AS la, {ITS_YEAR} AS collection_year
              FROM {arrived(part.return_, part.table)} AS a JOIN part AS p ON p.part_no = a.part_no
              WHERE a.part_no = {part.number}) AS said
        GROUP BY la, collection_year ORDER BY la, collection_year"""
    )
    if not found:
        return [(part.la, part.year, rows_of(part))]
    without = rows_of(part) - sum(n for _, _, n in found)
    return [(la, year, n + (without if place == 0 else 0)) for place, (la, year, n) in enumerate(found)]


def named(file: File, sheet: str) -> str:
    return as_text(f"{file.path.name} [{sheet}]" if sheet else file.path.name)


def as_text(said: str) -> str:
    """Return what can be written down: a file's name on disk may be no text, and it may stand in a message."""
    return said.encode("utf-8", "replace").decode()


def row_of(file: File, part: Part, la: str, year: int | None, rows_in: int) -> dict[str, object]:
    """A row of `delivery` for a part, used or refused."""
    is_read = part in file.read
    return {
        "return_name": part.return_.name,
        "table_name": part.table if is_read else None,
        "la": la,
        "collection_year": year,
        "file_name": named(file, part.sheet),
        "sha256": file.sha256,
        "encoding": file.encoding,
        "rows_in": rows_in if is_read else 0,
        "state": "read" if is_read else "refused",
        "message": as_text("; ".join(part.about.remarks) if is_read else part.fault or file.said),
    }


def blank_row(file: File, name: str, state: str, message: str) -> dict[str, object]:
    """A row of `delivery` for a file or sheet of which nothing was used."""
    return {
        "return_name": file.delivery.return_name,
        "la": file.delivery.la,
        "collection_year": file.delivery.year,
        "file_name": name,
        "sha256": file.sha256,
        "encoding": file.encoding or None,
        "rows_in": 0,
        "state": state,
        "message": as_text(message),
    }


def load_returns(engine: Engine, catalogue: Catalogue, files: Sequence[File]) -> Ledger:
    """Make `{return}_{table}` of every table that something arrived for, each row with its marks and its standing."""
    ledger = Ledger()
    parts = [part for file in files for part in file.read]
    for return_ in catalogue.returns.values():
        for table in return_.tables.values():
            came = [part for part in parts if part.return_ is return_ and part.table in (table.name, WHOLE)]
            if came and engine.columns(arrived(return_, table.name)):
                load_table(engine, return_, table, came, ledger)
            engine.drop(arrived(return_, table.name))
    return ledger


def load_table(engine: Engine, return_: Return, table: Table, came: list[Part], ledger: Ledger) -> None:
    name, rows_marked = f"{return_.name}_{table.name}", f"({marked(return_, table)})"
    reasons = Counter[str]()
    for part in came:
        reasons.update({reason: n for (of, reason), n in part.aside.items() if of == table.name})
    if lacks_of_parents(engine, return_, table, rows_marked):
        engine.make("marked", f"SELECT * FROM {rows_marked} AS found")
        reasons.update(fill_from_parents(engine, return_, table))
        rows_marked = "marked"
    rows = engine.make(
        name, with_standing(rows_marked, (*table.column_names, *MARKS), table.key, yearly=return_.yearly)
    )
    if rows_marked == "marked":
        engine.drop("marked")
    rows_in = sum(part.rows_in[table.name] for part in came)
    ledger.note("read files", f"{return_.name} {table.name} files", name, rows_in, rows, reasons)
    note_standing(engine, name, ledger)


def marked(return_: Return, table: Table) -> str:
    """SQL for the rows that arrived for a table from files that were read, each with the delivery it is of."""
    columns = ", ".join(f'a."{name}"' for name in table.column_names)
    return f"""
        SELECT {columns}, w.delivery_id, w.la, w.collection_year, a.line
        FROM {arrived(return_, table.name)} AS a
        JOIN part AS p ON p.part_no = a.part_no
        JOIN whose AS w ON w.part_no = a.part_no AND w.la = {ITS_LA} AND coalesce(w.collection_year, 0) = coalesce({ITS_YEAR}, 0)"""


def with_standing(rows: str, columns: Sequence[str], key: tuple[str, ...], *, yearly: bool) -> str:
    """SQL that adds to these rows, a table or a SELECT, each one's standing among the rows of the same authority and key.

    The newest is `current`. Another of the same return, or of the same file of an extract, is a `duplicate` of it, and
    any other is `superseded`.
    """
    every = ", ".join(f'"{name}"' for name in columns)
    same = ", ".join(["la", *(f'"{name}"' for name in key)])
    return_of = "collection_year" if yearly else "delivery_id"
    newest_first = f"{same} ORDER BY coalesce(collection_year, 0) DESC, delivery_id DESC, line DESC"
    return f"""
        SELECT {every},
               CASE WHEN copy_no = 1 THEN 'current' WHEN {return_of} = newest_return THEN 'duplicate' ELSE 'superseded' END AS standing
        FROM (SELECT marked.*,
                     row_number() OVER (PARTITION BY {newest_first}) AS copy_no,
                     first_value({return_of}) OVER (PARTITION BY {newest_first} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS newest_return
              FROM {rows} AS marked) AS numbered"""


def note_standing(engine: Engine, name: str, ledger: Ledger) -> None:
    found = dict(engine.rows(f"SELECT standing, count(*) AS n FROM {name} GROUP BY standing"))
    aside = {
        "an earlier return of the same row": found.get("superseded", 0),
        "the same key twice in one return": found.get("duplicate", 0),
    }
    ledger.note("keep the latest return", name, f"{name} current", count(engine, name), found.get("current", 0), aside)


def load_set_aside(engine: Engine) -> None:
    """Make `set_aside` from the notes on files that were read; a note stands under its file's first delivery."""
    nothing = NOTE_COLUMNS.empty_table()
    for name, by in (NOTES, "part_no"), (LATE_NOTES, "delivery_id"):
        if not engine.columns(name):
            engine.append(name, nothing.append_column(by, pa.array([], pa.int32())))
    said = ", ".join(f"n.{name}" for name in NOTE_COLUMNS.names)
    engine.make(
        "set_aside",
        f"""SELECT w.delivery_id, {said} FROM {NOTES} AS n
        JOIN part AS p ON p.part_no = n.part_no
        JOIN (SELECT part_no, min(delivery_id) AS delivery_id FROM whose GROUP BY part_no) AS w ON w.part_no = n.part_no
        UNION ALL SELECT n.delivery_id, {said} FROM {LATE_NOTES} AS n""",
    )
    for name in (NOTES, LATE_NOTES, "part", "whose"):
        engine.drop(name)


def load_codes(engine: Engine, catalogue: Catalogue) -> None:
    """Make `code`: every code of every return, with open years as 0 and 9999."""
    rows = [
        (return_.name, codes.name, code.code, code.label, code.years.first or 0, code.years.last or 9999, code.group)
        for return_ in catalogue.returns.values()
        for codes in return_.codes.values()
        for code in codes.codes
    ]
    names = ("return_name", "code_set", "code", "label", "from_year", "to_year", "group_name")
    kinds = (pa.string(),) * 4 + (pa.int32(),) * 2 + (pa.string(),)
    columns = {
        name: pa.array([row[i] for row in rows], kind) for i, (name, kind) in enumerate(zip(names, kinds, strict=True))
    }
    engine.load("code", pa.table(columns))
