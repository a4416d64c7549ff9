"""Each outcome's worked examples hold, on every engine: what the file draws is what the room makes."""

import datetime as dt

import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import load_examples
from careloom.core import read_examples
from careloom.engine import Engine
from careloom.outcomes import time_outcomes

CATALOGUE = load_catalogue()
FIRST_DAY, END_DAY = dt.date(2016, 4, 1), dt.date(2021, 4, 1)


@pytest.mark.parametrize("name", sorted(CATALOGUE.outcomes))
def test_the_examples_hold(engine: Engine, name: str) -> None:
    outcome = CATALOGUE.outcomes[name]
    drawn = read_examples(outcome.examples, "spell")["time_to_event"].rows
    tables = load_examples(outcome.examples, "spell", year=2021, common=CATALOGUE.tables).tables
    expected = tables.pop("time_to_event").select(list(drawn[0]))
    for table, rows in tables.items():
        engine.load(table, rows)
    ledger = time_outcomes(engine, [outcome], first_day=FIRST_DAY, end_day=END_DAY)
    made = engine.rows(f"SELECT {', '.join(drawn[0])} FROM time_to_event ORDER BY unit_id")
    assert made == sorted(tuple(row.values()) for row in expected.to_pylist())
    assert ledger.balances, ledger.faults()
    assert {step.reads for step in ledger.steps} == {f"{outcome.after} spells", f"time_to_event_{name}"}
