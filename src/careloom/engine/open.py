"""Which engine: DuckDB unless Spark is asked for."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import duckdb

from careloom.core import NotFoundError, OutputError, StudyError
from careloom.engine.duck import DuckDBEngine
from careloom.engine.face import Engine
from careloom.engine.parquet import files_below
from careloom.engine.private import sweep

KEPT_DATABASE, KEPT_FOLDER = "study.duckdb", "kept"
"""What a run keeps of single children, in its results: a database, or beside where that would be a folder of Parquet for each table."""
MEMORY = "500MB"
"""What DuckDB may use where memory is short; what is more goes to disk."""


@dataclass(frozen=True)
class Scratch:
    """A folder to work in when memory cannot hold the records, and how much DuckDB may hold in memory then, such as `8 GB`."""

    folder: Path
    memory: str = MEMORY


@dataclass(frozen=True)
class Cluster:
    """Where Spark runs: `master` as Spark writes it, such as `local[*]`, `yarn` or `spark://leader:7077`, and settings of Spark's.

    A session that is there already, or that spark-submit began, is taken as it is.
    """

    master: str = "local[*]"
    settings: Mapping[str, str] = field(default_factory=dict)


def open_engine(name: str, scratch: Scratch | None = None, cluster: Cluster | None = None) -> Engine:
    """Open `duckdb` (embedded, the default) or `spark`. Raises StudyError when what Spark needs is not installed, or it does not begin.

    With `scratch`, DuckDB works in a file in a folder of its own there, which only its owner may open and which goes when it is closed:
    for records that memory could not hold. Spark has its own way with those; `cluster` says where it runs, else on this machine.
    """
    if name == "spark":
        lacking = [
            what for what, found in (("PySpark", find_spec("pyspark")), ("Java 17", shutil.which("java"))) if not found
        ]
        if lacking:
            needs = "make .venv/.spark installs PySpark, Java 17 comes from your system"
            raise StudyError(
                f'engine = "spark" needs {" and ".join(lacking)}, not installed here ({needs}); or leave engine out'
            )
        from careloom.engine.spark import SparkEngine  # only when asked for: nothing else may need Spark

        where = cluster or Cluster()
        return SparkEngine(where.master, where.settings)
    if scratch:
        try:
            scratch.folder.mkdir(parents=True, exist_ok=True)
            sweep(scratch.folder)
            return DuckDBEngine(scratch=scratch.folder, memory=scratch.memory)
        except OSError as fault:
            raise OutputError(f"{scratch.folder}: the scratch folder cannot be made ({fault.strerror})") from None
    sweep(Path(tempfile.gettempdir()))
    return DuckDBEngine()


def open_kept(path: Path) -> Engine:
    """Open what a finished run kept, to read: its tables by their names, never changed.

    `path` is its study.duckdb; where the run kept Parquet, the folder beside is opened. Tables made meanwhile stay in memory.
    Raises NotFoundError when neither is there, or cannot be read as such.
    """
    kept = find_kept(path.parent) if not path.is_file() else path
    if kept is None:
        raise NotFoundError(f"{path}: there are no results of a run here; make them with careloom run")
    try:
        return DuckDBEngine(kept=kept)
    except (duckdb.IOException, duckdb.InvalidInputException):
        why = "this cannot be opened as the database of a run" if kept == path else "these are no tables of a run"
        raise NotFoundError(f"{kept}: {why}; make it again with careloom run") from None


def find_kept(results: Path) -> Path | None:
    """What a run kept of single children, in the folder of its results: a database or a folder; None where nothing is left of it."""
    database, folder = results / KEPT_DATABASE, results / KEPT_FOLDER
    if database.is_file():
        return database
    return folder if files_below(folder) else None
