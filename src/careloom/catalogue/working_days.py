"""Working days in England: Monday to Friday, and no bank holiday."""

import csv
import datetime as dt
from functools import cache
from pathlib import Path

from careloom.core import CatalogueError

OURS = Path(__file__).parent / "calendar" / "bank_holidays.csv"
DAY = dt.timedelta(days=1)
SATURDAY = 5


@cache
def read_working_days(path: Path = OURS) -> tuple[tuple[dt.date, int], ...]:
    """Return every day of the years of a file of bank holidays, in order, each with the working days up to it.

    The number counts from the first day of the first year, the day itself included, so that from one day to another
    their difference tells the working days after the first, up to the second. Raises CatalogueError for a row whose
    `on_day` is no date, for a day that stands twice, and for a year between the first and the last that has no row.
    """
    holidays = read_bank_holidays(path)
    years = sorted({on.year for on in holidays})
    if years != list(range(years[0], years[-1] + 1)):
        raise CatalogueError(f"{path.name}: a year between {years[0]} and {years[-1]} has no bank holiday")
    on, number, numbered = dt.date(years[0], 1, 1), 0, []
    while on.year <= years[-1]:
        number += on.weekday() < SATURDAY and on not in holidays
        numbered.append((on, number))
        on += DAY
    return tuple(numbered)


def read_bank_holidays(path: Path) -> frozenset[dt.date]:
    with path.open(encoding="utf-8", newline="") as file:
        written = [row.get("on_day") or "" for row in csv.DictReader(file)]
    try:
        holidays = frozenset(map(dt.date.fromisoformat, written))
    except ValueError:
        raise CatalogueError(f"{path.name}: on_day should be a date like 2024-12-25") from None
    if not written or len(holidays) < len(written):
        raise CatalogueError(f"{path.name}: each bank holiday stands once, and there is at least one")
    return holidays
