"""A released table laid out for one outcome alone: the page says once which."""

from typing import Any

import pytest

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.report.asking import answer_all
from careloom.report.grid import lay_out
from careloom.report.page import headed


@pytest.mark.parametrize("name", ["hazard_by_model", "adjusted_curves", "hazard_by_period"])
def test_a_wide_table_of_one_outcome_does_not_repeat_it_in_every_line(made_up: dict[str, Any], name: str) -> None:
    engine = DuckDBEngine()
    made_up["make_up"](engine)
    answer = answer_all(engine, load_catalogue(), made_up["STUDY"])[name]
    engine.close()
    outcome = answer.rows[0]["outcome"]
    whole, alone = lay_out(answer), lay_out(answer, outcome)
    assert whole.headings == ("Outcome", *alone.headings)
    assert [row[1:] for row in whole.rows if row[0].text == outcome] == list(alone.rows)
    assert (alone.heads, whole.heads) == (len(answer.question.wide.rows) - 1, len(answer.question.wide.rows))


def test_a_title_that_asks_needs_no_colon() -> None:
    assert headed("Adjusted hazard ratios", "Again on a plan") == "Adjusted hazard ratios: Again on a plan"
    assert headed("Do they stay the same?", "Again on a plan") == "Do they stay the same? Again on a plan"
    assert headed("Adjusted hazard ratios", None) == "Adjusted hazard ratios"
