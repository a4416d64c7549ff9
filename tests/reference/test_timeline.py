"""The timeline, day by day in slow and obvious Python, against the room's sweep in SQL; Hypothesis makes the lives."""

import datetime as dt
import itertools

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careloom.engine import DuckDBEngine
from careloom.pathways import make_timeline
from careloom.pathways.timeline import STATES

START, END = dt.date(2020, 1, 1), dt.date(2020, 2, 10)
Spell = tuple[str, str, dt.date, dt.date | None]
days = st.integers(-5, 50).map(lambda n: START + dt.timedelta(days=n))


@st.composite
def spells(draw: st.DrawFn) -> Spell:
    starts_on = draw(days)
    length = draw(st.none() | st.integers(0, 20))
    ends_on = None if length is None else starts_on + dt.timedelta(days=length)
    return (
        draw(st.sampled_from(["p1", "p2"])),
        draw(st.sampled_from([*STATES.values(), "placement"])),
        starts_on,
        ends_on,
    )


def state_on(day: dt.date, lived: list[Spell]) -> tuple[bool, ...]:
    """Say which states hold on a day: the slow and obvious way."""
    return tuple(
        any(kind == held and starts <= day and (ends is None or day < ends) for _, kind, starts, ends in lived)
        for held in STATES.values()
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lived=st.lists(spells(), max_size=12))
def test_the_timeline_says_of_every_day_what_the_spells_say(duck: DuckDBEngine, lived: list[Spell]) -> None:
    kinds = {"person_id": pa.string(), "kind": pa.string(), "starts_on": pa.date32(), "ends_on": pa.date32()}
    duck.load(
        "spell",
        pa.table({name: pa.array([row[i] for row in lived], kind) for i, (name, kind) in enumerate(kinds.items())}),
    )

    ledger = make_timeline(duck, end_day=END)

    assert ledger.balances
    segments = duck.rows(
        f"SELECT person_id, starts_on, ends_on, {', '.join(STATES)} FROM timeline ORDER BY person_id, starts_on"
    )
    for person in ("p1", "p2"):
        mine = [spell for spell in lived if spell[0] == person]
        drawn = [segment for segment in segments if segment[0] == person]
        assert all(before[2] <= after[1] for before, after in itertools.pairwise(drawn)), "segments overlap"
        day = START - dt.timedelta(days=6)
        while day < END + dt.timedelta(days=6):
            covering = [segment[3:] for segment in drawn if segment[1] <= day < segment[2]]
            expected = state_on(day, mine) if day < END else (False,) * len(STATES)
            assert covering == ([expected] if any(expected) else [])
            day += dt.timedelta(days=1)
