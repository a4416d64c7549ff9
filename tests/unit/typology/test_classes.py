"""The typology finds planted classes, sets aside with reasons, and does not seek where nothing can be found."""

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from careloom.catalogue import Indicator, IndicatorSet, load_catalogue
from careloom.core import Ledger
from careloom.engine import DuckDBEngine, Engine
from careloom.stats.class_agreement import adjusted_rand_index, match_classes
from careloom.typology import find_classes

FIRST_DAY, END_DAY = dt.date(2016, 4, 1), dt.date(2020, 4, 1)
ITEMS = IndicatorSet(
    name="six",
    version=1,
    why="For tests.",
    source="Made up.",
    indicators=(
        Indicator("drink", "Drink", ("1A", "1B"), None),
        Indicator("drugs", "Drugs", ("2A",), None),
        Indicator("violence", "Violence", ("3A",), None),
        Indicator("illness", "Illness", ("4A",), None),
        Indicator("neglect", "Neglect", ("16A",), None),
        Indicator("faith", "Faith", ("23A",), 2018),
    ),
    ignored=("21",),
    items=("cin_census FactorsIdentifiedAtAssessment.AssessmentFactors",),
)
SPELL = pa.schema(
    [(name, pa.string()) for name in ("spell_id", "person_id", "la", "kind", "within_id")]
    + [("ends_on", pa.date32()), ("collection_year", pa.int32())]
)
PERSON = pa.schema([("person_id", pa.string()), ("born_on", pa.date32())])
FACTOR = pa.schema([("assessment_id", pa.string()), ("person_id", pa.string()), ("code", pa.string())])


def load(engine: Engine, assessments: dict[str, list[str]], **changed: dict[str, Any]) -> None:
    """Load assessments with their codes; `changed` says what is other than usual about some."""
    usual = {"kind": "assessment", "la": "A", "within_id": "e", "ends_on": dt.date(2019, 2, 2), "collection_year": 2019}
    spells = [{**usual, "spell_id": a, "person_id": f"p-{a}", **changed.get(a, {})} for a in assessments]
    people = [
        {"person_id": f"p-{a}", "born_on": changed.get(a, {}).get("born_on", dt.date(2010, 1, 1))} for a in assessments
    ]
    factors = [
        {"assessment_id": a, "person_id": f"p-{a}", "code": code} for a, codes in assessments.items() for code in codes
    ]
    engine.load("spell", pa.Table.from_pylist(spells, schema=SPELL))
    engine.load("person", pa.Table.from_pylist(people, schema=PERSON))
    engine.load("factor", pa.Table.from_pylist(factors, schema=FACTOR))


def find(engine: Engine, items: IndicatorSet = ITEMS, most_classes: int = 4) -> Ledger:
    return find_classes(
        engine, items, first_day=FIRST_DAY, end_day=END_DAY, most_classes=most_classes, starts=8, seed=1
    )


