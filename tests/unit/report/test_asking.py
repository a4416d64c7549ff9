"""The questions themselves: months, order, and the numbers that reach the door."""

from typing import Any

import pytest

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.report.asking import answer_all, longest
from careloom.report.figures import draw
from careloom.report.grid import lay_out
from careloom.report.question import Answer, read_questions


@pytest.fixture(scope="session")
def answers(made_up: dict[str, Any]) -> dict[str, Answer]:
    engine = DuckDBEngine()
    made_up["make_up"](engine)
    made = dict(answer_all(engine, load_catalogue(), made_up["STUDY"]))
    engine.close()
    return made


@pytest.mark.parametrize(("months", "days"), [(1, 31), (2, 62), (3, 92), (6, 184), (12, 366), (24, 731), (72, 2192)])
def test_the_longest_that_months_can_be(months: int, days: int) -> None:
    assert longest(months) == days  # July and August; May to July; March to August; a leap year; two in six years


def test_outcomes_are_read_off_at_the_same_days_as_declared() -> None:
    horizons = {days for outcome in load_catalogue().outcomes.values() for days in outcome.horizons_days}
    assert {longest(months) for months in (3, 6, 12, 24)} <= horizons


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
    rows = answers["cost_by_category"].rows
    (whole,) = (row for row in rows if row["category"] == "All")
    parts = [row["cost"] for row in rows if row["category"] != "All"]
    assert None not in parts
    assert abs(sum(parts) - whole["cost"]) <= 50 * (len(parts) + 1)  # each rounded to the nearest 100
    assert whole["per_week"] == round(7 * whole["cost"] / whole["nights"])


def test_the_costliest_placement_comes_first_and_the_total_last(answers: dict[str, Answer]) -> None:
    rows = answers["cost_by_placement"].rows
    costs = [row["cost"] or 0 for row in rows[:-1]]
    assert costs == sorted(costs, reverse=True)
    assert rows[-1]["placement"] == "All"


def test_a_wide_table_has_a_column_for_each_year(answers: dict[str, Answer]) -> None:
    grid = lay_out(answers["availability"])
    assert grid.headings == ("Return", "Table", "Item", "2019", "2020", "2021")
    assert {len(row) for row in grid.rows} == {6}


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
