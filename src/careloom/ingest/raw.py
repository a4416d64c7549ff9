"""What a file reader hands on: rows as text, each with its line, and rows that could not even be cut into cells."""

from dataclasses import dataclass, field

from careloom.core import Table


@dataclass
class RawTable:
    """Rows of one table of a return as text. `cells[column][i]` belongs to `lines[i]`; a blank cell is None."""

    table: Table
    lines: list[int] = field(default_factory=list)
    cells: dict[str, list[str | None]] = field(default_factory=dict)
    broken: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cells = self.cells or {column.name: [] for column in self.table.columns}

    def add(self, line: int, row: dict[str, str | None]) -> None:
        """Add one row; a column that the row lacks is blank."""
        self.lines.append(line)
        for name, cells in self.cells.items():
            cells.append(row.get(name))


@dataclass(frozen=True)
class RawFile:
    """One file as read: its tables and encoding, what it says of its own year and authority, and remarks."""

    tables: tuple[RawTable, ...]
    encoding: str
    year: int | None = None
    la: str | None = None
    remark: str = ""
