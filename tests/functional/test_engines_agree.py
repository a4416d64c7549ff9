"""A whole run gives the same tables on DuckDB and on Spark, row for row, and both keep them as the same Parquet."""

import datetime as dt
import math
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from careloom.catalogue import load_catalogue
from careloom.core import Ledger
from careloom.engine import DuckDBEngine, Engine, files_below, open_kept
from careloom.study import Study, read_study
from careloom.study.checklists import checklist_table
from careloom.study.fingerprints import fingerprint_table
from careloom.study.kept_tables import PARQUET, kept_selects, write_kept
from careloom.study.run import ledger_table, stages
from careloom.synth import make_england

CATALOGUE = load_catalogue()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("both")
    make_england(folder, children=250, years=(2020, 2022), systems=("ssda903", "cin_census"))
    return replace(read_study(folder / "study.toml", CATALOGUE), most_classes=2, starts=2)


def run(study: Study, engine: Engine) -> dict[str, pa.Table]:
    ledger = Ledger()
    for _, work in stages(study, CATALOGUE, engine):
        ledger.extend(work())
    assert ledger.faults() == []
    engine.load("ledger", ledger_table(ledger))
    engine.load("reporting_checklist", checklist_table(study, CATALOGUE, engine))
    return {name: engine.arrow(select) for name, select in kept_selects(CATALOGUE).items()}


def sort_key(row: tuple[Any, ...]) -> list[str]:
    return [f"{cell:.6e}" if isinstance(cell, float) else str(cell) for cell in row]


def same(one: Any, two: Any) -> bool:
    # Sums of money and fitted numbers may be added up in another order; 1e-9 is far above that and below anything shown.
    return (
        math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-9)
        if isinstance(one, float) and isinstance(two, float)
        else one == two
    )


def test_every_kept_table_is_the_same_on_both_engines(
    study: Study, duck: DuckDBEngine, spark_session: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spark_session.forget()
    on_duck, on_spark = run(study, duck), run(study, spark_session)
    assert set(on_duck) == set(on_spark) == {name for name, table in CATALOGUE.tables.items() if not table.working}
    for name, table in on_duck.items():
        assert table.column_names == on_spark[name].column_names, name
        rows = [sorted(zip(*t.to_pydict().values(), strict=True), key=sort_key) for t in (table, on_spark[name])]
        assert len(rows[0]) == len(rows[1]), name
        wrong = sum(not all(map(same, one, two)) for one, two in zip(*rows, strict=True))
        assert wrong == 0, f"{name}: {wrong} of {len(rows[0])} rows differ"
    assert (
        min(on_duck[name].num_rows for name in ("spell", "event", "timeline", "class_of", "time_to_event", "cost")) > 50
    )
    assert isinstance(on_duck["spell"]["starts_on"][0].as_py(), dt.date)
    check_parquet({"duckdb": duck, "spark": spark_session}, on_duck, tmp_path, monkeypatch)


def check_parquet(
    engines: dict[str, Engine], expected: dict[str, pa.Table], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each engine writes what is kept in the same folders, with the same fingerprints; Spark without its rows coming here."""
    prints, places = {}, {}
    monkeypatch.setattr(type(engines["spark"]), "parts", lambda *_: pytest.fail("rows came to the driver"))
    for name, engine in engines.items():
        home = folder / name
        home.mkdir()
        prints[name] = write_kept(engine, CATALOGUE, home, with_cost_lines=False, kept_as=PARQUET)
        places[name] = {path.parent.relative_to(home).as_posix() for path in files_below(home)}
        with closing(open_kept(home / "study.duckdb")) as kept:
            found = {table: kept.arrow(select) for table, select in kept_selects(CATALOGUE).items()}
        assert {table: fingerprint_table(rows) for table, rows in found.items()} == prints[name]
        assert {table: rows.num_rows for table, rows in found.items()} == {t: e.num_rows for t, e in expected.items()}
    assert places["spark"] == places["duckdb"]
    assert "kept/spell/authority=501/year=2021" in places["spark"]
    exact = {name for name, rows in expected.items() if not any(map(pa.types.is_floating, rows.schema.types))}
    assert {"person", "spell", "event", "timeline"} <= exact
    assert {name: prints["spark"][name] for name in exact} == {name: prints["duckdb"][name] for name in exact}
