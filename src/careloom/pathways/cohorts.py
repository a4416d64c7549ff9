"""Stacked birth cohorts: contacts, and the quiet times between them, counted by age; from the counts, `first_by_age`."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from careloom.core import Ledger
from careloom.engine import Engine, count, text, value
from careloom.stats.stacked_cohorts import AGES, GAPS, Seen, Stacked, stack

CONTACTS = {"referral": "cin_episode", "assessment": "assessment", "cp_plan": "cp_plan", "care": "period_of_care"}
"""Each contact, and the spell that begins with it."""

ALL = ""
"""Authority of the rows for all authorities together, in which a child's contacts with any of them count."""

ADULT = "birthday(born_on, 18)"
NUMBER, WHOLE = pa.float64(), pa.int64()
FIRST_BY_AGE = pa.schema(
    [
        ("contact", pa.string()),
        ("la", pa.string()),
        ("age", WHOLE),
        ("at_risk", NUMBER),
        ("contacts", WHOLE),
        ("first_contacts", NUMBER),
        ("cumulative", NUMBER),
        ("lower", NUMBER),
        ("upper", NUMBER),
        ("cumulative_unadjusted", NUMBER),
    ]
)
VIEW = pa.schema([("contact", pa.string()), ("la", pa.string()), ("first_day", pa.date32()), ("end_day", pa.date32())])

Place = tuple[str, str]
"""A contact, and an authority or ALL."""

Views = dict[Place, tuple[dt.date, dt.date]]
"""The first day in view and the first no longer."""

Residents = dict[tuple[str, int], NDArray[np.float64]]
"""Children of each age from 0 to 17, by authority and collection year; nan where not said."""


def stack_cohorts(engine: Engine, *, first_day: dt.date, end_day: dt.date) -> Ledger:
    """Make `first_by_age` from `spell`, `person`, `delivery` and `resident`.

    An authority is in view for the latest unbroken run of years of the return that tells of the contact, within
    [first_day, end_day); one without residents of every age for all that time is left out. Without residents, or with
    less than three years in view, there are no rows. Only counts leave the engine.
    """
    residents = residents_of(engine)
    views = {
        (contact, la): view
        for (contact, la), view in sorted(views_of(engine, first_day, end_day).items())
        if np.isfinite(child_years(residents, la, *view)).all()
    }
    engine.load("contact_view", _table([(*place, *view) for place, view in views.items()], VIEW))
    engine.make("contact_spell", " UNION ALL ".join(map(contact_spell_select, CONTACTS)))
    engine.make("contact_in_order", in_order_select())
    engine.make("contact_count", contact_count_select())
    engine.make("quiet_count", quiet_count_select())
    seen = seen_in(engine, views, residents)
    made = [row for place, what in seen.items() for row in rows_of(place, stack(what))]
    engine.load("first_by_age", _table(made, FIRST_BY_AGE))
    return account(engine)


def account(engine: Engine) -> Ledger:
    """Say of every spell whether it is a contact in view, and if not, why not."""
    kinds = ", ".join(map(text, CONTACTS.values()))
    told, there = count(engine, "spell"), count(engine, "contact_spell")
    of_kind = value(engine, f"SELECT count(*) AS n FROM spell WHERE kind IN ({kinds})")
    aged = value(engine, f"SELECT count(*) AS n FROM contact_spell WHERE starts_on < {ADULT}")
    used = value(engine, f"SELECT count(*) AS n FROM contact_spell WHERE starts_on < {ADULT} AND is_contact")
    aside = {
        "another kind of spell": told - of_kind,
        "outside what is in view, or no residents are known": of_kind - there,
        "no date of birth, or 18 or over": there - aged,
        "began before what is in view: it only says that later ones are not first": aged - used,
    }
    ledger = Ledger()
    ledger.note("stack birth cohorts", "spell", "contacts by age", told, used, aside)
    return ledger


# --- what is in view -------------------------------------------------------------------------------------------------


