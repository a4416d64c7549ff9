"""The helpers around an engine."""

import pyarrow as pa
import pytest

from careloom.core import StudyError
from careloom.engine import Engine, open_engine, with_names


def test_with_names_keeps_only_the_names_used_in_their_order() -> None:
    names = {"a": "SELECT 1 AS x", "b": "SELECT x FROM a", "unused": "SELECT 9", "c": "SELECT x FROM b"}
    assert with_names(names, "SELECT * FROM c") == (
        "WITH a AS (SELECT 1 AS x), b AS (SELECT x FROM a), c AS (SELECT x FROM b) SELECT * FROM (SELECT * FROM c) AS answer"
    )
    assert with_names(names, "SELECT 1") == "SELECT 1"


@pytest.mark.parametrize(("lacking", "name"), [("find_spec", "PySpark"), ("shutil.which", "Java 17")])
def test_spark_that_is_not_there_is_said(lacking: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"careloom.engine.open.{lacking}", lambda _: None)
    with pytest.raises(StudyError, match=f'engine = "spark" needs .*{name}'):
        open_engine("spark")


def test_rows_come_in_parts_that_are_all_of_them(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("careloom.engine.duck.ROWS_AT_ONCE", 3000)
    engine.load("many", pa.table({"n": range(10_000)}))
    parts = list(engine.parts("SELECT n, n * 2 AS twice FROM many"))
    assert all(part.column_names == ["n", "twice"] for part in parts)
    assert len(parts) > 2 or engine.name == "spark"  # PySpark hands over whole tables
    assert sorted(pa.concat_tables(parts)["n"].to_pylist()) == list(range(10_000))
    (nothing,) = engine.parts("SELECT n FROM many WHERE n < 0")
    assert nothing.column_names == ["n"]
