"""Deliveries become the typed tables of their returns. What one file does wrong does not stop the others."""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from careloom.catalogue import Catalogue, Return
from careloom.core import DeliveryError, Ledger
from careloom.engine import Engine, count
from careloom.ingest.csv_file import read_csv
from careloom.ingest.raw import RawFile
from careloom.ingest.typed import TypedTable, type_table
from careloom.ingest.xml_file import read_xml


@dataclass(frozen=True)
class Delivery:
    """Files that one authority handed over for one return; `year` is the collection year when the study states it."""

    return_name: str
    la: str
    files: tuple[Path, ...]
    year: int | None = None


@dataclass
class File:
    """One file on its way in: what was read of it, or why it was refused."""

    number: int
    delivery: Delivery
    path: Path
    sha256: str = ""
    raw: RawFile | None = None
    typed: tuple[TypedTable, ...] = ()
    year: int | None = None
    fault: str = ""

    @property
    def is_read(self) -> bool:
        return not self.fault


def ingest(engine: Engine, catalogue: Catalogue, *, deliveries: Sequence[Delivery]) -> Ledger:
    """Read every delivered file into `{return}_{table}` and say how it went in `delivery` and `set_aside`.

    Each typed row carries delivery_id, la, collection_year, line and standing: `current`, `superseded` by a later
    return of the same authority, or `duplicate` of a key in the same return. Also loads all code sets as `code`.
    """
    paths = [(delivery, path) for delivery in deliveries for path in delivery.files]
    files = [File(number, delivery, path) for number, (delivery, path) in enumerate(paths, start=1)]
    for file in files:
        read_file(file, catalogue.returns[file.delivery.return_name])
    for together in sets_of(files):
        settle_year(together, catalogue.returns[together[0].delivery.return_name])
    refuse_twice(files)
    engine.load("delivery", delivery_table(files))
    engine.load("set_aside", set_aside_table(files))
    engine.load("code", code_table(catalogue))
    ledger = Ledger()
    for return_ in catalogue.returns.values():
        load_return(engine, return_, [f for f in files if f.is_read and f.delivery.return_name == return_.name], ledger)
    return ledger


def read_file(file: File, return_: Return) -> None:
    """Read and type one file, or note its fault."""
    try:
        file.sha256 = hashlib.sha256(file.path.read_bytes()).hexdigest()
        if return_.layout == "xml":
            file.raw = read_xml(file.path, return_.tables, str(return_.root), return_.collection)
        else:
            file.raw = read_csv(file.path, return_.tables)
        file.typed = tuple(type_table(raw, return_) for raw in file.raw.tables)
    except DeliveryError as fault:
        file.fault = str(fault)
    except OSError as fault:
        file.fault = f"{file.path.name}: the file cannot be opened ({fault.strerror})"


def sets_of(files: list[File]) -> list[list[File]]:
    """Files that belong to one collection: those of a delivery that states its year, else those of one folder."""
    sets: dict[tuple[int, Path | None], list[File]] = {}
    for file in files:
        folder = None if file.delivery.year else file.path.parent
        sets.setdefault((id(file.delivery), folder), []).append(file)
    return list(sets.values())


def settle_year(files: list[File], return_: Return) -> None:
    """Give each file its year: as the study states it, as the file does, or that of the set's latest key date.

    A file that says another year or authority than the study, or that could be of several years, is refused.
    """
    latest = max((year for file in files for year in key_years(file)), default=None)
    names = [recognised(file) for file in files if file.is_read and return_.layout == "csv"]
    for file in files:
        stated, said = file.delivery.year, file.raw.year if file.raw else None
        file.year = stated or said or latest
        if not file.is_read:
            continue
        if file.year is None:
            file.fault = "the collection year cannot be told from the file; write year = in its [[delivery]]"
        elif file.year not in return_.years:
            file.fault = f"{file.year} is not a collection year of the {return_.title} known here; write year = in its [[delivery]] if that is wrong"
        elif stated and said and stated != said:
            file.fault = f"the file says it is of {said}, the study says year = {stated}"
        elif not stated and not said and names.count(recognised(file)) > 1:
            file.fault = f"there are several files of {recognised(file)} in this folder, so the year cannot be told; write one [[delivery]] with year = for each year"
        elif differs(file.delivery.la, file.raw.la if file.raw else None):
            file.fault = f'the file says it is of another authority than authority = "{file.delivery.la}"'
        if file.fault:
            file.fault = f"{file.path.name}: {file.fault}"


def differs(stated: str, said: str | None) -> bool:
    """Do two DfE numbers differ? A study may also name its authorities in words, which cannot be compared."""
    return bool(said) and stated.isdigit() and len(stated) == 3 and said != stated


def refuse_twice(files: list[File]) -> None:
    """Refuse a file with the same bytes as one before it of the same return, authority and year.

    In two years the same bytes can be right: a module without rows, or with the same few children.
    """
    seen: dict[tuple[str, str, int | None, str], File] = {}
    for file in files:
        if file.is_read:
            first = seen.setdefault((file.delivery.return_name, file.delivery.la, file.year, file.sha256), file)
            if first is not file:
                file.fault = f"{file.path.name}: it is the same, byte for byte, as file {first.number}"


def key_years(file: File) -> Iterable[int]:
    """Yield the collection years of a file's key dates, which lie in the past by their nature; later ones are faults."""
    if not (file.is_read and file.raw):
        return
    for raw, typed in zip(file.raw.tables, file.typed, strict=True):
        for column in raw.table.columns:
            if column.key and column.type == "date" and len(typed.lines):
                day = min(max(typed.columns[column.name].to_pylist()), dt.date.today())
                yield day.year + (day.month > 3)


