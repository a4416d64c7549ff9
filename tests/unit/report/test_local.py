"""One authority beside the others: what it is set beside, what is withheld of it, and what is drawn."""

import json
from collections.abc import Mapping
from dataclasses import replace
from math import isclose
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from careloom.catalogue import load_catalogue
from careloom.core import StudyError
from careloom.engine import DuckDBEngine
from careloom.report import write_report
from careloom.report.asking import answer_all
from careloom.report.beside import LOCAL, read_pooled, say_beside, set_beside
from careloom.report.figures import draw
from careloom.report.grid import lay_out
from careloom.report.limits import wilson
from careloom.report.local_share import local_shares
from careloom.report.question import Answer

Answers = Mapping[str, Answer]


def test_all_together_are_those_of_the_table_of_categories(answers: Answers) -> None:
    """The same cells as they are withheld and rounded there."""
    ours = {row["category"]: row for row in answers["local_demand"].rows if row["la"] == "All"}
    theirs = {row["category"]: row for row in answers["categories"].rows}
    assert len(ours) == 4
    for category, row in ours.items():
        assert (row["assessments"], row["children"]) == (theirs[category]["assessments"], theirs[category]["children"])


def test_a_share_and_its_limits_are_worked_out_from_what_is_shown(answers: Answers) -> None:
    rows = answers["local_demand"].rows
    known = [row for row in rows if row["share"] is not None]
    assert len(known) > 20
    for row in known:
        assert row["share"] == round(row["assessments"] / row["of_assessments"], 2)
        assert [row["lower"], row["upper"]] == [round(end, 2) for end in wilson(row["share"], row["of_children"])]
    hidden = [row for row in rows if answers["local_demand"].is_withheld(row, "assessments")]
    assert all(row["share"] is row["lower"] is row["upper"] is None for row in hidden)


def test_limits_are_those_that_wilson_gave() -> None:
    """R: prop.test(16, 64, correct = FALSE)$conf.int and prop.test(0, 20, correct = FALSE)$conf.int."""
    assert wilson(0.25, 64) == pytest.approx((0.1601492653, 0.3681627646), abs=5e-8)
    assert wilson(0.0, 20) == pytest.approx((0.0, 0.1611252), abs=5e-8)


def test_the_share_by_a_day_is_one_less_the_product_of_those_who_pass_each_day(duck: DuckDBEngine) -> None:
    """Against a slow product over the days, child by child."""
    chance = np.random.default_rng(5)
    days = chance.integers(1, 500, 300).astype(float)
    is_event = chance.random(300) < 0.4
    la = np.array(["A", "B", "C"])[chance.integers(0, 3, 300)]
    people = [f"P{n:03d}" for n in range(300)]
    duck.load(
        "time_to_event",
        pa.table({"outcome": ["o"] * 300, "la": la, "person_id": people, "days": days, "is_event": is_event}),
    )
    found = {row["la"]: row for row in local_shares(duck, 366)}
    assert set(found) == {"A", "B", "C", "All"}
    for name, row in found.items():
        mine = np.full(300, True) if name == "All" else la == name
        left = 1.0
        for day in np.unique(days[mine & is_event & (days <= 366)]):
            left *= 1 - (mine & is_event & (days == day)).sum() / (mine & (days >= day)).sum()
        assert isclose(row["share"], 1 - left, rel_tol=1e-12)
        assert row["at_risk"] == (mine & (days > 366)).sum()
        assert row["events"] == (mine & is_event & (days <= 366)).sum()
        assert row["lower"] < row["share"] < row["upper"]


def test_what_few_children_have_is_withheld_and_no_total_tells_it(answers: Answers) -> None:
    answer = answers["local_pathways"]
    few = [row for row in answer.rows if row["authority"] == "Othershire"]  # 4 episodes
    assert few
    assert all(answer.is_withheld(row, "rows_of_level") and row["share"] is None for row in few)


