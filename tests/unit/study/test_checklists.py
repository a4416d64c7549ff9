"""RECORD and GUILD are answered from what a study is and what was read; no answer counts children."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from careloom.catalogue import Catalogue, load_catalogue
from careloom.catalogue.checklists import FACTS, read_checklist
from careloom.core import CatalogueError
from careloom.engine import DuckDBEngine
from careloom.study import Study, read_study
from careloom.study.checklists import AGREEMENTS, BY, checklist_table, facts


@pytest.fixture
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def study(anyshire: Path, catalogue: Catalogue) -> Study:
    return read_study(anyshire, catalogue)


@pytest.fixture
def read(duck: DuckDBEngine) -> DuckDBEngine:
    rows = [
        {"return_name": "cin_census", "la": "998", "collection_year": 2019, "state": "read"},
        {"return_name": "ssda903", "la": "998", "collection_year": 2023, "state": "read"},
        {"return_name": "annex_a", "la": "997", "collection_year": 2015, "state": "refused"},
    ]
    duck.load("delivery", pa.Table.from_pylist(rows))
    return duck


def test_every_item_is_answered_by_what_was_read(study: Study, catalogue: Catalogue, read: DuckDBEngine) -> None:
    rows = checklist_table(study, catalogue, read).to_pylist()
    assert {row["checklist"] for row in rows} == {"RECORD", "GUILD"}
    assert [row["position"] for row in rows] == sorted(row["position"] for row in rows)
    assert all(row["said"] and "{" not in row["said"] for row in rows)
    said = {(row["checklist"], row["item"]): row["said"] for row in rows}
    assert "1 April 2016 to 31 March 2023, from the returns of 2019 to 2023" in said["RECORD", "1.2"]
    assert "authority 998" in said["RECORD", "1.2"]
    assert "Annex A" not in said["RECORD", "1.1"]  # it was refused


def test_every_fact_is_said_and_changes_with_the_study(study: Study, catalogue: Catalogue, read: DuckDBEngine) -> None:
    told = facts(study, catalogue, read)
    assert sorted(told) == sorted(FACTS)
    assert all(told.values())
    other = replace(study, links=replace(study.links, mode="within_authority"), end_day=dt.date(2020, 4, 1), seed=99)
    assert {name for name, text in facts(other, catalogue, read).items() if text != told[name]} == {
        "link_mode",
        "period",
        "seed",
    }


def test_ways_of_linking_and_states_of_agreements_are_all_said(
    study: Study, catalogue: Catalogue, read: DuckDBEngine
) -> None:
    for mode in BY:
        assert BY[mode] in facts(replace(study, links=replace(study.links, mode=mode)), catalogue, read)["link_mode"]
    assert (
        facts(replace(study, governed=replace(study.governed, is_synthetic=True)), catalogue, read)["agreements"]
        == AGREEMENTS["synthetic"]
    )


def test_an_answer_that_names_what_no_run_says_is_refused(tmp_path: Path) -> None:
    text = 'title = "T"\nposition = 1\nsource = "S"\n[[items]]\nitem = "1"\nasked = "A?"\nsaid = "In {yeers}."\n'
    (tmp_path / "t.toml").write_text(text)
    with pytest.raises(CatalogueError, match=r'"yeers".*years'):
        read_checklist(tmp_path / "t.toml")
