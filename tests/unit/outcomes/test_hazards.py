"""Hazard ratios and curves of planted stretches: what they are, and what is left blank."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from careloom.catalogue import load_catalogue
from careloom.core import Ledger
from careloom.engine import DuckDBEngine, Engine
from careloom.outcomes import time_outcomes
from careloom.outcomes.curves import curves_of
from careloom.outcomes.hazards import Stretches, fit_hazards, hazard_ratios_of
from careloom.stats.survival.cox import fit_cox
from careloom.stats.survival import kaplan_meier

CATALOGUE = load_catalogue()
RE_REFERRAL = CATALOGUE.outcomes["re_referral"]
Row = dict[str, object]


def stretches(n: int, seed: int, ratios: dict[str, float]) -> Stretches:
    """Stretches of n/2 children with exponential times; the hazard of class level k is `ratios[k]` times the first's."""
    random = np.random.default_rng(seed)
    class_no = random.choice(list(ratios), n, p=[0.6, *[0.4 / (len(ratios) - 1)] * (len(ratios) - 1)])
    sex = random.choice(["F", "M"], n, p=[0.4, 0.6])
    band = random.choice(["1-4", "5-9", "10-15"], n, p=[0.5, 0.3, 0.2])
    group = random.choice(["White", "Mixed"], n, p=[0.3, 0.7])
    rate = np.array([ratios[k] for k in class_no]) * np.where(band == "10-15", 0.5, 1.0) / 900
    time = np.ceil(random.exponential(1 / np.maximum(rate, 1e-12)))
    end = random.integers(200, 1500, n)
    levels = {"class_no": class_no, "age_band": band, "sex": sex, "ethnic_group": group}
    person = np.array([f"p{i // 2}" for i in range(n)])
    la = random.choice(["A", "B"], n)
    return Stretches(la, person, np.minimum(time, end).astype(float), time <= end, levels)


def by_level(rows: list[Row], term: str) -> dict[object, Row]:
    return {row["level"]: row for row in rows if row["term"] == term}


def test_planted_hazard_ratios_are_inside_their_limits() -> None:
    # 95% limits miss one time in twenty; with this seed none of the four does.
    rows, used = fit_hazards(stretches(4000, seed=4, ratios={"1": 1.0, "2": 2.0, "3": 0.5}))
    found = by_level(rows, "class_no")
    for level, truth in (("2", 2.0), ("3", 0.5)):
        assert found[level]["lower"] < truth < found[level]["upper"]  # type: ignore[operator]
    adolescents = by_level(rows, "age_band")["10-15"]
    assert adolescents["lower"] < 0.5 < adolescents["upper"]  # type: ignore[operator]
    assert found["2"]["p_value"] < 1e-6  # type: ignore[operator]
    assert used == 4000


def test_as_the_same_model_written_out_row_by_row() -> None:
    """Patterns, strata by authority and clusters by child are those of one long design matrix."""
    s = stretches(600, seed=1, ratios={"1": 1.0, "2": 1.5})
    rows, _ = fit_hazards(s)
    compared = [("class_no", "2"), ("age_band", "10-15"), ("age_band", "5-9"), ("sex", "F"), ("ethnic_group", "Mixed")]
    x = np.column_stack([s.levels[term] == level for term, level in compared]).astype(float)
    names = [" ".join(pair) for pair in compared]
    each = np.arange(600)
    fit = fit_cox(x, each, s.days, s.is_event, names=names, stratum=s.la, cluster=s.person)
    found = {(row["term"], row["level"]): row for row in rows}
    for pair, h in zip(compared, fit.hazard_ratios(), strict=True):
        expected = (h.hazard_ratio, h.lower, h.upper, h.p_value)
        got = tuple(found[pair][key] for key in ("hazard_ratio", "lower", "upper", "p_value"))
        # The same sums in another order: rounding only, magnified by up to |z| in the p-value.
        assert got == pytest.approx(expected, rel=1e-8)


