"""What several returns say of one row becomes one row: the latest wins field by field, and every override is noted."""

from dataclasses import replace

import pytest

from careloom.catalogue import Catalogue, Return, load_catalogue
from careloom.catalogue.examples import load_examples
from careloom.check import run_rules
from careloom.core import Ledger
from careloom.engine import DuckDBEngine, Engine
from careloom.ingest.common import say_in_common
from careloom.ingest.stitch import stitch_all

OURS = load_catalogue()
SSDA903, CIN_CENSUS = OURS.returns["ssda903"], OURS.returns["cin_census"]


def only(return_: Return) -> Catalogue:
    return replace(OURS, returns={return_.name: return_})


def stitched(engine: Engine, text: str, return_: Return = SSDA903, table: str = "episodes") -> Ledger:
    for name, rows in load_examples(text, table, year=2021, common=OURS.tables, return_=return_).tables.items():
        engine.load(name, rows)
    ledger = stitch_all(engine, only(return_))
    assert ledger.balances
    return ledger


def overrides(engine: Engine) -> list[tuple[object, ...]]:
    return sorted(
        engine.rows("SELECT column_name, what, delivery_id, line, earlier_delivery_id, earlier_line FROM override")
    )


def test_the_latest_return_that_recorded_a_field_wins(engine: Engine) -> None:
    ledger = stitched(
        engine,
        """
        CHILD | DECOM      | LS | PLACE | CIN | URN | collection_year | line | standing
        A     | 01/06/2018 | C1 | U1    | N1  |     | 2019            | 2    | superseded
        A     | 01/06/2018 | C2 |       | N1  |     | 2020            | 3    | superseded
        A     | 01/06/2018 | C2 |       | N1  | SC9 | 2021            | 4    | current
        B     | 01/06/2018 | C1 | U1    | N1  |     | 2021            | 5    | current
        """,
    )
    rows = (
        "SELECT CHILD, LS, PLACE, CIN, URN, delivery_id, collection_year, line, standing FROM ssda903_episodes_joined"
    )
    assert sorted(engine.rows(rows)) == [
        ("A", "C2", "U1", "N1", "SC9", 3, 2021, 4, "current"),
        ("B", "C1", "U1", "N1", None, 3, 2021, 5, "current"),
    ]
    assert overrides(engine) == [("LS", "changed", 3, 4, 1, 2), ("PLACE", "filled", 3, 4, 1, 2)]
    assert engine.columns("ssda903_episodes_joined") == engine.columns("ssda903_episodes")
    (step,) = ledger.steps
    assert (step.reads, step.rows_in, step.rows_out) == ("ssda903_episodes current", 2, 2)


def test_a_blank_that_means_something_wins_and_is_noted(engine: Engine) -> None:
    stitched(
        engine,
        """
        CHILD | DECOM      | DEC        | REC | collection_year | line | standing
        A     | 01/06/2018 | 01/09/2018 | X1  | 2019            | 2    | superseded
        A     | 01/06/2018 |            |     | 2020            | 2    | current
        B     | 01/06/2018 |            |     | 2019            | 3    | superseded
        B     | 01/06/2018 | 01/09/2019 | X1  | 2020            | 3    | current
        """,
    )
    ended = engine.rows(
        'SELECT CHILD, CAST("DEC" AS VARCHAR) AS ended, REC FROM ssda903_episodes_joined ORDER BY CHILD'
    )
    assert ended == [("A", None, None), ("B", "2019-09-01", "X1")]
    assert overrides(engine) == [("DEC", "withdrawn", 2, 2, 1, 2), ("REC", "withdrawn", 2, 2, 1, 2)]


