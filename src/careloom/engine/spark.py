"""Spark: for national data. The same SQL, transpiled by sqlglot; Java and the `spark` extra are needed."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlglot

from careloom.core import StudyError
from careloom.engine.functions import FUNCTIONS

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.constraintPropagation.enabled": "false",  # 4.2.1 fails on a UNION of tables with derived columns
    "spark.sql.files.ignoreMissingFiles": "false",
}
ON_ONE_MACHINE = {
    "spark.sql.shuffle.partitions": "4",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}
MEANING = ("spark.sql.ansi.enabled", "spark.sql.session.timeZone", "spark.sql.constraintPropagation.enabled")
"""Settings without which the same SQL would mean, or do, something else: they are set in a session that was there before, too."""
SUBMITTED = "PYSPARK_GATEWAY_PORT"
"""What `spark-submit` tells Python by: the cluster is chosen there."""


class SparkEngine:
    """A Spark session behind the engine's face; `make` works a table out at once and keeps it where it was worked out."""

    name = "spark"

    def __init__(self, master: str = "local[2]", settings: Mapping[str, str] = {}) -> None:
        from pyspark.sql import SparkSession  # imported here so that nothing needs Spark until it is asked for

        found = SparkSession.getActiveSession()
        self._is_ours = found is None
        self._spark = found or started(master, settings)
        for name in MEANING:
            self._spark.conf.set(name, SETTINGS[name])
        self._spark.sparkContext.setLogLevel("ERROR")
        for function in FUNCTIONS:
            self._spark.sql(function.on_spark())
        self._arriving: dict[str, list[pa.Table]] = {}
        self._made: set[str] = set()

    def load(self, table: str, rows: pa.Table) -> None:
        whole = rows.combine_chunks()  # PySpark 4.2 loses the rows after an empty chunk
        self._name(table, self._spark.createDataFrame(whole).localCheckpoint())

    def append(self, table: str, rows: pa.Table) -> None:
        self._arriving.setdefault(table, []).append(rows)

    def drop(self, table: str) -> None:
        self._arriving.pop(table, None)
        self._made.discard(table)
        self._spark.catalog.dropTempView(table)

    def make(self, table: str, select: str) -> int:
        made = self._frame(select).localCheckpoint()
        self._name(table, made)
        return int(made.count())

    def view(self, table: str, select: str) -> None:
        self._name(table, self._frame(select).localCheckpoint(eager=False))

    def arrow(self, select: str) -> pa.Table:
        return self._frame(select).toArrow()

    def parts(self, select: str) -> Iterator[pa.Table]:
        yield self.arrow(select)  # PySpark hands Arrow over whole; its parts would be rows of Python

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._frame(select).collect()]

    def read(self, table: str, folder: Path, columns: Mapping[str, pa.DataType]) -> None:
        from pyspark.sql.pandas.types import from_arrow_schema

        kinds = from_arrow_schema(pa.schema(list(columns.items())))
        told = self._spark.read.schema(kinds).parquet(without_patterns(address(folder)))
        self._name(table, told.select(*columns))  # what names of folders say comes last otherwise

    def write(self, select: str, folder: Path, by: Sequence[str] = ()) -> None:
        told = self._frame(select)
        (told.repartition(*by).write.partitionBy(*by) if by else told.write).parquet(address(folder))

    def summed(self, select: str, work: Callable[[pa.Table], pa.Table], to: pa.Schema) -> pa.Table:
        from pyspark.sql.pandas.types import from_arrow_schema

        def each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                yield from work(pa.Table.from_batches([batch])).to_batches()

        with handed_over_whole():
            return self._frame(select).mapInArrow(each, from_arrow_schema(to)).toArrow()

    def columns(self, table: str) -> list[str]:
        self._settle()
        return list(self._spark.table(table).columns) if table in self._made else []

    def forget(self) -> None:
        """Drop every table, keeping the session (which takes seconds to start)."""
        others = (each.name for each in self._spark.catalog.listTables()) if self._is_ours else ()
        for table in {*self._made, *self._arriving, *others}:
            self.drop(table)

    def close(self) -> None:
        """Let go of everything; a session that was there before stays."""
        self.forget()
        if self._is_ours:
            self._spark.stop()

    def _name(self, table: str, frame: Any) -> None:
        frame.createOrReplaceTempView(table)
        self._made.add(table)

    def _settle(self) -> None:
        """Load what was appended, once all of it is there: Spark adds to a table only by making it anew."""
        for table in list(self._arriving):
            parts = self._arriving.pop(table)
            if table in self._made:
                parts.insert(0, self._spark.table(table).toArrow())
            self.load(table, pa.concat_tables(parts))

    def _frame(self, select: str) -> Any:
        self._settle()
        return self._spark.sql(for_spark(select))


@lru_cache(maxsize=4096)
def for_spark(select: str) -> str:
    """The SELECT in Spark's spelling."""
    return sqlglot.transpile(select, read="duckdb", write="spark")[0]


@contextmanager
def handed_over_whole() -> Iterator[None]:
    """Let functions of ours go to the workers with all that they call, so that Careloom need not be installed there."""
    from pyspark import cloudpickle

    ours = sys.modules[__name__.partition(".")[0]]
    cloudpickle.register_pickle_by_value(ours)  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(ours)  # type: ignore[no-untyped-call]


def started(master: str, settings: Mapping[str, str]) -> Any:
    """Begin a session: on one machine, on the cluster of a master, or as spark-submit says. Raises StudyError when Spark does not begin."""
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    is_here, builder = master.startswith("local") and SUBMITTED not in os.environ, SparkSession.builder
    builder = builder.appName("careloom")
    if SUBMITTED not in os.environ:
        builder = builder.master(master)
    if is_here:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    for key, setting in {**SETTINGS, **(ON_ONE_MACHINE if is_here else {}), **settings}.items():
        builder = builder.config(key, setting)
    try:
        return builder.getOrCreate()
    except Exception as fault:
        what = type(fault).__name__ if isinstance(fault, PySparkException) else "see what Java said above"
        raise StudyError(
            f'Spark did not begin with master = "{master}" ({what}); look at [spark] in the study file'
        ) from fault


def address(folder: Path) -> str:
    """A folder of the file system that all machines share, as Spark names it."""
    return f"file:///{folder.resolve().as_posix().lstrip('/')}"


def without_patterns(path: str) -> str:
    """The path with nothing in it that Spark would take for a pattern."""
    return re.sub(r"([\[\]{}*?])", r"\\\1", path)
