"""Folders of Parquet: `table/authority=501/year=2021/part-0.parquet`, as Spark, DuckDB and Arrow all know them.

What a row is parted by stands in the names of the folders alone; a blank has a folder of its own. Files and folders whose names begin
with _ or . are no data, as everywhere.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_AT_ONCE = 250_000
BLANK = "__HIVE_DEFAULT_PARTITION__"
"""What Hive, and everybody since, calls the folder of a blank."""
SAFE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def folder_names(values: Collection[str]) -> dict[str, str]:
    """A name for each value that any disk can give to a folder; values stay different, also where large and small letters are the same.

    >>> folder_names(["501", "Anyshire", "A/B", "a b", "A b"])
    {'501': '501', 'Anyshire': 'Anyshire', 'A/B': 'A_2fB', 'a b': 'a_20b', 'A b': '_41_20b'}
    """
    seen, found = set[str](), dict[str, str]()
    for value in sorted(values, key=lambda each: (each != each.lower(), each)):
        name = "".join(sign if sign.isascii() and sign.lower() in SAFE else hexed(sign) for sign in value)
        if name.lower() in seen:
            name = "".join(sign if sign in SAFE else hexed(sign) for sign in value)
        seen.add(name.lower())
        found[value] = name
    return {value: found[value] for value in values}


def hexed(sign: str) -> str:
    return "".join(f"_{byte:02x}" for byte in sign.encode())


def write_split(parts: Iterator[pa.Table], folder: Path, by: Sequence[str]) -> None:
    """Write rows that come in the order of `by` into a file for each of its values; only one is open at a time."""
    place, file = None, None
    try:
        for rows in parts:
            for values, piece in runs(rows, by):
                here = folder.joinpath(*(f"{name}={BLANK if value is None else value}" for name, value in values))
                if here != place or file is None:
                    if file:
                        file.close()
                    here.mkdir(parents=True, exist_ok=True)
                    place, file = here, pq.ParquetWriter(here / "part-0.parquet", piece.schema)
                file.write_table(piece)
    finally:
        if file:
            file.close()


def runs(rows: pa.Table, by: Sequence[str]) -> Iterator[tuple[tuple[tuple[str, object], ...], pa.Table]]:
    """The stretches of rows with the same values of `by`, each without these columns."""
    if not by:
        yield (), rows
        return
    start, rest = 0, rows.drop_columns(list(by))
    for found in rows.group_by(list(by), use_threads=False).aggregate([([], "count_all")]).to_pylist():
        yield tuple((name, found[name]) for name in by), rest.slice(start, found["count_all"])
        start += found["count_all"]


def files_below(folder: Path) -> list[Path]:
    """The Parquet files in a folder and below, in order."""
    found = sorted(path for path in folder.rglob("*.parquet") if path.is_file())
    return [path for path in found if not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)]


def said_by_folders(path: Path, folder: Path) -> dict[str, str | None]:
    """What the names of the folders between `folder` and a file say of its rows."""
    said = (part.partition("=") for part in path.relative_to(folder).parts[:-1] if "=" in part)
    return {name: None if value in (BLANK, "") else unquote(value) for name, _, value in said}


def read_below(folder: Path, columns: Mapping[str, pa.DataType]) -> Iterator[pa.Table]:
    """Yield the rows of all files below, in parts, with these columns; what the names of folders say wins, as on Spark."""
    yield pa.schema(list(columns.items())).empty_table()
    for path in files_below(folder):
        said = said_by_folders(path, folder)
        with pq.ParquetFile(path) as file:
            inside = [name for name in columns if name not in said]
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=inside):
                rows = {name: batch[name].cast(columns[name]) for name in inside}
                rows |= {
                    name: pa.repeat(pa.scalar(said[name], pa.string()), batch.num_rows).cast(columns[name])
                    for name in columns
                    if name in said
                }
                yield pa.table({name: rows[name] for name in columns})
