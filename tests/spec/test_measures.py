"""Each measure's worked examples hold, on every engine: what the file draws is what the room takes."""

import datetime as dt
import re

import pyarrow as pa
import pytest

from careloom.catalogue import Measure, load_catalogue
from careloom.catalogue.examples import ISO, load_examples, typed
from careloom.core import read_examples
from careloom.engine import DuckDBEngine, Engine
from careloom.pathways import take_measures
from careloom.pathways.measures import whole_years

CATALOGUE = load_catalogue()
MEASURES = 29
FIRST_DAY, END_DAY = dt.date(2016, 4, 1), dt.date(2021, 4, 1)


@pytest.mark.parametrize("measure", CATALOGUE.measures, ids=lambda m: m.name)
def test_the_examples_hold(engine: Engine, measure: Measure) -> None:
    drawn = list(read_examples(measure.examples, "spell")["measure"].rows[0])
    tables = load_examples(measure.examples, "spell", year=2021, common=CATALOGUE.tables).tables
    expected = tables.pop("measure").select(drawn)
    for table in ("spell", "event", "person"):
        engine.load(table, typed(CATALOGUE.tables[table], [], ISO))
    for table, rows in tables.items():
        engine.load(table, rows)
    ledger = take_measures(engine, [measure], first_day=FIRST_DAY, end_day=END_DAY)
    made = engine.rows(f"SELECT {', '.join(drawn)} FROM measure ORDER BY la, year")
    assert made == [tuple(row.values()) for row in expected.to_pylist()]
    assert ledger.balances, ledger.faults()


@pytest.mark.parametrize("measure", CATALOGUE.measures, ids=lambda m: m.name)
def test_the_examples_reach_both_sides_of_a_boundary(measure: Measure) -> None:
    days = {cell for t in read_examples(measure.examples, "spell").values() for row in t.rows for cell in row.values()}
    ends = {day[5:] for day in days if day and day[4:5] == "-"}
    if not measure.name.startswith("assessments"):  # those spells end on the day after the one that counts
        assert {"03-31", "04-01"} <= ends
    else:
        assert {"04-01", "04-02"} <= ends


def test_a_year_whose_returns_say_nothing_is_nought_and_one_not_returned_is_missing(duck: DuckDBEngine) -> None:
    for table in ("spell", "event", "person"):
        duck.load(table, typed(CATALOGUE.tables[table], [], ISO))
    returned = sorted({name for m in CATALOGUE.measures for name in m.needs})
    rows = [
        {
            "return_name": name.split()[0],
            "table_name": name.split()[1],
            "la": "A",
            "collection_year": y,
            "state": "read",
        }
        for name in returned
        for y in (2017, 2018, 2019)
    ]
    duck.load("delivery", pa.Table.from_pylist(rows))
    ledger = take_measures(duck, CATALOGUE.measures, first_day=FIRST_DAY, end_day=END_DAY)
    made = duck.rows(
        "SELECT measure, year, numerator, coalesce(denominator, 0) AS n FROM measure ORDER BY position, year"
    )
    expected = [(m.name, year, 0, 0) for m in CATALOGUE.measures for year in range(2017 + m.earlier_years, 2020)]
    assert made == expected
    (step,) = ledger.steps
    assert (step.rows_in, step.rows_set_aside) == (MEASURES * 5, MEASURES * 5 - len(expected))


def test_measures_are_named_apart_from_outcomes_and_each_has_its_place() -> None:
    names, places = {m.name for m in CATALOGUE.measures}, [m.position for m in CATALOGUE.measures]
    assert len(names) == MEASURES
    assert not names & set(CATALOGUE.outcomes)
    assert places == list(range(1, len(places) + 1))


def test_every_repair_that_a_measure_names_is_declared() -> None:
    """A measure tells an end that was supplied from one that was returned by the name of the repair."""
    declared = {repair.name for repair in CATALOGUE.repairs}
    named = {name for m in CATALOGUE.measures for name in re.findall(r"LIKE '%(\w+)%'", m.select)}
    tables = [table for m in CATALOGUE.measures for table in read_examples(m.examples, "spell").values()]
    drawn = {name for table in tables for row in table.rows for name in (row.get("repairs") or "").split()}
    assert named == {"care_not_returned_again", "missing_closure", "missing_plan_end", "not_returned_again"}
    assert named | drawn <= declared


def test_a_year_of_which_a_day_is_missing_is_not_measured() -> None:
    day = dt.timedelta(days=1)
    assert list(whole_years(FIRST_DAY, END_DAY)) == [2017, 2018, 2019, 2020, 2021]
    assert list(whole_years(FIRST_DAY + day, END_DAY - day)) == [2018, 2019, 2020]
    assert list(whole_years(dt.date(2020, 4, 2), dt.date(2021, 4, 1))) == []
