"""Children are followed as far as the yearly returns reach; extracts and modules of few children cut nothing."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import load_examples
from careloom.costs import NeedChoices
from careloom.engine import DuckDBEngine
from careloom.study import Study, read_study
from careloom.study.reach import FOLLOWED, limits, within_returns

CATALOGUE = load_catalogue()
HEAD = "delivery\nreturn_name | la | table_name | collection_year | state | rows_in\n"
WHOLE = """
ssda903 | A | episodes | 2018 | read | 9
ssda903 | A | episodes | 2019 | read | 9
ssda903 | A | episodes | 2020 | read | 9
cin_census | A | all | 2018 | read | 9
cin_census | A | all | 2019 | read | 9
cin_census | A | all | 2020 | read | 9
"""


@pytest.fixture
def study(tmp_path: Path) -> Study:
    path = tmp_path / "study.toml"
    path.write_text(
        '[study]\nname = "s"\nfrom = 2017-04-01\nto = 2020-03-31\nout = "out"\n'
        '[[delivery]]\nauthority = "A"\nfiles = ["none.csv"]\n'
    )
    return replace(read_study(path, CATALOGUE), is_cost_window_asked=True)


def reached(engine: DuckDBEngine, study: Study, rows: str) -> tuple[dt.date, dt.date, int]:
    """Return the day to which children are followed, the day to which care is costed, and how many limits are told."""
    tables = load_examples(HEAD + rows, "delivery", year=2019, common=CATALOGUE.tables).tables
    engine.load("delivery", tables["delivery"])
    within = within_returns(study, CATALOGUE, engine)
    return within.end_day, within.cost_end_day, len(limits(study, CATALOGUE, engine))


END = dt.date(2020, 4, 1)
EARLIER = dt.date(2019, 4, 1)
CASES = {
    "every year came": ("", (END, END, 0)),
    "an extract of an earlier year": ("education | A | pupil_roll | 2018 | read | 9", (END, END, 0)),
    "an extract without a year": ("services | A | deliveries | | read | 9", (END, END, 0)),
    "extracts with a year between them missing": (
        "early_help | A | assessments | 2016 | read | 9\nearly_help | A | assessments | 2019 | read | 9",
        (END, END, 0),
    ),
    "a module with rows in one year only": ("ssda903 | A | missing | 2018 | read | 2", (END, END, 0)),
    "another authority whose returns of care stop earlier": ("ssda903 | B | episodes | 2019 | read | 9", (EARLIER, EARLIER, 2)),
    "another authority whose census stops earlier": ("cin_census | B | all | 2019 | read | 9", (EARLIER, END, 1)),
    "another authority's return of care without rows": ("ssda903 | B | episodes | 2019 | read | 0", (END, END, 0)),
    "a return missing between two others": (
        "cin_census | B | all | 2018 | read | 9\ncin_census | B | all | 2020 | read | 9",
        (END, END, 1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_how_far_the_returns_reach(case: str, duck: DuckDBEngine, study: Study) -> None:
    rows, expected = CASES[case]
    assert reached(duck, study, WHOLE + rows) == expected


def test_extracts_alone_limit_nothing(duck: DuckDBEngine, study: Study) -> None:
    assert reached(duck, study, "education | A | pupil_roll | 2018 | read | 9") == (END, END, 0)


def test_needs_counted_otherwise_are_told(duck: DuckDBEngine, study: Study) -> None:
    """So that nobody holds the groups of need of this study against those of another."""
    needs = NeedChoices(("uasc",), (("ebd", "sdq_score", 20),))
    reached(duck, study, WHOLE)
    otherwise = replace(study, cost_choices=replace(study.cost_choices, needs=needs))
    (said,) = limits(otherwise, CATALOGUE, duck)
    assert said == "groups of need are not those of other studies: ebd: sdq score 20; uasc is not told apart"


def test_what_is_followed_is_declared() -> None:
    declared = {d.name for each in CATALOGUE.returns.values() if each.yearly for d in each.declarations}
    assert declared >= FOLLOWED