def test_each_value_is_held_against_the_next_one_recorded(engine: Engine) -> None:
    """A blank between says nothing: 1, blank, 1 is no override, and 1, blank, 2 is one."""
    stitched(
        engine,
        """
        CHILD | DECOM      | PLACE | URN | LS | collection_year | line | standing
        A     | 01/06/2017 | U1    | SC1 | C1 | 2018            | 2    | superseded
        A     | 01/06/2017 |       |     | C2 | 2019            | 2    | superseded
        A     | 01/06/2017 | U1    | SC2 | C1 | 2020            | 2    | superseded
        A     | 01/06/2017 | U1    |     | C1 | 2021            | 2    | current
        """,
    )
    assert engine.rows("SELECT PLACE, URN, LS FROM ssda903_episodes_joined") == [("U1", "SC2", "C1")]
    assert overrides(engine) == [
        ("LS", "changed", 4, 2, 1, 2),
        ("LS", "changed", 4, 2, 2, 2),
        ("URN", "changed", 4, 2, 1, 2),
        ("URN", "filled", 4, 2, 3, 2),
    ]


def test_of_copies_in_one_return_the_last_takes_part(engine: Engine) -> None:
    stitched(
        engine,
        """
        CHILD | DECOM      | PLACE | URN | collection_year | line | standing
        A     | 01/06/2019 | U1    | SC1 | 2020            | 2    | superseded
        A     | 01/06/2019 | U2    |     | 2020            | 3    | superseded
        A     | 01/06/2019 | U9    | SC9 | 2021            | 2    | duplicate
        A     | 01/06/2019 |       |     | 2021            | 3    | current
        """,
    )
    assert engine.rows("SELECT PLACE, URN FROM ssda903_episodes_joined") == [("U2", None)]
    assert overrides(engine) == [("PLACE", "filled", 2, 3, 1, 3)]


def test_authorities_are_never_joined(duck: DuckDBEngine) -> None:
    stitched(
        duck,
        """
        CHILD | DECOM      | PLACE | la    | collection_year | standing
        A     | 01/06/2019 | U1    | here  | 2020            | current
        A     | 01/06/2019 |       | there | 2021            | current
        """,
    )
    assert duck.rows("SELECT la, PLACE FROM ssda903_episodes_joined ORDER BY la") == [("here", "U1"), ("there", None)]
    assert overrides(duck) == []


def test_a_change_of_codes_or_of_form_is_no_override(engine: Engine) -> None:
    stitched(
        engine,
        """
        CHILD | SEX | ETHNIC | collection_year | standing
        A     | 1   | WBRI   | 2024            | superseded
        A     | M   | WBRI   | 2025            | current
        B     | 1   | WBRI   | 2024            | superseded
        B     | F   | WBRI   | 2025            | current
        """,
        table="header",
    )
    assert engine.rows("SELECT CHILD, SEX FROM ssda903_header_joined ORDER BY CHILD") == [("A", "M"), ("B", "F")]
    assert [row[:2] for row in overrides(engine)] == [("SEX", "changed")]
    stitched(
        engine,
        """
        LAchildID | GenderCurrent | Sex | collection_year | standing
        A         | 1             |     | 2024            | superseded
        A         |               | M   | 2025            | current
        """,
        CIN_CENSUS,
        "ChildIdentifiers",
    )
    assert engine.rows("SELECT GenderCurrent, Sex FROM cin_census_ChildIdentifiers_joined") == [("1", "M")]
    assert overrides(engine) == []


def test_places_in_a_file_are_those_of_the_latest_file(duck: DuckDBEngine) -> None:
    stitched(
        duck,
        """
        LAchildID | CINreferralDate | CINdetailsID | PrimaryNeedCode | collection_year | standing
        A         | 2019-06-01      | 1            | N1              | 2020            | superseded
        A         | 2019-06-01      | 2            |                 | 2021            | current
        """,
        CIN_CENSUS,
        "CINdetails",
    )
    assert duck.rows("SELECT CINdetailsID, PrimaryNeedCode FROM cin_census_CINdetails_joined") == [(2, "N1")]
    assert [row[:2] for row in overrides(duck)] == [("PrimaryNeedCode", "filled")]


