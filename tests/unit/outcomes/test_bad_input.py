"""What is wrong with the rows is said with the count and the remedy, or has a level of its own; nothing goes in silence."""

import datetime as dt
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import ISO, load_examples, typed
from careloom.core import Ledger
from careloom.engine import DuckDBEngine
from careloom.outcomes import AskedOfOutcomes
from careloom.outcomes.hazards import CannotFitError, fit_hazards, rows_against_mean
from careloom.outcomes.questions import follow_all
from careloom.outcomes.risk_table import RiskTable
from careloom.stats.survival import (
    aalen_johansen,
    fit_cox,
    fit_cox_soft,
    fit_fine_gray,
    fit_frailty,
    kaplan_meier,
    log_rank,
    nelson_aalen,
)

sys.path.append(str(Path(__file__).parent))  # the stretches, beside this file
from planted_stretches import TERMS, by_level, level_of, risk_table, with_level

N = 40
X = np.array([[0.0], [1.0]])
OF = np.arange(N) % 2
EVENT = np.arange(N) % 3 == 0


def cox(days: Any, event: Any = EVENT, **more: Any) -> Any:
    return fit_cox(X, OF, days, event, names=["x"], **more)


ESTIMATES = {
    "Kaplan-Meier": lambda days, event=EVENT: kaplan_meier(days, event),
    "Nelson-Aalen": lambda days, event=EVENT: nelson_aalen(days, event),
    "Aalen-Johansen": lambda days, event=EVENT: aalen_johansen(days, event, causes=1),
    "log-rank": lambda days, event=EVENT: log_rank(days, event, OF),
    "Cox": cox,
    "soft classes": lambda days, event=EVENT: fit_cox_soft(
        np.zeros((1, 0)), np.zeros(N, int), days, event, np.eye(2), OF, names=[], classes=["a", "b"]
    ),
    "Fine and Gray": lambda days, event=EVENT: fit_fine_gray(X, OF, days, event, names=["x"]),
    "frailty": lambda days, event=EVENT: fit_frailty(X, OF, days, event, np.arange(N) % 4, names=["x"]),
}


# --- times that cannot be ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ESTIMATES)
@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_times_that_cannot_be_are_counted_and_the_remedy_said(name: str, wrong: float) -> None:
    days = np.arange(1.0, N + 1)
    days[[3, 8]] = wrong
    with pytest.raises(ValueError, match="days must be known and not negative: 2 of 40 rows are not; leave them out"):
        ESTIMATES[name](days)


@pytest.mark.parametrize("name", [name for name in ESTIMATES if name not in ("Fine and Gray", "Aalen-Johansen")])
def test_events_that_are_neither_are_counted(name: str) -> None:
    event = EVENT.astype(float)
    event[5] = np.nan
    with pytest.raises(ValueError, match="none missing: 1 of 40 rows is neither"):
        ESTIMATES[name](np.arange(1.0, N + 1), event)


def test_an_event_before_or_at_the_entry_is_counted() -> None:
    days, entry = np.arange(1.0, N + 1), np.zeros(N)
    entry[[2, 3, 4]] = [3.0, 9.0, np.nan]  # at the exit, after it, and not known
    with pytest.raises(ValueError, match="place a same-day exit at, say, half a day: 3 of 40 rows are not"):
        cox(days, entry_days=entry)


def test_weights_that_are_none_are_counted() -> None:
    weights = np.ones(N)
    weights[0] = 0.0
    with pytest.raises(ValueError, match="leave out rows of weight 0: 1 of 40 rows is not"):
        cox(np.arange(1.0, N + 1), weights=weights)


# --- in the records ---------------------------------------------------------------------------------------------------

RECORDS = """
person
person_id | born_on    | sex | ethnic_group
ann       | 2012-05-01 |     |
bob       | 2012-05-01 | F   | White
cy        |            | F   | White
dee       | 2012-05-01 | F   | White

spell
spell_id | person_id | la | kind        | starts_on  | ends_on    | end_reason | detail | within_id
ann-1    | ann       | A  | cin_episode | 2017-05-01 | 2017-06-01 | RC7        | 0      |
ann-a    | ann       | A  | assessment  | 2017-05-02 | 2017-05-20 |            |        | ann-1
ann-2    | ann       | A  | cin_episode | 2017-05-15 | 2017-05-25 |            | 1      |
bob-1    | bob       | A  | cin_episode | 2017-05-01 | 2017-06-01 | RC7        | 0      |
bob-a    | bob       | A  | assessment  | 2017-05-02 | 2017-05-20 |            |        | bob-1
bob-p    | bob       | A  | period_of_care | 2017-01-01 | 2017-06-01 | E11     |        |
cy-1     | cy        | A  | cin_episode | 2017-05-01 | 2017-06-01 | RC7        | 0      |
cy-a     | cy        | A  | assessment  | 2017-05-02 | 2017-05-20 |            |        | cy-1
dee-1    | dee       | A  | cin_episode | 2017-05-01 |            |            | 0      |
dee-a    | dee       | A  | assessment  | 2017-05-02 | 2017-05-20 |            |        | dee-1
"""


