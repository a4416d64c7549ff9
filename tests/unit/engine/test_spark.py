"""Spark beside others: a session that is there is used as it is, set so that SQL means what it means here, and left open."""

from typing import Any

import pyarrow as pa

from careloom.engine import Cluster, open_engine
from careloom.engine.spark import MEANING, SETTINGS, address, without_patterns


def test_a_session_that_is_there_is_used_and_left(spark_session: Any) -> None:
    from pyspark.sql import SparkSession

    spark_session.forget()
    spark_session.load("theirs", pa.table({"n": [1]}))
    session = SparkSession.getActiveSession()
    assert session is not None
    engine = open_engine("spark", cluster=Cluster("spark://nowhere:1", {"spark.sql.ansi.enabled": "false"}))
    assert {name: session.conf.get(name) for name in MEANING} == {name: SETTINGS[name] for name in MEANING}
    engine.load("ours", pa.table({"n": [2]}))
    assert engine.rows("SELECT n FROM ours") == [(2,)]
    engine.close()
    assert spark_session.rows("SELECT n FROM theirs") == [(1,)]
    assert not session.catalog.tableExists("ours")


def test_a_folder_is_named_as_the_file_it_is(tmp_path: Any) -> None:
    place = tmp_path / "50% [a]"
    assert address(place) == f"file://{place.as_posix()}"
    assert without_patterns("/a[b]{c}*?") == r"/a\[b\]\{c\}\*\?"
