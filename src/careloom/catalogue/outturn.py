"""What an authority spent, line by line of the section 251 outturn: the lines known, and an authority's own sheet of amounts."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from careloom.catalogue.sheets import amount, filled, read_sheet
from careloom.core import CatalogueError, Keys, nearest, read_toml

OURS = Path(__file__).parent / "outturn.toml"
BASES = {"headcount_31_march": "children on 31 March, for 365 days", "care_days": "days of care in the year"}
"""What spending is divided by."""
COLUMNS = ("la", "year", "line", "amount", "source")
YEAR = re.compile(r"(\d{4})[-/](\d{2})")


@dataclass(frozen=True)
class OutturnLine:
    """A line of spending: what it is divided by, and which costs it should have paid for."""

    name: str
    title: str
    basis: str
    denominator: str
    counted: str
    bottom_up: str
    not_in: str
    source: str


@dataclass(frozen=True)
class Spending:
    """GBP that an authority spent on one line in the financial year that ends in `year`."""

    la: str
    year: int
    line: str
    amount: float
    source: str


@cache
def load_outturn_lines(path: Path = OURS) -> dict[str, OutturnLine]:
    """The lines known, by name. Raises CatalogueError naming the key at fault."""
    keys = read_toml(path, CatalogueError)
    lines = {line.name: line for line in map(read_line, keys.tables("line"))}
    keys.done()
    return lines


def read_line(keys: Keys) -> OutturnLine:
    line = OutturnLine(
        name=keys.text("name"),
        title=keys.text("title"),
        basis=keys.one_of("basis", tuple(BASES)),
        denominator=keys.text("denominator"),
        counted=keys.text("counted"),
        bottom_up=keys.text("bottom_up"),
        not_in=keys.text("not_in"),
        source=keys.text("source"),
    )
    keys.done()
    return line


def read_outturn(path: Path) -> list[Spending]:
    """Read la,year,line,amount,source, a row for each authority, year (2023-24) and line.

    Raises CatalogueError naming the line of the file that is wrong, or that tells of the same thing as an earlier one.
    """
    read: dict[tuple[str, int, str], Spending] = {}
    for number, row in read_sheet(path, COLUMNS, what="sheet of spending"):
        where = f"{path.name} line {number}"
        filled(where, row, COLUMNS)
        known = load_outturn_lines()
        if row["line"] not in known:
            raise CatalogueError(f'{where}: there is no line "{row["line"]}"{nearest(row["line"], known)}')
        spent = Spending(row["la"], ending_year(where, row["year"]), row["line"], float(amount(where, row, "amount") or 0), row["source"])  # fmt: skip
        if (key := (spent.la, spent.year, spent.line)) in read:
            raise CatalogueError(f"{where}: this authority, year and line came before")
        read[key] = spent
    return list(read.values())


def ending_year(where: str, written: str) -> int:
    """The year in which a financial year such as 2023-24 ends."""
    found = YEAR.fullmatch(written)
    if not found or (int(found[1]) + 1) % 100 != int(found[2]):
        raise CatalogueError(f'{where}: "year" should be a financial year such as 2023-24')
    return int(found[1]) + 1
