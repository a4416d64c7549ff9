"""Common tables taken from Parquet give what the deliveries give, and what is kept as Parquet is what study.duckdb holds."""

import json
import os
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import careloom
from careloom.catalogue import load_catalogue
from careloom.cli import main
from careloom.engine import DuckDBEngine, files_below, open_kept
from careloom.ingest.given import GIVEN
from careloom.study import read_study
from careloom.study.kept_tables import kept_selects
from careloom.study.run import stages
from careloom.synth import make_england

CATALOGUE = load_catalogue()
NOT_OF_RETURNS = {
    "set_aside",
    "recognition",
    "override",
    "availability",
    "ability",
    "unlock",
    "finding",
    "finding_child",
}
NOT_OF_RETURNS |= {"rule_state", "ledger", "reporting_checklist", "flow"}
"""What is told of returns as they were handed over, or of the run: the rest must not care where the common rows came from."""


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two made-up authorities, run as ever; beside them their common rows as Parquet, and a study that takes these."""
    folder = tmp_path_factory.mktemp("country")
    make_england(folder, authorities=2, children=400, years=(2020, 2022), systems=("ssda903", "cin_census"))
    study = folder / "study.toml"
    asked = study.read_text().replace("most_classes = 12", "most_classes = 2").replace("starts = 10", "starts = 2")
    study.write_text(asked)
    assert main(["run", str(study)]) == 0
    give(study, folder / "common")
    before, after = asked[: asked.index("[[delivery]]")], asked[asked.index("[typology]") :]
    extra = '[study]\ncommon = "common"\nkept_as = "parquet"\nkey = "study.key"\n'
    taken = before.replace("[study]\n", extra, 1).replace('out = "results"', 'out = "taken"')
    (folder / "taken.toml").write_text(f"{taken}\n{after}")
    assert "delivery" not in tomllib.loads((folder / "taken.toml").read_text())
    assert main(["run", str(folder / "taken.toml")]) == 0
    return folder


def give(study: Path, folder: Path) -> None:
    """Write the common rows of a study into a folder as somebody else would: by authority, which stands in the folder's name alone."""
    with closing(DuckDBEngine()) as engine:
        works = dict(stages(read_study(study, CATALOGUE), CATALOGUE, engine))
        works["reading the deliveries"]()
        works["saying them in common terms"]()
        for name in GIVEN:
            engine.write(f"SELECT * FROM {name}", folder / name, ["la"])


def kept(results: Path) -> dict[str, str]:
    told: dict[str, str] = json.loads((results / "manifest.json").read_text())["tables"]["kept"]
    return told


def test_common_tables_give_what_deliveries_give(country: Path) -> None:
    read, taken = kept(country / "results"), kept(country / "taken")
    assert set(read) == set(taken)
    assert {name for name in read if read[name] != taken[name]} <= NOT_OF_RETURNS
    assert {"person", "spell", "timeline", "class_of", "time_to_event", "cost", "delivery"} <= set(
        read
    ) - NOT_OF_RETURNS


def test_what_is_kept_as_parquet_is_split_private_and_whole(country: Path) -> None:
    home = country / "taken" / "kept"
    assert not (country / "taken" / "study.duckdb").exists()
    assert {each.name for each in home.iterdir()} == set(kept_selects(CATALOGUE))
    places = {path.relative_to(home).parent.as_posix() for path in files_below(home)}
    assert {"spell/authority=501/year=2021", "person_of/authority=502", "person", "timeline"} <= places
    assert not [place for place in places if "year=" in place and "authority=" not in place]
    assert {path.suffix for path in home.rglob("*") if path.is_file()} == {".parquet"}
    if os.name != "nt":
        assert {path.stat().st_mode & 0o77 for path in [home, *home.rglob("*")]} == {0}
    events = [path for path in files_below(home / "event") if "authority=501/year=2021" in path.as_posix()]
    rows = pa.concat_tables(pq.read_table(path, partitioning=None) for path in events)
    days = rows["happened_on"].to_pylist()
    assert set(rows["la"].to_pylist()) == {"501"}
    assert rows.num_rows > 20
    assert all(str(day) > "2020-03-31" and str(day) < "2021-04-01" for day in days)
    names = {name for path in files_below(home) for name in pq.read_schema(path).names}
    assert not names & {"child_id", "born_on", "upn"}


def test_every_command_that_looks_at_single_children_reads_the_folder(
    country: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(open_kept(country / "taken" / "study.duckdb")) as engine:
        found = {name: engine.arrow(select) for name, select in kept_selects(CATALOGUE).items()}
    with closing(open_kept(country / "results" / "study.duckdb")) as engine:
        assert {name: rows.num_rows for name, rows in found.items() if name not in NOT_OF_RETURNS} == {
            name: engine.rows(f"SELECT count(*) AS n FROM {name}")[0][0] for name in found if name not in NOT_OF_RETURNS
        }
    person = found["person"]["person_id"][0].as_py()
    for words in (["child", person, "--purpose", "A test"], ["outcomes"], ["typology"], ["cost"]):
        assert main([words[0], str(country / "taken.toml"), *words[1:]]) == 0
        assert capsys.readouterr().out
    inside = careloom.open_results(country / "taken").inside(
        "spell", purpose="A test", study_file=country / "taken.toml"
    )
    assert len(inside) == found["spell"].num_rows


def test_the_ledger_counts_what_was_taken(country: Path) -> None:
    ledger = (country / "taken" / "ledger.csv").read_text()
    assert '"take the common tables","spell_row given","spell_row","in"' in ledger
    assert '"read files"' not in ledger


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ('common = "common"', "stands in place of deliveries"),
        ('kept_as = "csv"', 'kept_as = "csv" is not known'),
    ],
)
def test_what_cannot_stand_together_is_refused(
    words: str, said: str, country: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = country / f"wrong-{tmp_path.name}.toml"
    study.write_text((country / "study.toml").read_text().replace("[study]\n", f"[study]\n{words}\n", 1))
    assert main(["run", str(study)]) == 3
    assert said in capsys.readouterr().err


def test_a_changed_table_is_taken_again_and_nothing_else_is(country: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def explained() -> Any:
        capsys.readouterr()
        assert main(["run", str(country / "taken.toml"), "--explain"]) == 0
        return capsys.readouterr().out

    assert explained().count(" kept ") == 18
    path = files_below(country / "common" / "event_row")[0]
    before = path.read_bytes()
    pq.write_table(pq.read_table(path, partitioning=None).slice(1), path)
    assert "changed: common/event_row/" in explained()
    path.write_bytes(before)
