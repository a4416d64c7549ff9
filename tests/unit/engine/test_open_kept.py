"""The database of a finished run, opened to read."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from careloom.core import NotFoundError
from careloom.engine import open_kept, write_database


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "the authority's study.duckdb"
    write_database(path, {"person": pa.table({"person_id": ["a", "b"], "sex": ["F", "M"]})})
    return path


def test_its_tables_are_read_by_their_names_and_what_is_made_stays_in_memory(kept: Path) -> None:
    before = kept.read_bytes()
    engine = open_kept(kept)
    assert engine.columns("person") == ["person_id", "sex"]
    assert engine.columns("spell") == []
    assert (
        engine.make(
            "girl", "SELECT person_id, age_on(DATE '2020-01-01', DATE '2021-01-01') AS age FROM person WHERE sex = 'F'"
        )
        == 1
    )
    assert engine.rows("SELECT person_id, age FROM girl") == [("a", 1)]
    engine.load("person", pa.table({"person_id": ["c"]}))
    assert engine.rows("SELECT person_id FROM person") == [("c",)]
    engine.close()
    assert kept.read_bytes() == before
    again = open_kept(kept)
    assert again.rows("SELECT count(*) AS n FROM person") == [(2,)]
    again.close()


def test_nothing_else_can_be_read_and_nothing_kept_be_changed(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a\n1\n")
    engine = open_kept(kept)
    with pytest.raises(duckdb.PermissionException):
        engine.rows(f"SELECT * FROM read_csv('{tmp_path / 'other.csv'}')")
    with pytest.raises(duckdb.Error):
        engine.rows("DELETE FROM kept.person")
    engine.close()


def test_what_is_not_there_or_is_no_database_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no results of a run here"):
        open_kept(tmp_path / "study.duckdb")
    (tmp_path / "study.duckdb").write_text("hello")
    with pytest.raises(NotFoundError, match="cannot be opened as the database of a run"):
        open_kept(tmp_path / "study.duckdb")


def test_a_table_may_be_written_in_parts(tmp_path: Path) -> None:
    parts = (pa.table({"n": numbers}) for numbers in (pa.array([], pa.int64()), [1, 2], [3]))
    write_database(tmp_path / "study.duckdb", {"one": parts, "none": [pa.table({"n": pa.array([], pa.int64())})]})
    engine = open_kept(tmp_path / "study.duckdb")
    assert engine.rows("SELECT n FROM one ORDER BY n") == [(1,), (2,), (3,)]
    assert engine.columns("none") == ["n"]
    engine.close()
