"""Cut the sheets of an Excel workbook (.xlsx, .xlsm) into cells, each row with its number in Excel.

A workbook is a zip of XML files. All of it is looked at before a cell is read, so that one made to fill the memory is
refused. Nothing outside the file is ever opened: links to other workbooks are not followed, and formulas are not run
(the value that Excel saved last is read).
"""

import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from careloom.core import DeliveryError
from careloom.ingest.raw import ROWS_A_BATCH, Cells
from careloom.ingest.tidy import text_array, tidy_list, tidy_rows

TOP_ROWS = 30
CHUNK = 1 << 20
# A full sheet has 1,048,576 rows; 32 columns of that are some 2 GB of XML, which shrink 10 to 100 times in the zip.
# What goes beyond is no return of an authority but a mistake (a stray cell in the last corner) or made to do harm.
MOST_PARTS = 5_000
MOST_SHEETS = 500
MOST_BYTES = 2 << 30
MOST_CELLS = 32 << 20
RATIO, RATIO_FROM = 500, 100 << 20
# Attributes as Excel writes them, once quotes and white space are alike: a cell that may hold something, and one that
# a sheet of up to 32 columns has not, so that the reach of most sheets needs no second look.
ALIKE = bytes.maketrans(b"\t\n\r'", b'   "')
CELL = re.compile(rb' r="([A-Z]{1,3})([0-9]+)"(?:[^<>]*[^/<>])?>')
FAR_CELL = re.compile(rb' r="(?:A[G-Z][0-9]|[B-Z][A-Z][0-9]|[A-Z]{3}|[A-Z]{1,2}[0-9]{7})')
ERROR = b' t="e"'
DOCTYPE = b"<!DOCTYPE"
LONGEST_TAG = 300
DAMAGED = "this workbook is damaged; was the file cut short?"
FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)

Value = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


class SheetGrid:
    """A sheet as a Grid. `repaired` counts cells whose garbled letters were mended; `errors` those of the whole
    workbook that hold an Excel error (#N/A, #REF!), which are read as blank.

    The sheet is read again for `rows`, so that of a workbook of many sheets one at a time is in memory.
    """

    encoding = ""
    separator = ""

    def __init__(
        self, path: Path, name: str, top: list[tuple[int, list[str]]], errors: int, is_hidden: bool = False
    ) -> None:
        self.path = path
        self.name = name
        self.errors = errors
        self.is_hidden = is_hidden
        self.repaired = 0
        self._top = top

    def top(self) -> list[tuple[int, list[str]]]:
        return self._top

    def rows(self, heading_line: int) -> Iterator[Cells]:
        self.repaired = 0
        with opened(self.path) as book:
            numbered = islice(rows_of(sheet_of(self.path, book, self.name)), heading_line, None)
            while batch := list(islice(numbered, ROWS_A_BATCH)):
                lines = np.array([line for line, _ in batch], np.int32)
                columns = [text_column(column) for column in zip(*(row for _, row in batch), strict=True)]
                cells, repaired = tidy_rows(lines, columns)
                self.repaired += repaired
                yield from cells


def sheets(path: Path) -> Iterator[SheetGrid]:
    """Yield the sheets that hold something, hidden ones too. Raises DeliveryError for a workbook not safe to read."""
    errors = check_contents(path)
    with opened(path) as book:
        found = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        if len(found) > MOST_SHEETS:
            raise DeliveryError(f"{path.name}: the workbook has over {MOST_SHEETS} sheets; this is not a return")
        for sheet in found:
            top = top_of(sheet_of(path, book, sheet.name))
            if top:
                is_hidden = sheet.visible != SheetVisibleEnum.Visible
                yield SheetGrid(path, sheet.name, top, errors, is_hidden)


def top_of(sheet: CalamineSheet) -> list[tuple[int, list[str]]]:
    tidied = ((line, tidy_list(text_column(row).to_pylist())) for line, row in rows_of(sheet))
    return list(islice(((line, cells) for line, cells in tidied if any(cells)), TOP_ROWS))


def rows_of(sheet: CalamineSheet) -> Iterator[tuple[int, list[Value]]]:
    """Yield (row number in Excel, its cells from column A on); all rows are as wide as the widest."""
    if sheet.start is None:
        return
    # The reader begins at the first row of the sheet but at the first column that holds something.
    left: list[Value] = [""] * sheet.start[1]
    for line, row in enumerate(sheet.iter_rows(), start=1):
        yield line, [*left, *row]


def text_column(values: list[Value] | tuple[Value, ...]) -> pa.StringArray:
    return text_array([value if type(value) is str else text_of(value) for value in values])


