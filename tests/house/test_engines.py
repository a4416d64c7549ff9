"""Every chapter of the specification runs on both engines, docs/engines.md says so, and no stage works outside of the engine in silence."""

import json
import runpy
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = REPOSITORY / "docs" / "make_engines.py"
MADE = runpy.run_path(str(SCRIPT))
CHILD = {
    "person_id",
    "other_person_id",
    "child_id",
    "upn",
    "born_on",
    "spell_id",
    "within_id",
    "episode_id",
    "period_id",
}
CHILD |= {"assessment_id", "unit_id", "line", "source_key", "row_id", "identifier_no"}
"""Columns by which a row is that of one child, or of one thing of a child."""


@pytest.fixture(scope="module")
def chapters() -> dict[str, Counter[str]]:
    told = subprocess.run([sys.executable, str(SCRIPT), "--told"], capture_output=True, text=True, check=True)
    return {name: Counter(cases) for name, cases in json.loads(told.stdout).items()}


def test_every_chapter_runs_on_both_engines_alike(chapters: dict[str, Counter[str]]) -> None:
    assert set(chapters) == {path.name for path in MADE["SPEC"].glob("test_*.py")}
    assert {name: cases for name, cases in chapters.items() if not cases["spark"] == cases["duckdb"] > 0} == {}


def test_the_page_of_the_engines_is_current(chapters: dict[str, Counter[str]]) -> None:
    written = MADE["PAGE"].read_text(encoding="utf-8") if MADE["PAGE"].exists() else ""
    made = MADE["make_page"](chapters)
    assert written == made, "docs/engines.md is out of date; renew it with: python docs/make_engines.py"


def test_rows_of_single_children_leave_the_engine_only_where_the_page_says(recording: Any) -> None:
    came = [said for said in recording.said if said.verb in ("arrow", "parts", "rows")]
    assert len(came) > 100
    assert all(said.columns for said in came)
    stages = {said.stage for said in came if CHILD & set(said.columns)}
    assert stages == set(MADE["TO_THE_DRIVER"])
