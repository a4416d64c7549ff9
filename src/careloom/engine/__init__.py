"""DuckDB and Spark behind one small face. The only room that imports either."""

from careloom.engine.duck import DuckDBEngine, write_database
from careloom.engine.face import Engine, count, text, value, with_names
from careloom.engine.open import Scratch, open_engine, open_kept
from careloom.engine.scoring import splink_backend

__all__ = [
    "DuckDBEngine",
    "Engine",
    "Scratch",
    "count",
    "open_engine",
    "open_kept",
    "splink_backend",
    "text",
    "value",
    "with_names",
    "write_database",
]
