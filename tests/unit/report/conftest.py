"""The made-up study, written once for all tests of the report."""

import runpy
from pathlib import Path
from typing import Any

import pytest

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.report import Report, write_report
from careloom.report.asking import answer_all
from careloom.report.question import Answer


@pytest.fixture(scope="session")
def made_up() -> dict[str, Any]:
    return runpy.run_path(str(Path(__file__).with_name("made_up.py")))


@pytest.fixture(scope="session")
def written(made_up: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    folder, engine = tmp_path_factory.mktemp("report"), DuckDBEngine()
    made_up["make_up"](engine)
    report = write_report(engine, load_catalogue(), folder=folder, study=made_up["STUDY"])
    engine.close()
    return folder, report


@pytest.fixture(scope="session")
def answers(made_up: dict[str, Any]) -> dict[str, Answer]:
    """What each question answers of the made-up study; nobody changes it."""
    engine = DuckDBEngine()
    made_up["make_up"](engine)
    made = dict(answer_all(engine, load_catalogue(), made_up["STUDY"]))
    engine.close()
    return made
