"""The typology finds planted classes, sets aside with reasons, and does not seek where nothing can be found."""

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from careloom.catalogue import Indicator, IndicatorSet, load_catalogue
from careloom.core import Ledger
from careloom.engine import DuckDBEngine, Engine
from careloom.stats.class_agreement import adjusted_rand_index, match_classes
from careloom.typology import Search, find_classes
from careloom.typology.assessments import make_indicators, make_population
from careloom.typology.classes import search_classes
from careloom.typology.consistency import LEAST, load_groups
from careloom.typology.decisions import Decision
from careloom.typology.found import Found
from careloom.typology.patterns import read_patterns
from careloom.typology.saved import Origin, make_saved
from careloom.typology.scoring import fit_words, score
from careloom.typology.tables import TABLES as SCHEMAS
from careloom.typology.tables import WHEN_ASKED, load_found

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


def find(engine: Engine, items: IndicatorSet = ITEMS, most_classes: int = 4, **more: Any) -> Ledger:
    search = Search(most_classes, starts=8, seed=1, classes=more.pop("classes", None))
    return find_classes(engine, items, first_day=FIRST_DAY, end_day=END_DAY, search=search, **more)


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
    assert engine.rows("SELECT classes, verdict FROM class_certificate") == [(3, "certified")]
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


TABLES = (*SCHEMAS, *WHEN_ASKED, "class_of")


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
    assert [engine.rows(f"SELECT count(*) AS n FROM {table}") for table in TABLES] == [[(0,)]] * len(TABLES)
    assert why in ledger.steps[-1].step
    assert ledger.balances, ledger.faults()


def test_fifty_assessments_are_enough(duck: DuckDBEngine) -> None:
    load(duck, {f"a{i}": ["1A"] if i % 2 else ["2A"] for i in range(50)})
    find(duck)
    assert duck.rows("SELECT count(*) AS n FROM class_of") == [(50,)]


@pytest.mark.parametrize("table", [*TABLES, "assessment_seen"])
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


def test_the_reader_may_overrule_the_rule(duck: DuckDBEngine) -> None:
    assessments, _ = planted(600, np.array([[0.9, 0.9, 0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.9, 0.9, 0.1, 0.5]]), seed=5)
    load(duck, assessments)
    find(duck)
    assert duck.rows("SELECT classes FROM class_fit WHERE is_chosen") == [(2,)]
    find(duck, classes=3)
    assert duck.rows("SELECT classes FROM class_fit WHERE is_chosen") == [(3,)]
    assert duck.rows("SELECT DISTINCT class_no FROM demand_class ORDER BY class_no") == [(1,), (2,), (3,)]
    [(why,)] = duck.rows("SELECT why FROM class_certificate")
    assert why.startswith("3 categories were chosen by the reader, who overruled the rule.")


def test_those_aged_18_come_in_when_asked_for(duck: DuckDBEngine) -> None:
    assessments = {f"a{i}": ["1A"] if i % 2 else ["2A"] for i in range(60)}
    load(duck, assessments, a0={"born_on": dt.date(1999, 1, 1)})
    aside = "SELECT assessment_id, set_aside FROM assessment_seen WHERE set_aside IS NOT NULL"
    find(duck)
    assert duck.rows(aside) == [("a0", "aged 18 or over at assessment")]
    find(duck, include_18plus=True)
    assert duck.rows(aside) == []
    assert duck.rows("SELECT count(*) AS n FROM class_of") == [(60,)]


def test_standard_errors_know_that_assessments_are_of_one_child(duck: DuckDBEngine) -> None:
    """Every assessment told four times, of the same child: estimates stay, and so do errors; of other children errors halve."""
    assessments, _ = planted(400, np.array([[0.9, 0.8, 0.1, 0.2, 0.1, 0.1], [0.1, 0.2, 0.9, 0.8, 0.1, 0.5]]), seed=8)
    again = {f"{name}-{n}": codes for name, codes in assessments.items() for n in range(4)}

    def errors(of_child: bool) -> np.ndarray:
        load(duck, again)
        if of_child:
            duck.make(
                "spell",
                "SELECT spell_id, left(person_id, 8) AS person_id, la, kind, within_id, ends_on, collection_year FROM spell",
            )
        find(duck, most_classes=3, classes=2)
        rows = duck.rows("SELECT probability_error FROM class_profile ORDER BY class_no, indicator")
        return np.array([error for (error,) in rows], dtype=float)

    one, four = errors(of_child=True), errors(of_child=False)
    assert np.isfinite(one).all()
    # Robust errors of the same rows four times over are exactly twice as large when the four are one child's.
    assert one == pytest.approx(2.0 * four, rel=1e-6)


