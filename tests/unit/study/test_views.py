"""From when until when each authority's returns can be read, and what a study takes for missing by hand."""

import datetime as dt
from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import load_examples
from careloom.core import StudyError
from careloom.engine import DuckDBEngine
from careloom.study import Study, read_study
from careloom.study.asked_of_outcomes import Mask
from careloom.study.views import views

CATALOGUE = load_catalogue()
HEAD = "delivery\nreturn_name | la | table_name | collection_year | state | rows_in\n"


def seen(engine: DuckDBEngine, rows: str, *masks: Mask) -> list[tuple[str, str, int, int, bool]]:
    """The views, with the first and the last collection year of each."""
    loaded = load_examples(HEAD + rows, "delivery", year=2019, common=CATALOGUE.tables).tables
    engine.load("delivery", loaded["delivery"])
    return [
        (row["return_name"], row["la"], row["starts_on"].year + 1, row["ends_on"].year, row["is_last"])
        for row in views(CATALOGUE, engine, masks).to_pylist()
    ]


def years(return_name: str, la: str, *read: int, table: str = "all") -> str:
    return "".join(f"{return_name} | {la} | {table} | {year} | read | 9\n" for year in read)


def test_each_authority_goes_on_to_its_own_last_return(duck: DuckDBEngine) -> None:
    rows = years("cin_census", "A", 2018, 2019, 2020) + years("cin_census", "B", 2018, 2019)
    assert seen(duck, rows) == [("cin_census", "A", 2018, 2020, True), ("cin_census", "B", 2018, 2019, True)]


def test_a_year_that_did_not_come_parts_two_views(duck: DuckDBEngine) -> None:
    rows = years("cin_census", "A", 2017, 2018, 2020)
    assert seen(duck, rows) == [("cin_census", "A", 2017, 2018, False), ("cin_census", "A", 2020, 2020, True)]


def test_a_view_begins_on_1_april_and_ends_after_31_march(duck: DuckDBEngine) -> None:
    loaded = load_examples(HEAD + years("cin_census", "A", 2018), "delivery", year=2019, common=CATALOGUE.tables)
    duck.load("delivery", loaded.tables["delivery"])
    (row,) = views(CATALOGUE, duck, ()).to_pylist()
    assert (row["starts_on"], row["ends_on"]) == (dt.date(2017, 4, 1), dt.date(2018, 4, 1))


def test_extracts_and_small_modules_limit_nothing(duck: DuckDBEngine) -> None:
    assert (
        seen(duck, "education | A | pupil_roll | 2018 | read | 9\n" + years("ssda903", "A", 2018, table="missing"))
        == []
    )


def test_a_year_without_rows_or_that_was_refused_is_not_in_view(duck: DuckDBEngine) -> None:
    rows = years("ssda903", "A", 2017, table="episodes")
    rows += "ssda903 | A | episodes | 2018 | read | 0\nssda903 | A | episodes | 2019 | refused | 9\n"
    assert seen(duck, rows) == [("ssda903", "A", 2017, 2017, True)]


def test_a_year_may_be_hidden_by_hand(duck: DuckDBEngine) -> None:
    rows = years("cin_census", "A", 2018, 2019, 2020) + years("ssda903", "A", 2018, 2019, 2020, table="episodes")
    hidden = seen(duck, rows, Mask("A", 2019))
    assert [row[2:] for row in hidden] == 2 * [(2018, 2018, False), (2020, 2020, True)]
    assert seen(duck, rows, Mask("A", 2020, "cin_census")) == [
        ("cin_census", "A", 2018, 2019, False),  # not its own last return: what comes after is hidden
        ("ssda903", "A", 2018, 2020, True),
    ]
    assert seen(duck, rows, Mask("B", 2019)) == seen(duck, rows)


def test_an_authority_of_which_all_is_hidden_is_not_in_view_at_all(duck: DuckDBEngine) -> None:
    ((name, la, _, _, is_last),) = seen(duck, years("cin_census", "A", 2018), Mask("A", 2018))
    assert (name, la, is_last) == ("cin_census", "A", False)
    (row,) = views(CATALOGUE, duck, (Mask("A", 2018),)).to_pylist()
    assert row["starts_on"] == row["ends_on"]


# --- the keys of [outcomes] ------------------------------------------------------------------------------------------

GOOD = '[study]\nname = "s"\nfrom = 2017-04-01\nto = 2020-03-31\nout = "out"\n[[delivery]]\nauthority = "A"\nfiles = ["a.csv"]\n'


def asked(folder: Path, text: str) -> Study:
    (folder / "study.toml").write_text(GOOD + text)
    return read_study(folder / "study.toml", CATALOGUE)


def test_by_default_nothing_is_hidden_and_fine_and_gray_stands_beside(tmp_path: Path) -> None:
    study = asked(tmp_path, "")
    assert study.masks == ()
    assert dict(study.asked_of_outcomes.switches) == {}
    models = study.asked_of_outcomes.models
    assert (models.methods, models.unclassed, models.split_below) == (("fine_gray",), True, 0.05)


def test_every_choice_is_a_key(tmp_path: Path) -> None:
    study = asked(
        tmp_path,
        '[outcomes]\nalso = ["frailty", "gap_time"]\nunclassed = false\nsplit_below = 0.01\n'
        "re_referral = { leave_out_transferred = true }\n"
        "[outcomes.repeat_plan]\nfirst_plan_only = false\n"
        '[[outcomes.mask]]\nauthority = "A"\nyear = 2019\nreturn = "cin_census"\n',
    )
    assert study.masks == (Mask("A", 2019, "cin_census"),)
    models = study.asked_of_outcomes.models
    assert (models.methods, models.unclassed, models.split_below) == (("frailty", "gap_time"), False, 0.01)
    assert study.asked_of_outcomes.switches == {
        "re_referral": {"leave_out_transferred": True},
        "repeat_plan": {"first_plan_only": False},
    }


WRONG = {
    '[outcomes]\nalso = ["fraility"]\n': 'also = "fraility" is not known; did you mean "frailty"',
    "[outcomes]\nsplit_below = 5\n": '"split_below" should be from 0',
    "[outcomes.repeat_plan]\nfirst_plan = true\n": 'there is no key "first_plan"; did you mean "first_plan_only"',
    '[[outcomes.mask]]\nauthority = "A"\nyear = 2019\nreturn = "cin"\n': 'return = "cin" is not known',
    '[[outcomes.mask]]\nauthority = "A"\n': '"year" is missing',
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(StudyError) as fault:
        asked(tmp_path, text)
    assert WRONG[text] in str(fault.value)
