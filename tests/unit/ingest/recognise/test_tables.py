"""A table is found by its heading, wherever that stands, and what is not sure is asked and never used."""

import csv
import string
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.catalogue import Return, load_catalogue
from careloom.core import Column, DeliveryError, Table
from careloom.ingest.recognise import (
    Decisions,
    Found,
    HeadingError,
    Mapping,
    Recognition,
    UnknownHeadingError,
    find_table,
)
from careloom.ingest.recognise.headings import match_headings

RETURNS = load_catalogue().returns
SSDA903 = RETURNS["ssda903"]
CANDIDATES = [(r, t) for name in ("ssda903", "cin_census") for r in [RETURNS[name]] for t in r.tables.values()]
HEADER = ["CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB"]
ROW = ["Zebedee1", "1", "02/03/2010", "WBRI", "UN1", "", ""]


def top(*rows: Sequence[str]) -> list[tuple[int, list[str]]]:
    return [(line, list(cells)) for line, cells in enumerate(rows, start=1)]


def find(*rows: Sequence[str], decided: Sequence[Recognition] = (), accept: bool = False, sheet: str = "") -> Found:
    return find_table(top(*rows), CANDIDATES, Decisions(decided), "some.csv", sheet, accept=accept)


def column(name: str, needed: bool = False, also: tuple[str, ...] = (), label: str = "") -> Column:
    return Column(name, "text", label or f"What {name} says", "open", needed=needed, also=also)


def one_of(*tables: Table) -> list[tuple[Return, Table]]:
    return [(SSDA903, table) for table in tables]


VISITS = Table(
    "visits",
    "A visit",
    (
        column("child_id", True, ("Client ID", "Person No")),
        column("visited_on", True, ("Visit date",), "Day of the visit (not planned)"),
        column("seen_alone", False, ("Seen alone?",)),
        column("stage_1_date"),
        column("stage_2_date"),
    ),
    also=("Visits list",),
)


@pytest.mark.parametrize("table", SSDA903.tables.values(), ids=lambda table: table.name)
def test_every_table_is_found_by_its_own_heading(table: Table) -> None:
    found = find(table.column_names, ["x"] * len(table.columns))
    assert (found.return_, found.table, found.heading_line, found.remarks) == (SSDA903, table, 1, "")
    assert found.positions == {name: at for at, name in enumerate(table.column_names)}
    assert found.recognitions == ()


def test_no_table_of_the_catalogue_is_taken_for_another() -> None:
    candidates = [(r, t) for r in RETURNS.values() if "table" in r.layouts for t in r.tables.values()]
    for return_, table in candidates:
        for way in (0, -1):
            heading = [column.also[way] if column.also else column.name for column in table.columns]
            for names in (table.column_names, heading):
                found = find_table(top(names), candidates, Decisions(), "some.csv")
                assert (found.return_.name, found.table.name) == (return_.name, table.name)
                assert len(found.positions) == len(names), (return_.name, table.name)


def test_a_heading_below_title_rows_is_found() -> None:
    found = find(["List of children"], ["made in May", "", ""], ["", *HEADER], ["1", *ROW])
    assert (found.table.name, found.heading_line) == ("header", 3)
    assert found.positions["CHILD"] == 1
    assert "the heading is not in the first row" in found.remarks


def test_an_index_column_and_blank_ones_are_passed_over() -> None:
    for index in ("", "Unnamed: 0", "index", "#", "Row"):
        found = find([index, *HEADER, ""], ["0", *ROW, ""])
        assert "not used" not in found.remarks
        assert found.positions["CHILD"] == 1


def test_what_is_not_delivered_and_not_used_is_said_by_our_names() -> None:
    found = find([*HEADER[:5], "Zebedee", "Dougal"])
    assert "columns not delivered: MOTHER, MC_DOB" in found.remarks
    assert "2 columns not used" in found.remarks
    assert "Zebedee" not in found.remarks


def test_headings_written_otherwise_are_read_and_listed() -> None:
    found = find_table(
        top(["client id ", "Day of the visit", "SeenAlone", "STAGE 1 DATE"]), one_of(VISITS), Decisions(), "some.csv"
    )
    assert found.positions == {"child_id": 0, "visited_on": 1, "seen_alone": 2, "stage_1_date": 3}
    assert [(row.written, row.means, row.how) for row in found.recognitions] == [
        ("client id", "child_id", "spelling"),
        ("Day of the visit", "visited_on", "normalised"),
        ("SeenAlone", "seen_alone", "normalised"),
        ("STAGE 1 DATE", "stage_1_date", "normalised"),
    ]
    assert {row.scope for row in found.recognitions} == {"ssda903 visits"}


