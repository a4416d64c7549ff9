"""Every fact of the gathered standards is in the catalogue: tables, columns, codes, the years they hold, and labels.

A fact is one line of text, said alike of the standard and of the catalogue; `DIFFERENCES` are those we mean to differ in.
What DfE derives from the 903 and offers as further files (`dfe_export_tables`) is no part of the return.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from careloom.catalogue import Return, load_catalogue
from careloom.core import Code, Column, Table, Years

RETURNS = ("ssda903", "cin_census", "annex_a")
TYPES = {"string": "text", "postcode": "text"}
"""Types of the standards that the catalogue calls otherwise."""

CIN_HEADER = (
    "Collection",
    "Year",
    "ReferenceDate",
    "SourceLevel",
    "LEA",
    "SoftwareCode",
    "Release",
    "SerialNo",
    "DateTime",
)
DIFFERENCES = {
    # Superseded codes of which the standard says no year: the years before those it read, which begin with 2017.
    "ssda903": {"code placement_type.A1 in ..", "code placement_type.A2 in .."},
    # What a file says of itself is no table: its year and authority are read where the file is.
    "cin_census": {
        "table Header",
        "table Header means Return header",
        "table Header in ..",
        "table Header also header",
        "some table also header",
        *(f"column Header.{name}" for name in CIN_HEADER),
    },
    # Most of the authorities where a child is placed are written as names; the codes are for those that are not in England.
    # An age is written in many ways.
    "annex_a": {
        "column list_8.LA of Placement is code",
        *(f"column list_{n}.Age of Child (Years) is integer" for n in range(1, 11)),
    },
}


# --- facts of the standards ------------------------------------------------------------------------------------------


def standard_facts(standard: dict[str, Any]) -> Iterator[str]:
    """Yield every fact of one standard."""
    for name, table in tables_of(standard):
        yield from table_facts(name, table)
        for column in (*(table.get("columns") or table["elements"]), *table.get("derived", ())):
            yield from column_facts(f"{name}.{column['name']}", column)
    for name in standard["conventions"].get("flat_table_names_used_by_peers", ()):
        yield f"some table also {fold(name)}"
    for name, codes in standard["code_sets"].items():
        for code in codes["codes"]:
            yield from code_facts(name, code)
        for added in codes.get("added_after_2019", ()):
            yield f"code {name}.{re.split('[ -]', added)[0]}"


def tables_of(standard: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    if "modules" in standard:
        return [(module["name"], module) for module in standard["modules"]]
    tables: dict[str, dict[str, Any]] = standard.get("tables") or standard["lists"]
    return tables.items()


def table_facts(name: str, table: dict[str, Any]) -> Iterator[str]:
    yield f"table {name}"
    yield f"table {name} in {years_text(table)}"
    if "label" in table:
        yield f"table {name} means {table['label']}"
    if "xml_path" in table:
        yield f"table {name} at {table['xml_path'].partition(' ')[0]}"
    for other in (name, *table.get("aliases", ()), *filter(None, [table.get("title")])):
        yield f"table {name} also {fold(other)}"


def column_facts(where: str, column: dict[str, Any]) -> Iterator[str]:
    yield f"column {where}"
    if where.startswith("Header."):
        return
    yield f"column {where} is {TYPES.get(column['type'], column['type'])}"
    yield f"column {where} in {years_text(column)}"
    yield f"column {where} takes {column.get('code_set')}"
    yield f"column {where} means {column.get('label') or column['name']}"
    for other in (*column.get("header_variants_seen", ()), *filter(None, [column.get("xml_tag")])):
        yield f"column {where} also {fold(other)}"


def code_facts(name: str, code: dict[str, Any]) -> Iterator[str]:
    """Yield the facts of a code. Annex A has its own way to write each; there, the code is DfE's where there is one."""
    where = f"{name}.{(code['code'] if 'label' in code else code.get('dfe_code') or first_word(code['code'])).upper()}"
    yield f"code {where}"
    if "label" not in code:
        yield f"code {where} also {code['code']}"
        return
    relabelled = code.get("label_from_2026")
    yield f"code {where} in {years_text(code)}"
    yield f"code {where} means {code['label']}"
    if relabelled:
        yield f"code {where} means {relabelled}"


