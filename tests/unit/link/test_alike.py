"""Records without a shared key are joined by likeness: one child each, families kept apart, the doubtful left to a person."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.kinds import ARROW
from careloom.engine import Engine
from careloom.link import DOUBTFUL, Likeness, link_persons

TABLES = load_catalogue().tables
DAY = dt.date(2010, 3, 4)
TOM = {"first_name": "Thomas", "surname": "Wyhurst", "born_on": DAY, "sex": "M", "postcode": "ZZ1 2AB"}
ANN = {"first_name": "Ann", "surname": "Longden", "born_on": dt.date(2012, 7, 8), "sex": "F", "postcode": "ZZ3 4CD"}
Told = Mapping[str, Any]


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    schema = pa.schema([(column.name, ARROW[column.type]) for column in TABLES[name].columns])
    return pa.Table.from_pylist(rows, schema=schema)


def link(engine: Engine, known: list[Told], other: list[Told], likeness: Likeness = Likeness()) -> dict[str, str]:  # noqa: B008
    """Known children are in a yearly return and in a list with their names; others are patients. Return each patient's rule."""
    told = [("A", "list", f"{n}", each) for n, each in enumerate(known, start=1)]
    told += [("A", "health", f"patient {n}", each) for n, each in enumerate(other, start=1)]
    told += [("A", "cin", f"{n}", each) for n, each in enumerate(known, start=1)]
    rows = [
        {
            "is_expected_birth": False,
            "delivery_id": 1,
            **each,
            "la": la,
            "return_name": r,
            "child_id": c,
            "line": n,
            "collection_year": 2019,
        }
        for n, (la, r, c, each) in enumerate(told)
    ]
    record = [{name: row[name] for name in row if name in TABLES["record"].column_names} for row in rows]
    identity = [
        {name: row[name] for name in row if name in TABLES["identity_row"].column_names}
        for row in rows
        if row["return_name"] != "cin"
    ]
    engine.load("record", table("record", record))
    engine.load("identity_row", table("identity_row", identity))
    ledger = link_persons(engine, list, extracts=["list", "health"], mode="probabilistic", likeness=likeness)
    assert ledger.balances
    found = engine.rows(
        "SELECT h.child_id AS patient, h.link_rule, coalesce(max(c.child_id), '') AS child FROM person_of AS h "
        "LEFT JOIN person_of AS c ON c.person_id = h.person_id AND c.return_name = 'cin' "
        "WHERE h.return_name = 'health' GROUP BY h.child_id, h.link_rule"
    )
    return {patient.removeprefix("patient "): f"{child} {rule}".strip() for patient, rule, child in found}


def doubts(engine: Engine) -> list[str]:
    return [why for (why,) in engine.rows(f"SELECT doubt FROM {DOUBTFUL} ORDER BY doubt")]


FILLING: list[Told] = [
    {"first_name": f"Q{a}{b}", "surname": f"Z{b}{a}X", "born_on": dt.date(2005, 1 + n % 12, 1 + n), "sex": "MF"[n % 2], "postcode": f"ZZ9 {n % 9}QQ"}
    for n, (a, b) in enumerate((a, b) for a in "abcd" for b in "efghi")
]  # fmt: skip
"""Other children, so that no name is half of all names."""


def test_the_same_words_are_the_same_child(engine: Engine) -> None:
    assert link(engine, [TOM, ANN, *FILLING], [ANN, TOM]) == {"1": "2 alike", "2": "1 alike"}
    assert doubts(engine) == []


SLIPS: dict[str, Told] = {
    "a short form": {"first_name": "Tom"},
    "a slip in the surname": {"surname": "Wyhrust"},
    "day and month turned": {"born_on": dt.date(2010, 4, 3)},
    "another street": {"postcode": "ZZ1 2XY"},
    "no postcode and no sex": {"postcode": None, "sex": "U"},
}


