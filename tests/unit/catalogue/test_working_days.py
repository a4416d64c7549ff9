"""Working days are counted without weekends and bank holidays, over every day of the file's years."""

import csv
import datetime as dt
import itertools
from pathlib import Path

import numpy as np
import pytest

from careloom.catalogue.working_days import OURS, read_bank_holidays, read_working_days
from careloom.core import CatalogueError

NUMBER = dict(read_working_days())


def between(first: str, last: str) -> int:
    return NUMBER[dt.date.fromisoformat(last)] - NUMBER[dt.date.fromisoformat(first)]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2018-03-29", "2018-03-29", 0),
        ("2018-03-29", "2018-04-03", 1),  # Good Friday, a weekend and Easter Monday lie between
        ("2018-03-31", "2018-04-03", 1),  # from a Saturday
        ("2019-04-05", "2019-04-07", 0),  # to a Sunday
        ("2020-05-04", "2020-05-08", 3),  # the early May holiday was moved to VE day
        ("2022-05-30", "2022-06-06", 3),  # Platinum Jubilee
        ("2022-09-16", "2022-09-20", 1),  # state funeral
        ("2023-12-22", "2024-01-02", 4),
    ],
)
def test_weekends_and_bank_holidays_do_not_count(first: str, last: str, expected: int) -> None:
    assert between(first, last) == expected


def test_every_day_of_the_years_is_numbered_as_numpy_counts() -> None:
    days = [on for on, _ in read_working_days()]
    assert (days[0], days[-1]) == (dt.date(2012, 1, 1), dt.date(2030, 12, 31))
    assert {second - first for first, second in itertools.pairwise(days)} == {dt.timedelta(days=1)}
    holidays = sorted(read_bank_holidays(OURS))
    counted = np.busday_count(np.datetime64(days[0]), [np.datetime64(on) + 1 for on in days], holidays=holidays)
    assert [number for _, number in read_working_days()] == counted.tolist()


def test_the_bank_holidays_are_weekdays_eight_or_more_a_year_and_easter_is_right() -> None:
    with OURS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    by_year: dict[int, list[str]] = {}
    for row in rows:
        on = dt.date.fromisoformat(row["on_day"])
        assert on.weekday() < 5
        assert row["standing"] == ("published" if on.year <= 2028 else "by the usual rule")
        by_year.setdefault(on.year, []).append(row["title"])
        if row["title"] in ("Good Friday", "Easter Monday"):
            assert on - easter(on.year) == dt.timedelta(days=-2 if row["title"] == "Good Friday" else 1)
    more = {2012: 1, 2022: 2, 2023: 1}  # jubilees, a funeral, a coronation
    assert {year: len(titles) for year, titles in by_year.items()} == {y: 8 + more.get(y, 0) for y in range(2012, 2031)}


def easter(year: int) -> dt.date:
    """Easter Sunday (the anonymous Gregorian algorithm)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return dt.date(year, f // 31, f % 31 + 1)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("on_day,title\n25/12/2024,Christmas\n", "like 2024-12-25"),
        ("day,title\n2024-12-25,Christmas\n", "like 2024-12-25"),
        ("on_day,title\n2024-12-25,Christmas\n2024-12-25,Christmas\n", "stands once"),
        ("on_day,title\n", "at least one"),
        ("on_day,title\n2022-12-26,Boxing Day\n2024-12-25,Christmas\n", "a year between 2022 and 2024"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "bank_holidays.csv"
    path.write_text(text)
    with pytest.raises(CatalogueError, match=complaint):
        read_working_days(path)
