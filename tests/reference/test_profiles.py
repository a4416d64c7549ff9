"""Profiles and flows against slow, obvious Python: every row is looked at one by one, nothing is counted beforehand."""

import datetime as dt
import statistics
from math import sqrt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careloom.catalogue import Drop, Flow, Profile, ProfileItem, load_catalogue
from careloom.engine import DuckDBEngine, Engine
from careloom.pathways import describe, follow_flows

FIRST_DAY, END_DAY = dt.date(2018, 4, 1), dt.date(2021, 4, 1)
SOURCE = "A made-up one."
PROFILE = Profile(
    name="made",
    title="Made-up things",
    unit="thing",
    why="To be compared.",
    source=SOURCE,
    select="SELECT unit_id, person_id, CAST(NULL AS VARCHAR) AS episode_id, la, year, category, colour, size FROM thing",
    items=(
        ProfileItem("colour", "Colour", "level", ("red", "blue")),
        ProfileItem("size", "Size", "amount", ()),
    ),
    examples="",
)
FLOW = Flow(
    name="made",
    title="Made-up things",
    begin="things",
    end="things left",
    why="To be compared.",
    source=SOURCE,
    needs=("thing",),
    select="SELECT la, year, person_id, colour, size FROM thing",
    drops=(Drop("red", "kept.colour = 'red'"), Drop("large", "kept.size > 4"), Drop("none", "1 = 0")),
    examples="",
)
KINDS = {
    "unit_id": pa.string(),
    "person_id": pa.string(),
    "la": pa.string(),
    "year": pa.int64(),
    "category": pa.string(),
    "colour": pa.string(),
    "size": pa.float64(),
}
Thing = dict[str, Any]
things = st.lists(
    st.fixed_dictionaries(
        {
            "person_id": st.sampled_from(["p1", "p2", "p3", None]),
            "la": st.sampled_from(["A", "B"]),
            "year": st.sampled_from([2019, 2020]),
            "category": st.sampled_from(["1. One", "2. Two", None]),
            "colour": st.sampled_from(["red", "blue", "green", None]),
            "size": st.none() | st.integers(0, 9).map(float),
        }
    ),
    max_size=25,
)


def load(engine: Engine, made: list[Thing]) -> None:
    numbered = [{"unit_id": f"u{n}", **thing} for n, thing in enumerate(made)]
    engine.load("thing", pa.table({k: pa.array([t[k] for t in numbered], kind) for k, kind in KINDS.items()}))
    engine.load("person", pa.table({"person_id": ["p1", "p2"], "sex": ["F", "M"], "is_uasc": [True, None]}))
    engine.load("pathway", pa.table({"episode_id": pa.array([], pa.string()), "rung": pa.array([], pa.string())}))


# --- profiles, slowly ------------------------------------------------------------------------------------------------


def group_of(thing: Thing, by: str) -> str | None:
    if by == "sex":
        return {"p1": "F", "p2": "M"}.get(thing["person_id"])
    if by == "is_uasc":
        return {"p1": "Yes"}.get(thing["person_id"])
    return str(thing[by]) if thing[by] is not None else None


