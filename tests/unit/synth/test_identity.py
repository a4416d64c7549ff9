"""The same child in both returns: identifier, birth, sex, ethnic group, pupil number."""

import string

import numpy as np

from careloom.synth.days import birthday, collection_year, day
from careloom.synth.who.numbers import check_letter


def expected_letter(upn):
    """The rule as the standard words it, one step at a time."""
    total = 0
    for position, character in enumerate(upn[1:], start=2):
        total += position * int(character)
    alphabet = [letter for letter in string.ascii_uppercase if letter not in "IOS"]
    return alphabet[total % 23]


def test_check_letter_by_hand():
    # 2*1 + 3*2 + ... : digits 1,2,3,0,0,0,0,0,0,0,0,1 weigh 2+6+12+13 = 33, and 33 - 23 = 10, the eleventh letter of
    # A B C D E F G H J K L
    letter = check_letter(np.array([[1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1]]))
    assert chr(letter[0]) == "L"


def test_pupil_numbers_are_valid_and_belong_to_one_child(written):
    owner = {}
    for year in written.years:
        for row in written.table(year, "header"):
            if len(row["UPN"]) == 13:
                assert row["UPN"][1:4] == "501"
                assert row["UPN"][0] == expected_letter(row["UPN"])
                assert owner.setdefault(row["UPN"], row["CHILD"]) == row["CHILD"]
            else:
                assert row["UPN"] in ("UN1", "UN2", "UN5")
    assert len(owner) > 50


def test_looked_after_children_are_the_same_children_in_the_census(written):
    for year in written.years:
        census = {}
        for child in written.census(year).iter("Child"):
            who = child.find("ChildIdentifiers")
            upn = who.findtext("UPN") or who.findtext("UPNunknown")
            sex = who.findtext("Sex") or who.findtext("GenderCurrent")
            ethnic = child.findtext("ChildCharacteristics/Ethnicity")
            census[who.findtext("LAchildID")] = (who.findtext("PersonBirthDate"), sex, ethnic, upn)
        in_care = {row["CHILD"] for row in written.table(year, "episodes")}  # not the care leavers
        for row in (each for each in written.table(year, "header") if each["CHILD"] in in_care):
            dob = "-".join(reversed(row["DOB"].split("/")))
            assert census[row["CHILD"]] == (dob, row["SEX"], row["ETHNIC"], row["UPN"])


def test_identifiers_are_opaque_and_short(written):
    ids = [row["child_id"] for row in written.truth("person")]
    assert len(ids) == len(set(ids))
    assert 2200 < len(ids) < 2800  # about 2,500 were asked for: their number is drawn
    assert all(len(i) <= 10 and i.isalnum() for i in ids)


def test_care_lies_within_an_open_case(written):
    open_on = {}
    for (child, referred), returned in written.cases().items():
        if returned[0].findtext("ReferralNFA") == "0":
            open_on.setdefault(child, []).append((referred, returned[-1].findtext("CINclosureDate") or "9999"))
    for history in written.histories():
        for episode in history:
            begun = "-".join(reversed(episode["DECOM"].split("/")))
            ended = "-".join(reversed(episode["DEC"].split("/"))) or begun
            assert any(r <= begun and ended <= c for r, c in open_on[episode["CHILD"]])


def test_birthdays_and_collection_years():
    born = np.array([day(2004, 2, 29), day(2004, 12, 31)])
    assert birthday(born, 18).tolist() == [day(2022, 3, 1), day(2022, 12, 31)]
    assert birthday(born, 4).tolist() == [day(2008, 2, 29), day(2008, 12, 31)]
    assert collection_year(np.array([day(2020, 3, 31), day(2020, 4, 1)])).tolist() == [2020, 2021]
