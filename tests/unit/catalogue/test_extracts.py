"""The generic extracts and the kinds of service: no spelling means two things, and made-up files are known by their headings."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from careloom.catalogue import Return, load_catalogue
from careloom.core import Table
from careloom.synth import make_england

CATALOGUE = load_catalogue()
EXTRACTS = {name: each for name, each in CATALOGUE.returns.items() if not each.yearly and name != "annex_a"}
TABLES = [(name, table) for name, each in EXTRACTS.items() for table in each.tables.values()]
ALL_TABLES = [(name, table) for name, each in CATALOGUE.returns.items() for table in each.tables.values()]
IDS = [f"{name} {table.name}" for name, table in TABLES]
MOST = 0.75
"""A table that knows fewer of a file's headings is not mistaken for the one that knows them all."""
MADE = {
    "case_system/people.csv": ("case_system", "people"),
    "early_help/early_help.csv": ("early_help", "assessments"),
    "education/pupil_roll_2022.csv": ("education", "pupil_roll"),
    "education/attendance_2022.csv": ("education", "attendance"),
    "education/exclusions_2022.csv": ("education", "exclusions"),
    "health/camhs_referrals.csv": ("health", "camhs_referrals"),
    "services/deliveries.csv": ("services", "deliveries"),
    "finance/weekly_fees.csv": ("finance", "weekly_fees"),
    "narratives/assessments.csv": ("narratives", "assessments"),
}
"""The files that are made up of these extracts, and the table each is of. Unit costs are a price sheet."""


def plain(spelling: str) -> str:
    """Return letters and figures only, in lower case: what is left when case, spaces and punctuation do not count."""
    return re.sub(r"[^a-z0-9]", "", spelling.lower().replace("&", "and"))


def said_of_two(things: Iterable[tuple[str, Iterable[str]]]) -> dict[str, set[str]]:
    """Return the spellings that are of more than one thing, and those of which nothing is left."""
    of: dict[str, set[str]] = defaultdict(set)
    for thing, spellings in things:
        for spelling in spellings:
            of[plain(spelling)].add(thing)
    return {spelling: whose for spelling, whose in of.items() if len(whose) > 1 or not spelling}


def headings_of(table: Table) -> dict[str, set[str]]:
    """Return, for each heading, the columns that go by it."""
    known: dict[str, set[str]] = defaultdict(set)
    for column in table.columns:
        for heading in (column.name, *column.also):
            known[plain(heading)].add(column.name)
    return known


def test_the_extracts_are_those_expected() -> None:
    assert set(EXTRACTS) == {
        *("case_system", "early_help", "education", "health", "youth_justice"),
        *("services", "activities", "finance", "narratives"),
    }


def test_two_things_of_one_spelling_would_be_noticed() -> None:
    said = [("day", ["Day respite"]), ("night", ["day-respite"]), ("nothing", ["£"])]
    assert said_of_two(said) == {"dayrespite": {"day", "night"}, "": {"nothing"}}


@pytest.mark.parametrize("extract", EXTRACTS.values(), ids=list(EXTRACTS))
def test_no_spelling_is_of_two_codes(extract: Return) -> None:
    for codes in extract.codes.values():
        assert said_of_two((code.code, (code.code, code.label, *code.also)) for code in codes.codes) == {}, codes.name


def test_no_spelling_is_of_two_services() -> None:
    services = CATALOGUE.services
    assert len(services) >= 30
    assert {service.group for service in services} == {"core", "additional"}
    assert said_of_two((each.name, (each.name, each.title, *each.also)) for each in services) == {}


def test_a_service_says_what_it_is_and_has_several_spellings() -> None:
    for service in CATALOGUE.services:
        assert re.fullmatch(r"[a-z0-9_]+", service.name)
        assert len(service.why.split()) > 5, service.name
        assert len(service.source.split()) > 3, service.name
        assert len({plain(way) for way in service.also}) >= 8, service.name


@pytest.mark.parametrize(("name", "table"), TABLES, ids=IDS)
def test_no_heading_is_of_two_columns(name: str, table: Table) -> None:
    assert said_of_two((column.name, (column.name, *column.also)) for column in table.columns) == {}


@pytest.mark.parametrize(("name", "table"), TABLES, ids=IDS)
def test_a_table_has_a_key_and_columns_it_cannot_do_without(name: str, table: Table) -> None:
    """A row whose needed key is blank is set aside; what else tells rows apart may be blank."""
    assert table.key
    needed = {column.name for column in table.columns if column.needed}
    assert set(table.key) & needed
    assert all(re.fullmatch(r"[a-z0-9_]+", column.name) for column in table.columns)


@pytest.mark.parametrize(("name", "table"), ALL_TABLES, ids=[f"{name} {table.name}" for name, table in ALL_TABLES])
def test_no_extract_knows_most_headings_of_another_table(name: str, table: Table) -> None:
    """Of the extracts and of the returns: tables of two or three columns are too small to say anything of."""
    heading = {plain(column.name) for column in table.columns}
    if len(heading) <= 3:
        return
    for other_name, other in TABLES:
        if other is not table:
            share = len(heading & set(headings_of(other))) / len(heading)
            assert share < MOST, f"{share:.0%} of {name} {table.name} is known to {other_name} {other.name}"


@pytest.mark.parametrize("extract", EXTRACTS.values(), ids=list(EXTRACTS))
def test_an_extract_is_explained(extract: Return) -> None:
    readme = (CATALOGUE.folder / "returns" / extract.name / "README.md").read_text(encoding="utf-8")
    assert readme.startswith("# ")
    assert "\nTraps:\n" in readme
    assert readme.count("\n* ") >= 4
    assert extract.layouts == ("table",)
    assert all(len(source.where.split()) > 3 for source in extract.sources)


# --- made-up files ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the one authority of a made-up England that keeps the extracts."""
    out = tmp_path_factory.mktemp("extracts")
    systems = sorted({path.split("/")[0] for path in MADE})
    make_england(out, children=120, years=(2021, 2022), seed=3, systems=systems, processes=1)
    (authority,) = {path.parent.parent for path in out.glob("*/*/*.csv") if "truth" not in path.parts}
    return authority


def heading_of(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))


def test_every_made_up_file_of_the_extracts_is_looked_at(made: Path) -> None:
    files = {path.relative_to(made).as_posix().replace("_2021", "_2022") for path in made.rglob("*.csv")}
    assert files - set(MADE) == {"finance/unit_costs.csv"}
    assert set(MADE) <= files


@pytest.mark.parametrize("path", MADE)
def test_each_heading_of_a_made_up_file_is_of_exactly_one_column(made: Path, path: str) -> None:
    extract, name = MADE[path]
    table = EXTRACTS[extract].tables[name]
    known, heading = headings_of(table), heading_of(made / path)
    found = [known.get(plain(each), set()) for each in heading]
    assert [each for each, columns in zip(heading, found, strict=True) if len(columns) != 1] == []
    columns = [column for columns in found for column in columns]
    assert len(set(columns)) == len(columns)
    assert {column.name for column in table.columns if column.needed} <= set(columns)


@pytest.mark.parametrize("path", MADE)
def test_no_other_table_knows_as_many_headings_of_a_made_up_file(made: Path, path: str) -> None:
    heading = {plain(each) for each in heading_of(made / path)}
    for other_name, other in TABLES:
        if (other_name, other.name) != MADE[path]:
            assert len(heading & set(headings_of(other))) < MOST * len(heading), f"{other_name} {other.name}"
