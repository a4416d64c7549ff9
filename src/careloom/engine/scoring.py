"""Where Splink weighs pairs: in a DuckDB of its own, shut off like the engine's, or in the engine's Spark session."""

from typing import Any

import duckdb

from careloom.engine.duck import CLOSED
from careloom.engine.face import Engine

NEVER_ON_DISK = {"temp_directory": ""}
"""Parts of names are weighed there: what memory cannot hold fails, and is not written into the folder one happens to be in."""


def splink_backend(engine: Engine) -> Any:
    """Return what Splink calls a database API, for the kind of engine given. Splink is imported only here and now."""
    if engine.name == "spark":
        from pyspark.sql import SparkSession
        from splink.backends.spark import SparkAPI

        session = SparkSession.getActiveSession()
        return SparkAPI(  # type: ignore[no-untyped-call]
            spark_session=session, break_lineage_method="persist", register_udfs_automatically=False
        )
    from splink.backends.duckdb import DuckDBAPI

    return DuckDBAPI(connection=duckdb.connect(":memory:", config={**CLOSED, **NEVER_ON_DISK}))
