"""[report] is read strictly: whose profile, and what stands beside it."""

import json
from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.core import StudyError
from careloom.study import read_study
from careloom.study.asked_of_report import AskedOfReport

ROW = {"la": "All", "category": "1. Neglect", "share": 0.4, "withheld": []}
POOLED = {
    "version": 1,
    "study": {"name": "Ten authorities"},
    "disclosure": {"rounded_to": 5},
    "numbers": {"local_demand": {"rows": [ROW, {**ROW, "la": "501"}]}, "read_offs": {"rows": []}},
}


def asked(file: Path, text: str, rule: str = "suppress_and_round") -> AskedOfReport:
    told = file.read_text().replace('out = "results"', f'out = "results"\ndisclosure = "{rule}"')
    file.write_text(told + text)
    return read_study(file, load_catalogue()).report


def test_nothing_need_be_asked(anyshire: Path) -> None:
    assert asked(anyshire, "") == AskedOfReport((), None)


def test_authorities_are_those_that_handed_something_over(anyshire: Path) -> None:
    assert asked(anyshire, '[report]\nauthorities = ["998"]\n').authorities == ("998",)
    anyshire.write_text(anyshire.read_text().replace('["998"]', '["999"]'))
    with pytest.raises(StudyError, match='no delivery is of "999"; did you mean "998"'):
        read_study(anyshire, load_catalogue())


def test_of_a_pooled_study_only_all_together_are_kept(anyshire: Path) -> None:
    (anyshire.parent / "pooled.json").write_text(json.dumps(POOLED))
    pooled = asked(anyshire, '[report]\nbeside = "pooled.json"\n').pooled
    assert pooled is not None
    assert (pooled.name, pooled.is_rounded) == ("Ten authorities", True)
    assert pooled.rows == {"local_demand": (ROW,)}


@pytest.mark.parametrize("row", [5, None, [], {}, {**ROW, "withheld": 5}, {**ROW, "withheld": [5]}, {"la": "All"}])
def test_results_that_were_spoilt_on_the_way_are_refused(anyshire: Path, row: object) -> None:
    spoilt = {**POOLED, "numbers": {"local_demand": {"rows": [ROW, row]}}}
    (anyshire.parent / "pooled.json").write_text(json.dumps(spoilt))
    with pytest.raises(StudyError, match=r"this is no results\.json of a Careloom run"):
        asked(anyshire, '[report]\nbeside = "pooled.json"\n')


@pytest.mark.parametrize(("base", "rule", "is_refused"), [(5, "dfe_exact", False), (1, "suppress_and_round", False), (1, "dfe_exact", True)])  # fmt: skip
def test_exact_numbers_are_not_set_beside_exact_numbers(anyshire: Path, base: int, rule: str, is_refused: bool) -> None:
    (anyshire.parent / "pooled.json").write_text(json.dumps({**POOLED, "disclosure": {"rounded_to": base}}))
    text = '[report]\nbeside = "pooled.json"\n'
    if is_refused:
        with pytest.raises(StudyError, match="needs rounded numbers"):
            asked(anyshire, text, rule)
    else:
        assert asked(anyshire, text, rule).pooled is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('besides = "x"', "besides"),
        ("authorities = 998", "authorities"),
        ('beside = "none.json"', "cannot be read"),
    ],
)
def test_a_key_that_is_wrong_is_named(anyshire: Path, text: str, said: str) -> None:
    with pytest.raises(StudyError, match=said):
        asked(anyshire, f"[report]\n{text}\n")
