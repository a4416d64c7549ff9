"""What kept records from being linked is said: no usable pupil number, no names, decisions made with another key."""

from dataclasses import replace
from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import load_examples
from careloom.engine import DuckDBEngine
from careloom.govern import open_key
from careloom.link import link_persons
from careloom.study import Study, read_study
from careloom.study.cost_tables import load_rows
from careloom.study.links import to_know

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
"""
RECORD = "record\nla | return_name | child_id | collection_year | upn | born_on | is_expected_birth | sex | delivery_id | line\n"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "study.toml").write_text(STUDY)
    return read_study(tmp_path / "study.toml", CATALOGUE)


def told(engine: DuckDBEngine, study: Study, upns: list[str], mode: str) -> tuple[list[str], int]:
    """What is said when each of so many children has this pupil number, and how many persons there are."""
    rows = "".join(f"A | cin | {n} | 2019 | {upn} | | false | U | 1 | {n}\n" for n, upn in enumerate(upns, start=1))
    loaded = load_examples(RECORD + rows, "record", year=2019, common=CATALOGUE.tables).tables
    engine.load("record", loaded["record"])
    load_rows(engine, CATALOGUE, "identity_row", [])
    link_persons(engine, list, mode=mode)
    said = list(to_know(engine, replace(study, links=replace(study.links, mode=mode))))
    return said, engine.rows("SELECT count(DISTINCT person_id) AS n FROM person_of")[0][0]


@pytest.mark.parametrize("upn", ["U5", "A000000000000"])
def test_one_number_for_all_joins_nobody_and_is_told(upn: str, duck: DuckDBEngine, study: Study) -> None:
    (said,), persons = told(duck, study, [upn] * 30, "both")
    assert "Nobody is joined by one" in said
    assert persons == 30


def test_a_mode_whose_only_identifier_nobody_has_is_told(duck: DuckDBEngine, study: Study) -> None:
    (said,), persons = told(duck, study, [""] * 4, "pupil_number")
    assert "every record is alone" in said
    assert persons == 4


def test_likeness_without_names_is_told(duck: DuckDBEngine, study: Study) -> None:
    (said,), persons = told(duck, study, ["U1", "U1", "U2"], "probabilistic")
    assert "no likeness to weigh" in said
    assert persons == 2


def test_nothing_is_told_where_nothing_is_wrong(duck: DuckDBEngine, study: Study) -> None:
    assert told(duck, study, ["U1", "U2", ""], "both")[0] == []


def test_decisions_made_with_another_key_are_told_and_do_nothing(
    duck: DuckDBEngine, study: Study, tmp_path: Path
) -> None:
    ours, theirs = (
        open_key(path).pseudonymise(f"person|{study.name}")(["A|cin|1", "A|cin|2"]) for path in (study.key, tmp_path / "other.key")
    )  # fmt: skip
    for names, is_told in ((ours, False), (theirs, True)):
        one, two = sorted(names)
        likeness = replace(study.links.likeness, decided={(one, two): True})
        asked = replace(study, links=replace(study.links, likeness=likeness))
        said, _ = told(duck, asked, ["U1", "U2"], "probabilistic")
        assert ("1 of 1 decisions in links_decided.csv" in " ".join(said)) == is_told
        assert not set(names) & set(" ".join(said).split())
