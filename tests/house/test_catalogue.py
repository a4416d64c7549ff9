"""The catalogue as a whole: everything says where it comes from, and every column what it may tell about a child."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from careloom.catalogue import Return, load_catalogue
from careloom.catalogue.examples import ARROW
from careloom.core import Column, Table, Years
from careloom.core.words import PRIVACY
from careloom.engine import DuckDBEngine
from careloom.ingest.common import MADE, NAME_COLUMN
from careloom.study.kept_tables import kept_selects

CATALOGUE = load_catalogue()
RETURNS = list(CATALOGUE.returns.values())
DECLARED = [(return_, said) for return_ in RETURNS for said in return_.declarations]
FIRST_YEAR, LAST_YEAR = 2000, 2035
"""No collection known here is older; a year beyond is a slip of the pen."""

IDENTIFYING = re.compile(
    r"""^(child|child_id|la_?child_?id|.*upn|dob|mc_dob|.*birth_?date|born_on|birth_date|.*post|.*post_?code
    |.*name|forename|surname|address.*|nhs.*|sw_id|urn|source_key|within_key)$""",
    re.IGNORECASE | re.VERBOSE,
)
ABOUT = "date of birth|postcode|pupil number"
"""What a label says of a column that identifies."""
NAMES_OF_THINGS = {"return_name", "table_name", "column_name", "file_name", "process_name", "group_name", "name"}
"""Names that are not of people: of tables, files, groups of codes, classes."""


QUESTIONS = (
    *CATALOGUE.outcomes.values(),
    *CATALOGUE.processes,
    *CATALOGUE.needs,
    *CATALOGUE.measures,
    *CATALOGUE.profiles.values(),
    *CATALOGUE.flows,
)
MENDING = (*CATALOGUE.repairs, *CATALOGUE.spells)


def sources() -> Iterator[tuple[str, str]]:
    """Yield everything that must say where it comes from, and what it says."""
    for return_ in RETURNS:
        yield from ((f"{return_.name} source {s.id}", f"{s.title} {s.where} {s.licence}") for s in return_.sources)
        yield from ((f"rule {rule.id}", rule.source) for rule in return_.rules)
        yield from ((f"{return_.name} {said.name}", said.source) for said in return_.declarations)
        yield from ((f"{return_.name} {s.name} {c.code}", c.source) for s in return_.codes.values() for c in s.codes)
    for each in (*QUESTIONS, *MENDING, *CATALOGUE.signs):
        yield f"{type(each).__name__} {each.name}", each.source
    yield from ((f"indicators {each.name}", each.source) for each in CATALOGUE.indicator_sets.values())
    for sheet in CATALOGUE.price_sheets.values():
        yield from ((f"{sheet.name} {p.process} {p.element}", row.source) for p in sheet.prices for row in p.rows)


def test_everything_says_where_it_comes_from() -> None:
    told = list(sources())
    assert len(told) > 300
    assert [what for what, source in told if not re.search(r"[A-Za-z]{3}", source)] == []


def test_everything_says_why() -> None:
    whys = [(rule.id, rule.why) for return_ in RETURNS for rule in return_.rules]
    whys += [(f"{return_.name} {said.name}", said.why) for return_, said in DECLARED]
    whys += [(each.name, each.why) for each in (*QUESTIONS, *MENDING)]
    whys += [(sign.name, sign.meaning) for sign in CATALOGUE.signs]
    assert [name for name, why in whys if len(why.split()) < 3] == []


@pytest.mark.parametrize("return_", RETURNS, ids=lambda r: r.name)
def test_the_sources_that_codes_name_are_those_of_their_return(return_: Return) -> None:
    known = {source.id for source in return_.sources}
    own = [
        codes for codes in return_.codes.values() if codes.name != "services"
    ]  # whose files say their sources in words
    named = {code.source for codes in own for code in codes.codes}
    assert known
    assert named <= known


# --- codes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("return_", RETURNS, ids=lambda r: r.name)
def test_every_code_set_is_used(return_: Return) -> None:
    used = {column.codes for table in return_.tables.values() for column in table.columns if column.codes}
    assert set(return_.codes) - used == set()


@pytest.mark.parametrize("return_", RETURNS, ids=lambda r: r.name)
def test_a_code_column_has_a_code_set_and_other_codes_stand_beside_text_only(return_: Return) -> None:
    """A text may have codes for why it is not there, as UPN has."""
    columns = [(table.name, column) for table in return_.tables.values() for column in table.columns]
    assert [f"{table}.{c.name}" for table, c in columns if c.type == "code" and not c.codes] == []
    assert [f"{table}.{c.name}" for table, c in columns if c.codes and c.type not in ("code", "text")] == []


@pytest.mark.parametrize("return_", RETURNS, ids=lambda r: r.name)
def test_no_code_stands_twice_in_a_year_and_none_is_blank(return_: Return) -> None:
    for codes in return_.codes.values():
        assert codes.codes
        assert all(code.code and code.label for code in codes.codes)
        assert all(code.code in (code.code.strip().upper(), code.code.strip().lower()) for code in codes.codes)
        for year in range(return_.years.first or FIRST_YEAR, (return_.years.last or LAST_YEAR) + 1):
            valid = [code.code for code in codes.codes if year in code.years]
            assert len(valid) == len(set(valid)), f"{codes.name} in {year}"


def all_years() -> Iterator[tuple[str, Years]]:
    for return_ in RETURNS:
        yield return_.name, return_.years
        for codes in return_.codes.values():
            yield from ((f"{return_.name} {codes.name} {code.code}", code.years) for code in codes.codes)
        for table in return_.tables.values():
            yield f"{return_.name} {table.name}", table.years
            yield from ((f"{return_.name} {table.name}.{c.name}", c.years) for c in table.columns)
        for rule in return_.rules:
            yield from ((rule.id, version.years) for version in rule.versions)


def is_sane(years: Years) -> bool:
    first, last = years.first or FIRST_YEAR, years.last or LAST_YEAR
    return FIRST_YEAR <= first <= last <= LAST_YEAR


def test_years_are_years_and_end_after_they_begin() -> None:
    assert [where for where, years in all_years() if not is_sane(years)] == []
    assert not is_sane(Years(2025, 2024))
    assert not is_sane(Years(25, None))


# --- privacy ---------------------------------------------------------------------------------------------------------


def all_columns() -> Iterator[tuple[str, Table, Column]]:
    for where, tables in [("common", CATALOGUE.tables), *((return_.name, return_.tables) for return_ in RETURNS)]:
        yield from ((where, table, column) for table in tables.values() for column in table.columns)


def test_every_column_is_classed_and_no_return_has_an_open_one() -> None:
    """What a return says is about children: `open` is for the accounts of a run."""
    assert [f"{t.name}.{c.name}" for _, t, c in all_columns() if c.privacy not in PRIVACY] == []
    assert [f"{t.name}.{c.name}" for where, t, c in all_columns() if where != "common" and c.privacy == "open"] == []


def test_what_identifies_a_child_is_an_identifier_everywhere() -> None:
    named = [(f"{where} {t.name}.{c.name}", c) for where, t, c in all_columns() if c.name not in NAMES_OF_THINGS]
    identifying = {name: column.privacy for name, column in named if IDENTIFYING.match(column.name)}
    assert len(identifying) > 30
    assert {name: privacy for name, privacy in identifying.items() if privacy != "identifier"} == {}
    births = [(name, c.privacy) for name, c in named if re.search(ABOUT, c.label, re.I) and c.type != "boolean"]
    assert len(births) > 15
    assert [name for name, privacy in births if privacy != "identifier"] == []


@pytest.mark.parametrize(
    "name", ["CHILD", "LAchildID", "child_id", "UPN", "FormerUPN", "DOB", "PersonBirthDate", "born_on", "HOME_POST"]
)
def test_a_name_that_identifies_would_be_noticed(name: str) -> None:
    assert IDENTIFYING.match(name)


def full_engine() -> DuckDBEngine:
    """An engine that holds every common table with every declared column, and no rows."""
    engine = DuckDBEngine()
    for table in CATALOGUE.tables.values():
        engine.load(table.name, pa.table({c.name: pa.array([], ARROW[c.type]) for c in table.columns}))
    return engine


def test_no_table_that_is_kept_has_an_identifier_and_no_working_table_is_kept() -> None:
    engine = full_engine()
    kept = {name: engine.arrow(select) for name, select in kept_selects(CATALOGUE).items()}
    assert set(kept) == {name for name, table in CATALOGUE.tables.items() if not table.working}
    for name, rows in kept.items():
        columns = CATALOGUE.tables[name].columns
        assert rows.column_names == [c.name for c in columns if c.privacy != "identifier"]
    identifiers = [f"{t.name}.{c.name}" for w, t, c in all_columns() if w == "common" and c.privacy == "identifier"]
    assert {"person.born_on", "person_of.child_id"} <= set(identifiers)  # kept tables that have something to leave out


def test_a_study_database_holds_the_declared_columns_without_the_identifiers(recording: Any) -> None:
    """The same, of what a whole run wrote."""
    with duckdb.connect(str(Path(recording.out) / "study.duckdb"), read_only=True) as db:
        found = db.execute("SELECT table_name, column_name FROM information_schema.columns").fetchall()
    declared = {
        (t.name, c.name) for t in CATALOGUE.tables.values() for c in t.columns if not t.working and c.privacy != "identifier"
    }  # fmt: skip
    assert set(found) == declared


# --- declarations ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("return_", "said"), DECLARED, ids=[f"{r.name} {d.name}" for r, d in DECLARED])
def test_a_declaration_makes_a_common_table_and_selects_its_columns(return_: Return, said: Any) -> None:
    assert said.makes == "step" or MADE[said.makes] in CATALOGUE.tables
    named = set(return_.tables) | set(return_.views) | {d.name for d in return_.declarations if d.makes == "step"}
    assert said.reads in named
    if said.makes != "step":
        selected = sqlglot.parse_one(said.select, read="duckdb")
        assert isinstance(selected, exp.Query)
        given = {"return_name", NAME_COLUMN.get(said.makes, "")}
        needed = set(CATALOGUE.tables[MADE[said.makes]].column_names) - given
        assert needed - set(selected.named_selects) == set()
        assert len(selected.named_selects) == len(set(selected.named_selects))


def test_what_outcomes_and_processes_ask_for_is_declared() -> None:
    kinds = {said.name for said in (*(said for _, said in DECLARED), *CATALOGUE.spells) if said.makes == "spell"}
    for outcome in CATALOGUE.outcomes.values():
        assert {outcome.after, outcome.until, *(each.kind for each in outcome.competing)} <= kinds
        assert set(outcome.seen_in) <= {return_.name for return_ in RETURNS if return_.yearly}
        if outcome.describe:
            described = sqlglot.parse_one(outcome.describe, read="duckdb")
            assert isinstance(described, exp.Query)
            assert set(described.named_selects) == {"spell_id", *(each.name for each in outcome.covariates)}
    numbers = {process.key: {element.name for element in process.elements} for process in CATALOGUE.processes}
    for sheet in CATALOGUE.price_sheets.values():
        assert [(p.process, p.element) for p in sheet.prices if p.element not in numbers.get(p.process, ())] == []
    factors = {code.code for return_ in RETURNS for codes in return_.codes.values() for code in codes.codes}
    for indicators in CATALOGUE.indicator_sets.values():
        asked = [code for indicator in indicators.indicators for code in indicator.codes]
        assert len(asked) == len(set(asked))
        assert {*asked, *indicators.ignored} <= factors
