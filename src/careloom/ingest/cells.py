"""One cell of text becomes a day, a number, an age, a sum of money or an identifier, or says why it cannot.

Each reader takes trimmed text that is not blank and returns the value, None when there is none, and a reason: blank when
the text is as declared; else why it could not be used, or how it was read though it was written otherwise.
"""

import datetime as dt
import re
from collections.abc import Callable
from functools import lru_cache

Read = tuple[object, str]
Reader = Callable[[str], Read]

EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2100, 12, 31)
LARGEST = 2**53
"""Beyond it a whole number is no count of anything, and a float no longer tells it from the next."""
ALSO_DATES = (
    *("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d"),
    *("%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d/%b/%Y", "%d-%b-%y", "%d/%m/%y"),
)
TIME = re.compile(r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$")
SERIAL = re.compile(r"[2-6]\d{4}(\.\d+)?")
EXCEL_DAY_0 = dt.date(1899, 12, 30)
"""Day 0 of Excel's serial dates, less the 29 February 1900 that Excel believes in: right from March 1900 on."""

UNKNOWN_PART = re.compile(r"[zx?]{1,4}[/-]|[/-][zx?]{1,4}([/-]|$)", re.IGNORECASE)
MONTH_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}")
AGE = re.compile(
    r"(\d+(?:\.\d+)?)\s*(y|yr|yrs|year|years|m|mo|mth|mths|month|months|w|wk|wks|week|weeks)?(?:\s*old)?\.?"
)
YEARS_AND_MONTHS = re.compile(r"(\d+)\s*(?:y|yrs?|years?)\s*(?:and)?\s*(\d+)\s*(?:m|mo|mths?|months?)(?:\s*old)?")
OLDEST = 130
A_YEAR = {"y": 1.0, "m": 12.0, "w": 52.18}
THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
WHOLE = re.compile(r"[+-]?[0-9]+")
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
MONEY = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
NOT_MONEY = re.compile(r"(gbp|pounds?|£|,(?=\d{3}(?!\d))|\s)", re.IGNORECASE)
YEAR = re.compile(r"(?:20(\d{2})\s*[/-]\s*)?(?:20)?(\d{2})(?:\.0+)?")
FLOAT_ID = re.compile(r"(\d+)\.0+")
NO_ID = re.compile(
    r"(grand |sub)?totals?:?|n/?a|none|nil|unknown|-+|=+|_+|page \d+.*|report (run|date|generated).*|end of report",
    re.IGNORECASE,
)
GUARDED_ID = re.compile(r'="?([^"=]+)"?')
SHORTENED_ID = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)


MOST_DAYS = 100_000
"""Texts of dates kept in mind for each way of writing them: a birthday stands in the files of many years."""


@lru_cache(maxsize=64)
def date_reader(formats: tuple[str, ...]) -> Reader:
    """Return how to read a date; `formats` are those the return is written in, in the order to try them."""
    expected = dt.date(2021, 3, 31).strftime(formats[0])
    others = tuple(form for form in ALSO_DATES if form not in formats)

    @lru_cache(maxsize=MOST_DAYS)
    def read(text: str) -> Read:
        if day := first_day(text, formats):
            return in_time(day, "")
        if day := first_day(TIME.sub("", text), (*formats, *others)):
            return in_time(day, f"a date not written like {expected}, read as the day it says")
        if SERIAL.fullmatch(text):
            serial = int(text.partition(".")[0])
            return EXCEL_DAY_0 + dt.timedelta(days=serial), "a date written as Excel's number of days, read as the day"
        return None, why_no_date(text, expected)

    return read


def first_day(text: str, formats: tuple[str, ...]) -> dt.date | None:
    for form in formats:
        if form == "%Y%m%d" and len(text) != len("20210331"):
            continue  # or 202312 would be a day in January
        try:
            day = dt.datetime.strptime(text, form).date()
        except ValueError:
            continue
        return in_this_age(day) if "%y" in form else day
    return None


def in_this_age(day: dt.date) -> dt.date:
    """Return a day whose century was not written as the one that lies not more than a year ahead."""
    return day.replace(year=day.year - 100) if day.year > dt.date.today().year + 1 else day


