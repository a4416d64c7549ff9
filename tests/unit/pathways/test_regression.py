"""The pathway regression: which episodes are modelled, what a planted population gives back, and what is left blank."""

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import load_examples
from careloom.core import Ledger
from careloom.engine import Engine
from careloom.pathways.episode_class import choose_classes
from careloom.pathways.regression import TERMS, WITHIN, model_pathways
from careloom.pathways.rung_model import FEWEST
from careloom.stats.binomial import ClusterSums, fit_binomial

COMMON = load_catalogue().tables
FIRST_DAY, END_DAY = dt.date(2018, 4, 1), dt.date(2021, 4, 1)
LADDER = ("closed_after_assessment", "cin_only", "section_47", "conference", "cp_plan", "looked_after")
TRUTH = {"2": 0.8, "3": -0.7, "M": 0.3, "Black": -0.5, "10-15": 0.6}
Tables = dict[str, list[dict[str, Any]]]


def planted(children: int, seed: int, *, care: float = -1.0) -> Tables:
    """Children with one to four episodes; the log odds of care are `care` and what TRUTH says, for the class of each."""
    chance = np.random.default_rng(seed)
    person, pathway, class_of = [], [], []
    for number in range(children):
        name, sex = f"p{number}", str(chance.choice(["F", "M"]))
        group = str(chance.choice(["White", "Black"], p=[0.8, 0.2]))
        is_older = bool(chance.integers(2))
        born = dt.date(2006, 6, 1) if is_older else dt.date(2012, 6, 1)
        person.append({"person_id": name, "sex": sex, "ethnic_group": group, "born_on": born})
        for visit in range(1 + min(3, int(chance.poisson(0.4)))):
            class_no = str(chance.choice(["1", "2", "3"], p=[0.5, 0.3, 0.2]))
            log_odds = care + sum(
                TRUTH.get(level, 0.0) for level in (class_no, sex, group, "10-15" if is_older else "")
            )
            has_care = bool(chance.random() < 1 / (1 + np.exp(-log_odds)))
            rung = "looked_after" if has_care else str(chance.choice(LADDER[:-1]))
            episode = f"{name}-{visit}"
            plan = {"has_assessment": True, "has_cp_plan": rung == "cp_plan", "has_care": has_care}
            starts_on = dt.date(2018, 5, 1) + dt.timedelta(days=200 * visit)
            pathway.append({"episode_id": episode, "person_id": name, "starts_on": starts_on, "rung": rung, **plan})
            classed = {"assessment_id": f"a{episode}", "episode_id": episode, "assessed_on": starts_on}
            class_of.append({**classed, "person_id": name, "class_no": int(class_no)})
    return {"person": person, "pathway": pathway, "class_of": class_of}


def load(engine: Engine, tables: Tables) -> None:
    for name, rows in tables.items():
        engine.load(name, pa.Table.from_pylist(rows))


def model(engine: Engine, *interactions: str) -> Ledger:
    choose_classes(engine)
    ledger = model_pathways(engine, first_day=FIRST_DAY, end_day=END_DAY, interactions=interactions)
    assert ledger.balances, ledger.faults()
    return ledger


def made(engine: Engine, table: str, rung: str = "looked_after") -> dict[tuple[str, str], dict[str, Any]]:
    rows = engine.arrow(f"SELECT * FROM {table} WHERE rung = '{rung}'").to_pylist()
    return {(row["term"], row["level"]): row for row in rows}


def test_the_tables_are_those_of_the_contract(duck: Engine) -> None:
    load(duck, planted(200, seed=1))
    model(duck)
    for table in ("rung_model", "rung_probability"):
        assert duck.columns(table) == [column.name for column in COMMON[table].columns]


