"""MAP.md and docs/catalogue.md are what the code and the catalogue say today, and what the map says of a run is true."""

import runpy
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from careloom.catalogue import load_catalogue

REPOSITORY = Path(__file__).resolve().parents[2]
MAP = runpy.run_path(str(REPOSITORY / "docs" / "make_map.py"))
PAGE = runpy.run_path(str(REPOSITORY / "docs" / "make_catalogue.py"))
STAGES = list(MAP["stages"](load_catalogue()))


@pytest.mark.parametrize(("name", "made"), [("MAP.md", MAP["make_map"]), ("docs/catalogue.md", PAGE["make_page"])])
def test_a_made_page_is_current(name: str, made: Any) -> None:
    path = REPOSITORY / name
    written = path.read_text(encoding="utf-8") if path.exists() else ""
    assert written == made(), f"{name} is out of date; renew it with: make map"


def tables_in(sql: str) -> set[str]:
    """Return the tables that a statement reads, without those it makes for itself."""
    statement = sqlglot.parse_one(sql, read="duckdb")
    own = {cte.alias for cte in statement.find_all(exp.CTE)}
    return {table.name for table in statement.find_all(exp.Table)} - own


def test_the_stages_of_the_map_are_those_of_a_run(recording: Any) -> None:
    heard = list(dict.fromkeys(said.stage for said in recording.said))
    assert [stage for stage, *_ in STAGES] == heard[:-1]
    assert heard[-1] == "writing the outputs"


@pytest.mark.parametrize(("stage", "functions", "reads", "makes"), STAGES, ids=[stage for stage, *_ in STAGES])
def test_a_stage_makes_and_reads_what_the_map_says(
    stage: str, functions: list[str], reads: list[str], makes: list[str], recording: Any
) -> None:
    """The map reads the code; a run that is listened to must have done the same."""
    common = set(load_catalogue().tables)
    assert functions
    assert set(makes) == recording.made(stage) & common
    spoken = (said.sql for said in recording.said if said.stage == stage and said.sql)
    assert set(reads) == {table for sql in spoken for table in tables_in(sql)} & common - set(makes)


def test_every_room_and_every_common_table_is_on_the_map() -> None:
    page = MAP["make_map"]()
    source = REPOSITORY / "src" / "careloom"
    rooms = [path.parent.name for path in source.glob("*/__init__.py")]
    assert [room for room in rooms if f"| `{room}` |" not in page] == []
    assert [name for name in load_catalogue().tables if f"| `{name}` |" not in page] == []
    assert "| at the end |" in page  # the ledger alone is not made by a stage
    assert page.count("| at the end |") == 1


def test_every_worked_example_is_on_the_page() -> None:
    page, catalogue = PAGE["make_page"](), load_catalogue()
    examples = [v.examples for r in catalogue.returns.values() for rule in r.rules for v in rule.versions]
    examples += [said.examples for r in catalogue.returns.values() for said in r.declarations]
    examples += [each.examples for each in (*catalogue.outcomes.values(), *catalogue.processes, *catalogue.measures)]
    shown = {line.rstrip() for line in page.splitlines()}
    assert len(examples) > 20
    assert [line for text in examples for line in text.strip().splitlines() if line.rstrip() not in shown] == []