@pytest.fixture(scope="module")
def followed() -> Iterator[Any]:
    """What becomes of records that say nothing of the child, that contradict themselves, or of which no time can be made."""
    catalogue, engine = load_catalogue(), DuckDBEngine(threads=1)
    given = load_examples(RECORDS, "spell", year=2018, common=catalogue.tables).tables
    for name in ("person", "spell", "class_of", "episode_class", "pathway", "care_episode", "code"):
        engine.load(name, given.get(name, typed(catalogue.tables[name], (), ISO)))
    ledger = Ledger()
    first_day, end_day = dt.date(2016, 4, 1), dt.date(2018, 4, 1)
    asked = [catalogue.outcomes["re_referral"]]
    follow_all(engine, asked, AskedOfOutcomes(), first_day=first_day, end_day=end_day, ledger=ledger)
    yield engine, ledger
    engine.close()


def test_what_is_not_known_of_a_child_is_a_level_of_its_own(followed: Any) -> None:
    engine, _ = followed
    said = "sex, ethnic_group, disability, class_no, referred_by"
    rows = engine.rows(f"SELECT {said} FROM time_to_event_re_referral WHERE unit_id = 'ann-1'")
    assert rows == [("U", "Unknown", "Not known", None, "Not known")]


def test_no_time_without_both_ends_and_a_birth(followed: Any) -> None:
    """Still open, or born nobody knows when: set aside with the reason, and counted."""
    engine, ledger = followed
    assert [row[0] for row in engine.rows("SELECT unit_id FROM time_to_event ORDER BY unit_id")] == ["ann-1", "bob-1"]
    (step,) = (step for step in ledger.steps if step.step == "follow for re_referral")
    reasons = dict(step.set_aside)
    assert reasons["still open at the last return"] == 1
    assert reasons["date of birth not known"] == 1
    assert step.rows_in == step.rows_out + sum(reasons.values())


def test_no_stretch_is_of_no_length_and_what_was_put_in_order_is_counted(followed: Any) -> None:
    """Adopted on the day the case closed: half a day. A referral before that day is passed over."""
    engine, ledger = followed
    rows = engine.rows("SELECT unit_id, days, ended_by FROM time_to_event ORDER BY unit_id")
    assert rows == [("ann-1", 304.0, "end_of_follow_up"), ("bob-1", 0.5, "adopted")]
    (changed,) = (dict(step.changed) for step in ledger.steps if step.changed)
    assert changed == {
        "something happened on the day of time zero: half a day": 1,
        "a start of the kind before time zero was passed over": 1,
    }


# --- what the models cannot tell ---------------------------------------------------------------------------------------


def plain(n: int = 800, seed: int = 7) -> RiskTable:
    return risk_table(n, seed=seed, ratios={"1": 1.0, "2": 1.5})


def test_an_authority_in_which_all_are_censored_changes_nothing() -> None:
    """Its stretches have no event to be compared at: the same ratios to the last digit, and it is counted as used."""
    risk = plain()
    quiet = replace(risk, cause=np.where(risk.la == 1, 0, risk.cause))
    both, one = fit_hazards(quiet, TERMS), fit_hazards(quiet.of(quiet.la == 0), TERMS)
    np.testing.assert_allclose(both.coefficients, one.coefficients, rtol=1e-10)
    np.testing.assert_allclose(both.covariance, one.covariance, rtol=1e-8)
    assert both.used == 800


def test_where_everybody_is_censored_there_is_no_model() -> None:
    risk = plain()
    with pytest.raises(CannotFitError, match="fewer than 20 events"):
        fit_hazards(replace(risk, cause=np.zeros(800, dtype=int)), TERMS)


def test_a_class_that_was_found_but_never_followed_has_no_row() -> None:
    risk = plain()
    levels = risk.levels["class_no"]
    third = replace(risk, levels={**risk.levels, "class_no": replace(levels, names=(*levels.names, "3"))})
    fit = fit_hazards(third, TERMS)
    assert set(by_level(fit)) == {"1", "2"}
    assert {row["level"] for row in rows_against_mean(fit)} == {"1", "2"}
    np.testing.assert_allclose(fit.coefficients, fit_hazards(risk, TERMS).coefficients, rtol=1e-12)


def test_a_constant_covariate_is_left_out() -> None:
    risk = plain()
    fit = fit_hazards(with_level(risk, sex=np.full(800, "F")), TERMS)
    without = fit_hazards(risk, [term for term in TERMS if term != "sex"])
    np.testing.assert_allclose(fit.coefficients, without.coefficients, rtol=1e-10)
    assert "sex" not in {term.name for term in fit.design.terms}


def test_a_level_that_only_one_child_has_is_said_or_blank_but_stops_nothing() -> None:
    risk = plain()
    one = np.array(level_of(risk, "ethnic_group"))
    one[0] = "Other"
    fit = fit_hazards(with_level(risk, ethnic_group=one), TERMS)
    row = by_level(fit, "ethnic_group")["Other"]
    assert row["children"] == 1
    assert (row["hazard_ratio"] is None) == (not risk.is_event[0])
    assert by_level(fit)["2"]["hazard_ratio"] is not None