def test_planted_odds_ratios_are_recovered(duck: Engine) -> None:
    """Within four standard errors of the truth, whichever the seed; and limits of 95% hold most of them."""
    load(duck, planted(4000, seed=3))
    model(duck)
    odds = made(duck, "rung_model")
    terms = {"2": "class_no", "3": "class_no", "M": "sex", "Black": "ethnic_group", "10-15": "age_band"}
    inside = 0
    for level, truth in TRUTH.items():
        row = odds[terms[level], level]
        # The reference is the most common level: for sex and age that may be the other one, with the opposite sign.
        told, wanted = (row, truth) if row["lower"] is not None else (other_of(odds, terms[level], level), -truth)
        width = np.log(told["upper"] / told["lower"]) / (2 * 1.96)
        assert abs(np.log(told["odds_ratio"]) - wanted) < 4 * width
        inside += told["lower"] < np.exp(wanted) < told["upper"]
    assert inside >= 4


def other_of(odds: dict[tuple[str, str], dict[str, Any]], term: str, level: str) -> dict[str, Any]:
    return next(row for (name, other), row in odds.items() if name == term and other != level)


@pytest.mark.parametrize("crosses", [False, True])
def test_as_the_same_model_written_out_episode_by_episode(engine: Engine, crosses: bool) -> None:
    """The engine's reduction loses nothing: the same numbers as a design matrix with a row for every episode."""
    load(engine, planted(300, seed=5, care=0.0))
    model(engine, *(["sex_age_ethnicity"] if crosses else []))
    rows = engine.rows(f"SELECT person_id, looked_after, {', '.join(TERMS)} FROM rung_episode")
    data = [np.array(column) for column in zip(*rows, strict=True)]
    levels = dict(zip(TERMS, data[2:], strict=True))
    if crosses:
        cells = zip(levels["sex"], levels["age_band"], levels["ethnic_group"], strict=True)
        levels["sex_age_ethnicity"] = np.array([", ".join(cell) for cell in cells])
    odds, means = made(engine, "rung_model"), made(engine, "rung_probability")
    compared = [key for key, row in odds.items() if row["lower"] is not None]

    def design(levels: dict[str, np.ndarray]) -> np.ndarray:
        return np.column_stack([levels[term] == level for term, level in compared]).astype(float)

    y, each = data[1].astype(float), np.arange(len(rows))
    same = np.nonzero(np.equal.outer(data[0], data[0]))
    sums = ClusterSums(*same, np.ones(len(same[0])), y[same[0]], y[same[0]] * y[same[1]])
    names = [f"{term} {level}" for term, level in compared]
    fit = fit_binomial(design(levels), np.ones(each.size), y, names=names, clusters=sums)
    for key, ratio in zip(compared, fit.odds_ratios(), strict=True):
        expected = [ratio.odds_ratio, ratio.lower, ratio.upper, ratio.p_value]
        got = [odds[key][name] for name in ("odds_ratio", "lower", "upper", "p_value")]
        # The same sums in another order: rounding only, magnified by up to |z| in the p-value.
        assert_allclose(got, expected, rtol=1e-7)
    for (term, level), row in means.items():
        mean = fit.mean_probability(design(levels | {term: np.full_like(levels[term], level)}), np.ones(each.size))
        assert_allclose([row["probability"], row["lower"], row["upper"]], [mean.probability, mean.lower, mean.upper])
        assert row["rows_of_level"] == (levels[term] == level).sum()
        assert row["reached"] == y[levels[term] == level].sum()


