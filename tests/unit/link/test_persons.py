"""Children are joined on authority and identifier, and on UPN, unless sex or date of birth says otherwise."""

import base64
import hashlib
from collections.abc import Sequence

import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import load_examples
from careloom.engine import Engine
from careloom.link import link_persons

HEAD = "record\nla | return_name | child_id | collection_year | upn | born_on | is_expected_birth | sex | ethnicity | is_uasc | delivery_id | line\n"


def stand_in(identifiers: Sequence[str]) -> list[str]:
    return [base64.b32encode(hashlib.sha256(identifier.encode()).digest()).decode()[:26] for identifier in identifiers]


def persons(engine: Engine, rows: str, extracts: Sequence[str] = ()) -> list[list[str]]:
    """Return the groups of identifiers that became one person, as `la/return/child_id`."""
    for name, table in load_examples(HEAD + rows, "record", year=2019, common=load_catalogue().tables).tables.items():
        engine.load(name, table)
    ledger = link_persons(engine, stand_in, extracts=extracts)
    assert ledger.balances
    groups: dict[str, list[str]] = {}
    for person, la, return_, child in engine.rows(
        "SELECT person_id, la, return_name, child_id FROM person_of ORDER BY la, return_name, child_id"
    ):
        groups.setdefault(person, []).append(f"{la}/{return_}/{child}")
    assert len(engine.rows("SELECT person_id FROM person")) == len(groups)
    return sorted(groups.values())