def in_time(day: dt.date, reason: str) -> Read:
    if day < EARLIEST:
        return None, "a date before 1900"
    return (day, reason) if day <= LATEST else (None, "a date after 2100")


def why_no_date(text: str, expected: str) -> str:
    if UNKNOWN_PART.search(text):
        return "a date of which a part is unknown (zz)"
    if found := MONTH_FIRST.fullmatch(text):
        is_turned = int(found[1]) <= 12 < int(found[2])
        return "a date with month and day exchanged, it seems" if is_turned else "a day that does not exist"
    return f"not a date written like {expected}"


def read_whole(text: str) -> Read:
    value, _ = read_number(text)
    if not isinstance(value, float) or not value.is_integer():
        return None, "not a whole number"
    return int(value), "" if WHOLE.fullmatch(text) else "a whole number written otherwise, read as the number"


def read_number(text: str) -> Read:
    plain = text.replace(",", "") if THOUSANDS.fullmatch(text) else text
    if not NUMBER.fullmatch(plain) or abs(value := float(plain)) > LARGEST:
        return None, "not a number"
    return value, "a number with commas, read as the number" if "," in text else ""


def read_age(text: str) -> Read:
    """Read an age in years: `8`, `-1` for an unborn child, `18m`, `8.5 yrs`, `2 years 3 months`, `<1`."""
    if NUMBER.fullmatch(text):
        return (float(text), "") if abs(float(text)) < OLDEST else (None, "not an age")
    spoken = text.lower().strip()
    read_so = "an age in words, read as years"
    if spoken in ("unborn", "unborn child"):
        return -1.0, read_so
    if spoken in ("<1", "< 1", "under 1", "less than 1"):
        return 0.0, read_so
    if found := YEARS_AND_MONTHS.fullmatch(spoken):
        return int(found[1]) + int(found[2]) / 12, read_so
    if (found := AGE.fullmatch(spoken)) and found[2] and float(found[1]) < OLDEST:
        return float(found[1]) / A_YEAR[found[2][0]], read_so
    return None, "not an age"


def read_money(text: str) -> Read:
    """Read pounds: `1180.5`, `£1,180.50`, `1,180 GBP`, `(45.00)` and `45.00-` and `-45` as negative, `1.2k`."""
    plain = NOT_MONEY.sub("", text)
    if re.search(r"\d\s+\d", text):
        return None, "not a sum of money"
    if (plain.startswith("(") and plain.endswith(")")) or plain.endswith("-"):
        plain = "-" + plain.strip("()-")
    times = 1000 if plain[-1:] in ("k", "K") else 1
    plain = plain[:-1] if times > 1 else plain
    if not MONEY.fullmatch(plain) or abs(pounds := float(plain) * times) > LARGEST:
        return None, "not a sum of money"
    return pounds, "" if plain == text else "a sum of money in words, read as pounds"


def read_identifier(text: str) -> Read:
    """Read an identifier as text: a spreadsheet's `.0` and `="..."` are taken off; shortened to powers of ten it is lost."""
    if SHORTENED_ID.fullmatch(text):
        return None, "an identifier that a spreadsheet shortened to powers of ten"
    if found := FLOAT_ID.fullmatch(text):
        return found[1], "an identifier that a spreadsheet made a decimal, read as the number before the point"
    if found := GUARDED_ID.fullmatch(text):
        return found[1], "an identifier guarded as a formula, read as what it holds"
    return text, ""


def read_key(text: str) -> Read:
    """Read an identifier that a row is known by: words that stand below a list are none."""
    if NO_ID.fullmatch(text):
        return None, "words where an identifier should be: a total, a footer or a blank"
    return read_identifier(text)


def read_year(text: str) -> Read:
    """Read a collection year, `2021`, `2020/21` or `2020-2021`: the year in which it ends."""
    found = YEAR.fullmatch(text)
    if not found or text[:2] != "20" or len(text) < 4:
        return None, "not a collection year"
    is_next = found[1] is None or int(found[2]) == int(found[1]) + 1
    return (2000 + int(found[2]), "") if is_next else (None, "not a collection year")
