"""Which engine: DuckDB unless Spark is asked for."""

import shutil
from importlib.util import find_spec

from careloom.core import StudyError
from careloom.engine.duck import DuckDBEngine
from careloom.engine.face import Engine


def open_engine(name: str) -> Engine:
    """Open `duckdb` (embedded, the default) or `spark`. Raises StudyError when what Spark needs is not installed."""
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
    return DuckDBEngine()
