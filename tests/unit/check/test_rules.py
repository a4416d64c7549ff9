"""How the rules run: which rows they look at, and what they say when they cannot."""

from dataclasses import replace

import pytest

from careloom.catalogue import Catalogue, Return, Rule, RuleVersion, load_catalogue
from careloom.catalogue.examples import load_examples
from careloom.check import run_rules
from careloom.core import Ledger, Years
from careloom.engine import DuckDBEngine
from careloom.ingest.load import load_codes

OURS = load_catalogue()
SSDA903 = OURS.returns["ssda903"]
EPISODES = """
CHILD | DECOM      | DEC        | REC | la   | collection_year
A     | 01/06/2019 | 01/09/2019 | E11 | here | 2020
B     | 01/06/2020 | 01/09/2020 | E11 | here | 2021
C     | 01/06/2020 | 01/09/2020 | E4A | here | 2021
"""


def one_rule(fails: str, *, needs: tuple[str, ...] = (), years: str = "..") -> Catalogue:
    version = RuleVersion(Years.read(years), "A message.", fails, "")
    rule = Rule("1", "ssda903", "episodes", ("REC",), needs, "why", "source", (version,))
    return only(replace(SSDA903, rules=(rule,)))


def only(return_: Return) -> Catalogue:
    return replace(OURS, returns={return_.name: return_})


def run(engine: DuckDBEngine, catalogue: Catalogue, text: str = EPISODES) -> Ledger:
    examples = load_examples(text, "episodes", year=2021, common=OURS.tables, return_=SSDA903)
    for name, rows in examples.tables.items():
        engine.load(name, rows)
    load_codes(engine, OURS)
    ledger = run_rules(engine, catalogue)
    assert ledger.balances
    return ledger


def states(engine: DuckDBEngine) -> list[tuple[object, ...]]:
    return engine.rows("SELECT state, why, rows_checked, rows_found FROM rule_state ORDER BY rule")


def test_found_and_clean(duck: DuckDBEngine) -> None:
    run(duck, one_rule("REC = 'E11'"))
    assert states(duck) == [("found", "", 3, 2)]
    run(duck, one_rule("REC = 'E99'"))
    assert states(duck) == [("clean", "", 3, 0)]


def test_neither_true_nor_false_is_no_failure(duck: DuckDBEngine) -> None:
    run(duck, one_rule("PLACE = 'K1'"))  # PLACE is blank in every row
    assert states(duck) == [("clean", "", 3, 0)]


def test_a_table_that_nobody_supplied(duck: DuckDBEngine) -> None:
    ledger = run(duck, one_rule("NOT EXISTS (SELECT 1 FROM uasc u WHERE u.CHILD = t.CHILD)", needs=("uasc",)))
    assert states(duck) == [("could not run", 'table "uasc" was not supplied', 0, 0)]
    assert ledger.steps[0].set_aside == (("a table the rule needs was not supplied", 3),)


def test_a_table_that_is_named_but_not_declared_as_needed_is_missed_too(duck: DuckDBEngine) -> None:
    run(duck, one_rule("EXISTS (SELECT 1 FROM uasc u WHERE u.CHILD = t.CHILD)"))
    assert states(duck) == [("could not run", 'table "uasc" was not supplied', 0, 0)]


def test_the_rules_own_table_was_not_supplied(duck: DuckDBEngine) -> None:
    ledger = run(duck, one_rule("REC = 'E11'"), "header\nCHILD | SEX\nA | 1\n")
    assert states(duck) == [("could not run", 'table "episodes" was not supplied', 0, 0)]
    assert duck.rows("SELECT * FROM finding") == []
    assert ledger.steps == []


def test_rows_of_years_that_the_rule_does_not_cover_are_not_checked(duck: DuckDBEngine) -> None:
    ledger = run(duck, one_rule("REC = 'E11'", years="2021.."))
    assert states(duck) == [("found", "", 2, 1)]
    assert ledger.steps[0].set_aside == (("a year the rule does not cover", 1), ("keeps the rule", 1))


def test_no_row_of_the_rules_years_is_not_clean(duck: DuckDBEngine) -> None:
    run(duck, one_rule("REC = 'E11'", years="2024.."))
    assert states(duck) == [("could not run", "no row of its years in episodes", 0, 0)]


def test_a_needed_table_of_another_year_does_not_count(duck: DuckDBEngine) -> None:
    """Without this, a file that was not handed over would read as an error in every row that refers to it."""
    rule = one_rule("REC = 'E11' AND NOT EXISTS (SELECT 1 FROM ad1 a WHERE a.CHILD = t.CHILD)", needs=("ad1",))
    run(duck, rule, EPISODES + "\nad1\nCHILD | DOB\n")
    assert states(duck) == [("found", "", 3, 2)]  # supplied without a row: the adoptions are truly missing
    duck.make("delivery", "SELECT * FROM delivery WHERE table_name <> 'ad1' OR collection_year = 2021")
    ledger = run_rules(duck, rule)
    assert states(duck) == [("found", 'table "ad1" was not supplied with part of episodes', 2, 1)]
    assert ledger.balances
    duck.make("delivery", "SELECT * FROM delivery WHERE table_name <> 'ad1'")
    run_rules(duck, rule)
    assert states(duck) == [("could not run", 'table "ad1" was not supplied with any of episodes', 0, 0)]


def test_a_refused_file_was_not_supplied(duck: DuckDBEngine) -> None:
    rule = one_rule("REC = 'E11'", needs=("ad1",))
    run(duck, rule, EPISODES + "\nad1\nCHILD | DOB\n")
    duck.make("delivery", "SELECT * REPLACE ('refused' AS state) FROM delivery WHERE table_name = 'ad1'")
    run_rules(duck, rule)
    assert states(duck)[0][0] == "could not run"


def test_earlier_returns_and_duplicates_are_checked_as_handed_over(duck: DuckDBEngine) -> None:
    text = """
    CHILD | DECOM      | REC | standing   | collection_year
    A     | 01/06/2019 | E11 | superseded | 2020
    A     | 01/06/2019 | E11 | duplicate  | 2021
    A     | 01/06/2019 | E11 | current    | 2021
    """
    run(duck, one_rule("REC = 'E11'"), text)
    assert states(duck) == [("found", "", 3, 3)]


def test_the_message_is_that_of_the_version_that_the_latest_rows_met(duck: DuckDBEngine) -> None:
    return_ = OURS.returns["cin_census"]
    rule = next(rule for rule in return_.rules if rule.code == "4180")
    for year, version in ((2020, rule.versions[0]), (2025, rule.versions[1])):
        text = f"LAchildID | collection_year\nA | 2020\nB | {year}\n"
        examples = load_examples(text, rule.table, year=year, common=OURS.tables, return_=return_)
        for name, rows in examples.tables.items():
            duck.load(name, rows)
        load_codes(duck, OURS)
        run_rules(duck, only(replace(return_, rules=(rule,))))
        assert duck.rows("SELECT message, rows_checked FROM rule_state") == [(version.message, 2)]


@pytest.mark.parametrize("table", ["finding", "rule_state"])
def test_the_tables_are_as_declared_even_when_nothing_came(duck: DuckDBEngine, table: str) -> None:
    run_rules(duck, OURS)
    assert tuple(duck.columns(table)) == OURS.tables[table].column_names
    assert duck.rows("SELECT count(*) FROM finding") == [(0,)]
    assert {state for state, *_ in states(duck)} == {"could not run"}
