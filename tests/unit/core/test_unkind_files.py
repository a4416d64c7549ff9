"""Words of files that nobody should meet in a message, and TOML that only breaks readers."""

from pathlib import Path

import pytest

from careloom.core import CareloomError, RequestError, StudyError, fit_to_show, read_toml
from careloom.core.errors import LONGEST
from careloom.core.parties import check_kinds, check_parties


def test_a_message_steers_no_screen_and_is_of_bounded_length() -> None:
    said = str(CareloomError(f"x: \x1b[31m{'a' * 300_000}\x07 is not known\n  one more line, Zoë"))
    assert said.endswith("? is not known\n  one more line, Zoë")
    assert said.startswith("x: ?[31maaa")
    assert len(said) < LONGEST + 50
    assert fit_to_show("plain, £5: Zoë") == "plain, £5: Zoë"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"a = {'[' * 5_000}{']' * 5_000}", "a number too long, or lists too deep"),
        (f"a = {'9' * 5_000}", "a number too long, or lists too deep"),
        ("a = ", "not valid TOML"),
    ],
)
def test_toml_that_breaks_a_reader_is_refused_in_words(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(StudyError, match=said):
        read_toml(tmp_path / "x.toml", StudyError)


def test_numbers_are_finite_texts_have_no_nul_and_tables_are_tables(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(
        f'a = inf\nb = nan\nc = {"9" * 400}\nd = "x\\u0000y"\ne = ["x\\u0000y"]\nf = [1]\ng = 2020-01-02T03:04:05Z\n'
    )
    keys = read_toml(path, StudyError)
    for name in "abc":
        with pytest.raises(StudyError, match="should be a number that is finite"):
            keys.number(name)
    with pytest.raises(StudyError, match=r"holds a sign \(NUL\)"):
        keys.text("d")
    with pytest.raises(StudyError, match=r"holds a sign \(NUL\)"):
        keys.texts("e")
    with pytest.raises(StudyError, match=r"should be tables, each under a heading \[\[f\]\]"):
        keys.tables("f")
    assert keys.day("g").isoformat() == "2020-01-02"


def test_a_message_of_another_kind_is_refused() -> None:
    check_kinds({"name": "x", "classes": 3}, ["name"], ["classes"])
    for words in ({"name": 1, "classes": 3}, {"name": "x", "classes": "3"}, {"name": "x", "classes": True}):
        with pytest.raises(TypeError):
            check_kinds(words, ["name"], ["classes"])
    with pytest.raises(RequestError, match="letters, digits"):
        check_parties("x", ["a", "b", ["c"]])  # type: ignore[list-item]
