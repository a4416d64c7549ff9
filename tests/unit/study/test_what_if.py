"""A what-if put together field by field is a scenario file: what was asked stands in it, and it is never changed."""

from dataclasses import replace
from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.scenarios import read_scenario
from careloom.core import OutputError, RequestError
from careloom.study import read_study
from careloom.study.file import Study
from careloom.study.what_if import WhatIf, scenarios_of, write_what_if

CATALOGUE = load_catalogue()
TENTH = WhatIf("Fees a tenth more", "A new framework", fees={"ifa_foster": 10.0, "secure": 0.0})


def study_of(path: Path) -> Study:
    return read_study(path, CATALOGUE)


def test_what_was_asked_is_in_the_file(anyshire: Path) -> None:
    asked = replace(
        TENTH, hours={"CIN 3": -25.0}, often={"LAC 6": 100}, moved=12.5, moved_from="secure", moved_to="other"
    )
    path = write_what_if(anyshire, study_of(anyshire), asked)
    assert path == anyshire.parent / "what_if_fees_a_tenth_more.toml"
    fee, hours, often, mix = read_scenario(path).changes
    assert (fee.what, fee.number, fee.of) == ("fee", 1.1, (("placement_code", ("ifa_foster",)),))
    assert (hours.what, hours.number) == ("hours", 0.75)
    assert hours.of == (("process", ("CIN 3",)), ("kind", ("case_management",)))
    assert (often.what, often.number) == ("frequency", 2.0)
    assert (mix.what, mix.number, mix.taken_from, mix.given_to) == (
        "mix",
        0.125,
        (("placement_code", ("secure",)),),
        (("placement_code", ("other",)),),
    )


def test_it_stands_first_among_those_that_can_be_asked(anyshire: Path) -> None:
    path = write_what_if(anyshire, study_of(anyshire), TENTH)
    known = scenarios_of(anyshire)
    assert next(iter(known.items())) == (str(path), "Fees a tenth more")
    assert "monthly_visits" in known


def test_none_is_ever_changed(anyshire: Path) -> None:
    path = write_what_if(anyshire, study_of(anyshire), TENTH)
    before = path.read_text()
    with pytest.raises(OutputError, match="a what-if of this name already"):
        write_what_if(anyshire, study_of(anyshire), replace(TENTH, fees={"ifa_foster": 20.0}))
    assert path.read_text() == before


@pytest.mark.parametrize("title", ["../../etc/passwd", "/tmp/x", "..\\x", 'a" = 1\n[[change]]', "Überall <script>"])
def test_a_title_is_words_and_never_a_path_or_a_key(anyshire: Path, title: str) -> None:
    path = write_what_if(anyshire, study_of(anyshire), replace(TENTH, title=title))
    assert path.parent == anyshire.parent
    assert path.name.removeprefix("what_if_").removesuffix(".toml").replace("_", "").isalnum()
    assert path.name.isascii()
    scenario = read_scenario(path)
    assert scenario.title == " ".join(title.split())
    assert len(scenario.changes) == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (replace(TENTH, fees={}), "nothing would be otherwise"),
        (replace(TENTH, fees={"ifa_foster": 0.0}), "nothing would be otherwise"),
        (replace(TENTH, title="..."), "in letters"),
        (replace(TENTH, why="  "), "why it is asked"),
        (replace(TENTH, fees={"ifa_foster": -100.5}), "between -100% and 300%"),
        (replace(TENTH, fees={"ifa_foster": 301.0}), "between -100% and 300%"),
        (replace(TENTH, title="x" * 401), "at most 400 letters"),
        (replace(TENTH, title="a\x00b"), "at most 400 letters"),
        (replace(TENTH, moved=101.0, moved_from="secure", moved_to="other"), "0 to 100%"),
        (replace(TENTH, moved=-5.0, moved_from="secure", moved_to="other"), "0 to 100%"),
        (replace(TENTH, moved=5.0, moved_from="secure"), "0 to 100%"),
        (replace(TENTH, moved=5.0, moved_from="secure", moved_to="secure"), "another kind of placement"),
    ],
)
def test_what_cannot_be_asked_is_not_written(anyshire: Path, asked: WhatIf, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        write_what_if(anyshire, study_of(anyshire), asked)
    assert list(anyshire.parent.glob("what_if_*")) == []


def test_a_results_folder_around_the_anyshire_is_no_place_for_it(anyshire: Path) -> None:
    """Every run replaces the results whole, and a file in them that no run made keeps it from doing so."""
    study = replace(study_of(anyshire), out=anyshire.parent)
    with pytest.raises(OutputError, match="lies in the study's results"):
        write_what_if(anyshire, study, TENTH)
