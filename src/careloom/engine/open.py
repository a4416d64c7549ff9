"""Which engine: DuckDB unless Spark is asked for."""

from careloom.engine.duck import DuckDBEngine
from careloom.engine.face import Engine


def open_engine(name: str) -> Engine:
    """Open `duckdb` (embedded, the default) or `spark` (needs Java 17 and the spark extra)."""
    if name == "spark":
        from careloom.engine.spark import SparkEngine  # only when asked for: nothing else may need Spark

        return SparkEngine()
    return DuckDBEngine()
