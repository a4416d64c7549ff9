"""Each outcome's worked examples hold, on every engine: what the file draws is what the room makes."""

import datetime as dt

import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import ISO, load_examples, typed
from careloom.core import read_examples
from careloom.engine import Engine
from careloom.outcomes import time_outcomes

CATALOGUE = load_catalogue()
FIRST_DAY, END_DAY = dt.date(2016, 4, 1), dt.date(2021, 4, 1)
READ = ("person", "spell", "class_of", "episode_class", "pathway", "care_episode", "code", "in_view")


def load(engine: Engine, examples: str) -> dict[str, object]:
    """Load what is drawn, and without rows what is not; return the rows expected."""
    tables = load_examples(examples, "spell", year=2021, common=CATALOGUE.tables).tables
    drawn = read_examples(examples, "spell")["time_to_event"].rows
    expected = tables.pop("time_to_event").select(list(drawn[0]))
    for table in READ:
        engine.load(table, tables.get(table, typed(CATALOGUE.tables[table], (), ISO)))
    return {"columns": list(drawn[0]), "rows": sorted(tuple(row.values()) for row in expected.to_pylist())}


@pytest.mark.parametrize("name", sorted(CATALOGUE.outcomes))
def test_the_examples_hold(engine: Engine, name: str) -> None:
    outcome = CATALOGUE.outcomes[name]
    expected = load(engine, outcome.examples)
    ledger = time_outcomes(engine, [outcome], first_day=FIRST_DAY, end_day=END_DAY)
    columns = ", ".join(map(str, expected["columns"]))  # type: ignore[call-overload]
    made = engine.rows(f"SELECT {columns} FROM time_to_event ORDER BY unit_id")
    assert made == expected["rows"]
    assert ledger.balances, ledger.faults()
    assert {step.reads for step in ledger.steps} <= {f"{outcome.after} spells", f"time_to_event_{name}"}


@pytest.mark.parametrize("name", sorted(CATALOGUE.outcomes))
def test_every_example_has_the_event_and_something_else(name: str) -> None:
    rows = read_examples(CATALOGUE.outcomes[name].examples, "spell")["time_to_event"].rows
    assert {row["is_event"] for row in rows} == {"yes", "no"}
