"""Names that people settle: added and never taken away, known again by the profile, and not to be changed by hand."""

import datetime as dt
import stat
from pathlib import Path

import numpy as np
import pytest

from careloom.core import StudyError
from careloom.typology.decisions import Decision, add_decision, congruence, latest, read_decisions, settled

ITEMS = ["drink", "drugs", "neglect"]
DAY = dt.date(2024, 5, 1)
DRINK = {"drink": 0.9, "drugs": 0.6, "neglect": 0.1}
NEGLECT = {"drink": 0.1, "drugs": 0.05, "neglect": 0.95}


def decision(name: str, profile: dict[str, float], version: int = 1) -> Decision:
    return Decision(version, name, "Jo Bloggs", DAY, profile)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "classes.csv"
    both = [decision("Drink, and drugs", DRINK), decision('Called "neglect"', NEGLECT)]
    for each in both:
        add_decision(path, each)
    assert read_decisions(path) == both
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_decisions(tmp_path / "none.csv") == []


def test_a_line_changed_by_hand_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "classes.csv"
    add_decision(path, decision("Drink", DRINK))
    written = path.read_text()
    for old, new in (("drugs=0.6", "drugs=0.7"), (",Drink,", ",Drugs,"), ("Jo Bloggs", "Al Bloggs"), ("2024", "2023")):
        assert old in written
        path.write_text(written.replace(old, new))
        with pytest.raises(StudyError, match=r"classes\.csv line 2: this was changed by hand"):
            read_decisions(path)


@pytest.mark.parametrize(
    "text", ["name\nDrink\n", "version,name,by,on,fingerprint,profile\n1,Drink,Jo,May,x,drink=1\n"]
)
def test_what_is_no_decision_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "classes.csv"
    path.write_text(text)
    with pytest.raises(StudyError, match="line 2: this is not a decision"):
        read_decisions(path)


def test_congruence_is_the_cosine_of_two_profiles() -> None:
    a, b = np.array([[3.0, 4.0], [1.0, 0.0]]), np.array([[4.0, 3.0], [0.0, 0.0]])
    assert congruence(a, b) == pytest.approx(np.array([[24 / 25, 0.0], [4 / 5, 0.0]]))


def test_a_class_is_known_again_by_its_profile() -> None:
    near = np.array([[0.12, 0.04, 0.9], [0.85, 0.66, 0.12], [0.5, 0.5, 0.5]])
    found = settled([decision("Drink", DRINK), decision("Neglect", NEGLECT)], ITEMS, near)
    assert [each.name if each else None for each in found] == ["Neglect", "Drink", None]


def test_the_last_decision_about_a_profile_counts_and_a_name_is_used_once() -> None:
    taken = [decision("Drink", DRINK), decision("Drink and drugs", DRINK, 2), decision("Drink and drugs", NEGLECT)]
    assert [(each.name, each.profile) for each in latest(taken, ITEMS)] == [("Drink and drugs", NEGLECT)]
    two = [decision("Drink", DRINK), decision("Substance misuse", DRINK, 2)]
    [found] = settled(two, ITEMS, np.array([[0.9, 0.6, 0.1]]))
    assert found is not None
    assert (found.name, found.version) == ("Substance misuse", 2)


def test_two_classes_alike_do_not_share_a_name() -> None:
    alike = np.array([[0.9, 0.6, 0.12], [0.9, 0.6, 0.1]])
    found = settled([decision("Drink", DRINK)], ITEMS, alike)
    assert [each is not None for each in found] == [False, True]
