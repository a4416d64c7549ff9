"""Worked examples become typed tables."""

import datetime as dt

import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import ARROW, LoadedExamples, load_examples
from careloom.core.words import TYPES

OURS = load_catalogue()
CSV, XML = OURS.returns["ssda903"], OURS.returns["cin_census"]


def episodes(text: str) -> LoadedExamples:
    return load_examples(text, "episodes", year=2021, common=OURS.tables, return_=CSV)


def test_every_declared_type_has_an_arrow_type() -> None:
    assert set(ARROW) == set(TYPES)


def test_a_returns_table_has_all_its_columns_typed_and_says_where_rows_come_from() -> None:
    loaded = episodes("CHILD | DECOM | fails\nA | 01/06/2019 | no\nB | 2019-06-02 | yes\n")
    rows = loaded.tables["ssda903_episodes"]
    address = ["delivery_id", "la", "collection_year", "line", "standing"]
    assert rows.column_names == [*CSV.tables["episodes"].column_names, *address]
    assert rows["DECOM"].to_pylist() == [dt.date(2019, 6, 1), dt.date(2019, 6, 2)]
    assert rows["REC"].to_pylist() == [None, None]
    assert rows.select(address).to_pylist() == [
        {"delivery_id": 1, "la": "A", "collection_year": 2021, "line": line, "standing": "current"} for line in (2, 3)
    ]
    assert loaded.expected["ssda903_episodes"] == ({"fails": "no"}, {"fails": "yes"})


def test_an_example_may_say_where_its_rows_come_from() -> None:
    loaded = episodes("CHILD | la | collection_year | line | standing\nA | there | 2020 | 9 | superseded\nA | | | |\n")
    rows = loaded.tables["ssda903_episodes"].to_pylist()
    assert [rows[0][key] for key in ("la", "collection_year", "line", "standing")] == ["there", 2020, 9, "superseded"]
    assert [rows[1][key] for key in ("la", "collection_year")] == ["A", 2021]
    assert loaded.expected["ssda903_episodes"] == ({}, {})


def test_csv_comes_in_one_file_a_table_and_year_and_a_table_without_rows_was_supplied() -> None:
    loaded = episodes("CHILD | collection_year\nA | 2020\nA | 2021\n\nheader\nCHILD | SEX\n")
    delivered = loaded.tables["delivery"].select(["delivery_id", "table_name", "collection_year", "state"]).to_pylist()
    assert [tuple(row.values()) for row in delivered] == [
        (1, "episodes", 2020, "read"),
        (2, "header", 2020, "read"),
        (3, "episodes", 2021, "read"),
        (4, "header", 2021, "read"),
    ]
    assert loaded.tables["ssda903_episodes"]["delivery_id"].to_pylist() == [1, 3]
    assert loaded.tables["ssda903_header"].num_rows == 0


def test_xml_comes_in_one_file_a_year() -> None:
    text = "LAchildID | Disability\nA | NONE\n\nChildIdentifiers\nLAchildID | Sex\nA | M\n"
    loaded = load_examples(text, "Disabilities", year=2025, common=OURS.tables, return_=XML)
    assert loaded.tables["delivery"]["table_name"].to_pylist() == ["all"]
    for name in ("cin_census_Disabilities", "cin_census_ChildIdentifiers"):
        assert loaded.tables[name]["delivery_id"].to_pylist() == [1]


def test_common_tables_go_by_their_own_name() -> None:
    text = "person_id | starts_on | is_cp_plan | state | counts\nP | 2021-03-31 | true | | 3\n"
    loaded = load_examples(text, "timeline", year=2021, common=OURS.tables)
    assert set(loaded.tables) == {"timeline"}
    (row,) = loaded.tables["timeline"].to_pylist()
    assert (row["person_id"], row["starts_on"], row["is_cp_plan"]) == ("P", dt.date(2021, 3, 31), True)
    assert set(row) == set(OURS.tables["timeline"].column_names)
    assert loaded.expected["timeline"] == ({"counts": "3"},)


def test_a_table_that_is_not_declared_is_named_with_the_nearest() -> None:
    with pytest.raises(ValueError, match='no table "episode"; did you mean "episodes"'):
        episodes("episode\nCHILD | REC\nA | E11\n")


@pytest.mark.parametrize(("column", "cell"), [("DECOM", "31/02/2020"), ("line", "two")])
def test_a_cell_that_cannot_be_read_is_the_examples_fault(column: str, cell: str) -> None:
    with pytest.raises(ValueError, match=rf'episodes\.{column}: "{cell}" in an example cannot be read'):
        episodes(f"CHILD | {column}\nA | {cell}\n")
