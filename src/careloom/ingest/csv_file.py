"""Read one CSV file of a return. It is recognised by its heading, never by its name."""

import csv
import io
from pathlib import Path

from careloom.core import DeliveryError, Table
from careloom.ingest.raw import RawFile, RawTable

BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
NOT_TEXT = (
    (b"PK\x03\x04", "an Excel workbook or zip file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
)
ALIKE = 0.5  # a heading that shares less than half of its columns with a table is not that table


def read_csv(path: Path, tables: dict[str, Table]) -> RawFile:
    """Read a CSV file as the one of `tables` its heading names.

    Rows with too few or too many cells are kept aside in `broken` with their line. Raises DeliveryError when the file
    is empty, is not text, has no heading we know, lacks a needed column, or has a quote that never closes.
    """
    text, encoding = decode(path)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        heading = [name.strip().upper() for name in next(reader, [])]
        table = recognise(path, heading, tables)
        positions = check_heading(path, heading, table)
        raw = RawTable(table)
        previous = reader.line_num
        for row in reader:
            line, previous = previous + 1, reader.line_num
            take_row(raw, line, row, len(heading), positions)
    except csv.Error as fault:
        raise DeliveryError(
            f"{path.name} line {reader.line_num}: this is not well-formed CSV ({fault}); was the file cut short?"
        ) from None
    return RawFile((raw,), encoding, remark=remarks(heading, raw, encoding))


def decode(path: Path) -> tuple[str, str]:
    """Return the text and the encoding found: a byte-order mark, else UTF-8, else Windows-1252."""
    data = path.read_bytes()
    if not data.strip():
        raise DeliveryError(f"{path.name}: the file is empty")
    for mark, what in NOT_TEXT:
        if data.startswith(mark):
            raise DeliveryError(f"{path.name}: this is {what}, not CSV; export the table as CSV and name that file")
    for encoding in [name for mark, name in BOMS if data.startswith(mark)] or ["utf-8", "cp1252"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    raise DeliveryError(f"{path.name}: this is not text in UTF-8, UTF-16 or Windows-1252; save it as CSV UTF-8")


def recognise(path: Path, heading: list[str], tables: dict[str, Table]) -> Table:
    """Return the table whose columns the heading is most like."""
    found = set(heading)

    def likeness(table: Table) -> float:
        names = {name.upper() for name in table.column_names}
        return len(names & found) / len(names | found)

    best = max(tables.values(), key=likeness)
    if likeness(best) < ALIKE:
        check_separator(path, heading)
        example = ",".join(next(iter(tables.values())).column_names)
        raise DeliveryError(
            f"{path.name} line 1: this is not the heading of any table of the return ({', '.join(tables)}); one begins, for example, {example}"
        )
    return best


def check_separator(path: Path, heading: list[str]) -> None:
    """Say so when the heading is one cell that another separator would cut."""
    for mark, name in (";", "semicolons"), ("\t", "tabs"), ("|", "bars"):
        if len(heading) == 1 and heading[0].count(mark) > 1:
            raise DeliveryError(f"{path.name} line 1: the columns are separated by {name}; save it as CSV with commas")


def check_heading(path: Path, heading: list[str], table: Table) -> dict[str, int]:
    """Return the position of each column. Raises for a needed column that is missing or any that comes twice."""
    missing = [column.name for column in table.columns if column.needed and column.name.upper() not in heading]
    if missing:
        raise DeliveryError(
            f"{path.name} line 1: column {' and column '.join(missing)} is missing; table {table.name} has {','.join(table.column_names)}"
        )
    twice = [name for name in table.column_names if heading.count(name.upper()) > 1]
    if twice:
        raise DeliveryError(f"{path.name} line 1: column {twice[0]} comes twice")
    return {name: heading.index(name.upper()) for name in table.column_names if name.upper() in heading}


def take_row(raw: RawTable, line: int, row: list[str], width: int, positions: dict[str, int]) -> None:
    if not any(cell.strip() for cell in row):
        return  # a blank line, as spreadsheets leave at the end, is not a row
    if len(row) != width:
        raw.broken.append((line, "the row has more or fewer cells than the heading"))
        return
    raw.add(line, {name: row[place].strip() or None for name, place in positions.items()})


def remarks(heading: list[str], raw: RawTable, encoding: str) -> str:
    table = raw.table
    known = {name.upper() for name in table.column_names}
    absent = [name for name in table.column_names if name.upper() not in heading]
    return "; ".join(
        note
        for note in (
            "it holds no rows" if not raw.lines else "",
            "read as Windows-1252: check accented letters" if encoding == "cp1252" else "",
            f"columns not delivered: {', '.join(absent)}" if absent else "",
            f"{len(set(heading) - known)} columns not used" if set(heading) - known else "",
        )
        if note
    )
