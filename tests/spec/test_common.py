"""What each return says in the common tables: every declaration does what its worked example shows, on each engine."""

from dataclasses import replace

import pytest

from careloom.catalogue import Declaration, Return, load_catalogue
from careloom.catalogue.examples import load_examples, write_cell
from careloom.core import read_examples
from careloom.engine import Engine
from careloom.ingest import say_in_common
from careloom.ingest.common import MADE

CATALOGUE = load_catalogue()
CASES = [(return_, declaration) for return_ in CATALOGUE.returns.values() for declaration in return_.declarations]


@pytest.mark.parametrize(("return_", "declaration"), CASES, ids=[f"{r.name} {d.name}" for r, d in CASES])
def test_a_declaration_says_what_its_example_shows(engine: Engine, return_: Return, declaration: Declaration) -> None:
    drawn, _, expected_text = declaration.examples.partition("\nexpected\n")
    for name, rows in load_examples(drawn, "", year=2019, common=CATALOGUE.tables, return_=return_).tables.items():
        engine.load(name, rows)
    needed = tuple(d for d in return_.declarations if d.makes == "step" or d == declaration)

    ledger = say_in_common(engine, replace(CATALOGUE, returns={return_.name: replace(return_, declarations=needed)}))

    expected = read_examples(expected_text, "expected")["expected"].rows
    columns = list(expected[0])
    made = f"{return_.name}_{declaration.name}_said" if declaration.makes == "step" else MADE[declaration.makes]
    found = engine.rows(f"SELECT {', '.join(columns)} FROM {made}")
    assert sorted(map(str, ([write_cell(cell) for cell in row] for row in found))) == sorted(
        str(list(row.values())) for row in expected
    )
    assert ledger.faults() == []


def test_a_common_table_is_there_even_when_nothing_was_delivered(engine: Engine) -> None:
    say_in_common(engine, CATALOGUE)
    for table in MADE.values():
        assert engine.columns(table) == list(CATALOGUE.tables[table].column_names)
        assert engine.rows(f"SELECT * FROM {table}") == []