def text_of(value: Value) -> str:
    """Return a cell as text: a date as 2021-03-31, a whole number without decimals, a truth as TRUE or FALSE."""
    match value:
        case str():
            return value
        case bool():
            return str(value).upper()
        case float() if value.is_integer() and abs(value) < 1e15:  # beyond that Excel does not keep all digits
            return str(int(value))
        case dt.datetime():
            # Excel keeps a time as a fraction of a day, which is off by a millionth of a second at times.
            whole = (value + dt.timedelta(seconds=value.microsecond >= 500_000)).replace(microsecond=0)
            return whole.date().isoformat() if whole.time() == dt.time() else whole.isoformat()
        case dt.date() | dt.time():
            return value.isoformat()
        case _:
            return str(value)


def check_package(path: Path) -> None:
    """Raise DeliveryError for a zip file that is not an Excel workbook, by its list of parts."""
    try:
        with zipfile.ZipFile(path) as package:
            parts = package.infolist()
    except FAULTS:
        raise DeliveryError(f"{path.name}: {DAMAGED}") from None
    names = {part.filename for part in parts}
    if any(part.flag_bits & 1 for part in parts):
        raise DeliveryError(f"{path.name}: this is protected by a password; save it without one")
    if "xl/workbook.bin" in names or "content.xml" in names:
        raise DeliveryError(f"{path.name}: this is a workbook of another kind than .xlsx; save it as .xlsx")
    if "xl/workbook.xml" not in names:
        raise DeliveryError(f"{path.name}: this is a zip file, not an Excel workbook; unpack it and name its files")
    if len(parts) > MOST_PARTS:
        raise DeliveryError(f"{path.name}: the workbook has over {MOST_PARTS} parts; this is not a return")


def check_contents(path: Path) -> int:
    """Unpack the parts without keeping them and return how many cells hold an Excel error.

    Raises DeliveryError for a part that is damaged, has a DOCTYPE, or would fill the memory.
    """
    errors, left = 0, min(MOST_BYTES, max(RATIO_FROM, RATIO * path.stat().st_size))
    try:
        with zipfile.ZipFile(path) as package:
            for part in package.infolist():
                # What the list of parts says of the size may be untrue: unpack to the true end and count.
                part.file_size = MOST_BYTES + 1
                is_far = False
                for data in unpacked(package, part):
                    left -= len(data)
                    if left < 0:
                        raise DeliveryError(f"{path.name}: the workbook unpacks to far more than a return holds")
                    if DOCTYPE in data:
                        raise DeliveryError(f"{path.name}: the workbook has a DOCTYPE, which no Excel writes")
                    if part.filename.startswith("xl/worksheets/"):
                        errors += data.count(ERROR)
                        is_far = is_far or bool(FAR_CELL.search(data))
                if is_far:
                    check_reach(path, package, part)
    except FAULTS:
        raise DeliveryError(f"{path.name}: {DAMAGED}") from None
    return errors


def unpacked(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a part in chunks that cut no tag, its quotes and white space made alike."""
    rest = b""
    with package.open(part) as file:
        while data := file.read(CHUNK):
            data = rest + data.translate(ALIKE)
            cut = data.rfind(b"<", len(data) - LONGEST_TAG)
            cut = cut if cut > 0 else len(data)
            yield data[:cut]
            rest = data[cut:]
    yield rest


def check_reach(path: Path, package: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Raise DeliveryError for a sheet of so many rows and columns, blank ones between too, that memory would not do."""
    rows = columns = 0
    for data in unpacked(package, part):
        cells = CELL.findall(data)
        rows = max([rows, *(int(row) for _, row in cells)])
        columns = max([columns, *(column_number(letters) for letters in {letters for letters, _ in cells})])
    if rows * columns > MOST_CELLS:
        raise DeliveryError(
            f"{path.name}: a sheet reaches to row {rows} and column {columns}; clear the cells far from the table"
        )


def column_number(letters: bytes) -> int:
    """Return 1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def opened(path: Path) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(path)
    except PasswordError:
        raise DeliveryError(f"{path.name}: this is protected by a password; save it without one") from None
    except (CalamineError, *FAULTS):
        raise DeliveryError(f"{path.name}: {DAMAGED}") from None


def sheet_of(path: Path, book: CalamineWorkbook, name: str) -> CalamineSheet:
    try:
        return book.get_sheet_by_name(name)
    except (CalamineError, *FAULTS):
        raise DeliveryError(f"{path.name}: sheet {name}: {DAMAGED}") from None
