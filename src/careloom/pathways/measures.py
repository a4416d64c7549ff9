"""Official indicators: each measure of the catalogue, by authority and collection year."""

import datetime as dt
from collections.abc import Iterable, Sequence

import pyarrow as pa

from careloom.catalogue import Measure
from careloom.catalogue.working_days import read_working_days
from careloom.core import Ledger
from careloom.engine import Engine, count, text, with_names

Read = dict[tuple[str, int], set[str]]
"""The tables of returns that were read, for each authority and collection year."""

NOT_READ = "a return that the measure needs was not read, for that year or one before it"
KINDS = {
    "measure": pa.string(),
    "la": pa.string(),
    "year": pa.int32(),
    "first_day": pa.date32(),
    "end_day": pa.date32(),
}


def take_measures(engine: Engine, measures: Sequence[Measure], *, first_day: dt.date, end_day: dt.date) -> Ledger:
    """Make `measure`: a row for each measure, authority and collection year that lies wholly in [first_day, end_day).

    Reads `delivery` and the common tables that the measures ask for, and makes `working_day` (on_day, number) for those
    that count working days. Where the returns that a measure needs were not read, there is no row: missing is not
    nought. `value` is the count, or the share (0 to 1; blank when it is of none).
    """
    read, years = tables_read(engine), list(whole_years(first_day, end_day))
    authorities = sorted({la for la, _ in read})
    asked = [(measure, la, year) for measure in measures for la in authorities for year in years]
    told = [row for row in asked if can_tell(read, *row)]
    engine.load("year_of_measure", year_table(told))
    engine.load("working_day", working_day_table())
    engine.make("measure", " UNION ALL ".join(map(measure_select, measures)))
    ledger = Ledger()
    aside = {NOT_READ: len(asked) - len(told)}
    made = count(engine, "measure")
    ledger.note("take the measures", "authorities and years, by measure", "measure", len(asked), made, aside)
    return ledger


def tables_read(engine: Engine) -> Read:
    read: Read = {}
    found = "SELECT DISTINCT la, collection_year, return_name, table_name FROM delivery WHERE state = 'read' AND collection_year IS NOT NULL"
    for la, year, return_name, table in engine.rows(found):
        read.setdefault((la, year), set()).add(f"{return_name} {table}")
    return read


def whole_years(first_day: dt.date, end_day: dt.date) -> Iterable[int]:
    """Yield the collection years N (1 April N-1 to 31 March N) of which every day lies in [first_day, end_day)."""
    years = range(first_day.year, end_day.year + 1)
    return (year for year in years if first_day <= dt.date(year - 1, 4, 1) and dt.date(year, 4, 1) <= end_day)


def can_tell(read: Read, measure: Measure, la: str, year: int) -> bool:
    """Say whether all that the measure needs was read, for the year and the years before it that it looks back to.

    A file that is a whole return (`cin_census all`) brings every table of it.
    """
    back = range(year - measure.earlier_years, year + 1)
    return all(
        need in was_read or f"{need.partition(' ')[0]} all" in was_read
        for was_read in (read.get((la, each), set()) for each in back)
        for need in measure.needs
    )


def year_table(told: Sequence[tuple[Measure, str, int]]) -> pa.Table:
    rows = [(m.name, la, year, dt.date(year - 1, 4, 1), dt.date(year, 4, 1)) for m, la, year in told]
    return pa.table({name: pa.array([row[i] for row in rows], kind) for i, (name, kind) in enumerate(KINDS.items())})


def working_day_table() -> pa.Table:
    days, numbers = zip(*read_working_days(), strict=True)
    return pa.table({"on_day": pa.array(days, pa.date32()), "number": pa.array(numbers, pa.int64())})


def measure_select(measure: Measure) -> str:
    """SQL for the rows of one measure; the catalogue's SELECT sees its own years only."""
    own = f"SELECT la, year, first_day, end_day FROM year_of_measure WHERE measure = {text(measure.name)}"
    return f"""
        SELECT {text(measure.name)} AS measure, {text(measure.title)} AS title, {text(measure.unit)} AS unit,
               CAST({measure.position} AS BIGINT) AS position, la, CAST(year AS BIGINT) AS year,
               CAST(numerator AS BIGINT) AS numerator, CAST(denominator AS BIGINT) AS denominator,
               CASE WHEN denominator IS NULL THEN CAST(numerator AS DOUBLE)
                    ELSE CAST(numerator AS DOUBLE) / NULLIF(CAST(denominator AS DOUBLE), 0) END AS value
        FROM ({with_names({"measure_year": own}, measure.select)}) AS taken"""
