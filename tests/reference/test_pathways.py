"""Repairs, care chains, spells, timeline and pathways in SQL, against the slow, obvious reference, row for row.

Hypothesis makes the histories, with every code and every defect; a corpus of two hundred is compared in one go on Spark too.
"""

import random
import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine, Engine
from careloom.pathways import make_lives, make_pathways, make_timeline

sys.path.append(str(Path(__file__).parent))
from histories import History, Row, arrow, collection_year, corpus, histories, numbered
from slow_pathways import (
    CARE_REPAIRS,
    EPISODE_CONTENT,
    FLAGS,
    SPELL_REPAIRS,
    Lives,
    Pathway,
    Spell,
    Told,
    lives,
    pathways,
    state_on,
)

CATALOGUE = load_catalogue()
REPAIRS = tuple(repair.name for repair in CATALOGUE.repairs)
END_DAY = date(2021, 6, 1)
TOLD = ("person_id", "la", "starts_on", "ends_on", "start_reason", "end_reason")
EPISODE = (*TOLD, *EPISODE_CONTENT[2:], "collection_year", "repairs")
SPELL = (*TOLD, "kind", "code", "detail", "collection_year", "repairs")
STEPS = ("has_assessment", "has_cin_plan", "has_section_47", "has_conference", "has_cp_plan", "has_care")
PATHWAY = ("rung", *STEPS, "cp_category", "care_status", "care_placement", "days")
thorough = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
few = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))

Rows = Counter[tuple[Any, ...]]
Made = dict[str, Rows]
"""Each table as the number of times each row is in it, without the keys and lines that the words leave free."""


def made(engine: Engine, history: Mapping[str, Sequence[Row]], off: Collection[str] = ()) -> Made:
    """Let pathways make its tables from a history, and read them."""
    for name, rows in history.items():
        engine.load(name, arrow(name, rows))
    ledger = make_lives(engine, CATALOGUE.repairs, CATALOGUE.spells, off=off)
    ledger.extend(make_timeline(engine, end_day=END_DAY))
    ledger.extend(make_pathways(engine))
    assert ledger.faults() == []
    return {name: Counter(engine.rows(select)) for name, select in SELECTS.items()}


def of(columns: Collection[str], table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in columns)


SELECTS = {
    "care_episode": f"SELECT {of(EPISODE, 'care_episode')} FROM care_episode",
    "spell": f"""SELECT {of(SPELL, "part")}, whole.kind, whole.starts_on, whole.ends_on, whole.code
                 FROM spell AS part LEFT JOIN spell AS whole ON whole.spell_id = part.within_id""",
    "event": "SELECT person_id, la, event, happened_on FROM event",
    "factor": """SELECT spell.person_id, spell.la, spell.starts_on, factor.code
                 FROM factor JOIN spell ON spell.spell_id = factor.assessment_id""",
    "repair": "SELECT repair, la, is_on, rows_changed, rows_merged FROM repair WHERE rows_changed + rows_merged > 0",
    "pathway": f"""SELECT pathway.person_id, pathway.la, pathway.starts_on, pathway.ends_on, spell.code, spell.start_reason, {of(PATHWAY, "pathway")}
                   FROM pathway JOIN spell ON spell.spell_id = pathway.episode_id""",
    "timeline": f"SELECT person_id, starts_on, ends_on, {', '.join(FLAGS)}, state FROM timeline",
}


def expected(history: Mapping[str, Sequence[Row]], off: Collection[str] = ()) -> Made:
    """Return the same tables by the reference, but for the timeline, which is told day by day."""
    out = lives(history, off)
    return {
        "care_episode": Counter(with_repairs(episode, EPISODE) for episode in out.episodes),
        "spell": Counter((*with_repairs(spell, SPELL), *whole(spell)) for spell in out.spells),
        "event": Counter(out.events),
        "factor": Counter(
            (spell.person, spell.la, spell.starts_on, code) for spell in out.spells for code in spell.factors
        ),
        "repair": needed(out, off),
        "pathway": Counter(walked(path) for path in pathways(out)),
    }


def with_repairs(row: Told, columns: Sequence[str]) -> tuple[Any, ...]:
    said = {**vars(row), "person_id": row.person, "repairs": " ".join(row.repairs) or None}
    return tuple(said[column] for column in columns)


