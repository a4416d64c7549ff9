"""Common tables that are given: what lacks or is of another type is refused by name, what does not fit is set aside and counted."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.kinds import ARROW
from careloom.core import DeliveryError, NothingToRunError
from careloom.engine import Engine
from careloom.ingest import check_given, load_nothing_read, take_given
from careloom.ingest.given import BLANK_NEVER, CODES, GIVEN, SAID_BY

CATALOGUE = load_catalogue()
DAY = dt.date(2020, 5, 1)
WHOSE = {"la": "501", "return_name": "ssda903", "child_id": "a", "delivery_id": 1, "line": 2}
READ = {"delivery_id": 1, "return_name": "ssda903", "la": "501", "collection_year": 2021, "state": "read", "rows_in": 1}
TABLES: dict[str, list[dict[str, Any]]] = {
    "delivery": [
        READ,
        {**READ, "delivery_id": 2, "return_name": "cin_census", "la": "502"},
        {**READ, "delivery_id": 3, "state": "refused"},
        {**READ, "delivery_id": 4, "return_name": "ssda9O3"},
    ],
    "record": [WHOSE, {**WHOSE, "child_id": None}, {**WHOSE, "delivery_id": 3}, {**WHOSE, "delivery_id": 2}],
    "spell_row": [
        {**WHOSE, "kind": "missing", "starts_on": DAY},
        {**WHOSE, "kind": "mising", "starts_on": DAY},
        {**WHOSE, "kind": "cin_episode", "starts_on": DAY},
        {**WHOSE, "kind": "missing", "starts_on": None},
    ],
    "care_episode_row": [
        {**WHOSE, "starts_on": DAY, "legal_status": "C2", "placement_type": "U6"},
        {**WHOSE, "starts_on": DAY, "legal_status": "C99", "placement_type": None},
    ],
}


def give(folder: Path, tables: dict[str, list[dict[str, Any]]] = TABLES) -> Path:
    for name, rows in tables.items():
        (folder / name).mkdir(parents=True)
        pq.write_table(table_of(name, rows), folder / name / "part-0.parquet")
    return folder


def table_of(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, pa.schema([(c.name, ARROW[c.type]) for c in CATALOGUE.tables[name].columns]))


def test_rows_that_do_not_fit_are_set_aside_with_the_reason(engine: Engine, tmp_path: Path) -> None:
    load_nothing_read(engine, CATALOGUE)
    ledger = take_given(engine, CATALOGUE, give(tmp_path))
    assert ledger.faults() == []
    told = {
        step.makes: (step.rows_in, step.rows_out, dict(step.set_aside), dict(step.changed)) for step in ledger.steps
    }
    other, none_read = "its delivery is of another authority or return", "it is of no delivery that was read"
    assert told == {
        "delivery": (4, 3, {"it is of no return that the catalogue knows": 1}, {}),
        "record": (4, 1, {"child_id is blank": 1, none_read: 1, other: 1}, {}),
        "spell_row": (4, 1, {"its return tells of no such kind": 2, "starts_on is blank": 1}, {}),
        "care_episode_row": (2, 2, {}, {"legal_status is no code of legal_status: left out": 1}),
    }
    assert engine.rows("SELECT kind, starts_on, la FROM spell_row") == [("missing", DAY, "501")]
    codes = engine.rows("SELECT legal_status, placement_type FROM care_episode_row ORDER BY legal_status NULLS LAST")
    assert codes == [("C2", "U6"), (None, None)]
    assert engine.rows("SELECT * FROM event_row") == []
    for name in GIVEN:
        assert engine.columns(name) == list(CATALOGUE.tables[name].column_names), name


def test_a_column_that_stands_in_names_of_folders_is_read_as_what_it_is(engine: Engine, tmp_path: Path) -> None:
    give(tmp_path)
    place = tmp_path / "record" / "la=501" / "collection_year=2021"
    place.mkdir(parents=True)
    rows = table_of("record", [{**WHOSE, "child_id": "b"}]).drop_columns(["la", "collection_year"])
    (tmp_path / "record" / "part-0.parquet").unlink()
    pq.write_table(rows, place / "part-0.parquet")
    take_given_of(engine, tmp_path)
    assert engine.rows("SELECT la, collection_year, child_id FROM record") == [("501", 2021, "b")]


def take_given_of(engine: Engine, folder: Path) -> None:
    load_nothing_read(engine, CATALOGUE)
    take_given(engine, CATALOGUE, folder)


def rewritten(folder: Path, change: Any) -> None:
    path = folder / "record" / "part-0.parquet"
    pq.write_table(change(pq.read_table(path)), path)


def test_what_is_not_as_it_should_be_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="no such folder of common tables"):
        check_given(tmp_path / "nowhere", CATALOGUE)
    give(tmp_path)
    assert set(check_given(tmp_path, CATALOGUE)) == set(TABLES)
    before = pq.read_table(tmp_path / "record" / "part-0.parquet")
    rewritten(tmp_path, lambda rows: rows.append_column("of_ours", pa.nulls(rows.num_rows)))
    check_given(tmp_path, CATALOGUE)  # a column more is nobody's business
    rewritten(tmp_path, lambda rows: before.rename_columns({"died_on": "died"}))
    with pytest.raises(
        DeliveryError, match=r'record needs a column "died_on", a date; it may be blank; did you mean "died"'
    ):
        check_given(tmp_path, CATALOGUE)
    born = pa.array(["2010-01-01"] * before.num_rows)
    rewritten(tmp_path, lambda rows: before.set_column(before.column_names.index("born_on"), "born_on", born))
    with pytest.raises(DeliveryError, match='column "born_on" of record should be a date, and is string'):
        check_given(tmp_path, CATALOGUE)
    (tmp_path / "record" / "part-0.parquet").write_text("hello")
    with pytest.raises(DeliveryError, match="this is no Parquet file"):
        check_given(tmp_path, CATALOGUE)
    (tmp_path / "record" / "part-0.parquet").unlink()
    with pytest.raises(DeliveryError, match="there is no Parquet here; record is needed"):
        check_given(tmp_path, CATALOGUE)
    (tmp_path / "spel_row").mkdir()
    with pytest.raises(
        DeliveryError, match='"spel_row" is no common table that can be given; did you mean "spell_row"'
    ):
        check_given(tmp_path, CATALOGUE)


def test_tables_of_nothing_that_was_read_are_refused(tmp_path: Path, duck: Engine) -> None:
    tables = {**TABLES, "delivery": [{**READ, "state": "refused"}]}
    with pytest.raises(NothingToRunError, match="no row of delivery has state read"):
        take_given_of(duck, give(tmp_path, tables))


def test_what_is_looked_at_is_there_in_the_catalogue() -> None:
    for name, columns in BLANK_NEVER.items():
        assert set(columns) <= set(CATALOGUE.tables[name].column_names)
    assert set(CODES) <= set(CATALOGUE.tables["care_episode_row"].column_names)
    assert set(CODES.values()) <= set(CATALOGUE.returns["ssda903"].codes)
    care = [r.name for r in CATALOGUE.returns.values() if any(d.makes == "care_episode" for d in r.declarations)]
    assert care == ["ssda903"]  # whose code sets these are
    for name, (makes, column) in SAID_BY.items():
        assert column in CATALOGUE.tables[name].column_names
        assert any(d.makes == makes for r in CATALOGUE.returns.values() for d in r.declarations)
