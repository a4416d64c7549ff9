"""How many children live in each authority: a CSV that the study names, for shares of all children."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from careloom.core import StudyError

COLUMNS = ("la", "year", "age", "children")
OLDEST = 17
RESIDENT = pa.schema([("la", pa.string()), ("year", pa.int64()), ("age", pa.int64()), ("children", pa.float64())])


@dataclass(frozen=True)
class Residents:
    """Children of one age living in one authority in collection year `year` (1 April of the year before to 31 March)."""

    la: str
    year: int
    age: int
    children: float


def read_residents(path: Path) -> tuple[Residents, ...]:
    """Read la,year,age,children, a row for each authority, collection year and single year of age from 0 to 17.

    Raises StudyError naming the file, line and column that is wrong, or when a row comes twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            for column in COLUMNS:
                if column not in (reader.fieldnames or ()):
                    raise StudyError(f'{path} line 1: there is no column "{column}"; write {",".join(COLUMNS)}')
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error):
        raise StudyError(f"{path}: this cannot be read; name a CSV in UTF-8 with {','.join(COLUMNS)}") from None
    read: dict[tuple[str, int, int], Residents] = {}
    for line, row in rows:
        each = _residents(row, f"{path} line {line}")
        if read.setdefault((each.la, each.year, each.age), each) is not each:
            raise StudyError(f'{path} line {line}: column "age": this authority, year and age came before')
    return tuple(read.values())


def resident_table(residents: Sequence[Residents]) -> pa.Table:
    """Return the rows of `resident`, in order; none where the study names no file."""
    rows = sorted((each.la, each.year, each.age, each.children) for each in residents)
    return pa.table({field.name: pa.array([row[i] for row in rows], field.type) for i, field in enumerate(RESIDENT)})


def _residents(row: dict[str, str | None], where: str) -> Residents:
    la = (row["la"] or "").strip()
    if not la:
        raise StudyError(f'{where}: column "la" is blank; write the authority as [[delivery]] does')
    year, age = (_whole(row, column, where) for column in ("year", "age"))
    if not 1900 < year < 2200:
        raise StudyError(f'{where}: column "year" should be a year such as 2021, for April 2020 to March 2021')
    if not 0 <= age <= OLDEST:
        raise StudyError(f'{where}: column "age" should be from 0 to {OLDEST}')
    return Residents(la, year, age, _children(row, where))


def _whole(row: dict[str, str | None], column: str, where: str) -> int:
    try:
        return int(row[column] or "")
    except ValueError:
        raise StudyError(f'{where}: column "{column}" should be a whole number') from None


def _children(row: dict[str, str | None], where: str) -> float:
    try:
        children = float(row["children"] or "")
    except ValueError:
        children = -1.0
    if not 0 <= children < float("inf"):
        raise StudyError(f'{where}: column "children" should be a number of 0 or more, without commas')
    return children
