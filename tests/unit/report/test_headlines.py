"""The sentences of the first screen: what they say, and what they must not."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.report.asking import answer_all
from careloom.report.headlines import headlines
from careloom.report.question import Answer

CARD = {"in": "What came in?", "outcomes": "What becomes of the children?", "costs": "What does it cost?"}


@pytest.fixture
def made(made_up: dict[str, Any], duck: DuckDBEngine) -> DuckDBEngine:
    made_up["make_up"](duck)
    return duck


def answered(engine: DuckDBEngine, made_up: dict[str, Any]) -> dict[str, Answer]:
    return dict(answer_all(engine, load_catalogue(), made_up["STUDY"]))


def card(engine: DuckDBEngine, made_up: dict[str, Any], name: str) -> str:
    return " ".join(headlines(answered(engine, made_up), made_up["STUDY"])[CARD[name]])


def without(engine: DuckDBEngine, table: str, where: str) -> None:
    engine.make(table, f"SELECT * FROM {table} WHERE NOT ({where})")


def test_a_range_is_given_when_every_category_can_be_shown(made: DuckDBEngine, made_up: dict[str, Any]) -> None:
    assert "; by category from " in card(made, made_up, "outcomes")


def test_no_range_when_one_category_cannot_be_shown(made: DuckDBEngine, made_up: dict[str, Any]) -> None:
    without(made, "curve", "outcome = 're_referral' AND class_no = 4")
    title = load_catalogue().outcomes["re_referral"].title
    (said,) = (s for s in card(made, made_up, "outcomes").split(". ") if s.startswith(title))
    assert said.endswith("% within 12 months")


def test_no_sentence_when_all_children_cannot_be_shown(made: DuckDBEngine, made_up: dict[str, Any]) -> None:
    without(made, "curve", "outcome = 're_referral' AND class_no = 0")
    said = card(made, made_up, "outcomes")
    assert load_catalogue().outcomes["re_referral"].title not in said
    assert load_catalogue().outcomes["repeat_plan"].title in said


def test_what_kept_files_from_being_used_is_said(made: DuckDBEngine, made_up: dict[str, Any]) -> None:
    # 28 rows were set aside, shown as 30
    assert "4 files were handed over; 1 refused, about 30 rows were set aside while reading." in card(
        made, made_up, "in"
    )


def test_all_could_be_used_only_when_nothing_was_lost(made: DuckDBEngine, made_up: dict[str, Any]) -> None:
    without(made, "delivery", "state = 'refused'")
    assert "all could be used" not in card(made, made_up, "in")
    without(made, "ledger", "outcome = 'set aside'")
    assert "3 files were handed over; all could be used." in card(made, made_up, "in")
    made.make(
        "delivery", "SELECT * REPLACE (CASE WHEN delivery_id = 2 THEN 0 ELSE rows_in END AS rows_in) FROM delivery"
    )
    assert "3 files were handed over; 1 held no rows." in card(made, made_up, "in")
    assert [row["state"] for row in answered(made, made_up)["deliveries"].rows] == ["read", "no rows", "read"]


def test_a_few_rows_set_aside_are_not_counted_out(made: DuckDBEngine, made_up: dict[str, Any]) -> None:
    made.make("ledger", "SELECT * REPLACE (CASE WHEN rows = 28 THEN 3 ELSE rows END AS rows) FROM ledger")
    assert "fewer than 6 rows were set aside while reading" in card(made, made_up, "in")


def test_children_who_could_not_be_costed_are_said(made: DuckDBEngine, made_up: dict[str, Any]) -> None:
    # 12 children, shown as 10
    assert "About 10 children could not be costed, because their placements overlap." in card(made, made_up, "costs")
    without(made, "spell", f"kind = 'period_of_care' AND person_id >= '{made_up['child'](93)}'")
    assert "Fewer than 6 children could not be costed" in card(made, made_up, "costs")
    without(made, "spell", f"kind = 'period_of_care' AND person_id >= '{made_up['child'](90)}'")
    assert "could not be costed" not in card(made, made_up, "costs")


def test_why_there_is_no_cost(made: DuckDBEngine, made_up: dict[str, Any]) -> None:
    without(made, "cost", "1 = 1")
    assert card(made, made_up, "costs") == "About 100 children could not be costed, because their placements overlap."
    made.make("spell", "SELECT * REPLACE (DATE '2001-01-01' AS starts_on, DATE '2001-02-01' AS ends_on) FROM spell")
    assert card(made, made_up, "costs") == "Nobody was looked after in the period costed."
    without(made, "spell", "1 = 1")
    assert card(made, made_up, "costs").startswith("The returns that were read tell of no child looked after")


def test_no_day_costed_is_not_called_nobody_looked_after(made: DuckDBEngine, made_up: dict[str, Any]) -> None:
    without(made, "cost", "1 = 1")
    study = replace(made_up["STUDY"], cost_last_day=date(2020, 3, 31))  # the day before the first
    (said,) = headlines(answer_all(made, load_catalogue(), study), study)[CARD["costs"]]
    assert "no day at all" in said
    assert "Nobody" not in said
