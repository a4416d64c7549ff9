"""Placement histories by hand, what stops them, and careers found, named or not sought."""

import datetime as dt

import numpy as np
import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import load_examples
from careloom.core import Ledger
from careloom.engine import DuckDBEngine, Engine
from careloom.pathways import DISTANCES, follow_careers
from careloom.pathways.careers import MIXED, Histories, find_groups, name_careers, runs

CATALOGUE = load_catalogue()
FIRST_DAY, END_DAY = dt.date(2018, 4, 1), dt.date(2021, 4, 1)

HISTORIES = """
person
person_id | born_on    | died_on
moved     | 2010-01-01 |
back      | 2010-01-01 |
adopted   | 2017-01-01 |
grown     | 2000-11-15 |
gone      | 2010-01-01 |
dead      | 2010-01-01 | 2018-06-15
late      | 2010-01-01 |
before    | 2010-01-01 |
unborn    | 2010-01-01 |
spell
spell_id | person_id | kind              | starts_on  | ends_on    | start_reason | end_reason | code | detail
m        | moved     | period_of_care    | 2018-05-01 |            | S            |            | N1   |
m1       | moved     | placement_segment | 2018-05-01 | 2018-07-01 | S            |            | U6   | PR1
m2       | moved     | placement_segment | 2018-07-01 | 2018-07-20 | P            |            | K2   | PR4
m3       | moved     | placement_segment | 2018-07-20 | 2018-08-02 | P            |            | K1   | PR1
m4       | moved     | placement_segment | 2018-08-02 |            | P            |            | U4   | PR5
b        | back      | period_of_care    | 2018-05-01 | 2018-06-10 | S            | E4A        | N1   |
b1       | back      | placement_segment | 2018-05-01 | 2018-06-10 | S            | E4A        | U3   | PR1
c        | back      | period_of_care    | 2018-08-15 | 2018-09-15 | S            | E8         | N1   |
c1       | back      | placement_segment | 2018-08-15 | 2018-09-15 | S            | E8         | T4   |
a        | adopted   | period_of_care    | 2018-05-01 | 2018-08-05 | S            | E12        | N1   |
a1       | adopted   | placement_segment | 2018-05-01 | 2018-05-20 | S            |            | U5   |
a2       | adopted   | placement_segment | 2018-05-20 | 2018-08-05 | P            | E12        | A5   | PR1
g        | grown     | period_of_care    | 2018-05-01 |            | S            |            | N5   |
g1       | grown     | placement_segment | 2018-05-01 |            | S            |            | H5   | PR4
o        | gone      | period_of_care    | 2018-05-01 | 2018-07-10 | S            | E3         | N1   |
o1       | gone      | placement_segment | 2018-05-01 | 2018-07-10 | S            | E3         | P1   | PR0
d        | dead      | period_of_care    | 2018-05-01 | 2018-06-15 | S            | E2         | N1   |
d1       | dead      | placement_segment | 2018-05-01 | 2018-06-15 | S            | E2         | R2   | PR3
l        | late      | period_of_care    | 2021-01-01 |            | S            |            | N1   |
x        | before    | period_of_care    | 2018-03-31 |            | S            |            | N1   |
y        | unborn    | period_of_care    | 2018-05-01 |            | P            |            | N1   |
"""


def draw(engine: Engine, text: str) -> None:
    for name, rows in load_examples(text, "", year=2019, common=CATALOGUE.tables).tables.items():
        engine.load(name, rows)


def follow(engine: Engine, horizon: int = 6) -> Ledger:
    return follow_careers(engine, CATALOGUE.care_states, first_day=FIRST_DAY, end_day=END_DAY, seed=1, horizon=horizon)


def test_histories_by_hand(engine: Engine) -> None:
    """Looks from 1 May 2018: 1 May, 31 May, 30 June, 31 July, 30 August, 30 September (0, 30, 60, 91, 121, 152 days)."""
    draw(engine, HISTORIES)
    ledger = follow(engine)
    told = dict(engine.rows("SELECT period_id, states FROM care_history"))
    assert told == {
        "m": "FFFSAA",  # K2 from 1 to 20 July is between two looks
        "b": "KKhhOl",  # home on 30 June, back in care on 30 August in a place that is temporary, and gone
        "c": "OOllll",  # still in care on 14 September, the 30th day
        "a": "ODDDpp",  # a foster carer of unknown provider is an other placement
        "g": "IIIIII",  # 18 on 15 November
        "o": "PPP",  # care goes on with another authority from 10 July
        "d": "RR",
        "l": "OOO",  # in care, but no placement is told; the last look before the returns end is on 2 March
    }
    follows, finds = ledger.steps
    assert (follows.rows_in, follows.rows_out) == (10, 8)
    assert dict(follows.set_aside) == {
        "it starts outside the study period": 1,
        "its true start was never returned": 1,
    }
    assert dict(finds.set_aside) == {
        "the child dies, goes abroad or to another authority's care before its last month": 2,
        "the returns end before its last month": 1,
        "fewer than 50 could be followed to the end": 5,
    }
    assert ledger.faults() == []
    assert engine.rows("SELECT count(*) AS n FROM care_career") == [(0,)]
    assert engine.rows("SELECT count(*) AS n FROM care_history WHERE career_no IS NOT NULL") == [(0,)]


