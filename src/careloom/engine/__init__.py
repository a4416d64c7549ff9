"""DuckDB and Spark behind one small face. The only room that imports either."""

from careloom.engine.duck import DuckDBEngine, write_database
from careloom.engine.face import Engine, count, text, value, with_names
from careloom.engine.open import KEPT_DATABASE, KEPT_FOLDER, Cluster, Scratch, find_kept, open_engine, open_kept
from careloom.engine.parquet import files_below, folder_names, said_by_folders
from careloom.engine.scoring import splink_backend

__all__ = [
    "KEPT_DATABASE",
    "KEPT_FOLDER",
    "Cluster",
    "DuckDBEngine",
    "Engine",
    "Scratch",
    "count",
    "files_below",
    "find_kept",
    "folder_names",
    "open_engine",
    "open_kept",
    "said_by_folders",
    "splink_backend",
    "text",
    "value",
    "with_names",
    "write_database",
]
