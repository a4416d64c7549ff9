"""`careloom findings`: how rules went is released; the lines that break one are shown to who says why, and it is written down."""

import json
import runpy
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from careloom.catalogue import load_catalogue
from careloom.cli import main
from careloom.disclose import release
from careloom.study.released import question_of

KEPT = runpy.run_path(str(Path(__file__).parents[1] / "unit" / "study" / "kept.py"))
STATES = [
    {"rule": "ssda903 1", "message": "Much", "state": "found", "why": "", "rows_checked": 9000, "rows_found": 1200},
    {"rule": "ssda903 2", "message": "Little", "state": "found", "why": "", "rows_checked": 9000, "rows_found": 3},
    {"rule": "ssda903 3", "message": "None", "state": "clean", "why": "", "rows_checked": 9000, "rows_found": 0},
]


def finding(rule: str, line: int) -> dict[str, Any]:
    return {"rule": rule, "table_name": "episodes", "delivery_id": 2, "line": line}


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    places = [finding("ssda903 1", line) for line in range(2, 1202)] + [
        finding("ssda903 2", line) for line in (9, 7, 8)
    ]
    path: Path = KEPT["write_study"](tmp_path, load_catalogue(), {"rule_state": STATES, "finding": places})
    (tmp_path / "results" / "tables").mkdir()
    released = release(pa.Table.from_pylist(STATES), question_of("rules").columns, name="rules")
    pq.write_table(released.rows, tmp_path / "results" / "tables" / "rules.parquet")
    return path


def lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def logged(study_file: Path) -> list[dict[str, Any]]:
    path = study_file.with_name("access.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_how_rules_went_is_released_and_no_access(study_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["findings", str(study_file)]) == 0
    said = lines(capsys.readouterr().out)
    assert ["ssda903", "2", "Little", "found", "9,000", "c", "c"] in said
    assert ["ssda903", "3", "None", "clean", "9,000", "0", "0.0%"] in said
    assert logged(study_file) == []


def test_lines_are_shown_in_order_once_written_down(study_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["findings", str(study_file), "--rule", "ssda903 2", "--purpose", "mend"]) == 0
    said = lines(capsys.readouterr().out)
    assert [row for row in said if row[:1] == ["episodes"]] == [["episodes", "2", "episodes.csv", n] for n in "789"]
    (access,) = logged(study_file)
    assert (access["command"], access["rule"], access["purpose"], access["outcome"]) == (
        "findings",
        "ssda903 2",
        "mend",
        "shown",
    )


def test_of_very_many_lines_the_first_are_shown(study_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["findings", str(study_file), "--rule", "ssda903 1", "--purpose", "mend"]) == 0
    said = capsys.readouterr().out
    assert "The first 1,000 of 1,200." in " ".join(said.split())
    assert sum(row[:1] == ["episodes"] for row in lines(said)) == 1000


def test_a_rule_that_found_nothing_says_so(study_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["findings", str(study_file), "--rule", "ssda903 3", "--purpose", "mend"]) == 0
    assert "No row breaks this rule, or it could not run." in capsys.readouterr().out


@pytest.mark.parametrize("purpose", [[], ["--purpose", "  "]])
def test_without_a_purpose_nothing_is_shown(
    study_file: Path, purpose: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["findings", str(study_file), "--rule", "ssda903 2", *purpose]) == 2
    heard = capsys.readouterr()
    assert "episodes.csv" not in heard.out
    assert [access["outcome"] for access in logged(study_file)] == ["refused"]


def test_what_was_asked_for_by_mistake_is_not_repeated(study_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["findings", str(study_file), "--rule", "Jo Bloggs' file", "--purpose", "mend"]) == 2
    heard = capsys.readouterr()
    assert "Bloggs" not in heard.out + heard.err + study_file.with_name("access.jsonl").read_text()


def test_without_results_it_says_what_to_run(study_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study_file.parent / "results" / "manifest.json").unlink()
    for arguments in ([], ["--rule", "ssda903 2", "--purpose", "mend"]):
        assert main(["findings", str(study_file), *arguments]) == 8
        assert "careloom run" in " ".join(capsys.readouterr().err.split())
