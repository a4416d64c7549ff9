"""Files on their way in, and what each gave to which return."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from careloom.catalogue import Return
from careloom.ingest.raw import About

WHOLE = "all"
"""The table name of a part that holds a whole return, every table of it: an XML file."""


@dataclass(frozen=True)
class Delivery:
    """Files that one authority handed over; what the study does not state is told from the files themselves.

    `return_name` is the return they are of, `year` the collection year, `mapping` the file that says what the columns of
    an extract mean. `la` is the authority as the study names it; blank when the files are to say it.
    """

    la: str
    files: tuple[Path, ...]
    return_name: str | None = None
    year: int | None = None
    mapping: Path | None = None


@dataclass
class Part:
    """What one file, or one sheet of a workbook, gave to one return."""

    number: int
    return_: Return
    table: str
    sheet: str
    about: About
    years: Counter[int] = field(default_factory=Counter)
    """How many of the dates by which its year can be told fall in each collection year."""
    rows_in: Counter[str] = field(default_factory=Counter)
    aside: Counter[tuple[str, str]] = field(default_factory=Counter)
    says_year: bool = False
    """Each row says its own collection year; `says_la`, its own authority."""
    says_la: bool = False
    la: str = ""
    year: int | None = None
    fault: str = ""


@dataclass
class File:
    """One file: what it gave, what of it was not used (sheets of guidance), or why it was refused."""

    delivery: Delivery
    path: Path
    sha256: str = ""
    encoding: str = ""
    is_workbook: bool = False
    parts: list[Part] = field(default_factory=list)
    unused: list[tuple[str, str]] = field(default_factory=list)
    """Sheets that are of no known table: (name, why)."""
    fault: str = ""

    def refuse(self, why: str) -> None:
        """Note why the file cannot be used; whatever was read of it is not used either."""
        self.fault = f"{self.path.name}: {why}"

    def become(self, read: "File") -> None:
        """Take over what came of reading the same file in another process."""
        self.sha256, self.encoding, self.is_workbook = read.sha256, read.encoding, read.is_workbook
        self.parts, self.unused, self.fault = read.parts, read.unused, read.fault

    @property
    def said(self) -> str:
        """Why it was refused, without the file's name, which may be a child's."""
        return self.fault.removeprefix(self.path.name).removeprefix(":").strip()

    @property
    def read(self) -> list[Part]:
        """The parts that can be used."""
        return [] if self.fault else [part for part in self.parts if not part.fault]
