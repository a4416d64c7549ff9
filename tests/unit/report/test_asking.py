"""The questions themselves: months, order, and the numbers that reach the door."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine, Engine, with_names
from careloom.report.asking import MONTHS, answer_all, load_words, longest
from careloom.report.figures import draw
from careloom.report.grid import lay_out
from careloom.report.question import MADE_ONCE, READ_OFFS, Answer, ask, ask_all, read_questions, sql_of


@pytest.mark.parametrize(("months", "days"), [(1, 31), (2, 62), (3, 92), (6, 184), (12, 366), (24, 731), (72, 2192)])
def test_the_longest_that_months_can_be(months: int, days: int) -> None:
    assert longest(months) == days  # July and August; May to July; March to August; a leap year; two in six years


def test_outcomes_are_read_off_at_the_same_days_as_declared() -> None:
    horizons = {days for outcome in load_catalogue().outcomes.values() for days in outcome.horizons_days}
    assert {longest(months) for months in READ_OFFS} == horizons


def test_read_offs_agree_with_the_curves_they_are_read_off(answers: dict[str, Answer]) -> None:
    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        return row["outcome"], row["category"], row["month"]

    curves = {key(row): row["share"] for row in answers["curves"].rows}
    assert answers["read_offs"].rows
    assert all(curves[key(row)] == row["share"] for row in answers["read_offs"].rows)


def test_a_read_off_is_the_share_with_the_event(
    answers: dict[str, Answer], duck: DuckDBEngine, made_up: dict[str, Any]
) -> None:
    made_up["make_up"](duck)
    (survival,) = duck.rows(
        "SELECT survival FROM curve WHERE outcome = 're_referral' AND class_no = 0 AND days <= 366 ORDER BY days DESC LIMIT 1"
    )[0]
    title = load_catalogue().outcomes["re_referral"].title
    (row,) = (
        r for r in answers["read_offs"].rows if (r["outcome"], r["category"], r["month"]) == (title, "All children", 12)
    )
    assert row["share"] == round(1 - survival, 3)


def test_children_on_a_curve_are_counted_once_of_whatever_category_they_are(engine: Engine) -> None:
    """200 stretches of 40 children, of two categories or none; beside each number, children counted one by one."""
    random = np.random.default_rng(2)
    rows = {
        "outcome": random.choice(["one", "other"], 200).tolist(),
        "person_id": [f"p{k}" for k in random.integers(0, 40, 200)],
        "class_no": pa.array([None if k == 0 else int(k) for k in random.integers(0, 3, 200)], pa.int32()),
        "days": random.integers(1, 900, 200).astype(float),
        "is_event": random.choice([True, False], 200).tolist(),
    }
    engine.load("time_to_event", pa.table(rows))
    of_each = [(outcome, k) for outcome in ("one", "other") for k in (0, 1, 2)]
    steps = [
        {"outcome": o, "class_no": k, "days": 5.0, "survival": 0.5, "lower": 0.4, "upper": 0.6} for o, k in of_each
    ]
    engine.load("curve", pa.Table.from_pylist(steps))
    engine.load("demand_class", pa.table({"class_no": pa.array([1, 2], pa.int32()), "name": ["a", "b"]}))
    load_words(engine, load_catalogue())
    names = sql_of(["category", "curve_point"])
    found = {
        tuple(key): (at_risk, events)
        for *key, at_risk, events in engine.rows(
            with_names(names, "SELECT outcome, class_no, month, at_risk, events FROM curve_point")
        )
    }
    assert len(found) == len(MONTHS) * len(of_each)
    for (outcome, class_no, month), numbers in found.items():
        day = longest(month) if month else 0
        mine = [s for s in pa.table(rows).to_pylist() if s["outcome"] == outcome and class_no in (0, s["class_no"])]
        left = {s["person_id"] for s in mine if s["days"] > day}
        assert numbers == (len(left), len({s["person_id"] for s in mine if s["is_event"] and s["days"] <= day}))


def test_what_several_questions_look_up_is_made_once_and_let_go(duck: DuckDBEngine, made_up: dict[str, Any]) -> None:
    made_up["make_up"](duck)
    answer_all(duck, load_catalogue(), made_up["STUDY"])
    questions = [read_questions()[name] for name in ("curves", "read_offs", "cost_by_age", "cost_by_need")]
    together = ask_all(duck, questions)
    for question in questions:
        assert together[question.name].rows == ask(duck, question).rows != []
    assert not any(duck.columns(name) for name in MADE_ONCE)


def test_limits_that_are_not_defined_are_blank(duck: DuckDBEngine, made_up: dict[str, Any]) -> None:
    made_up["make_up"](duck)
    limits = ", ".join(f"CASE WHEN days > 60 THEN NULL ELSE {name} END AS {name}" for name in ("lower", "upper"))
    duck.make("curve", f"SELECT outcome, class_no, days, at_risk, events, survival, {limits} FROM curve")
    rows = answer_all(duck, load_catalogue(), made_up["STUDY"])["read_offs"].rows
    assert rows
    assert {(row["lower"], row["upper"]) for row in rows} == {(None, None)}


def test_children_are_counted_once_in_their_pathway(answers: dict[str, Answer]) -> None:
    by_category: dict[str, list[dict[str, Any]]] = {}
    for row in answers["pathway_by_category"].rows:
        by_category.setdefault(row["category"], []).append(row)
    assert len(by_category) == 4
    for rows in by_category.values():
        # 7 steps, each withheld (at most 5) or rounded (by at most 2, or up to 4 to reach 10), of a rounded whole
        assert abs(sum(row["children"] or 3 for row in rows) - rows[0]["of_children"]) <= 7 * 4 + 2


def test_cost_adds_up_to_within_rounding(answers: dict[str, Answer]) -> None:
    rows, checked = answers["cost_concentration"].rows, 0
    for name in {row["list"] for row in rows}:
        mine = [row for row in rows if row["list"] == name]
        (whole,) = (row["cost"] for row in mine if row["band"] == "All")
        parts = [row["cost"] for row in mine if row["band"] != "All"]
        if None not in parts:
            assert abs(sum(parts) - whole) <= 50 * (len(parts) + 1)  # each rounded to the nearest 100
            checked += 1
    assert checked
    weekly = [row for row in answers["cost_by_placement"].rows if row["per_week"] is not None]
    assert weekly
    assert all(row["per_week"] == round(7 * row["cost"] / row["nights"]) for row in weekly)


def test_the_costliest_placement_comes_first_and_the_total_last(answers: dict[str, Answer]) -> None:
    rows = answers["cost_by_placement"].rows
    costs = [row["cost"] or 0 for row in rows[:-1]]
    assert costs == sorted(costs, reverse=True)
    assert rows[-1]["placement"] == "All"


def test_a_wide_table_has_a_column_for_each_year(answers: dict[str, Answer]) -> None:
    grid = lay_out(answers["availability"])
    assert grid.headings == ("Return", "Table", "Item", "2019", "2020", "2021")
    assert {len(row) for row in grid.rows} == {6}


def test_the_years_stand_beside_each_other_and_a_small_share_is_withheld(answers: dict[str, Answer]) -> None:
    """Made up: no referrals told for 2021; 4 of 80, 21 of 84 and 19 of 20 plans."""
    counts, shares = lay_out(answers["measures"]), lay_out(answers["measure_shares"])
    assert counts.headings == ("What is counted", "Authority", "2019", "2020")
    assert [cell.text for cell in counts.rows[0]] == ["Referrals", "Anyshire", "410", "400"]
    assert shares.headings[2:] == ("2019", "2020", "2021")
    assert [cell.text for cell in shares.rows[0][2:]] == ["c", "24%", "\u2013"]  # 20 of 85 as shown; 20 is too few


def test_every_figure_and_table_that_a_question_names_is_declared() -> None:
    known = set(load_catalogue().tables)
    for question in read_questions().values():
        assert set(question.needs) <= known, question.name


def test_a_curve_of_which_only_time_zero_may_be_shown_is_not_drawn(duck: DuckDBEngine, made_up: dict[str, Any]) -> None:
    made_up["make_up"](duck, children=60)
    few = "person_id < 'PERSON00003'"  # 3 children come back after 10 days, nobody else ever
    days = f"CASE WHEN {few} THEN 10.0 ELSE days END"
    duck.make(
        "time_to_event",
        f"SELECT * REPLACE ({few} AS is_event, {days} AS days, CAST(NULL AS INTEGER) AS class_no) FROM time_to_event",
    )
    duck.make("curve", "SELECT * REPLACE (CAST(0.99 AS DOUBLE) AS survival) FROM curve")
    answer = answer_all(duck, load_catalogue(), made_up["STUDY"])["curves"]
    title = load_catalogue().outcomes["repeat_plan"].title
    assert {row["month"] for row in answer.rows if row["outcome"] == title} == {0}
    assert draw("curves", answer, title) is None


def test_age_bands_come_in_order_and_small_p_values_are_only_called_small(
    duck: DuckDBEngine, made_up: dict[str, Any]
) -> None:
    made_up["make_up"](duck)
    bands = ["under 1", "1-4", "5-9", "10-15", "16-17"]
    ages = " UNION ALL ".join(
        f"SELECT 'age_band' AS term, '{band}' AS level, '10-15' AS reference, 0.0004 AS p_value" for band in bands
    )
    fit = "'re_referral' AS outcome, 'M2' AS model, 'cause_specific' AS method, 'all' AS period"
    rest = "1.5 AS hazard_ratio, 1.2 AS lower, 1.9 AS upper, p_value, 150 AS children, 60 AS children_with_event"
    duck.make("hazard_ratio", f"SELECT {fit}, term, level, reference, {rest} FROM ({ages})")
    answer = answer_all(duck, load_catalogue(), made_up["STUDY"])["hazard_ratios"]
    assert [row["level"] for row in answer.rows] == ["Under 1", "1 to 4", "5 to 9", "10 to 15", "16 to 17"]
    grid = lay_out(answer)
    assert {row[grid.headings.index("p")].text for row in grid.rows} == {"<0.001"}


def test_how_following_ended_is_said_in_words_and_in_order(duck: DuckDBEngine, made_up: dict[str, Any]) -> None:
    made_up["make_up"](duck)
    birthday = "CASE WHEN ended_by <> 'event' AND days < 400 THEN '18th_birthday' ELSE ended_by END"
    duck.make("time_to_event", f"SELECT * REPLACE ({birthday} AS ended_by) FROM time_to_event")
    grid = lay_out(answer_all(duck, load_catalogue(), made_up["STUDY"])["followed"])
    assert grid.headings == ("Outcome", "Had the event", "Reached 18", "Still followed at the end", "All")


def test_the_outcome_of_most_children_comes_first(duck: DuckDBEngine, made_up: dict[str, Any]) -> None:
    titles = {name: outcome.title for name, outcome in load_catalogue().outcomes.items()}
    for fewer, first in (("repeat_plan", "re_referral"), ("re_referral", "repeat_plan")):
        made_up["make_up"](duck)
        few = f"outcome = '{fewer}' AND person_id >= 'PERSON00300'"
        duck.make("time_to_event", f"SELECT * FROM time_to_event WHERE NOT ({few})")
        answers = answer_all(duck, load_catalogue(), made_up["STUDY"])
        for name in ("followed", "read_offs", "curves", "hazard_ratios"):
            seen = list(dict.fromkeys(row["outcome"] for row in answers[name].rows))
            assert seen == [titles[first], titles[fewer]], name


def test_reasons_that_are_no_loss_are_left_out(answers: dict[str, Answer]) -> None:
    assert [row["reason"] for row in answers["step_reasons"].rows] == ["no child identifier", "not authorised"]


def test_a_blank_square_is_explained_and_only_then(answers: dict[str, Answer]) -> None:
    whole = draw("availability", answers["availability"])
    assert whole is not None
    assert whole.note == ""
    released = answers["availability"].released
    assert released is not None
    holed = replace(answers["availability"], released=replace(released, rows=released.rows.slice(1)))
    drawn = draw("availability", holed)
    assert drawn is not None
    assert "withheld, or not asked" in drawn.note
