"""DuckDB and Spark behind one small face. The only room that imports either."""

from careloom.engine.duck import DuckDBEngine, write_database
from careloom.engine.face import Engine, count, text, value, with_names

__all__ = ["DuckDBEngine", "Engine", "count", "open_engine", "text", "value", "with_names", "write_database"]


def open_engine(name: str) -> Engine:
    """Open `duckdb` (embedded, the default) or `spark` (needs Java and the spark extra)."""
    if name == "spark":
        from careloom.engine.spark import SparkEngine

        return SparkEngine()
    return DuckDBEngine()