def test_a_year_and_an_authority_in_each_row_are_found() -> None:
    found = find(["Year", "LA Code", *HEADER])
    assert (found.positions["collection_year"], found.positions["la"]) == (0, 1)
    assert "not used" not in found.remarks
    own = Table("own", "x", (column("year", True), column("la", True), column("child", True)))
    assert find_table(top(["YEAR", "LA", "child"]), one_of(own), Decisions(), "x").positions == {
        "year": 0,
        "la": 1,
        "child": 2,
    }


def test_the_surest_of_two_headings_is_taken_and_the_other_listed() -> None:
    headings = match_headings(["Client ID", "child_id", "visited_on"], VISITS, "ssda903 visits", Decisions())
    assert headings.positions == {"child_id": 1, "visited_on": 2}
    assert [(row.written, row.means, row.how) for row in headings.recognitions] == [
        ("Client ID", "child_id", "unclear")
    ]


@pytest.mark.parametrize("heading", [["DOB", "dob"], ["D O B", "D.O.B."]])
def test_a_column_that_comes_twice_is_refused(heading: list[str]) -> None:
    with pytest.raises(DeliveryError, match=r"some\.csv line 1: column DOB comes twice"):
        find(["CHILD", *heading, "SEX", "ETHNIC", "UPN", "MOTHER", "MC_DOB"])


def test_of_two_spellings_of_a_column_a_person_says_which() -> None:
    heading = ["Client ID", "Person No", "visited_on", "seen_alone"]
    with pytest.raises(HeadingError, match="column child_id comes twice") as fault:
        find_table(top(heading), one_of(VISITS), Decisions(), "some.csv")
    assert {row.written for row in fault.value.recognitions} == {"Client ID", "Person No"}
    no = Recognition("heading", "ssda903 visits", "Person No", decision="no")
    assert find_table(top(heading), one_of(VISITS), Decisions([no]), "some.csv").positions["child_id"] == 0


def test_a_needed_column_that_is_missing_is_named() -> None:
    with pytest.raises(HeadingError, match=r"some\.csv line 1: column DOB is missing; table header has CHILD,SEX,DOB"):
        find([name for name in HEADER if name != "DOB"])


def test_a_heading_like_a_needed_column_is_asked_and_used_once_confirmed() -> None:
    heading = ["child_id", "visitd_on", "seen_alone", "stage_1_date", "stage_2_date"]
    with pytest.raises(
        HeadingError, match="visited_on is missing; a heading like visited_on is there: confirm it in"
    ) as fault:
        find_table(top(heading), one_of(VISITS), Decisions(), "some.csv")
    (row,) = fault.value.recognitions
    assert (row.written, row.means, row.how, row.is_open) == ("visitd_on", "visited_on", "proposed", True)
    for decisions, accept in (
        (Decisions([replace(row, decision="yes")]), False),
        (Decisions(), True),
    ):
        found = find_table(top(heading), one_of(VISITS), decisions, "some.csv", accept=accept)
        assert found.positions["visited_on"] == 1
        assert found.recognitions[0].how == "confirmed"


def test_a_heading_like_two_columns_is_never_used() -> None:
    heading = ["child_id", "visited_on", "stage_3_date"]
    for accept in (False, True):
        found = find_table(top(heading), one_of(VISITS), Decisions(), "some.csv", accept=accept)
        assert "stage_1_date" not in found.positions
        assert [row.how for row in found.recognitions] == ["unclear"]


def test_two_headings_like_one_column_are_both_unclear() -> None:
    headings = match_headings(["child_id", "visitd_on", "visited_o"], VISITS, "x", Decisions(), accept=True)
    assert headings.positions == {"child_id": 0}
    assert [row.how for row in headings.recognitions] == ["unclear", "unclear"]


