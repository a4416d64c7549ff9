"""Findings by child: who has most, page by page, and what was found of one; nothing is shown before it is written down."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from careloom.catalogue import load_catalogue
from careloom.cli import main
from careloom.core import NotFoundError, RequestError
from careloom.study import Asked
from careloom.study.findings_of_children import PAGE, find_children, find_of_child

KEPT = runpy.run_path(str(Path(__file__).with_name("kept.py")))
CATALOGUE = load_catalogue()
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
CHILDREN = [f"{'a' * 24}{one}{two}" for one in "ab" for two in LETTERS][: PAGE + 3]
MOST, NEXT = CHILDREN[5], CHILDREN[2]
STATES = [
    {"rule": f"ssda903 {n}", "message": f"What {n} says", "state": state, "rows_checked": 99, "rows_found": 9}
    for n, state in ((1, "found"), (2, "found"), (3, "clean"))
]


def found(child: str | None, rule: int, line: int, delivery: int = 2) -> dict[str, Any]:
    about = {"rule": f"ssda903 {rule}", "table_name": "episodes", "delivery_id": delivery, "line": line}
    return {"person_id": child, **about}


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    """Every child breaks rule 1 once; one breaks rule 2 three times, another twice; two findings name nobody."""
    rows = [found(child, 1, 10 + n) for n, child in enumerate(CHILDREN)]
    rows += [found(MOST, 2, line) for line in (7, 6, 5)] + [found(NEXT, 2, 4), found(NEXT, 2, 4, delivery=3)]
    rows += [found(None, 1, 99), found(None, 2, 98)]
    tables = {
        "finding_child": rows,
        "rule_state": STATES,
        "person": [{"person_id": child} for child in (*CHILDREN, "z" * 26)],
    }
    path: Path = KEPT["write_study"](tmp_path, CATALOGUE, tables)
    return path


def logged(study_file: Path) -> list[dict[str, Any]]:
    path = study_file.with_name("access.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_children_with_most_findings_come_first_and_all_are_on_some_page(study_file: Path) -> None:
    pages = [find_children(study_file, CATALOGUE, purpose="mend", page=page) for page in (1, 2)]
    assert [(page.page, page.pages, page.children, page.unnamed) for page in pages] == [
        (1, 2, PAGE + 3, 2),
        (2, 2, PAGE + 3, 2),
    ]
    assert [len(page.rows) for page in pages] == [PAGE, 3]
    assert pages[0].rows[:2] == ((MOST, 4, 2, 1, "2022"), (NEXT, 3, 2, 1, "2022"))
    assert sorted(str(row[0]) for page in pages for row in page.rows) == sorted(CHILDREN)
    assert [line["records"] for line in logged(study_file)] == [[row[0] for row in page.rows] for page in pages]


def test_of_one_rule_only_those_who_break_it(study_file: Path) -> None:
    page = find_children(study_file, CATALOGUE, purpose="mend", rule="ssda903 2")
    assert [row[:2] for row in page.rows] == [(MOST, 3), (NEXT, 2)]
    assert page.unnamed == 1
    assert find_children(study_file, CATALOGUE, purpose="mend", rule="ssda903 3").rows == ()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"purpose": " "}, "say why you look"),
        ({"purpose": "mend", "page": 3}, "there are 2"),
        ({"purpose": "mend", "page": 0}, "there are 2"),
        ({"purpose": "mend", "rule": "Jo Bloggs"}, "no such rule"),
    ],
)
def test_what_is_refused_is_written_down(study_file: Path, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        find_children(study_file, CATALOGUE, **asked)
    (line,) = logged(study_file)
    assert line["outcome"] == "refused"
    assert "Bloggs" not in str(line)


def test_of_one_child_every_finding_says_where_it_is(study_file: Path) -> None:
    told = find_of_child(study_file, CATALOGUE, Asked(MOST, "mend"))
    assert [row[0] for row in told.rows] == ["ssda903 1", "ssda903 2", "ssda903 2", "ssda903 2"]
    assert told.rows[1] == ("ssda903 2", "What 2 says", "episodes", 2022, 2, "episodes.csv", 5)
    assert len(find_of_child(study_file, CATALOGUE, Asked(MOST, "mend"), rule="ssda903 1").rows) == 1
    assert {line["person_id"] for line in logged(study_file)} == {MOST}


def test_a_child_without_findings_is_told_from_one_that_is_not_there(study_file: Path) -> None:
    assert find_of_child(study_file, CATALOGUE, Asked("z" * 26, "mend")).rows == ()
    with pytest.raises(NotFoundError, match="no child of that ID"):
        find_of_child(study_file, CATALOGUE, Asked("y" * 26, "mend"))
    with pytest.raises(RequestError, match="say why you look"):
        find_of_child(study_file, CATALOGUE, Asked(MOST, " "))
    assert [line["outcome"] for line in logged(study_file)] == ["shown", "refused", "refused"]


def test_the_command_tells_both(study_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [str(study_file), "--purpose", "mend"]
    assert main(["findings", *asked, "--by", "child", "--page", "2"]) == 0
    said = capsys.readouterr().out
    assert f"{PAGE + 3} children with findings; page 2 of 2." in said
    assert sum(child in said for child in CHILDREN) == 3
    assert "2 findings are of rows that name no child" in said
    assert main(["findings", *asked, "--child", MOST]) == 0
    assert "What 2 says" in capsys.readouterr().out
    assert main(["findings", str(study_file), "--by", "child"]) == 2
    assert MOST not in capsys.readouterr().out
