"""Placement histories, the slow way: child by child, month by month, looking at everything each time."""

import datetime as dt
import math
from typing import Any

Row = dict[str, Any]
Labels = list[tuple[str, str, str, str]]
"""Rows of care_states.csv: kind, code, provider, state."""


def state_of(labels: Labels, kind: str, code: str | None, provider: str | None) -> str:
    """The most particular row counts: code and provider, then code, then the row for all others."""
    for wanted in ((code, provider), (code, ""), ("", "")):
        for of_kind, of_code, of_provider, state in labels:
            if of_kind == kind and (of_code, of_provider) == wanted and (of_code or wanted == ("", "")):
                return state
    raise AssertionError("there is a row for all others")


def state_on(day: dt.date, spells: list[Row], labels: Labels) -> str:
    """Where a person is on a day: in the latest placement; else in care; else as they last left care."""

    def holding(kind: str) -> list[Row]:
        rows = [s for s in spells if s["kind"] == kind]
        return [s for s in rows if s["starts_on"] <= day and (s["ends_on"] is None or s["ends_on"] > day)]

    def latest(rows: list[Row], by: str) -> Row:
        return max(rows, key=lambda s: (s[by], s["spell_id"]))

    if placements := holding("placement_segment"):
        placed = latest(placements, "starts_on")
        return state_of(labels, "placement", placed["code"], placed["detail"])
    if holding("period_of_care"):
        return state_of(labels, "placement", None, None)
    left = [s for s in spells if s["kind"] == "period_of_care" and s["ends_on"] is not None and s["ends_on"] <= day]
    return state_of(labels, "leaving", latest(left, "ends_on")["end_reason"], None)


def month_of_18th_birthday(born: dt.date) -> dt.date:
    return dt.date(born.year + 18, born.month, 1)


def slow_histories(
    people: list[Row], spells: list[Row], labels: Labels, *, first_day: dt.date, end_day: dt.date, horizon: int
) -> dict[str, str]:
    """The states of every period of care that has a history, one letter a month."""
    told = {}
    known = {person["person_id"]: person for person in people}
    for period in (s for s in spells if s["kind"] == "period_of_care"):
        starts, ends = period["starts_on"], period["ends_on"]
        if period["start_reason"] != "S" or not first_day <= starts < end_day or (ends is not None and ends <= starts):
            continue
        person = known.get(period["person_id"], {})
        until = end_day
        if person.get("born_on"):
            until = min(until, month_of_18th_birthday(person["born_on"]))
        if person.get("died_on"):
            until = min(until, person["died_on"])
        mine = [s for s in spells if s["person_id"] == period["person_id"]]
        states = ""
        for month in range(horizon):
            day = starts + dt.timedelta(math.floor(month * 30.4375))
            if day >= until or (state := state_on(day, mine, labels)) == "x":
                break
            states += state
        if states:
            told[period["spell_id"]] = states
    return told
