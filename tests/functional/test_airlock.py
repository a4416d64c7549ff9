"""What is put together for an output checker: what was released and nothing else, as the run wrote it, with every withheld cell named."""

import csv
import hashlib
import json
import re
from pathlib import Path

import pytest

from careloom.cli import main
from careloom.synth import make_england


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up authority of few children, run: much is withheld."""
    folder = tmp_path_factory.mktemp("airlock")
    make_england(folder, children=250, population="five_kinds", years=(2020, 2022), systems=("ssda903", "cin_census"))
    path = folder / "study.toml"
    text = re.sub("questions = .*", 'questions = ["re_referral"]', path.read_text())
    path.write_text(text.replace("most_classes = 12", "most_classes = 1").replace("starts = 10", "starts = 1"))
    assert main(["run", str(path)]) == 0
    return path


def test_all_that_is_released_and_nothing_else(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, results = tmp_path / "out", study.parent / "results"
    assert main(["airlock", str(study), str(folder)]) == 0
    files = {path.name for path in folder.iterdir() if path.is_file()} - {"outputs.json"}
    tables = {path.name for path in (results / "tables").glob("*.csv")}
    assert files == tables | {"report.html", "workbook.xlsx", "results.json", "for_review.csv"}
    assert len(tables) > 30
    for name in files:
        data = (folder / name).read_bytes()
        assert data == (results / ("tables" if name in tables else "") / name).read_bytes()
        assert (folder / "checksums" / f"{name}.txt").read_text() == hashlib.sha256(data).hexdigest()
    assert f"{len(files)} files" in capsys.readouterr().out
    logged = json.loads((study.parent / "access.jsonl").read_text().splitlines()[-1])
    assert (logged["command"], logged["outcome"]) == ("airlock", "made")
    assert set(logged["wrote"]) == files


def test_every_withheld_cell_is_named_where_the_checker_sees_it(study: Path, tmp_path: Path) -> None:
    """In the format, rows count from 0 below the heading, and columns from 0 after the first."""
    assert main(["airlock", str(study), str(tmp_path / "out")]) == 0
    told = json.loads((tmp_path / "out" / "outputs.json").read_text())
    assert told["version"].startswith("0.4.")
    in_all = 0
    for each in told["results"].values():
        (file,) = each["files"]
        if each["type"] != "table":
            assert (each["status"], file["sdc"]) == ("review", {})
            continue
        with (tmp_path / "out" / file["name"]).open(encoding="utf-8-sig", newline="") as lines:
            _, *rows = list(csv.reader(lines))
        marked = {(r, c - 1) for r, row in enumerate(rows) for c, cell in enumerate(row) if cell == "c"}
        named = {(r, c) for r, c in file["sdc"].get("cells", {}).get("withheld", ())}
        assert named == marked, file["name"]
        assert each["status"] == ("review" if marked else "pass")
        assert len(each["comments"]) >= 2  # what it is, and the rule
        in_all += len(marked)
    assert in_all > 100


def test_nothing_is_put_together_of_what_was_changed_or_where_something_is(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = study.parent / "results" / "tables" / "followed.csv"
    before = table.read_bytes()
    table.write_bytes(before + b"more\n")
    assert main(["airlock", str(study), str(tmp_path / "out")]) == 6
    assert "followed.csv: this is not as the run wrote it" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    table.write_bytes(before)
    (tmp_path / "out").mkdir()
    assert main(["airlock", str(study), str(tmp_path / "out")]) == 6
    assert main(["airlock", str(study), str(study.parent / "results" / "out")]) == 6
    assert list((tmp_path / "out").iterdir()) == []
