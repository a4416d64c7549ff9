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
    "names in each other's columns": {"first_name": "Wyhurst", "surname": "Thomas", "postcode": "ZZ7 7QQ"},
    "and a slip in both": {"first_name": "Wyhrust", "surname": "Thomass"},
    "a whole name with the surname first": {"first_name": None, "surname": None, "full_name": "Wyhurst Thomas"},
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


def test_twins_whose_names_are_in_each_others_columns_are_still_themselves(engine: Engine) -> None:
    """Alone, such a record shares neither name with the other twin, and is left to a person like any twin."""
    twin = {**TOM, "first_name": "Harry"}
    turned = [{**each, "first_name": each["surname"], "surname": each["first_name"]} for each in (twin, TOM)]
    assert link(engine, [TOM, twin, *FILLING], turned) == {"1": "2 alike", "2": "1 alike"}
    assert link(engine, [TOM, *FILLING], turned[:1]) == {"1": "alone"}
    assert doubts(engine) == ["twins, or a child renamed"]


def test_a_father_of_the_turned_name_is_nobody(duck: Engine) -> None:
    """James Thomas and Thomas James, of other days and places, are two."""
    james = {**TOM, "first_name": "James", "surname": "Thomas"}
    other = {**james, "first_name": "Thomas", "surname": "James", "born_on": dt.date(2010, 8, 9), "postcode": "ZZ7 7QQ"}
    assert link(duck, [james, *FILLING], [other]) == {"1": "alone"}


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


def draws(engine: Engine, known: list[Told], other: list[Told], times: int = 12) -> list[dict[str, str]]:
    """Weighed once, and drawn from so many times."""
    link(engine, known, other)
    return [link(engine, known, other, Likeness(draw=number)) for number in range(times)]


def test_links_that_are_drawn_are_one_to_one_and_differ_only_as_far_as_they_are_in_doubt(duck: Engine) -> None:
    """Two children of the same words: a patient is one of them or the other, and never both; who is sure stays so."""
    found = draws(duck, [TOM, TOM, ANN, *FILLING], [TOM, ANN])
    assert {each["2"] for each in found} == {"3 alike"}
    assert {each["1"] for each in found} == {"1 alike", "2 alike"}
    assert duck.rows(f"SELECT count(*) AS n FROM {DOUBTFUL}") == [(0,)]


def test_what_stays_in_doubt_however_alike_is_never_drawn_nor_what_cannot_be(duck: Engine) -> None:
    twin = {**TOM, "first_name": "Harry"}
    assert {each["1"] for each in draws(duck, [TOM, *FILLING], [twin])} == {"alone"}
    assert {each["1"] for each in draws(duck, [TOM, *FILLING], [{**TOM, "sex": "F"}])} == {"alone"}


def test_of_two_patients_alike_each_is_drawn_for_the_child_in_its_turn(duck: Engine) -> None:
    found = draws(duck, [TOM, *FILLING], [TOM, TOM])
    assert {tuple(sorted(each.values())) for each in found} == {("1 alike", "alone")}
    assert {each["1"] for each in found} == {"1 alike", "alone"}


def test_a_decision_holds_in_every_draw(duck: Engine) -> None:
    for is_same, expected in ((True, "1 decided"), (False, "alone")):
        decided = {("A|health|patient 1", "A|list|1"): is_same}
        found = {link(duck, [TOM, *FILLING], [TOM], Likeness(decided=decided, draw=n))["1"] for n in range(3)}
        assert found == {expected}


def three_systems(engine: Engine, told: Mapping[str, list[tuple[str, Told]]]) -> list[list[str]]:
    """Records of systems by name and number, none of a yearly return but cin; return who is one person, as `system/number`."""
    rows = [
        {"is_expected_birth": False, "delivery_id": 1, "collection_year": 2019, **each, "la": "A", "return_name": system, "child_id": number}
        for system, of in told.items()
        for number, each in of
    ]  # fmt: skip
    rows = [{**row, "line": line} for line, row in enumerate(rows)]
    for name in ("record", "identity_row"):
        known = TABLES[name].column_names
        engine.load(name, table(name, [{key: row[key] for key in row if key in known} for row in rows]))
    link_persons(engine, list, extracts=[name for name in told if name != "cin"], mode="probabilistic")
    groups: dict[str, list[str]] = {}
    for person, one in engine.rows(
        "SELECT person_id, concat(return_name, '/', child_id) AS one FROM person_of ORDER BY one"
    ):
        groups.setdefault(person, []).append(one)
    return sorted(group for group in groups.values() if len(group) > 1)


def fill(system: str) -> tuple[str, list[tuple[str, Told]]]:
    """A system of which nobody is in another: the filling, with names, days and homes of its own."""
    own, place = system[::-1].title(), ("cin", "health", "school").index(system)
    days = dt.timedelta(500 * place)
    return system, [
        (f"{system} {n}", {**each, "first_name": f"{own}{n}", "surname": f"{own}{each['surname']}", "born_on": each["born_on"] + days, "postcode": f"Y{place} {n % 9}AA"})
        for n, each in enumerate(FILLING)
    ]  # fmt: skip


def test_records_of_two_systems_are_one_child_whom_no_return_knows(duck: Engine) -> None:
    told = dict(map(fill, ("health", "school", "cin")))
    told["health"] += [("h1", TOM)]
    told["school"] += [("s1", {**TOM, "surname": "Wyhrust"}), ("s2", ANN)]
    assert three_systems(duck, told) == [["health/h1", "school/s1"]]


def test_two_systems_never_fuse_two_children_of_one_return(duck: Engine) -> None:
    """Ann's and Tom's school records are themselves; a health record between them joins one of them at most."""
    told = dict(map(fill, ("health", "school", "cin")))
    told["cin"] += [("c1", TOM), ("c2", ANN)]
    told["school"] += [("s1", TOM), ("s2", ANN)]
    told["health"] += [("h1", TOM)]
    assert three_systems(duck, told) == [["cin/c1", "health/h1", "school/s1"], ["cin/c2", "school/s2"]]
