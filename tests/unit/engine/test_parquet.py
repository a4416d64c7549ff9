"""Parquet in and out: what one engine writes in folders both read, in the types asked for, and no name of a folder is unsafe."""

import datetime as dt
import string
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from careloom.core import NotFoundError
from careloom.engine import DuckDBEngine, Engine, files_below, folder_names, open_kept, said_by_folders
from careloom.engine.parquet import SAFE

KINDS = {"authority": pa.string(), "year": pa.int64(), "la": pa.string(), "day": pa.date32(), "n": pa.int64()}
ROWS = [
    {"authority": "001", "year": 2021, "la": "001", "day": dt.date(2021, 3, 31), "n": 1},
    {"authority": "001", "year": 2022, "la": "001", "day": None, "n": 2},
    {"authority": "A_2fB", "year": 2021, "la": "A/B", "day": None, "n": None},
    {"authority": None, "year": None, "la": None, "day": None, "n": 4},
    {"authority": "001", "year": 2021, "la": "001", "day": None, "n": 5},
]
BY = ("authority", "year")


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=str)


def test_what_an_engine_writes_by_folders_it_reads_back_whole(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "it's [a] folder"
    engine.load("row", pa.Table.from_pylist(ROWS, pa.schema(list(KINDS.items()))))
    engine.write("SELECT * FROM row", folder, BY)
    said = {tuple(said_by_folders(path, folder).items()) for path in files_below(folder)}
    assert said == {tuple((name, row[name] and str(row[name])) for name in BY) for row in ROWS}
    assert all(pq.read_schema(path).names == ["la", "day", "n"] for path in files_below(folder))
    engine.read("back", folder, KINDS)
    assert in_order(engine.arrow("SELECT * FROM back").to_pylist()) == in_order(ROWS)
    engine.read("few", folder, {"n": pa.int64(), "authority": pa.string()})
    assert engine.columns("few") == ["n", "authority"]
    assert engine.rows("SELECT sum(n) AS n FROM few WHERE authority = '001'") == [(8,)]


def test_a_folder_without_rows_is_a_table_without_rows(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    engine.read("nothing", tmp_path / "none", KINDS)
    assert engine.columns("nothing") == list(KINDS)
    assert engine.rows("SELECT * FROM nothing") == []
    engine.write("SELECT * FROM nothing", tmp_path / "empty", BY)
    assert sum(pq.read_metadata(path).num_rows for path in files_below(tmp_path / "empty")) == 0


def test_an_engine_sums_rows_where_they_lie(engine: Engine) -> None:
    engine.load("many", pa.table({"n": pa.array(range(1000), pa.int64())}))
    kept = pa.schema([("rows", pa.int64()), ("total", pa.int64())])

    def work(rows: pa.Table) -> pa.Table:
        return pa.table({"rows": [rows.num_rows], "total": [sum(rows["n"].to_pylist())]}, kept)

    sums = engine.summed("SELECT n FROM many WHERE n >= 10", work, kept)
    assert (sum(sums["rows"].to_pylist()), sum(sums["total"].to_pylist())) == (990, sum(range(10, 1000)))
    assert sum(engine.summed("SELECT n FROM many WHERE n < 0", work, kept)["rows"].to_pylist()) == 0


def test_names_of_folders_are_safe_on_any_disk_and_stay_different() -> None:
    values = [
        "501",
        "A/B",
        "a:b",
        "Anyshire",
        "anyshire",
        "..",
        "con.",
        "A_2fB",
        "ö",
        "a b",
        "a\nb",
        "50%",
        "\u212a",
        "k",
    ]
    names = folder_names(values)
    assert list(names) == values
    assert names["501"] == "501"
    assert len({name.lower() for name in names.values()}) == len(values)
    assert set("".join(names.values())) <= SAFE | set(string.ascii_uppercase) | {"_"}
    assert folder_names(values[::-1]) == names


def test_a_kept_folder_is_read_by_names_and_no_other_file_is(tmp_path: Path) -> None:
    place = tmp_path / "kept" / "person" / "authority=501"
    place.mkdir(parents=True)
    pq.write_table(pa.table({"person_id": ["a"]}), place / "part-0.parquet")
    (tmp_path / "other.csv").write_text("a\n1\n")
    (tmp_path / "kept" / "gone").mkdir()
    engine = open_kept(tmp_path / "study.duckdb")
    assert engine.columns("person") == ["person_id"]
    assert engine.columns("gone") == []
    with pytest.raises(duckdb.PermissionException):
        engine.rows(f"SELECT * FROM read_csv('{tmp_path / 'other.csv'}')")
    engine.load("person", pa.table({"person_id": ["b"]}))
    assert engine.rows("SELECT person_id FROM person") == [("b",)]
    engine.drop("person")
    assert engine.rows("SELECT person_id FROM person") == [("a",)]
    engine.close()
    (place / "part-0.parquet").write_text("hello")
    with pytest.raises(NotFoundError, match="these are no tables of a run"):
        open_kept(tmp_path / "study.duckdb")
    (place / "part-0.parquet").unlink()
    with pytest.raises(NotFoundError, match="no results of a run here"):
        open_kept(tmp_path / "study.duckdb")


def test_duckdb_writes_one_file_for_each_folder_however_rows_come(
    duck: DuckDBEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("careloom.engine.duck.ROWS_AT_ONCE", 2048)
    duck.load("row", pa.table({"authority": [str(n % 7) for n in range(20_000)], "n": range(20_000)}))
    duck.write("SELECT * FROM row", tmp_path / "row", ["authority"])
    files = files_below(tmp_path / "row")
    assert len(files) == 7
    assert sorted(n for path in files for n in pq.read_table(path, partitioning=None)["n"].to_pylist()) == list(
        range(20_000)
    )
