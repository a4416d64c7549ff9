"""Spark: for national data. The same SQL, transpiled by sqlglot; Java and the `spark` extra are needed."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import sqlglot

from careloom.engine.functions import FUNCTIONS

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.constraintPropagation.enabled": "false",  # 4.2.1 fails on a UNION of tables with derived columns
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}


class SparkEngine:
    """A Spark session behind the engine's face; `make` works a table out at once and keeps it in memory."""

    name = "spark"

    def __init__(self, master: str = "local[2]", settings: Mapping[str, str] = {}) -> None:
        from pyspark.sql import SparkSession  # imported here so that nothing needs Spark until it is asked for

        builder = SparkSession.builder.master(master).appName("careloom")
        for key, setting in {**SETTINGS, **settings}.items():
            builder = builder.config(key, setting)
        self._spark = builder.getOrCreate()
        self._spark.sparkContext.setLogLevel("ERROR")
        for function in FUNCTIONS:
            self._spark.sql(function.on_spark())
        self._arriving: dict[str, list[pa.Table]] = {}

    def load(self, table: str, rows: pa.Table) -> None:
        whole = rows.combine_chunks()  # PySpark 4.2 loses the rows after an empty chunk
        self._spark.createDataFrame(whole).localCheckpoint().createOrReplaceTempView(table)

    def append(self, table: str, rows: pa.Table) -> None:
        self._arriving.setdefault(table, []).append(rows)

    def drop(self, table: str) -> None:
        self._arriving.pop(table, None)
        self._spark.catalog.dropTempView(table)

    def make(self, table: str, select: str) -> int:
        made = self._frame(select).localCheckpoint()
        made.createOrReplaceTempView(table)
        return int(made.count())

    def view(self, table: str, select: str) -> None:
        self._frame(select).localCheckpoint(eager=False).createOrReplaceTempView(table)

    def arrow(self, select: str) -> pa.Table:
        return self._frame(select).toArrow()

    def parts(self, select: str) -> Iterator[pa.Table]:
        yield self.arrow(select)  # PySpark hands Arrow over whole; its parts would be rows of Python

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._frame(select).collect()]

    def columns(self, table: str) -> list[str]:
        self._settle()
        return list(self._spark.table(table).columns) if self._spark.catalog.tableExists(table) else []

    def forget(self) -> None:
        """Drop every table, keeping the session (which takes seconds to start)."""
        self._arriving.clear()
        for table in self._spark.catalog.listTables():
            self._spark.catalog.dropTempView(table.name)

    def close(self) -> None:
        self._spark.stop()

    def _settle(self) -> None:
        """Load what was appended, once all of it is there: Spark adds to a table only by making it anew."""
        for table in list(self._arriving):
            parts = self._arriving.pop(table)
            if self._spark.catalog.tableExists(table):
                parts.insert(0, self._spark.table(table).toArrow())
            self.load(table, pa.concat_tables(parts))

    def _frame(self, select: str) -> Any:
        self._settle()
        return self._spark.sql(sqlglot.transpile(select, read="duckdb", write="spark")[0])
