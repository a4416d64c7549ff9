"""What counts as recorded, and in which years."""

import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import load_examples
from careloom.check import measure_availability
from careloom.core import Ledger
from careloom.engine import DuckDBEngine, Engine

OURS = load_catalogue()


def measure(engine: Engine, return_name: str, default: str, text: str) -> Ledger:
    return_ = OURS.returns[return_name]
    examples = load_examples(text, default, year=2021, common=OURS.tables, return_=return_)
    for name, rows in examples.tables.items():
        engine.load(name, rows)
    ledger = measure_availability(engine, OURS)
    assert ledger.balances
    return ledger


def recorded(engine: Engine, column: str) -> list[tuple[object, ...]]:
    select = "SELECT la, collection_year, rows_in, rows_recorded FROM availability"
    return sorted(engine.rows(f"{select} WHERE column_name = '{column}'"))


def test_dates_codes_and_text_by_authority_and_year(engine: Engine) -> None:
    text = """
    CHILD | SEX | DOB        | UPN | la    | collection_year
    A     | 1   | 04/05/2010 | UN1 | here  | 2021
    B     | 9   |            |     | here  | 2021
    C     |     | 04/05/2010 | UN1 | here  | 2021
    A     | M   | 04/05/2010 |     | here  | 2025
    B     | 1   | 04/05/2010 |     | here  | 2025
    A     | 2   |            |     | there | 2021
    """
    measure(engine, "ssda903", "header", text)
    # 9 is in no year's set; 1 is a code until 2024 and M from 2025
    assert recorded(engine, "SEX") == [("here", 2021, 3, 1), ("here", 2025, 2, 1), ("there", 2021, 1, 1)]
    assert recorded(engine, "DOB") == [("here", 2021, 3, 2), ("here", 2025, 2, 2), ("there", 2021, 1, 0)]
    assert recorded(engine, "UPN") == [("here", 2021, 3, 2), ("here", 2025, 2, 0), ("there", 2021, 1, 0)]


def test_a_column_is_asked_about_only_while_it_is_in_force(duck: DuckDBEngine) -> None:
    text = "LAchildID | GenderCurrent | Sex | collection_year\nA | 1 | | 2024\nA | | M | 2025\n"
    measure(duck, "cin_census", "ChildIdentifiers", text)
    assert recorded(duck, "GenderCurrent") == [("A", 2024, 1, 1)]
    assert recorded(duck, "Sex") == [("A", 2025, 1, 1)]
    assert recorded(duck, "LAchildID") == [("A", 2024, 1, 1), ("A", 2025, 1, 1)]


def test_rows_of_years_before_the_table_are_set_aside(duck: DuckDBEngine) -> None:
    text = "CHILD | SW_REASON | collection_year\nA | MANAGE | 2023\nA | MANAGE | 2024\n"
    ledger = measure(duck, "ssda903", "sw_episodes", text)
    assert recorded(duck, "SW_REASON") == [("A", 2024, 1, 1)]
    (step,) = ledger.steps
    assert (step.rows_in, step.rows_out) == (2, 1)


def test_an_enclosing_elements_columns_are_left_to_its_own_table(duck: DuckDBEngine) -> None:
    measure(duck, "cin_census", "Section47", "LAchildID | ICPCnotRequired\nA | 1\n")
    items = {column for (column,) in duck.rows("SELECT column_name FROM availability")}
    assert items == {"S47ActualStartDate", "InitialCPCtarget", "DateOfInitialCPC", "ICPCnotRequired"}


@pytest.mark.parametrize("text", ["CHILD\n", "CHILD\nA\n"])
def test_the_table_is_as_declared(duck: DuckDBEngine, text: str) -> None:
    text = text.replace("\n", " | SEX\n", 1).replace("A\n", "A | \n")
    measure(duck, "ssda903", "header", text)
    assert tuple(duck.columns("availability")) == OURS.tables["availability"].column_names


def test_nothing_came(duck: DuckDBEngine) -> None:
    assert measure_availability(duck, OURS).steps == []
    assert tuple(duck.columns("availability")) == OURS.tables["availability"].column_names
