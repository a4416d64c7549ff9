"""What a run keeps of single children: the common tables in study.duckdb or in a folder of Parquet, no working table and no column that
identifies a child.

Into study.duckdb tables leave the engine in parts, as together they may be larger than memory. Parquet the engine writes itself, and
takes its fingerprints where the rows are: on Spark no row comes to the machine that leads.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from careloom.catalogue import Catalogue
from careloom.core import OutputError, Table
from careloom.engine import KEPT_DATABASE, KEPT_FOLDER, Engine, files_below, folder_names, text, write_database
from careloom.study.fingerprints import RowsSeen
from careloom.study.outputs import OWNER_ONLY, OWNERS_FOLDER

DATABASE, PARQUET = "duckdb", "parquet"
"""How what is kept can be written: `kept_as` in the study file."""
YEARS = {
    "collection_year": "collection_year",
    "happened_on": "year_ending(happened_on)",
    "assessed_on": "year_ending(assessed_on)",
    "starts_on": "year_ending(starts_on)",
}
"""The first of these columns that a table has says of which collection year a row is."""
SUMS = pa.schema([("columns", pa.string()), ("rows", pa.int64()), ("one", pa.string()), ("two", pa.string())])
BETWEEN = "\x1f"


def kept_selects(catalogue: Catalogue) -> dict[str, str]:
    """The SELECT of each table that is kept, by its name."""
    return {
        name: f"SELECT {', '.join(quoted(kept_columns(table)))} FROM {name}"
        for name, table in catalogue.tables.items()
        if not table.working
    }


def kept_columns(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.privacy != "identifier"]


def quoted(names: Sequence[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def write_kept(
    engine: Engine, catalogue: Catalogue, folder: Path, *, with_cost_lines: bool, kept_as: str = DATABASE
) -> dict[str, str]:
    """Write study.duckdb or the folder `kept`, and cost.parquet where it is asked for; return the fingerprint of each table.

    Raises OutputError when Parquet does not lie where this machine sees all of it.
    """
    selects = kept_selects(catalogue)
    write = write_parquet if kept_as == PARQUET else write_one_file
    seen = write(engine, catalogue, folder, selects)
    if with_cost_lines:
        write_lines(folder / "cost.parquet", engine.parts(selects["cost"]))
    return {name: rows.fingerprint for name, rows in sorted(seen.items())}


def write_one_file(engine: Engine, catalogue: Catalogue, folder: Path, selects: dict[str, str]) -> dict[str, RowsSeen]:
    seen = {name: RowsSeen() for name in selects}
    with ThreadPoolExecutor(1) as beside:
        tables = {name: noted(engine.parts(select), seen[name], beside) for name, select in selects.items()}
        write_database(folder / KEPT_DATABASE, tables)
    return seen


def noted(parts: Iterator[pa.Table], seen: RowsSeen, beside: Executor) -> Iterator[pa.Table]:
    """The parts, each of which is looked at while it is written."""
    for part in parts:
        looked_at = beside.submit(seen.add, part)
        yield part
        looked_at.result()


def write_lines(path: Path, parts: Iterator[pa.Table]) -> None:
    first = next(parts)
    with pq.ParquetWriter(path, first.schema) as file:
        file.write_table(first)
        for part in parts:
            file.write_table(part)


# --- a folder of Parquet ----------------------------------------------------------------------------------------------


def write_parquet(engine: Engine, catalogue: Catalogue, folder: Path, selects: dict[str, str]) -> dict[str, RowsSeen]:
    """Write `kept/TABLE/`: of single children in an authority `authority=501/year=2021/*.parquet`, other tables whole.

    The columns of a table all stand in its files; the names of the folders are for finding, and are made so that any disk takes them.
    """
    home, seen = folder / KEPT_FOLDER, dict[str, RowsSeen]()
    home.mkdir(mode=OWNERS_FOLDER)
    for name, select in selects.items():
        by = parted_by(kept_columns(catalogue.tables[name]))
        told = f"SELECT t.*, {', '.join(of_row(engine, name, by))} FROM ({select}) AS t" if by else select
        engine.write(told, home / name, by)
        seen[name] = seen_in(engine, select)
        settle(home / name, seen[name].rows, engine, select)
    return seen


def parted_by(columns: Sequence[str]) -> list[str]:
    """What the folders of a table are named after: only rows about single children in an authority are many."""
    if not {"la", "person_id"} <= set(columns):
        return []
    return ["authority", "year"] if any(name in columns for name in YEARS) else ["authority"]


def of_row(engine: Engine, table: str, by: Sequence[str]) -> list[str]:
    """SQL for the authority and year of a row `t`, as its folders are named."""
    columns = engine.columns(table)
    values = [str(la) for (la,) in engine.rows(f"SELECT DISTINCT la FROM {table} WHERE la IS NOT NULL AND la <> ''")]
    cases = " ".join(f"WHEN {text(la)} THEN {text(name)}" for la, name in folder_names(values).items() if la != name)
    said = f"CASE t.la {cases} WHEN '' THEN NULL ELSE t.la END AS authority"
    year = next((YEARS[name] for name in YEARS if name in columns), "")
    return [said, f"CAST({year} AS BIGINT) AS year"] if "year" in by else [said]


def seen_in(engine: Engine, select: str) -> RowsSeen:
    """The rows of a SELECT as a fingerprint tells them, added up of what was seen where they lie."""
    seen = RowsSeen()
    for part in engine.summed(select, sums_of, SUMS).to_pylist():
        one, two = ((whole + int(part[way])) % 2**64 for whole, way in zip(seen.sums, ("one", "two"), strict=True))
        seen = RowsSeen(tuple(part["columns"].split(BETWEEN)), seen.rows + part["rows"], (one, two))
    return seen if seen.columns else counted(engine.arrow(f"SELECT * FROM ({select}) AS t LIMIT 0"))


def sums_of(rows: pa.Table) -> pa.Table:
    seen = counted(rows)
    one, two = map(str, seen.sums)
    return pa.table({"columns": [BETWEEN.join(seen.columns)], "rows": [seen.rows], "one": [one], "two": [two]}, SUMS)


def counted(rows: pa.Table) -> RowsSeen:
    seen = RowsSeen()
    seen.add(rows)
    return seen


def settle(folder: Path, rows: int, engine: Engine, select: str) -> None:
    """Leave nothing in a table's folder but Parquet of all its rows, which only its owner may read: an empty file, where there are none."""
    found = files_below(folder)
    written = sum(pq.read_metadata(path).num_rows for path in found)
    if written != rows:
        why = f"{rows:,} rows were made and {written:,} are there: with a cluster, out must lie where every machine sees it"
        raise OutputError(f"{folder.name}: {why}, under the same name")
    try:
        for path in [path for path in folder.rglob("*") if path.is_file() and path not in set(found)]:
            path.unlink()  # marks and checksums that Spark leaves
        if not found:
            path = folder / "part-0.parquet"
            pq.write_table(engine.arrow(f"SELECT * FROM ({select}) AS t LIMIT 0"), path)
            found = [path]
        for path, mode in ((each, OWNER_ONLY) for each in found):
            path.chmod(mode)
        for path in [folder, *(each for each in folder.rglob("*") if each.is_dir())]:
            path.chmod(OWNERS_FOLDER)
    except OSError as fault:
        why = f"what the engine wrote cannot be kept for its owner alone ({fault.strerror})"
        raise OutputError(f"{folder.name}: {why}; let Spark's workers run as you") from None