FIRST_WORDS = {
    "a) Looked after child": "LAC",
    "b) Child Protection plan": "CPP",
    "c) Child in need plan": "CIN",
    "d) Open assessment": "ASSESSMENT",
    "a) Return to family": "FAMILY",
    "c) SGO/CAO": "SGO/CAO",
    "e) Long-term residential placement": "RESIDENTIAL",
    "f) Long-term fostering": "FOSTERING",
}
"""Codes of our own, where the template has only a text and its first word would not do."""


def first_word(text: str) -> str:
    return FIRST_WORDS.get(text) or text.split(") ")[1].split()[0]


def years_text(fact: dict[str, Any]) -> str:
    """Return the years like 2021..2024; `2017_or_earlier` is no year: the oldest schema read was that of 2017."""
    first, last = (year if isinstance(year := fact.get(key), int) else "" for key in ("valid_from", "valid_to"))
    return f"{first}..{last}"


def fold(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


# --- facts of the catalogue ------------------------------------------------------------------------------------------


def catalogue_facts(return_: Return) -> Iterator[str]:
    """Yield every fact of one return, in the words of the standards."""
    for table in return_.tables.values():
        yield f"table {table.name}"
        yield f"table {table.name} in {said(table.years)}"
        yield f"table {table.name} means {table.row}"
        yield f"table {table.name} at {return_.root}/{table.path}" if table.path else f"table {table.name} has no path"
        for other in (table.name, *table.also):
            yield f"table {table.name} also {fold(other)}"
            yield f"some table also {fold(other)}"
        for column in table.columns:
            yield from facts_of_column(return_, table, column)
    for codes in return_.codes.values():
        for code in codes.codes:
            yield from facts_of_code(codes.name, code, [each for each in codes.codes if each.code == code.code])


def facts_of_column(return_: Return, table: Table, column: Column) -> Iterator[str]:
    """Yield the facts of a column. One of Annex A goes by its exact heading, which begins its `also` and its label."""
    name = column.also[0] if return_.name == "annex_a" else column.name
    label = name if return_.name == "annex_a" and column.label.startswith(name) else column.label
    where = f"{table.name}.{name}"
    yield f"column {where}"
    yield f"column {where} is {column.type}"
    yield f"column {where} in {said(column.years)}"
    yield f"column {where} takes {column.codes}"
    yield f"column {where} means {label}"
    yield from (f"column {where} also {fold(other)}" for other in column.also)


def facts_of_code(name: str, code: Code, versions: list[Code]) -> Iterator[str]:
    """Yield the facts of a code; one that was relabelled stands in several rows, and is valid in the years of all."""
    where = f"{name}.{code.code}"
    yield f"code {where}"
    yield f"code {where} in {said(Years(versions[0].years.first, versions[-1].years.last))}"
    yield f"code {where} means {code.label}"
    for other in code.also:
        yield f"code {where} also {other}"
        yield f"code {where} means {other}"


def said(years: Years) -> str:
    return f"{years.first or ''}..{years.last or ''}"


# --- the two compared ------------------------------------------------------------------------------------------------


def read_standard(shared: Path, name: str) -> dict[str, Any]:
    standard: dict[str, Any] = yaml.safe_load((shared / "standards" / f"{name}.yaml").read_text(encoding="utf-8"))
    return standard


def lacking(standard: dict[str, Any], return_: Return) -> set[str]:
    """Return the facts of the standard that the catalogue does not have."""
    return set(standard_facts(standard)) - set(catalogue_facts(return_))


@pytest.mark.parametrize("name", RETURNS)
def test_every_fact_of_the_standard_is_in_the_catalogue(name: str, shared: Path) -> None:
    standard = read_standard(shared, name)
    assert len(set(standard_facts(standard))) > 700
    assert lacking(standard, load_catalogue().returns[name]) == DIFFERENCES[name]


def with_column(return_: Return, table: str, name: str, *instead: Column) -> Return:
    """The return with this column replaced, or without it."""
    columns = [other for c in return_.tables[table].columns for other in (instead if c.name == name else [c])]
    return replace(return_, tables={**return_.tables, table: replace(return_.tables[table], columns=tuple(columns))})


def with_code(return_: Return, codes: str, code: str, **change: Any) -> Return:
    """The return with this code changed, or without it when nothing is to change."""
    kept = [
        replace(c, **change) if c.code == code else c for c in return_.codes[codes].codes if change or c.code != code
    ]
    return replace(return_, codes={**return_.codes, codes: replace(return_.codes[codes], codes=tuple(kept))})


def test_whatever_is_missing_or_other_is_noticed(shared: Path) -> None:
    return_, standard = load_catalogue().returns["ssda903"], read_standard(shared, "ssda903")
    dec, place = return_.tables["episodes"].column("DEC"), return_.tables["episodes"].column("PLACE")
    changed = {
        "column episodes.DEC": with_column(return_, "episodes", "DEC"),
        "column episodes.DEC is date": with_column(return_, "episodes", "DEC", replace(dec, type="text")),
        "column episodes.DEC in ..": with_column(return_, "episodes", "DEC", replace(dec, years=Years(2020))),
        "column episodes.PLACE also pl": with_column(return_, "episodes", "PLACE", replace(place, also=())),
        "column episodes.PLACE takes placement_type": with_column(
            return_, "episodes", "PLACE", replace(place, codes="missing")
        ),
        "code placement_type.K3": with_code(return_, "placement_type", "K3"),
        "code placement_type.K3 in 2024..": with_code(return_, "placement_type", "K3", years=Years(2025)),
        "code missing.M means Missing: not where expected and whereabouts unknown": with_code(
            return_, "missing", "M", label="Gone"
        ),
        "table dolo": replace(return_, tables={name: t for name, t in return_.tables.items() if name != "dolo"}),
    }
    for fact, other in changed.items():
        assert fact in lacking(standard, other)
        assert fact not in lacking(standard, return_)


def test_a_lost_spelling_of_annex_a_is_noticed(shared: Path) -> None:
    return_, standard = load_catalogue().returns["annex_a"], read_standard(shared, "annex_a")
    assert "code ethnicity.WBRI also a) WBRI" in lacking(standard, with_code(return_, "ethnicity", "WBRI", also=()))
    assert "code source.5D" in lacking(standard, with_code(return_, "source", "5D"))


# --- what goes by several names ---------------------------------------------------------------------------------------


def plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def claimed_twice(claims: Iterable[tuple[str, Iterable[str]]]) -> list[str]:
    """Return the spellings that two names claim, less punctuation and case."""
    owner: dict[str, str] = {}
    return [
        way for name, ways in claims for way in {plain(each) for each in ways} if owner.setdefault(way, name) != name
    ]


@pytest.mark.parametrize("name", RETURNS)
def test_no_heading_or_code_is_claimed_by_two(name: str) -> None:
    """Nothing declared makes a reader guess: a heading is of one column, a spelling of one code in any one year."""
    return_ = load_catalogue().returns[name]
    for table in return_.tables.values():
        assert claimed_twice((c.name, (c.name, *c.also)) for c in table.columns) == [], table.name
    for codes in return_.codes.values():
        for year in range(2014, 2028):
            valid = [code for code in codes.codes if year in code.years]
            assert claimed_twice((c.code, (c.code, *c.also)) for c in valid) == [], f"{codes.name} in {year}"
    assert claimed_twice((t.name, (t.name, *t.also)) for t in return_.tables.values()) == []


def test_a_spelling_of_two_is_noticed() -> None:
    assert claimed_twice([("a", ["PL", "place"]), ("b", ["P.L."])]) == ["pl"]


def test_what_a_blank_says_is_said_of_the_ends_of_things() -> None:
    """A case that an earlier return closed and the latest has open is open."""
    ends = [
        *("ssda903 episodes.DEC", "ssda903 episodes.REC", "ssda903 missing.MIS_END", "ssda903 uasc.DUC"),
        *("cin_census CINdetails.CINclosureDate", "cin_census ChildProtectionPlans.CPPendDate"),
        *("cin_census Assessments.AssessmentAuthorisationDate", "annex_a list_7.plan_end_date"),
    ]
    for end in ends:
        return_name, where = end.split()
        table, column = where.split(".")
        assert load_catalogue().returns[return_name].tables[table].column(column).blank, end


def test_items_of_the_xml_form_lie_where_the_return_says() -> None:
    """Tables that share the header's element say which of its items make a row of them."""
    return_ = load_catalogue().returns["ssda903"]
    paths = [table.path for table in return_.tables.values() if table.path and not table.only_with]
    assert len(paths) == len(set(paths))
    shared = {table.name for table in return_.tables.values() if table.only_with}
    assert shared == {"uasc", "oc3", "ad1"}
    for name in shared:
        table = return_.tables[name]
        assert table.path == f"{return_.child}/{return_.identity}"
        assert {item.partition("=")[0] for item in table.only_with} <= {*table.column_names, "UASC"}
    assert {table.name for table in return_.tables.values() if not table.path} == {"sw_episodes", "dolo"}
