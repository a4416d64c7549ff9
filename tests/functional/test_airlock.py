"""What is put together for an output checker: what was released and nothing else, as the run wrote it, with every withheld cell named."""

import csv
import hashlib
import json
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from careloom.cli import main
from careloom.core import OutputError
from careloom.study.acro_review import write_review
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
    told = table.with_suffix(".parquet")  # which cells were withheld is read from it
    whole = told.read_bytes()
    told.write_bytes(whole + b" ")
    assert main(["airlock", str(study), str(tmp_path / "out")]) == 6
    assert "followed.parquet: this is not as the run wrote it" in capsys.readouterr().err
    told.write_bytes(whole)
    (tmp_path / "out").mkdir()
    assert main(["airlock", str(study), str(tmp_path / "out")]) == 6
    assert main(["airlock", str(study), str(study.parent / "results" / "out")]) == 6
    assert list((tmp_path / "out").iterdir()) == []


def test_a_manifest_takes_no_file_from_elsewhere(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever may write the manifest can have no other file carried out by a name of its own."""
    path = study.parent / "results" / "manifest.json"
    before = path.read_text()
    (study.parent / "inside.csv").write_text("inside\n")
    told = json.loads(before)
    fingerprint = hashlib.sha256(b"inside\n").hexdigest()
    told["files"].append({"file": "tables/../../inside.csv", "sharing": "released", "sha256": fingerprint})
    try:
        path.write_text(json.dumps(told))
        assert main(["airlock", str(study), str(tmp_path / "out")]) == 0
        assert not (tmp_path / "out" / "inside.csv").exists()
        told["files"].append({"file": "tables/x.csv"})
        path.write_text(json.dumps(told))
        assert main(["airlock", str(study), str(tmp_path / "again")]) == 8
        assert "manifest.json: this is not as the run wrote it" in capsys.readouterr().err
    finally:
        path.write_text(before)


def test_acro_itself_writes_its_review_file_and_reads_it(study: Path, with_acro: Path, tmp_path: Path) -> None:
    assert main(["airlock", str(study), str(tmp_path / "ours")]) == 0
    words = [str(with_acro), "-m", "careloom", "airlock", str(study), str(tmp_path / "theirs"), "--acro"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (done.stderr, done.stdout.count("\n")) == ("", 1)
    code = f"import acro.record; print(len(acro.record.load_records({str(tmp_path / 'theirs')!r}).results))"
    read = subprocess.run([str(with_acro), "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    ours = json.loads((tmp_path / "ours" / "outputs.json").read_text())["results"]
    theirs = json.loads((tmp_path / "theirs" / "results.json").read_text())
    assert theirs["tool"]["name"] == "ACRO"
    assert set(ours) - set(theirs["results"]) == {"results.json"}  # acro's own file has that name
    assert int(read.stdout) == len(theirs["results"]) > 30
    for name, told in theirs["results"].items():
        assert told == ours[name] | {"type": "custom"}
        assert (tmp_path / "theirs" / name).read_bytes() == (tmp_path / "ours" / name).read_bytes()
        sums = [tmp_path / whose / "checksums" / f"{name}.txt" for whose in ("ours", "theirs")]
        assert sums[0].read_text() == sums[1].read_text()
    assert [path.name for path in tmp_path.iterdir() if path.name not in {"ours", "theirs"}] == []


def test_without_acro_it_is_said_what_to_install(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "acro", None)
    assert main(["airlock", str(study), str(tmp_path / "out"), "--acro"]) == 2
    assert "careloom[acro]" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def acro_that(*, takes: bool, reads: list[str]) -> SimpleNamespace:
    """Stands for the package acro, with settings that forbid a file, or with a reader that reads other files."""
    records = SimpleNamespace(
        add_custom=lambda name: takes,
        get_index=lambda number: SimpleNamespace(uid=""),
        rename=lambda old, new: None,
        finalise_json=lambda folder: None,
        write_checksums=lambda folder: None,
    )
    read = SimpleNamespace(get_keys=lambda: reads)
    return SimpleNamespace(
        ACRO=lambda: SimpleNamespace(results=records), record=SimpleNamespace(load_records=lambda folder: read)
    )


@pytest.mark.parametrize(
    ("acro", "said"),
    [
        (acro_that(takes=False, reads=["a.csv"]), "the settings of acro forbid"),
        (acro_that(takes=True, reads=["b.csv"]), "acro reads other files"),
        (acro_that(takes=True, reads=["a.csv"]), ""),
    ],
    ids=["forbidden", "read otherwise", "right"],
)
def test_what_acro_refuses_or_reads_otherwise_is_not_put_together(
    acro: SimpleNamespace, said: str, tmp_path: Path
) -> None:
    told = {
        **dict.fromkeys(("status", "summary", "command", "timestamp"), ""),
        "properties": {},
        "comments": [],
        "files": [{"sdc": {}}],
    }
    expected = pytest.raises(OutputError, match=said) if said else nullcontext()
    with expected:
        write_review(acro, tmp_path, {"a.csv": told})
