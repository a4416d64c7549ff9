"""DuckDB: the embedded default. The connection reads no other file, and loads no extension.

Everything stays in memory, or, with `place`, in a new file that only its owner may read and that goes with the engine. What memory
cannot hold is written into a folder that only its owner may open, and that goes, too.
With `kept`, the tables of a database that is there already, or of a folder of Parquet, can be read beside them, and never changed.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from careloom.engine.functions import FUNCTIONS
from careloom.engine.parquet import files_below, read_below, write_split
from careloom.engine.private import PrivateFolder

CLOSED = {
    "enable_external_access": "false",
    "allow_community_extensions": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


ROWS_AT_ONCE = 250_000
"""More than two of DuckDB's row groups."""
WRITING = "1 GB"
"""What DuckDB may hold of a file that it writes: the rows come to it in parts."""


class DuckDBEngine:
    """A DuckDB behind the engine's face, shut off from files, the network and extensions.

    `place` is a file that does not exist yet, for records that memory could not hold, or `scratch` a folder to make one in; `memory`
    bounds what it uses then.
    `kept` is a DuckDB file, or a folder with one of Parquet for each table, whose tables are read by their names; what is made stays
    in memory, and hides a kept table of the same name.
    """

    name = "duckdb"

    def __init__(
        self,
        threads: int | None = None,
        *,
        place: Path | None = None,
        scratch: Path | None = None,
        memory: str | None = None,
        kept: Path | None = None,
    ) -> None:
        asked = {
            "threads": str(threads) if threads else None,
            "memory_limit": memory,
            "enable_external_access": "true",  # until all is said
        }
        self._private = PrivateFolder(scratch or (place.parent if place else Path(tempfile.gettempdir())))
        place = self._private.path / "working.duckdb" if scratch else place
        self._place = place
        self._arriving: dict[str, list[pa.Table]] = {}
        self._views: set[str] = set()
        self._db = duckdb.connect(
            str(place or ":memory:"), config={**CLOSED, **{key: setting for key, setting in asked.items() if setting}}
        )
        self._home = str(self._db.execute("SELECT current_database()").fetchall()[0][0])
        self._db.execute(f"SET temp_directory = '{quoted(self._private.path)}'")
        if kept:
            self._read_beside(kept)
        self._db.execute("SET enable_external_access = false")
        if place:
            place.chmod(0o600)
            self._db.execute("PRAGMA disable_checkpoint_on_shutdown")  # the file goes: there is nothing to tidy
        for function in FUNCTIONS:
            self._db.execute(function.on_duckdb())
        self._db.execute("SET lock_configuration = true")

    def _read_beside(self, kept: Path) -> None:
        """Attach what is kept, so that a name which is not found in memory is looked for in it."""
        if not kept.is_dir():
            self._db.execute(f"ATTACH '{quoted(kept)}' AS kept (READ_ONLY)")
            self._db.execute("SET search_path = 'memory.main,kept.main'")
            return
        kept = kept.resolve()
        self._db.execute(f"SET allowed_directories = ['{quoted(kept)}/']")  # the one place that stays open to read
        self._db.execute("CREATE SCHEMA kept")
        for folder in sorted(each for each in kept.iterdir() if each.is_dir()):
            if files := ", ".join(f"'{quoted(path)}'" for path in files_below(folder)):
                read = f"read_parquet([{files}], hive_partitioning = false)"
                self._db.execute(f'CREATE VIEW kept."{folder.name}" AS SELECT * FROM {read}')
        self._db.execute("SET search_path = 'memory.main,memory.kept'")

    def load(self, table: str, rows: pa.Table) -> None:
        self._db.register("arriving", rows)
        self._db.execute(f'CREATE OR REPLACE TABLE "{table}" AS SELECT * FROM arriving')
        self._db.unregister("arriving")

    def append(self, table: str, rows: pa.Table) -> None:
        waiting = self._arriving.setdefault(table, [])
        waiting.append(rows)
        if sum(part.num_rows for part in waiting) >= ROWS_AT_ONCE:
            self._settle(table)

    def drop(self, table: str) -> None:
        self._arriving.pop(table, None)
        kind = "VIEW" if table in self._views else "TABLE"
        self._views.discard(table)
        self._db.execute(f'DROP {kind} IF EXISTS "{self._home}".main."{table}"')

    def make(self, table: str, select: str) -> int:
        self._settle()
        made = self._db.execute(f'CREATE OR REPLACE TABLE "{table}" AS {select}').fetchone()
        return int(made[0]) if made else 0

    def view(self, table: str, select: str) -> None:
        self._settle()
        self.drop(table)
        self._db.execute(f'CREATE VIEW "{table}" AS {select}')
        self._views.add(table)

    def arrow(self, select: str) -> pa.Table:
        self._settle()
        return self._db.execute(select).to_arrow_table()

    def parts(self, select: str) -> Iterator[pa.Table]:
        self._settle()
        reader = self._db.execute(select).to_arrow_reader(ROWS_AT_ONCE)
        is_empty = True
        for part in reader:
            is_empty = False
            yield pa.Table.from_batches([part])
        if is_empty:
            yield reader.schema.empty_table()

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        self._settle()
        return self._db.execute(select).fetchall()

    def read(self, table: str, folder: Path, columns: Mapping[str, pa.DataType]) -> None:
        for rows in read_below(folder, columns):  # by Arrow: the connection itself reads no file
            self.append(table, rows)

    def write(self, select: str, folder: Path, by: Sequence[str] = ()) -> None:
        in_order = f" ORDER BY {', '.join(by)}" if by else ""
        folder.mkdir(parents=True)
        write_split(self.parts(f"SELECT * FROM ({select}) AS told{in_order}"), folder, by)

    def summed(self, select: str, work: Callable[[pa.Table], pa.Table], to: pa.Schema) -> pa.Table:
        return pa.concat_tables([to.empty_table(), *(work(part) for part in self.parts(select))])

    def columns(self, table: str) -> list[str]:
        self._settle()
        try:
            return [name for name, *_ in self._db.execute(f'SELECT * FROM "{table}" LIMIT 0').description]
        except duckdb.CatalogException:
            return []

    def _settle(self, only: str | None = None) -> None:
        """Send on what was appended. On disk, many rows at once are written many times as fast as few."""
        for table in [only] if only else list(self._arriving):
            rows = pa.concat_tables(self._arriving.pop(table))
            self._db.register("arriving", rows)
            if self._has(table):
                self._db.execute(f'INSERT INTO "{table}" SELECT * FROM arriving')
            else:
                self._db.execute(f'CREATE TABLE "{table}" AS SELECT * FROM arriving')
            self._db.unregister("arriving")

    def _has(self, table: str) -> bool:
        return bool(self._db.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [table]).fetchone())

    def close(self) -> None:
        self._db.close()
        if self._place:
            for file in (self._place, self._place.with_name(f"{self._place.name}.wal")):
                file.unlink(missing_ok=True)
        self._private.close()


def quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def write_database(path: Path, tables: Mapping[str, pa.Table | Iterable[pa.Table]]) -> None:
    """Write tables, each whole or in parts, into a new DuckDB file. The file must not exist."""
    with duckdb.connect(str(path), config={**CLOSED, "memory_limit": WRITING}) as db:
        for name, told in tables.items():
            for number, part in enumerate([told] if isinstance(told, pa.Table) else told):
                db.register("arriving", part)
                db.execute(f"{f'INSERT INTO {name}' if number else f'CREATE TABLE {name} AS'} SELECT * FROM arriving")
                db.unregister("arriving")
