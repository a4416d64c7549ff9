"""Each profile's worked examples hold, on every engine: what the file draws is what the room describes."""

import datetime as dt

import pytest

from careloom.catalogue import Profile, load_catalogue
from careloom.catalogue.examples import ISO, load_examples, typed
from careloom.engine import Engine
from careloom.pathways import describe

CATALOGUE = load_catalogue()
READ = (
    "delivery",
    "code",
    "person",
    "event",
    "spell",
    "care_episode",
    "factor",
    "pathway",
    "class_of",
    "episode_class",
    "demand_class",
)
FIRST_DAY, END_DAY = dt.date(2018, 4, 1), dt.date(2021, 4, 1)


@pytest.mark.parametrize("profile", CATALOGUE.profiles.values(), ids=lambda p: p.name)
def test_the_examples_hold(engine: Engine, profile: Profile) -> None:
    tables = load_examples(profile.examples, "spell", year=2021, common=CATALOGUE.tables).tables
    expected = tables.pop(profile.table.name)
    for name in READ:
        engine.load(name, tables.get(name, typed(CATALOGUE.tables[name], [], ISO)))
    ledger = describe(
        engine, {profile.name: profile}, CATALOGUE.tables, by=["category"], first_day=FIRST_DAY, end_day=END_DAY
    )
    columns = ", ".join(profile.table.column_names)
    made = engine.rows(f"SELECT {columns} FROM {profile.table.name} ORDER BY unit_id")
    assert made == [tuple(row.values()) for row in expected.to_pylist()]
    assert ledger.balances, ledger.faults()
    everyone = "SELECT item, sum(rows_of_level), max(rows_known + rows_missing) FROM profile WHERE is_all GROUP BY item"
    for item, of_levels, rows in engine.rows(everyone):
        assert rows == len(made), item
        assert of_levels is None or of_levels <= rows, item


@pytest.mark.parametrize("profile", CATALOGUE.profiles.values(), ids=lambda p: p.name)
def test_each_item_is_known_in_an_example(profile: Profile) -> None:
    tables = load_examples(profile.examples, "spell", year=2021, common=CATALOGUE.tables).tables
    drawn = tables[profile.table.name]
    assert [item.name for item in profile.items if drawn[item.name].null_count == drawn.num_rows] == []


@pytest.mark.parametrize("profile", CATALOGUE.profiles.values(), ids=lambda p: p.name)
def test_levels_drawn_are_those_declared(profile: Profile) -> None:
    tables = load_examples(profile.examples, "spell", year=2021, common=CATALOGUE.tables).tables
    for item in profile.items:
        if item.levels:
            assert set(tables[profile.table.name][item.name].drop_null().to_pylist()) <= set(item.levels), item.name
