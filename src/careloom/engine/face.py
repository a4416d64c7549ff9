"""The face that every engine shows: named tables in, named tables out, SQL in one spelling."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa


class Engine(Protocol):
    """A place where named tables live. SQL is DuckDB's, in the subset that docs/sql.md describes."""

    name: str

    def load(self, table: str, rows: pa.Table) -> None:
        """Make or replace `table` from Arrow rows."""
        ...

    def append(self, table: str, rows: pa.Table) -> None:
        """Add Arrow rows to `table`, or make it of them; later rows have the columns of the first, in their order."""
        ...

    def drop(self, table: str) -> None:
        """Let a table go, if there is one of that name."""
        ...

    def make(self, table: str, select: str) -> int:
        """Make or replace `table` from a SELECT, worked out once; return its number of rows."""
        ...

    def view(self, table: str, select: str) -> None:
        """Let `table` stand for a SELECT, worked out as it is read (by Spark once, when it is first read); drop it before a table of that name is made."""
        ...

    def arrow(self, select: str) -> pa.Table:
        """Return the rows of a SELECT as Arrow."""
        ...

    def parts(self, select: str) -> Iterator[pa.Table]:
        """Yield the rows of a SELECT as Arrow, some hundred thousand at once; one part without rows when there are none.

        Ask the engine nothing else before the last part.
        """
        ...

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        """Return the rows of a SELECT as tuples of Python values."""
        ...

    def read(self, table: str, folder: Path, columns: Mapping[str, pa.DataType]) -> None:
        """Let `table` be the rows of every Parquet file in a folder and below, with these columns of these types, each in every file
        or in the names of its folders (`la=501`). Spark's workers read them, when they are asked for."""
        ...

    def write(self, select: str, folder: Path, by: Sequence[str] = ()) -> None:
        """Write the rows of a SELECT into a new folder, as Parquet; those of each value of the columns `by`, which folders can be
        named after, into folders in it. Spark's workers write them, each some. Without rows there may be no file."""
        ...

    def summed(self, select: str, work: Callable[[pa.Table], pa.Table], to: pa.Schema) -> pa.Table:
        """Return what `work` makes of the rows, some at once, one under the other: some rows of schema `to` for each such part.

        Spark's workers do the work, so that only what they make of it comes here.
        """
        ...

    def columns(self, table: str) -> list[str]:
        """Return the column names of a table, in order; empty when there is no such table."""
        ...

    def close(self) -> None:
        """Let everything go."""
        ...


def value(engine: Engine, select: str) -> Any:
    """Return the only value of a SELECT of one row and one column."""
    return engine.rows(select)[0][0]


def count(engine: Engine, table: str) -> int:
    """Return the number of rows of a table."""
    return int(value(engine, f"SELECT count(*) FROM {table}"))


def with_names(names: Mapping[str, str], select: str) -> str:
    """Return `select` with some names standing for other SELECTs, in order, each able to use those before it.

    Names that are not used are left out.

    >>> with_names({"reviews": "SELECT 1", "episodes": "SELECT * FROM ssda903_episodes"}, "SELECT count(*) FROM episodes")
    'WITH episodes AS (SELECT * FROM ssda903_episodes) SELECT * FROM (SELECT count(*) FROM episodes) AS answer'
    """
    used: list[str] = []
    spoken = select
    for name, part in reversed(list(names.items())):
        if re.search(rf"\b{name}\b", spoken, re.IGNORECASE):
            used.insert(0, f"{name} AS ({part})")
            spoken += " " + part
    return f"WITH {', '.join(used)} SELECT * FROM ({select}) AS answer" if used else select


def text(value: str) -> str:
    """Return a value as a SQL text literal."""
    return "'" + value.replace("'", "''") + "'"
