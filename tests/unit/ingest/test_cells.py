"""One cell: what is read, what is not, and what is said about it."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.ingest.cells import (
    date_reader,
    read_age,
    read_identifier,
    read_money,
    read_number,
    read_whole,
    read_year,
)

DAY = dt.date(2020, 5, 31)
ENGLISH, ISO = ("%d/%m/%Y", "%Y-%m-%d"), ("%Y-%m-%d",)


@pytest.mark.parametrize("text", ["31/05/2020", "2020-05-31"])
def test_a_date_as_declared_needs_no_word(text: str) -> None:
    assert date_reader(ENGLISH)(text) == (DAY, "")


@pytest.mark.parametrize(
    "text",
    [
        *("31-05-2020", "31.05.2020", "2020/05/31", "20200531", "31 May 2020", "31-May-2020", "31-May-20", "31/05/20"),
        *("2020-05-31 00:00:00", "2020-05-31T00:00:00", "31/05/2020 09:30", "2020-05-31T09:30:00Z", "43982", "43982.0"),
    ],
)
def test_a_date_written_otherwise_is_read_and_noted(text: str) -> None:
    day, reason = date_reader(ENGLISH)(text)
    assert day == DAY
    assert reason


def test_english_dates_are_noted_in_a_return_that_writes_iso() -> None:
    day, reason = date_reader(ISO)("31/05/2020")
    assert day == DAY
    assert "2021-03-31" in reason


def test_a_year_of_two_digits_is_not_far_ahead() -> None:
    assert date_reader(ENGLISH)("01/02/68")[0] == dt.date(1968, 2, 1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("zz/05/2020", "a part is unknown"),
        ("zz/zz/2020", "a part is unknown"),
        ("31/zz/2020", "a part is unknown"),
        ("31/02/2020", "does not exist"),
        ("30/02/2021", "does not exist"),
        ("05/31/2020", "month and day exchanged"),
        ("31/12/1899", "before 1900"),
        ("not known", "not a date"),
        ("2020", "not a date"),
        ("1", "not a date"),
        ("99999", "not a date"),
    ],
)
def test_what_is_no_date_says_why(text: str, why: str) -> None:
    value, reason = date_reader(ENGLISH)(text)
    assert value is None
    assert why in reason


@given(st.dates(dt.date(1954, 10, 4), dt.date(2089, 7, 1)))
def test_excels_number_of_a_day_is_that_day(day: dt.date) -> None:
    assert date_reader(ENGLISH)(str((day - dt.date(1899, 12, 30)).days))[0] == day


@given(st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)), st.sampled_from(ENGLISH))
def test_every_day_written_as_declared_is_itself(day: dt.date, form: str) -> None:
    text = day.strftime(form)
    assert date_reader(ENGLISH)(text) == (day, "")


@given(st.text())
def test_no_text_breaks_a_reader(text: str) -> None:
    for read in (date_reader(ENGLISH), read_whole, read_number, read_age, read_money, read_identifier, read_year):
        value, reason = read(text.strip() or "x")
        assert value is not None or reason


@pytest.mark.parametrize(
    ("text", "years"),
    [
        *(("8", 8), ("-1", -1), ("8.5yrs", 8.5), ("8.5 yrs", 8.5), ("8 years", 8), ("8 years old", 8), ("8yo", None)),
        *(("18m", 1.5), ("18 months", 1.5), ("<1", 0), ("unborn", -1), ("2 years 3 months", 2.25), ("2y 3m", 2.25)),
        *(("eight", None), ("8-9", None), ("", None)),
    ],
)
def test_an_age_in_words_is_years(text: str, years: float | None) -> None:
    assert read_age(text)[0] == years


@pytest.mark.parametrize(
    ("text", "pounds"),
    [
        *(("1180.5", 1180.5), ("£1,180.50", 1180.5), ("1,180 GBP", 1180), ("£ 45", 45), ("-45", -45), ("(45.00)", -45)),
        *(("45.00-", -45), ("1.2k", 1200), ("-£45", -45), ("£1.180,50", None), ("about 250", None), ("1,18", None)),
        *(("250 pw", None), ("-(45)", None), ("£1,1805", None), ("12 50", None), ("1,234,567", 1234567)),
    ],
)
def test_money_in_words_is_pounds(text: str, pounds: float | None) -> None:
    assert read_money(text)[0] == pounds


@pytest.mark.parametrize(
    ("text", "value"), [("7", 7), ("7.0", 7), ("1,180", 1180), ("7.5", None), ("seven", None), ("nan", None)]
)
def test_whole_numbers(text: str, value: int | None) -> None:
    assert read_whole(text)[0] == value


@pytest.mark.parametrize(
    ("text", "value"), [("7.5", 7.5), ("1,180.5", 1180.5), ("inf", None), ("nan", None), ("x", None)]
)
def test_numbers(text: str, value: float | None) -> None:
    assert read_number(text)[0] == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("0000123", "0000123"), ("123.0", "123"), ("123.5", "123.5"), ("1.23457E+12", None), ("A12.0", "A12.0")],
)
def test_an_identifier_stays_text(text: str, value: str | None) -> None:
    assert read_identifier(text)[0] == value


@pytest.mark.parametrize(
    ("text", "year"),
    [
        *(("2021", 2021), ("2020/21", 2021), ("2020-21", 2021), ("2020-2021", 2021), ("2020 / 2021", 2021)),
        *(("2021.0", 2021), ("21", None), ("1921", None), ("20/21", None), ("year", None)),
    ],
)
def test_collection_years(text: str, year: int | None) -> None:
    assert read_year(text)[0] == year
