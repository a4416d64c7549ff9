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


def persons(engine: Engine, rows: str) -> list[list[str]]:
    """Return the groups of identifiers that became one person, as `la/return/child_id`."""
    for name, table in load_examples(HEAD + rows, "record", year=2019, common=load_catalogue().tables).tables.items():
        engine.load(name, table)
    ledger = link_persons(engine, stand_in)
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


def test_nobody_is_nobody(engine: Engine) -> None:
    assert persons(engine, "") == []
