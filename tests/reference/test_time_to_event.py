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
from careloom.catalogue.examples import ISO, typed
from careloom.core import Ledger
from careloom.engine import DuckDBEngine, Engine
from careloom.outcomes import IN_VIEW, AskedOfOutcomes
from careloom.outcomes.questions import follow_all
from careloom.pathways import choose_classes

CATALOGUE = load_catalogue()
FIRST_DAY, END_DAY = dt.date(2020, 2, 27), dt.date(2020, 4, 10)
Row = dict[str, Any]

SPELL = pa.schema(
    [(name, pa.string()) for name in ("spell_id", "person_id", "la", "kind")]
    + [(name, pa.date32()) for name in ("starts_on", "ends_on")]
    + [(name, pa.string()) for name in ("start_reason", "end_reason", "code", "detail", "within_id")]
)
PERSON = pa.schema(
    [("person_id", pa.string()), ("sex", pa.string()), ("ethnic_group", pa.string())]
    + [(name, pa.date32()) for name in ("born_on", "died_on")]
    + [("is_disabled", pa.bool_())]
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
KINDS = (
    ["cin_episode"] * 2 + ["assessment"] * 3 + ["cp_plan", "cp_plan", "period_of_care", "period_of_care", "placement"]
)
CARE_ENDS = ["E4A", "E4B", "E45", "E2", "E3", "E8", "E9", "E11", "E15", None]
CASE_ENDS = ["RC7", "RC7", "RC1", "RC2", "RC3", None]


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
        place(random, mine)
        spells += mine
    return people[1:], spells, classes  # the first child is not known as a person


def place(random: Random, mine: list[Row]) -> None:
    """Make placements follow each other within a period of care, as those do that are chained from episodes."""
    periods = [s for s in mine if s["kind"] == "period_of_care"]
    placements = [s for s in mine if s["kind"] == "placement"]
    for before, after in zip([None, *placements], placements):  # noqa: B905 - the last has none after it
        after["within_id"] = before["within_id"] if before else random.choice(periods)["spell_id"] if periods else None
        if before and before["ends_on"] and random.random() < 0.7:
            after["starts_on"] = before["ends_on"]
            after["ends_on"] = before["ends_on"] + dt.timedelta(random.randint(1, 8))


def person_row(random: Random, person_id: str) -> Row:
    day = a_day(random, 60)
    born = day.replace(year=day.year - random.choice([0, 1, 4, 5, 9, 10, 15, 16, 17, 18, 18]), day=min(day.day, 28))
    return {
        "person_id": person_id,
        "born_on": random.choice([born] * 9 + [None]),
        "died_on": a_day(random) if random.random() < 0.2 else None,
        "sex": random.choice(["M", "F", "U", None]),
        "ethnic_group": random.choice(["White", "Mixed", None]),
        "is_disabled": random.choice([True, False, None]),
    }


def spell_row(random: Random, person_id: str, number: int) -> Row:
    kind = random.choice(KINDS)
    before = random.choice([0, 0, 182, 183, 184, 364, 365, 366]) if kind == "assessment" else 0
    starts = a_day(random) - dt.timedelta(before)
    ends = starts + dt.timedelta(random.randint(0, 8)) if random.random() < 0.9 else None
    reasons = CARE_ENDS if kind == "period_of_care" else CASE_ENDS
    return {
        "spell_id": f"{person_id}-{number:02}",
        "person_id": person_id,
        "la": random.choice("AB"),
        "kind": kind,
        "starts_on": starts,
        "ends_on": ends,
        "start_reason": random.choice("SSP"),
        "end_reason": random.choice(reasons),
        "code": random.choice(["N1", None]),
        "detail": random.choice(["CREQB", "CHILD", "CARPL", "LAREQ"]) if kind == "placement" else random.choice("01"),
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


def zero_of(name: str, s: Row) -> dt.date | None:
    return s["starts_on"] if name in ("leaving_care", "return_home", "placement_breakdown") else s["ends_on"]


def is_unit(name: str, s: Row, spells: list[Row]) -> bool:
    """What each outcome's file says about whom to follow, said again."""
    own = [e for e in spells if e["person_id"] == s["person_id"]]
    if s["kind"] != AFTER[name]:
        return False
    if name == "re_referral":
        assessed = any(a["kind"] == "assessment" and a["within_id"] == s["spell_id"] and a["ends_on"] for a in spells)
        return assessed and s["end_reason"] not in ("RC1", "RC2")
    if name == "repeat_plan":
        return not any(
            e["kind"] == "cp_plan" and e["ends_on"] and FIRST_DAY <= e["ends_on"] < s["ends_on"] for e in own
        )
    if name == "re_entry":
        return s["end_reason"] in ("E4A", "E4B")
    if name == "re_entry_wide":
        return s["end_reason"] not in (None, "E11", "E12", "E2", "E3", "E16", "E9", "E15")
    if name in ("leaving_care", "return_home"):
        return bool(s["start_reason"] == "S")
    if name == "first_entry":
        mine = [(e["ends_on"], e["spell_id"]) for e in own if e["kind"] == "assessment" and e["ends_on"]]
        in_care = any(e["kind"] == "period_of_care" and e["starts_on"] <= s["ends_on"] for e in own)
        return min(mine) == (s["ends_on"], s["spell_id"]) and not in_care
    return True


AFTER = {
    "re_referral": "cin_episode",
    "repeat_plan": "cp_plan",
    "re_entry": "period_of_care",
    "re_entry_wide": "period_of_care",
    "leaving_care": "period_of_care",
    "return_home": "period_of_care",
    "first_entry": "assessment",
    "placement_breakdown": "placement",
}
SEEN_IN = {
    "re_referral": ["cin_census"],
    "repeat_plan": ["cin_census", "ssda903"],
    "first_entry": ["cin_census", "ssda903"],
}
ADVERSE = ("ALLEG", "STAND", "APPRR", "CREQB", "CREQO", "CHILD")


def things(name: str, s: Row, spells: list[Row]) -> list[tuple[dt.date, str]]:
    """Everything that could end the stretch, with its day; of one day, what is listed first counts."""
    own = [u for u in spells if u["person_id"] == s["person_id"]]
    others = [u for u in own if u["spell_id"] != s["spell_id"]]
    starts = [(u["starts_on"], u) for u in others]
    ends = [(u["ends_on"], u) for u in own if u["ends_on"]]
    zero = zero_of(name, s)
    assert zero is not None
    later = dt.timedelta(1)
    found: list[tuple[dt.date, str]] = []

    def event(dated: list[tuple[dt.date, Row]]) -> None:
        found.extend((day, "event") for day, _ in dated if day >= zero + later)

    def instead(ended_by: str, dated: list[tuple[dt.date, Row]]) -> None:
        found.extend((day, ended_by) for day, _ in dated if day >= zero)

    def of(kind: str, dated: list[tuple[dt.date, Row]], *reasons: str | None) -> list[tuple[dt.date, Row]]:
        return [(d, u) for d, u in dated if u["kind"] == kind and (not reasons or u["end_reason"] in reasons)]

    itself = [(day, u) for day, u in ends if u["spell_id"] == s["spell_id"]]
    if name == "re_referral":
        event(of("cin_episode", starts))
        instead("adopted", of("period_of_care", ends, "E11", "E12"))
    elif name == "repeat_plan":
        event(of("cp_plan", starts))
        instead("adopted", of("period_of_care", ends, "E11", "E12"))
        lasting = [(d, u) for d, u in starts if not u["ends_on"] or (u["ends_on"] - u["starts_on"]).days > 28]
        instead("looked_after", of("period_of_care", lasting))
    elif name in ("re_entry", "re_entry_wide"):
        event([(d, u) for d, u in of("period_of_care", starts) if u["start_reason"] == "S"])
        instead("adopted", of("cin_episode", ends, "RC1"))
        instead("order_made", of("cin_episode", ends, "RC3", "RC4"))
    elif name == "first_entry":
        event([(d, u) for d, u in of("period_of_care", starts) if u["start_reason"] == "S"])
    elif name == "leaving_care":
        event([(d, u) for d, u in itself if u["end_reason"] not in ("E2", "E3")])
        instead("died_in_care", of("period_of_care", itself, "E2"))
        instead("moved_la", of("period_of_care", itself, "E3"))
    elif name == "return_home":
        event(of("period_of_care", itself, "E4A", "E4B"))
        instead("died_in_care", of("period_of_care", itself, "E2"))
        instead("adopted", of("period_of_care", itself, "E11", "E12"))
        instead("order_made", of("period_of_care", itself, "E41", "E43", "E44", "E45", "E46", "E47", "E48"))
        instead("left_otherwise", itself)
    else:
        same = [(d, u) for d, u in of("placement", starts) if u["within_id"] and u["within_id"] == s["within_id"]]
        event([(d, u) for d, u in same if d == s["ends_on"] and u["detail"] in ADVERSE])
        instead("left_care", [(d, u) for d, u in ends if u["spell_id"] == s["within_id"]])
        instead("moved_on", itself)
    return found


def class_of_unit(name: str, s: Row, spells: list[Row], classes: list[Row]) -> int | None:
    mine = [c for c in classes if c["person_id"] == s["person_id"]]
    if name == "re_referral":
        of_it = [c for c in mine if c["episode_id"] == s["spell_id"]]
        chosen = min(of_it, key=lambda c: (c["assessed_on"], c["assessment_id"]), default=None)
        return chosen["class_no"] if chosen else None
    if name == "first_entry":
        return next((c["class_no"] for c in mine if c["assessment_id"] == s["spell_id"]), None)
    within = 183 if name == "repeat_plan" else 365
    mine.sort(key=lambda c: c["assessment_id"])
    before = [c for c in mine if 0 <= (s["starts_on"] - c["assessed_on"]).days <= within]
    if not before and name in ("re_entry", "re_entry_wide", "leaving_care", "return_home"):
        cases = [
            e["spell_id"]
            for e in spells
            if e["starts_on"] <= s["starts_on"] and (e["ends_on"] is None or e["ends_on"] >= s["starts_on"])
        ]
        zero = zero_of(name, s)
        before = [c for c in mine if c["episode_id"] in cases and zero and c["assessed_on"] <= zero]
    chosen = max(before, key=lambda c: c["assessed_on"], default=None)
    return chosen["class_no"] if chosen else None


def is_seen(name: str, la: str, day: dt.date, views: list[Row]) -> bool:
    """Whether every return that shows the outcome, of those the authority hands over, tells of that day."""
    for return_name in SEEN_IN.get(name, ["ssda903"]):
        mine = [v for v in views if v["la"] == la and v["return_name"] == return_name]
        if mine and not any(v["starts_on"] <= day < v["ends_on"] for v in mine):
            return False
    return True


def why_not_seen(name: str, la: str, day: dt.date, views: list[Row]) -> str:
    """The end of what an authority handed over at all, or a gap in one of its returns."""
    shown = [v for v in views if v["la"] == la and v["return_name"] in SEEN_IN.get(name, ["ssda903"])]
    return "end_of_follow_up" if all(v["is_last"] for v in shown if v["ends_on"] == day) else "no_return"


def follow_slowly(name: str, s: Row, person: Row, spells: list[Row], views: list[Row]) -> tuple[float, str] | None:
    """Walk day by day from time zero until something ends the stretch; None when not at risk."""
    zero, born, died = zero_of(name, s), person["born_on"], person["died_on"]
    if zero is None or born is None or zero >= month_at_18(born) or (died and died <= zero):
        return None
    if not is_seen(name, s["la"], zero, views):
        return None
    found = things(name, s, spells)
    day = zero
    while True:
        passed = max((day - zero).days, 0.5)
        if day == END_DAY:
            return passed, "end_of_follow_up"
        if not is_seen(name, s["la"], day, views):
            return passed, why_not_seen(name, s["la"], day, views)
        if day == month_at_18(born):
            return passed, "18th_birthday"
        today = [ended_by for on, ended_by in found if on == day]
        if today:
            return passed, today[0]
        if day == died:
            return passed, "died"
        day += dt.timedelta(1)


def age_band(born: dt.date, on: dt.date) -> str:
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return next(
        band for below, band in ((1, "under 1"), (5, "1-4"), (10, "5-9"), (16, "10-15"), (99, "16-17")) if age < below
    )


def expected_rows(people: list[Row], spells: list[Row], classes: list[Row], views: list[Row]) -> list[tuple[Any, ...]]:
    rows = []
    who = {p["person_id"]: p for p in people}
    for name in CATALOGUE.outcomes:
        for s in spells:
            zero = zero_of(name, s)
            if zero is None or not FIRST_DAY <= zero < END_DAY or not is_unit(name, s, spells):
                continue
            person = who.get(s["person_id"])
            followed = follow_slowly(name, s, person, spells, views) if person else None
            if person and followed:
                number, ended_by = followed
                band = age_band(person["born_on"], zero)
                sex, group = person["sex"] or "U", person["ethnic_group"] or "Unknown"
                kept = (
                    number,
                    ended_by == "event",
                    ended_by,
                    class_of_unit(name, s, spells, classes),
                    band,
                    sex,
                    group,
                )
                rows.append((name, s["spell_id"], s["person_id"], s["la"], zero, *kept))
    return sorted(rows, key=lambda row: row[:2])


def some_views(random: Random) -> list[Row]:
    """From when until when each return of each authority can be read: all the time, with a gap, or not to the end."""
    first, last = DAY_0 - dt.timedelta(400), END_DAY + dt.timedelta(10)
    rows = []
    for la in "AB":
        for return_name in ("cin_census", "ssda903"):
            # Two runs never touch: without a day between them they would be one (study/views.py).
            gap = a_day(random)
            back = gap + dt.timedelta(random.randint(1, 20))
            runs = random.choice([[], [(first, last)], [(first, gap)], [(first, gap), (back, last)]])
            for number, (start, end) in enumerate(runs, start=1):
                about = {"return_name": return_name, "la": la, "is_last": number == len(runs)}
                rows.append({**about, "starts_on": start, "ends_on": end})
    return rows


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
    random = Random(seed)
    made_up = lives(random)
    views = some_views(random)
    for table in ("pathway", "care_episode", "code"):
        engine.load(table, typed(CATALOGUE.tables[table], (), ISO))
    for table, rows, schema in zip(("person", "spell", "class_of"), made_up, (PERSON, SPELL, CLASS_OF), strict=True):
        engine.load(table, pa.Table.from_pylist(rows, schema=schema))
    engine.load("in_view", pa.Table.from_pylist(views, schema=IN_VIEW))
    choose_classes(engine)
    ledger = Ledger()
    outcomes = list(CATALOGUE.outcomes.values())
    follow_all(engine, outcomes, AskedOfOutcomes(), first_day=FIRST_DAY, end_day=END_DAY, ledger=ledger)
    assert engine.rows("SELECT * FROM time_to_event ORDER BY outcome, unit_id") == expected_rows(*made_up, views)
    assert ledger.balances, ledger.faults()


def test_the_lives_are_worth_following() -> None:
    """Every ending of every outcome, with and without a class: else the test above would prove little."""
    rows = []
    for seed in range(30):
        random = Random(seed)
        made_up = lives(random)
        rows += expected_rows(*made_up, some_views(random))
    for name, outcome in CATALOGUE.outcomes.items():
        mine = [row for row in rows if row[0] == name]
        endings = {"event", "died", "18th_birthday", "end_of_follow_up", "no_return"}
        assert {row[7] for row in mine} == endings | {each.name for each in outcome.competing}, name
        assert {row[8] for row in mine} == {None, 1, 2, 3}
