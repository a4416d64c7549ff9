"""Sheets that an authority fills in: read strictly from CSV, with the line in every complaint."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path

from careloom.core import CareloomError, CatalogueError, nearest

Row = Mapping[str, str]
SMALLEST, LARGEST = Decimal("0.000001"), Decimal(10**12)
"""What a figure may be: more pounds, or hours, than all councils have together would only break the sums."""


def read_sheet(
    path: Path,
    needed: Sequence[str],
    also: Sequence[str] = (),
    *,
    what: str,
    error: type[CareloomError] = CatalogueError,
) -> list[tuple[int, Row]]:
    """Return the rows of a CSV file, each with its line: every column `needed` or `also` known, blank where it is not there.

    Lines with nothing in them, as Excel leaves at the end, are passed over. Raises `error` naming file, line and column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except FileNotFoundError:
        raise error(f"{path}: there is no such {what}") from None
    except (OSError, csv.Error) as fault:
        raise error(f"{path}: this {what} cannot be read: {getattr(fault, 'strerror', None) or fault}") from None
    except UnicodeDecodeError:
        raise error(f"{path.name}: this is not UTF-8 text; in Excel, save the {what} as CSV UTF-8") from None
    heading = lines[0][1] if lines else []
    check_heading(path, heading, needed, also, what=what, error=error)
    blank = dict.fromkeys((*needed, *also), "")
    rows: list[tuple[int, Row]] = []
    for line, cells in lines[1:]:
        if any(cells):
            if len(cells) != len(heading):
                raise error(f"{path.name} line {line}: it has {len(cells)} cells, and the heading {len(heading)}")
            if not all(each.isprintable() or each in "\n\t" for cell in cells for each in cell):
                raise error(f"{path.name} line {line}: a cell holds a sign that cannot be shown; was the file damaged?")
            rows.append((line, blank | dict(zip(heading, cells, strict=True))))
    if not rows:
        raise error(f"{path.name}: there is no row below the heading")
    return rows


def check_heading(
    path: Path,
    heading: Sequence[str],
    needed: Sequence[str],
    also: Sequence[str],
    *,
    what: str,
    error: type[CareloomError],
) -> None:
    known = (*needed, *also)
    for place, name in enumerate(heading, start=1):
        if name not in known:
            near = get_close_matches(
                name, known, 1, cutoff=0.5
            )  # else it may be a cell, of a sheet without its heading
            said = f'there is no column "{name}" in' if near else f"what stands above column {place} is no column of"
            raise error(f"{path.name} line 1: {said} a {what}{nearest(name, known)}")
        if heading.count(name) > 1:
            raise error(f'{path.name} line 1: the column "{name}" stands there twice')
    for name in needed:
        if name not in heading:
            raise error(f'{path.name} line 1: the column "{name}" is missing')


def filled(where: str, row: Row, names: Iterable[str], error: type[CareloomError] = CatalogueError) -> None:
    """Raise when one of these cells is blank."""
    for name in names:
        if not row[name]:
            why = "; say where the figure comes from" if name == "source" else ""
            raise error(f'{where}: "{name}" is blank{why}')


def amount(where: str, row: Row, key: str, error: type[CareloomError] = CatalogueError) -> Decimal | None:
    """A number of 0 or more, or None when the cell is blank."""
    if not row[key]:
        return None
    try:
        found = Decimal(row[key])
    except InvalidOperation:
        raise error(
            f'{where}: "{key}" should be a number such as 1250.50, with no sign of the pound and no comma'
        ) from None
    if not found.is_finite() or found < 0:
        raise error(f'{where}: "{key}" should be 0 or more: it is never negative')
    if found and not SMALLEST <= found <= LARGEST:
        raise error(f'{where}: "{key}" should be 0, or from {SMALLEST:f} to {LARGEST:,}: this is a slip')
    return found
