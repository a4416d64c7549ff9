"""What a run keeps of single children: the common tables in study.duckdb, no working table and no column that identifies a child.

Tables leave the engine in parts, as together they may be larger than memory.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from careloom.catalogue import Catalogue
from careloom.engine import Engine, write_database
from careloom.study.fingerprints import RowsSeen


def kept_selects(catalogue: Catalogue) -> dict[str, str]:
    """The SELECT of each table that is kept, by its name."""
    selects = {}
    for name, table in catalogue.tables.items():
        if not table.working:
            columns = ", ".join(f'"{column.name}"' for column in table.columns if column.privacy != "identifier")
            selects[name] = f"SELECT {columns} FROM {name}"
    return selects


def write_kept(engine: Engine, catalogue: Catalogue, folder: Path, *, with_cost_lines: bool) -> dict[str, str]:
    """Write study.duckdb, and cost.parquet where it is asked for, into a folder; return the fingerprint of each table."""
    selects = kept_selects(catalogue)
    seen = {name: RowsSeen() for name in selects}
    write_database(
        folder / "study.duckdb", {name: noted(engine.parts(select), seen[name]) for name, select in selects.items()}
    )
    if with_cost_lines:
        write_lines(folder / "cost.parquet", engine.parts(selects["cost"]))
    return {name: rows.fingerprint for name, rows in sorted(seen.items())}


def noted(parts: Iterator[pa.Table], seen: RowsSeen) -> Iterator[pa.Table]:
    for part in parts:
        seen.add(part)
        yield part


def write_lines(path: Path, parts: Iterator[pa.Table]) -> None:
    first = next(parts)
    with pq.ParquetWriter(path, first.schema) as file:
        file.write_table(first)
        for part in parts:
            file.write_table(part)
