"""A name that stands for a SELECT: worked out as it is read, and gone before a table takes its place."""

from pathlib import Path

import pyarrow as pa

from careloom.engine import Engine, open_kept, write_database

TWO = "SELECT n, n * 2 AS twice FROM number"


def test_a_view_says_what_its_tables_say_and_can_be_made_again(engine: Engine) -> None:
    engine.load("number", pa.table({"n": [1, 2]}))
    engine.view("doubled", TWO)
    assert engine.columns("doubled") == ["n", "twice"]
    assert sorted(engine.rows("SELECT n, twice FROM doubled")) == [(1, 2), (2, 4)]
    engine.view("doubled", "SELECT n FROM number")
    assert engine.columns("doubled") == ["n"]


def test_a_view_takes_the_place_of_a_table_and_a_table_that_of_a_view_once_dropped(engine: Engine) -> None:
    engine.load("number", pa.table({"n": [1, 2]}))
    engine.load("doubled", pa.table({"old": [1]}))
    engine.view("doubled", TWO)
    engine.make("kept", "SELECT twice FROM doubled")
    engine.drop("doubled")
    assert engine.columns("doubled") == []
    engine.make("doubled", "SELECT twice FROM kept WHERE twice > 2")
    assert engine.rows("SELECT twice FROM doubled") == [(4,)]


def test_a_view_hides_a_kept_table_which_stays(tmp_path: Path) -> None:
    write_database(tmp_path / "study.duckdb", {"cost": pa.table({"n": [1]})})
    engine = open_kept(tmp_path / "study.duckdb")
    engine.make("number", "SELECT n + 1 AS n FROM cost")
    engine.view("cost", "SELECT n FROM number")
    assert engine.rows("SELECT n FROM cost") == [(2,)]
    engine.drop("cost")
    assert engine.rows("SELECT n FROM cost") == [(1,)]
    engine.close()
