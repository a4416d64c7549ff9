"""Stacked cohorts are judged by whole childhoods that are known, and their SQL by slow, obvious Python."""

import datetime as dt
import random
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careloom.engine import DuckDBEngine, Engine
from careloom.pathways import stack_cohorts
from careloom.pathways.cohorts import CONTACTS

sys.path.append(str(Path(__file__).parent))
from slow_cohorts import Childhood, Told, count_slowly, first_shares, live

DATE = pa.date32()
SPELL = pa.schema(
    [
        *((name, pa.string()) for name in ("spell_id", "person_id", "la", "kind", "start_reason")),
        *((name, DATE) for name in ("starts_on", "ends_on")),
        ("delivery_id", pa.int64()),
    ]
)
PERSON = pa.schema([("person_id", pa.string()), ("born_on", DATE)])
RESIDENT = pa.schema([("la", pa.string()), ("year", pa.int64()), ("age", pa.int64()), ("children", pa.float64())])


def load(
    engine: Engine, told: list[Told], born: dict[str, dt.date | None], years: dict[str, range], children: float
) -> None:
    """Load what the stage reads; every authority's every year was handed over, in one return."""
    spells = [
        {
            "spell_id": each.spell_id,
            "person_id": each.person,
            "la": each.la,
            "kind": CONTACTS[each.contact],
            "starts_on": each.starts,
            "ends_on": each.ends,
            "start_reason": each.start_reason,
            "delivery_id": 1,
        }
        for each in told
    ]
    engine.load("spell", pa.Table.from_pylist(spells, schema=SPELL))
    people = [{"person_id": person, "born_on": day} for person, day in born.items()]
    engine.load("person", pa.Table.from_pylist(people, schema=PERSON))
    given = [(la, year) for la, of in years.items() for year in of]
    deliveries = [
        {"delivery_id": n, "la": la, "return_name": "any", "collection_year": year, "state": "read", "rows_in": 1}
        for n, (la, year) in enumerate(given, start=1)
    ]
    engine.load("delivery", pa.Table.from_pylist(deliveries))
    residents = [{"la": la, "year": y, "age": age, "children": children} for la, y in given for age in range(18)]
    engine.load("resident", pa.Table.from_pylist(residents, schema=RESIDENT))


# --- childhoods known whole ------------------------------------------------------------------------------------------

FIRST = [0.09, 0.04, 0.035, 0.03, 0.03, *[0.02] * 5, *[0.018] * 6, 0.01, 0.01]
AGAIN = [0.43, 0.2, 0.16, 0.09, 0.064]
WINDOW = dt.date(2014, 4, 1), dt.date(2021, 4, 1)
BIRTHS = 1500


def childhoods(seed: int) -> list[Childhood]:
    """Children of 25 years of birth: all who are under 18 on some day of a window of seven years."""
    chance, start = random.Random(seed), WINDOW[0].replace(year=WINDOW[0].year - 18)
    days = (WINDOW[1] - start).days
    births = [start + dt.timedelta(days=chance.randrange(days)) for _ in range(round(BIRTHS * days / 365.25))]
    return [live(chance, born, FIRST, 200, AGAIN) for born in births]


def seen_of(lives: list[Childhood]) -> tuple[list[Told], dict[str, dt.date | None]]:
    """What the window shows: spells that are open or begin in it."""
    told = [
        Told(f"{n}:{m:03}", str(n), "A", "referral", starts, ends if ends < WINDOW[1] else None, None)
        for n, each in enumerate(lives)
        for m, (starts, ends) in enumerate(each.spells)
        if starts < WINDOW[1] and (ends > WINDOW[0] or starts >= WINDOW[0])
    ]
    return told, {each.person: lives[int(each.person)].born for each in told}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_adjusted_share_is_the_true_one_and_the_unadjusted_overstates(duck: DuckDBEngine, seed: int) -> None:
    lives = childhoods(seed)
    load(duck, *seen_of(lives), {"A": range(2015, 2022)}, float(BIRTHS))
    assert stack_cohorts(duck, first_day=WINDOW[0], end_day=WINDOW[1]).balances
    found = duck.rows(
        "SELECT age, cumulative, lower, upper, cumulative_unadjusted FROM first_by_age WHERE la = 'A' ORDER BY age"
    )
    assert [row[0] for row in found] == list(range(18))
    for age, adjusted, lower, upper, unadjusted in found:
        true, error = first_shares(lives)[age], (upper - lower) / 2 / 1.96
        # 18 dependent comparisons in each of three worlds; four standard errors come by chance once in 16,000
        assert abs(adjusted - true) < 4 * error, age
        assert unadjusted > adjusted, age
    assert 0.30 < first_shares(lives)[17] < 0.42
    assert found[17][4] > first_shares(lives)[17] + 0.15  # more than half of all, when it is little more than a third
    assert (upper - lower) / 2 < 0.04


