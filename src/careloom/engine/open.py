"""Which engine: DuckDB unless Spark is asked for."""

import shutil
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import duckdb

from careloom.core import NotFoundError, OutputError, StudyError
from careloom.engine.duck import DuckDBEngine
from careloom.engine.face import Engine
from careloom.engine.private import sweep

MEMORY = "500MB"
"""What DuckDB may use where memory is short; what is more goes to disk."""


@dataclass(frozen=True)
class Scratch:
    """A folder to work in when memory cannot hold the records, and how much DuckDB may hold in memory then, such as `8 GB`."""

    folder: Path
    memory: str = MEMORY


def open_engine(name: str, scratch: Scratch | None = None) -> Engine:
    """Open `duckdb` (embedded, the default) or `spark`. Raises StudyError when what Spark needs is not installed.

    With `scratch`, DuckDB works in a file in a folder of its own there, which only its owner may open and which goes when it is closed:
    for records that memory could not hold. Spark has its own way with those.
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

        return SparkEngine()
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
    """Open the study.duckdb of a finished run to read: its tables by their names, never changed.

    Tables made meanwhile stay in memory. Raises NotFoundError when there is no such file, or it is no such database.
    """
    if not path.is_file():
        raise NotFoundError(f"{path}: there are no results of a run here; make them with careloom run")
    try:
        return DuckDBEngine(kept=path)
    except duckdb.IOException:
        why = "this cannot be opened as the database of a run"
        raise NotFoundError(f"{path}: {why}; make it again with careloom run") from None
