"""What is kept of a part comes back as it was, tells nobody to who has no key, and is not taken up when a byte of it was changed."""

import datetime as dt
import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from careloom.core import Ledger
from careloom.engine import DuckDBEngine
from careloom.govern import StudyKey
from careloom.study.kept_files import ACCOUNT, NOTE, Note, Place, lock_part, read_note, unlock_part, without_names

KEY = StudyKey(bytes(range(32)))
NAME = "Zebedee Quill"
EVENT = pa.table(
    {
        "child_id": pa.array([NAME, "B", NAME, None]),
        "happened_on": pa.array([dt.date(2020, 1, 1), None, dt.date(2020, 1, 3), dt.date(2020, 1, 4)]),
        "cost": pa.array([1, 2, 3, None], pa.decimal128(18, 6)),
        "share": [0.1, float("nan"), float("inf"), None],
        "steps": [["a", "b"], [], None, ["c"]],
        "is_open": [True, False, None, True],
    }
)
EMPTY = EVENT.slice(0, 0)
LEDGER = Ledger()
LEDGER.note("link", "record", "person", 4, 2, {"twice": 2}, changed={"mended": 1})
LEDGER.note("count", "person", "person", 2, 2)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / ".careloom" / "study" / "all" / "histories", KEY, "s|histories|k1")


def keep(place: Place, engine: DuckDBEngine, telling: tuple[str, ...] = ()) -> None:
    engine.load("event", EVENT)
    engine.load("empty", EMPTY)
    note = Note("k1", {"prices": "1"}, {"records": "k0"}, dt.date(2026, 11, 23))
    lock_part(place, engine, {"event": telling, "empty": ()}, LEDGER, note)
    engine.drop("event")
    engine.drop("empty")


def in_parts(engine: DuckDBEngine, at_once: int) -> Callable[[str], Iterator[pa.Table]]:
    """The engine's parts, of so few rows."""

    def parts(select: str) -> Iterator[pa.Table]:
        table = engine.arrow(select)
        return (table.slice(first, at_once) for first in range(0, max(table.num_rows, 1), at_once))

    return parts


@pytest.mark.parametrize("at_once", [1, 3, 4, 2_000_000])
def test_tables_and_ledger_come_back_as_they_were(
    at_once: int, place: Place, duck: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duck, "parts", in_parts(duck, at_once))
    keep(place, duck)
    assert unlock_part(place, duck) == LEDGER
    for name, rows in (("event", EVENT), ("empty", EMPTY)):
        back = duck.arrow(f"SELECT * FROM {name}")
        assert back.schema == rows.schema
        assert repr(back.to_pylist()) == repr(rows.to_pylist())  # nan is not equal to itself
    batches = len(list(place.folder.glob("event.*")))
    assert batches == -(-4 // at_once)


def test_a_view_is_kept_as_a_table(place: Place, duck: DuckDBEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duck, "parts", in_parts(duck, 2))
    duck.load("told", EVENT)
    duck.view("event", "SELECT child_id, cost FROM told")
    lock_part(place, duck, {"event": ()}, Ledger(), Note("k1", {}, {}, dt.date.today()))
    duck.drop("event")
    assert unlock_part(place, duck) == Ledger()
    assert duck.arrow("SELECT * FROM event") == EVENT.select(["child_id", "cost"])


def test_the_note_comes_back_and_anything_else_is_none(place: Place, duck: DuckDBEngine) -> None:
    assert read_note(place.folder) is None
    keep(place, duck)
    note = read_note(place.folder)
    assert note == Note("k1", {"prices": "1"}, {"records": "k0"}, dt.date(2026, 11, 23))
    for wrong in (b"", b"{", b"[]", b"{}", b'{"key": "k1", "made_from": 1, "below": {}, "made_on": "x"}', b"\xff"):
        (place.folder / NOTE).write_bytes(wrong)
        assert read_note(place.folder) is None


def test_nothing_is_in_the_clear_and_only_the_owner_may_open_it(place: Place, duck: DuckDBEngine) -> None:
    keep(place, duck)
    files = [path for path in place.folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {NOTE, ACCOUNT, "event.0", "empty.0"}
    words = (NAME.encode(), b"happened_on", b"mended")
    assert not [path.name for path in files if any(word in path.read_bytes() for word in words)]
    if os.name != "nt":
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        folders = [place.folder, *list(place.folder.parents)[:3]]
        assert folders[-1].name == ".careloom"
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_keyed_hashes_stand_for_what_identifies_a_child_and_what_was_equal_is_equal(
    place: Place, duck: DuckDBEngine
) -> None:
    keep(place, duck, ("child_id", "happened_on"))
    assert unlock_part(place, duck) == LEDGER
    back = duck.arrow("SELECT * FROM event")
    one, two, three, none = back["child_id"].to_pylist()
    assert one == three != two
    assert none is None
    assert NAME not in one
    assert back["happened_on"].to_pylist() == [None] * 4
    assert back["cost"] == EVENT["cost"]
    again = without_names(EVENT, ["child_id"], StudyKey(bytes(32)))
    assert again["child_id"].to_pylist()[0] != one  # another key, another hash


def is_refused(place: Place, engine: DuckDBEngine) -> bool:
    """Is nothing taken up, and nothing left of what was loaded before the fault showed?"""
    return unlock_part(place, engine) is None and engine.columns("event") == engine.columns("empty") == []


@pytest.mark.parametrize("name", [ACCOUNT, "event.0", "empty.0"])
def test_a_changed_a_cut_and_a_missing_file_are_not_taken_up(name: str, place: Place, duck: DuckDBEngine) -> None:
    keep(place, duck)
    path = place.folder / name
    whole = path.read_bytes()
    for at in (0, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert is_refused(place, duck)
        path.write_bytes(whole[:at])
        assert is_refused(place, duck)
    path.unlink()
    assert is_refused(place, duck)
    path.write_bytes(whole)
    assert unlock_part(place, duck) == LEDGER


def test_a_file_opens_as_nothing_else(place: Place, duck: DuckDBEngine) -> None:
    keep(place, duck)
    others = {
        "another key": Place(place.folder, StudyKey(bytes(32)), place.about),
        "another study": Place(place.folder, KEY, "t|histories|k1"),
        "another part": Place(place.folder, KEY, "s|costs|k1"),
        "made from something else": Place(place.folder, KEY, "s|histories|k2"),
    }
    assert [what for what, other in others.items() if not is_refused(other, duck)] == []
    (place.folder / "empty.0").write_bytes((place.folder / "event.0").read_bytes())
    assert is_refused(place, duck)


def test_a_note_that_was_changed_opens_nothing(place: Place, duck: DuckDBEngine) -> None:
    """Who writes today's key into an old note would have old tables taken up: they open as made from the old key only."""
    keep(place, duck)
    told = json.loads((place.folder / NOTE).read_text())
    (place.folder / NOTE).write_text(json.dumps({**told, "key": "k2"}))
    note = read_note(place.folder)
    assert note is not None
    assert is_refused(Place(place.folder, KEY, f"s|histories|{note.key}"), duck)


def test_what_a_kill_left_half_written_is_written_anew(place: Place, duck: DuckDBEngine) -> None:
    keep(place, duck)
    half = place.folder.with_name("histories.unfinished")
    half.mkdir()
    (half / "event.0").write_bytes(b"half")
    keep(place, duck)
    assert not half.exists()
    assert unlock_part(place, duck) == LEDGER