def test_quality_and_residuals_are_of_the_classes_chosen(duck: DuckDBEngine) -> None:
    assessments, _ = planted(900, np.array([[0.9, 0.9, 0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.9, 0.9, 0.1, 0.5]]), seed=5)
    load(duck, assessments)
    find(duck)
    sums = duck.rows(
        "SELECT placed_no, sum(posterior) AS whole, count(*) AS n FROM class_quality GROUP BY placed_no ORDER BY placed_no"
    )
    assert [(placed, round(whole, 9), n) for placed, whole, n in sums] == [(1, 1.0, 2), (2, 1.0, 2)]
    own = duck.rows(
        "SELECT q.posterior, m.mean FROM class_quality AS q JOIN (SELECT class_no, avg(probability) AS mean FROM class_of GROUP BY class_no) AS m ON m.class_no = q.class_no WHERE q.placed_no = q.class_no"
    )
    assert all(posterior == pytest.approx(mean) for posterior, mean in own)
    pairs = duck.rows("SELECT label, other_label, children, observed FROM class_residual ORDER BY position")
    assert len(pairs) == 15
    for label, other, children, observed in pairs:
        names = {item.label: item.name for item in ITEMS.indicators}
        both = f"SELECT count(*) AS n FROM assessment_indicator WHERE {names[label]} = 1 AND {names[other]} = 1"
        assert duck.rows(both) == [(children,)] == [(int(observed),)]


def test_modes_are_all_the_starts(duck: DuckDBEngine) -> None:
    assessments, _ = planted(500, np.array([[0.9, 0.9, 0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.9, 0.9, 0.1, 0.5]]), seed=5)
    load(duck, assessments)
    find(duck)
    modes = duck.rows("SELECT log_likelihood, below_best, found FROM class_mode ORDER BY mode_no")
    assert sum(found for _, _, found in modes) == 8
    assert modes[0][1] == 0.0
    assert [height for height, _, _ in modes] == sorted((height for height, _, _ in modes), reverse=True)


def test_a_set_can_leave_out_what_hardly_anybody_records(engine: Engine) -> None:
    """Of 201 assessments 1 records faith (1 of 201 is less than 0.5%), 2 neglect: the first goes, and so does its assessment."""
    assessments = {f"a{i:03}": ["1A"] if i % 2 else ["2A"] for i in range(198)}
    assessments |= {"n1": ["16A", "1A"], "n2": ["16A"], "faith": ["23A"]}
    load(engine, assessments)
    ledger = find(engine, replace(ITEMS, least_prevalence=0.005))
    labels = {label for (label,) in engine.rows("SELECT DISTINCT label FROM class_profile")}
    assert labels == {"Drink", "Drugs", "Neglect"}
    assert engine.rows("SELECT assessment_id, set_aside FROM assessment_seen WHERE set_aside IS NOT NULL") == [
        ("faith", "no factor of the indicator set")
    ]
    assert ledger.balances, ledger.faults()


def test_a_name_that_people_settled_goes_with_the_profile_not_the_number(duck: DuckDBEngine) -> None:
    assessments, _ = planted(900, np.array([[0.9, 0.9, 0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.9, 0.9, 0.1, 0.5]]), seed=5)
    load(duck, assessments)
    profile = {"drink": 0.1, "drugs": 0.1, "violence": 0.9, "illness": 0.88, "neglect": 0.1, "faith": 0.5}
    decision = Decision(1, "Harm at home", "Jo", dt.date(2024, 5, 1), profile)
    find(duck, decisions=[decision])
    named = duck.rows("SELECT name, suggested, name_version FROM demand_class ORDER BY name_version")
    assert [(name, version) for name, _, version in named if version] == [("Harm at home", 1)]
    [suggested] = [suggested for name, suggested, version in named if version]
    assert "iolence" in suggested
    # drink and drugs mark the other class, which keeps the name that its profile suggests
    assert [name == suggested for name, suggested, version in named if version is None] == [True]


MARKS = np.array([[0.9, 0.9, 0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.9, 0.9, 0.1, 0.5]])


def found_in(engine: Engine, classes: int) -> Found:
    """The classes of what is loaded, as the commands find them."""
    make_population(engine, first_day=FIRST_DAY, end_day=END_DAY)
    used = make_indicators(engine, ITEMS, Ledger())
    found = search_classes(read_patterns(engine, 6), used, Search(classes + 1, starts=6, seed=1, classes=classes))
    load_found(engine, found)
    return found


