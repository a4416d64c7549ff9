"""Days as whole numbers since 1 January 1970, so that a whole authority is arrays of integers."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]
Flags = NDArray[np.bool_]

NEVER = 10**7  # later than any date that can be written
_EPOCH = date(1970, 1, 1).toordinal()


def day(year: int, month: int, day_of_month: int) -> int:
    """The number of a calendar day."""
    return date(year, month, day_of_month).toordinal() - _EPOCH


def year_starts(year: int) -> int:
    """1 April that opens the collection year ending 31 March of `year`."""
    return day(year - 1, 4, 1)


def year_ends(year: int) -> int:
    """31 March, the reference date of collection `year`."""
    return day(year, 3, 31)


def collection_year(on: Days) -> Days:
    """The collection year (1 April to 31 March, named by its end) that holds each day."""
    months: Days = on.astype("M8[D]").astype("M8[M]").astype(np.int64)
    return (months + 9) // 12 + 1970


def birthday(born: Days, age: int) -> Days:
    """The day each child turns `age`; born on 29 February counts as 1 March in other years."""
    days = born.astype("M8[D]")
    month = days.astype("M8[M]")
    turned: Days = ((month + 12 * age).astype("M8[D]") + (days - month.astype("M8[D]"))).astype(np.int64)
    return turned


def weekday_from(on: Days) -> Days:
    """The same day, or the Monday after when it falls on a weekend."""
    return working_days_after(on, 0)


def working_days_after(on: Days, count: int | Days) -> Days:
    """`count` working days later, Monday to Friday (bank holidays are not known here)."""
    days: Days = np.busday_offset(on.astype("M8[D]"), count, roll="forward").astype(np.int64)
    return days


@cache
def iso(on: int) -> str:
    """YYYY-MM-DD, as the CIN census writes it."""
    return date.fromordinal(on + _EPOCH).isoformat()
