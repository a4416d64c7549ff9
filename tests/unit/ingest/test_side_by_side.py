"""Files read by other processes come to the same, row by row, as files read by this one alone; and what goes wrong on the way."""

import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from careloom.catalogue import load_catalogue
from careloom.core import Table
from careloom.engine import DuckDBEngine
from careloom.ingest import Decisions, Delivery, Door, Ingested, ahead, ingest, side_by_side
from careloom.ingest.ahead import Ahead
from careloom.ingest.carried import READY, SETUP, Setup, receive, send
from careloom.ingest.recognise import values
from careloom.synth import make_england

from . import forms

CATALOGUE = load_catalogue()
A_MOMENT = 0.1


@dataclass
class Came:
    """What came of some deliveries: every table, and the account."""

    tables: dict[str, pa.Table]
    ingested: Ingested
    heard: list[tuple[int, int]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """A made-up authority in several forms, and files that are spoilt in several ways."""
    home = tmp_path_factory.mktemp("england")
    make_england(home / "made", children=60, years=(2022, 2023), seed=3)
    made = next(path for path in (home / "made").iterdir() if path.name.isdigit())
    forms.flat_census(made / "cin_census" / "cin_2022.xml", home / "flat" / "2022")
    forms.one_workbook(made / "ssda903" / "2022", home / "book" / "ssda903_2022.xlsx", title="All of 2022")
    spoilt = home / "spoilt"
    spoilt.mkdir()
    census = (made / "cin_census" / "cin_2023.xml").read_text(encoding="utf-8")
    (spoilt / "cut_short.xml").write_text(census[: len(census) // 2], encoding="utf-8")
    (spoilt / "another.xml").write_text("<Other/>", encoding="utf-8")
    (spoilt / "empty.csv").write_text("", encoding="utf-8")
    (spoilt / "nothing_known.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (spoilt / "again.xml").write_text(census, encoding="utf-8")
    header = "YEAR,CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n"
    rows = [
        f"2023,{n},{n % 4},0{1 + n % 9}/02/20{n % 30:02d},{'White Britsh' if n % 3 else 'zz'},,,\n" for n in range(200)
    ]
    (spoilt / "header.csv").write_text(
        header + "".join(rows) + "2023,7\n,,,,,,,\n2023,Total,,,,,,\n", encoding="cp1252"
    )
    (spoilt / "quote.csv").write_text(header + '2023,1,1,"01/02/2010,WBRI,,,\n', encoding="utf-8")
    found = [path for folder in (made, home / "flat", home / "book", spoilt) for path in sorted(folder.rglob("*.*"))]
    return (*(path for path in found if path.is_file()), home / "not_there.csv")


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Two processes read, however little there is, and all is left to them; says of each file whether one read it."""
    was_read, take_over = list[bool](), side_by_side.take_over

    class Ready(Ahead):
        """Waits until they can begin, or have ended; else this process might have read all by then."""

        def __init__(self, *of: Any) -> None:
            super().__init__(*of)
            with self.changed:
                while self.ready < sum(thread.is_alive() for thread in self.threads):
                    self.changed.wait(A_MOMENT)  # the end of a thread is not told

    def taken(*of: Any) -> bool:
        was_read.append(take_over(*of))
        return was_read[-1]

    monkeypatch.setattr(side_by_side, "Ahead", Ready)
    monkeypatch.setattr(side_by_side, "take_over", taken)
    monkeypatch.setattr(side_by_side, "LEAST_BESIDE", 0)
    monkeypatch.setenv(side_by_side.ASKED, "2")
    return was_read


def came_of(files: tuple[Path, ...], door: Door | None = None) -> Came:
    """Read the files; with one thread, as the order of rows is DuckDB's own where it has several."""
    engine, heard = DuckDBEngine(threads=1), list[tuple[int, int]]()
    ingested = ingest(
        engine,
        CATALOGUE,
        deliveries=[Delivery("501", files[::2]), Delivery("", files[1::2])],
        door=door,
        on_file=lambda number, of: heard.append((number, of)),
    )
    names = [name for (name,) in engine.rows("SELECT table_name FROM information_schema.tables ORDER BY table_name")]
    came = Came({name: engine.arrow(f'SELECT * FROM "{name}"') for name in names}, ingested, heard)
    engine.close()
    return came


@pytest.fixture(scope="module")
def alone(files: tuple[Path, ...]) -> Came:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(side_by_side.ASKED, "1")
        return came_of(files)


def assert_same(one: Came, other: Came) -> None:
    assert one.tables.keys() == other.tables.keys()
    assert [name for name, table in one.tables.items() if not table.equals(other.tables[name])] == []
    assert one.ingested.ledger.steps == other.ingested.ledger.steps
    assert one.ingested.recognitions == other.ingested.recognitions
    assert one.heard == other.heard


def test_the_same_comes_of_files_read_side_by_side(alone: Came, files: tuple[Path, ...], together: list[bool]) -> None:
    states = Counter(alone.tables["delivery"]["state"].to_pylist())
    assert states["refused"] > 5
    assert states["read"] > 30
    assert alone.tables["set_aside"].num_rows > 100
    assert len(alone.ingested.recognitions) > 50
    assert_same(alone, came_of(files))
    assert together == [True] * len(files)


def test_so_it_does_where_little_may_wait(
    alone: Came, files: tuple[Path, ...], together: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "MOST_HELD", 1)
    monkeypatch.setattr(ahead, "FILES_AHEAD", 1)
    assert_same(alone, came_of(files))
    assert together == [True] * len(files)


def test_a_door_keeps_out_and_counts_the_same(files: tuple[Path, ...], together: list[bool]) -> None:
    def barred(la: str, return_name: str, table: Table) -> Collection[str]:
        return {"SEX", "CHILD"} if table.name == "uasc" else {"DOB", "PersonBirthDate", "nothing"}

    def door(la: str = "") -> Door:
        return Door(lambda said: "it is closed" if said == la else "", barred, is_watched=True)

    both = came_of(files, door("501"))
    assert together == [True] * len(files[1::2])
    side_by_side_door = door()
    open_to_all = came_of(files, side_by_side_door)
    assert side_by_side_door.stayed_out.total() > 100
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(side_by_side.ASKED, "1")
        assert_same(both, came_of(files, door("501")))
        assert_same(open_to_all, came_of(files, door()))


def test_a_file_with_more_texts_than_are_listed_is_read_here(
    files: tuple[Path, ...], together: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values, "MOST_TEXTS", 12)
    monkeypatch.setattr(side_by_side, "MOST_TEXTS", 12)
    came = came_of(files)
    assert 0 < together.count(False) < len(files)
    monkeypatch.setenv(side_by_side.ASKED, "1")
    assert_same(came_of(files), came)


@pytest.mark.parametrize(
    ("boot", "is_read"),
    [
        ("import sys; sys.exit(1)", False),
        ("import sys; sys.stdout.buffer.write(bytes(11)); sys.stdout.flush()", False),
        (
            "from careloom.ingest import reader_process as r; import os; send = r.send; sent = []; "
            "r.send = lambda *of, **data: os._exit(9) if sent.append(of) or len(sent) > 20 else send(*of, **data); r.main()",
            True,
        ),
        (
            "from careloom.ingest import reader_process as r; r.Elsewhere.read = lambda *of: 1 / 0; r.main()",
            False,
        ),
    ],
    ids=["ended at once", "not ours", "killed on the way", "a fault in each"],
)
def test_what_another_process_does_not_bring_to_an_end_is_read_here(
    boot: str,
    is_read: bool,
    alone: Came,
    files: tuple[Path, ...],
    together: list[bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(side_by_side, "BOOT", f"import sys; sys.path[:] = sys.argv[1:]; {boot}")
    assert_same(alone, came_of(files))
    assert any(together) == is_read
    assert not all(together) or not together


def test_no_process_outlives_a_run_that_fails(
    files: tuple[Path, ...], together: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    processes, started = list["subprocess.Popen[bytes]"](), side_by_side.started

    def noted(number: int) -> "list[subprocess.Popen[bytes]]":
        processes.extend(started(number))
        return processes

    def stop(number: int, of: int) -> None:
        if number == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(side_by_side, "started", noted)
    with pytest.raises(KeyboardInterrupt):
        ingest(DuckDBEngine(), CATALOGUE, deliveries=[Delivery("", files)], on_file=stop)
    assert len(processes) == 2
    assert all(process.poll() is not None for process in processes)


def test_a_process_ends_with_the_one_that_started_it() -> None:
    [process] = side_by_side.started(1)
    assert process.stdin
    assert process.stdout
    send(process.stdin, SETUP, data=pickle.dumps(Setup(CATALOGUE.returns, Decisions(), False, False)))
    assert receive(process.stdout).kind == READY
    assert process.communicate() == (b"", None)  # closes its standard input, as the end of this process would
    assert process.returncode == 0


# --- whether others are asked at all ----------------------------------------------------------------------------------


def test_where_there_is_little_to_gain_no_process_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(side_by_side.ASKED, raising=False)
    monkeypatch.setattr(side_by_side, "cores", lambda: 2)
    large = side_by_side.LEAST_BESIDE
    assert side_by_side.processes_for([large, large]) == 2
    assert side_by_side.processes_for([]) == 0
    assert side_by_side.processes_for([100 * large]) == 0
    assert side_by_side.processes_for([100 * large, large - 1]) == 0
    monkeypatch.setattr(side_by_side, "cores", lambda: 1)
    assert side_by_side.processes_for([large, large]) == 0
    monkeypatch.setattr(side_by_side, "cores", lambda: 100)
    assert side_by_side.processes_for([large] * 50) == side_by_side.MOST_PROCESSES
    monkeypatch.setenv(side_by_side.ASKED, "3")
    assert side_by_side.processes_for([large] * 50) == 3
    monkeypatch.setenv(side_by_side.ASKED, "0")
    assert side_by_side.processes_for([large] * 50) == 0


def frozen(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sys, "frozen", True, raising=False)


def not_python(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sys, "executable", "C:/Program Files/R/bin/R.exe")


def nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sys, "executable", None)


def locked_down(patch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    patch.setattr(subprocess, "Popen", refuse)


@pytest.mark.parametrize("make_so", [frozen, not_python, nothing, locked_down])
def test_where_none_can_be_started_this_one_reads_alone(
    make_so: Callable[[pytest.MonkeyPatch], None],
    alone: Came,
    files: tuple[Path, ...],
    together: list[bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_so(monkeypatch)
    assert side_by_side.started(2) == []
    assert_same(alone, came_of(files))
    assert together == []


SCRIPT = """
import sys
from pathlib import Path
from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.ingest import Decisions, Delivery, ingest, side_by_side

class Ready(side_by_side.Ahead):
    def __init__(self, *of):
        super().__init__(*of)
        with self.changed:
            self.changed.wait_for(lambda: self.ready == 2, 120)
        print("ready", self.ready)

side_by_side.Ahead, side_by_side.LEAST_BESIDE = Ready, 0
files = tuple(sorted(path for path in Path(sys.argv[1]).rglob("*.csv")))
ingest(DuckDBEngine(), load_catalogue(), deliveries=[Delivery("501", files)])
print("read", len(files))
"""


@pytest.mark.parametrize("how", ["a file", "standard input", "a command"])
def test_a_script_needs_no_guard(
    how: str, files: tuple[Path, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(side_by_side.ASKED, "2")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    words = {"a file": [str(script)], "standard input": ["-"], "a command": ["-c", SCRIPT]}[how]
    folder = next(path for path in files if path.parent.name == "2023").parent
    said = subprocess.run(
        [sys.executable, *words, str(folder)],
        input=SCRIPT if how == "standard input" else "",
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert said.stdout.splitlines() == ["ready 2", f"read {len([*folder.glob('*.csv')])}"]
    assert said.stderr == ""
