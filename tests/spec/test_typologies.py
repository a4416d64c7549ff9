"""Each saved typology of the catalogue scores the records drawn in it as it says, with the indicators of today."""

import datetime as dt

import numpy as np
import pytest

from careloom.catalogue import SavedTypology, load_catalogue, set_of
from careloom.catalogue.examples import ISO, typed
from careloom.core import read_examples
from careloom.engine import Engine
from careloom.stats.latent_class import posterior
from careloom.typology import Search, find_classes
from careloom.typology.scoring import parameters_of

CATALOGUE = load_catalogue()
DAY = "2022-10-01"


@pytest.mark.parametrize("saved", CATALOGUE.typologies.values(), ids=lambda t: t.name)
def test_the_examples_hold(saved: SavedTypology) -> None:
    drawn = read_examples(saved.examples, "record")["record"].rows
    assert len(drawn) >= 2
    for row in drawn:
        recorded = (row["recorded"] or "").split()
        assert set(recorded) <= set(saved.items)
        codes = np.array([[int(item in recorded) for item in saved.items]])
        own = posterior(parameters_of(saved), codes)[0]
        assert own.argmax() + 1 == int(row["class_no"] or 0)
        assert own.max() == pytest.approx(float(row["probability"] or 0), abs=5e-5)  # four decimals


@pytest.mark.parametrize("saved", CATALOGUE.typologies.values(), ids=lambda t: t.name)
def test_assessments_are_put_into_the_classes_drawn(engine: Engine, saved: SavedTypology) -> None:
    """The records drawn, as assessments and their factors; every item could be recorded in their year."""
    drawn = dict(enumerate(read_examples(saved.examples, "record")["record"].rows))
    indicators = set_of(saved, CATALOGUE.indicator_sets)
    code = {item.name: item.codes[0] for item in indicators.indicators}
    factors = [(f"a{n}", code[item]) for n, row in drawn.items() for item in (row["recorded"] or "").split()]
    spells = [
        {"spell_id": f"a{n}", "person_id": f"p{n}", "la": "A", "kind": "assessment", "ends_on": DAY} for n in drawn
    ]
    years = [{**spell, "collection_year": "2023"} for spell in spells]
    engine.load("spell", typed(CATALOGUE.tables["spell"], years, ISO))
    engine.load("person", typed(CATALOGUE.tables["person"], (), ISO))
    named = [{"assessment_id": who, "person_id": f"p{who[1:]}", "code": each} for who, each in factors]
    engine.load("factor", typed(CATALOGUE.tables["factor"], named, ISO))
    first_day, end_day = dt.date(2022, 4, 1), dt.date(2023, 4, 1)
    ledger = find_classes(engine, indicators, first_day=first_day, end_day=end_day, search=Search(2, 1, 1), saved=saved)
    assert ledger.balances, ledger.faults()
    found = dict(engine.rows("SELECT assessment_id, class_no FROM class_of"))
    assert found == {f"a{n}": int(row["class_no"] or 0) for n, row in drawn.items()}


@pytest.mark.parametrize("saved", CATALOGUE.typologies.values(), ids=lambda t: t.name)
def test_it_reads_an_indicator_set_of_today(saved: SavedTypology) -> None:
    assert set_of(saved, CATALOGUE.indicator_sets).name == saved.indicators


def test_there_is_one_to_try() -> None:
    assert "made_up_england" in CATALOGUE.typologies