def slow_profile(made: list[Thing], by: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """One row for each group, item and level: known, missing, elsewhere, of level, then the numbers."""
    told: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    groups = {group_of(thing, by) if by else None for thing in made}
    colours = ["red", "blue"] + (["green"] if any(thing["colour"] == "green" for thing in made) else [])
    for group in groups:
        mine = [thing for thing in made if not by or group_of(thing, by) == group]
        others = [thing for thing in made if by and group_of(thing, by) != group]
        for item in ("colour", "size"):
            here, there = ([t[item] for t in some if t[item] is not None] for some in (mine, others))
            rows = (len(here), len(mine) - len(here), len(there) if len(groups) > 1 else None)
            if item == "size":
                told[group, item, ""] = (*rows, None, None, *slow_amount(here), slow_apart(here, there))
                continue
            for colour in colours:
                of = [float(c == colour) for c in here]
                share = statistics.fmean(of) if of else None
                apart = slow_apart(of, [float(c == colour) for c in there], of_sample=False)
                told[group, item, colour] = (*rows, int(sum(of)), share, None, None, None, None, apart)
    return told


def slow_amount(values: list[float]) -> tuple[float | None, ...]:
    if not values:
        return (None,) * 4
    return (statistics.fmean(values), *(float(np.quantile(values, q)) for q in (0.25, 0.5, 0.75)))


def slow_apart(here: list[float], there: list[float], *, of_sample: bool = True) -> float | None:
    """Means apart in units of their spread; of a share the spread is that of all, of an amount that of a sample."""
    if min(len(here), len(there)) < (2 if of_sample else 1):
        return None
    spread = statistics.variance if of_sample else statistics.pvariance
    apart, both = statistics.fmean(here) - statistics.fmean(there), spread(here) + spread(there)
    if both == 0:
        return 0.0 if apart == 0 else None
    return apart / sqrt(both / 2)


COLUMNS = "rows_known, rows_missing, rows_elsewhere, rows_of_level, share, mean, lower_quartile, median, upper_quartile, difference"


def compare_profiles(engine: Engine, made: list[Thing]) -> None:
    load(engine, made)
    by = ["category", "la", "year", "sex", "is_uasc", "colour"]
    tables = load_catalogue().tables
    assert describe(engine, {"made": PROFILE}, tables, by=by, first_day=FIRST_DAY, end_day=END_DAY).balances
    for column in ["", *by]:
        found = engine.rows(f"SELECT group_value, item, level, {COLUMNS} FROM profile WHERE grouped_by = '{column}'")
        expected = slow_profile(made, column)
        assert len(found) == len(expected)
        for group, item, level, *numbers in found:
            assert numbers == [n if n is None else pytest.approx(n, abs=1e-9) for n in expected[group, item, level]], (
                column,
                group,
                item,
                level,
            )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=things)
def test_a_profile_is_what_looking_at_each_row_gives(duck: DuckDBEngine, made: list[Thing]) -> None:
    compare_profiles(duck, made)


# --- flows, slowly ---------------------------------------------------------------------------------------------------


def is_dropped(thing: Thing, rule: int) -> bool:
    if rule == 1:
        return bool(thing["colour"] == "red")
    return rule == 2 and thing["size"] is not None and thing["size"] > 4


def slow_flow(made: list[Thing], la: str | None, year: int | None) -> list[tuple[int, int, int]]:
    left = [t for t in made if la is None or (t["la"], t["year"]) == (la, year)]
    told = []
    for rule in range(5):
        stays = [t for t in left if not is_dropped(t, rule)]
        children = {t["person_id"] for t in stays} - {None}
        told.append((len(left) - len(stays), len(stays), len(children)))
        left = stays
    return told


def compare_flows(engine: Engine, made: list[Thing]) -> None:
    load(engine, made)
    ledger = follow_flows(engine, [FLOW], first_day=FIRST_DAY, end_day=END_DAY)
    assert ledger.balances
    for la, year in {(None, None), *((t["la"], t["year"]) for t in made)}:
        which = f"la = '{la}' AND year = {year}" if la else "la IS NULL AND year IS NULL"
        found = engine.rows(f"SELECT rows_dropped, rows_left, children_left FROM flow WHERE {which} ORDER BY position")
        assert found == slow_flow(made, la, year)
    (step,) = ledger.steps
    assert (step.rows_in, step.rows_out) == (len(made), slow_flow(made, None, None)[-1][1])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=things)
def test_a_flow_is_what_following_each_row_gives(duck: DuckDBEngine, made: list[Thing]) -> None:
    compare_flows(duck, made)


def test_the_same_on_every_engine(engine: Engine) -> None:
    made = [
        {"person_id": p, "la": la, "year": year, "category": category, "colour": colour, "size": size}
        for p, la, year, category, colour, size in [
            ("p1", "A", 2019, "1. One", "red", 3.0),
            ("p1", "A", 2020, "1. One", "blue", None),
            ("p2", "B", 2020, "2. Two", "green", 9.0),
            ("p3", "B", 2020, None, None, 2.0),
            (None, "B", 2020, "2. Two", "blue", 4.0),
            ("p2", "A", 2019, "2. Two", "blue", 4.5),
        ]
    ]
    compare_profiles(engine, made)
    compare_flows(engine, made)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=things, chance=st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters(duck: DuckDBEngine, made: list[Thing], chance: Any) -> None:
    def told() -> list[tuple[Any, ...]]:
        load(duck, made)
        describe(duck, {"made": PROFILE}, load_catalogue().tables, by=["la"], first_day=FIRST_DAY, end_day=END_DAY)
        return duck.rows("SELECT * FROM profile ORDER BY ALL")

    before = told()
    chance.shuffle(made)
    assert told() == before
