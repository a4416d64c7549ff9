"""[link] is read strictly, and what people decided is read with it."""

from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.core import StudyError
from careloom.study import read_study
from careloom.study.asked_of_links import AskedOfLinks, Decision, settled

STUDY = """
[study]
name = "Test"
from = 2018-04-01
to = 2020-03-31
out = "results"
[[delivery]]
return = "ssda903"
authority = "998"
year = 2019
files = ["a.csv"]
"""
HEADING = "one,two,decision,probability,who,when,why\n"


def links(folder: Path, text: str = "") -> AskedOfLinks:
    (folder / "a.csv").write_text("x")
    (folder / "study.toml").write_text(f"{STUDY}[link]\n{text}\n" if text else STUDY)
    return read_study(folder / "study.toml", load_catalogue()).links


def test_both_keys_join_unless_the_study_says_otherwise(tmp_path: Path) -> None:
    asked = links(tmp_path)
    assert (asked.mode, asked.likeness.threshold, asked.likeness.doubtful_from) == ("both", 0.95, 0.5)
    assert asked.decided == tmp_path / "links_decided.csv"
    assert not asked.likeness.decided


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('link_mode = "probabilstic"', 'did you mean "probabilistic"'),
        ('mode = "both"', 'no key "mode"'),
        ("threshold = 1.5", '"threshold" is a probability'),
        ("doubtful_from = 0", '"doubtful_from" is a probability'),
        ("threshold = 0.4", 'should not be above "threshold"'),
    ],
)
def test_what_is_wrong_is_named(wrong: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=said):
        links(tmp_path, wrong)


def test_what_people_decided_is_read(tmp_path: Path) -> None:
    (tmp_path / "ours.csv").write_text(
        HEADING + "b,a,same,0.7,ann,2026-01-01,sure\nc,d,different,0.6,ann,2026-01-01,no\n"
    )
    asked = links(tmp_path, 'decided = "ours.csv"')
    assert asked.likeness.decided == {("a", "b"): True, ("c", "d"): False}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("one,two\n", "the first line should be"),
        (HEADING + "a,b,maybe,0.7,ann,x,y\n", "line 2"),
        (HEADING + "a,b,same\n", "line 2"),
    ],
)
def test_a_file_of_decisions_that_is_none_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "links_decided.csv").write_text(text)
    with pytest.raises(StudyError, match=said):
        links(tmp_path)


def said(who: str, decision: str, one: str = "a", two: str = "b") -> Decision:
    return Decision(one, two, decision, "0.7", who, "2026-01-01", "")


def test_the_last_word_of_each_counts_and_only_where_all_agree() -> None:
    assert settled([said("ann", "same"), said("ann", "different")]) == {("a", "b"): False}
    assert settled([said("ann", "same"), said("bob", "different")]) == {}
    assert settled([said("ann", "same"), said("bob", "different"), said("bob", "same", "b", "a")]) == {("a", "b"): True}