def test_within_each_class_as_the_one_model_crossed_with_class(engine: Engine) -> None:
    """A model for each class says what one model says in which class is crossed with everything else."""
    load(engine, planted(500, seed=6, care=0.0))
    model(engine, "class")
    rows = engine.rows(f"SELECT person_id, looked_after, {', '.join(TERMS)} FROM rung_episode")
    data = [np.array(column) for column in zip(*rows, strict=True)]
    levels = dict(zip(TERMS, data[2:], strict=True))
    odds, means = made(engine, "rung_model"), made(engine, "rung_probability")
    inside = [key for key, row in odds.items() if key[0] in WITHIN.values() and row["lower"] is not None]
    assert {term for term, _ in inside} == set(WITHIN.values())
    assert len(inside) == 9  # three classes, three terms of two levels

    def design(levels: dict[str, np.ndarray]) -> np.ndarray:
        spoken = {
            name: np.char.add(np.char.add(levels["class_no"], ", "), levels[term]) for term, name in WITHIN.items()
        }
        own = [levels["class_no"] == level for level in ("2", "3")]
        return np.column_stack([*own, *(spoken[term] == level for term, level in inside)]).astype(float)

    y, each = data[1].astype(float), np.arange(len(rows))
    same = np.nonzero(np.equal.outer(data[0], data[0]))
    sums = ClusterSums(*same, np.ones(len(same[0])), y[same[0]], y[same[0]] * y[same[1]])
    names = ["class 2", "class 3", *map(" ".join, inside)]
    fit = fit_binomial(design(levels), np.ones(each.size), y, names=names, clusters=sums)
    for key, ratio in zip(inside, fit.odds_ratios()[2:], strict=True):
        expected = [ratio.odds_ratio, ratio.lower, ratio.upper, ratio.p_value]
        got = [odds[key][name] for name in ("odds_ratio", "lower", "upper", "p_value")]
        assert_allclose(got, expected, rtol=1e-6)  # two fits that each stop at 1e-10; magnified by |z| in the p-value
    term_of = {name: term for term, name in WITHIN.items()}
    told = [(key, row) for key, row in means.items() if key[0] in term_of]
    assert len(told) == 18
    for (name, spoken), row in told:
        class_no, level = spoken.split(", ")
        set_to = levels | {term_of[name]: np.full_like(levels[term_of[name]], level)}
        mean = fit.mean_probability(design(set_to), (levels["class_no"] == class_no).astype(float))
        assert_allclose([row["probability"], row["lower"], row["upper"]], [mean.probability, mean.lower, mean.upper])
        here = (levels["class_no"] == class_no) & (levels[term_of[name]] == level)
        assert (row["rows_of_level"], row["reached"]) == (here.sum(), y[here].sum())
        assert row["children_reached"] == np.unique(data[0][here & (y == 1)]).size


def test_planted_differences_between_classes_are_recovered(duck: Engine) -> None:
    """Boys are likelier to come into care in class 2 only; within four standard errors, whichever the seed."""
    tables = planted(6000, seed=11)
    chance, boys = np.random.default_rng(11), {p["person_id"] for p in tables["person"] if p["sex"] == "M"}
    class_of = {row["episode_id"]: row["class_no"] for row in tables["class_of"]}
    for row in tables["pathway"]:
        log_odds = -1.0 + 1.2 * (row["person_id"] in boys and class_of[row["episode_id"]] == 2)
        row["has_care"] = bool(chance.random() < 1 / (1 + np.exp(-log_odds)))
    load(duck, tables)
    model(duck, "class")
    odds = made(duck, "rung_model")
    for class_no, truth in (("1", 0.0), ("2", 1.2), ("3", 0.0)):
        boy, girl = odds["class_sex", f"{class_no}, M"], odds["class_sex", f"{class_no}, F"]
        row, wanted = (boy, truth) if boy["lower"] is not None else (girl, -truth)
        width = np.log(row["upper"] / row["lower"]) / (2 * 1.96)
        assert width < 0.15
        assert abs(np.log(row["odds_ratio"]) - wanted) < 4 * width


def test_a_class_that_cannot_be_modelled_is_said_and_stops_no_other(duck: Engine) -> None:
    """Class 4 has ten episodes and class 5 is all boys of one age and group: nothing can be told apart in it."""
    tables = planted(600, seed=12, care=0.0)
    load(duck, tables)
    model(duck, "class")
    before = made(duck, "rung_probability")
    for number in range(70):
        name, class_no = f"q{number}", 4 if number < 10 else 5
        tables["person"].append(
            {"person_id": name, "sex": "M", "ethnic_group": "White", "born_on": dt.date(2012, 6, 1)}
        )
        row = tables["pathway"][0] | {"episode_id": name, "person_id": name, "has_care": number % 2 == 0}
        tables["pathway"].append(row | {"rung": "cin_only"})
        classed = tables["class_of"][0] | {"assessment_id": name, "episode_id": name, "person_id": name}
        tables["class_of"].append(classed | {"class_no": class_no})
    load(duck, tables)
    ledger = model(duck, "class")
    after = made(duck, "rung_probability")
    inside = {key for key in after if key[0] in WITHIN.values()}
    assert {level[0] for _, level in inside} == {"1", "2", "3"}
    for key in inside:
        assert_allclose(after[key]["probability"], before[key]["probability"])
    step = next(s for s in ledger.steps if s.step == "model reaching looked_after within each class")
    assert dict(step.set_aside) == {
        "class 4: no model: nothing differs between the episodes": 10,
        "class 5: no model: nothing differs between the episodes": 60,
    }


