"""Agreements are read strictly, hold on their days and for their purposes, and cover what they name."""

import datetime as dt
from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.core import StudyError
from careloom.govern import Agreement, is_among, read_agreements
from careloom.govern.agreements import months_after

CATALOGUE = load_catalogue()
GOOD = """
name = "Sharing agreement 7"
owner = "Anyshire"
authority = "998"
recipients = ["The university"]
purposes = ["What care costs"]
lawful_basis = "Article 6(1)(e)"
starts_on = 2026-01-01
expires_on = 2026-12-31
allowed = ["ssda903", "cin_census Assessments"]
excluded = ["ssda903 *.UPN", "ssda903 reviews"]
sensitive = ["health", "service counselling"]
may_link_with = ["Borchester"]
"""


def read(folder: Path, text: str = GOOD) -> Agreement:
    (folder / "agreements").mkdir(exist_ok=True)
    (folder / "agreements" / "a.toml").write_text(text)
    services = tuple(service.name for service in CATALOGUE.services)
    (agreement,) = read_agreements(folder / "agreements", CATALOGUE.returns, services)
    return agreement


def test_an_agreement_is_read(tmp_path: Path) -> None:
    agreement = read(tmp_path)
    assert (agreement.owner, agreement.authority, agreement.smallest_number) == ("Anyshire", "998", 1)
    assert agreement.keep_until == dt.date(2026, 12, 31)  # nothing else is said
    assert agreement.sensitive_services == ("counselling",)
    assert len(agreement.sha256) == 64


def test_without_a_folder_there_is_none(tmp_path: Path) -> None:
    assert read_agreements(tmp_path / "agreements", CATALOGUE.returns, ()) == ()


@pytest.mark.parametrize(
    ("item", "is_covered"),
    [
        ("ssda903 header.DOB", True),
        ("ssda903 header.UPN", False),  # excluded in every table
        ("ssda903 reviews.REVIEW", False),  # the table is excluded
        ("cin_census Assessments.Factors", True),
        ("cin_census ChildIdentifiers.UPN", False),  # the table is not allowed
        ("health camhs_referrals.reason", False),
    ],
)
def test_what_is_allowed_and_not_excluded_is_covered(item: str, is_covered: bool, tmp_path: Path) -> None:
    assert read(tmp_path).covers(item) is is_covered


def test_an_entry_names_no_more_than_it_says() -> None:
    assert is_among("ssda903 header.UPN", ("ssda903 header.UPN",))
    assert not is_among("ssda903 header.UPN2", ("ssda903 header.UPN",))
    assert not is_among("ssda903_more header.UPN", ("ssda903",))
    assert not is_among("ssda903 header_more.UPN", ("ssda903 header",))


@pytest.mark.parametrize(
    ("purpose", "day", "why"),
    [
        ("What care costs", "2026-01-01", ""),
        ("  what  CARE costs ", "2026-12-31", ""),
        ("What care costs", "2025-12-31", "a.toml holds from 2026-01-01 only"),
        ("What care costs", "2027-01-01", "a.toml expired on 2026-12-31"),
        ("Another", "2026-06-01", "a.toml is for another purpose"),
    ],
)
def test_it_holds_on_its_days_and_for_its_purposes(purpose: str, day: str, why: str, tmp_path: Path) -> None:
    assert read(tmp_path).why_not(purpose, dt.date.fromisoformat(day)) == why


def test_nothing_is_read_after_the_day_until_which_it_may_be_kept(tmp_path: Path) -> None:
    agreement = read(tmp_path, GOOD + "keep_until = 2026-06-30\n")
    assert agreement.why_not("What care costs", dt.date(2026, 7, 1)) == "a.toml expired on 2026-06-30"


@pytest.mark.parametrize(
    ("day", "months", "last"),
    [
        ("2026-01-01", 12, "2026-12-31"),
        ("2026-05-15", 1, "2026-06-14"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-12-31", 2, "2027-02-28"),
    ],
)
def test_months_are_counted_from_the_first_day(day: str, months: int, last: str) -> None:
    assert months_after(dt.date.fromisoformat(day), months) == dt.date.fromisoformat(last)


WRONG = {
    "not filled in": (('"Anyshire"', '"<who>"'), r'agreements/a.toml: "owner" is still to be filled in'),
    "a list not filled in": (('["What care costs"]', '["<what>"]'), '"purposes" is still to be filled in'),
    "an empty list": (('["The university"]', "[]"), '"recipients" is still to be filled in'),
    "another return": (('"ssda903",', '"ssda930",'), r'"allowed": nothing is called "ssda930"; did you mean "ssda903"'),
    "another table": (("cin_census Assessments", "cin_census Assesments"), r'did you mean "Assessments"'),
    "another column": (("ssda903 *.UPN", "ssda903 *.UNP"), 'nothing is called "ssda903 *.UNP"'),
    "another service": (("service counselling", "service counsel"), r'no kind of service "counsel"; did you mean'),
    "nothing allowed": (('["ssda903", "cin_census Assessments"]', "[]"), '"allowed" is empty'),
    "days turned round": (("2026-12-31", "2025-12-31"), '"keep_until" is before|"expires_on" is before'),
    "an unknown key": (("owner", 'ownr = "x"\nowner'), r'there is no key "ownr"'),
    "both ways to say how long": (("owner =", "keep_until = 2027-01-01\nkeep_months = 3\nowner ="), "not both"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_agreement_names_the_file_and_what_is_wrong(case: str, tmp_path: Path) -> None:
    change, said = WRONG[case]
    assert change[0] in GOOD
    with pytest.raises(StudyError, match=said.replace("*", r"\*")):
        read(tmp_path, GOOD.replace(*change))


KEYS = [line.split(" ")[0] for line in GOOD.strip().splitlines()]
ODD = (
    "7",
    "true",
    '""',
    '"x"',
    "[]",
    "[1]",
    '["<x>"]',
    "2026-01-01",
    "2026-01-01T10:00:00",
    "{ a = 1 }",
    "[[]]",
    "1e400",
    "nan",
    "999999999",
    "-1",
)


@pytest.mark.parametrize("key", [*KEYS, "keep_until", "keep_months", "smallest_number"])
def test_whatever_a_key_says_it_is_read_or_refused_by_name(key: str, tmp_path: Path) -> None:
    lines = [line for line in GOOD.strip().splitlines() if not line.startswith(f"{key} ")]
    for odd in ("", *ODD):
        text = "\n".join([*lines, f"{key} = {odd}" if odd else "", ""])
        assert refusal(tmp_path, text).startswith(("agreements/a.toml: ", "none"))


def refusal(folder: Path, text: str) -> str:
    """Why an agreement was refused; `none` when it was read, and can be asked."""
    try:
        agreement = read(folder, text)
    except StudyError as said:
        return str(said)
    agreement.why_not("What care costs", dt.date(2026, 6, 1))
    return f"none: {agreement.covers('ssda903 header.DOB')}"


def test_a_day_with_a_time_is_that_day(tmp_path: Path) -> None:
    text = GOOD.replace("expires_on = 2026-12-31", "expires_on = 2026-12-31T23:00:00Z")
    assert read(tmp_path, text).expires_on == dt.date(2026, 12, 31)


def test_a_file_that_is_no_toml_is_said(tmp_path: Path) -> None:
    for text in ("name = ", "\x00", "[[a", 'a = "1"\na = "2"'):
        with pytest.raises(StudyError, match="not valid TOML"):
            read(tmp_path, text)
