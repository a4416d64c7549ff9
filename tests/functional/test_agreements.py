"""Runs under agreements: what they leave out reaches nothing, and what is sensitive reaches tables of many children only."""

import csv
import json
import shutil
from pathlib import Path

import duckdb
import pytest

from careloom.cli import main
from careloom.study.fingerprints import fingerprint_table
from careloom.synth import make_england

AGREEMENT = """
name = "Agreement 7"
owner = "501"
recipients = ["us"]
purposes = ["A test"]
lawful_basis = "public task"
starts_on = 2026-01-01
expires_on = 2099-12-31
allowed = ["ssda903", "cin_census", "services", "health"]
"""
MARK = "zqvxw"
"""Stands in a cell that no agreement covers."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small made-up authority whose services and CAMHS lists are read, too, with quick settings."""
    folder = tmp_path_factory.mktemp("agreed")
    make_england(folder, children=200, years=(2019, 2020), systems=("ssda903", "cin_census", "services", "health"))
    study = folder / "study.toml"
    text = study.read_text().replace("most_classes = 12", "most_classes = 2").replace("starts = 10", "starts = 1")
    text = text.replace('["re_referral", "repeat_plan", "re_entry"]', '["re_referral"]')
    text = text.replace("synthetic = true", 'purpose = "A test"\nsynthetic = true')
    study.write_text(text.replace("# [[", "[[").replace("# authority", "authority").replace("# files", "files"))
    assert "services" in study.read_text()
    return folder


def agree(authority: Path, tmp_path: Path, *more: str) -> Path:
    """A copy of the authority with one agreement."""
    folder = Path(shutil.copytree(authority, tmp_path / "authority"))
    (folder / "agreements").mkdir()
    text = AGREEMENT
    for line in more:
        key = line.partition(" ")[0]
        text = "\n".join([*(each for each in text.splitlines() if not each.startswith(f"{key} ")), line])
    (folder / "agreements" / "seven.toml").write_text(text)
    return folder


def kept(folder: Path) -> dict[str, str]:
    """The fingerprint of every table of study.duckdb, but the account of the run."""
    with duckdb.connect(str(folder / "results" / "study.duckdb"), read_only=True) as db:
        names = [name for (name,) in db.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {name: fingerprint_table(db.execute(f'SELECT * FROM "{name}"').to_arrow_table()) for name in names}


def test_what_is_left_out_is_counted_and_reaches_nothing(
    authority: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = agree(authority, tmp_path, 'allowed = ["ssda903", "cin_census"]', 'excluded = ["ssda903 header.ETHNIC"]')
    header = folder / "501" / "ssda903" / "2019" / "header.csv"
    rows = list(csv.reader(header.open()))
    for row in rows[1:]:
        row[rows[0].index("ETHNIC")] = MARK
    with header.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    assert main(["run", str(folder / "study.toml"), "--accept"]) == 0
    with (folder / "results" / "ledger.csv").open() as file:
        ledger = [row for row in csv.DictReader(file) if row["step"] == "keep to the agreements"]
    out = {row["reason"].partition(":")[0]: int(row["rows"]) for row in ledger if row["outcome"] == "set aside"}
    assert out["ETHNIC"] > 0
    told = json.loads((folder / "results" / "manifest.json").read_text())["agreements"]
    assert (told["state"], told["purpose"]) == ("declared", "A test")
    assert told["agreements"][0]["left_out"] == ["ssda903 header.ETHNIC"]
    with duckdb.connect(str(folder / "results" / "study.duckdb"), read_only=True) as db:
        (count,) = db.execute("SELECT count(*) FROM spell WHERE kind IN ('camhs', 'service')").fetchone() or (1,)
    assert count == 0
    written = [
        path for path in folder.rglob("*") if path.is_file() and "501" not in path.parts and "truth" not in path.parts
    ]
    assert {"recognised.csv", "report.html", "study.duckdb"} <= {path.name for path in written}
    assert [path.name for path in written if MARK.encode() in path.read_bytes()] == []
    assert "Read under Agreement 7, for A test" in (folder / "results" / "report.html").read_text()
    capsys.readouterr()
    assert main(["agreements", str(folder / "study.toml")]) == 0
    shown = capsys.readouterr().out
    assert "last run   cin_census " in shown
    assert "left out   ssda903 header.ETHNIC" in shown
    seven = folder / "agreements" / "seven.toml"
    seven.write_text(seven.read_text().replace("2099-12-31", "2026-01-02"))
    assert main(["child", str(folder / "study.toml"), "a" * 26, "--purpose", "a test"]) == 3
    assert "no agreement holds, so nothing is shown: seven.toml expired on 2026-01-02" in capsys.readouterr().err


def test_an_expired_agreement_and_a_forbidden_join_are_refused(
    authority: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = agree(authority, tmp_path, "expires_on = 2026-01-02")
    assert main(["run", str(folder / "study.toml")]) == 5
    assert "seven.toml expired on 2026-01-02: the file was not opened" in capsys.readouterr().err
    (folder / "agreements" / "seven.toml").write_text(AGREEMENT)
    other = AGREEMENT.replace('"501"', '"A trust"\nauthority = "501"').replace(
        '["ssda903", "cin_census", "services", "health"]', '["health"]'
    )
    (folder / "agreements" / "trust.toml").write_text(other)
    assert main(["run", str(folder / "study.toml")]) == 3
    assert 'does not allow records of "501" to be linked with those of "A trust"' in capsys.readouterr().err
    assert not (folder / "results").exists()


def test_what_is_sensitive_counts_in_the_report_and_is_kept_of_no_child(authority: Path, tmp_path: Path) -> None:
    """study.duckdb is what it would be had the sensitive records never been handed over, to the last cell."""
    folder = agree(authority, tmp_path, 'sensitive = ["health", "service camhs"]')
    assert main(["run", str(folder / "study.toml"), "--accept"]) == 0
    apart, report = kept(folder), (folder / "results" / "report.html").read_text()
    with duckdb.connect(str(folder / "results" / "study.duckdb"), read_only=True) as db:
        assert db.execute("SELECT count(*) FROM spell WHERE kind = 'camhs' OR code = 'camhs'").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM person_of WHERE return_name = 'health'").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM spell WHERE kind = 'service'").fetchone() != (0,)
    assert "Sensitive services count in these figures" in report
    with (folder / "results" / "ledger.csv").open() as file:
        steps = {row["step"] for row in csv.DictReader(file) if row["reads"].startswith("health") and int(row["rows"])}
    assert "say as camhs" in steps  # they were read for the report
    (folder / "agreements" / "seven.toml").write_text(
        AGREEMENT.replace(', "health"]', ']\nsensitive = ["service camhs"]')
    )
    assert main(["run", str(folder / "study.toml")]) == 0
    without = kept(folder)
    accounts = {"delivery", "set_aside", "ledger", "availability", "ability", "unlock", "recognition"}
    assert {name for name in apart if apart[name] != without[name]} <= accounts
    assert len(apart) - len(accounts) > 50