def test_limits_know_that_one_child_came_five_times() -> None:
    """Each child copied five times over says nothing new: limits stay as wide as for one copy, not 5 ** 0.5 narrower."""
    s = stretches(400, seed=3, ratios={"1": 1.0, "2": 1.5})
    once = replace(s, person=np.arange(400).astype(str))
    copies = np.repeat(np.arange(400), 5)
    levels = {name: values[copies] for name, values in s.levels.items()}
    five = Stretches(s.la[copies], once.person[copies], s.days[copies], s.is_event[copies], levels)
    widths = []
    for each in (once, five):
        found = by_level(fit_hazards(each)[0], "class_no")["2"]
        widths.append(np.log(found["upper"]) - np.log(found["lower"]))
    # Efron's method takes copies for ties, which moves the estimate a little: hence one in a hundred.
    assert widths[1] == pytest.approx(widths[0], rel=0.01)


def test_reference_levels() -> None:
    rows, _ = fit_hazards(stretches(600, seed=2, ratios={"1": 1.0, "2": 1.5}))
    reference = {row["term"]: row["reference"] for row in rows}
    assert reference == {"class_no": "1", "age_band": "1-4", "sex": "M", "ethnic_group": "White"}
    at_reference = by_level(rows, "class_no")["1"]
    assert (at_reference["hazard_ratio"], at_reference["lower"], at_reference["p_value"]) == (1.0, None, None)


def test_unclassed_is_a_level_but_no_reference() -> None:
    rows, _ = fit_hazards(stretches(600, seed=2, ratios={"unclassed": 1.0, "1": 1.5, "2": 1.0}))
    found = by_level(rows, "class_no")
    assert found["unclassed"]["hazard_ratio"] is not None
    assert found["1"]["reference"] in ("1", "2")
    assert found["unclassed"]["rows"] > found["1"]["rows"]  # type: ignore[operator]


def test_a_level_without_events_is_blank() -> None:
    s = stretches(800, seed=7, ratios={"1": 1.0, "2": 1.5, "3": 0.0})
    rows, used = fit_hazards(s)
    third = by_level(rows, "class_no")["3"]
    assert (third["events"], third["hazard_ratio"], third["lower"], third["p_value"]) == (0, None, None, None)
    assert third["rows"] == (s.levels["class_no"] == "3").sum() == 800 - used
    assert by_level(rows, "class_no")["2"]["hazard_ratio"] is not None


def test_a_reference_without_events_is_not_taken() -> None:
    s = stretches(800, seed=7, ratios={"1": 0.0, "2": 1.0, "3": 1.0})
    found = by_level(fit_hazards(s)[0], "class_no")
    assert found["1"]["rows"] > found["2"]["rows"]  # type: ignore[operator]
    assert found["1"]["reference"] in ("2", "3")
    assert found["1"]["hazard_ratio"] is None


def columns_of(s: Stretches) -> dict[str, NDArray[np.generic] | list[object]]:
    class_no = [None if k == "unclassed" else int(k) for k in s.levels["class_no"]]
    n = s.days.size
    rest = {name: s.levels[name] for name in ("age_band", "sex", "ethnic_group")}
    fixed = {"outcome": ["re_referral"] * n, "unit_id": [f"u{i:05}" for i in range(n)]}
    return {
        **fixed,
        "la": s.la,
        "person_id": s.person,
        "days": s.days,
        "is_event": s.is_event,
        "class_no": class_no,
        **rest,
    }


def load(engine: Engine, s: Stretches) -> None:
    engine.load("time_to_event", pa.table(columns_of(s)))


def test_the_engine_hands_over_the_same_stretches(engine: Engine) -> None:
    s = stretches(400, seed=6, ratios={"1": 1.0, "2": 1.5, "unclassed": 1.0})
    load(engine, s)
    ledger = Ledger()
    made = hazard_ratios_of(engine, [RE_REFERRAL], ledger).to_pylist()
    assert [{key: row[key] for key in row if key != "outcome"} for row in made] == fit_hazards(s)[0]
    assert ledger.balances
    assert ledger.steps[0].rows_out == 400


