"""Every word of the SQL vocabulary means the same on each engine, and what plain Python says it means."""

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

from careloom.engine import Engine, value
from careloom.engine.functions import FUNCTIONS

DAYS = [
    dt.date(2004, 2, 29),
    dt.date(2020, 2, 28),
    dt.date(2020, 2, 29),
    dt.date(2021, 3, 1),
    dt.date(2020, 3, 31),
    dt.date(2020, 4, 1),
    dt.date(2019, 12, 31),
]


def birthday(born: dt.date, years: int) -> dt.date:
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return dt.date(born.year + years, 3, 1)


def age(born: dt.date, day: dt.date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def nights(starts: dt.date, ends: dt.date | None, window: tuple[dt.date, dt.date]) -> int:
    day, count = starts, 0
    while day < (ends or window[1]):
        count += window[0] <= day < window[1]
        day += dt.timedelta(days=1)
    return count


def sql(day: dt.date | int | None) -> str:
    return "CAST(NULL AS DATE)" if day is None else str(day) if isinstance(day, int) else f"DATE '{day}'"


WINDOW = (dt.date(2020, 3, 1), dt.date(2020, 4, 1))
CASES: list[tuple[str, tuple[Any, ...], Any]] = [
    *(("days_between", (a, b), (b - a).days) for a in DAYS for b in DAYS),
    *(("add_days", (a, n), a + dt.timedelta(days=n)) for a in DAYS for n in (-1, 0, 1, 366)),
    *(("age_on", (a, b), age(a, b)) for a in DAYS for b in DAYS),
    *(("birthday", (a, n), birthday(a, n)) for a in DAYS for n in (0, 1, 16, 18)),
    *(("year_ending", (a,), a.year + (a.month > 3)) for a in DAYS),
    *(("month_of", (a,), a.replace(day=1)) for a in DAYS),
    *(("nights_in", (a, b, *WINDOW), nights(a, b, WINDOW)) for a in DAYS for b in [*DAYS, None] if b is None or a <= b),
    *(
        (f.name, (None,) * len(f.parameters), None)
        for f in FUNCTIONS
        if f.name not in ("nights_in", "birthday", "add_days")
    ),
]


def test_each_word_is_tested() -> None:
    assert {name for name, _, _ in CASES} == {function.name for function in FUNCTIONS}


def test_the_vocabulary(engine: Engine) -> None:
    asked = ", ".join(f"{name}({', '.join(map(sql, given))}) AS answer_{i}" for i, (name, given, _) in enumerate(CASES))
    [answers] = engine.rows(f"SELECT {asked}")
    wrong = [
        (name, given, answer, expected)
        for (name, given, expected), answer in zip(CASES, answers, strict=True)
        if answer != expected
    ]
    assert not wrong


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "INSTALL httpfs",
        "ATTACH '/tmp/x.duckdb'",
        "SET enable_external_access = true",
    ],
)
def test_the_embedded_engine_is_shut_off_from_files_network_and_extensions(statement: str, duck: Any) -> None:
    with pytest.raises(Exception, match=r"disabled|locked|not allowed|Permission"):
        duck.rows(statement)


def test_a_table_loaded_in_pieces_is_whole(engine: Engine) -> None:
    pieces = [pa.table({"a": pa.array(piece, pa.int64())}) for piece in ([], [1, 2], [], [3])]
    engine.load("pieces", pa.concat_tables(pieces))
    assert engine.rows("SELECT a FROM pieces ORDER BY a") == [(1,), (2,), (3,)]


def test_a_table_made_can_be_asked(engine: Engine) -> None:
    assert engine.make("pair", "SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2 AS a, NULL AS b") == 2
    assert engine.columns("pair") == ["a", "b"]
    assert engine.columns("no_such_table") == []
    assert value(engine, "SELECT sum(a) AS total FROM pair") == 3
    assert engine.arrow("SELECT a FROM pair ORDER BY a")["a"].to_pylist() == [1, 2]
