"""One made-up authority, handed over in every form that authorities use: the same rows are read from each."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.ingest import Delivery, ingest
from careloom.synth import make_england

from . import forms

CATALOGUE = load_catalogue()
EXTRACTS = ("people", "early_help", "education", "camhs", "services", "finance", "narratives", "annex_a")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forms")
    make_england(folder, children=500, years=(2021, 2023), seed=11)
    return folder / "501"


def files(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.rglob("*") if path.is_file()))


def taken(*folders: Path) -> DuckDBEngine:
    """Read everything in the folders, of which nothing is said but whose it is."""
    engine = DuckDBEngine()
    deliveries = [Delivery(la="501", files=files(folder)) for folder in folders]
    assert ingest(engine, CATALOGUE, deliveries=deliveries).ledger.faults() == []
    assert engine.rows("SELECT file_name, message FROM delivery WHERE state = 'refused'") == []
    return engine


def rows(engine: DuckDBEngine, return_name: str, table: str, but: Iterable[str] = ()) -> list[tuple[object, ...]]:
    """Return the rows of a table with their year, in order, without where they came from."""
    columns = [c.name for c in CATALOGUE.returns[return_name].tables[table].columns if c.name not in but]
    every = ", ".join(f'"{name}"' for name in columns)
    return engine.rows(f"SELECT {every}, collection_year FROM {return_name}_{table} ORDER BY ALL")


def same_rows(one: DuckDBEngine, other: DuckDBEngine, return_name: str, *, but: dict[str, set[str]]) -> None:
    tables = [name for name in CATALOGUE.returns[return_name].tables if one.columns(f"{return_name}_{name}")]
    assert tables
    for table in set(tables) - but.keys() | {name for name in but if but[name]}:
        left, right = (rows(engine, return_name, table, but.get(table, ())) for engine in (one, other))
        assert left == right, table


@pytest.fixture(scope="module")
def from_csv(authority: Path) -> DuckDBEngine:
    engine = taken(authority / "ssda903")
    assert len(rows(engine, "ssda903", "episodes")) > 50
    return engine


def test_ssda903_as_one_workbook_a_year(authority: Path, from_csv: DuckDBEngine, tmp_path: Path) -> None:
    for year in ("2021", "2022", "2023"):
        forms.one_workbook(authority / "ssda903" / year, tmp_path / f"return {year}.xlsx", title="SSDA903 return")
    engine = taken(tmp_path)
    same_rows(from_csv, engine, "ssda903", but={})
    assert engine.rows("SELECT count(*) FROM delivery WHERE state = 'not used'") == [(3,)]  # the sheets of guidance


def test_ssda903_with_all_years_in_one_table(authority: Path, from_csv: DuckDBEngine, tmp_path: Path) -> None:
    forms.years_in_one_table(authority / "ssda903", tmp_path)
    engine = taken(tmp_path)
    same_rows(from_csv, engine, "ssda903", but={})
    told = "SELECT DISTINCT collection_year FROM delivery WHERE table_name = 'episodes' ORDER BY collection_year"
    assert engine.rows(told) == [(2021,), (2022,), (2023,)]


def test_ssda903_as_xml(authority: Path, from_csv: DuckDBEngine) -> None:
    engine = taken(authority / "ssda903_xml")
    same_rows(from_csv, engine, "ssda903", but={"sw_episodes": set(), "dolo": set(), "header": {"UASC"}})


@pytest.fixture(scope="module")
def from_xml(authority: Path) -> DuckDBEngine:
    engine = taken(authority / "cin_census")
    assert len(rows(engine, "cin_census", "Assessments")) > 50
    return engine


def test_the_census_as_flat_files(authority: Path, from_xml: DuckDBEngine, tmp_path: Path) -> None:
    for path in (authority / "cin_census").iterdir():
        forms.flat_census(path, tmp_path / path.stem)
    engine = taken(tmp_path)
    same_rows(from_xml, engine, "cin_census", but={})


def test_a_flat_row_whose_parent_is_missing_is_set_aside(authority: Path, tmp_path: Path) -> None:
    forms.flat_census(authority / "cin_census" / "cin_2022.xml", tmp_path)
    needs = forms.read(tmp_path / "CINdetails.csv")
    children = {row["LAchildID"] for row in needs[::2]}
    forms.write(tmp_path / "CINdetails.csv", [row for row in needs if row["LAchildID"] not in children])
    engine = taken(tmp_path)
    lost = sum(row["LAchildID"] in children for row in forms.read(tmp_path / "Assessments.csv"))
    aside = "SELECT count(*) FROM set_aside WHERE is_row AND table_name = 'Assessments' AND reason LIKE '%CINdetails%'"
    assert lost > 10
    assert engine.rows(aside) == [(lost,)]


def test_everything_at_once_is_told_apart(authority: Path) -> None:
    """Every file of every system, of which nothing is said: each is recognised as what it is."""
    engine = taken(authority)
    told = dict(engine.rows("SELECT DISTINCT file_name, return_name FROM delivery WHERE state = 'read'"))
    homes = {"case_system": "case_system", "ssda903_xml": "ssda903"}
    for path in files(authority):
        home = path.relative_to(authority).parts[0]
        for name in (name for name in told if name == path.name or name.startswith(f"{path.name} [")):
            assert told[name] == homes.get(home, home), name
    read = {return_name for (return_name,) in engine.rows("SELECT DISTINCT return_name FROM delivery")}
    assert read >= {"ssda903", "cin_census", "annex_a", "early_help", "education", "health", "services", "finance"}
