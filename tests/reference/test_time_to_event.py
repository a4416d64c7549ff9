"""Made-up lives, followed by slow and obvious Python, give the same stretches at risk as the room's SQL."""

import datetime as dt
from collections.abc import Iterator
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine, Engine
from careloom.outcomes import time_outcomes

CATALOGUE = load_catalogue()
FIRST_DAY, END_DAY = dt.date(2020, 2, 27), dt.date(2020, 4, 1)
Row = dict[str, Any]

SPELL = pa.schema(
    [(name, pa.string()) for name in ("spell_id", "person_id", "la", "kind")]
    + [(name, pa.date32()) for name in ("starts_on", "ends_on")]
    + [(name, pa.string()) for name in ("start_reason", "end_reason", "detail", "within_id")]
)
PERSON = pa.schema(
    [("person_id", pa.string()), ("sex", pa.string()), ("ethnic_group", pa.string())]
    + [(name, pa.date32()) for name in ("born_on", "died_on")]
)
CLASS_OF = pa.schema(
    [(name, pa.string()) for name in ("assessment_id", "person_id", "episode_id")]
    + [("assessed_on", pa.date32()), ("class_no", pa.int32())]
)


# --- lives ----------------------------------------------------------------------------------------------------------


# Everything happens within some weeks around the study period, so that same-day, touching and just-too-late are common;
# assessments may lie long before, as only their distance counts.
DAY_0 = dt.date(2020, 2, 20)
CHILDREN = 60


def lives(random: Random) -> tuple[list[Row], list[Row], list[Row]]:
    """Rows of person, spell and class_of."""
    people = [person_row(random, f"p{number:02}") for number in range(CHILDREN)]
    spells, classes = [], []
    for person in people:
        mine = [spell_row(random, person["person_id"], number) for number in range(random.randint(1, 12))]
        episodes = [s["spell_id"] for s in mine if s["kind"] == "cin_episode"]
        for assessment in (s for s in mine if s["kind"] == "assessment" and episodes):
            assessment["within_id"] = random.choice(episodes)
            if assessment["ends_on"] and random.random() < 0.8:
                classes.append(class_row(random, assessment))
        spells += mine
    return people[1:], spells, classes  # the first child is not known as a person


def person_row(random: Random, person_id: str) -> Row:
    day = a_day(random, 60)
    born = day.replace(year=day.year - random.choice([0, 1, 4, 5, 9, 10, 15, 16, 17, 18, 18]), day=min(day.day, 28))
    return {
        "person_id": person_id,
        "born_on": random.choice([born] * 9 + [None]),
        "died_on": a_day(random) if random.random() < 0.2 else None,
        "sex": random.choice(["M", "F", "U", None]),
        "ethnic_group": random.choice(["White", "Mixed", None]),
    }


def spell_row(random: Random, person_id: str, number: int) -> Row:
    kind = random.choice(["cin_episode", "assessment", "assessment", "cp_plan", "period_of_care"])
    before = random.choice([0, 0, 182, 183, 184, 364, 365, 366]) if kind == "assessment" else 0
    starts = a_day(random) - dt.timedelta(before)
    ends = starts + dt.timedelta(random.randint(0, 8)) if random.random() < 0.9 else None
    reasons = ["E4A", "E4B", "E45", None] if kind == "period_of_care" else ["RC7", "RC7", "RC1", "RC2", None]
    return {
        "spell_id": f"{person_id}-{number:02}",
        "person_id": person_id,
        "la": random.choice("AB"),
        "kind": kind,
        "starts_on": starts,
        "ends_on": ends,
        "start_reason": random.choice("SSP"),
        "end_reason": random.choice(reasons),
        "detail": random.choice("01"),
        "within_id": None,
    }


def class_row(random: Random, assessment: Row) -> Row:
    return {
        "assessment_id": assessment["spell_id"],
        "person_id": assessment["person_id"],
        "episode_id": assessment["within_id"],
        "assessed_on": assessment["ends_on"] - dt.timedelta(1),
        "class_no": random.randint(1, 3),
    }


def a_day(random: Random, last: int = 45) -> dt.date:
    return DAY_0 + dt.timedelta(random.randint(0, last))


# --- slow and obvious ------------------------------------------------------------------------------------------------


def month_at_18(born: dt.date) -> dt.date:
    return dt.date(born.year + 18, born.month, 1)


def is_unit(name: str, s: Row, spells: list[Row]) -> bool:
    """What each outcome's file says about whom to follow, said again."""
    if name == "re_referral":
        assessed = any(a["kind"] == "assessment" and a["within_id"] == s["spell_id"] and a["ends_on"] for a in spells)
        return s["kind"] == "cin_episode" and assessed and s["end_reason"] not in ("RC1", "RC2")
    if name == "repeat_plan":
        others = [e for e in spells if e["kind"] == "cp_plan" and e["person_id"] == s["person_id"] and e["ends_on"]]
        return s["kind"] == "cp_plan" and not any(FIRST_DAY <= e["ends_on"] < s["ends_on"] for e in others)
    return s["kind"] == "period_of_care" and s["end_reason"] in ("E4A", "E4B")


