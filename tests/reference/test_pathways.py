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
from histories import History, Row, arrow, corpus, histories, numbered
from slow_pathways import (
    CARE_REPAIRS,
    EPISODE_CONTENT,
    FLAGS,
    ONE_DAY,
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
CARE = ("period_of_care", "placement", "placement_segment", "legal_status")
SUPPLIED = {
    "two_open_episodes",
    "next_start_before_last_end",
    "care_not_returned_again",
    "missing_closure",
    "missing_plan_end",
    "not_returned_again",
}
MERGING = {"care_episode_told_twice", "told_twice", "overlapping_referrals", "overlapping_plans"}
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
    "event": "SELECT person_id, la, event, happened_on, code FROM event",
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
@given(history=histories())
def test_an_end_that_no_row_told_is_flagged(duck: DuckDBEngine, history: History) -> None:
    """An end is that of a row told of the same start (a merged spell: of any row it took in), or the row says it was supplied."""
    found = made(duck, history)

    person = persons(history)
    told: dict[tuple[Any, ...], set[tuple[date, date | None]]] = {}
    for table, kind in (("care_episode_row", None), ("spell_row", "kind")):
        for row in history[table]:
            key = person[who(row)], row["la"], row[kind] if kind else "care"
            told.setdefault(key, set()).add((row["starts_on"], row["ends_on"]))
    for name, columns in (("care_episode", EPISODE), ("spell", SPELL)):
        for row in named(found[name], columns):
            kind = row.get("kind", "care")
            spans = told[row["person_id"], row["la"], "care" if kind in CARE else kind]
            repairs = set((row["repairs"] or "").split())
            is_one = kind not in CARE and not repairs & {"overlapping_referrals", "overlapping_plans"}
            ends = {ends_on for starts_on, ends_on in spans if starts_on == row["starts_on"] or not is_one}
            assert row["ends_on"] in ends or (repairs & SUPPLIED and row["ends_on"]), row


@few
@given(history=histories())
def test_a_case_of_no_further_action_took_no_other_case_in(duck: DuckDBEngine, history: History) -> None:
    """Of every day in it on which a case began, the last census to tell of that says that nothing came of it, or nothing."""
    found = made(duck, history)

    person = persons(history)
    for row in named(found["spell"], SPELL):
        if row["kind"] != "cin_episode" or row["detail"] != "1":
            continue
        told = [
            case
            for case in history["spell_row"]
            if case["kind"] == "cin_episode"
            and (person[who(case)], case["la"]) == (row["person_id"], row["la"])
            and row["starts_on"] <= case["starts_on"] < max(row["ends_on"] or date.max, row["starts_on"] + ONE_DAY)
        ]
        for day in {case["starts_on"] for case in told}:
            years = {case["collection_year"] for case in told if case["starts_on"] == day}
            last = [c["detail"] for c in told if (c["starts_on"], c["collection_year"]) == (day, max(years))]
            assert set(last) - {"0"}, (row, told)


@few
@given(history=histories())
def test_no_two_spells_are_alike(duck: DuckDBEngine, history: History) -> None:
    """Left out, as no repair makes one of two: early help and school, and plans that end on the day they start."""
    made(duck, history)

    assert not duck.rows("""
        SELECT kind, starts_on, ends_on, code, detail, repairs FROM (
          SELECT *, count(*) OVER (PARTITION BY person_id, la, kind, starts_on, ends_on, code, detail) AS times FROM spell
          WHERE kind NOT IN ('early_help', 'school') AND NOT (kind = 'cp_plan' AND ends_on = starts_on)) AS counted
        WHERE times > 1""")


@few
@given(history=histories())
def test_a_step_is_of_one_episode_only(duck: DuckDBEngine, history: History) -> None:
    """Of the children's plans, assessments and entries to care, no two pathways hold more than there are."""
    made(duck, history)

    for flag, kind in (("has_care", "period_of_care"), ("has_cp_plan", "cp_plan"), ("has_assessment", "assessment")):
        assert not duck.rows(f"""
            SELECT 1 FROM (SELECT person_id, la, count(*) AS held FROM pathway WHERE {flag} GROUP BY person_id, la) AS path
            LEFT JOIN (SELECT person_id, la, count(*) AS times FROM spell WHERE kind = '{kind}' GROUP BY person_id, la) AS step
              ON step.person_id = path.person_id AND step.la = path.la
            WHERE held > coalesce(times, 0)""")


@few
@given(history=histories(), year=st.integers(2020, 2022))
def test_a_later_year_changes_nothing_that_was_closed_unless_the_row_says_so(
    duck: DuckDBEngine, history: History, year: int
) -> None:
    """What a year told, in the years up to it and with those after it: each closed row is as it was, or says why not.

    A later year may tell of an episode of care that began earlier, as long as it does not run into one that was known:
    what was known would then be part of what the new one began, and begin with it.
    """
    known = {name: [row for row in rows if row.get("collection_year", 0) <= year] for name, rows in history.items()}
    keys = {row["source_key"] for row in known["spell_row"]}
    known["factor_row"] = [row for row in history["factor_row"] if row["source_key"] in keys]
    later = dict(history)
    later["care_episode_row"] = [
        row
        for row in history["care_episode_row"]
        if row["collection_year"] <= year or not runs_into(row, known["care_episode_row"], persons(history))
    ]
    first, then = made(duck, known), made(duck, later)

    care_begins = {(row["person_id"], row["la"], row["starts_on"]) for row in named(then["care_episode"], EPISODE)}
    for name, columns in (("care_episode", EPISODE), ("spell", SPELL)):
        rows = named(then[name], columns)
        for row in named(first[name], columns):
            if is_closed(row, care_begins):
                mine = [other for other in rows if is_of_the_same(row, other)]
                became = [other for other in mine if other["starts_on"] == row["starts_on"]]
                others = became if became and row.get("kind") not in CARE else mine
                assert any(is_same(row, other) or says_so(row, other) for other in others), row


def persons(history: Mapping[str, Sequence[Row]]) -> dict[tuple[str, ...], str]:
    return {who(row): row["person_id"] for row in history["person_of"]}


def who(row: Row) -> tuple[str, ...]:
    return row["la"], row["return_name"], row["child_id"]


def named(rows: Rows, columns: Sequence[str]) -> list[Row]:
    return [dict(zip(columns, row, strict=False)) for row in rows.elements()]


def runs_into(row: Row, known: Sequence[Row], person: Mapping[tuple[str, ...], str]) -> bool:
    """Say whether an episode of care goes on to the start of a known one of the same child, or beyond."""
    return any(
        (person[who(other)], other["la"]) == (person[who(row)], row["la"])
        and row["starts_on"] < other["starts_on"] <= (row["ends_on"] or date.max)
        for other in known
    )


def is_closed(row: Row, care_begins: Collection[tuple[Any, ...]]) -> bool:
    """Say whether a row had ended as it was told: a supplied end is flagged, and stands until a later year knows better.

    Care that goes on (X1, or no reason) in an episode that begins then had not ended either.
    """
    may_go_on = row.get("kind") in CARE and row["end_reason"] in ("X1", None)
    goes_on = may_go_on and (row["person_id"], row["la"], row["ends_on"]) in care_begins
    return row["ends_on"] is not None and not goes_on and not SUPPLIED & set((row["repairs"] or "").split())


def is_same(row: Row, other: Row) -> bool:
    """Say whether nothing changed. A placement's detail is why the one before it ended, of which that one's row says so."""
    free = {"detail"} if row.get("kind") == "placement" else set()
    return all(other[name] == value for name, value in row.items() if name not in free)


def is_of_the_same(row: Row, other: Row) -> bool:
    return all(other.get(name) == row.get(name) for name in ("person_id", "la", "kind"))


def says_so(row: Row, other: Row) -> bool:
    """Say whether another row is what became of a row and shows it.

    It starts on the same day (or before and reaches it, when the row became part of it), and has a repair that the row did
    not have. One already told twice or merged, and then told again, cannot show it that way: it has a later year instead.
    A spell of care made of several episodes may have lost the one that changed to the next: any it met may say so.
    """
    first_day = row["ends_on"] if row.get("kind") in CARE else row["starts_on"]
    if other["starts_on"] > first_day or (other["ends_on"] or date.max) < row["starts_on"]:
        return False
    repairs, had = (set((one["repairs"] or "").split()) for one in (other, row))
    is_told_again = repairs & had & MERGING and other["collection_year"] > row["collection_year"]
    return bool(repairs - had) or bool(is_told_again)
