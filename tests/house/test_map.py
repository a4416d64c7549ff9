"""MAP.md and docs/catalogue.md are what the code, the catalogue and a tiny run say today."""

import runpy
from pathlib import Path
from typing import Any

import pytest

from careloom.catalogue import load_catalogue

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
MAP, PAGE, TINY = (runpy.run_path(str(DOCS / f"{name}.py")) for name in ("make_map", "make_catalogue", "recorded_run"))


@pytest.fixture(scope="session")
def stages(recording: Any) -> Any:
    return recording.stages()


def check_is_current(name: str, made: str) -> None:
    path = REPOSITORY / name
    written = path.read_text(encoding="utf-8") if path.exists() else ""
    assert written == made, f"{name} is out of date; renew it with: make map"


def test_the_map_is_current(stages: Any) -> None:
    check_is_current("MAP.md", MAP["make_map"](stages))


def test_the_page_of_the_catalogue_is_current() -> None:
    check_is_current("docs/catalogue.md", PAGE["make_page"]())


def test_every_stage_was_heard(stages: Any, recording: Any) -> None:
    assert len(stages) > 15
    assert recording.steps == [*(stage for stage, *_ in stages), "writing the outputs"]
    assert [stage for stage, functions, _, makes in stages if not functions or not makes] == []


READ = {
    'SELECT a FROM spell AS s JOIN (SELECT b FROM "event") AS e ON s.a = e.b': {"spell", "event"},
    "SELECT a FROM spell WHERE a IN (SELECT b FROM event) UNION ALL SELECT c FROM person": {"spell", "event", "person"},
    "WITH spell AS (SELECT a FROM mended) SELECT a FROM spell": {"mended"},
    "WITH spell AS (SELECT a FROM spell) SELECT a FROM spell": {"spell"},
}


@pytest.mark.parametrize("sql", READ)
def test_a_table_that_a_statement_makes_for_itself_is_not_read(sql: str) -> None:
    assert TINY["tables_in"](sql) == READ[sql]


def test_every_room_and_every_common_table_is_on_the_map(stages: Any) -> None:
    page = MAP["make_map"](stages)
    source = REPOSITORY / "src" / "careloom"
    rooms = [path.parent.name for path in source.glob("*/__init__.py")]
    assert [room for room in rooms if f"| `{room}` |" not in page] == []
    assert [name for name in load_catalogue().tables if f"| `{name}` |" not in page] == []
    assert [line.split(" | ")[0] for line in page.splitlines() if "| at the end |" in line] == [
        "| `reporting_checklist`",
        "| `ledger`",
    ]


def test_every_worked_example_is_on_the_page() -> None:
    page, catalogue = PAGE["make_page"](), load_catalogue()
    examples = [v.examples for r in catalogue.returns.values() for rule in r.rules for v in rule.versions]
    examples += [said.examples for r in catalogue.returns.values() for said in r.declarations]
    examples += [outcome.examples for outcome in catalogue.outcomes.values()]
    examples += [process.examples for process in catalogue.processes]
    examples += [measure.examples for measure in catalogue.measures]
    shown = {line.rstrip() for line in page.splitlines()}
    assert len(examples) > 20
    assert [line for text in examples for line in text.strip().splitlines() if line.rstrip() not in shown] == []
