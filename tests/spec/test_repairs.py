"""Repairs and spells of care: each declaration does what its worked example shows, on every engine."""

import pytest

from careloom.catalogue import Declaration, Repair, load_catalogue
from careloom.catalogue.examples import ISO, load_examples, typed, write_cell
from careloom.core import Ledger, read_examples
from careloom.engine import Engine
from careloom.pathways.lives import make_spells_of_care
from careloom.pathways.repairs import KEYS, mend_all, names_as_mended

CATALOGUE = load_catalogue()
COMMON = CATALOGUE.tables
NAMES = [repair.name for repair in CATALOGUE.repairs]


def lay(engine: Engine, examples: str) -> None:
    """Lay the rows of an example out as the room has them before any repair."""
    drawn = load_examples(examples.partition("\nexpected\n")[0], "", year=2019, common=COMMON).tables
    nothing = {name: typed(COMMON[name], [], ISO) for name in ("spell", "care_episode", "event")}
    tables = nothing | drawn
    engine.load("care_mended", tables["care_episode"])
    engine.load("spell_mended", tables["spell"])
    engine.load("spell_told", nothing["spell"])
    engine.load("event", tables["event"])


def compare(engine: Engine, found: str, examples: str) -> None:
    expected = read_examples(examples.partition("\nexpected\n")[2], "expected")["expected"].rows
    columns = list(expected[0])
    rows = engine.rows(f"SELECT {', '.join(columns)} FROM ({found}) AS found")
    assert sorted(str([write_cell(cell) for cell in row]) for row in rows) == sorted(
        str(list(row.values())) for row in expected
    )


def as_mended(engine: Engine, repair: Repair) -> str:
    name = "care_episode" if repair.of == ("care_episode",) else "spell"
    scope = names_as_mended(engine)
    return scope[name]


@pytest.mark.parametrize("repair", CATALOGUE.repairs, ids=lambda repair: repair.name)
def test_a_repair_does_what_its_example_shows(engine: Engine, repair: Repair) -> None:
    lay(engine, repair.examples)
    ledger = mend_all(engine, [repair])
    compare(engine, as_mended(engine, repair), repair.examples)
    assert ledger.faults() == []
    (step,) = ledger.steps
    told = engine.rows(
        "SELECT sum(rows_in) AS n, sum(rows_changed) AS c, sum(rows_merged) AS m FROM repair WHERE is_on"
    )
    assert told == [(step.rows_in, sum(n for _, n in step.changed), step.rows_set_aside)]
    assert step.changed, "an example shows a row that is mended"


@pytest.mark.parametrize("repair", CATALOGUE.repairs, ids=lambda repair: repair.name)
def test_a_repair_switched_off_changes_nothing_and_is_still_counted(engine: Engine, repair: Repair) -> None:
    lay(engine, repair.examples)
    table = "care_mended" if repair.of == ("care_episode",) else "spell_mended"
    before = sorted(map(str, engine.rows(f"SELECT * FROM {table}")))
    ledger = mend_all(engine, [repair], off=[repair.name])
    assert sorted(map(str, engine.rows(f"SELECT * FROM {table}"))) == before
    assert [(step.rows_set_aside, step.changed) for step in ledger.steps] == [(0, ())]
    assert engine.rows("SELECT sum(rows_changed) > 0 AS found, bool_or(is_on) AS is_on FROM repair") == [(True, False)]


@pytest.mark.parametrize("spell", CATALOGUE.spells, ids=lambda spell: spell.name)
def test_a_spell_of_care_is_what_its_example_shows(engine: Engine, spell: Declaration) -> None:
    lay(engine, spell.examples)
    needed = [s for s in CATALOGUE.spells if s.makes == "step" or s == spell]
    selects = make_spells_of_care(engine, needed, NAMES, Ledger())
    compare(engine, selects[0] if selects else f"SELECT * FROM {spell.name}_made", spell.examples)


def test_repairs_have_their_places_and_name_what_they_mend() -> None:
    assert [repair.position for repair in CATALOGUE.repairs] == list(range(1, len(CATALOGUE.repairs) + 1))
    kinds = {d.name for r in CATALOGUE.returns.values() for d in r.declarations if d.makes == "spell"}
    assert {kind for repair in CATALOGUE.repairs for kind in repair.of} <= kinds | {"care_episode"}
    assert set(KEYS) == {"care_mended", "spell_mended"}
