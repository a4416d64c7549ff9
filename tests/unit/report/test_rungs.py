"""How likely each step is: what the figure draws, and the levels too small to show."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from careloom.report import Report
from careloom.report.rungs import draw_rungs

Written = tuple[Path, Report]


def released(written: Written, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(written[0] / "tables" / f"{name}.parquet").to_pylist()
    return rows


def test_a_panel_for_each_step_and_a_dot_for_each_category(written: Written) -> None:
    figure = draw_rungs([row for row in released(written, "rung_probabilities") if row["probability"] is not None])
    assert figure is not None
    for head in ("In need, or", "further", "protection", "plan"):
        assert head in figure.svg
    assert figure.svg.count("Domestic abuse of a parent") == 1  # named once, beside the first panel
    assert "Female" not in figure.svg
    assert "In need, or further: 4. Learning disability and physical disability 50%" in figure.words


def test_nothing_to_draw_without_intervals() -> None:
    row = {"rung": "In need", "term": "Category", "level": "1", "probability": 0.0, "lower": None, "upper": None}
    assert draw_rungs([row]) is None


def test_what_rests_on_few_episodes_is_withheld(written: Written) -> None:
    for table, column in (("rung_probabilities", "probability"), ("rung_odds", "odds_ratio")):
        rows = {(row["rung"], row["level"]): row for row in released(written, table)}
        few = rows["In need, or further", "Not known"]
        assert (few["reached"], few[column], few["lower"], few["upper"]) == (None, None, None, None)
        assert column in few["withheld"].split(",")
        assert rows["Child protection plan", "Not known"]["reached"] == 0
        assert rows["In need, or further", "Female"][column] is not None


def test_the_page_says_what_the_steps_are(written: Written) -> None:
    page = (written[0] / "report.html").read_text(encoding="utf-8")
    assert "How far children went" in page
    assert "How likely each step is, other things being equal" in page


def test_levels_within_a_category_are_named_by_both_and_are_not_drawn(written: Written) -> None:
    rows = [row for row in released(written, "rung_probabilities") if row["term"] == "Sex, within a category"]
    name = "1. Domestic abuse of a parent, emotional abuse and neglect"
    assert {row["level"] for row in rows} >= {f"{name}: Female", f"{name}: Male"}
    assert len(rows) == 6
    odds = {row["level"]: row for row in released(written, "rung_odds") if row["rung"] == "In need, or further"}
    assert odds[f"{name}: Female"]["reference"] == f"{name}: Male"
    assert draw_rungs(rows) is None
