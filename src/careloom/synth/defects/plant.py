"""Defects on request: breaches of rules and quirks of files, planted in written files and listed, so that checks can be scored."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path

from careloom.synth.defects.breaches import BREACHES
from careloom.synth.defects.delivered import Child, CsvFile, Delivered, Row, XmlFile
from careloom.synth.defects.quirks_of_files import FILE_QUIRKS
from careloom.synth.defects.quirks_of_records import RECORD_QUIRKS
from careloom.synth.draws import generator
from careloom.synth.files.table import write_csv

QUIRKS = RECORD_QUIRKS | FILE_QUIRKS


@dataclass(frozen=True)
class Defect:
    """One planted defect.

    file, year : path below the authority's folder, and the collection year it is of
    table, line : the row that a check should name, counted as a reader counts lines; 0 for the file as a whole
    child_id : as the file now has it; blank for the file as a whole
    column : what was changed; blank when rows or the file were
    kind : "rule" or "quirk"
    finds : the rule that is broken ("ssda903 142"), or the quirk
    was, what : the cell before, and what was done
    """

    file: str
    year: int
    table: str
    line: int
    child_id: str
    column: str
    kind: str
    finds: str
    was: str
    what: str


@dataclass(frozen=True)
class _Note:
    """A defect whose line is not known before all are planted, for rows are added above it."""

    file: CsvFile | XmlFile
    row: Row | Child | None
    below: int
    table: str
    column: str
    kind: str
    finds: str
    was: str
    what: str


def plant_defects(folder: Path, *, seed: int, per_rule: int = 3, per_quirk: int = 1) -> list[Defect]:
    """Spoil the SSDA903 tables (CSV) and CIN censuses of one authority in `folder`, and say where.

    per_rule : breaches of each rule; fewer where the files hold no more that could be broken
    per_quirk : of each variety of each quirk

    No child is spoilt twice, so that no defect hides another. The same seed and folder name spoil the same; the files
    should be as they were written.
    """
    files, notes = Delivered(folder, generator(seed, zlib.crc32(folder.name.encode()), "defects")), list[_Note]()

    def note(
        kind: str,
        finds: str,
        file: CsvFile | XmlFile,
        row: Row | Child | None,
        column: str,
        was: str,
        what: str,
        *,
        below: int = 0,
        table: str = "",
    ) -> None:
        notes.append(_Note(file, row, below, table or file.table, column, kind, finds, was, what))

    for rule, breach in BREACHES.items():
        breach(files, per_rule, partial(note, "rule", rule))
    for name, quirk in QUIRKS.items():
        quirk(files, per_quirk, partial(note, "quirk", name))
    files.save()
    return [_defect(note, folder) for note in notes]


def _defect(note: _Note, folder: Path) -> Defect:
    row = note.row
    return Defect(
        file=note.file.path.relative_to(folder).as_posix(),
        year=note.file.year,
        table=note.table,
        line=0 if row is None else note.file.line(row) + note.below,
        child_id="" if row is None else row.identifier if isinstance(row, Child) else row["CHILD"],
        column=note.column,
        kind=note.kind,
        finds=note.finds,
        was=note.was,
        what=note.what,
    )


def write_defects(path: Path, defects: Iterable[Defect]) -> None:
    """Write defects.csv; it belongs with the truth, never with the files."""
    rows = [asdict(defect) for defect in defects]
    write_csv(path, {column.name: [row[column.name] for row in rows] for column in fields(Defect)})
