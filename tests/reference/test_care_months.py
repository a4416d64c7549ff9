"""Made-up placement histories, followed by slow and obvious Python, are those of the room's SQL, on every engine."""

import datetime as dt
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine, Engine
from careloom.pathways import follow_careers

sys.path.append(str(Path(__file__).parent))
from slow_care_months import Labels, Row, slow_histories

STATES = load_catalogue().care_states
LABELS: Labels = [(s.kind, s.code, s.provider, s.state) for s in STATES]
FIRST_DAY, END_DAY = dt.date(2019, 4, 1), dt.date(2021, 4, 1)
HORIZON = 9
"""Months: short, so that many histories reach the end and many do not."""
PLACES = [("U6", "PR1"), ("U6", "PR5"), ("U4", None), ("U3", "PR1"), ("K2", "PR4"), ("K1", "PR1"), ("P1", "PR0")]
PLACES += [("A5", "PR1"), ("H5", "PR4"), ("T0", None), ("Z1", "PR1"), (None, None)]
ENDS = ["E4A", "E4B", "E11", "E45", "E13", "E3", "E2", "E8", "X1", None]

DATES = [(name, pa.date32()) for name in ("starts_on", "ends_on")]
SPELL = pa.schema(
    [(name, pa.string()) for name in ("spell_id", "person_id", "la", "kind")]
    + DATES
    + [(name, pa.string()) for name in ("start_reason", "end_reason", "code", "detail", "within_id")]
)
PERSON = pa.schema([("person_id", pa.string()), ("born_on", pa.date32()), ("died_on", pa.date32())])


def lives(random: Random, children: int) -> tuple[list[Row], list[Row]]:
    """Rows of person and spell; days are few, so that things touch, overlap and coincide."""
    people, spells = [], list[Row]()
    for number in range(children):
        name = f"p{number:03}"
        born = random.choice([dt.date(2010, 5, 5), dt.date(2002, 2, 28), dt.date(2003, 6, 30), None])
        died = a_day(random) if random.random() < 0.1 else None
        if random.random() < 0.95:
            people.append({"person_id": name, "born_on": born, "died_on": died})
        for period in range(random.randint(1, 4)):
            spells += stay(random, name, period)
    return people, spells


def a_day(random: Random) -> dt.date:
    return dt.date(2019, 3, 1) + dt.timedelta(15 * random.randint(0, 52))


def stay(random: Random, person: str, number: int) -> list[Row]:
    """A period of care with its placements, which sometimes overlap, leave a gap, or are missing."""
    starts = a_day(random)
    ends = starts + dt.timedelta(random.choice([0, 15, 30, 90, 200, 400])) if random.random() < 0.8 else None
    common = {"person_id": person, "la": random.choice("AB"), "start_reason": random.choice(["S"] * 5 + ["P", None])}
    rows = [
        common | {"spell_id": f"{person}:c{number}", "kind": "period_of_care", "starts_on": starts, "ends_on": ends}
    ]
    rows[0]["end_reason"] = random.choice(ENDS) if ends else None
    day = starts
    for place in range(random.randint(0, 3)):
        until = day + dt.timedelta(random.choice([15, 30, 61, 120]))
        until = until if ends is None else min(until, ends)
        code, detail = random.choice(PLACES)
        segment = {
            "spell_id": f"{person}:s{number}{place}",
            "kind": "placement_segment",
            "code": code,
            "detail": detail,
        }
        is_open = ends is None and random.random() < 0.3
        if until > day:
            rows.append(common | segment | {"starts_on": day, "ends_on": None if is_open else until})
        day = until if random.random() < 0.8 else day + dt.timedelta(7)
    return rows


def made(engine: Engine, people: list[Row], spells: list[Row]) -> dict[str, str]:
    engine.load("person", pa.Table.from_pylist(people, schema=PERSON))
    engine.load("spell", pa.Table.from_pylist(spells, schema=SPELL))
    ledger = follow_careers(engine, STATES, first_day=FIRST_DAY, end_day=END_DAY, seed=1, horizon=HORIZON)
    assert ledger.faults() == []
    rows = engine.rows("SELECT period_id, states, months FROM care_history")
    assert all(len(states) == months for _, states, months in rows)
    return {period: states for period, states, _ in rows}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**9))
def test_histories_are_those_of_slow_following(seed: int) -> None:
    random = Random(seed)
    people, spells = lives(random, 25)
    engine = DuckDBEngine(threads=1)
    try:
        told = slow_histories(people, spells, LABELS, first_day=FIRST_DAY, end_day=END_DAY, horizon=HORIZON)
        assert made(engine, people, spells) == told
        random.shuffle(spells)
        assert made(engine, people[::-1], spells) == told
    finally:
        engine.close()


def test_histories_months_and_transitions_on_every_engine(engine: Engine) -> None:
    people, spells = lives(Random(5), 150)
    told = slow_histories(people, spells, LABELS, first_day=FIRST_DAY, end_day=END_DAY, horizon=HORIZON)
    assert made(engine, people, spells) == told
    assert len(set("".join(told.values()))) >= 10  # nearly every state comes about
    whole = {period: states for period, states in told.items() if len(states) == HORIZON}
    assert 20 < len(whole) < len(told)
    person = {s["spell_id"]: s["person_id"] for s in spells}
    months = Counter((n, letter) for states in whole.values() for n, letter in enumerate(states, start=1))
    found = engine.rows("SELECT month, state, histories, children FROM care_month WHERE career_no = 0")
    assert {(month, state): n for month, state, n, _ in found} == months
    for month, state, _, children in found:
        assert children == len({person[p] for p, states in whole.items() if states[month - 1] == state})
    pairs = Counter((a, b) for states in told.values() for a, b in pairwise(states))
    moved = engine.rows("SELECT from_state, to_state, months, children, share FROM care_transition")
    assert {(a, b): n for a, b, n, _, _ in moved} == pairs
    for a, b, n, children, share in moved:
        assert share == pytest.approx(n / sum(of for (from_state, _), of in pairs.items() if from_state == a))
        assert children == len({person[p] for p, states in told.items() if a + b in states})


def test_both_engines_find_the_same_careers(duck: DuckDBEngine, spark_session: Any) -> None:
    spark_session.forget()
    people, spells = lives(Random(6), 300)
    tables = []
    for engine in (duck, spark_session):
        made(engine, people, spells)
        careers = engine.rows(
            "SELECT career_no, name, histories, children, silhouette FROM care_career ORDER BY career_no"
        )
        tables.append(
            (careers, sorted(engine.rows("SELECT period_id, coalesce(career_no, 0) AS career_no FROM care_history")))
        )
    assert tables[0] == tables[1]
    assert len(tables[0][0]) >= 2
