"""Codes are read as what they mean, and two that may both be meant are never chosen between."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.catalogue import load_catalogue
from careloom.core import Code, CodeSet, Years
from careloom.ingest.recognise import CodeReader, Decisions, Recognition
from careloom.ingest.recognise.scores import Scorer


def code_set(*codes: tuple[str, str, tuple[str, ...]]) -> CodeSet:
    return CodeSet("some", tuple(Code(code, label, Years(), "", "made up", also=also) for code, label, also in codes))


CLOSED = code_set(
    ("RC1", "Adopted", ()),
    ("RC7", "Services ceased for any other reason", ("Ceased - other", "NFR")),
    ("RC8", "Case closed after assessment", ()),
)
ETHNIC = code_set(
    ("WBRI", "White British", ("a) WBRI",)), ("WIRI", "White Irish", ()), ("REFU", "Refused", ("Not given",))
)
IN_TOUCH = code_set(("YES", "In touch", ()), ("NO", "Not in touch", ()))
FLAG = code_set(("0", "No", ()), ("1", "Yes", ()))
SERVICES = code_set(
    ("family_support", "Family support", ("FSW", "Direct work with family - FSW")),
    ("parenting_programme", "Parenting programme", ("Triple P", "OT assessment + equipment")),
    ("young_carers", "Young carers", ("YC group",)),
)


def read(codes: CodeSet, text: str, *decided: Recognition, accept: bool = False) -> tuple[str | None, str]:
    reading = CodeReader(codes, "some", Decisions(decided), accept).read(text)
    return reading.code, reading.how


def decided(written: str, decision: str, means: str = "") -> Recognition:
    return Recognition("value", "some", written, 1, means, decision=decision)


@pytest.mark.parametrize("text", ["RC7", "rc7", " RC7 ", "\u00a0Rc7"])
def test_a_code_in_any_case_is_exact(text: str) -> None:
    assert read(CLOSED, text) == ("RC7", "exact")


@pytest.mark.parametrize(
    "text",
    [
        *("RC 7", "rc-7", "a) RC7", "RC7 - Services ceased for any other reason", "RC7: left", "RC7 - anything said"),
        *("Services ceased, for any other reason", "SERVICES CEASED for any other reason.", "[RC7] ceased"),
        *("RC7 Services ceased for any other reason", "Services ceased for any other reason (RC7)"),
    ],
)
def test_a_code_with_its_label_is_read_as_the_code(text: str) -> None:
    assert read(CLOSED, text) == ("RC7", "normalised")


@pytest.mark.parametrize(("text", "code"), [("1.0", "1"), ("01", "1"), ("0.0", "0"), ("00", "0")])
def test_numbers_are_read_as_their_codes(text: str, code: str) -> None:
    assert read(FLAG, text) == (code, "normalised")


@pytest.mark.parametrize(
    "text", ["a) wbri", "(a) WBRI", "White-British", "WBRI - White British", "White British (WBRI)"]
)
def test_codes_that_are_words_are_read_when_the_label_agrees(text: str) -> None:
    assert read(ETHNIC, text)[0] == "WBRI"


@pytest.mark.parametrize("text", ["NFR", "nfr", "ceased: other", "Ceased other"])
def test_a_declared_spelling_is_used(text: str) -> None:
    assert read(CLOSED, text) == ("RC7", "spelling")


@pytest.mark.parametrize("text", ["-1", "1?", "<1", "1.5", "1 1", "1+1", "1/1"])
def test_what_is_not_quite_a_code_is_not_read_as_one(text: str) -> None:
    assert read(FLAG, text)[0] is None


def test_a_number_that_stands_for_two_codes_is_unclear() -> None:
    codes = code_set(("1", "One", ()), ("01", "Other one", ()))
    assert read(codes, "1.0") == (None, "unclear")
    assert read(codes, "01") == ("01", "exact")


def test_a_label_of_two_codes_is_unclear_until_one_declares_it() -> None:
    assert read(code_set(("1", "Male", ()), ("M", "Male", ())), "male") == (None, "unclear")
    assert read(code_set(("1", "Male", ("Male",)), ("M", "Male", ())), "male") == ("1", "spelling")


@pytest.mark.parametrize("text", ["RC1 - Case closed after assessment", "RC1: RC7", "RC1/RC8 both", "Adopted (RC7)"])
def test_a_code_beside_another_codes_label_is_unclear(text: str) -> None:
    assert read(CLOSED, text) == (None, "unclear")


@pytest.mark.parametrize("text", ["No - refused to say", "Yes: now and then"])
def test_a_word_that_is_a_code_is_not_used_when_more_is_said(text: str) -> None:
    assert read(IN_TOUCH, text)[0] is None


def test_old_and_local_codes_are_kept_in_capitals() -> None:
    assert read(CLOSED, "rc99") == ("RC99", "kept as written")
    assert read(FLAG, "2") == ("2", "kept as written")


def test_a_clear_misspelling_is_proposed() -> None:
    reader = CodeReader(SERVICES, "services", Decisions())
    reading = reader.read("Famly suport")
    assert (reading.code, reading.how, reading.means) == (None, "proposed", "family_support")
    assert reading.score >= 88
    assert read(SERVICES, "Famly suport", accept=True) == ("family_support", "confirmed")


def test_a_service_has_no_local_codes() -> None:
    assert CodeReader(SERVICES, "services", Decisions()).read("A12").code is None


def test_a_service_with_more_said_of_it_is_proposed() -> None:
    assert CodeReader(SERVICES, "services", Decisions()).read("Young carers: club").code is None
    mentoring = code_set(("mentoring", "Mentoring", ()))
    assert CodeReader(mentoring, "services", Decisions()).read("Mentoring - sports").means == "mentoring"


@pytest.mark.parametrize("text", ["Not in tuch", "Unsuitabel", "Subtype 13"])
def test_what_may_mean_the_opposite_is_never_proposed_for_it(text: str) -> None:
    codes = code_set(("a", "In touch", ()), ("b", "Suitable", ()), ("c", "Subtype 11", ()))
    assert read(codes, text, accept=True)[0] is None


def test_short_texts_are_never_scored() -> None:
    assert read(SERVICES, "FSV") == (None, "unknown")
    assert read(ETHNIC, "WBRY") == (None, "unknown")  # one letter from a code, but codes are not scored


@pytest.mark.parametrize("text", ["aa" + "- " * 15_000, "(" * 30_000, "RC1 - " + "x " * 15_000])
def test_prose_in_a_column_of_codes_is_not_searched(text: str) -> None:
    assert read(CLOSED, text) == (None, "unknown")


def test_what_a_person_said_wins_over_all_but_exact() -> None:
    assert read(CLOSED, "Adopted", decided("adopted", "RC8")) == ("RC8", "confirmed")
    assert read(CLOSED, "gone", decided("Gone", "yes", "RC7")) == ("RC7", "confirmed")
    assert read(CLOSED, "Adopted", decided("Adopted", "no", "RC1")) == (None, "confirmed")
    assert read(CLOSED, "RC99", decided("RC99", "no", "RC99")) == (None, "confirmed")
    assert read(CLOSED, "RC1", decided("RC1", "RC8")) == ("RC1", "exact")


def test_everything_not_exact_is_listed_with_its_count() -> None:
    reader = CodeReader(CLOSED, "annex_a some", Decisions())
    for text, times in {"RC1": 5, "adopted": 3, "RC99": 2, "qqqq": 1}.items():
        reader.read(text)
        reader.count(text, times)
    told = {row.written: (row.scope, row.times, row.means, row.meaning, row.how) for row in reader.recognitions()}
    assert told == {
        "adopted": ("annex_a some", 3, "RC1", "Adopted", "spelling"),
        "RC99": ("annex_a some", 2, "RC99", "", "kept as written"),
        "qqqq": ("annex_a some", 1, "", "", "unknown"),
    }


def test_what_was_accepted_is_written_as_decided() -> None:
    reader = CodeReader(SERVICES, "services", Decisions(), accept=True)
    reader.read("Famly suport")
    reader.read("YC-group")
    assert [row.decision for row in reader.recognitions()] == ["family_support", ""]


words = st.text(string.ascii_letters + " -:/()", min_size=1, max_size=30)


@given(text=words, labels=st.lists(words, min_size=2, max_size=5, unique=True))
def test_of_two_near_candidates_none_is_proposed(text: str, labels: list[str]) -> None:
    scorer = Scorer((str(number), label) for number, label in enumerate(labels))
    best = scorer.best(text)
    alone = {str(n): Scorer([(str(n), label)]).best(text).score for n, label in enumerate(labels)}
    if best.how == "proposed":
        others = [score for name, score in alone.items() if name != best.name]
        assert alone[best.name] - max(others) >= 4  # 5, in whole numbers
        assert best.score >= 88


@given(text=words, label=words)
def test_one_label_of_two_codes_is_never_used(text: str, label: str) -> None:
    codes = code_set(("X91", label, ()), ("X92", label, ()))
    assert read(codes, text, accept=True)[0] in (
        None,
        *(code for code in ("X91", "X92") if code.lower() in text.lower()),
    )


@given(text=st.text())
def test_any_text_is_read_without_fault(text: str) -> None:
    for codes in (FLAG, ETHNIC, SERVICES):
        reading = CodeReader(codes, "some", Decisions()).read(text)
        assert reading.how not in ("proposed", "unclear", "unknown") or reading.code is None


def test_every_code_of_the_catalogue_is_read_as_itself() -> None:
    for return_ in load_catalogue().returns.values():
        for codes in return_.codes.values():
            reader = CodeReader(codes, "some", Decisions())
            for code in codes.codes:
                glued = f"{code.code} - {code.label}"
                assert reader.read(code.code).code == code.code
                assert reader.read(code.code.lower()).how == "exact"
                assert reader.read(glued).code in (code.code, None), (codes.name, code.code)