def load_return(engine: Engine, return_: Return, files: list[File], ledger: Ledger) -> None:
    """Load one return's tables from all its files, mark each row's standing, and account for both."""
    for table in return_.tables.values():
        parts, rows_in, reasons = [], 0, Counter[str]()
        for file in files:
            assert file.raw is not None
            for raw, typed in zip(file.raw.tables, file.typed, strict=True):
                if raw.table.name == table.name:
                    parts.append(arrow_rows(file, typed))
                    rows_in += typed.rows_in
                    reasons.update(reason for _, reason in typed.aside.rows())
        if not parts or (return_.layout == "xml" and not rows_in):
            continue
        name = f"{return_.name}_{table.name}"
        engine.load("arrived", pa.concat_tables(parts))
        rows = engine.make(name, standing_select(engine.columns("arrived"), table.key))
        ledger.note("read files", f"{return_.name} {table.name} files", name, rows_in, rows, reasons)
        note_standing(engine, name, ledger)


def standing_select(columns: Sequence[str], key: tuple[str, ...]) -> str:
    """SQL that adds each row's standing among the rows of the same authority and key."""
    every = ", ".join(f'"{name}"' for name in columns)
    same = ", ".join(["la", *(f'"{name}"' for name in key)])
    return f"""
        SELECT {every},
               CASE WHEN numbered.copy_no = 1 THEN 'current' WHEN collection_year = numbered.newest_year THEN 'duplicate' ELSE 'superseded' END AS standing
        FROM (SELECT arrived.*,
                     row_number() OVER (PARTITION BY {same} ORDER BY collection_year DESC, delivery_id DESC, line DESC) AS copy_no,
                     max(collection_year) OVER (PARTITION BY {same}) AS newest_year
              FROM arrived) AS numbered"""


def note_standing(engine: Engine, name: str, ledger: Ledger) -> None:
    found = dict(engine.rows(f"SELECT standing, count(*) AS n FROM {name} GROUP BY standing"))
    aside = {
        "an earlier return of the same row": found.get("superseded", 0),
        "the same key twice in one return": found.get("duplicate", 0),
    }
    ledger.note("keep the latest return", name, f"{name} current", count(engine, name), found.get("current", 0), aside)


def arrow_rows(file: File, typed: TypedTable) -> pa.Table:
    n = len(typed.lines)
    return pa.table(
        {
            **typed.columns,
            "delivery_id": pa.array([file.number] * n, pa.int32()),
            "la": pa.array([file.delivery.la] * n, pa.string()),
            "collection_year": pa.array([file.year] * n, pa.int32()),
            "line": pa.array(typed.lines, pa.int32()),
        }
    )


def delivery_table(files: list[File]) -> pa.Table:
    rows = [
        {
            "delivery_id": file.number,
            "return_name": file.delivery.return_name,
            "table_name": recognised(file),
            "la": file.delivery.la,
            "collection_year": file.year,
            "file_name": file.path.name,
            "sha256": file.sha256,
            "encoding": file.raw.encoding if file.raw else None,
            "rows_in": sum(typed.rows_in for typed in file.typed),
            "state": "read" if file.is_read else "refused",
            "message": unnamed(file) or (file.raw.remark if file.raw else ""),
        }
        for file in files
    ]
    whole = {"delivery_id", "collection_year", "rows_in"}
    names = ("delivery_id", "return_name", "table_name", "la", "collection_year", "file_name", "sha256", "encoding")
    kinds = [(n, pa.int32() if n in whole else pa.string()) for n in (*names, "rows_in", "state", "message")]
    return pa.Table.from_pylist(rows, pa.schema(kinds))


def unnamed(file: File) -> str:
    """The fault without the file's name, which may be a child's."""
    return file.fault.removeprefix(file.path.name).removeprefix(":").strip()


def recognised(file: File) -> str | None:
    if not file.raw or not file.is_read:
        return None
    return file.raw.tables[0].table.name if len(file.raw.tables) == 1 else "all"


def set_aside_table(files: list[File]) -> pa.Table:
    rows = [
        (file.number, raw.table.name, line, column, column is None, reason)
        for file in files
        if file.is_read and file.raw
        for raw, typed in zip(file.raw.tables, file.typed, strict=True)
        for line, column, reason in typed.aside.notes
    ]
    kinds = (
        ("delivery_id", pa.int32()),
        ("table_name", pa.string()),
        ("line", pa.int32()),
        ("column_name", pa.string()),
        ("is_row", pa.bool_()),
        ("reason", pa.string()),
    )
    return pa.table({name: pa.array([row[i] for row in rows], kind) for i, (name, kind) in enumerate(kinds)})


def code_table(catalogue: Catalogue) -> pa.Table:
    """Every code of every return, with open years as 0 and 9999."""
    rows = [
        (return_.name, codes.name, code.code, code.label, code.years.first or 0, code.years.last or 9999, code.group)
        for return_ in catalogue.returns.values()
        for codes in return_.codes.values()
        for code in codes.codes
    ]
    names = ("return_name", "code_set", "code", "label", "from_year", "to_year", "group_name")
    kinds = (pa.string(),) * 4 + (pa.int32(),) * 2 + (pa.string(),)
    return pa.table(
        {
            name: pa.array([row[i] for row in rows], kind)
            for i, (name, kind) in enumerate(zip(names, kinds, strict=True))
        }
    )