def views_of(engine: Engine, first_day: dt.date, end_day: dt.date) -> Views:
    """Return what is in view of each contact in each authority."""
    views: Views = {}
    for contact, kind in CONTACTS.items():
        told = f"""
            SELECT DISTINCT d.la AS la, d.collection_year AS year FROM delivery AS d
            JOIN (SELECT DISTINCT t.return_name AS return_name FROM delivery AS t JOIN spell AS s ON s.delivery_id = t.delivery_id
                  WHERE s.kind = {text(kind)}) AS telling ON telling.return_name = d.return_name
            WHERE d.state = 'read' AND d.rows_in > 0 AND d.collection_year IS NOT NULL"""
        years: dict[str, set[int]] = {}
        for la, year in engine.rows(told):
            years.setdefault(la, set()).add(int(year))
        for la, read in years.items():
            first = last = max(read)
            while first - 1 in read:
                first -= 1
            views[contact, la] = max(first_day, dt.date(first - 1, 4, 1)), min(end_day, dt.date(last, 4, 1))
    return {place: view for place, view in views.items() if view[0] < view[1]}


def residents_of(engine: Engine) -> Residents:
    residents: Residents = {}
    for la, year, age, children in engine.rows("SELECT la, year, age, children FROM resident"):
        residents.setdefault((la, int(year)), np.full(AGES, np.nan))[int(age)] = float(children)
    return residents


def child_years(residents: Residents, la: str, first_day: dt.date, end_day: dt.date) -> NDArray[np.float64]:
    """Return child-years in view, (age, year since the first day in view); a part of a year counts by its days."""
    nobody, found = np.full(AGES, np.nan), []
    for number in range(end_day.year - first_day.year + 1):
        starts, ends = anniversary(first_day, number), min(anniversary(first_day, number + 1), end_day)
        if starts < ends:
            found.append(sum(residents.get((la, y), nobody) * share for y, share in shares(starts, ends)))
    return np.stack(found, axis=1)