def test_levels_that_a_class_does_not_have_are_no_rows_of_it(duck: Engine) -> None:
    """An empty cell says nothing: no Black child is of class 3, and the rest of the class is told as before."""
    tables = planted(800, seed=13, care=0.0)
    black = {p["person_id"] for p in tables["person"] if p["ethnic_group"] == "Black"}
    tables["class_of"] = [c for c in tables["class_of"] if not (c["class_no"] == 3 and c["person_id"] in black)]
    load(duck, tables)
    model(duck, "class")
    means = made(duck, "rung_probability")
    assert ("class_ethnic_group", "2, Black") in means
    assert not {key for key in means if key[0] == "class_ethnic_group" and key[1].startswith("3,")}
    assert means["class_sex", "3, M"]["probability"] is not None


def test_which_episodes_are_modelled_and_with_which_terms(engine: Engine) -> None:
    text = """
pathway
episode_id | person_id | starts_on  | rung                    | has_assessment | has_cp_plan | has_care
early      | a         | 2018-03-31 | cin_only                | true           | false       | false
first_day  | a         | 2018-04-01 | cin_only                | true           | false       | false
late       | a         | 2021-04-01 | cin_only                | true           | false       | false
nfa        | a         | 2019-01-01 | no_further_action       | false          | false       | false
unborn     | b         | 2019-01-01 | looked_after            | true           | true        | true
nobody     | x         | 2019-01-01 | conference              | true           | false       | false
adult      | c         | 2019-06-01 | section_47              | true           | false       | false
nearly     | c         | 2019-05-31 | closed_after_assessment | true           | false       | false
person
person_id | sex | ethnic_group | born_on
a         | F   | White        | 2010-04-02
b         |     |              | 2019-01-02
c         | M   | Asian        | 2001-06-01
class_of
assessment_id | episode_id | person_id | assessed_on | class_no
x2            | first_day  | a         | 2018-06-01  | 2
x1            | first_day  | a         | 2018-05-01  | 1
"""
    for name, rows in load_examples(text, "", year=2019, common=COMMON).tables.items():
        engine.load(name, rows)
    ledger = model(engine)
    assert dict(ledger.steps[0].set_aside) == {
        "referred outside the study period": 2,
        "no assessment in it": 1,
        "date of birth not known": 1,
        "aged 18 or over at referral": 1,
    }
    found = engine.rows(
        "SELECT person_id, class_no, age_band, sex, ethnic_group, in_need, section_47, conference, cp_plan, looked_after FROM rung_episode ORDER BY person_id"
    )
    assert found == [
        ("a", "1", "5-9", "F", "White", 1, 0, 0, 0, 0),
        ("b", "unclassed", "unborn", "U", "Unknown", 1, 1, 1, 1, 1),
        ("c", "unclassed", "16-17", "M", "Asian", 0, 0, 0, 0, 0),
    ]


