"""DuckDB: the embedded default. Everything stays in memory; the connection reads no file and loads no extension."""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from careloom.engine.functions import FUNCTIONS

CLOSED = {
    "enable_external_access": "false",
    "allow_community_extensions": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


class DuckDBEngine:
    """An in-memory DuckDB behind the engine's face, shut off from files, the network and extensions."""

    name = "duckdb"

    def __init__(self, threads: int | None = None) -> None:
        self._db = duckdb.connect(":memory:", config={**CLOSED, **({"threads": str(threads)} if threads else {})})
        for function in FUNCTIONS:
            self._db.execute(function.on_duckdb())
        self._db.execute("SET lock_configuration = true")

    def load(self, table: str, rows: pa.Table) -> None:
        self._db.register("arriving", rows)
        self._db.execute(f'CREATE OR REPLACE TABLE "{table}" AS SELECT * FROM arriving')
        self._db.unregister("arriving")

    def make(self, table: str, select: str) -> int:
        made = self._db.execute(f'CREATE OR REPLACE TABLE "{table}" AS {select}').fetchone()
        return int(made[0]) if made else 0

    def arrow(self, select: str) -> pa.Table:
        return self._db.execute(select).to_arrow_table()

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        return self._db.execute(select).fetchall()

    def columns(self, table: str) -> list[str]:
        found = "SELECT column_name FROM information_schema.columns WHERE table_name = ? ORDER BY ordinal_position"
        return [name for (name,) in self._db.execute(found, [table]).fetchall()]

    def close(self) -> None:
        self._db.close()


def write_database(path: Path, tables: dict[str, pa.Table]) -> None:
    """Write Arrow tables into a new DuckDB file, one table each. The file must not exist."""
    with duckdb.connect(str(path)) as db:
        for name, rows in tables.items():
            db.register("arriving", rows)
            db.execute(f'CREATE TABLE "{name}" AS SELECT * FROM arriving')
            db.unregister("arriving")