def anniversary(day: dt.date, years: int) -> dt.date:
    """Return the day so many years on; for 29 February, 1 March in other years."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)


def shares(starts: dt.date, ends: dt.date) -> Iterator[tuple[int, float]]:
    """Yield each collection year that has days in [starts, ends), and the share of its days."""
    for year in range(starts.year, ends.year + 2):
        first, end = dt.date(year - 1, 4, 1), dt.date(year, 4, 1)
        days = (min(end, ends) - max(first, starts)).days
        if days > 0:
            yield year, days / (end - first).days


# --- the engine counts -----------------------------------------------------------------------------------------------


def contact_spell_select(contact: str) -> str:
    """SQL for the spells of one kind that are open or begin in view.

    is_contact: it began in view, and is not known to go on from before (a period of care starts with RNE S). said: what
    the record states, first or later; a protection plan says how many came before it.
    """
    kind = CONTACTS[contact]
    is_new = "coalesce(s.start_reason, 'S') = 'S'" if kind == "period_of_care" else "TRUE"
    stated = (
        "CASE WHEN coalesce(s.start_reason, '') = '' THEN '' WHEN s.start_reason = '0' THEN 'first' ELSE 'later' END"
    )
    return f"""
        SELECT v.contact AS contact, s.la AS la, s.person_id AS person_id, s.spell_id AS spell_id, p.born_on AS born_on,
               v.first_day AS first_day, v.end_day AS end_day, s.starts_on AS starts_on,
               greatest(s.starts_on, least(coalesce(s.ends_on, v.end_day), v.end_day)) AS ended_on,
               s.starts_on >= v.first_day AND {is_new} AS is_contact, {stated if kind == "cp_plan" else "''"} AS said
        FROM spell AS s
        JOIN contact_view AS v ON v.contact = {text(contact)} AND v.la = s.la
        JOIN person AS p ON p.person_id = s.person_id
        WHERE s.kind = {text(kind)} AND s.starts_on < v.end_day
          AND (s.starts_on >= v.first_day OR s.ends_on IS NULL OR s.ends_on > v.first_day)"""


def in_order_select() -> str:
    """SQL that sets each spell of a child beside those before and after it, in the authority and in all together."""
    placed = f"SELECT {{place}} AS place, * FROM contact_spell WHERE starts_on < {ADULT}"
    child = "PARTITION BY contact, place, person_id ORDER BY starts_on, spell_id"
    return f"""
        SELECT *, max(ended_on) OVER ({child} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS quiet_since,
               max(ended_on) OVER ({child} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS quiet_from,
               lead(starts_on) OVER ({child}) AS next_on, lead(is_contact) OVER ({child}) AS next_is_contact
        FROM ({placed.format(place="la")} UNION ALL {placed.format(place=text(ALL))}) AS placed"""


def contact_count_select() -> str:
    """SQL that counts contacts by age, year in view, and whole years quiet before (-1: nothing earlier is seen).

    A contact before birth is at age 0. days_beyond: days of quiet beyond the whole years, added up.
    """
    return f"""
        SELECT contact, place, age, view_year, gap, said, count(*) AS contacts, sum(days_beyond) AS days_beyond
        FROM (SELECT contact, place, greatest(0, age_on(born_on, starts_on)) AS age,
                     age_on(first_day, starts_on) AS view_year, gap, CASE WHEN gap < 0 THEN said ELSE '' END AS said,
                     CASE WHEN quiet_since < starts_on THEN days_between(birthday(quiet_since, gap), starts_on) ELSE 0 END AS days_beyond
              FROM (SELECT *, CASE WHEN quiet_since IS NULL THEN -1
                                   ELSE least({GAPS - 1}, greatest(0, age_on(quiet_since, starts_on))) END AS gap
                    FROM contact_in_order WHERE is_contact) AS contact) AS counted
        GROUP BY contact, place, age, view_year, gap, said"""


def quiet_count_select() -> str:
    """SQL that counts quiet times by age at their start, whole years, and whether they end in a contact in view."""
    return f"""
        SELECT contact, place, age, gap, is_back, count(*) AS quiet_times
        FROM (SELECT contact, place, greatest(0, age_on(born_on, quiet_from)) AS age,
                     least({GAPS - 1}, age_on(quiet_from, until)) AS gap, coalesce(next_on < until_end AND next_is_contact, FALSE) AS is_back
              FROM (SELECT *, least(end_day, {ADULT}) AS until_end, least(coalesce(next_on, end_day), end_day, {ADULT}) AS until
                    FROM contact_in_order) AS ended
              WHERE quiet_from < until_end AND (next_on IS NULL OR next_on >= quiet_from)) AS quiet
        GROUP BY contact, place, age, gap, is_back"""


# --- the statistics estimate -----------------------------------------------------------------------------------------


def seen_in(engine: Engine, views: Views, residents: Residents) -> dict[Place, Seen]:
    """Return the counts of each place in view as arrays."""
    years: dict[Place, NDArray[np.float64]] = {}
    for (contact, la), view in views.items():
        own = child_years(residents, la, *view)
        years[contact, la] = own
        years[contact, ALL] = _added(years.get((contact, ALL), np.zeros((AGES, 0))), own)
    seen = {place: _nothing(over) for place, over in years.items()}
    for contact, place, age, year, gap, said, contacts, days in engine.rows("SELECT * FROM contact_count"):
        what = seen[contact, place]
        if gap < 0:
            what.looks_first[age] += contacts
            what.known_first[age] += contacts * (said == "first")
            what.known_later[age] += contacts * (said == "later")
        else:
            what.again[age, year, gap] += contacts
            what.again_part[age, year, gap] += days / 365.25
    for contact, place, age, gap, is_back, quiet_times in engine.rows("SELECT * FROM quiet_count"):
        seen[contact, place].quiet[age, gap, int(is_back)] += quiet_times
    return seen


def _added(total: NDArray[np.float64], own: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add child-years year by year in view, however many years each has."""
    longest = max(total.shape[1], own.shape[1])
    both = np.zeros((AGES, longest))
    both[:, : total.shape[1]] += total
    both[:, : own.shape[1]] += own
    return both


def _nothing(child_years: NDArray[np.float64]) -> Seen:
    """Those child-years, and no contacts yet."""
    again = (*child_years.shape, GAPS)
    return Seen(
        child_years,
        looks_first=np.zeros(AGES),
        known_first=np.zeros(AGES),
        known_later=np.zeros(AGES),
        again=np.zeros(again),
        again_part=np.zeros(again),
        quiet=np.zeros((AGES, GAPS, 2)),
    )


def rows_of(place: Place, stacked: Stacked | None) -> Iterator[tuple[Any, ...]]:
    """Yield a row of `first_by_age` for each age; none when the view is too short."""
    if stacked is None:
        return
    for age in range(AGES):
        yield (
            *place,
            age,
            float(stacked.at_risk[age]),
            int(stacked.contacts[age]),
            float(stacked.first_contacts[age]),
            float(stacked.cumulative[age]),
            float(stacked.lower[age]),
            float(stacked.upper[age]),
            float(stacked.unadjusted[age]),
        )


def _table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    return pa.table({field.name: pa.array([row[i] for row in rows], field.type) for i, field in enumerate(schema)})
