"""The helpers around an engine."""

import pytest

from careloom.core import StudyError
from careloom.engine import open_engine, with_names


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
