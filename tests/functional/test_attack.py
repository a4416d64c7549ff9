"""No small number that a study withholds can be found from all that it publishes together, by any rule there is.

Three studies of made-up authorities are run for it, so that an attacker who knows two can tell which numbers of the
third add up; see `attack`. How many are found where each table is released without a look at the others is counted too:
the attack does find what is there to be found.
"""

import datetime as dt
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pytest

from careloom.catalogue import load_catalogue
from careloom.disclose import DEFAULT, Asked, Profile, Released, profile_names, read_profile, release_all
from careloom.engine import DuckDBEngine
from careloom.report import StudyWords
from careloom.report.asking import answer_all
from careloom.report.question import asked_of, read_questions, select
from careloom.study import read_study
from careloom.study.run import stages
from careloom.synth import make_england

sys.path.insert(0, str(Path(__file__).parent))
from attack import Known, Rows, Told, agreeing, counts, equations, families, knowledge, pinned
from attack_money import agreeing_money, amounts, in_pounds, knowledge_of_money, told_money

SEEDS = (11, 12, 13)
AS_IT_IS = Profile("as it is", 1, 1)
PROGRAMMED = 10
"""Of how many numbers of each study, those nearest to being known, the bounds are sought by linear programming too."""
QUESTIONS = read_questions()


@dataclass(frozen=True)
class Attacked:
    """What each study has to tell, unrounded, by question; and what an attacker knows of how it adds up."""

    tables: list[dict[str, pa.Table]]
    rows: list[dict[str, Rows]]
    told: list[Told]
    alike: list[list[tuple[str, str, tuple[str, ...], tuple[tuple[str, str], ...]]]]

    def known(self, study: int, released: Mapping[str, Released], profile: Profile) -> Known:
        added = equations(self.told[study], self.alike)
        return knowledge(QUESTIONS, self.rows[study], released, added, profile)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    tables = [tables_of(tmp_path_factory.mktemp("attacked"), seed) for seed in SEEDS]
    rows = [{name: table.to_pylist() for name, table in each.items() if counts(QUESTIONS[name])} for each in tables]
    told = [families(QUESTIONS, each) for each in rows]
    return Attacked(tables, rows, told, agreeing(rows, told))


def tables_of(folder: Path, seed: int) -> dict[str, pa.Table]:
    """Every table of the report of a small study, as it is before anything is withheld."""
    made = {"children": 900, "authorities": 2, "years": (2019, 2022), "systems": ("ssda903", "cin_census")}
    make_england(folder, seed=seed, **made)  # type: ignore[arg-type]
    catalogue, engine = load_catalogue(), DuckDBEngine()
    study = read_study(folder / "study.toml", catalogue)
    for _, work in stages(study, catalogue, engine):
        work()
    last = dt.timedelta(days=1)
    days = (study.first_day, study.end_day - last, study.cost_first_day, study.cost_end_day - last, dt.date(2026, 1, 1))
    answer_all(engine, catalogue, StudyWords(study.name, *days, "illustrative", "0", disclosure=AS_IT_IS))
    able = {name: asked for name, asked in QUESTIONS.items() if all(engine.columns(table) for table in asked.needs)}
    found = {name: select(engine, question, AS_IT_IS) for name, question in able.items()}
    engine.close()
    return {name: table for name, table in found.items() if table is not None}


def released(tables: Mapping[str, pa.Table], profile: Profile, *, together: bool = True) -> dict[str, Released]:
    asked: list[Asked] = [asked_of(QUESTIONS[name], table) for name, table in tables.items()]
    return release_all(asked if together else [replace(each, same=()) for each in asked], profile)


@pytest.mark.parametrize("name", profile_names())
def test_nothing_withheld_is_found_from_all_tables_together(attacked: Attacked, name: str) -> None:
    profile = read_profile(name)
    for study, tables in enumerate(attacked.tables):
        known = attacked.known(study, released(tables, profile), profile)
        assert known.small.sum() > 500  # there is something to find
        assert pinned(known, PROGRAMMED) == []


@pytest.mark.parametrize("name", profile_names())
def test_no_childs_money_is_told_by_all_tables_together(attacked: Attacked, name: str) -> None:
    assert found_money(attacked, read_profile(name)) == []


def test_money_of_tables_that_do_not_know_of_each_other_is_told(attacked: Attacked) -> None:
    assert found_money(attacked, read_profile("dfe_exact"), together=False)


def found_money(attacked: Attacked, profile: Profile, *, together: bool = True) -> list[tuple[str, int, str]]:
    rows = [in_pounds(QUESTIONS, tables) for tables in attacked.tables]
    told = [families(QUESTIONS, each, amounts) for each in rows]
    alike, found = agreeing_money(rows, told), []
    for study, tables in enumerate(attacked.tables):
        out, added = released(tables, profile, together=together), set(equations(told[study], alike))
        known, sought = knowledge_of_money(QUESTIONS, rows[study], out, added, profile)
        assert len(sought) > 20  # there is something to find
        found += told_money(known, sought, PROGRAMMED)
    return found


def test_the_attack_finds_what_tables_tell_that_do_not_know_of_each_other(attacked: Attacked) -> None:
    found = [
        pinned(attacked.known(study, released(tables, DEFAULT, together=False), DEFAULT), 0)
        for study, tables in enumerate(attacked.tables)
    ]
    assert sum(map(len, found)) > 0


def test_exact_numbers_of_tables_that_do_not_know_of_each_other_tell_far_more(attacked: Attacked) -> None:
    exact = read_profile("dfe_exact")
    found = pinned(attacked.known(0, released(attacked.tables[0], exact, together=False), exact), 0)
    assert len(found) > 50


def test_what_is_said_to_be_the_same_is_so(attacked: Attacked) -> None:
    """Each table that a question names is there, with the columns it names, and tells the same numbers somewhere."""
    for name, question in QUESTIONS.items():
        for said in question.same:
            theirs = QUESTIONS[said.table]
            own, other = ({column.name for column in each.columns} for each in (question, theirs))
            assert own >= {*said.counts, *said.here, *said.by}, name
            assert other >= {*said.counts.values(), *said.there, *said.by}, name
