"""Two ways to write the same words are the same; two things that differ in meaning are not."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from careloom.ingest.recognise.words import (
    code_and_label,
    code_form,
    labels_beside_codes,
    normalise,
    spoken,
    squeeze,
    without_list_mark,
)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Child\u2019s  disability ", "childs disability"),
        ("Childâ€™s disability", "childs disability"),
        ("Family\u00a0in acute_stress", "family in acute stress"),
        ("Zoë Café", "zoe cafe"),
        ("Drug & alcohol", "drug and alcohol"),
        ("(UASC) within the Last 12 Months (Y/N))", "uasc within the last 12 months y n"),
        ("STRASSE Straße", "strasse strasse"),
        (" -- ", ""),
    ],
)
def test_words_are_brought_to_one_way_of_writing(written: str, plain: str) -> None:
    assert normalise(written) == plain


@given(st.text())
@example("İ'ŉ½①ﬁ")
@example("â\u0301€™")
def test_what_is_normal_stays_so(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text())
def test_normal_words_have_single_spaces_and_no_capitals_or_marks(text: str) -> None:
    words = normalise(text)
    assert words == " ".join(words.split())
    assert words == words.casefold()
    assert all(mark.isalnum() or mark == " " for mark in words)


def test_headings_are_the_same_without_spaces() -> None:
    assert squeeze("LA child ID") == squeeze("LAchildID") == squeeze("la_child_id")
    assert spoken("PersonBirthDate") == "person birth date"


def test_two_numbers_are_not_run_together() -> None:
    assert squeeze("1 - 1") == "1 1"
    assert squeeze("RC 7") == "rc7"


@pytest.mark.parametrize("written", ["a) WBRI", "(a) WBRI", "zz) WBRI", "a. WBRI"])
def test_the_letter_of_a_list_is_taken_off(written: str) -> None:
    assert without_list_mark(written) == "WBRI"


@pytest.mark.parametrize("written", ["1", "1.0", "01", "001", "1.00", "a) 1", " 1 "])
def test_a_number_has_one_form(written: str) -> None:
    assert code_form(written) == "1"


@pytest.mark.parametrize("written", ["-1", "1?", "<1", "1+", "£1", "1%", "~1"])
def test_a_number_with_a_sign_is_not_the_number(written: str) -> None:
    assert code_form(written) == ""


@pytest.mark.parametrize(("written", "form"), [("0", "0"), ("0.0", "0"), ("1.5", "1 5"), ("10", "10"), ("E4A", "e4a")])
def test_other_codes_keep_their_form(written: str, form: str) -> None:
    assert code_form(written) == form


@pytest.mark.parametrize(
    "written", ["RC7 - Adopted", "RC7: Adopted", "RC7-Adopted", "[RC7] Adopted", "b) RC7: Adopted"]
)
def test_a_code_is_cut_from_its_label(written: str) -> None:
    assert code_and_label(written) == ("RC7", "Adopted")


@pytest.mark.parametrize("written", ["1-2", "RC7-8", "Adopted", "1:1", "", "a) "])
def test_what_has_no_label_is_not_cut(written: str) -> None:
    assert code_and_label(written) is None


@pytest.mark.parametrize("written", ["RC7 Adopted", "Adopted (RC7)", "Adopted - RC7", "Adopted [RC7]"])
def test_a_code_may_stand_before_or_behind_its_label(written: str) -> None:
    assert ("RC7", "Adopted") in labels_beside_codes(written)