def test_nothing_without_residents_or_with_few_years(duck: DuckDBEngine) -> None:
    told, born = seen_of(childhoods(1)[:2000])
    load(duck, told, born, {"A": range(2015, 2022)}, 100.0)
    assert stack_cohorts(duck, first_day=dt.date(2017, 4, 1), end_day=WINDOW[1]).balances
    assert duck.rows("SELECT * FROM first_by_age") == []
    duck.load("resident", pa.Table.from_pylist([], schema=RESIDENT))
    ledger = stack_cohorts(duck, first_day=WINDOW[0], end_day=WINDOW[1])
    assert ledger.balances
    assert ledger.steps[0].rows_out == 0
    assert duck.rows("SELECT * FROM first_by_age") == []


# --- the SQL against slow Python -------------------------------------------------------------------------------------

YEARS = {"A": range(2016, 2022), "B": range(2018, 2022)}
VIEWS = {
    (contact, la): (dt.date(of[0] - 1, 4, 1), dt.date(2021, 4, 1)) for contact in CONTACTS for la, of in YEARS.items()
}
DAYS = st.one_of(
    st.dates(dt.date(2013, 1, 1), dt.date(2021, 12, 31)),
    st.sampled_from([dt.date(2015, 4, 1), dt.date(2016, 2, 29), dt.date(2017, 3, 31), dt.date(2021, 3, 31)]),
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Told], dict[str, dt.date | None]]:
    """A few children in two authorities, with spells that overlap, touch, come twice, or have no length."""
    born = draw(
        st.dictionaries(
            st.sampled_from("pqrs"),
            st.one_of(st.none(), st.dates(dt.date(1997, 1, 1), dt.date(2021, 6, 1)), st.just(dt.date(2012, 2, 29))),
            min_size=1,
        )
    )
    told = []
    for number in range(draw(st.integers(0, 12))):
        starts = draw(DAYS)
        days = draw(st.one_of(st.none(), st.integers(0, 1500), st.sampled_from([0, 365, 366])))
        to_view = (dt.date(2015, 4, 1) - starts).days  # ends on the first day in view, not in it
        days = draw(st.sampled_from([days, to_view])) if to_view > 0 else days
        told.append(
            Told(
                f"s{number:02}",
                draw(st.sampled_from(sorted(born))),
                draw(st.sampled_from("AB")),
                draw(st.sampled_from(sorted(CONTACTS))),
                starts,
                None if days is None else starts + dt.timedelta(days=days),
                draw(st.sampled_from([None, "", "S", "P", "0", "2"])),
            )
        )
    return told, born


def check(engine: Engine, told: list[Told], born: dict[str, dt.date | None]) -> None:
    """Every authority tells of every contact: a spell of each kind from long before sees to that."""
    known = [
        Told(f"z{contact}", "old", "A", contact, dt.date(2000, 1, 1), dt.date(2000, 1, 2), None) for contact in CONTACTS
    ]
    load(engine, [*told, *known], {**born, "old": dt.date(1999, 1, 1)}, YEARS, 50.0)
    assert stack_cohorts(engine, first_day=dt.date(2010, 4, 1), end_day=dt.date(2021, 4, 1)).balances
    contacts, quiet = count_slowly(told, born, VIEWS)
    found = Counter[tuple[object, ...]]()
    for *cell, number, days in engine.rows(
        "SELECT contact, place, age, view_year, gap, said, contacts, days_beyond FROM contact_count"
    ):
        found[tuple(cell)] += number
        found[*cell, "days"] += days
    assert +found == +contacts
    asked = "SELECT contact, place, age, gap, is_back, quiet_times FROM quiet_count"
    assert Counter({tuple(cell): number for *cell, number in engine.rows(asked)}) == quiet


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories())
def test_the_counts_are_those_of_slow_python(
    duck: DuckDBEngine, history: tuple[list[Told], dict[str, dt.date | None]]
) -> None:
    check(duck, *history)


def test_both_engines_count_the_same(engine: Engine) -> None:
    chance, told = random.Random(5), []
    born: dict[str, dt.date | None] = {
        f"p{n:02}": dt.date(1999, 1, 1) + dt.timedelta(days=chance.randrange(8000)) for n in range(60)
    }
    for number in range(600):
        starts = dt.date(2013, 1, 1) + dt.timedelta(days=chance.randrange(3200))
        ends = None if chance.random() < 0.1 else starts + dt.timedelta(days=chance.randrange(400))
        person, la, contact = chance.choice(list(born)), chance.choice("AB"), chance.choice(list(CONTACTS))
        told.append(Told(f"s{number:03}", person, la, contact, starts, ends, chance.choice([None, "S", "P", "0", "1"])))
    check(engine, told, born)
    assert engine.rows("SELECT DISTINCT la FROM first_by_age WHERE cumulative IS NOT NULL ORDER BY la") == [
        ("",),
        ("A",),
    ]