def test_each_authority_is_looked_at_alone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three authorities of the same two kinds, one of them too small to be looked at."""
    monkeypatch.setitem(LEAST, "la", 300)
    assessments, _ = planted(1600, MARKS, seed=6)
    las = {name: "A" if n % 2 else "B" for n, name in enumerate(assessments)}
    las |= dict.fromkeys(list(assessments)[:50], "C")
    load(engine, assessments, **{name: {"la": la} for name, la in las.items()})
    found = found_in(engine, classes=2)
    said = load_groups(engine, found, ["la"], starts=2, seed=1)
    assert said == ["2 of 3 authorities have 300 assessments or more, and were looked at alone."]
    rows = engine.rows(
        "SELECT group_value, class_no, assessments, children, likeness, adjusted_rand FROM class_by_group ORDER BY group_value, class_no"
    )
    sizes = {la: list(las.values()).count(la) for la in "AB"}
    assert [(la, number, n, children) for la, number, n, children, _, _ in rows] == [
        (la, number, sizes[la], sizes[la]) for la in "AB" for number in (1, 2)
    ]
    assert {likeness for *_, likeness, _ in rows} == {"same"}
    assert all(rand > 0.9 for *_, rand in rows)
    # One year alone would be compared with itself.
    said = load_groups(engine, found, ["year"], starts=2, seed=1)
    assert said == ["All assessments are of one year: there is nothing to compare."]
    assert engine.rows("SELECT count(*) AS n FROM class_by_group") == [(0,)]


def test_assessments_are_scored_with_a_saved_typology_and_nothing_is_fitted(engine: Engine) -> None:
    assessments, _ = planted(1200, MARKS, seed=7)
    load(engine, assessments)
    found = found_in(engine, classes=2)
    before = engine.rows("SELECT assessment_id, class_no FROM class_of ORDER BY assessment_id")
    saved = make_saved(
        "theirs", Origin("Made up.", "careloom 0", FIRST_DAY, "For tests."), ITEMS,
        items=[item.name for item in ITEMS.indicators], names=["First", "Second"], shares=found.parameters.shares,
        probabilities=found.probabilities, assessments=1200, least=6, base=5,
    )  # fmt: skip
    ledger = find(engine, saved=saved)
    assert ledger.steps[-1].step == "score with the typology theirs"
    assert ledger.balances, ledger.faults()
    assert engine.rows("SELECT assessment_id, class_no FROM class_of ORDER BY assessment_id") == before
    assert engine.rows("SELECT name FROM demand_class ORDER BY class_no") == [("First",), ("Second",)]
    assert engine.rows("SELECT count(*) AS n FROM class_fit") == [(0,)]
    [(observed, expected, gain, said)] = engine.rows("SELECT observed, expected, gain, said FROM scored_fit")
    # The parameters are this file's own but for the last decimals, so nothing is gained by other sizes.
    assert gain == pytest.approx(0.0, abs=1e-4)
    assert observed == pytest.approx(expected, abs=0.1)
    assert said.startswith("The likelihood speaks neither for nor against the typology")
    assert said.endswith("Fitting the sizes of the categories here would add next to nothing.")
    items = engine.rows("SELECT label, children, assessments, could, expected FROM scored_item")
    assert len(items) == 6
    for label, children, n, could, overall in items:
        name = {item.label: item.name for item in ITEMS.indicators}[label]
        recorded = sum(
            ITEMS.indicators[[i.name for i in ITEMS.indicators].index(name)].codes[0] in codes
            for codes in assessments.values()
        )
        assert (children, n, could) == (recorded, recorded, len(assessments))
        # Saved parameters stand for numbers of assessments rounded to 5 in each of two classes.
        assert overall == pytest.approx(recorded / len(assessments), abs=5 / len(assessments))


def test_assessments_of_other_kinds_are_said_not_to_fit(duck: DuckDBEngine) -> None:
    load(duck, planted(800, MARKS, seed=7)[0])
    found = found_in(duck, classes=2)
    load(duck, planted(800, np.array([[0.1, 0.1, 0.1, 0.6, 0.9, 0.9], [0.8, 0.1, 0.8, 0.1, 0.8, 0.1]]), seed=8)[0])
    make_population(duck, first_day=FIRST_DAY, end_day=END_DAY)
    make_indicators(duck, ITEMS, Ledger())
    scored = score(read_patterns(duck, 6), found.parameters, found.told, seed=1)
    assert scored.rows.apart < -10
    assert fit_words(scored).startswith("These assessments fit the typology worse than its own did")
    assert scored.apart[4] > 10  # neglect is recorded far more often than expected