def test_a_level_of_which_none_or_all_reached_it_is_plain_and_harms_no_other(duck: Engine) -> None:
    tables = planted(600, seed=8)
    load(duck, tables)
    model(duck)
    before = made(duck, "rung_model")
    for number, (has_care, group) in enumerate([(False, "Mixed"), (True, "Asian")] * 15):
        name = f"q{number}"
        tables["person"].append({"person_id": name, "sex": "F", "ethnic_group": group, "born_on": dt.date(2012, 6, 1)})
        row = tables["pathway"][0] | {"episode_id": name, "person_id": name, "has_care": has_care}
        tables["pathway"].append(row | {"rung": "looked_after" if has_care else "cin_only"})
        tables["class_of"].append(
            tables["class_of"][0] | {"assessment_id": name, "episode_id": name, "person_id": name}
        )
    load(duck, tables)
    ledger = model(duck)
    odds, means = made(duck, "rung_model"), made(duck, "rung_probability")
    for key, row in before.items():
        assert_allclose([odds[key]["odds_ratio"], odds[key]["lower"] or 0], [row["odds_ratio"], row["lower"] or 0])
    for level, reached in (("Mixed", 0), ("Asian", 15)):
        assert odds["ethnic_group", level]["odds_ratio"] is None
        row = means["ethnic_group", level]
        assert (row["probability"], row["lower"], row["upper"]) == (reached / 15, None, None)
        assert (row["rows_of_level"], row["reached"]) == (15, reached)
    female = means["sex", "F"]
    everyone, settled = female["rows"], 30
    assert female["lower"] < female["probability"] < female["upper"]
    assert 15 / everyone < female["probability"] < 1 - 15 / everyone  # the settled ones stay, with 0 and 1
    step = next(s for s in ledger.steps if s.step == "model reaching looked_after")
    assert dict(step.set_aside) == {"of a level of which all or none reached it": settled}


def test_a_combination_of_which_the_limits_disagree_is_not_guessed(duck: Engine) -> None:
    """Nobody of class 4 reached it and every Asian child did: what of an Asian child of class 4? Nobody can say."""
    tables = planted(400, seed=9)
    for number, has_care in enumerate([False, True] * 10):
        name, group = f"q{number}", "Asian" if has_care else "White"
        tables["person"].append({"person_id": name, "sex": "F", "ethnic_group": group, "born_on": dt.date(2012, 6, 1)})
        row = tables["pathway"][0] | {"episode_id": name, "person_id": name, "has_care": has_care, "rung": "cin_only"}
        tables["pathway"].append(row)
        classed = tables["class_of"][0] | {"assessment_id": name, "episode_id": name, "person_id": name}
        tables["class_of"].append(classed | {"class_no": 1 if has_care else 4})
    load(duck, tables)
    model(duck)
    means = made(duck, "rung_probability")
    for key in (("class_no", "4"), ("ethnic_group", "Asian")):
        assert means[key]["probability"] is None
        assert means[key]["rows_of_level"] == 10
    assert means["class_no", "2"]["probability"] is not None


def test_too_few_to_model_is_said_and_leaves_no_rows(duck: Engine) -> None:
    tables = planted(60, seed=2, care=-3.0)
    assert sum(row["has_care"] for row in tables["pathway"]) < FEWEST
    load(duck, tables)
    ledger = model(duck)
    said = [why for step in ledger.steps for why, _ in step.set_aside if "no model" in why]
    assert f"no model: fewer than {FEWEST} episodes that reached it, or that did not" in said
    assert not made(duck, "rung_model")
    assert not made(duck, "rung_probability")


def test_nothing_to_model_at_all(duck: Engine) -> None:
    load(duck, planted(60, seed=2))
    duck.make("pathway", "SELECT * FROM pathway WHERE episode_id = ''")
    ledger = model(duck)
    assert {step.rows_in for step in ledger.steps} == {0}
    assert duck.columns("rung_model")


def test_two_columns_that_together_tell_all_leave_no_model(duck: Engine) -> None:
    """Every level has some of both, yet care is only for boys of class 1 and never for others of that class."""
    tables = planted(500, seed=4)
    load(duck, tables)
    duck.make(
        "pathway",
        """SELECT w.* REPLACE (CASE WHEN c.class_no = 1 THEN p.sex = 'M' WHEN c.class_no = 2 THEN p.sex = 'M' AND w.has_care
                ELSE p.sex = 'M' OR w.has_care END AS has_care)
           FROM pathway AS w JOIN person AS p USING (person_id) JOIN class_of AS c USING (episode_id)""",
    )
    ledger = model(duck)
    step = next(s for s in ledger.steps if s.step == "model reaching looked_after")
    assert step.rows_out == 0
    assert "no model: tell completely who does and who does not, together" in step.set_aside[0][0]
    assert "sex" in step.set_aside[0][0]
