"""Pages as plain functions: what a form says, and which released rows are shown."""

from pathlib import Path

import pyarrow as pa
import pytest

from careloom.app.classes import number_in
from careloom.app.costs import number, what_if_in
from careloom.app.outcomes import EVERYONE, chosen, of_category, some, values_of
from careloom.app.page import write_cell
from careloom.app.words import Asked, Desk
from careloom.catalogue import load_catalogue
from careloom.core import RequestError
from careloom.disclose import Account, Released
from careloom.report.question import Answer
from careloom.study.released import question_of

ROWS = [
    {"outcome": outcome, "category": category, "month": month, "at_risk": 50, "events": 10, "share": 0.2, "lower": 0.1, "upper": 0.3, "withheld": None}
    for outcome in ("One", "Two")
    for category in (EVERYONE, "1. First", "2. Second")
    for month in (12, 24)
]  # fmt: skip


@pytest.fixture
def curves() -> Answer:
    return Answer(
        question_of("curves"), Released("curves", pa.Table.from_pylist(ROWS), Account("curves", 0, 0, 0, 0, 0))
    )


def test_of_a_released_table_some_rows_are_shown_as_they_are(curves: Answer) -> None:
    one = some(curves, outcome=["Two"], category=["1. First"])
    assert one.rows == [row for row in ROWS if (row["outcome"], row["category"]) == ("Two", "1. First")]
    assert some(curves, outcome=["Three"]).released is None
    assert some(Answer(curves.question, None), outcome=["One"]).released is None


def test_a_category_is_shown_beside_all_children(curves: Answer) -> None:
    assert values_of(of_category(curves, "category", "2. Second"), "category") == [EVERYONE, "2. Second"]
    assert of_category(curves, "category", "") is curves


@pytest.mark.parametrize(("asked", "found"), [("1. First", "1. First"), ("<script>", ""), ("", "")])
def test_only_what_is_known_can_be_chosen(asked: str, found: str) -> None:
    assert chosen(Asked("/outcomes", {"category": asked}), "category", ["1. First"]) == found
    assert chosen(Asked("/outcomes"), "category", ["1. First"]) == ""


def test_a_form_says_what_would_be_otherwise() -> None:
    form = {
        "title": "More", "why": "To see", "fee:secure": "10", "fee:other": "", "hours:CIN 3": "-5.5", "often:LAC 6": " 20 ",
        "moved": "5", "moved_from": "secure", "moved_to": "other", "csrf": "x", "rate:nurse": "2.5",
        "needs_moved": "10", "needs_from": "EBD", "needs_to": "CWD", "fewer_back": "50", "do": "write",
    }  # fmt: skip
    asked = what_if_in(Asked("/costs", form=form, is_sent=True))
    assert asked.fees == {"secure": 10.0, "other": 0.0}
    assert asked.hours == {"CIN 3": -5.5}
    assert asked.often == {"LAC 6": 20.0}
    assert (asked.moved, asked.moved_from, asked.moved_to) == (5.0, "secure", "other")
    assert (asked.needs_moved, asked.needs_from, asked.needs_to) == (10.0, "EBD", "CWD")
    assert asked.rates == {"nurse": 2.5}
    assert asked.fewer_back == 50.0


@pytest.mark.parametrize("text", ["ten", "1e999", "nan", "-inf", "1,5", "10%"])
def test_what_is_no_number_of_per_cent_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="a number of per cent"):
        number(text)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "one", "99999", "\u0663"])  # the last is an Arabic digit
def test_what_is_no_number_of_a_category_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="say which category"):
        number_in(Asked("/classes", form={"number": text}, is_sent=True))


def test_the_command_is_one_that_can_be_typed() -> None:
    desk = Desk(Path("our study.toml"), load_catalogue())
    assert desk.command("run") == 'careloom run "our study.toml"'
    assert desk.command("classes list", "--all") == 'careloom classes list "our study.toml" --all'
    assert desk.command("child", "x", "--purpose", "") == 'careloom child "our study.toml" x --purpose ""'


def test_cells_are_written_as_the_command_writes_them() -> None:
    assert [write_cell(*each) for each in ((12345, "rows"), (2024, "year"), (None, "x"), ("a", "x"))] == [
        "12,345",
        "2024",
        "",
        "a",
    ]