CASES = {
    "the same identifier in two returns of one authority": (
        "A | cin | 1 | 2019 | | 2010-01-01 | false | M | | | 1 | 1\nA | 903 | 1 | 2019 | | 2010-01-01 | false | M | | | 2 | 1",
        [["A/903/1", "A/cin/1"]],
    ),
    "the same identifier in two authorities is two children": (
        "A | cin | 1 | 2019 | | 2010-01-01 | false | M | | | 1 | 1\nB | cin | 1 | 2019 | | 2010-01-01 | false | M | | | 2 | 1",
        [["A/cin/1"], ["B/cin/1"]],
    ),
    "the same UPN in two authorities is one child": (
        "A | cin | 1 | 2019 | U | 2010-01-01 | false | M | | | 1 | 1\nB | cin | 7 | 2019 | U | 2010-01-01 | false | M | | | 2 | 1",
        [["A/cin/1", "B/cin/7"]],
    ),
    "identifier and UPN make a chain": (
        "A | cin | 1 | 2019 | U | 2010-01-01 | false | M | | | 1 | 1\nA | 903 | 1 | 2019 | | 2010-01-01 | false | M | | | 2 | 1\nB | cin | 7 | 2019 | U | 2010-01-01 | false | M | | | 3 | 1",
        [["A/903/1", "A/cin/1", "B/cin/7"]],
    ),
    "a child returned in several years is one identifier": (
        "A | cin | 1 | 2018 | | 2010-01-01 | false | M | | | 1 | 1\nA | cin | 1 | 2019 | | 2010-01-01 | false | M | | | 2 | 1\nA | cin | 2 | 2019 | | 2010-01-01 | false | M | | | 2 | 2",
        [["A/cin/1"], ["A/cin/2"]],
    ),
    "sex contradicts": (
        "A | cin | 1 | 2019 | | 2010-01-01 | false | M | | | 1 | 1\nA | 903 | 1 | 2019 | | 2010-01-01 | false | F | | | 2 | 1",
        [["A/903/1"], ["A/cin/1"]],
    ),
    "dates of birth more than a month apart contradict": (
        "A | cin | 1 | 2019 | | 2010-01-01 | false | M | | | 1 | 1\nA | 903 | 1 | 2019 | | 2010-02-02 | false | M | | | 2 | 1",
        [["A/903/1"], ["A/cin/1"]],
    ),
    "an expected date of birth contradicts nothing, nor does an unknown sex": (
        "A | cin | 1 | 2019 | | 2010-01-01 | true | U | | | 1 | 1\nA | 903 | 1 | 2019 | | 2010-02-20 | false | M | | | 2 | 1",
        [["A/903/1", "A/cin/1"]],
    ),
    "an extract joins by the authority's own number": (
        "A | cin | 1 | 2019 | | 2010-01-01 | false | M | | | 1 | 1\nA | services | 1 | 2018 | | | false | U | | | 2 | 1\nA | services | 2 | 2018 | | | false | U | | | 2 | 2",
        [["A/cin/1", "A/services/1"], ["A/services/2"]],
    ),
    "a pupil joins by UPN, also in another authority, and one list of people lends a UPN to another": (
        "A | cin | 1 | 2019 | | 2010-01-01 | false | M | | | 1 | 1\nA | people | 1 | 2019 | U | 2010-01-01 | false | M | | | 2 | 1\nA | education | upn U | 2018 | U | 2010-01-01 | false | M | | | 3 | 1\nB | education | upn U | | U | | false | U | | | 4 | 1\nA | education | upn V | 2018 | V | 2010-01-01 | false | M | | | 3 | 2",
        [["A/cin/1", "A/education/upn U", "A/people/1", "B/education/upn U"], ["A/education/upn V"]],
    ),
    "a number of a provider is no number of the authority": (
        "A | cin | 1 | 2019 | | 2010-01-01 | false | M | | | 1 | 1\nA | health | patient 1 | 2019 | | 2010-01-01 | false | M | | | 2 | 1\nA | youth_justice | youth justice 1 | 2019 | | 2010-01-01 | false | M | | | 3 | 1",
        [["A/cin/1"], ["A/health/patient 1"], ["A/youth_justice/youth justice 1"]],
    ),
    "a pupil whose date of birth contradicts is another": (
        "A | cin | 1 | 2019 | U | 2010-01-01 | false | M | | | 1 | 1\nA | education | upn U | 2019 | U | 2011-01-01 | false | M | | | 2 | 1",
        [["A/cin/1"], ["A/education/upn U"]],
    ),
    "a blank UPN joins nobody": (
        "A | cin | 1 | 2019 | | 2010-01-01 | false | M | | | 1 | 1\nA | cin | 2 | 2019 | | 2010-01-01 | false | M | | | 1 | 2",
        [["A/cin/1"], ["A/cin/2"]],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_who_is_one_person(case: str, engine: Engine) -> None:
    rows, expected = CASES[case]
    assert persons(engine, rows) == expected


def test_attributes_are_the_last_recorded_and_a_real_birth_beats_an_expected_one(engine: Engine) -> None:
    persons(
        engine,
        "A | cin | 1 | 2019 | | 2019-05-01 | true | U | NOBT | false | 2 | 1\n"
        "A | 903 | 1 | 2018 | | 2019-05-09 | false | M | WBRI | true | 1 | 1\n",
    )
    assert engine.rows(
        "SELECT sex, ethnicity, ethnic_group, CAST(born_on AS VARCHAR), is_expected_birth, is_uasc FROM person"
    ) == [("M", "NOBT", "Unknown", "2019-05-09", False, True)]


def test_the_yearly_returns_have_the_last_word_and_extracts_fill_what_they_leave_open(engine: Engine) -> None:
    rows = (
        "A | cin | 1 | 2018 | | 2010-01-02 | false | M | | | 1 | 1\n"
        "A | people | 1 | 2021 | | 2010-01-05 | false | F | WBRI | | 2 | 1\n"
        "A | services | 1 | | | | false | U | | | 3 | 1\n"
    )
    told = "SELECT sex, ethnicity, CAST(born_on AS VARCHAR) FROM person JOIN person_of USING (person_id) WHERE return_name = 'cin'"
    persons(engine, rows.replace("| F |", "| M |"), extracts=("people", "services"))
    assert engine.rows(told) == [("M", "WBRI", "2010-01-02")]
    persons(engine, rows.replace("| F |", "| M |"))
    assert engine.rows(told) == [("M", "WBRI", "2010-01-05")]


def test_an_extract_never_parts_or_joins_what_the_yearly_returns_say(engine: Engine) -> None:
    """Its name may come first of all, and it may know too little, or something wrong."""
    alike = "A | cin | 1 | 2019 | | 2010-01-01 | false | M | | | 1 | 1\nA | s903 | 1 | 2019 | | 2010-01-01 | false | M | | | 2 | 1\n"
    wrong = "A | activities | 1 | 2019 | | 2012-01-01 | false | F | | | 3 | 1\n"
    bare = "A | activities | 1 | 2019 | | | false | U | | | 3 | 1\n"
    assert persons(engine, alike + wrong, ["activities"]) == [["A/activities/1"], ["A/cin/1", "A/s903/1"]]
    with_it = engine.rows("SELECT person_id FROM person_of WHERE return_name = 'cin'")
    persons(engine, alike)
    assert engine.rows("SELECT person_id FROM person_of WHERE return_name = 'cin'") == with_it
    apart = alike.replace("| M | | | 2", "| F | | | 2")
    assert persons(engine, apart + bare, ["activities"]) == [["A/activities/1", "A/cin/1"], ["A/s903/1"]]


BOY = "A | cin | 12 | 2019 | | 2005-01-01 | false | M | | | 1 | 1\n"
GIRL = "A | s903 | 12 | 2019 | U1 | 2012-06-01 | false | F | | | 2 | 1\n"
OTHER_GIRL = GIRL.replace("12 | 2019", "99 | 2019")

EXTRACTS = {
    "one that fits two different children of its number joins that of its UPN": (
        BOY + GIRL + "A | list | 12 | 2019 | U1 | | false | U | | | 3 | 1",
        [["A/cin/12"], ["A/list/12", "A/s903/12"]],
    ),
    "and the first when nothing else tells": (
        BOY + GIRL + "A | list | 12 | 2019 | | | false | U | | | 3 | 1",
        [["A/cin/12", "A/list/12"], ["A/s903/12"]],
    ),
    "one that contradicts the first of its key joins another that it fits": (
        BOY + GIRL + "A | list | 12 | 2019 | | 2012-06-01 | false | F | | | 3 | 1",
        [["A/cin/12"], ["A/list/12", "A/s903/12"]],
    ),
    "the authority's own number beats a UPN": (
        BOY + OTHER_GIRL + "A | list | 12 | 2019 | U1 | | false | U | | | 3 | 1",
        [["A/cin/12", "A/list/12"], ["A/s903/99"]],
    ),
    "unless the child of that number contradicts": (
        BOY + OTHER_GIRL + "A | list | 12 | 2019 | U1 | 2012-06-01 | false | F | | | 3 | 1",
        [["A/cin/12"], ["A/list/12", "A/s903/99"]],
    ),
    "any identifier of the person may contradict, not only the one that shares the key": (
        "A | cin | 1 | 2019 | U1 | | false | U | | | 1 | 1\nB | cin | 2 | 2019 | U1 | 2010-01-01 | false | M | | | 2 | 1\n"
        "A | list | 1 | 2019 | | 2012-01-01 | false | F | | | 3 | 1",
        [["A/cin/1", "B/cin/2"], ["A/list/1"]],
    ),
    "a UPN that one list lends a person leads another list to it, but only where it leads to no person of the returns": (
        BOY
        + "A | list | 12 | 2019 | U1 | | false | U | | | 3 | 1\nB | school | upn U1 | 2019 | U1 | | false | U | | | 4 | 1",
        [["A/cin/12", "A/list/12", "B/school/upn U1"]],
    ),
    "a lent UPN does not outweigh that of a return": (
        BOY
        + OTHER_GIRL
        + "A | list | 12 | 2019 | U1 | | false | U | | | 3 | 1\nB | school | upn U1 | 2019 | U1 | | false | U | | | 4 | 1",
        [["A/cin/12", "A/list/12"], ["A/s903/99", "B/school/upn U1"]],
    ),
    "two that fit nobody are linked with each other": (
        BOY
        + "A | list | 12 | 2019 | | 2012-06-01 | false | F | | | 3 | 1\nA | school | 12 | 2019 | | 2012-06-02 | false | F | | | 4 | 1",
        [["A/cin/12"], ["A/list/12", "A/school/12"]],
    ),
}


@pytest.mark.parametrize("case", EXTRACTS)
def test_an_extract_joins_one_child_of_the_returns_at_most(case: str, engine: Engine) -> None:
    rows, expected = EXTRACTS[case]
    assert persons(engine, rows, ["list", "school"]) == expected


def test_what_joined_an_extract_is_said(engine: Engine) -> None:
    persons(engine, EXTRACTS["unless the child of that number contradicts"][0], ["list"])
    rules = engine.rows("SELECT return_name, child_id, link_rule FROM person_of ORDER BY return_name")
    assert rules == [("cin", "12", "alone"), ("list", "12", "upn"), ("s903", "99", "upn")]


def test_a_date_of_birth_from_an_extract_beats_an_expected_one(engine: Engine) -> None:
    rows = "A | cin | 1 | 2019 | | 2019-05-01 | true | U | | | 1 | 1\nA | people | 1 | 2018 | | 2019-05-09 | false | M | | | 2 | 1"
    persons(engine, rows, extracts=("people",))
    assert engine.rows("SELECT sex, CAST(born_on AS VARCHAR), is_expected_birth FROM person") == [
        ("M", "2019-05-09", False)
    ]


def test_nobody_is_nobody(engine: Engine) -> None:
    assert persons(engine, "") == []
