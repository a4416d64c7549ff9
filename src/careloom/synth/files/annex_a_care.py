"""Lists 8 and 9 of Annex A: children in care and care leavers, as known on the day of inspection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from careloom.synth.days import NEVER, Days, Flags, birthday
from careloom.synth.files import annex_a_codes as codes
from careloom.synth.files.annex_a_codes import second, spell, yes_no
from careloom.synth.files.annex_a_lists import (
    Inspection,
    List,
    age_on,
    allocated,
    dates,
    in_year,
    last_of,
    latest,
    ordered,
    who,
)
from careloom.synth.files.care_records import at_last
from careloom.synth.life.authorities import FIRST_CODE, MOST
from careloom.synth.world import Rows, Texts

_TEMPORARY = ("T0", "T1", "T2", "T3", "T4")
_OUTSIDE = "^ZZ[5-8][A-Z]"  # districts that hold carers outside the authority, and no family home
_ALONE_THIS_YEAR = "Unaccompanied Asylum Seeking Child (UASC) within the Last 12 Months (Y/N)"
_EVER_ALONE = "Unaccompanied Asylum Seeking Child (UASC), or formerly UASC if 18 or over (Y/N)"
_AGAIN = "Is this a second or subsequent period of being a Looked After Child within the last 12 months (Y/N)"
_OFFERED, _ACCEPTED = 0.85, 0.6  # return interviews


@dataclass(frozen=True)
class Now:
    """The episode each period of care is in on the day, or was in when it ended; -1 where it has none.

    legal_from, carer_from : first day of the legal status and of the stay with the carer
    """

    episode: Rows
    legal_from: Days
    carer_from: Days


def _now(seen: Inspection) -> Now:
    table = seen.books.world.episodes
    known = table.starts_on <= seen.on
    current = np.full(len(seen.books.world.care.child), -1)
    current[table.care[known]] = np.flatnonzero(known)  # the last of each period stays
    same_care = np.diff(table.care, prepend=-1) == 0
    return Now(
        episode=current,
        legal_from=_run_starts(table.starts_on, same_care & (table.legal == np.roll(table.legal, 1)))[current],
        carer_from=_run_starts(table.starts_on, same_care & (table.carer == np.roll(table.carer, 1)))[current],
    )


def _run_starts(starts_on: Days, goes_on: Flags) -> Days:
    """The first day of the run that each row is in."""
    first = np.maximum.accumulate(np.where(goes_on, 0, np.arange(starts_on.size)))
    return starts_on[first]


def _ago(seen: Inspection, child: Rows, about: str, days: int, upto: Days, since: Days) -> Days:
    """A day up to so many days before `upto`, but not before `since`."""
    return np.maximum(upto - (days * seen.draw(child, about)).astype(np.int64), since)


def children_in_care(seen: Inspection) -> List:
    """One row per child in care in the six months: the latest period."""
    world, care = seen.books.world, seen.books.world.care
    now = _now(seen)
    rows = np.flatnonzero((care.starts_on <= seen.on) & (care.ends_on >= seen.half) & (now.episode >= 0))
    rows = latest(seen, rows, care.child, care.starts_on)
    child, at = care.child[rows], now.episode[rows]
    upto = np.minimum(care.ends_on[rows], seen.on)
    reason = np.where(care.ends_on[rows] <= seen.on, at_last(world, world.episodes.reason_ceased)[rows], "")
    alone = world.people.is_uasc[child] & (birthday(world.people.born[child], 18) > seen.year)
    return {
        **who(seen, child, alone={_ALONE_THIS_YEAR: yes_no(alone)}),
        **_entry(seen, rows),
        "Start date of current legal status": dates(now.legal_from[rows]),
        "Child's Legal Status": spell(world.episodes.legal[at], codes.LEGAL_STATUS),
        **_visits(seen, rows, at, upto),
        **_health(seen, child, upto, care.starts_on[rows]),
        "Number of Placements in the Last 12 months": _placements(seen)[child],
        "Date Ceased to be Looked After": dates(seen.by(care.ends_on[rows])),
        "Reason Ceased to be Looked After": spell(reason, codes.REASON_CEASED),
        "Start Date of Most Recent Placement": dates(now.carer_from[rows]),
        **_placed(seen, at),
        **_missing(seen, child),
        **allocated(seen, child, "Children in Care Team"),
    }


def _entry(seen: Inspection, rows: Rows) -> List:
    """How the period of care began."""
    care = seen.books.world.care
    again = (np.diff(care.child, prepend=-1) == 0) & (np.roll(care.ends_on, 1) >= seen.year)
    return {
        "Date Started to be Looked After": dates(care.starts_on[rows]),
        "Child's Category of Need": spell(care.need[rows], codes.CATEGORY_OF_NEED),
        _AGAIN: yes_no(again[rows]),
    }


def _visits(seen: Inspection, rows: Rows, at: Rows, upto: Days) -> List:
    """The reviewing officer sees the child at the review, if not since."""
    world, child = seen.books.world, seen.books.world.care.child[rows]
    since = world.care.starts_on[rows]
    reviewed = last_of(world.care_reviews.of, world.care_reviews.on, np.minimum(world.care.ends_on, seen.on))[rows]
    return {
        "Date of Latest Statutory Review": dates(reviewed),
        "Date of Last Social Work Visit": dates(_ago(seen, child, "care visit", 42, upto, since)),
        "What is the permanence plan for this child?": _permanence_plan(seen, child, at),
        "Date of Last IRO Visit / Contact to the Child": dates(reviewed),
    }


def _permanence_plan(seen: Inspection, child: Rows, at: Rows) -> Texts:
    """As legal status, placement and age suggest."""
    table, drawn = seen.books.world.episodes, seen.draw(child, "permanence")
    legal, place = table.legal[at], table.place[at]
    holds = [
        (legal == "E1") | np.isin(place, ["A3", "A4", "A5", "A6"]),
        np.isin(place, ["H5", "K3", "P2"]) | (age_on(seen.told.born_on[child], seen.on) >= 17),
        np.isin(place, ["U1", "U4"]),
        np.isin(place, ["K1", "K2", "R1", "S1"]),
        (legal == "C2") & (drawn < 0.7),
        drawn < 0.5,
        drawn < 0.9,
    ]
    return np.select(holds, [codes.PERMANENCE_PLAN[plan] for plan in (1, 3, 5, 4, 5, 0, 2)], codes.PERMANENCE_PLAN[6])


def _health(seen: Inspection, child: Rows, upto: Days, since: Days) -> List:
    """The first assessment comes within 20 working days, others each year; some are late, some never saw a dentist."""
    assessed = _ago(seen, child, "health assessment", 400, upto, since + 25)
    checked = _ago(seen, child, "dentist", 420, upto, since + 60)
    never = seen.draw(child, "no dentist") < 0.08
    return {
        "Date of Last Health Assessment": dates(np.where(assessed <= upto, assessed, NEVER)),
        "Date of Last Dental Check": dates(np.where((checked <= upto) & ~never, checked, NEVER)),
    }


def _placements(seen: Inspection) -> Rows:
    """Carers each child was with in the twelve months; temporary stays do not count, nor coming back from one."""
    table, care = seen.books.world.episodes, seen.books.world.care
    counts = ~np.isin(table.place, _TEMPORARY) & (table.starts_on <= seen.on) & (table.ends_on >= seen.year)
    stays = np.unique(np.column_stack([care.child[table.care[counts]], table.carer[counts]]), axis=0)
    return np.bincount(stays[:, 0], minlength=len(seen.books.world.people))


def _placed(seen: Inspection, at: Rows) -> List:
    table, authority = seen.books.world.episodes, seen.books.world.authority
    postcode = table.placement_postcode[at]
    outside = is_outside(postcode)
    elsewhere = (FIRST_CODE + (authority.position + 1 + table.carer[at] % 19) % MOST).astype(np.str_)
    return {
        "Placement Type": spell(table.place[at], codes.PLACEMENT_TYPE),
        "Placement Provider": spell(table.provider[at], codes.PROVIDER),
        "Placement postcode": postcode,
        "URN of Placement": table.urn[at],
        "Placement Location": np.where(outside, codes.OUTSIDE, codes.INSIDE),
        "LA of Placement": np.where(outside, elsewhere, authority.code),
    }


def is_outside(postcode: Texts) -> Flags:
    """Whether the postcode of each placement lies outside the authority."""
    found: Flags = pc.match_substring_regex(pa.array(postcode), _OUTSIDE).to_numpy(zero_copy_only=False)
    return found


def _missing(seen: Inspection, child: Rows) -> List:
    table = seen.books.world.missing
    of = seen.books.world.care.child[table.care]
    gone, away = (in_year(seen, of[is_such], table.starts_on[is_such])[child] for is_such in _kinds(table.kind))
    offered = seen.draw(child, "interview") < _OFFERED
    accepted = seen.draw(child, "interviewed") < _ACCEPTED
    return {
        "Number of Episodes the Child has been 'Missing' from their Placement in the last 12 months": gone,
        "Number of Episodes the Child has been 'Absent' from their Placement in the last 12 months": away,
        "Was the child offered a Return Interview after their last missing episode (Y/N)?": np.where(
            gone > 0, yes_no(offered), ""
        ),
        "Did the child accept a Return Interview after their last missing episode (Y/N)?": np.where(
            (gone > 0) & offered, yes_no(accepted), ""
        ),
    }


def _kinds(kind: Texts) -> tuple[Flags, Flags]:
    return kind == "M", kind == "A"


def care_leavers(seen: Inspection) -> List:
    """Everyone from 17 to 21 who had left care by her last birthday."""
    table, people = seen.books.leavers, seen.books.world.people
    rows = np.flatnonzero((table.year == seen.books.world.years[1]) & (table.in_touch != "DIED"))
    rows = ordered(seen, rows, table.child, table.year)
    child, home = table.child[rows], np.where(table.accommodation[rows] == "0", "", table.accommodation[rows])
    in_touch = table.in_touch[rows] == "YES"
    day = np.full(child.size, seen.on)
    met = _ago(seen, child, "contact", 60, day, day - 60)
    return {
        **who(seen, child, alone={_EVER_ALONE: yes_no(people.is_uasc[child])}),
        **allocated(seen, child, "Leaving Care Team"),
        "Allocated Personal Advisor": np.char.add(
            "PA", (100 + 30 * seen.draw(child, "adviser")).astype(int).astype(str)
        ),
        "Eligibility Category": np.where(table.birthday[rows] < 18, codes.RELEVANT, codes.FORMER_RELEVANT),
        "Latest Pathway Plan Review Date": dates(_ago(seen, child, "pathway plan", 200, day, day - 200)),
        "LA in Touch": spell(table.in_touch[rows], codes.IN_TOUCH),
        "Latest Date of Contact": dates(np.where(in_touch, met, NEVER)),
        "Type of Accommodation": spell(home.astype("U1"), codes.ACCOMMODATION),
        "Suitability of Accommodation": spell(second(home), codes.SUITABLE),
        "Activity Status": spell(np.where(in_touch, table.activity[rows], ""), codes.ACTIVITY),
    }
