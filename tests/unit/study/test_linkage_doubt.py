"""Which ways of linking stand side by side, which no agreement allows, and what is held while links differ."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from careloom.catalogue import load_catalogue
from careloom.core import NotFoundError, RequestError, StudyError
from careloom.engine import write_database
from careloom.study import Study, agreements, look_at_doubt, read_study
from careloom.study.linkage_doubt import held_categories, is_allowed, quicker, ways_of

CATALOGUE = load_catalogue()
STUDY = """
[study]
name = "Test"
from = 2018-04-01
to = 2020-03-31
out = "results"
[[delivery]]
authority = "A"
files = ["a.csv"]
[link]
link_mode = "{mode}"
"""


def study_of(folder: Path, mode: str) -> Study:
    (folder / "a.csv").write_text("x")
    (folder / "study.toml").write_text(STUDY.format(mode=mode))
    return read_study(folder / "study.toml", CATALOGUE)


@pytest.mark.parametrize("mode", ["within_authority", "pupil_number", "both"])
def test_modes_by_key_stand_side_by_side_and_nothing_is_drawn(mode: str, tmp_path: Path) -> None:
    ways = ways_of(study_of(tmp_path, mode).links, 5)
    assert [way.title for way in ways] == ["within authority", "pupil number", "both"]
    assert [[links.mode for links in way.links] for way in ways] == [["within_authority"], ["pupil_number"], ["both"]]


def test_by_likeness_there_is_also_the_studys_own_way_and_sets_drawn_each_otherwise(tmp_path: Path) -> None:
    *_, own, drawn = ways_of(study_of(tmp_path, "probabilistic").links, 5)
    assert (own.title, [links.likeness.draw for links in own.links]) == ("probabilistic", [None])
    assert (drawn.title, [links.likeness.draw for links in drawn.links]) == ("drawn", [1, 2, 3, 4, 5])
    assert {links.mode for links in drawn.links} == {"probabilistic"}


def test_a_way_that_no_agreement_allows_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def only_within(governed: object, deliveries: object, mode: str, today: dt.date, **_: object) -> None:
        if mode != "within_authority":
            raise StudyError("these may not be linked")

    monkeypatch.setattr(agreements, "check_allowed", only_within)
    study = study_of(tmp_path, "within_authority")
    assert [way.title for way in ways_of(study.links, 2) if is_allowed(study, way)] == ["within authority"]


@pytest.mark.parametrize("sets", [0, 1, 201])
def test_one_set_tells_nothing_of_the_doubt(sets: int, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="from 2 to 200"):
        look_at_doubt(study_of(tmp_path, "both"), CATALOGUE, sets=sets, on_step=lambda step, share: None)


def test_without_a_run_there_are_no_categories_to_hold(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="careloom run"):
        look_at_doubt(study_of(tmp_path, "both"), CATALOGUE, on_step=lambda step, share: None)


def test_the_categories_of_the_run_are_held_and_models_not_shown_are_not_fitted(tmp_path: Path) -> None:
    study = study_of(tmp_path, "both")
    study.out.mkdir()
    (study.out / "manifest.json").write_text('{"study": "Test", "key_id": "none"}')
    profile = [(1, "1A", 0.8), (1, "2B", 0.1), (1, "9A", None), (2, "1A", 0.2), (2, "2B", 0.4), (2, "9A", None)]
    tables = {
        "demand_class": pa.table({"class_no": [2, 1], "name": ["Two", "One"], "share": [0.3, 0.7]}),
        "class_profile": pa.Table.from_pylist(
            [{"class_no": k, "indicator": i, "probability": p} for k, i, p in profile]
        ),
    }
    write_database(study.out / "study.duckdb", tables)
    held = held_categories(study, CATALOGUE)
    assert held is not None
    assert held.items == ("1A", "2B")
    assert [(each.name, each.share, each.probabilities) for each in held.classes] == [
        ("One", 0.7, (0.8, 0.1)),
        ("Two", 0.3, (0.2, 0.4)),
    ]
    asked = quicker(replace(study, demand=replace(study.demand, classes=2)), held)
    assert (asked.demand.saved, asked.demand.classes) == (held, None)
    assert (asked.asked_of_outcomes.models.methods, asked.asked_of_outcomes.models.split_below) == ((), 0.0)