def whole(spell: Spell) -> tuple[Any, ...]:
    within = spell.within
    return (within.kind, within.starts_on, within.ends_on, within.code) if within else (None,) * 4


def needed(out: Lives, off: Collection[str]) -> Rows:
    return Counter((name, la, name not in off, out.changed[name, la], out.merged[name, la]) for name, la in out.changed)


def walked(path: Pathway) -> tuple[Any, ...]:
    case = path.episode
    told = (case.person, case.la, case.starts_on, case.ends_on, case.code, case.start_reason)
    return (*told, *(getattr(path, name) for name in PATHWAY))


def agree(found: Made, wanted: Made) -> None:
    """Compare table by table, in the order they are made, so that the first fault is the one shown."""
    for name, rows in wanted.items():
        assert (name, found[name] - rows, rows - found[name]) == (name, Counter(), Counter())


def days_of(timeline: Rows) -> dict[tuple[str, date], tuple[Any, ...]]:
    """Tell a timeline day by day. No day of a person may be told twice."""
    days: dict[tuple[str, date], tuple[Any, ...]] = {}
    for person, starts_on, ends_on, *held in timeline.elements():
        assert starts_on < ends_on
        for n in range((ends_on - starts_on).days):
            day = person, starts_on + timedelta(days=n)
            assert day not in days, "segments overlap"
            days[day] = tuple(held)
    return days


def slow_days(out: Lives, end_day: date) -> dict[tuple[str, date], tuple[Any, ...]]:
    told: dict[tuple[str, date], tuple[Any, ...]] = {}
    for person in {spell.person for spell in out.spells}:
        mine = [spell for spell in out.spells if spell.person == person and spell.kind in FLAGS.values()]
        day = min((spell.starts_on for spell in mine), default=end_day)
        while day < end_day:
            held = state_on(day, mine)
            if held:
                told[person, day] = held
            day += timedelta(days=1)
    return told


@pytest.fixture(scope="module")
def two_hundred() -> History:
    return corpus(200)


@pytest.fixture(scope="module")
def forty() -> History:
    return corpus(40)


# --- reference = DuckDB = Spark --------------------------------------------------------------------------------------


def test_the_reference_knows_the_repairs_of_the_catalogue_in_their_order() -> None:
    assert (*CARE_REPAIRS, *SPELL_REPAIRS) == REPAIRS


def test_two_hundred_histories_are_as_the_reference_has_them_on_both_engines(
    engine: Engine, two_hundred: History
) -> None:
    found = made(engine, two_hundred)

    agree(found, expected(two_hundred))
    assert days_of(found["timeline"]) == slow_days(lives(two_hundred), END_DAY)


@thorough
@given(history=histories())
def test_any_history_is_as_the_reference_has_it(duck: DuckDBEngine, history: History) -> None:
    found = made(duck, history)

    agree(found, expected(history))
    assert days_of(found["timeline"]) == slow_days(lives(history), END_DAY)


# --- switches --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REPAIRS)
def test_a_repair_switched_off_is_counted_and_leaves_the_rest_to_the_others(
    duck: DuckDBEngine, forty: History, name: str
) -> None:
    """With episodes told twice, the words leave open which comes first: only they themselves are compared."""
    found, wanted = made(duck, forty, off=[name]), expected(forty, off=[name])

    if name == "care_episode_told_twice":
        assert found["care_episode"].total() == len(forty["care_episode_row"])
        wanted = {"repair": Counter(row for row in wanted["repair"].elements() if row[0] == name)}
        found["repair"] = Counter(row for row in found["repair"].elements() if row[0] == name)
    agree(found, wanted)
    assert any(row[0] == name and not row[2] for row in found["repair"]), "this corpus never needs it"
    assert not any(name in (row[EPISODE.index("repairs")] or "").split() for row in found["care_episode"])
    assert not any(name in (row[SPELL.index("repairs")] or "").split() for row in found["spell"])


