"""Runs take up what the run before has kept: only what must is made again, the tables are the same, and a killed run is gone on with."""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from careloom.catalogue import load_catalogue
from careloom.cli import main
from careloom.engine import DuckDBEngine
from careloom.govern import key_of_file, open_key, read_vault
from careloom.study import parts, read_study
from careloom.study.fingerprints import fingerprint_table
from careloom.study.keeping import WHY_SENSITIVE, WHY_SPARK, begin
from careloom.study.parts import parts_of
from careloom.synth import make_england

CATALOGUE = load_catalogue()
PRICES = CATALOGUE.folder / "prices" / "illustrative.csv"
KEPT, MADE = "(kept since", "will run"
SAME_CODE = {"Careloom's code": "that of this test"}
KILLED = f"""
import sys
from careloom.study import parts
parts.about_careloom = lambda: {SAME_CODE!r}
from careloom.cli import main
sys.exit(main(["run", "study.toml"]))
"""


@pytest.fixture(scope="module", autouse=True)
def plain(tmp_path_factory: pytest.TempPathFactory) -> "pytest.MonkeyPatch":  # type: ignore[misc]
    """Reports without figures, which take most of the time; and one code, though somebody may work on it meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "about_careloom", lambda: SAME_CODE)
        patch.setattr("careloom.report.page.draw", lambda name, answer, only=None: None)
        yield patch


@pytest.fixture(scope="module")
def run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small made-up authority with a price sheet of its own, run once with quick settings."""
    folder = tmp_path_factory.mktemp("kept")
    make_england(folder, children=150, years=(2019, 2020), systems=("ssda903", "cin_census"))
    text = (folder / "study.toml").read_text()
    text = text.replace("most_classes = 12", "most_classes = 2").replace("starts = 10", "starts = 1")
    text = text.replace('["re_referral", "repeat_plan", "re_entry"]', '["re_referral"]')
    (folder / "study.toml").write_text(text.replace('prices = "illustrative"', 'prices = "ours.csv"'))
    shutil.copy2(PRICES, folder / "ours.csv")
    assert main(["run", str(folder / "study.toml")]) == 0
    return folder


@pytest.fixture
def folder(run_once: Path, tmp_path: Path) -> Path:
    """A copy of it, with what it kept: moved to another place, it is as good there."""
    return Path(shutil.copytree(run_once, tmp_path / "study"))


