"""The items that questions need: read strictly, and refused when no return declares them."""

import re
import shutil
from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.items import check_items, read_item
from careloom.catalogue.load import OURS as FOLDER
from careloom.core import CatalogueError

OURS = load_catalogue()
ASKED = [*OURS.indicator_sets.values(), *OURS.outcomes.values(), *OURS.processes]


@pytest.mark.parametrize(
    "text", ["", "ssda903", "ssda903 episodes", "ssda903 .DECOM", "ssda903 episodes.", "a.b", "a b.c |"]
)
def test_what_is_not_an_item_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an item; write it like"):
        read_item(text)
    with pytest.raises(CatalogueError, match=r'^q\.toml: "items": ".*" is not an item'):
        check_items("q.toml", [text], OURS.returns)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([], 'q.toml: "items" is empty; name what it needs'),
        (["ssda904 episodes.DECOM"], 'there is no return "ssda904"; did you mean "ssda903"?'),
        (["ssda903 episode.DECOM"], 'there is no table "episode"; did you mean "episodes"?'),
        (["ssda903 episodes.DECON"], 'there is no column "DECON"; did you mean "DECOM"?'),
        (["ssda903 episodes.DECOM | ssda903 episodes.Q"], '"items" names "ssda903 episodes.Q"'),
        (["cin_census Assessments.LAchildID"], "it is taken from an enclosing element"),
    ],
)
def test_an_item_that_is_not_declared_is_refused(items: list[str], message: str) -> None:
    with pytest.raises(CatalogueError, match=re.escape(message)) as fault:
        check_items("q.toml", items, OURS.returns)
    assert str(fault.value).startswith("q.toml: ")


@pytest.mark.parametrize(
    "path", ["indicators/assessment_factors_34.toml", "outcomes/re_entry.toml", "processes/lac_6_review.toml"]
)
@pytest.mark.parametrize("items", ["", "items = []\n", 'items = ["ssda903 episodes.Q"]\n'])
def test_the_catalogue_does_not_load_without_right_items_and_names_the_file(
    tmp_path: Path, path: str, items: str
) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    text = (folder / path).read_text(encoding="utf-8")
    (folder / path).write_text(re.sub(r"(?ms)^items = \[.*?^\]\n", items, text), encoding="utf-8")
    with pytest.raises(CatalogueError, match=re.escape(Path(path).name) + '.*"items"'):
        load_catalogue(folder)


def test_every_question_of_ours_says_what_it_needs_once() -> None:
    assert len(ASKED) > 10
    for asked in ASKED:
        assert len(asked.items) == len(set(asked.items)) >= 3


def test_an_item_is_one_that_the_rooms_read() -> None:
    """Its column is named where its return is said in the common tables."""
    for asked in ASKED:
        for item in (item for text in asked.items for item in read_item(text)):
            return_ = OURS.returns[item.return_name]
            said = [*return_.views.values(), *(d.select for d in return_.declarations)]
            assert any(re.search(rf"\b{item.column}\b", sql) for sql in said), item