@pytest.mark.parametrize("slip", SLIPS)
def test_one_slip_does_not_lose_a_child(slip: str, duck: Engine) -> None:
    assert link(duck, [TOM, ANN, *FILLING], [{**TOM, **SLIPS[slip]}]) == {"1": "1 alike"}


def test_a_stranger_is_nobody(duck: Engine) -> None:
    assert link(
        duck,
        [TOM, ANN, *FILLING],
        [{**TOM, "first_name": "Ben", "born_on": dt.date(2011, 1, 2), "postcode": "ZZ7 7QQ"}],
    ) == {"1": "alone"}


def test_a_brother_is_not_his_brother(duck: Engine) -> None:
    brother = {**TOM, "first_name": "Harry", "born_on": dt.date(2012, 5, 6)}
    assert link(duck, [TOM, *FILLING], [brother]) == {"1": "alone"}
    assert link(duck, [TOM, brother, *FILLING], [brother, TOM]) == {"1": "2 alike", "2": "1 alike"}


def test_twins_each_find_themselves_and_a_twin_alone_is_left_to_a_person(engine: Engine) -> None:
    twin = {**TOM, "first_name": "Harry"}
    assert link(engine, [TOM, twin, *FILLING], [twin, TOM]) == {"1": "2 alike", "2": "1 alike"}
    assert link(engine, [TOM, *FILLING], [twin]) == {"1": "alone"}
    assert doubts(engine) == ["twins, or a child renamed"]


def test_an_unborn_child_is_found_once_born_and_not_taken_for_a_brother(duck: Engine) -> None:
    unborn = {**TOM, "first_name": "Unborn", "sex": "U", "born_on": dt.date(2010, 3, 20), "is_expected_birth": True}
    older = {**TOM, "first_name": "Harry", "born_on": dt.date(2007, 5, 6)}
    found = link(duck, [unborn, older, *FILLING], [TOM], Likeness(threshold=0.9))
    assert found == {"1": "1 alike"}


def test_a_child_is_one_patient_and_the_second_is_left_to_a_person(duck: Engine) -> None:
    assert link(duck, [TOM, *FILLING], [TOM, {**TOM, "postcode": None}]) == {"1": "1 alike", "2": "alone"}
    assert doubts(duck) == ["the record knows each child once"]


def test_two_children_who_are_equally_likely_are_left_to_a_person(duck: Engine) -> None:
    assert link(duck, [TOM, TOM, *FILLING], [TOM]) == {"1": "alone"}
    assert doubts(duck) == ["two are nearly as likely"] * 2


def test_two_sexes_are_never_joined_and_listed(duck: Engine) -> None:
    assert link(duck, [TOM, *FILLING], [{**TOM, "sex": "F", "nhs_number": None}]) == {"1": "alone"}
    assert duck.rows("SELECT link_rule, why FROM link_broken") == [("alike", "two sexes")]


@pytest.mark.parametrize(("is_same", "expected"), [(True, "1 decided"), (False, "alone")])
def test_what_a_person_decided_holds(is_same: bool, expected: str, duck: Engine) -> None:
    decided = Likeness(decided={("A|health|patient 1", "A|list|1"): is_same})
    assert link(duck, [TOM, *FILLING], [{**TOM, "first_name": "Harry"}], decided) == {"1": expected}
    assert link(duck, [TOM, *FILLING], [TOM], decided) == {"1": expected}
    assert doubts(duck) == []


def test_a_decision_about_somebody_who_is_not_there_does_nothing(duck: Engine) -> None:
    assert link(duck, [TOM, *FILLING], [TOM], Likeness(decided={("B|x|1", "A|list|1"): True})) == {"1": "1 alike"}


def test_nobody_with_a_name_is_nobody_joined(duck: Engine) -> None:
    assert link(duck, [], []) == {}
    assert link(duck, [{"born_on": DAY, "sex": "M"}], [{"sex": "M"}]) == {"1": "alone"}
