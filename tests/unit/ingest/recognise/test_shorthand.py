"""What is written around the name of a service is taken off, short forms are written out, and meaning is left alone."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careloom.core import Code, CodeSet, Years
from careloom.ingest.recognise import CodeReader, Decisions
from careloom.ingest.recognise.shorthand import LONG_FORMS, bare, core, in_full, is_of_others, without_more

SERVICES = CodeSet(
    "services",
    tuple(
        Code(code, label, Years(), "", "made up", also=also)
        for code, label, also in (
            ("family_support", "Family support worker", ("FSW", "Home helper")),
            ("parenting", "Parenting programme", ("Triple P", "Domestic abuse talk")),
            ("alcohol_parent", "Parental alcohol support", ("Drug and alcohol service parent",)),
            ("alcohol_child", "Young person's alcohol service", ("YP drug and alcohol",)),
            ("counselling", "Counselling", ("Talking therapies",)),
            ("justice", "Youth justice service", ("YOT prevention",)),
            ("night", "Short break overnight", ("Respite nights",)),
        )
    ),
)


def read(text: str) -> tuple[str, str]:
    """Return how a text is read as a service, and which one it is or may be."""
    reading = CodeReader(SERVICES, "services", Decisions()).read(text)
    assert (reading.code is None) == (reading.how in ("proposed", "unclear", "unknown"))
    return reading.how, reading.means


@pytest.mark.parametrize(
    "text",
    [
        *("FSW x6", "FSW x 6 sessions", "FSW 12 hrs", "FSW 2 hrs pw", "FSW 2hrs per week", "FSW x wkly", "FSW weekly"),
        *(
            "FSW (ongoing)",
            "FSW - on-going",
            "FSW - ref'd",
            "FSW (see notes)",
            "FSW - agreed at panel",
            "FSW 2nd block",
        ),
        *("FSW from 01/04/2023", "FSW 01/04/2023 - 30/06/2023", "FSW Sept 2023", "FSW 2023/24", "FSW wef 1.4.23"),
        *("FSW - in house", "FSW (LA)", "FSW - inhouse", "fsw x6 (ongoing)", "FSW - 2nd block x6 - LA"),
    ],
)
def test_how_much_when_and_how_far_is_taken_off(text: str) -> None:
    assert bare(text).text.casefold() == "fsw"
    assert not bare(text).is_doubtful
    assert read(text) == ("normalised", "family_support")


@pytest.mark.parametrize("text", ["FSW ?", "FSW?", "FSW tbc", "FSW (TBC)", "FSW x6 - to be confirmed", "FSW tbc x6"])
def test_what_the_writer_doubted_is_only_proposed(text: str) -> None:
    assert bare(text).is_doubtful
    assert read(text) == ("proposed", "family_support")


@pytest.mark.parametrize(
    "text", ["Respite x2 nights", "Villa", "?", "x6", "FSW declined", "Block 2", "Step 2", "Men of May", "Council"]
)
def test_what_may_be_meaning_stays(text: str) -> None:
    assert bare(text).text == text


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("Fam supp wkr", "family support worker"),
        ("FSW", "family support worker"),
        ("D&A wkr", "drug and alcohol worker"),
        ("DV prog", "domestic abuse programme"),
        ("Domestic violence grp", "domestic abuse group"),
        ("S.17 pymt", "section 17 payment"),
        ("1:1 MH sess", "one to one mental health sessions"),
        ("1-2-1 YP", "one to one young person"),
        ("YOS", "youth justice service"),
        ("PA supper", "pa supper"),
    ],
)
def test_short_forms_are_written_out(text: str, full: str) -> None:
    assert in_full(text) == full


def test_writing_out_twice_changes_nothing_more() -> None:
    for short, full in LONG_FORMS.items():
        assert in_full(full) == full == in_full(short)


@pytest.mark.parametrize("text", ["Fam supp wkr", "fam. support wrkr", "Family supp. worker x6"])
def test_a_name_in_short_forms_is_used(text: str) -> None:
    assert read(text) == ("normalised", "family_support")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Triple P - Harbour Trust", "parenting"),
        ("Triple P (Harbour Trust) x6", "parenting"),
        ("Triple P x6 - Harbour Trust", "parenting"),
        ("Talk about home - FSW", "family_support"),
        ("Counselling sessions", "counselling"),
        ("YOT prevention worker", "justice"),
        ("D&A keyworker (mum)", "alcohol_parent"),
        ("Alcohol service - parents", "alcohol_parent"),
    ],
)
def test_a_name_with_more_beside_it_is_only_proposed(text: str, code: str) -> None:
    assert read(text) == ("proposed", code)


@pytest.mark.parametrize("text", ["Triple P - FSW", "FSW (Triple P)", "FSW x6 - Triple P"])
def test_two_services_in_one_text_are_never_chosen_between(text: str) -> None:
    assert read(text)[0] == "unclear"


@pytest.mark.parametrize(
    "text", ["Counselling - mum", "Talking therapies (parents)", "Counselling - declined", "FSW - not given"]
)
def test_for_whom_and_whether_it_was_given_is_not_taken_off(text: str) -> None:
    assert without_more(text) is None
    assert read(text)[0] in ("unclear", "unknown")


@pytest.mark.parametrize("text", ["FSW ended", "Ended FSW", "Family support worker declined", "Waiting FSW"])
def test_what_was_not_given_is_not_proposed(text: str) -> None:
    assert read(text)[0] in ("unclear", "unknown")


def test_a_service_of_the_parent_is_not_that_of_the_child() -> None:
    assert is_of_others("talking therapies mum", "talking therapies")
    assert is_of_others("child alcohol support", "parental alcohol support")
    assert not is_of_others("talking therapies", "talking therapies")
    assert read("YP alcohol support")[1] != "alcohol_parent"


def test_what_a_text_is_about_is_the_same_in_any_order() -> None:
    assert core("Alcohol service - parents") == core("Parental alcohol support worker") == "alcohol parent"
    assert core("Children's sessions") == "child"


def test_none_of_it_is_done_to_codes() -> None:
    codes = CodeSet("some", (Code("RC1", "Adopted", Years(), "", "made up"),))
    assert CodeReader(codes, "some", Decisions()).read("Adopted x6").code is None


@given(text=st.text(st.sampled_from("fswx6 -(),;/?tbc017"), max_size=200))
@settings(deadline=None)
def test_any_text_is_cut_quickly_and_never_to_nothing(text: str) -> None:
    started = time.process_time()
    left = bare(text).text
    without_more(left)
    assert bool(left) == bool(text.strip())
    assert bare(left).text == left
    assert time.process_time() - started < 1