def test_with_every_repair_off_rows_stay_as_they_were_told(duck: DuckDBEngine, forty: History) -> None:
    found = made(duck, forty, off=REPAIRS)

    person = {(row["la"], row["return_name"], row["child_id"]): row["person_id"] for row in forty["person_of"]}
    for name, rows, columns in (("care_episode", "care_episode_row", EPISODE), ("spell", "spell_row", SPELL)):
        told = Counter(
            tuple(
                {**row, "person_id": person[row["la"], row["return_name"], row["child_id"]], "repairs": None}[column]
                for column in columns
            )
            for row in forty[rows]
        )
        kept: Rows = Counter()
        for row, times in found[name].items():
            kept[row[: len(columns)]] += times
        assert not told - kept
    assert {row[0] for row in found["repair"]} == set(REPAIRS)


# --- what must hold of any history -----------------------------------------------------------------------------------


@few
@given(history=histories(), order=st.randoms(use_true_random=False))
def test_the_order_in_which_rows_are_told_never_matters(
    duck: DuckDBEngine, history: History, order: random.Random
) -> None:
    shuffled = numbered({name: order.sample(rows, len(rows)) for name, rows in history.items()})

    agree(made(duck, shuffled), made(duck, history))


@few
@given(history=histories())
def test_nothing_of_a_child_is_open_after_a_later_one_starts(duck: DuckDBEngine, history: History) -> None:
    made(duck, history)

    for table, only in (
        ("care_episode", ""),
        ("spell", "WHERE kind = 'period_of_care'"),
        ("spell", "WHERE kind = 'cin_episode'"),
        ("spell", "WHERE kind = 'cp_plan'"),
    ):
        assert not duck.rows(f"""
            SELECT 1 FROM (SELECT ends_on, lead(starts_on) OVER (PARTITION BY person_id, la ORDER BY starts_on, ends_on) AS next_on
                           FROM {table} {only}) AS followed
            WHERE next_on IS NOT NULL AND (ends_on IS NULL OR ends_on > next_on)""")
    assert not duck.rows("SELECT 1 FROM spell WHERE ends_on < starts_on")


@few
@given(history=histories(), days=st.integers(0, 900))
def test_windows_add(duck: DuckDBEngine, history: History, days: int) -> None:
    whole = days_of(made(duck, history)["timeline"])
    middle = END_DAY - timedelta(days=days)

    make_timeline(duck, end_day=middle)

    before = days_of(Counter(duck.rows(SELECTS["timeline"])))
    assert before == {day: held for day, held in whole.items() if day[1] < middle}


@few
@given(history=histories(), year=st.integers(2020, 2022))
def test_a_later_year_changes_nothing_that_was_closed_unless_the_row_says_so(
    duck: DuckDBEngine, history: History, year: int
) -> None:
    """A care episode of the later year starts in it; a period of care that ended with X1, or no reason, is not closed."""
    known = {name: [row for row in rows if row.get("collection_year", 0) <= year] for name, rows in history.items()}
    keys = {row["source_key"] for row in known["spell_row"]}
    known["factor_row"] = [row for row in history["factor_row"] if row["source_key"] in keys]
    later = dict(history)
    later["care_episode_row"] = [
        row
        for row in history["care_episode_row"]
        if row["collection_year"] <= year or collection_year(row["starts_on"]) > year
    ]
    first, then = made(duck, known), made(duck, later)

    for name, columns in (("care_episode", EPISODE), ("spell", SPELL)):
        rows = [dict(zip(columns, row, strict=False)) for row in then[name]]
        for row in (dict(zip(columns, row, strict=False)) for row in first[name]):
            if is_closed(row):
                assert any(is_same(row, other) or says_so(row, other) for other in rows)


def is_closed(row: Row) -> bool:
    is_care = row.get("kind") in ("placement", "placement_segment", "legal_status", "period_of_care")
    return row["ends_on"] is not None and not (is_care and row["end_reason"] in ("X1", None))


def is_same(row: Row, other: Row) -> bool:
    return all(other[name] == value for name, value in row.items())


def says_so(row: Row, other: Row) -> bool:
    """Say whether another row of the same child and kind, mended, is what became of a row."""
    whose = ("person_id", "la", "kind")
    return (
        other["repairs"] is not None
        and all(other.get(name) == row.get(name) for name in whose)
        and other["starts_on"] <= row["starts_on"]
        and (other["ends_on"] is None or other["ends_on"] >= row["starts_on"])
    )