def test_two_tables_that_are_near_are_not_chosen_between_but_a_sheet_name_says() -> None:
    planned = Table("planned", "A planned visit", VISITS.columns)
    candidates = one_of(VISITS, planned)
    with pytest.raises(HeadingError, match="could be that of ssda903 visits or ssda903 planned; say which"):
        find_table(top(VISITS.column_names), candidates, Decisions(), "some.xlsx")
    for sheet, name in ("Visits-List", "visits"), ("PLANNED", "planned"):
        assert find_table(top(VISITS.column_names), candidates, Decisions(), "some.xlsx", sheet).table.name == name


def test_a_heading_of_only_what_two_tables_share_is_not_chosen_for_one() -> None:
    with pytest.raises(HeadingError, match="could be that of ssda903 uasc or ssda903 header"):
        find(["CHILD", "SEX", "DOB"])
    assert find(["CHILD", "SEX", "DOB"], sheet="UASC").table.name == "uasc"


def test_a_sheet_name_does_not_outweigh_the_heading() -> None:
    assert find(HEADER, ROW, sheet="episodes").table.name == "header"


@pytest.mark.parametrize("rows", [[ROW], [["a", "b", "c"], ["1", "2", "3"]], [["Guidance"], ["Read this first"]]])
def test_what_is_no_heading_is_refused_with_an_example_and_no_cell(rows: list[list[str]]) -> None:
    with pytest.raises(UnknownHeadingError) as fault:
        find(*rows)
    said = str(fault.value)
    assert "some.csv line 1: this is not the heading of any table of ssda903, cin_census" in said
    assert "careloom map FILE" in said
    assert "Zebedee" not in said


def test_an_extract_of_a_case_system_is_not_taken_for_a_return() -> None:
    heading = "child_id,first_name,surname,known_as,date_of_birth,expected,sex,ethnicity,upn,nhs,address,postcode,town"
    with pytest.raises(UnknownHeadingError):
        find(heading.split(","))


def test_a_file_without_a_heading_is_refused() -> None:
    with pytest.raises(UnknownHeadingError, match="there is no heading"):
        find()


junk = st.text(string.ascii_lowercase, min_size=9, max_size=20).map(lambda text: f"zq{text}")


@given(data=st.data(), table=st.sampled_from(list(SSDA903.tables.values())))
def test_columns_nobody_knows_change_nothing(data: st.DataObject, table: Table) -> None:
    heading = list(table.column_names)
    for name in data.draw(st.lists(junk, max_size=40)):
        heading.insert(data.draw(st.integers(0, len(heading))), name)
    found = find(heading)
    assert found.table == table
    assert {name: heading[at] for name, at in found.positions.items()} == {name: name for name in table.column_names}


@given(st.lists(st.lists(st.text(max_size=12), max_size=6), max_size=6))
def test_any_rows_are_found_or_refused(rows: list[list[str]]) -> None:
    with suppress(DeliveryError):
        assert find(*rows).positions


def test_a_mapped_file_is_read_as_mapped() -> None:
    mapping = Mapping("ssda903", "missing", {"CHILD": "Who", "DOB": "Born", "MISSING": "What", "MIS_START": "From"})
    rows = top(["A title"], ["From", "Who ", "born", "WHAT", "Year", "Extra"])
    found = find_table(rows, CANDIDATES, Decisions(), "some.csv", mappings=[mapping])
    assert (found.table.name, found.heading_line) == ("missing", 2)
    assert found.positions == {"CHILD": 1, "DOB": 2, "MISSING": 3, "MIS_START": 0, "collection_year": 4}
    assert "columns not delivered: MIS_END; 1 columns not used" in found.remarks
    with pytest.raises(DeliveryError, match="the heading mapped to CHILD comes twice"):
        find_table(top(["From", "Who", "Born", "What", "Who"]), CANDIDATES, Decisions(), "some.csv", mappings=[mapping])


def test_a_mapping_whose_headings_are_not_all_there_is_passed_over() -> None:
    mapping = Mapping("ssda903", "missing", {"CHILD": "Who", "DOB": "DOB"})
    assert find_table(top(HEADER), CANDIDATES, Decisions(), "x.csv", mappings=[mapping]).table.name == "header"


def test_the_samples_of_others_are_found(shared: Path) -> None:
    names = {"placed_for_adoption": "placed_adoption", "previous_permanence": "prev_perm"}
    files = sorted((shared / "samples" / "ssda903").glob("*.csv"))
    assert len(files) == 11
    for path in files:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row, _ in zip(csv.reader(file), range(30), strict=False)]
        assert find(*rows).table.name == names.get(path.stem, path.stem)
