"""Made-up histories of two children in two authorities, with every code of the SSDA903 and the defects of real returns.

A history is the rows of the tables that pathways reads, as ingest hands them on: an episode of care ends after it starts,
nothing ends before it starts, no episode of care is a short break (V3, V4), and a case or an episode of care starts by the
end of its collection year. Everything else may be wrong: told twice, open for ever, overlapping, without its case.
"""

import csv
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from importlib.resources import files
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

Row = dict[str, Any]
History = dict[str, list[Row]]

AUTHORITIES = ("E1", "E2")
PERSONS = ("p1", "p2")
RETURNS = ("cin_census", "early_help", "ssda903")
TEMPORARY = ["T0", "T1", "T2", "T3", "T4"]
ALONE = {
    "missing": "ssda903",
    "short_break": "ssda903",
    "placed_for_adoption": "ssda903",
    "early_help": "early_help",
    "social_worker": "ssda903",
    "deprivation_of_liberty": "ssda903",
    "pre_proceedings": "cin_census",
    "school": "early_help",
}
PARTS = ("assessment", "assessment", "cin_plan", "cp_plan")
BLANKABLE = {"start_reason", "end_reason", "code", "detail", "ends_on", "legal_status", "category_of_need"} | {
    "placement_type",
    "placement_provider",
    "change_reason",
}
HOMES = [("U1", "PR1"), ("K2", "PR4"), *((code, None) for code in TEMPORARY)]
COLUMNS = {
    "person_of": "la return_name child_id person_id link_rule",
    "event_row": "la return_name child_id event happened_on code delivery_id line",
    "spell_row": "la return_name child_id kind starts_on ends_on start_reason end_reason code detail source_key within_key"
    " collection_year delivery_id line",
    "care_episode_row": "la return_name child_id starts_on ends_on start_reason end_reason legal_status category_of_need"
    " placement_type placement_provider change_reason collection_year delivery_id line",
    "factor_row": "la return_name child_id source_key code delivery_id line",
}


def codes(code_set: str) -> list[str]:
    """Return the SSDA903's codes of one set."""
    file = files("careloom.catalogue") / "returns" / "ssda903" / "codes" / f"{code_set}.csv"
    return [row["code"] for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines())]


LEGAL_STATUSES = [code for code in codes("legal_status") if code not in ("V3", "V4")]
PLACEMENTS = codes("placement_type")


def often(common: Sequence[str | None], every: Iterable[str]) -> st.SearchStrategy[str | None]:
    """Draw a common value half of the time, else any value at all, or none."""
    return st.sampled_from(common) | st.sampled_from([*every, None])


first_days = st.sampled_from(
    [date(2019, 3, 29), date(2019, 4, 1), date(2019, 11, 5), date(2020, 3, 1), date(2020, 4, 2)]
)
days_on = st.sampled_from([0, 1, 2, 27, 28, 29, 30, 90, 180, 365, 366])
lengths = st.none() | days_on
years_late = st.sampled_from([0, 0, 0, 1, 2])
episode_codes = st.fixed_dictionaries(
    {
        "start_reason": often(["S", "L", "P", "T", "U", "B"], codes("reason_new_episode")),
        "end_reason": often(["X1", "X1", None], codes("reason_episode_ceased")),
        "legal_status": often(["C1", "C2", "V2"], LEGAL_STATUSES),
        "category_of_need": often(["N1"], codes("category_of_need")),
        "placed": st.sampled_from(HOMES)
        | st.tuples(
            often(["U1", "K2", *TEMPORARY], PLACEMENTS), often(["PR1", "PR4", None], codes("placement_provider"))
        ),
        "change_reason": often([None, "CARPL"], codes("reason_place_change")),
    }
)
joins = st.sampled_from(["touches", "touches", "touches", "touches", "gap", "overlaps", "told twice"])


def collection_year(day: date) -> int:
    """Return the year of the collection, ending 31 March, that a day falls in."""
    return day.year + (day >= date(day.year, 4, 1))


def after(day: date, length: int | None) -> date | None:
    return None if length is None else day + timedelta(days=length)


def identifiers(person: str) -> list[str]:
    return [f"{person}a", f"{person}b"]


