"""Each indicator set's worked examples hold, on every engine: which codes make which items, in which year."""

import datetime as dt

import pyarrow as pa
import pytest

from careloom.catalogue import IndicatorSet, load_catalogue
from careloom.core import Ledger, read_examples
from careloom.engine import Engine
from careloom.typology.assessments import make_indicators, make_population

CATALOGUE = load_catalogue()
SETS = CATALOGUE.indicator_sets
TEXTS = ("spell_id", "person_id", "la", "kind", "within_id")


@pytest.mark.parametrize("indicators", SETS.values(), ids=lambda s: s.name)
def test_the_examples_hold(engine: Engine, indicators: IndicatorSet) -> None:
    drawn = read_examples(indicators.examples, "assessment")["assessment"].rows
    day = dt.date(2020, 1, 1)
    spells = [
        {
            "spell_id": row["assessment_id"],
            "person_id": f"p-{row['assessment_id']}",
            "la": "A",
            "kind": "assessment",
            "within_id": None,
            "ends_on": day,
            "collection_year": int(row["collection_year"] or 0),
        }
        for row in drawn
    ]
    factors = [
        {"assessment_id": row["assessment_id"], "person_id": "p", "code": code}
        for row in drawn
        for code in (row["codes"] or "").split()
    ]
    text = [(name, pa.string()) for name in TEXTS]
    kinds = pa.schema([*text, ("ends_on", pa.date32()), ("collection_year", pa.int32())])
    engine.load("spell", pa.Table.from_pylist(spells, schema=kinds))
    engine.load("person", pa.table({"person_id": pa.array([], pa.string()), "born_on": pa.array([], pa.date32())}))
    engine.load("factor", pa.Table.from_pylist(factors))
    make_population(engine, first_day=dt.date(2019, 4, 1), end_day=dt.date(2020, 4, 1))
    ledger = Ledger()
    used = make_indicators(engine, indicators, ledger)
    assert ledger.balances, ledger.faults()
    names = [item.name for item in used.indicators]
    aside = dict(engine.rows("SELECT assessment_id, set_aside FROM assessment_seen"))
    columns = ", ".join(f'"{name}"' for name in names)
    made = {name: values for name, *values in engine.rows(f"SELECT assessment_id, {columns} FROM assessment_indicator")}
    for row in drawn:
        who = row["assessment_id"]
        assert aside[who] == row["set_aside"], who
        values = dict(zip(names, made.get(who, []), strict=bool(made.get(who))))
        assert {name for name, value in values.items() if value == 1} == set((row["recorded"] or "").split()), who
        missing = {name for name, value in values.items() if value is None}
        assert missing == set((row["missing"] or "").split()), who


def test_a_sensitivity_set_is_another_set() -> None:
    assert len({each.fingerprint for each in SETS.values()}) == len(SETS) == 5
    assert {each.extends for each in SETS.values()} == {None, "assessment_factors_34"}
    sizes = {name: len(each.indicators) for name, each in SETS.items()}
    assert sizes == {
        "assessment_factors_34": 34,
        "assessment_factors_33_no_other": 33,
        "assessment_factors_common": 34,
        "assessment_factors_22_anyone": 22,
        "assessment_factors_35": 35,
    }


def test_eighteen_indicators_become_six() -> None:
    whole, anyone = SETS["assessment_factors_34"], SETS["assessment_factors_22_anyone"]
    codes = {item.name: set(item.codes) for item in anyone.indicators}
    for number, name in enumerate(
        ("alcohol", "drugs", "domestic_abuse", "mental_health", "learning_disability", "physical_disability"), 1
    ):
        assert codes[name] == {f"{number}A", f"{number}B", f"{number}C"}
    assert set().union(*codes.values()) == {code for item in whole.indicators for code in item.codes}
