"""Each outcome's worked examples hold, on every engine: what the file draws is what the room makes."""

import pytest

from careloom.catalogue import load_catalogue
from careloom.core import read_examples
from careloom.engine import Engine
from careloom.study.try_examples import outcome_faults

CATALOGUE = load_catalogue()


@pytest.mark.parametrize("name", sorted(CATALOGUE.outcomes))
def test_the_examples_hold(engine: Engine, name: str) -> None:
    assert list(outcome_faults(engine, CATALOGUE, CATALOGUE.outcomes[name])) == []
    reads = {name for (name,) in engine.rows("SELECT DISTINCT outcome FROM time_to_event")}
    assert reads == {name}


@pytest.mark.parametrize("name", sorted(CATALOGUE.outcomes))
def test_every_example_has_the_event_and_something_else(name: str) -> None:
    rows = read_examples(CATALOGUE.outcomes[name].examples, "spell")["time_to_event"].rows
    assert {row["is_event"] for row in rows} == {"yes", "no"}
