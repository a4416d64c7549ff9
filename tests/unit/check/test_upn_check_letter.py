"""The UPN's check letter in SQL against the rule worked out one character at a time."""

import random

import pyarrow as pa

from careloom.catalogue import load_catalogue
from careloom.engine import Engine, with_names

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
VIEW = load_catalogue().returns["cin_census"].views["upn_check_letter"]


def check_letter(upn: str) -> str:
    """Government Data Standards Catalogue, Unique Pupil Number 2.0 (2004), validations 1 to 6."""
    total = 0
    for position, character in enumerate(upn[1:], start=2):
        total += position * (int(character) if character.isdigit() else LETTERS.index(character))
    return LETTERS[total % 23]


def test_as_worked_out_by_hand(engine: Engine) -> None:
    draw = random.Random(903)
    digits = ["".join(draw.choices("0123456789", k=11)) for _ in range(46 * 10)]
    upns = [f"Z{middle}{last}" for middle, last in zip(digits, (LETTERS + "0123456789") * 14, strict=False)]
    assert {check_letter(upn) for upn in upns} == set(LETTERS)
    engine.load("pupils", pa.table({"UPN": upns}))
    select = "SELECT UPN, check_letter FROM upn_check_letter"
    found = engine.rows(with_names({"ChildIdentifiers": "SELECT * FROM pupils", "upn_check_letter": VIEW}, select))
    assert dict(found) == {upn: check_letter(upn) for upn in upns}


def test_other_shapes_have_no_check_letter(duck: Engine) -> None:
    others = ["", "H80120000100", "H8012000010011", "H80120000X001", "H80120000100O", "h80120000100b", "UN1"]
    duck.load("pupils", pa.table({"UPN": others}))
    names = {"ChildIdentifiers": "SELECT * FROM pupils", "upn_check_letter": VIEW}
    assert duck.rows(with_names(names, "SELECT UPN FROM upn_check_letter")) == []


def test_the_reference_knows_published_numbers() -> None:
    # the right and the wrong number in the documentation of python-stdnum
    assert check_letter("B801200005001") == "B"
    assert check_letter("A801200005001") != "A"