@pytest.mark.parametrize(("events", "fits"), [(19, False), (20, True)])
def test_too_few_events(duck: DuckDBEngine, events: int, fits: bool) -> None:
    s = stretches(200, seed=6, ratios={"1": 1.0, "2": 1.5})
    load(duck, replace(s, is_event=s.is_event & (s.is_event.cumsum() <= events)))
    ledger = Ledger()
    assert bool(hazard_ratios_of(duck, [RE_REFERRAL], ledger).num_rows) == fits
    assert dict(ledger.steps[0].set_aside) == ({} if fits else {"no hazard ratios: fewer than 20 events": 200})


def test_nothing_to_compare(duck: DuckDBEngine) -> None:
    s = stretches(200, seed=6, ratios={"1": 1.0, "2": 1.5})
    load(
        duck,
        replace(
            s,
            levels={
                name: np.full(200, level)
                for name, level in (("class_no", "1"), ("age_band", "1-4"), ("sex", "F"), ("ethnic_group", "White"))
            },
        ),
    )
    ledger = Ledger()
    assert hazard_ratios_of(duck, [RE_REFERRAL], ledger).num_rows == 0
    assert "nothing differs" in ledger.steps[0].set_aside[0][0]


def test_columns_that_say_the_same_are_refused_with_a_reason(duck: DuckDBEngine) -> None:
    s = stretches(400, seed=6, ratios={"1": 1.0, "2": 1.5})
    twin = np.where(s.levels["class_no"] == "1", "M", "F")
    load(duck, replace(s, levels={**s.levels, "sex": twin}))
    ledger = Ledger()
    assert hazard_ratios_of(duck, [RE_REFERRAL], ledger).num_rows == 0
    assert "no hazard ratios: cannot be estimated" in ledger.steps[0].set_aside[0][0]


def test_curves_are_kaplan_meier_of_each_class_and_all(engine: Engine) -> None:
    s = stretches(300, seed=8, ratios={"1": 1.0, "2": 2.0, "unclassed": 1.0})
    load(engine, s)
    steps = curves_of(engine, [RE_REFERRAL]).to_pylist()
    assert {step["class_no"] for step in steps} == {0, 1, 2}
    for number, mine in ((0, np.full(300, True)), (2, s.levels["class_no"] == "2")):
        curve = kaplan_meier(s.days[mine], s.is_event[mine])
        shown = (curve.events > 0) | (curve.days == s.days[mine].max())
        got = [step for step in steps if step["class_no"] == number]
        assert [step["days"] for step in got] == curve.days[shown].tolist()
        assert [step["at_risk"] for step in got] == curve.at_risk[shown].tolist()
        # The same products from counts: rounding only.
        assert [step["survival"] for step in got] == pytest.approx(curve.survival[shown].tolist(), rel=1e-12)


def empty(engine: Engine) -> None:
    text, day = pa.string(), pa.date32()
    spell = {"spell_id": text, "person_id": text, "la": text, "kind": text, "starts_on": day, "ends_on": day}
    spell |= {"start_reason": text, "end_reason": text, "detail": text, "within_id": text}
    person = {"person_id": text, "born_on": day, "died_on": day, "sex": text, "ethnic_group": text}
    classes = {"assessment_id": text, "person_id": text, "episode_id": text, "assessed_on": day, "class_no": pa.int32()}
    tables = {"spell": spell, "person": person, "class_of": classes, "episode_class": classes}
    for table, columns in tables.items():
        engine.load(table, pa.schema(list(columns.items())).empty_table())


@pytest.mark.parametrize("names", [[], ["re_entry", "re_referral", "repeat_plan"]])
def test_nothing_delivered_makes_empty_tables(engine: Engine, names: list[str]) -> None:
    empty(engine)
    outcomes = [CATALOGUE.outcomes[name] for name in names]
    ledger = time_outcomes(engine, outcomes, first_day=dt.date(2016, 4, 1), end_day=dt.date(2021, 4, 1))
    for table in ("time_to_event", "curve", "hazard_ratio"):
        assert engine.rows(f"SELECT count(*) AS n FROM {table}") == [(0,)]
        assert tuple(engine.columns(table)) == CATALOGUE.tables[table].column_names
    assert ledger.balances
