"""`careloom profile`: what can be asked is listed, and nothing small gets out."""

import csv
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.kinds import ARROW
from careloom.cli import main
from careloom.core import NotFoundError, OutputError, RequestError
from careloom.engine import write_database
from careloom.pathways.profiles import Grouping
from careloom.study import Study, describe_by, list_described, list_profiles, read_study, write_described
from careloom.study.profile import in_order

CATALOGUE = load_catalogue()
STUDY = """
[study]
name = "Test"
from = 2018-04-01
to = 2020-03-31
out = "results"
[[delivery]]
authority = "998"
files = ["a.csv"]
"""
GROUPS = {"White": 60, "Asian": 30, "Black": 4, None: 6}
DAYS = 40


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study that was run: 100 CIN episodes; in each group the first third reached a plan; each lasted its number of days."""
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "study.toml").write_text(STUDY)
    rows = []
    for group, size in GROUPS.items():
        for n in range(size):
            rung = "Child protection plan" if n < size // 3 else "Child in need only"
            ident = f"{group}{n}"
            rows.append(
                {
                    "unit_id": ident,
                    "episode_id": ident,
                    "person_id": f"p{ident}",
                    "ethnic_group": group,
                    "rung_reached": rung,
                    "days": float(n),
                }
            )
    table = CATALOGUE.profiles["episodes"].table
    told = pa.table({c.name: pa.array([row.get(c.name) for row in rows], ARROW[c.type]) for c in table.columns})
    people = pa.table({"person_id": [row["person_id"] for row in rows], "is_uasc": [True] * 50 + [False] * 50})
    pathway = pa.table({"episode_id": [row["unit_id"] for row in rows], "has_care": [True] * 3 + [False] * 97})
    (tmp_path / "results").mkdir()
    kept = {table.name: told, "person": people, "pathway": pathway}
    write_database(tmp_path / "results" / "study.duckdb", kept)
    return read_study(tmp_path / "study.toml", CATALOGUE)


def test_shares_and_differences_are_worked_out_from_what_may_be_shown(study: Study) -> None:
    told = describe_by(study, CATALOGUE, of="episodes", by="ethnic_group")
    assert told.groups == ("All together", "White", "Asian", "Black", "Not known")
    rows = {(r["about"], r["level"], r["group"]): r for r in told.levels.rows.to_pylist()}
    plans = {group: rows["Highest rung reached", "Child protection plan", group] for group in told.groups}
    assert [plans["White"][name] for name in ("rows_of_level", "rows_known", "children_known")] == [20, 60, 60]
    assert plans["White"]["share"] == round(20 / 60, 2)
    # 20 of 60 against 13 of 40: 0.0083 / sqrt((0.2222 + 0.2194) / 2)
    assert plans["White"]["difference"] == 0.0
    assert plans["Black"]["share"] is None
    assert "rows_known" in plans["Black"]["withheld"]  # 4 children
    assert plans["Not known"]["rows_of_level"] is None  # 2 children
    assert plans["All together"]["difference"] is None


def test_a_value_of_few_rows_is_not_given(study: Study) -> None:
    told = describe_by(study, CATALOGUE, of="episodes", by="ethnic_group")
    rows = {r["group"]: r for r in told.amounts.rows.to_pylist()}
    assert (rows["White"]["median"], rows["White"]["lower_quartile"], rows["White"]["mean"]) == (29.5, 14.8, 29.5)
    assert (rows["Asian"]["median"], rows["Asian"]["rows_known"]) == (14.5, 30)
    assert (rows["Black"]["median"], rows["Not known"]["median"]) == (None, None)


def test_nothing_small_is_printed_or_written(study: Study, tmp_path: Path) -> None:
    told = describe_by(study, CATALOGUE, of="episodes", by="ethnic_group")
    shares, amounts, apart = list_described(told)
    plan = next(row for row in shares.rows if row[1] == "Child protection plan")
    assert plan == (
        "Highest rung reached",
        "Child protection plan",
        "35%",
        "33%",
        "33%",
        "c",
        "c",
    )  # 35 of 100, as shown
    assert next(row for row in amounts.rows if row[1] == "median")[2:] == ("19.5", "29.5", "14.5", "\u2013", "\u2013")
    assert all(row[0] in told.groups for row in apart.rows)
    write_described(told, tmp_path / "out.csv", study)
    with (tmp_path / "out.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            counts = [row[name] for name in ("rows_of_level", "rows_known", "children_of_level", "children_missing")]
            assert all(cell == "" or int(cell) == 0 or int(cell) >= 10 for cell in counts)
    with pytest.raises(OutputError, match="there already"):
        write_described(told, tmp_path / "out.csv", study)


@pytest.mark.parametrize(
    ("by", "groups"), [("is_uasc", ("No", "Yes")), ("has_care", ("No", "Yes")), ("authority", ("Not known",))]
)
def test_columns_of_person_and_pathway_make_groups_too(study: Study, by: str, groups: tuple[str, ...]) -> None:
    assert describe_by(study, CATALOGUE, of="episodes", by=by).groups == ("All together", *groups)


def test_the_profiles_own_column_comes_before_that_of_person(study: Study) -> None:
    assert describe_by(study, CATALOGUE, of="episodes").groups == ("All together",)
    listed = {listing.title.split(":")[0]: [row[0] for row in listing.rows] for listing in list_profiles(CATALOGUE)}
    asked = listed["--of episodes"]
    assert {"category", "la", "year", "ethnic_group", "ethnicity", "rung", "has_care"} <= set(asked)
    assert len(asked) == len(set(asked))
    assert not {"born_on", "person_id", "unit_id", "days", "birth_month", "died_on"} & set(asked)


def test_a_wrong_name_lists_what_there_is(study: Study) -> None:
    with pytest.raises(
        RequestError, match=r'no profile "episode"; there are assessments, episodes, periods_of_care, plans'
    ):
        describe_by(study, CATALOGUE, of="episode")
    with pytest.raises(RequestError, match=r'no column "etnic" .*; there are la, year, category, .*ethnic_group.*rung'):
        describe_by(study, CATALOGUE, of="episodes", by="etnic")


def test_without_results_the_way_to_them_is_named(study: Study, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="careloom run"):
        describe_by(replace(study, out=tmp_path / "elsewhere"), CATALOGUE, of="episodes")
    with pytest.raises(NotFoundError, match=r"did not describe Assessments; run it again"):
        describe_by(study, CATALOGUE, of="assessments")


def test_of_nothing_it_is_said_that_there_is_nothing(study: Study, tmp_path: Path) -> None:
    table = CATALOGUE.profiles["plans"].table
    nothing = pa.table({c.name: pa.array([], ARROW[c.type]) for c in table.columns})
    (tmp_path / "empty").mkdir()
    write_database(tmp_path / "empty" / "study.duckdb", {table.name: nothing})
    with pytest.raises(NotFoundError, match="found no Child protection plans to describe"):
        describe_by(replace(study, out=tmp_path / "empty"), CATALOGUE, of="plans")


def test_the_command_lists_shows_and_writes(study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["profile", str(tmp_path / "study.toml")]
    assert main(asked) == 0
    assert "--of episodes" in capsys.readouterr().out
    assert main([*asked, "--of", "episodes", "--by", "sex", "--out", str(tmp_path / "by_sex.csv")]) == 0
    shown = capsys.readouterr().out
    assert "CIN episodes, by sex: share of the rows known" in shown
    assert "by_sex.csv" in shown
    before = sorted((tmp_path / "results").iterdir())
    assert main([*asked, "--of", "episodes", "--out", str(tmp_path / "results" / "p.csv")]) == OutputError.exit_code
    assert "lies in the study's results, which every run replaces" in " ".join(capsys.readouterr().err.split())
    assert sorted((tmp_path / "results").iterdir()) == before  # the next run would refuse a folder with more in it
    assert main([*asked, "--by", "sex"]) == RequestError.exit_code
    assert main([*asked, "--of", "nobody"]) == RequestError.exit_code


def test_groups_stand_in_their_own_order() -> None:
    episodes = CATALOGUE.profiles["episodes"]
    by_age = Grouping("age_band", "Age", "", "d.age_band")
    found = ["Not known", "5 to 9", "10 to 15", "Unborn", "All together", "1 to 4"]
    ordered = ("All together", "Unborn", "1 to 4", "5 to 9", "10 to 15", "Not known")
    assert in_order(found, episodes, by_age) == ordered
    assert in_order(["10. B", "2. A", "1. C"], episodes, None) == ("1. C", "2. A", "10. B")