def test_a_return_without_years_is_stitched_by_delivery(engine: Engine) -> None:
    stitched(
        engine,
        """
        CHILD | DECOM      | PLACE | URN | delivery_id | standing
        A     | 01/06/2019 | U1    |     | 1           | superseded
        A     | 01/06/2019 | U2    | SC1 | 2           | superseded
        A     | 01/06/2019 |       |     | 3           | current
        """,
        replace(SSDA903, yearly=False),
    )
    assert engine.rows("SELECT PLACE, URN FROM ssda903_episodes_joined") == [("U2", "SC1")]
    assert overrides(engine) == [
        ("PLACE", "changed", 3, 4, 1, 2),
        ("PLACE", "filled", 3, 4, 2, 3),
        ("URN", "filled", 3, 4, 2, 3),
    ]


@pytest.mark.parametrize("table", ["Disabilities", "Reviews"])
def test_a_table_of_keys_alone_has_nothing_to_override(duck: DuckDBEngine, table: str) -> None:
    heading = " | ".join(CIN_CENSUS.tables[table].column_names)
    days = " | ".join("2019-06-01" if c.type == "date" else "1" for c in CIN_CENSUS.tables[table].columns)
    text = f"{heading} | collection_year | standing\n{days} | 2020 | superseded\n{days} | 2021 | current\n"
    stitched(duck, text, CIN_CENSUS, table)
    assert duck.rows(f"SELECT collection_year FROM cin_census_{table}_joined") == [(2021,)]
    assert overrides(duck) == []


def test_override_is_there_as_declared_even_when_nothing_was_delivered(engine: Engine) -> None:
    stitch_all(engine, OURS)
    assert tuple(engine.columns("override")) == OURS.tables["override"].column_names
    assert engine.rows("SELECT * FROM override") == []


def test_no_working_table_is_left(duck: DuckDBEngine) -> None:
    stitched(duck, "CHILD | DECOM\nA | 01/06/2019\n")
    names = duck.rows("SELECT table_name FROM information_schema.tables ORDER BY table_name")
    assert [name for (name,) in names] == ["delivery", "override", "ssda903_episodes", "ssda903_episodes_joined"]


def test_the_common_tables_are_said_from_the_joined_rows(duck: DuckDBEngine) -> None:
    text = """
    CHILD | DECOM      | RNE | LS | CIN | PLACE | collection_year | standing
    A     | 01/06/2018 | S   | C1 | N1  | U1    | 2019            | superseded
    A     | 01/06/2018 | S   | C2 |     | U1    | 2020            | current
    """
    ledger = stitched(duck, text)
    ledger.extend(say_in_common(duck, only(SSDA903)))
    assert ledger.faults() == []
    assert duck.rows("SELECT category_of_need, legal_status FROM care_episode_row") == [("N1", "C2")]


def test_rules_across_years_look_at_the_joined_rows_once(duck: DuckDBEngine) -> None:
    text = """
    CHILD | DECOM      | DEC        | REC | collection_year | line | standing
    A     | 01/06/2018 |            |     | 2019            | 2    | superseded
    A     | 01/06/2018 | 01/09/2019 | X1  | 2020            | 2    | current
    A     | 01/08/2019 |            |     | 2020            | 3    | current
    """
    stitched(duck, text)
    overlap = next(rule for rule in SSDA903.rules if rule.code == "J1")
    ledger = run_rules(duck, only(replace(SSDA903, rules=(overlap,))))
    assert ledger.balances
    assert duck.rows("SELECT delivery_id, line FROM finding") == [(2, 2)]
    assert duck.rows("SELECT state, rows_checked, rows_found FROM rule_state") == [("found", 2, 1)]


def test_rules_across_years_cannot_run_before_the_years_are_stitched(duck: DuckDBEngine) -> None:
    stitched(duck, "CHILD | DECOM\nA | 01/06/2019\n")
    duck.drop("ssda903_episodes_joined")
    overlap = next(rule for rule in SSDA903.rules if rule.code == "J1")
    run_rules(duck, only(replace(SSDA903, rules=(overlap,))))
    assert duck.rows("SELECT state FROM rule_state") == [("could not run",)]
