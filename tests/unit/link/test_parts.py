"""Names, births and postcodes are cut into parts, of which two records of one child share some in spite of an error."""

import datetime as dt
import doctest
from typing import Any

import pytest

import careloom.link.parts
from careloom.link.parts import PARTS, near, parts_of

TOLD: dict[str, Any] = {
    "first_name": "Thomas", "surname": "O'Brien-Smith", "born_on": dt.date(2010, 3, 4), "sex": "M", "postcode": "zz1 2ab",
    "nhs_number": "999 000 0000", "upn": "X1",
}  # fmt: skip


def test_the_examples_in_the_words_hold() -> None:
    assert doctest.testmod(careloom.link.parts).failed == 0


def test_every_part_is_there() -> None:
    parts = parts_of(TOLD)
    assert set(parts) == set(PARTS)
    assert None not in parts.values()
    assert [parts[name] for name in ("surname", "postcode", "sector", "district")] == [
        "OBRIENSMITH",
        "ZZ12AB",
        "ZZ12",
        "ZZ1",
    ]


def test_what_is_not_told_is_not_a_part() -> None:
    assert set(parts_of({}).values()) == {None}


@pytest.mark.parametrize(
    ("one", "two", "shared"),
    [
        ("SMITH", "SMYTH", True),  # another letter
        ("SMITH", "SMIHT", True),  # turned
        ("SMITH", "SMTH", True),  # lost
        ("SMITH", "SMIITH", True),  # doubled
        ("SMITH", "SMALL", False),
        ("LI", "LO", False),  # too short to tell a slip from another name
        ("ANNA", "HANNAH", False),  # two letters
    ],
)
def test_one_slip_leaves_something_in_common(one: str, two: str, shared: bool) -> None:
    assert bool(set(near(one) or []) & set(near(two) or [])) is shared


def told(**other: Any) -> dict[str, Any]:
    return parts_of(TOLD | other)


def test_short_forms_share_the_whole_name_and_not_each_other() -> None:
    thomas, tom, tim = (set(told(first_name=name)["first_called"]) for name in ("Thomas", "Tom", "Timothy"))
    assert thomas & tom
    assert not tom & tim


def test_an_unborn_child_has_no_first_name_and_no_day_but_the_months_it_may_come() -> None:
    unborn = told(first_name="Unborn", born_on=dt.date(2010, 3, 10), is_expected_birth=True)
    assert (unborn["first_name"], unborn["first_near"], unborn["born_on"]) == (None, None, None)
    assert unborn["born_months"] == ["2010-01", "2010-02", "2010-03", "2010-04"]


def test_a_turned_date_is_found() -> None:
    assert told(born_on=dt.date(2010, 4, 3))["born_on"] == told()["born_turned"]


@pytest.mark.parametrize("whole", ["O'BRIEN-SMITH, Thomas", "Thomas O'Brien-Smith"])
def test_a_whole_name_is_cut(whole: str) -> None:
    parts = told(first_name=None, surname=None, full_name=whole)
    assert (parts["first_name"], parts["surname"]) == ("THOMAS", "OBRIENSMITH")


def test_names_in_each_others_columns_are_the_same_two_names() -> None:
    right, turned = told(), told(first_name="O'Brien-Smith", surname="Thomas")
    assert right["both_names"] == turned["both_names"] == "OBRIENSMITH THOMAS"
    assert set(right["first_near"]) & set(turned["surname_near"])
    assert told(surname=None)["both_names"] is None
    assert told(first_name="Unborn")["both_names"] is None
