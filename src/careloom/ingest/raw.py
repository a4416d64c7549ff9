"""What file readers hand on: cells as text, a batch of rows at a time, each row with its line in the file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

ROWS_A_BATCH = 50_000


@dataclass(frozen=True)
class Cells:
    """Some rows of a grid, column by column; `columns[c][i]` is the cell of column c (from 0) in the row at `lines[i]`.

    Cells are trimmed text, and null when blank. A row without any text is no row: spreadsheets leave them at the end.
    `broken` are rows that could not be cut into as many cells as the heading has: (line, why).
    """

    lines: pa.Int32Array
    columns: tuple[pa.StringArray, ...]
    broken: tuple[tuple[int, str], ...] = ()


class Grid(Protocol):
    """A CSV file, or one sheet of a workbook: a heading somewhere near its top, and rows below."""

    name: str
    """Name of the sheet; blank for a CSV file."""
    encoding: str
    separator: str
    """What parts the cells of a CSV file; blank for a sheet."""
    repaired: int
    """How many cells, of those read so far, had accents that were repaired."""

    is_hidden: bool
    """A sheet that a spreadsheet does not show."""

    def top(self) -> list[tuple[int, list[str]]]:
        """Return the first rows that are not blank, at most 30: (line, cells as trimmed text, blank ones empty)."""
        ...

    def rows(self, heading_line: int) -> Iterator[Cells]:
        """Yield all rows below the heading, which is the row of `top` at that line, as wide as it."""
        ...


@dataclass(frozen=True)
class Rows:
    """Some rows of one table of a return; `cells[name][i]` is the item of row i, trimmed text, null when blank.

    Columns of the table that the file lacks may be left out of `cells`.
    """

    table: str
    lines: pa.Int32Array
    cells: Mapping[str, pa.StringArray]
    broken: tuple[tuple[int, str], ...] = ()


@dataclass
class About:
    """What a file says of itself, known in full once all its rows were read."""

    encoding: str = "utf-8"
    year: int | None = None
    la: str | None = None
    remarks: list[str] = field(default_factory=list)
