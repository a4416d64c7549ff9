"""What memory cannot hold is for its owner alone and goes with the engine; the engine opens nothing else."""

import os
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from careloom.engine import DuckDBEngine, Scratch, open_engine
from careloom.engine.private import PREFIX, PrivateFolder, sweep

MANY = "SELECT CAST(n AS VARCHAR) || '_planted' AS name, random() AS drawn FROM (SELECT unnest(range(1500000)) AS n) AS many"


def folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.iterdir() if path.name.startswith(PREFIX))


def test_what_memory_cannot_hold_is_private_and_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with closing(DuckDBEngine(threads=1, memory="40MB")) as engine:
        engine.make("many", MANY)
        (folder,) = folders(tmp_path)
        spilled = [path for path in folder.iterdir() if path.name.startswith("duckdb_temp")]
        assert b"_planted" in b"".join(path.read_bytes() for path in spilled), (
            "nothing went to disk: this test sees nothing"
        )
        if os.name != "nt":
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folders(tmp_path) == []
    assert list(here.iterdir()) == []  # where DuckDB would have put it, for all to read


def test_a_working_file_lies_in_a_private_folder_of_the_scratch_folder(tmp_path: Path) -> None:
    with closing(open_engine("duckdb", Scratch(tmp_path / "scratch"))) as engine:
        engine.make("one", "SELECT 1 AS n")
        (folder,) = folders(tmp_path / "scratch")
        assert (folder / "working.duckdb").exists()
        assert os.name == "nt" or stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list((tmp_path / "scratch").iterdir()) == []


KILLED = """
import sys, time
from pathlib import Path
from careloom.engine.private import PrivateFolder
folder = PrivateFolder(Path(sys.argv[1]))
(folder.path / "rows").write_text("planted")
print("there", flush=True)
time.sleep(60)
"""


def test_what_a_killed_run_left_goes_with_the_next_and_what_is_in_use_stays(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        (left,) = folders(tmp_path)
        long_ago = time.time() - 3600
        os.utime(left, (long_ago, long_ago))
        sweep(tmp_path)
        assert (left / "rows").exists()  # it is in use
        running.kill()
        running.wait()
    os.utime(left, (long_ago, long_ago))
    live = PrivateFolder(tmp_path)
    sweep(tmp_path)
    assert folders(tmp_path) == [live.path]
    live.close()


def test_the_engine_opens_nothing_and_stays_so(duck: DuckDBEngine, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    asked = (
        f"SELECT * FROM read_csv('{(tmp_path / 'a.csv').as_posix()}')",
        "SELECT * FROM 'https://example.org/a.parquet'",
    )
    for select in asked:
        with pytest.raises(duckdb.Error):
            duck.rows(select)
    for change in (
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "INSTALL httpfs",
        "LOAD httpfs",
    ):
        with pytest.raises(duckdb.Error):
            duck._db.execute(change)
    settings = dict(duck.rows("SELECT name, value FROM duckdb_settings()"))
    closed = (
        "enable_external_access",
        "autoinstall_known_extensions",
        "autoload_known_extensions",
        "allow_community_extensions",
    )
    assert {settings[name] for name in closed} == {"false"}
    assert settings["lock_configuration"] == "true"


@pytest.mark.parametrize(("asked", "held"), [("500MB", "476.8 MiB"), ("8 GB", "7.4 GiB")])
def test_a_scratch_folder_says_how_much_memory_is_used(tmp_path: Path, asked: str, held: str) -> None:
    with closing(open_engine("duckdb", Scratch(tmp_path, asked))) as engine:
        assert engine.rows("SELECT current_setting('memory_limit') AS held") == [(held,)]


def test_what_memory_does_not_hold_goes_to_disk_and_the_answer_is_the_same(tmp_path: Path) -> None:
    """Every text is another: sorted, they need far more than the memory that is allowed."""
    texts = (
        "SELECT concat('a text so long that many of them are large ', CAST(range AS VARCHAR)) AS t FROM range(3000000)"
    )
    last = "SELECT t FROM texts QUALIFY row_number() OVER (ORDER BY t DESC) = 1"
    found = []
    for memory in ("100 MB", "2 GB"):
        with closing(open_engine("duckdb", Scratch(tmp_path, memory))) as engine:
            engine.make("texts", texts)
            found.append(engine.rows(last))
    assert found[0] == found[1] == [("a text so long that many of them are large 999999",)]
