"""What the study asks of its engine: where Spark runs, where common tables are taken from, and how what is kept is written."""

import re
from pathlib import Path
from typing import TypedDict

from careloom.core import Keys, StudyError
from careloom.engine import Cluster, Scratch
from careloom.study.kept_tables import DATABASE, PARQUET

ENGINES = ("duckdb", "spark")
MEMORY = re.compile(r"[1-9]\d*(\.\d+)? ?[MG]B")


class AskedOfEngine(TypedDict):
    """The engine, where Spark or DuckDB works, how what is kept is written, and the folder that common tables are taken from, if any."""

    engine: str
    cluster: Cluster
    kept_as: str
    common: Path | None
    scratch: Scratch | None


def read_engine(words: Keys, spark: Keys, home: Path) -> AskedOfEngine:
    """Read what [study] and [spark] ask of the engine."""
    engine, named = words.one_of("engine", ENGINES, "duckdb"), words.text("common", None)
    return AskedOfEngine(
        engine=engine,
        cluster=read_cluster(spark, engine),
        kept_as=words.one_of("kept_as", (DATABASE, PARQUET), DATABASE),
        common=home / named if named else None,
        scratch=read_scratch(words, home),
    )


def read_cluster(keys: Keys, engine: str) -> Cluster:
    """Read [spark]. Raises StudyError for a study that does not ask for Spark, and for settings that are none of Spark's."""
    if keys.values and engine != "spark":
        raise StudyError(
            f'{keys.where}: this is for studies with engine = "spark" in [study]; write that, or leave it out'
        )
    settings = keys.table("settings", {})
    said = {name: str(settings.text(name)) for name in settings.values}
    for name in said:
        if not name.startswith("spark."):
            raise StudyError(f'{settings.where}: "{name}" is no setting of Spark\'s, which all begin with "spark."')
    cluster = Cluster(keys.text("master", Cluster().master), said)
    keys.done()
    return cluster


def read_scratch(words: Keys, home: Path) -> Scratch | None:
    """Read where to work when memory cannot hold the records, and how much of it DuckDB may use then."""
    asked = words.text("memory", None)
    if asked is not None and not MEMORY.fullmatch(asked):
        raise StudyError(f'{words.where}: "memory" should be like "8 GB" or "500 MB"')
    if "scratch" not in words.values:
        if asked:
            raise StudyError(f'{words.where}: "memory" is for runs with a scratch folder: add scratch = "scratch"')
        return None
    folder = home / words.text("scratch")
    return Scratch(folder, asked) if asked else Scratch(folder)
