"""Scenario files: what is wrong is named, with the key and what to write."""

from pathlib import Path

import pytest

from careloom.catalogue.scenarios import read_scenario
from careloom.core import CatalogueError

GOOD = """
title = "Dearer homes"
why = "Fees rise faster than prices."
source = "Made up."
assumptions = ["Nobody moves."]

[[change]]
what = "fee"
times = 1.1
low = 1.05
high = 1.2
of = { placement_code = ["childrens_home_agency", "secure"] }
"""


def read(folder: Path, text: str) -> object:
    path = folder / "scenario.toml"
    path.write_text(text)
    return read_scenario(path)


def test_a_scenario_is_read(tmp_path: Path) -> None:
    scenario = read(tmp_path, GOOD)
    (change,) = scenario.changes  # type: ignore[attr-defined]
    assert (change.what, change.number, change.low, change.high) == ("fee", 1.1, 1.05, 1.2)
    assert change.of == (("placement_code", ("childrens_home_agency", "secure")),)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('what = "fee"', 'what = "fees"', 'what = "fees" is not known; did you mean "fee"'),
        ("times = 1.1", "time = 1.1", 'a change of fee has no key "time"; did you mean "times"'),
        ("times = 1.1", "times = -1", "should be 0 or more"),
        ("times = 1.1", 'times = "much"', '"times" should be a number'),
        ("low = 1.05", "low = 1.15", 'should lie from "low" to "high"'),
        ("placement_code =", "placement =", 'costs are not told by "placement"; did you mean "placement_code"'),
        ('why = "Fees rise faster than prices."', "", '"why" is missing'),
        ('source = "Made up."', 'source = " "', '"source" is blank'),
        ('["Nobody moves."]', "[]", "there is no assumptions"),
        ("of =", "from =", 'has no key "from"'),
        ("times = 1.1", "", '"times" is missing'),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, why: str) -> None:
    assert old in GOOD
    with pytest.raises(CatalogueError, match=why):
        read(tmp_path, GOOD.replace(old, new))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ('what = "mix"\nshare = 0.1\nfrom = { placement_code = "secure" }', "say both"),
        ('what = "mix"\nshare = 1.1\nfrom = { la = "A" }\nto = { la = "B" }', "from 0 to 1"),
        ('what = "rate"\ntimes = 1.1', '"staff" is missing'),
        ('what = "hours"\ntimes = 1.1\nadd = 2\nper = "week"', "not both"),
        ('what = "hours"\nadd = 2\nper = "fortnight"', '"fortnight" is not known'),
        ('what = "returns"\nshare = 0.5', '"select" is missing'),
        ('what = "recount"\nprocess = "LAC 3"\nelement = "support"', '"select" is missing'),
    ],
)
def test_what_a_change_needs_is_asked_for(tmp_path: Path, change: str, why: str) -> None:
    with pytest.raises(CatalogueError, match=why):
        read(tmp_path, GOOD.partition("[[change]]")[0] + "[[change]]\n" + change + "\n")
