"""An authority of five well parted kinds of need, made and run once for all tests that look at it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.study import Study, read_study
from careloom.study.run import stages
from careloom.synth import make_england


@dataclass(frozen=True)
class Demonstration:
    """The made-up authority's folder, its study, and the working tables of a run, identifiers included."""

    folder: Path
    study: Study
    engine: DuckDBEngine


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    folder = tmp_path_factory.mktemp("demonstration")
    make_england(folder, population="five_kinds", systems=("ssda903", "cin_census"))
    study = read_study(folder / "study.toml", load_catalogue())
    engine = DuckDBEngine()
    for _, work in stages(study, load_catalogue(), engine):
        assert work().faults() == []
    yield Demonstration(folder, study, engine)
    engine.close()
