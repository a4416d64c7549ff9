"""Each flow's worked examples hold, on every engine: what the file draws is what the room counts."""

import datetime as dt

import pytest

from careloom.catalogue import Flow, load_catalogue
from careloom.catalogue.examples import ISO, load_examples, typed
from careloom.core import read_examples
from careloom.engine import DuckDBEngine, Engine
from careloom.pathways import follow_flows

CATALOGUE = load_catalogue()
FIRST_DAY, END_DAY = dt.date(2018, 4, 1), dt.date(2021, 4, 1)


@pytest.mark.parametrize("flow", CATALOGUE.flows, ids=lambda f: f.name)
def test_the_examples_hold(engine: Engine, flow: Flow) -> None:
    drawn = list(read_examples(flow.examples, "spell")["flow"].rows[0])
    return_ = CATALOGUE.returns["cin_census"]
    tables = load_examples(flow.examples, "spell", year=2021, common=CATALOGUE.tables, return_=return_).tables
    expected = tables.pop("flow").select(drawn)
    for name in ("person", "person_of", "spell_row", "spell", "factor", "class_of", "assessment_seen"):
        engine.load(name, tables.pop(name, typed(CATALOGUE.tables[name], [], ISO)))
    for name, rows in tables.items():
        engine.load(name, rows)
    ledger = follow_flows(engine, [flow], first_day=FIRST_DAY, end_day=END_DAY)
    made = engine.rows(f"SELECT {', '.join(drawn)} FROM flow ORDER BY coalesce(la, ''), coalesce(year, 0), position")
    assert made == [tuple(row.values()) for row in expected.to_pylist()]
    assert ledger.balances, ledger.faults()
    (step,) = ledger.steps
    assert len(step.set_aside) == len(flow.drops), "an example for every rule"


def test_a_flow_whose_return_did_not_come_has_no_rows(duck: DuckDBEngine) -> None:
    ledger = follow_flows(duck, CATALOGUE.flows, first_day=FIRST_DAY, end_day=END_DAY)
    assert (ledger.steps, duck.rows("SELECT count(*) AS n FROM flow")) == ([], [(0,)])
