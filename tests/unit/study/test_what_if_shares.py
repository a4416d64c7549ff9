"""Shares in a what-if: needs moved, fewer who come back, and rates; each is in the file as it was set, and told in words."""

from dataclasses import replace
from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.scenarios import load_scenarios, read_scenario
from careloom.core import RequestError
from careloom.study import read_study
from careloom.study.what_if import Changeable, WhatIf, words_of_changes, write_what_if

CATALOGUE = load_catalogue()
ASKED = WhatIf("Otherwise", "To see")
COULD = Changeable({"secure": "Secure home", "other": "Other"}, {"LAC 6": "LAC 6 Review"}, {"EBD": "EBD", "CWD": "CWD"})


def changes(study_file: Path, **asked: object) -> tuple[str, ...]:
    path = write_what_if(study_file, read_study(study_file, CATALOGUE), replace(ASKED, **asked))  # type: ignore[arg-type]
    return words_of_changes(read_scenario(path), COULD)


def test_what_was_set_is_told_in_words(anyshire: Path) -> None:
    assert changes(
        anyshire,
        fees={"secure": 3.5},
        often={"LAC 6": -50.0},
        rates={"social worker": 5.0},
        moved=25.0,
        moved_from="secure",
        moved_to="other",
        needs_moved=10.0,
        needs_from="EBD",
        needs_to="CWD",
        fewer_back=50.0,
    ) == (
        "Placement fees, Secure home: +3.5%",
        "How often the work is done, LAC 6 Review: -50%",
        "What an hour of staff costs, social worker: +5%",
        "Moved: 25% from Secure home to Other",
        "Moved: 10% from EBD to CWD",
        "Fewer come back: 50%",
    )


def test_who_comes_back_is_who_the_shipped_scenario_says(anyshire: Path) -> None:
    path = write_what_if(anyshire, read_study(anyshire, CATALOGUE), replace(ASKED, fewer_back=30.0))
    scenario, shipped = read_scenario(path), load_scenarios()["halve_re_entries"]
    assert scenario.changes == (replace(shipped.changes[0], number=0.3, low=None, high=None),)
    assert set(shipped.assumptions[1:]) < set(scenario.assumptions)


def test_every_shipped_scenario_can_be_told() -> None:
    for scenario in load_scenarios().values():
        assert all(words_of_changes(scenario, COULD))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"needs_moved": 5.0, "needs_from": "EBD"}, "say both"),
        ({"needs_moved": 5.0, "needs_from": "EBD", "needs_to": "EBD"}, "another need group"),
        ({"needs_moved": 101.0, "needs_from": "EBD", "needs_to": "CWD"}, "0 to 100%"),
        ({"fewer_back": 101.0}, "0 to 100%"),
        ({"fewer_back": -5.0}, "0 to 100%"),
        ({"rates": {"social worker": 301.0}}, "between -100% and 300%"),
    ],
)
def test_what_cannot_be_asked_is_not_written(anyshire: Path, asked: dict[str, object], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        changes(anyshire, **asked)
    assert list(anyshire.parent.glob("what_if_*")) == []
