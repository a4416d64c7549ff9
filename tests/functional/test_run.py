"""The commands end to end, as a user types them."""

import csv
import json
import shutil
from pathlib import Path

import duckdb
import pytest

from careloom.cli import main
from careloom.synth import make_england

OUTPUTS = {
    "report.html",
    "workbook.xlsx",
    "results.json",
    "for_review.csv",
    "tables",
    "model",
    "study.duckdb",
    "ledger.csv",
    "manifest.json",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small made-up authority, with quick settings."""
    folder = tmp_path_factory.mktemp("small")
    make_england(folder, children=400, years=(2018, 2020), systems=("ssda903", "cin_census"))
    study = folder / "study.toml"
    text = study.read_text()
    assert "most_classes = 12" in text
    study.write_text(text.replace("most_classes = 12", "most_classes = 2").replace("starts = 10", "starts = 2"))
    return folder


@pytest.fixture
def authority(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "authority"))


def ledger_faults(out: Path) -> list[str]:
    """Add the written ledger up again: every step's rows in are its rows out and set aside."""
    sums: dict[tuple[str, str, str], int] = {}
    with (out / "ledger.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["outcome"] == "changed":  # of those out, not beside them
                continue
            key = (row["step_no"], row["step"], row["reads"])
            sums[key] = sums.get(key, 0) + int(row["rows"]) * (1 if row["outcome"] == "in" else -1)
    assert sums
    return [str(key) for key, rest in sums.items() if rest]


def test_a_run_writes_everything_and_says_where(authority: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(authority / "study.toml")]) == 0
    out = authority / "results"
    assert capsys.readouterr().out == f"Report: {out / 'report.html'}\n"
    assert {path.name for path in out.iterdir()} == OUTPUTS
    assert ledger_faults(out) == []
    with duckdb.connect(str(out / "study.duckdb"), read_only=True) as db:
        assert db.execute("SELECT count(*) FROM person").fetchone() != (0,)
        columns = {name for (name,) in db.execute("SELECT column_name FROM information_schema.columns").fetchall()}
    assert not columns & {"child_id", "upn", "born_on", "source_key"}
    sharing = {file["file"]: file["sharing"] for file in json.loads((out / "manifest.json").read_text())["files"]}
    assert sharing["report.html"] == sharing["workbook.xlsx"] == "released"
    assert sharing["study.duckdb"] == sharing["ledger.csv"] == "inside"


def test_two_runs_give_the_same_tables(authority: Path) -> None:
    def tables() -> dict[str, bytes]:
        main(["run", str(authority / "study.toml")])
        return {path.name: path.read_bytes() for path in (authority / "results" / "tables").iterdir()}

    assert tables() == tables()


def test_a_bad_file_is_named_the_others_run_and_the_exit_code_says_so(
    authority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = authority / "501" / "ssda903" / "2019" / "header.csv"
    header.write_text(header.read_text().replace("DOB", "DATE", 1))
    assert main(["run", str(authority / "study.toml")]) == 4
    said = capsys.readouterr()
    assert "not read: header.csv: line 1: column DOB is missing" in said.err
    assert (authority / "results" / "report.html").exists()
    assert ledger_faults(authority / "results") == []


def test_nothing_to_read_leaves_the_earlier_outputs(authority: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", str(authority / "study.toml")])
    before = (authority / "results" / "report.html").read_bytes()
    for path in [*(authority / "501" / "ssda903").rglob("*.csv"), *(authority / "501" / "cin_census").glob("*.xml")]:
        path.write_bytes(b"")
    assert main(["run", str(authority / "study.toml")]) == 5
    assert "the file is empty" in capsys.readouterr().err
    assert (authority / "results" / "report.html").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (('name = "', 'nmae = "'), 3, '"name" is missing'),
        (('out = "results"', 'out = "truth"'), 6, "no Careloom run made"),
    ],
)
def test_a_wrong_study_has_its_own_exit_code(
    authority: Path, change: tuple[str, str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    study = authority / "study.toml"
    study.write_text(study.read_text().replace(*change))
    assert main(["run", str(study)]) == code
    assert said in capsys.readouterr().err
    assert (authority / "truth" / "501" / "person.csv").exists()


@pytest.mark.parametrize("only", ["ssda903", "cin_census"])
def test_one_return_alone_still_makes_a_report(authority: Path, only: str) -> None:
    head, *deliveries = (authority / "study.toml").read_text().split("[[delivery]]")
    tail = "[typology]" + deliveries[-1].split("[typology]")[1]
    kept = [part.split("[typology]")[0] for part in deliveries if f'"{only}"' in part]
    (authority / "study.toml").write_text(head + "".join("[[delivery]]" + part for part in kept) + tail)
    assert main(["run", str(authority / "study.toml")]) == 0
    assert ledger_faults(authority / "results") == []


def test_other_peoples_files_run_through_and_are_doubted(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = shared / "samples"
    (tmp_path / "samples.toml").write_text(f"""
[study]
name = "Other people's made-up files"
from = 2010-04-01
to = 2022-03-31
out = "results"
[[delivery]]
return = "ssda903"
authority = "made up"
year = 2020
files = ["{samples.as_posix()}/ssda903/*.csv"]
[[delivery]]
return = "cin_census"
authority = "made up"
files = ["{samples.as_posix()}/cin_census/*.xml"]
""")
    assert main(["run", str(tmp_path / "samples.toml")]) == 0
    assert "doubtful" in capsys.readouterr().err
    assert ledger_faults(tmp_path / "results") == []
    assert "do not behave like those of real children" in (tmp_path / "results" / "report.html").read_text()


def last_year_lost(authority: Path) -> None:
    """Take the last year of looked-after returns out of the study."""
    head, *deliveries = (authority / "study.toml").read_text().split("[[delivery]]")
    (authority / "study.toml").write_text(
        "[[delivery]]".join([head, *(part for part in deliveries if "year = 2020" not in part)])
    )


def test_nobody_is_followed_or_costed_beyond_the_last_return(
    authority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last_year_lost(authority)
    assert main(["run", str(authority / "study.toml")]) == 0
    said = capsys.readouterr().err
    assert "children are followed to 31 March 2019, where the" in said
    assert "ends, not to 31 March 2020, and described no further; for outcomes" in said
    assert "care is costed for no day at all" in said
    with duckdb.connect(str(authority / "results" / "study.duckdb"), read_only=True) as db:
        assert db.execute("SELECT count(*) FROM cost").fetchone() == (0,)
        assert db.execute("SELECT max(ends_on) <= DATE '2019-04-01' FROM timeline").fetchone() == (True,)
    assert "Children are followed to 31 March 2019" in (authority / "results" / "report.html").read_text()


def test_a_return_missing_between_others_is_said(authority: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (authority / "501" / "ssda903" / "2019" / "episodes.csv").write_bytes(b"")
    assert main(["run", str(authority / "study.toml")]) == 4
    said = "SSDA903 children looked after return of 2019 of authority 501 could be read"
    assert f"no {said}" in capsys.readouterr().err
    assert f"No {said}" in (authority / "results" / "report.html").read_text()


def test_a_last_return_without_its_episodes_reaches_no_further(
    authority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    episodes = authority / "501" / "ssda903" / "2020" / "episodes.csv"
    episodes.write_text(episodes.read_text().replace("DECOM", "Began", 1).replace("CHILD", "Whose", 1))
    assert main(["run", str(authority / "study.toml")]) == 4
    said = capsys.readouterr().err
    assert "episodes.csv: line 1: column CHILD and column DECOM is missing" in said
    assert "children are followed to 31 March 2019" in said


def test_what_was_set_aside_while_reading_is_said(authority: Path, capsys: pytest.CaptureFixture[str]) -> None:
    episodes = authority / "501" / "ssda903" / "2019" / "episodes.csv"
    lines = episodes.read_text().splitlines()
    spoiled = lines[1].split(",")
    spoiled[1] = "spring 2018"
    episodes.write_text("\n".join([lines[0], ",".join(spoiled), *lines[2:]]) + "\n")
    assert main(["run", str(authority / "study.toml")]) == 0
    said = capsys.readouterr().err
    assert "rows set aside: DECOM is blank or unreadable, and it is part of the key" in said
    assert "a new key was made" in said
    main(["run", str(authority / "study.toml")])
    assert "a new key was made" not in capsys.readouterr().err


def test_ctrl_c_says_so_and_keeps_what_was_there(
    authority: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("careloom.study.run.link_persons", stop)
    assert main(["run", str(authority / "study.toml")]) == 130
    assert "stopped; earlier outputs are untouched" in capsys.readouterr().err
    assert not (authority / "results").exists()


def test_synth_never_writes_over_what_it_did_not_make(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "study.toml").write_text("mine")
    assert main(["synth", "--out", str(tmp_path), "--children", "50"]) == 6
    assert "did not make" in capsys.readouterr().err
    assert (tmp_path / "study.toml").read_text() == "mine"
    with pytest.raises(SystemExit) as left:
        main(["synth", "--out", str(tmp_path / "new"), "--children", "0"])
    assert left.value.code == 2


def test_synth_writes_a_study_that_can_be_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "--out", str(tmp_path / "new"), "--children", "50"]) == 0
    assert capsys.readouterr().out == f"Study: {tmp_path / 'new' / 'study.toml'}\n"
    assert (tmp_path / "new" / "truth" / "501" / "person.csv").exists()
