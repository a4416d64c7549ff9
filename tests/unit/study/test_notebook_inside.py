"""Rows of single children in a notebook: written down before they are handed over, and shown by no display."""

import json
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest

import careloom
from careloom.catalogue import load_catalogue
from careloom.core import AuditError, NotFoundError, RequestError
from careloom.report.beside import VERSION
from careloom.study.audit import lines_of_log

KEPT = runpy.run_path(str(Path(__file__).with_name("kept.py")))
CHILD = "c" * 26


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The results of a study with one spell, as a run would have left them."""
    home = tmp_path / "ours"
    home.mkdir()
    spell = {"person_id": CHILD, "kind": "cp_plan", "starts_on": KEPT["day"]("2019-05-01")}
    results: Path = KEPT["write_study"](home, load_catalogue(), {"spell": [spell]}).parent / "results"
    manifest = json.loads((results / "manifest.json").read_text())
    (results / "manifest.json").write_text(json.dumps(manifest | {"study_file": "../study.toml"}))
    told = {"version": VERSION, "tables": {}, "headlines": {}, "study": {"name": "Anyshire", "period": ""}, "notes": []}
    (results / "results.json").write_text(json.dumps(told))
    return results


def logged(folder: Path) -> list[dict[str, Any]]:
    path = folder.parent / "access.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_taking_a_table_is_written_down(folder: Path) -> None:
    inside = careloom.open_results(folder).inside("spell", purpose="a case audit")
    assert inside.arrow().column("person_id").to_pylist() == [CHILD]
    (line,) = logged(folder)
    assert {name: line[name] for name in ("command", "table", "purpose", "outcome")} == {
        "command": "notebook",
        "table": "spell",
        "purpose": "a case audit",
        "outcome": "shown",
    }
    assert line["user"]
    assert line["at"]
    assert "table: spell" in lines_of_log(folder.parent / "study.toml", load_catalogue())[0]


def test_no_display_shows_a_row(folder: Path) -> None:
    inside = careloom.open_results(folder).inside("spell")
    for shown in (repr(inside), inside._repr_html_()):
        assert CHILD not in shown
        assert "stay inside" in shown


@pytest.mark.parametrize("name", ["none", "spell; DROP TABLE spell", "", "Jo Bloggs"])
def test_a_table_that_is_not_there_is_refused_and_its_name_not_repeated(folder: Path, name: str) -> None:
    with pytest.raises(RequestError, match="holds no table") as fault:
        careloom.open_results(folder).inside(name)
    assert [line["outcome"] for line in logged(folder)] == ["refused"]
    assert "Bloggs" not in str(fault.value) + (folder.parent / "access.jsonl").read_text()


def test_what_cannot_be_written_down_is_not_handed_over(folder: Path) -> None:
    (folder.parent / "access.jsonl").write_text("not a log\n")
    with pytest.raises(AuditError, match="does not hold together"):
        careloom.open_results(folder).inside("spell")


def test_results_that_were_moved_need_their_study_file(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere" / "results"
    shutil.copytree(folder, moved)
    with pytest.raises(NotFoundError, match="study_file="):
        careloom.open_results(moved).inside("spell")
    assert len(careloom.open_results(moved).inside("spell", study_file=folder.parent / "study.toml")) == 1
    assert [line["outcome"] for line in logged(folder)] == ["shown"]


def test_the_log_of_another_study_is_not_written_to(folder: Path) -> None:
    other = folder.parent / "other.toml"
    other.write_text((folder.parent / "study.toml").read_text().replace("Anyshire", "Othershire"))
    with pytest.raises(NotFoundError, match="another study"):
        careloom.open_results(folder).inside("spell", study_file=other)
    assert logged(folder) == []