def planted(n: int, probabilities: np.ndarray, seed: int) -> tuple[dict[str, list[str]], np.ndarray]:
    """Draw assessments from classes of equal size; each records at least one factor."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, len(probabilities), n)
    yes = random.random((n, probabilities.shape[1])) < probabilities[truth]
    codes = [item.codes[0] for item in ITEMS.indicators]
    drawn = {f"a{i:05}": [code for code, is_yes in zip(codes, row, strict=True) if is_yes] for i, row in enumerate(yes)}
    return {name: row for name, row in drawn.items() if row}, truth[yes.any(axis=1)]


def test_planted_classes_are_found(engine: Engine) -> None:
    often, seldom = 0.9, 0.05
    marks = np.array([[1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1]])
    probabilities = np.where(marks, often, seldom)
    assessments, truth = planted(3000, probabilities, seed=11)
    load(engine, assessments)
    ledger = find(engine)
    assert engine.rows("SELECT classes FROM class_fit WHERE is_chosen") == [(3,)]
    found = engine.rows("SELECT assessment_id, class_no FROM class_of ORDER BY assessment_id")
    assert [name for name, _ in found] == sorted(assessments)
    # An assessment is placed wrong when it lacks a mark and has another class's: a few in a hundred; by guessing, 0.
    assert adjusted_rand_index([number for _, number in found], truth) > 0.85
    profile = engine.rows("SELECT class_no, probability FROM class_profile ORDER BY class_no, indicator")
    rows = np.array([probability for _, probability in profile]).reshape(3, 6)
    by_name = probabilities[:, np.argsort([item.name for item in ITEMS.indicators])]
    order = match_classes(by_name, rows)
    # Four standard errors of a proportion of 0.9 among 1000 are 0.04; not knowing the class adds a little.
    assert rows[order] == pytest.approx(by_name, abs=0.05)
    marked = [{"Drink", "drugs"}, {"Violence", "illness"}, {"Neglect", "faith"}]
    names = [name for (name,) in engine.rows("SELECT name FROM demand_class ORDER BY class_no")]
    named = [set(names[k].lower().split(" and ")) for k in order]
    assert named == [{word.lower() for word in words} for words in marked]
    assert ledger.balances, ledger.faults()


def test_an_item_that_never_varies_does_not_count(duck: DuckDBEngine) -> None:
    """`faith` is never recorded: it is no parameter, and its probability is that of the whole."""
    assessments, _ = planted(300, np.array([[0.8, 0.8, 0.1, 0.1, 0.1, 0], [0.1, 0.1, 0.8, 0.8, 0.5, 0]]), seed=3)
    load(duck, assessments)
    find(duck, most_classes=2)
    assert duck.rows("SELECT classes, parameters FROM class_fit ORDER BY classes") == [(1, 5), (2, 11)]
    assert set(duck.rows("SELECT probability, prevalence FROM class_profile WHERE indicator = 'faith'")) == {(0.0, 0.0)}


def test_what_is_set_aside_and_why(engine: Engine) -> None:
    load(
        engine,
        {
            "used": ["1A", "1A", "1B", "21", "99Z"],
            "open": ["1A"],
            "early": ["1A"],
            "on_first_day": ["2A"],
            "late": ["1A"],
            "on_last_day": ["2A"],
            "grown_up": ["1A"],
            "unborn": ["3A"],
            "no_birth_date": ["3A"],
            "nothing": [],
            "only_21": ["21", "21"],
            "unknown": ["99Z", "21"],
        },
        open={"ends_on": None},
        early={"ends_on": FIRST_DAY},  # authorised the day before
        on_first_day={"ends_on": FIRST_DAY + dt.timedelta(1)},
        late={"ends_on": END_DAY + dt.timedelta(1)},
        on_last_day={"ends_on": END_DAY},
        grown_up={"born_on": dt.date(2001, 2, 1)},  # 18 on the day of authorisation, 1 February 2019
        unborn={"born_on": dt.date(2019, 6, 1)},
        no_birth_date={"born_on": None},
    )
    ledger = find(engine)
    used = engine.rows("SELECT assessment_id, drink, drugs, pattern FROM assessment_indicator ORDER BY assessment_id")
    assert used == [
        ("no_birth_date", 0, 0, "001000"),
        ("on_first_day", 0, 1, "010000"),
        ("on_last_day", 0, 1, "010000"),
        ("unborn", 0, 0, "001000"),
        ("used", 1, 0, "100000"),
    ]
    factors, assessments, classes = ledger.steps
    assert dict(assessments.set_aside) == {
        "not authorised": 1,
        "authorised outside the study period": 2,
        "aged 18 or over at assessment": 1,
        "no factors recorded": 1,
        "only code 21": 1,
        "no factor of the indicator set": 1,
    }
    assert dict(factors.set_aside) == {
        "code 21: says that there are no factors": 4,
        "code is not in the indicator set": 2,
        "the same code again at the same assessment": 1,
    }
    assert dict(classes.set_aside) == {"fewer than 50 assessments can be classified": 5}
    assert ledger.balances, ledger.faults()


def test_an_item_is_missing_before_its_first_year(duck: DuckDBEngine) -> None:
    codes = {"before": ["1A"], "since": ["1A"], "since_too": ["1A", "23A"]}
    load(
        duck,
        codes,
        before={"collection_year": 2017},
        since={"collection_year": 2018},
        since_too={"collection_year": 2019},
    )
    find(duck)
    rows = duck.rows("SELECT assessment_id, faith, pattern FROM assessment_indicator ORDER BY assessment_id")
    assert rows == [("before", None, "10000-"), ("since", 0, "100000"), ("since_too", 1, "100001")]


def test_missing_items_do_not_stop_the_search(duck: DuckDBEngine) -> None:
    assessments, _ = planted(400, np.array([[0.9, 0.9, 0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.9, 0.9, 0.1, 0.5]]), seed=5)
    load(duck, assessments, **{name: {"collection_year": 2017} for name in list(assessments)[:100]})
    assert find(duck).balances
    recorded = sum("23A" in codes for codes in list(assessments.values())[100:])
    prevalence = duck.rows("SELECT DISTINCT prevalence FROM class_profile WHERE indicator = 'faith'")
    assert prevalence == [(recorded / (len(assessments) - 100),)]


TABLES = ("class_fit", "demand_class", "class_profile", "class_of")


@pytest.mark.parametrize(
    ("assessments", "why"),
    [
        ({}, "fewer than 50 assessments can be classified"),
        ({f"a{i}": ["1A"] for i in range(49)}, "fewer than 50 assessments can be classified"),
        ({f"a{i}": ["1A"] for i in range(60)}, "all assessments record the same factors"),
    ],
)
def test_no_classes_are_sought(engine: Engine, assessments: dict[str, list[str]], why: str) -> None:
    load(engine, assessments)
    ledger = find(engine)
    assert [engine.rows(f"SELECT count(*) AS n FROM {table}") for table in TABLES] == [[(0,)]] * 4
    assert why in ledger.steps[-1].step
    assert ledger.balances, ledger.faults()


def test_fifty_assessments_are_enough(duck: DuckDBEngine) -> None:
    load(duck, {f"a{i}": ["1A"] if i % 2 else ["2A"] for i in range(50)})
    find(duck)
    assert duck.rows("SELECT count(*) AS n FROM class_of") == [(50,)]


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_as_the_catalogue_says(duck: DuckDBEngine, table: str) -> None:
    load(duck, {f"a{i}": ["1A"] if i % 3 else ["2A"] for i in range(60)})
    find(duck)
    assert tuple(duck.columns(table)) == load_catalogue().tables[table].column_names


def test_the_same_seed_finds_the_same(duck: DuckDBEngine) -> None:
    assessments, _ = planted(300, np.array([[0.7, 0.6, 0.2, 0.2, 0.2, 0.1], [0.2, 0.2, 0.7, 0.6, 0.3, 0.1]]), seed=9)
    load(duck, assessments)
    both = []
    for _ in range(2):
        find(duck)
        both.append(duck.rows("SELECT * FROM class_profile ORDER BY class_no, indicator"))
    assert both[0] == both[1]