def test_an_authority_is_laid_out_beside_all(answers: Answers) -> None:
    demand = lay_out(answers["local_demand"], "Shire 2")
    assert demand.headings == ("Category", "Shire 2", "All")
    assert all(" to " in cell.text for row in demand.rows for cell in row[1:])
    outcomes = lay_out(answers["local_outcomes"], "Shire 2")
    assert {row[0].text for row in outcomes.rows} == {"Shire 2", "All"}


def test_of_an_authority_that_is_not_there_nothing_is_said(answers: Answers) -> None:
    assert answers["local_demand"].about("Anyshire") == []  # its assessments are those of six Shires
    assert draw("local_demand", answers["local_demand"], "Anyshire") is None


def test_figures_say_in_words_what_they_show(answers: Answers) -> None:
    figure = draw("local_outcomes", answers["local_outcomes"], "Shire 2")
    assert figure is not None
    for row in answers["local_outcomes"].about("Shire 2"):
        if row["share"] is not None:
            assert f"{row['la']} {100 * row['share']:.0f}%" in figure.words


# --- beside another study ---------------------------------------------------------------------------------------------


@pytest.fixture
def pooled(written: tuple[Path, Any], tmp_path: Path) -> Path:
    """What the made-up study of several authorities would hand over."""
    path = tmp_path / "pooled.json"
    path.write_bytes((written[0] / "results.json").read_bytes())
    return path


def alone(made_up: dict[str, Any], duck: DuckDBEngine) -> None:
    """The made-up records, as of a single authority."""
    made_up["make_up"](duck)
    for table in ("class_of", "time_to_event", "cost", "measure"):
        duck.make(table, f"SELECT * REPLACE ('Shire 2' AS la) FROM {table}")
    duck.make("profile", "SELECT * REPLACE ('Shire 2' AS group_value) FROM profile WHERE grouped_by <> 'la' OR group_value = 'Anyshire'")  # fmt: skip


def test_a_study_of_one_authority_stands_beside_the_released_numbers_of_another(
    made_up: dict[str, Any], duck: DuckDBEngine, pooled: Path, answers: Answers
) -> None:
    alone(made_up, duck)
    study = replace(made_up["STUDY"], authorities=(), pooled=read_pooled(pooled))
    mine = answer_all(duck, load_catalogue(), study)
    name = f"Beside: {study.title}"
    for table in LOCAL:
        first = mine[table].question.columns[0].name
        theirs = [row for row in answers[table].rows if row[first] == "All"]
        assert [row for row in mine[table].rows if row[first] == name] == [{**row, first: name} for row in theirs]
    assert lay_out(mine["local_demand"], "Shire 2").headings == ("Category", "Shire 2", name)
    assert any(name in said for said in say_beside(mine))


def test_categories_of_another_typology_are_not_set_beside(
    made_up: dict[str, Any], answers: Answers, pooled: Path
) -> None:
    told = json.loads(pooled.read_text())
    for row in told["numbers"]["local_demand"]["rows"]:
        row["category"] = row["category"].replace("1. ", "1. Other: ")
    pooled.write_text(json.dumps(told))
    beside = set_beside(answers, read_pooled(pooled))
    assert not any(row["la"].startswith("Beside: ") for row in beside["local_demand"].rows)
    assert any(row["la"].startswith("Beside: ") for row in beside["local_outcomes"].rows)
    assert any("not the same" in said for said in say_beside(beside))


def test_one_authority_alone_is_told_what_it_would_need(
    made_up: dict[str, Any], duck: DuckDBEngine, tmp_path: Path
) -> None:
    alone(made_up, duck)
    write_report(duck, load_catalogue(), folder=tmp_path, study=replace(made_up["STUDY"], authorities=()))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "There is nothing to set this authority beside" in page
    assert "Share of assessments, with 95% interval" not in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no results.json"),
        ("[]", "no results.json"),
        ('{"version": 99}', "another Careloom"),
        ('{"version": 1, "numbers": {}, "study": {"name": "x"}}', "no results.json"),
    ],
)
def test_a_file_that_is_no_results_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(StudyError, match=said):
        read_pooled(path)
    with pytest.raises(StudyError, match="cannot be read"):
        read_pooled(tmp_path / "none.json")