@st.composite
def care(draw: st.DrawFn, la: str, person: str) -> list[Row]:
    """Draw episodes of care, one after another: touching, with a gap, overlapping, or told twice."""
    rows: list[Row] = []
    day = draw(first_days)
    for coded in draw(st.lists(episode_codes, max_size=7)):
        length = draw(lengths)
        placement_type, provider = coded.pop("placed")
        rows.append(
            {
                "la": la,
                "return_name": "ssda903",
                "child_id": draw(st.sampled_from(identifiers(person))),
                "starts_on": day,
                "ends_on": None if length is None else day + timedelta(days=max(length, 1)),
                "collection_year": collection_year(day) + draw(years_late),
                "placement_type": placement_type,
                "placement_provider": provider,
                **coded,
            }
        )
        join, step = draw(joins), max(length or 40, 2)
        if join != "told twice":
            day += timedelta(days={"touches": step, "gap": step + 3, "overlaps": step // 2}[join])
    return rows


def spell(told: Row, kind: str, starts_on: date, ends_on: date | None, **more: Any) -> Row:
    """Return a row of spell_row of the child of another row; what is not said is missing."""
    blank = dict.fromkeys(("start_reason", "end_reason", "code", "detail", "within_key"))
    mine = {name: told[name] for name in ("la", "return_name", "child_id")}
    return {**mine, "kind": kind, "starts_on": starts_on, "ends_on": ends_on, **blank, **more}


@st.composite
def cases(draw: st.DrawFn, la: str, person: str, entries: Sequence[date]) -> list[Row]:
    """Draw referrals and what the census tells of each: assessments and plans, some of a case that is nowhere.

    Some cases close on the day of an entry to care, or as long before it as it still counts, or a day longer.
    """
    closures = [entry - timedelta(days=days) for entry in entries for days in (0, 28, 29)]
    rows: list[Row] = []
    keys: set[str] = set()
    for _ in range(draw(st.integers(0, 4))):
        told: Row = {"la": la, "return_name": "cin_census", "child_id": draw(st.sampled_from(identifiers(person)))}
        starts_on = draw(first_days) + timedelta(days=draw(days_on))
        key = f"{la}|{told['child_id']}|{starts_on}"
        if key in keys:
            continue
        keys.add(key)
        year = collection_year(starts_on) + draw(years_late)
        ends = st.sampled_from([None, *(day for day in closures if day >= starts_on)])
        case = spell(
            told,
            "cin_episode",
            starts_on,
            draw(ends) if draw(st.booleans()) else after(starts_on, draw(lengths)),
            start_reason=draw(st.sampled_from(["1A", "2B", None])),
            end_reason=draw(st.sampled_from([None, None, "RC1", "RC8", "RC9"])),
            code=draw(st.sampled_from(["N1", "N2", None])),
            detail=draw(st.sampled_from(["0", "0", "1", None])),
            source_key=key,
            collection_year=year,
        )
        if case["detail"] == "1" and case["ends_on"] is None and draw(st.booleans()):
            case["ends_on"] = starts_on  # as ingest has it; other extracts need not
        rows += [case] * draw(st.sampled_from([0, 1, 1, 1, 1]))
        for n in range(draw(st.integers(0, 4))):
            rows.append(draw(parts(case, n)))
    return rows


@st.composite
def parts(draw: st.DrawFn, case: Row, n: int) -> Row:
    """Draw an assessment or plan of a case; many end at the turn of a collection year, some before the referral."""
    kind = draw(st.sampled_from(PARTS))
    starts_on = case["starts_on"] + timedelta(days=draw(st.sampled_from([-3, 0, 1, 28, 90, 300])))
    turns = [date(case["collection_year"] - n, month, day) for n in (0, 1) for month, day in ((3, 31), (4, 1), (4, 2))]
    ends = st.sampled_from([None, *(day for day in turns if day >= starts_on)])
    return spell(
        case,
        kind,
        starts_on,
        draw(ends) if draw(st.booleans()) else after(starts_on, draw(lengths)),
        start_reason=draw(st.sampled_from(["0", "1", None])) if kind == "cp_plan" else None,
        code=draw(st.sampled_from(["NEG", "EMO", None])) if kind == "cp_plan" else None,
        detail=draw(st.sampled_from(["NEG", "EMO", None])) if kind == "cp_plan" else None,
        source_key=f"{case['source_key']}|{kind}|{n}",
        within_key=case["source_key"],
        collection_year=max(case["collection_year"] - draw(st.integers(0, 1)), collection_year(starts_on)),
    )


@st.composite
def alone(draw: st.DrawFn, la: str, person: str) -> list[Row]:
    """Draw spells that are part of nothing."""
    rows = []
    for n, kind in enumerate(draw(st.lists(st.sampled_from(list(ALONE)), max_size=3))):
        coded = {name: draw(st.sampled_from(["A", "B", None])) for name in ("start_reason", "code", "detail")}
        starts_on = draw(first_days) + timedelta(days=draw(days_on))
        told = {"la": la, "return_name": ALONE[kind], "child_id": draw(st.sampled_from(identifiers(person)))}
        year = collection_year(starts_on) + draw(st.sampled_from([-1, 0, 0, 1]))
        key = f"{la}|{person}|{kind}|{n}"
        ends_on = after(starts_on, draw(lengths))
        rows.append(spell(told, kind, starts_on, ends_on, source_key=key, collection_year=year, **coded))
    return rows


@st.composite
def told_again(draw: st.DrawFn, rows: Sequence[Row], person: str) -> list[Row]:
    """Draw what the child's other identifier tells of the same: half of it, with some fields missing, changed or later.

    A part told again is of the case as the same identifier tells it, which may not be told at all.
    """
    again: dict[str, Row] = {}
    for row in rows:
        mine, other = identifiers(person)
        copy = {**row, "child_id": other if row["child_id"] == mine else mine}
        for name in ("source_key", "within_key"):
            if row.get(name):
                copy[name] = f"{row[name]}|again"
        copy |= dict.fromkeys(draw(st.sets(st.sampled_from(sorted(BLANKABLE & set(row)) or ["code"]), max_size=3)))
        if "starts_on" in row:
            copy["collection_year"] += draw(st.sampled_from([0, 0, 1]))
        if row.get("ends_on") and copy["ends_on"]:
            copy["ends_on"] += timedelta(days=draw(st.sampled_from([0, 0, 1, 30])))
        if draw(st.booleans()):
            again[copy.get("source_key") or str(len(again))] = copy
    return list(again.values())


@st.composite
def happenings(draw: st.DrawFn, la: str, person: str) -> list[Row]:
    return [
        {
            "la": la,
            "return_name": draw(st.sampled_from(["cin_census", "early_help"])),
            "child_id": draw(st.sampled_from(identifiers(person))),
            "event": event,
            "happened_on": draw(first_days) + timedelta(days=draw(days_on)),
            "code": draw(st.sampled_from(["1", "2", None])),
        }
        for event in draw(st.lists(st.sampled_from(["section_47", "conference", "cp_review"]), max_size=3))
    ]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Draw everything that the returns tell of two children, who may be known to two authorities under two names each."""
    history: History = {name: [] for name in COLUMNS}
    for la in AUTHORITIES:
        for person in PERSONS if la == AUTHORITIES[0] else PERSONS[:1]:
            history["person_of"] += [
                {"la": la, "return_name": name, "child_id": child, "person_id": person, "link_rule": "alone"}
                for name in RETURNS
                for child in identifiers(person)
            ]
            in_care = draw(care(la, person))
            needs = draw(cases(la, person, [row["starts_on"] for row in in_care])) + draw(alone(la, person))
            happened = draw(happenings(la, person))
            for name, rows in (("care_episode_row", in_care), ("spell_row", needs), ("event_row", happened)):
                again = draw(told_again(rows, person)) if draw(st.booleans()) else []
                history[name] += rows + again
    history["factor_row"] = [
        {**{name: row[name] for name in ("la", "return_name", "child_id", "source_key")}, "code": code}
        for row in history["spell_row"]
        if row["kind"] == "assessment"
        for code in draw(st.sampled_from([["1A"], ["1A", "16A"], []]))
    ]
    return numbered(history)


def numbered(history: History) -> History:
    """Give every row the delivery and line it stands in, by its place."""
    return {
        name: rows
        if name == "person_of"
        else [{**row, "delivery_id": 1 + n % 3, "line": 2 + n} for n, row in enumerate(rows)]
        for name, rows in history.items()
    }


def corpus(size: int) -> History:
    """Return `size` histories as one, the same every time; each has persons and authorities of its own."""
    together: History = {name: [] for name in COLUMNS}
    for n in range(size):
        for name, rows in drawn_with(n).items():
            together[name] += [renamed(row, n) for row in rows]
    return numbered(together)


def drawn_with(number: int) -> History:
    """Draw one history with a seed: the second, as the first that Hypothesis draws is always the simplest."""
    drawn: list[History] = []

    @seed(number)
    @settings(
        max_examples=2, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(histories())
    def draw(history: History) -> None:
        drawn.append(history)

    draw()
    return drawn[-1]


def renamed(row: Row, n: int) -> Row:
    """Give a row's authority, person and keys a number, so that no two histories share them."""
    named = ("la", "person_id", "source_key", "within_key")
    return {name: f"{n}.{value}" if name in named and value is not None else value for name, value in row.items()}


def arrow(name: str, rows: Sequence[Row]) -> pa.Table:
    """Return the rows of a table as ingest leaves them."""

    def kind(column: str) -> pa.DataType:
        if column.endswith("_on"):
            return pa.date32()
        return pa.int32() if column in ("collection_year", "delivery_id", "line") else pa.string()

    columns = COLUMNS[name].split()
    return pa.table({column: pa.array([row[column] for row in rows], kind(column)) for column in columns})
