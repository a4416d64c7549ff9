"""Published national figures that a made-up England is held against, and how near it promises to come."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from careloom.core import CatalogueError

HEADING = ("statistic", "group", "year", "unit", "value", "tolerance", "source", "note")
PER_CHILDREN = "per 10,000 children"
_NEEDED = ("statistic", "unit", "source", "note")
_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)(%| points?)")


@dataclass(frozen=True)
class Tolerance:
    """How far a figure may lie from its target: `10%` is relative to the target, `2 points` is in points of a share."""

    size: float
    is_relative: bool

    def allows(self, target: float, value: float) -> bool:
        """Whether `value` is near enough; a value that is missing (nan) is not."""
        return abs(value - target) <= self.size * (target / 100 if self.is_relative else 1)

    def __str__(self) -> str:
        if self.is_relative:
            return f"{self.size:g}%"
        return f"{self.size:g} point{'' if self.size == 1 else 's'}"


@dataclass(frozen=True)
class Target:
    """One published figure.

    group : a part of the statistic, such as an age group; "" for the whole
    year : collection year, ending 31 March; None for a figure that belongs to no single year
    unit : "per 10,000 children", "% of ..." or "mean ..."
    value, tolerance : None where nothing is published: such a figure is shown, not compared
    source : id of a source in the folder's README
    note : the reason for the tolerance, and what else should be known
    """

    statistic: str
    group: str
    year: int | None
    unit: str
    value: float | None
    tolerance: Tolerance | None
    source: str
    note: str

    @property
    def scale(self) -> int:
        """What a ratio is multiplied with to stand in this unit."""
        return 10_000 if self.unit == PER_CHILDREN else 100 if self.unit.startswith("%") else 1


def read_targets(path: Path) -> tuple[Target, ...]:
    """Read the figures in their order. Raises CatalogueError with the line for what is blank, unreadable or there twice."""
    if not path.is_file():
        raise CatalogueError(f"{path}: there is no such file of targets")
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if tuple(rows.fieldnames or ()) != HEADING:
            raise CatalogueError(f"{path.name}: the heading should be {','.join(HEADING)}")
        targets = tuple(_read_target(f"{path.name} line {line}", row) for line, row in enumerate(rows, start=2))
    seen: set[tuple[str, str, int | None]] = set()
    for line, target in enumerate(targets, start=2):
        key = (target.statistic, target.group, target.year)
        if key in seen:
            raise CatalogueError(
                f"{path.name} line {line}: this statistic, group and year stand on an earlier line too"
            )
        seen.add(key)
    return targets


def read_tolerance(text: str, where: str) -> Tolerance:
    """Read `10%` or `2 points`."""
    written = _WRITTEN.fullmatch(text)
    if not written or not float(written[1]):
        raise CatalogueError(f'{where}: "tolerance" should be like 10% or 2 points')
    return Tolerance(float(written[1]), written[2] == "%")


def _read_target(where: str, row: dict[str, str]) -> Target:
    for key in _NEEDED:
        if not row[key]:
            raise CatalogueError(f'{where}: "{key}" is blank; every figure says what it is, where it is from and why')
    unit = row["unit"]
    if unit != PER_CHILDREN and not unit.startswith(("% of ", "mean ")):
        raise CatalogueError(f'{where}: "unit" should be "{PER_CHILDREN}", "% of ..." or "mean ..."')
    if bool(row["value"]) != bool(row["tolerance"]):
        raise CatalogueError(f'{where}: "value" and "tolerance" should both be there, or both be blank')
    tolerance = read_tolerance(row["tolerance"], where) if row["tolerance"] else None
    if tolerance and not tolerance.is_relative and not unit.startswith("%"):
        raise CatalogueError(f'{where}: "tolerance" in points is for a share; write one like 10%')
    try:
        year = int(row["year"]) if row["year"] else None
        value = float(row["value"]) if row["value"] else None
    except ValueError:
        raise CatalogueError(f'{where}: "year" and "value" should be numbers or blank') from None
    return Target(row["statistic"], row["group"], year, unit, value, tolerance, row["source"], row["note"])