def counts_as_return(name: str, u: Row) -> bool:
    kind = {"re_referral": "cin_episode", "repeat_plan": "cp_plan", "re_entry": "period_of_care"}[name]
    return u["kind"] == kind and (name != "re_entry" or u["start_reason"] == "S")


def class_of_unit(name: str, s: Row, classes: list[Row]) -> int | None:
    if name == "re_referral":
        mine = [c for c in classes if c["episode_id"] == s["spell_id"]]
        chosen = min(mine, key=lambda c: (c["assessed_on"], c["assessment_id"]), default=None)
    else:
        within = {"repeat_plan": 183, "re_entry": 365}[name]
        before = [c for c in classes if c["person_id"] == s["person_id"]]
        mine = [c for c in before if 0 <= (s["starts_on"] - c["assessed_on"]).days <= within]
        mine.sort(key=lambda c: c["assessment_id"])
        chosen = max(mine, key=lambda c: c["assessed_on"], default=None)
    return chosen["class_no"] if chosen else None


def follow_slowly(name: str, s: Row, person: Row, spells: list[Row]) -> tuple[float, str] | None:
    """Walk day by day from time zero until something ends the stretch; None when not at risk."""
    zero, born, died = s["ends_on"], person["born_on"], person["died_on"]
    if born is None or zero >= month_at_18(born) or (died and died <= zero):
        return None
    starts = {u["starts_on"] for u in spells if u["person_id"] == s["person_id"] and counts_as_return(name, u)}
    day = zero + dt.timedelta(1)  # every outcome asks for a gap of at least a day
    while True:
        if day == END_DAY:
            return (day - zero).days, "end_of_follow_up"
        if day == month_at_18(born):
            return (day - zero).days, "18th_birthday"
        if day in starts:
            return (day - zero).days, "event"
        if day == died:
            return (day - zero).days, "died"
        day += dt.timedelta(1)


def age_band(born: dt.date, on: dt.date) -> str:
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return next(
        band for below, band in ((1, "under 1"), (5, "1-4"), (10, "5-9"), (16, "10-15"), (99, "16-17")) if age < below
    )


def expected_rows(people: list[Row], spells: list[Row], classes: list[Row]) -> list[tuple[Any, ...]]:
    rows = []
    who = {p["person_id"]: p for p in people}
    for name in CATALOGUE.outcomes:
        for s in spells:
            ends = s["ends_on"]
            if ends is None or not FIRST_DAY <= ends < END_DAY or not is_unit(name, s, spells):
                continue
            person = who.get(s["person_id"])
            followed = follow_slowly(name, s, person, spells) if person else None
            if person and followed:
                number, ended_by = followed
                band = age_band(person["born_on"], ends)
                sex, group = person["sex"] or "U", person["ethnic_group"] or "Unknown"
                kept = (number, ended_by == "event", ended_by, class_of_unit(name, s, classes), band, sex, group)
                rows.append((name, s["spell_id"], s["person_id"], s["la"], ends, *kept))
    return sorted(rows, key=lambda row: row[:2])


# --- the same --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def duckdb() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(threads=1)
    yield engine
    engine.close()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_sql_follows_as_python_does(duckdb: DuckDBEngine, seed: int) -> None:
    assert_same(duckdb, seed)


def test_so_it_does_on_every_engine(engine: Engine) -> None:
    assert_same(engine, seed=3)


def assert_same(engine: Engine, seed: int) -> None:
    made_up = lives(Random(seed))
    for table, rows, schema in zip(("person", "spell", "class_of"), made_up, (PERSON, SPELL, CLASS_OF), strict=True):
        engine.load(table, pa.Table.from_pylist(rows, schema=schema))
    ledger = time_outcomes(engine, list(CATALOGUE.outcomes.values()), first_day=FIRST_DAY, end_day=END_DAY)
    assert engine.rows("SELECT * FROM time_to_event ORDER BY outcome, unit_id") == expected_rows(*made_up)
    assert ledger.balances, ledger.faults()


def test_the_lives_are_worth_following() -> None:
    """All four endings, all outcomes, with and without a class: else the test above would prove little."""
    rows = [row for seed in range(10) for row in expected_rows(*lives(Random(seed)))]
    for outcome in CATALOGUE.outcomes:
        mine = [row for row in rows if row[0] == outcome]
        assert {row[7] for row in mine} == {"event", "died", "18th_birthday", "end_of_follow_up"}
        assert {row[8] for row in mine} == {None, 1, 2, 3}
