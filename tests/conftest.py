"""What every test may ask for: an engine (DuckDB, and Spark where it is installed), and other people's sample files."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from careloom.engine import DuckDBEngine, Engine

REPOSITORY = Path(__file__).resolve().parents[1]


def skip(reason: str) -> None:
    """Skip with a reason; where everything should be present (CARELOOM_SKIP_NOTHING=1) that is a failure."""
    if os.environ.get("CARELOOM_SKIP_NOTHING") == "1":
        pytest.fail(f"nothing may be skipped here, but: {reason}")
    pytest.skip(reason)


@pytest.fixture
def duck() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine()
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def spark_session() -> Iterator[Engine]:
    try:
        import pyspark  # noqa: F401
    except ImportError:
        skip("the spark extra is not installed")
    if not shutil.which("java"):
        skip("Spark needs Java 17, which is not installed")
    from careloom.engine.spark import SparkEngine

    # Tables of tests are tiny: what Spark and Java do to be quick with large ones takes most of the time.
    quick = {
        "spark.sql.codegen.wholeStage": "false",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }
    engine = SparkEngine(settings=quick)
    yield engine
    engine.close()


@pytest.fixture(params=["duckdb", "spark"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """An engine with no tables of an earlier test: what holds on one must hold on the other."""
    name = "duck" if request.param == "duckdb" else "spark_session"
    engine: Engine = request.getfixturevalue(name)
    if hasattr(engine, "forget"):
        engine.forget()
    return engine


@pytest.fixture
def shared() -> Path:
    """The folder beside the repository with other people's sample files and reference values; absent in a clone."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder ../shared with other people's files is not part of the repository")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        skip("no Chromium was found")
    return str(found)


@pytest.fixture(scope="session")
def with_acro() -> Path:
    """The Python of the environment that acro has for itself, as it asks for pandas 2 (docs/decisions/0026)."""
    found = REPOSITORY / ".venv-acro" / "bin" / "python"
    if not found.exists():
        skip("acro is not set up: make VENV=.venv-acro .venv-acro/.acro")
    return found
