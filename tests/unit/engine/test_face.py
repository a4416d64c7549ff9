"""The helpers around an engine."""

from careloom.engine import with_names


def test_with_names_keeps_only_the_names_used_in_their_order() -> None:
    names = {"a": "SELECT 1 AS x", "b": "SELECT x FROM a", "unused": "SELECT 9", "c": "SELECT x FROM b"}
    assert with_names(names, "SELECT * FROM c") == (
        "WITH a AS (SELECT 1 AS x), b AS (SELECT x FROM a), c AS (SELECT x FROM b) SELECT * FROM (SELECT * FROM c) AS answer"
    )
    assert with_names(names, "SELECT 1") == "SELECT 1"
