"""What a made-up authority wrote in its own words is read as what it truly was, never as another thing, and asked once.

The truth is that of benchmarks/ingest/recognition.py, which measures the same at large. Synth's spellings are its own
(catalogue/services_spoken), but the reader was mended with them in view: these are floors under what works, not
figures of what an authority may expect.
"""

import importlib.util
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.ingest import Decisions, Delivery, Ingested, ingest
from careloom.ingest.recognise import Recognition
from careloom.synth import make_england

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "ingest" / "recognition.py"
RETURNS = ("ssda903", "cin_census")
YEARS = (2018, 2020)
CATALOGUE = load_catalogue()


def load_benchmark() -> Any:
    spec = importlib.util.spec_from_file_location("recognition_benchmark", BENCHMARK)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


truth = load_benchmark()


@dataclass(frozen=True)
class Reading:
    """One reading of the authority's files: what was told, and what each delivery was read as (None: set aside)."""

    ingested: Ingested
    services: dict[str, str | None]

    def open_rows(self, decisions: Decisions, path: Path) -> int:
        return decisions.save(path, self.ingested.recognitions)

    def of(self, *scopes: str) -> list[Recognition]:
        return [row for row in self.ingested.recognitions if row.kind == "value" and row.scope.startswith(scopes)]


def read(
    folder: Path, systems: tuple[str, ...], decisions: Decisions | None = None, *, accept: bool = False
) -> Reading:
    engine = DuckDBEngine()
    files = [file for system in systems for file in sorted((folder / truth.CODE / system).rglob("*.*"))]
    told = ingest(
        engine,
        CATALOGUE,
        deliveries=[Delivery(truth.CODE, tuple(files))],
        decisions=decisions or Decisions(),
        accept=accept,
    )
    services: dict[str, str | None] = {}
    if "services" in systems:
        services = dict(engine.rows("SELECT service_ref, service FROM services_deliveries"))
    engine.close()
    return Reading(told, services)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recognition")
    make_england(folder, children=700, years=YEARS, errors=0, systems=(*truth.SYSTEMS, "cin_census"))
    return folder


@pytest.fixture(scope="module")
def true_services(authority: Path) -> dict[str, set[str]]:
    rows = truth.rows_of(authority / "truth" / truth.CODE / "service.csv")
    return {row["delivery_id"]: truth.SERVICES[row["service"]] for row in rows}


@pytest.fixture(scope="module")
def measured(authority: Path) -> dict[str, Any]:
    found: dict[str, Any] = truth.measure(authority, CATALOGUE)
    return found


def test_every_service_of_synth_has_its_kind_in_the_catalogue(true_services: dict[str, set[str]]) -> None:
    known = {code.code for code in CATALOGUE.returns["services"].codes["services"].codes}
    assert set().union(*truth.SERVICES.values()) <= known
    assert len(true_services) > 150, "too few deliveries to say anything"


def test_no_used_reading_of_a_service_is_wrong(authority: Path, true_services: dict[str, set[str]]) -> None:
    services = read(authority, ("services",)).services
    wrong = {ref: code for ref, code in services.items() if code and code not in true_services[ref]}
    assert services.keys() == true_services.keys()
    assert wrong == {}
    # 63 to 67 of a hundred with several seeds; 2.2 is a standard error of these 486 rows.
    assert sum(code is not None for code in services.values()) > 0.55 * len(services)


def test_accepted_proposals_are_right(authority: Path, true_services: dict[str, set[str]]) -> None:
    first, accepted = (read(authority, ("services",), accept=accept).services for accept in (False, True))
    taken = {ref: code for ref, code in accepted.items() if code and not first[ref]}
    right = sum(code in true_services[ref] for ref, code in taken.items())
    assert all(accepted[ref] == code for ref, code in first.items() if code), "accepting changes no reading"
    # Proposals were right 999 times in 1,000 at large; one in twenty wrong is more than a person should have to catch.
    assert right >= 0.95 * len(taken)
    # 84 to 88 of a hundred with several seeds, standard error 1.6.
    assert sum(code is not None for code in accepted.values()) > 0.78 * len(accepted)


# Placements, whose lines are few stays, vary most; ethnic groups, referrers and needs are lists of choices, not free words.
@pytest.mark.parametrize(("subject", "share"), [("placements", 85), ("ethnicity", 99), ("sources", 99), ("needs", 90)])
def test_no_used_reading_of_other_words_is_wrong(measured: dict[str, Any], subject: str, share: float) -> None:
    met = measured[subject]
    used, right = met.share(truth.USED)
    assert met.rows.total() > 30
    assert used > share
    assert right == 100


def test_what_was_confirmed_is_never_asked_again(authority: Path, tmp_path: Path) -> None:
    """A person answers every row: with what is proposed, or, where nothing is, that it is none."""
    systems, path = ("services", "finance", "early_help"), tmp_path / "recognised.csv"
    first = read(authority, systems)
    assert first.open_rows(Decisions(), path) > 0
    rows = [
        replace(row, decision="yes" if row.how == "proposed" else "no") if row.is_open else row
        for row in first.ingested.recognitions
    ]
    Decisions().save(path, rows)
    decisions = Decisions.load(path, CATALOGUE.returns)
    second = read(authority, systems, decisions)
    assert second.open_rows(decisions, path) == 0
    assert all(second.services[ref] == code for ref, code in first.services.items() if code)
    used_first, used_second = (sum(map(bool, reading.services.values())) for reading in (first, second))
    assert used_second > used_first

    third = read(authority, systems, Decisions.load(path, CATALOGUE.returns))
    assert third.services == second.services
    assert Decisions.load(path, CATALOGUE.returns).rows.keys() == decisions.rows.keys()


def test_confirming_is_the_same_as_accepting(authority: Path, tmp_path: Path) -> None:
    path = tmp_path / "recognised.csv"
    accepted = read(authority, ("services",), accept=True)
    Decisions().save(path, accepted.ingested.recognitions)
    again = read(authority, ("services",), Decisions.load(path, CATALOGUE.returns))
    assert again.services == accepted.services


def test_every_code_of_the_returns_is_exact(authority: Path) -> None:
    """Made without defects, the returns write every code as the guides do: nothing is to be recognised."""
    reading = read(authority, RETURNS)
    assert reading.of(*RETURNS) == []
    assert all(row.how in ("exact", "spelling") for row in reading.ingested.recognitions)