def test_the_18th_birthday_ends_a_history(duck: DuckDBEngine) -> None:
    draw(duck, HISTORIES)
    ledger = follow(duck, horizon=9)
    assert duck.rows("SELECT states, months FROM care_history WHERE period_id = 'g'") == [("IIIIIII", 7)]
    assert dict(ledger.steps[1].set_aside)["the child turns 18 before its last month, or in it"] == 1


def test_a_year_has_twelve_months_and_the_thirteenth_begins_a_year_on(duck: DuckDBEngine) -> None:
    draw(duck, HISTORIES)
    follow(duck, horizon=24)
    days = dict(duck.rows("SELECT month, days FROM care_month_day"))
    assert (days[1], days[2], days[13], days[24]) == (0, 30, 365, 700)
    assert len(days) == 24


def test_careers_are_found_counted_and_named(engine: Engine) -> None:
    """40 children stay with relatives, 30 leave a children's home for home after three months: 2 careers."""
    rows = ["spell", "spell_id | person_id | kind | starts_on | ends_on | start_reason | end_reason | code | detail"]
    for n in range(70):
        code, ends, why = ("U3", "", "") if n < 40 else ("K2", f"2018-07-{10 + n % 10}", "E4A")
        rows.append(f"c{n} | p{n} | period_of_care | 2018-05-01 | {ends} | S | {why} | N1 |")
        rows.append(f"s{n} | p{n} | placement_segment | 2018-05-01 | {ends} | S | {why} | {code} | PR1")
    draw(engine, "person\nperson_id | born_on | died_on\nnobody | 2010-01-01 |\n" + "\n".join(rows))
    ledger = follow(engine)
    assert ledger.faults() == []
    assert ledger.steps[1].rows_out == 70
    assert engine.rows(
        "SELECT career_no, name, histories, children, share, silhouette FROM care_career ORDER BY career_no"
    ) == [
        (1, "Kinship foster care", 40, 40, pytest.approx(4 / 7), 1.0),
        (2, "Residential care, then returned home", 30, 30, pytest.approx(3 / 7), 1.0),
    ]
    months = engine.rows("SELECT career_no, state, histories FROM care_month WHERE month = 4 ORDER BY career_no, state")
    assert months == [(0, "K", 40), (0, "h", 30), (1, "K", 40), (2, "h", 30)]


def test_a_history_that_lags_is_near_by_optimal_matching_and_far_by_hamming() -> None:
    """Six histories are too few for a career of their own: three months behind one, and half the months like another."""
    regular, lagging = [0, 0, 0, 1, 1, 1] * 4, [1, 1, 1, 0, 0, 0] * 4
    states = np.array([regular, lagging, lagging[:12] + [2] * 12])
    histories = Histories(("a", "b", "c"), states, np.array([31.0, 6.0, 30.0]))
    groups = {distance: find_groups(histories, distance, seed=1) for distance in DISTANCES}
    assert {distance: found and found.labels.tolist() for distance, found in groups.items()} == {
        "optimal_matching": [0, 0, 1],
        "hamming": [1, 0, 0],
    }


def test_names_are_the_longest_stretches_in_order_and_differ() -> None:
    labels = ["Foster care", "Residential care", "Returned home", *MIXED, "Left care another way"]
    typical = [
        [0] * 24,
        [0] * 6 + [2] * 18,
        [0] * 12 + [2] * 12,
        [1] * 2 + [3] * 22,
        [1] * 4 + [0] * 5 + [1] * 6 + [2] * 9,
        [1] * 12 + [2] * 2 + [1] * 10,
        [1] * 24,
        [1] * 24,
        [3] * 6 + [4] * 9 + [5] * 9,
        [0] * 12 + [5] * 12,
    ]
    assert name_careers(np.array(typical), labels) == [
        "Foster care",
        "Foster care, then returned home from month 7",
        "Foster care, then returned home from month 13",
        "Various placements",
        "Foster care, then residential care, then returned home",
        "Residential care (6)",
        "Residential care (7)",
        "Residential care (8)",
        "Various placements, then left care",
        "Foster care, then left care another way",
    ]
    assert runs(np.array([0, 0, 2])) == [(0, 2), (2, 1)]