def dearer(folder: Path) -> None:
    """Make every price of our sheet dearer."""
    with (folder / "ours.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with (folder / "ours.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        for row in rows:
            twice = {name: str(float(row[name]) * 2) for name in ("fixed", "hourly_rate") if row[name]}
            writer.writerow({**row, **twice})


def made(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[list[str], str]:
    """Run the study; return the stages that were gone through, and all that was said."""
    capsys.readouterr()
    assert main(["run", str(folder / "study.toml"), *words]) == 0
    said = capsys.readouterr().err
    steps = [line[5:] for line in said.splitlines() if line[3:5] == "% "]
    assert len(steps) == 19
    return [step for step in steps if KEPT not in step], said


def explained(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """The lines of --explain that say that a stage will run, without the writing of the outputs."""
    capsys.readouterr()
    assert main(["run", str(folder / "study.toml"), "--explain", *words]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if f" {MADE} " in line]
    assert "writing the outputs" in lines[-1]
    return [" ".join(line.split()) for line in lines[:-1]]


def tables(folder: Path) -> dict[str, object]:
    """Every released table byte by byte; and of every table of the study's database its columns and what its rows hold.

    Numbers of rows to nine figures, as fingerprints have them: sums over many threads differ in the last few of sixteen.
    """
    released: dict[str, object] = {
        path.name: path.read_bytes() for path in (folder / "results" / "tables").iterdir() if path.is_file()
    }
    with duckdb.connect(str(folder / "results" / "study.duckdb"), read_only=True) as db:
        names = [name for (name,) in db.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        for name in names:
            rows = fingerprint_table(db.execute(f'SELECT * FROM "{name}"').to_arrow_table())
            released[name] = (db.execute(f'DESCRIBE "{name}"').fetchall(), rows)
    assert len(released) > 100
    return released


def others(one: dict[str, object], two: dict[str, object]) -> list[str]:
    return sorted(name for name in {*one, *two} if one.get(name) != two.get(name))


def stages_of(folder: Path, *names: str) -> list[str]:
    study = read_study(folder / "study.toml", CATALOGUE)
    return [stage for part in parts_of(study) if part.name in names for stage in part.stages]


def kept_files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted((folder / ".careloom").rglob("*")) if path.is_file()}


def test_a_second_run_takes_up_everything_and_gives_the_same_tables(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tables(folder)
    manifest = json.loads((folder / "results" / "manifest.json").read_text())
    assert manifest["taken_up"] == {}
    assert explained(folder, capsys) == []
    assert made(folder, capsys)[0] == ["writing the outputs"]
    assert others(before, tables(folder)) == []
    again = json.loads((folder / "results" / "manifest.json").read_text())
    assert len(again["taken_up"]) == 18
    assert again["tables"] == manifest["tables"]
    assert (folder / "results" / "ledger.csv").exists()
    steps, _ = made(folder, capsys, "--fresh")
    assert len(steps) == 19
    assert others(before, tables(folder)) == []


def test_a_rerun_takes_up_nothing_and_finds_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(folder, capsys)
    before = kept_files(folder)
    assert main(["rerun", str(folder / "results")]) == 0
    said = capsys.readouterr()
    assert KEPT not in said.err
    assert "Identical tables" in said.out
    assert kept_files(folder) == before


def test_a_changed_price_costs_care_again_and_nothing_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tables(folder)
    dearer(folder)
    assert explained(folder, capsys) == ["costing care will run changed: the prices"]
    assert made(folder, capsys)[0] == ["costing care", "writing the outputs"]
    after = tables(folder)
    changed = others(before, after)
    assert {"cost", "class_cost"} <= set(changed)
    assert not {"person", "spell", "class_of", "time_to_event", "profile", "hazard_ratio"} & set(changed)
    made(folder, capsys, "--fresh")
    assert others(after, tables(folder)) == []


@pytest.mark.parametrize("left", [("histories",), ("categories", "costs")])
def test_what_is_made_from_tables_that_were_taken_up_is_as_before(
    left: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tables(folder)
    home = folder / ".careloom" / "study" / "all"
    for part in home.iterdir():
        if part.name not in left:
            shutil.rmtree(part)
    names = [part.name for part in parts_of(read_study(folder / "study.toml", CATALOGUE))]
    expected = [stage for name in names if name not in left for stage in stages_of(folder, name)]
    steps, _ = made(folder, capsys)
    if "histories" in left:
        assert steps == [*expected, "writing the outputs"]
    assert others(before, tables(folder)) == []


def test_to_explain_reads_no_row_and_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".careloom" / "study" / "all" / "outcomes" / "kept.json").write_text("{")
    dearer(folder)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}
    assert explained(folder, capsys) == [
        "timing outcomes will run nothing is kept of it",
        "costing care will run changed: the prices",
    ]
    assert len(explained(folder, capsys, "--fresh")) == 18
    assert {
        path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()
    } == before
    (folder / "study.key").unlink()
    assert explained(folder, capsys)[0] == "reading the deliveries will run changed: the key of pseudonyms"
    assert not (folder / "study.key").exists()


def test_another_key_of_pseudonyms_takes_up_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "study.key").unlink()
    assert len(made(folder, capsys)[0]) == 19


@pytest.mark.parametrize("spoil", ["flip", "note"])
def test_what_is_broken_is_said_and_made_again(spoil: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tables(folder)
    path = folder / ".careloom" / "study" / "all" / "outcomes" / ("kept.json" if spoil == "note" else "curve.0")
    whole = path.read_bytes()
    spoilt: dict[str, Callable[[], object]] = {
        "flip": lambda: path.write_bytes(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:]),
        "note": lambda: path.write_bytes(b"\x00\xff"),
    }
    spoilt[spoil]()
    steps, said = made(folder, capsys)
    assert steps == ["timing outcomes", "writing the outputs"]
    if spoil != "note":
        assert "note: what was kept of outcomes could not be read as it was written: made again" in said
    assert others(before, tables(folder)) == []
    assert made(folder, capsys)[0] == ["writing the outputs"]


def test_a_folder_that_cannot_be_written_stops_no_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(folder / ".careloom")
    (folder / ".careloom").write_text("in the way")
    steps, said = made(folder, capsys)
    assert len(steps) == 19
    assert said.count("note: what was made could not be kept in .careloom") == 1


@pytest.mark.parametrize("at", ["finding categories of demand", "writing the outputs"])
def test_a_killed_run_is_gone_on_with(at: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tables(folder)
    shutil.rmtree(folder / ".careloom")
    running = subprocess.Popen(
        [sys.executable, "-c", KILLED], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert running.stderr is not None
    for line in running.stderr:
        if at in line:
            running.kill()
            break
    running.communicate()
    assert running.returncode != 0, "it was not killed: this test sees nothing"
    steps = [stage for part in parts_of(read_study(folder / "study.toml", CATALOGUE)) for stage in part.stages]
    done = steps.index(at) if at in steps else len(steps)
    again, _ = made(folder, capsys)
    assert again == [*steps[done:], "writing the outputs"]
    assert others(before, tables(folder)) == []
    assert not list((folder / ".careloom").rglob("*.unfinished"))


def test_a_study_with_a_vault_keeps_what_it_read_and_the_vault_is_the_same(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CARELOOM_VAULT_KEY", raising=False)
    study = folder / "study.toml"
    study.write_text(study.read_text().replace("[study]", '[study]\nvault = true\nvault_key = "vault.key"'))
    assert len(made(folder, capsys)[0]) == 19  # what was kept without a vault was locked with another key
    key, name = key_of_file(folder / "vault.key", may_make=False), read_study(study, CATALOGUE).name
    people = read_vault(folder / "study.vault", key, name)["identity"]
    assert people.num_rows > 100
    (folder / "study.vault").unlink()
    assert made(folder, capsys)[0] == ["writing the outputs"]
    assert read_vault(folder / "study.vault", key, name)["identity"].sort_by("person_id") == people.sort_by("person_id")
    study.write_text(study.read_text() + '\n[link]\nlink_mode = "pupil_number"\n')
    steps, _ = made(folder, capsys)
    assert steps[0] == "linking children"
    (folder / "links_decided.csv").write_text("one,two,decision,probability,who,when,why\n")
    assert main(["vault", "rotate", str(study)]) == 0
    assert not (folder / ".careloom" / "study").exists()
    study.write_text(study.read_text().replace('vault = true\nvault_key = "vault.key"', ""))
    made(folder, capsys)
    assert not (folder / ".careloom" / "study" / "all" / "records").exists()


AGREEMENT = """
name = "Agreement 7"
owner = "501"
recipients = ["us"]
purposes = ["A test"]
lawful_basis = "public task"
starts_on = 2020-01-01
expires_on = {expires}
keep_until = {until}
allowed = ["ssda903", "cin_census"]
"""


def agree(folder: Path, *more: str, expires: str = "2099-12-31", until: str = "2099-12-31") -> None:
    study = folder / "study.toml"
    text = study.read_text()
    if "purpose" not in text:
        study.write_text(text.replace("synthetic = true", 'purpose = "A test"\nsynthetic = true'))
    (folder / "agreements").mkdir(exist_ok=True)
    text = AGREEMENT.format(expires=expires, until=until)
    (folder / "agreements" / "seven.toml").write_text("\n".join([text, *more]))


def test_nothing_is_taken_up_under_an_agreement_that_is_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    agree(folder)
    made(folder, capsys)
    before = (folder / "results" / "report.html").read_bytes()
    agree(folder, expires="2020-12-31")
    capsys.readouterr()
    assert main(["run", str(folder / "study.toml")]) == 5
    said = capsys.readouterr().err
    assert KEPT not in said
    assert (folder / "results" / "report.html").read_bytes() == before


def test_nothing_is_kept_of_a_pass_that_sees_sensitive_services(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agree(folder, 'sensitive = ["ssda903 oc3"]')
    assert main(["run", str(folder / "study.toml")]) == 0
    home = folder / ".careloom" / "study"
    assert not [path for path in (home / "all").rglob("*") if path.is_file()]  # what was kept before has gone, too
    assert (home / "apart" / "costs" / "kept.json").exists()
    before = tables(folder)
    capsys.readouterr()
    assert main(["run", str(folder / "study.toml"), "--explain"]) == 0
    first, _, second = capsys.readouterr().out.partition("What runs of")
    assert first.count(" kept ") == 18
    assert second.count(WHY_SENSITIVE) == 18
    assert main(["run", str(folder / "study.toml")]) == 0
    steps = [line[5:] for line in capsys.readouterr().err.splitlines() if line[3:5] == "% "]
    assert [KEPT in step for step in steps] == [True] * 18 + [False] * 20
    assert others(before, tables(folder)) == []


def test_expire_deletes_what_is_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    agree(folder)
    made(folder, capsys)
    assert kept_files(folder)
    agree(folder, expires="2020-12-31", until="2021-12-31")
    assert main(["expire", str(folder / "study.toml")]) == 0
    assert "kept.json" in capsys.readouterr().out
    assert kept_files(folder)
    assert main(["expire", str(folder / "study.toml"), "--delete"]) == 0
    assert not (folder / ".careloom" / "study").exists()


def test_spark_keeps_nothing_and_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = folder / "study.toml"
    study.write_text(study.read_text().replace("[study]", '[study]\nengine = "spark"'))
    lines = explained(folder, capsys)
    assert len(lines) == 18
    assert all(WHY_SPARK in line for line in lines)


def numbers_of(folder: Path) -> set[str]:
    """The numbers of the children in the files handed over."""
    found = set()
    for path in (folder / "501").rglob("header.csv"):
        with path.open(newline="", encoding="utf-8-sig") as file:
            found |= {row[name] for row in csv.DictReader(file) for name in ("CHILD", "UPN")}
    return {number for number in found if len(number) > 5 and not number.startswith("UN")}


def test_no_byte_of_what_is_kept_tells_a_child(folder: Path) -> None:
    numbers, found = numbers_of(folder), kept_files(folder)
    assert len(numbers) > 10
    assert len(found) > 40
    words = [*(number.encode() for number in numbers), b"born_on", b"child_id"]
    assert [path.name for path, data in found.items() if any(word in data for word in words)] == []
    if os.name != "nt":
        assert {path.stat().st_mode & 0o77 for path in [*found, folder / ".careloom"]} == {0}


def test_who_opens_it_with_the_key_finds_birth_dates_and_no_name_or_number(folder: Path, duck: DuckDBEngine) -> None:
    study, numbers = read_study(folder / "study.toml", CATALOGUE), numbers_of(folder)
    keeping = begin(study, CATALOGUE, accept=False, is_fresh=False, key=open_key(study.key))
    for part in parts_of(study):
        assert keeping.take(keeping.look(part), duck) is not None
    names = [name for (name,) in duck.rows("SELECT table_name FROM information_schema.tables")]
    opened = {name: duck.arrow(f'SELECT * FROM "{name}"') for name in names}
    assert {"person_of", "record", "spell_row", "cin_census_CINdetails"} <= set(opened)
    for rows in opened.values():
        texts = {str(cell) for column in rows.columns for cell in column.to_pylist()}
        assert not texts & numbers
    assert opened["person"]["born_on"].null_count < opened["person"].num_rows
    assert opened["record"]["born_on"].null_count == opened["record"].num_rows > 100
    joined = "SELECT count(*) AS n FROM record AS r JOIN person_of AS p ON p.child_id = r.child_id"
    assert duck.rows(joined)[0][0] >= opened["record"].num_rows  # what was equal is equal still
