"""The domain's own SQL vocabulary, with one tested spelling per engine.

SQL is written once, in DuckDB's spelling. Some of its functions give other numbers on Spark without complaint
(date_diff in months, date + interval, ordered lists), so our SQL never uses them: it uses these names, and a test
bans the raw spellings. Each is a scalar SQL function of dates and whole numbers; a missing input gives a missing result.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Function:
    """One word of the vocabulary: its name, its parameters with Spark types, its result type, and its two spellings."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    result: str
    meaning: str
    duckdb: str
    spark: str

    def on_duckdb(self) -> str:
        return f"CREATE OR REPLACE MACRO {self.name}({', '.join(name for name, _ in self.parameters)}) AS {self.duckdb}"

    def on_spark(self) -> str:
        typed = ", ".join(f"{name} {kind}" for name, kind in self.parameters)
        return f"CREATE OR REPLACE TEMPORARY FUNCTION {self.name}({typed}) RETURNS {self.result} RETURN {self.spark}"


TWO_DAYS = (("day1", "DATE"), ("day2", "DATE"))
BORN_AND_DAY = (("born", "DATE"), ("on_day", "DATE"))

FUNCTIONS = (
    Function(
        "days_between",
        TWO_DAYS,
        "INT",
        "Days from day1 to day2; for a half-open interval, its nights.",
        "CAST(date_diff('day', day1, day2) AS INTEGER)",
        "datediff(day2, day1)",
    ),
    Function(
        "add_days",
        (("on_day", "DATE"), ("days", "INT")),
        "DATE",
        "The day so many days later.",
        "CAST(on_day + CAST(days AS INTEGER) AS DATE)",
        "date_add(on_day, days)",
    ),
    Function(
        "age_on",
        BORN_AND_DAY,
        "INT",
        "Completed years of age; negative before birth.",
        "CAST(year(on_day) - year(born) - CASE WHEN month(on_day) * 100 + day(on_day) < month(born) * 100 + day(born) "
        "THEN 1 ELSE 0 END AS INTEGER)",
        "CAST(year(on_day) - year(born) - CASE WHEN month(on_day) * 100 + day(on_day) < month(born) * 100 + day(born) "
        "THEN 1 ELSE 0 END AS INT)",
    ),
    Function(
        "birthday",
        (("born", "DATE"), ("years", "INT")),
        "DATE",
        "The birthday of that age; for 29 February, 1 March in other years.",
        "CAST(make_date(CAST(year(born) + years AS BIGINT), CAST(month(born) AS BIGINT), 1) + (CAST(day(born) AS INTEGER) - 1) AS DATE)",
        "date_add(make_date(year(born) + years, month(born), 1), day(born) - 1)",
    ),
    Function(
        "year_ending",
        (("on_day", "DATE"),),
        "INT",
        "The collection year a day falls in: the year whose 31 March comes next, or is that day.",
        "CAST(year(on_day) + CASE WHEN month(on_day) > 3 THEN 1 ELSE 0 END AS INTEGER)",
        "CAST(year(on_day) + CASE WHEN month(on_day) > 3 THEN 1 ELSE 0 END AS INT)",
    ),
    Function(
        "month_of",
        (("on_day", "DATE"),),
        "DATE",
        "The first day of the month.",
        "make_date(CAST(year(on_day) AS BIGINT), CAST(month(on_day) AS BIGINT), 1)",
        "make_date(year(on_day), month(on_day), 1)",
    ),
    Function(
        "nights_in",
        (("starts", "DATE"), ("ends", "DATE"), ("window_starts", "DATE"), ("window_ends", "DATE")),
        "INT",
        "Nights of [starts, ends) that fall in [window_starts, window_ends); an open end reaches the window's end.",
        "CAST(greatest(0, date_diff('day', greatest(starts, window_starts), least(coalesce(ends, window_ends), window_ends))) AS INTEGER)",
        "greatest(0, datediff(least(coalesce(ends, window_ends), window_ends), greatest(starts, window_starts)))",
    ),
)
