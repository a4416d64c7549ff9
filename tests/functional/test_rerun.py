"""A study run again from its manifest gives the same tables, or it is said what was another; and every run is in the log."""

import json
from pathlib import Path

import duckdb
import pytest

from careloom.cli import main
from careloom.synth import make_england


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rerun")
    make_england(folder, children=150, years=(2019, 2020), systems=("ssda903", "cin_census"))
    study = folder / "study.toml"
    text = study.read_text().replace("most_classes = 12", "most_classes = 2").replace("starts = 10", "starts = 1")
    study.write_text(text.replace('["re_referral", "repeat_plan", "re_entry"]', '["re_referral"]'))
    assert main(["run", str(study)]) == 0
    return folder


def test_the_same_study_gives_identical_tables_and_leaves_no_trace(
    authority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in (authority / "results").rglob("*") if path.is_file()}
    assert main(["rerun", str(authority / "results" / "manifest.json")]) == 0
    tables = json.loads((authority / "results" / "manifest.json").read_text())["tables"]
    assert len(tables["kept"]) > 50
    assert len(tables["released"]) > 20
    assert f"Identical tables: all {len(tables['kept']) + len(tables['released'])}." in capsys.readouterr().out
    assert {path: path.read_bytes() for path in (authority / "results").rglob("*") if path.is_file()} == before
    assert not [path.name for path in authority.iterdir() if "rerun" in path.name]
    log = [json.loads(line) for line in (authority / "access.jsonl").read_text().splitlines()]
    assert [(each["command"], each["outcome"]) for each in log] == [
        ("run", "begun"),
        ("run", "finished"),
        ("rerun", "begun"),
        ("rerun", "finished"),
        ("rerun", "identical tables"),
    ]
    assert log[0]["inputs"] == log[2]["inputs"]  # so alike that nobody could tell them apart
    assert main(["audit", "verify", str(authority / "study.toml")]) == 0


def test_a_changed_file_is_named_with_the_tables_that_it_changed(
    authority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    episodes = authority / "501" / "ssda903" / "2019" / "episodes.csv"
    episodes.write_text("\n".join(episodes.read_text().splitlines()[:-3]) + "\n")
    study = authority / "study.toml"
    study.write_text(study.read_text().replace("starts = 1", "starts = 2"))
    capsys.readouterr()
    assert main(["rerun", str(authority / "results")]) == 10
    said = capsys.readouterr().out
    assert "Changed since: the file 501/ssda903/2019/episodes.csv" in said
    assert "Changed since: what the study file asks as starts" in said
    # who works on Careloom meanwhile changes its code and catalogue, which is said, too
    of_ours = ("Changed since: Careloom", "Changed since: the catalogue")
    changed = [line for line in said.splitlines() if line.startswith("Changed since") and not line.startswith(of_ours)]
    assert len(changed) == 2
    assert "care_episode (kept)" in said


def test_the_fingerprint_of_a_kept_table_is_of_what_the_file_holds(authority: Path) -> None:
    from careloom.study.fingerprints import fingerprint_table

    told = json.loads((authority / "results" / "manifest.json").read_text())["tables"]["kept"]
    with duckdb.connect(str(authority / "results" / "study.duckdb"), read_only=True) as db:
        for name in ("person", "spell", "cost"):
            table = db.execute(f"SELECT * FROM {name} ORDER BY random()").to_arrow_table()
            assert fingerprint_table(table) == told[name]


def test_without_its_key_or_a_whole_manifest_nothing_is_run(
    authority: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").write_text('{"study": "x"}')
    assert main(["rerun", str(tmp_path)]) == 8
    assert "no manifest of a run that could be run again" in capsys.readouterr().err
    key = authority / "study.key"
    secret = key.read_text()
    key.write_text("0" * 64)
    assert main(["rerun", str(authority / "results")]) == 8
    assert "not the key that the results were made with" in capsys.readouterr().err
    key.unlink()
    assert main(["rerun", str(authority / "results")]) == 8
    assert not key.exists()
    key.write_text(secret)
