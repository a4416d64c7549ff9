"""A run killed at any moment leaves the results and the vault before it whole, and keeps nothing for the next that would change
a table of it; and what identifies a child is in no byte it wrote.

Three kills in the quick suite; CARELOOM_CRASHES says how many.
"""

import csv
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from careloom.catalogue import load_catalogue
from careloom.govern import key_of_file, read_vault
from careloom.study import read_study
from careloom.synth import make_england

CRASHES = int(os.environ.get("CARELOOM_CRASHES", "3"))
LAST = 0.25
"""Every other kill comes in this last part of a run, in which outputs are written and put in place."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small made-up authority with a vault, whose early help records tell names and postcodes; it was run once."""
    folder = tmp_path_factory.mktemp("crash")
    make_england(folder, children=120, years=(2019, 2020), systems=("ssda903", "cin_census", "early_help"))
    text = (folder / "study.toml").read_text()
    text = text.replace("most_classes = 12", "most_classes = 1").replace("starts = 10", "starts = 1")
    text = text.replace('["re_referral", "repeat_plan", "re_entry"]', '["re_referral"]')
    text = text.replace("synthetic = true", 'synthetic = true\nvault = true\nvault_key = "vault.key"')
    text = text.replace("# [[", "[[").replace("# authority", "authority").replace("# files", "files")
    (folder / "study.toml").write_text(text)
    (folder / "tmp").mkdir()
    started = time.monotonic()
    done = start(folder).communicate()
    (folder / "took").write_text(str(time.monotonic() - started))
    (folder / "said").write_bytes(b"".join(done))
    assert (folder / "results" / "manifest.json").exists(), done[1].decode()
    return folder / "study.toml"


def start(folder: Path, *more: str) -> "subprocess.Popen[bytes]":
    """Begin a run as a user would, with temporary files of its own."""
    env = {**os.environ, "TMPDIR": str(folder / "tmp"), "OMP_NUM_THREADS": "1"}
    env.pop("CARELOOM_VAULT_KEY", None)
    words = [sys.executable, "-m", "careloom", "run", "study.toml", "--accept", *more]
    return subprocess.Popen(words, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def planted(folder: Path) -> set[str]:
    """What identifies the children in the files handed over: names, postcodes, UPNs and long numbers, in any row."""
    found = set()
    for path in (folder / "501").rglob("*.csv"):
        with path.open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                for heading, cell in row.items():
                    is_name = any(word in str(heading).lower() for word in ("surname", "postcode", "upn", "last name"))
                    if cell and len(cell) > 6 and is_name and not cell.startswith("UN"):
                        found.add(cell)
    return found


def written(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every byte that runs wrote, with what is packed inside: also what a killed one left behind."""
    for path in folder.rglob("*"):
        if path.is_file() and not {"501", "truth"} & set(path.relative_to(folder).parts):
            yield from unpacked(path)


def unpacked(path: Path) -> Iterator[tuple[str, bytes]]:
    """The bytes of a file, and what is packed in it, where it is whole: a killed run may have left half of one."""
    data = path.read_bytes()
    yield path.name, data
    if ".unfinished" in str(path) or ".previous" in str(path):
        return
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(io.BytesIO(data)) as inside:
            yield from ((f"{path.name} {name}", inside.read(name)) for name in inside.namelist())
    if path.suffix == ".parquet":
        yield f"{path.name} rows", repr(pq.read_table(path).to_pydict()).encode()
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as db:
            for (name,) in db.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                yield f"{path.name} {name}", repr(db.execute(f'SELECT * FROM "{name}"').fetchall()).encode()


def tellers(folder: Path) -> list[str]:
    """The files that tell an identifier."""
    words = [word.encode() for word in planted(folder)]
    return sorted({name for name, data in written(folder) if any(word in data for word in words)})


def broken(results: Path) -> list[str]:
    """Files of the results that are not as their manifest says, missing ones among them."""
    told = {each["file"]: each["sha256"] for each in json.loads((results / "manifest.json").read_text())["files"]}
    there = {path.relative_to(results).as_posix(): path for path in results.rglob("*") if path.is_file()}
    other = [name for name, path in there.items() if name != "manifest.json" and name not in told]
    return other + [
        name
        for name, sha in told.items()
        if name not in there or hashlib.sha256(there[name].read_bytes()).hexdigest() != sha
    ]


def tables_of(results: Path) -> dict[str, dict[str, str]]:
    """The fingerprint of every table, as the manifest tells them: of what it holds, whatever the order of its rows."""
    return dict(json.loads((results / "manifest.json").read_text())["tables"])


def identities(study: Path) -> list[dict[str, object]]:
    asked = read_study(study, load_catalogue())
    assert asked.vault is not None
    key = key_of_file(study.with_name("vault.key"), may_make=False)
    return list(read_vault(asked.vault.path, key, asked.name)["identity"].to_pylist())


def test_the_vault_knows_every_child_and_nothing_else_does(study: Path) -> None:
    folder = study.parent
    words = planted(folder)
    assert len(words) > 50
    people = identities(study)
    told = {str(value) for row in people for value in row.values()}
    assert len(words & told) > 10  # the rest were of records with no number that says which child it is
    with duckdb.connect(str(folder / "results" / "study.duckdb"), read_only=True) as db:
        known = {person for (person,) in db.execute("SELECT person_id FROM person").fetchall()}
    assert {row["person_id"] for row in people} == known
    assert tellers(folder) == []


def test_the_search_would_find_an_identifier(study: Path, tmp_path: Path) -> None:
    word = min(planted(study.parent))
    (tmp_path / "501").mkdir()
    (tmp_path / "501" / "people.csv").write_text(f"surname\n{word}\n")
    (tmp_path / "left.tmp").write_bytes(b"\x00" + word.encode() + b"\x00")
    assert tellers(tmp_path) == ["left.tmp"]


def test_a_run_killed_at_any_moment_leaves_what_was_there(study: Path) -> None:
    folder, took = study.parent, float((study.parent / "took").read_text())
    before, tables = identities(study), tables_of(folder / "results")
    chance = random.Random(20261123)
    ended = 0
    for number in range(CRASHES):
        moment = took * (1 - LAST * chance.random() if number % 2 else chance.random())
        running = start(folder, "--fresh")  # else it takes up what was kept, and ends before it can be killed
        try:
            running.wait(moment)
            ended += 1  # it was quicker than the first
        except subprocess.TimeoutExpired:
            running.kill()
        running.communicate()
        results = folder / "results"
        if not results.exists():  # killed between the two renames: the next run puts it back
            results = folder / ".results.previous"
        assert broken(results) == [], f"killed after {moment:.1f} s"
        assert identities(study) == before
        assert tellers(folder) == []
    assert ended <= max(1, CRASHES // 2), "hardly any run was killed: this test sees nothing"
    assert start(folder).wait() in (0, 4)  # it takes up whatever killed runs have kept
    assert broken(folder / "results") == []
    assert tables_of(folder / "results") == tables
    assert tellers(folder) == []
    assert not [path.name for path in folder.iterdir() if path.name.endswith((".unfinished", ".previous"))]
