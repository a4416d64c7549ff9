"""Placement histories: where a child was on the first day of each month since coming into care.

A month is 365.25/12 days, as everywhere in the report: the first days lie 0, 30, 60, 91 ... days after the start, the
same for every child, so that month 13 begins a year on. The state is that of the one day, not the longest of the month:
it can be told without ties and looks the same from every engine; a stay that falls between two first days is not seen.
Nobody is looked at from the first day of the month of their 18th birthday on, rather than from the birthday: histories are
kept in study.duckdb, and nobody should work out a date of birth from where one stops.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

import pyarrow as pa

from careloom.catalogue import OUT_OF_SIGHT, CareState
from careloom.core import Ledger
from careloom.engine import Engine, text, value

DAYS_OF_MONTH = 365.25 / 12

NO_START = "its true start was never returned"
OUTSIDE = "it starts outside the study period"
NO_LENGTH = "it ends on or before the day it starts"
NOT_FOLLOWED = "the child turns 18 in the month it starts, or is 18, dead or beyond the returns on its first day"

WINDOW_ENDS = "the returns end before its last month"
BIRTHDAY = "the child turns 18 before its last month, or in it"
LOST = "the child dies, goes abroad or to another authority's care before its last month"

# A stretch of time of a person in one state. Where several hold on a day, a placement (3) says more than its period of
# care (2), and either more than having left an earlier one (1).
STRETCHES = """
SELECT s.person_id, s.spell_id, 3 AS standing, s.starts_on, s.ends_on, coalesce(exact.state, place.state, rest.state) AS state
FROM spell AS s
LEFT JOIN care_state AS exact ON exact.kind = 'placement' AND exact.code = s.code AND exact.provider = s.detail AND exact.provider <> ''
LEFT JOIN care_state AS place ON place.kind = 'placement' AND place.code = s.code AND place.provider = '' AND place.code <> ''
LEFT JOIN care_state AS rest ON rest.kind = 'placement' AND rest.code = ''
WHERE s.kind = 'placement_segment'
UNION ALL
SELECT s.person_id, s.spell_id, 2 AS standing, s.starts_on, s.ends_on, rest.state AS state
FROM spell AS s
LEFT JOIN care_state AS rest ON rest.kind = 'placement' AND rest.code = ''
WHERE s.kind = 'period_of_care'
UNION ALL
SELECT s.person_id, s.spell_id, 1 AS standing, s.ends_on AS starts_on, CAST(NULL AS DATE) AS ends_on, coalesce(reason.state, rest.state) AS state
FROM spell AS s
LEFT JOIN care_state AS reason ON reason.kind = 'leaving' AND reason.code = s.end_reason AND reason.code <> ''
LEFT JOIN care_state AS rest ON rest.kind = 'leaving' AND rest.code = ''
WHERE s.kind = 'period_of_care' AND s.ends_on IS NOT NULL
"""

LOOKS = """
SELECT e.period_id, e.person_id, m.month, add_days(e.starts_on, m.days) AS looked_on
FROM care_entry AS e CROSS JOIN care_month_day AS m
WHERE e.why_not = '' AND add_days(e.starts_on, m.days) < e.until
"""

STATES = """
SELECT l.period_id, l.person_id, l.month, t.state
FROM care_look AS l JOIN care_stretch AS t ON t.person_id = l.person_id
WHERE t.starts_on <= l.looked_on AND (t.ends_on IS NULL OR t.ends_on > l.looked_on)
QUALIFY row_number() OVER (PARTITION BY l.period_id, l.month ORDER BY t.standing DESC, t.starts_on DESC, t.spell_id DESC) = 1
"""

SEEN = f"""
SELECT period_id, person_id, month, state
FROM (SELECT *, min(CASE WHEN state = {text(OUT_OF_SIGHT)} THEN month END) OVER (PARTITION BY period_id) AS unseen_month
      FROM care_state_on) AS looked
WHERE unseen_month IS NULL OR month < unseen_month
"""

FOLLOWED = f"""
SELECT e.period_id, e.person_id, e.la, e.starts_on, h.months, h.states,
       CASE WHEN h.months = m.months THEN '' WHEN h.months < looks.months OR e.until = e.died_on THEN {text(LOST)}
            WHEN e.until = e.adult_from THEN {text(BIRTHDAY)} ELSE {text(WINDOW_ENDS)} END AS cut_short
FROM care_entry AS e
JOIN (SELECT period_id, count(*) AS months, string_agg(state, '' ORDER BY month) AS states FROM care_seen GROUP BY period_id) AS h
  ON h.period_id = e.period_id
JOIN (SELECT period_id, count(*) AS months FROM care_look GROUP BY period_id) AS looks ON looks.period_id = e.period_id
CROSS JOIN (SELECT count(*) AS months FROM care_month_day) AS m
"""


def follow_months(
    engine: Engine, states: Sequence[CareState], *, first_day: dt.date, end_day: dt.date, horizon: int
) -> Ledger:
    """Make `care_seen` (period_id, person_id, month, state) and `care_followed`, one row a period of care.

    Periods of care that start (RNE S) in [first_day, end_day) are followed for `horizon` months, whether the child
    stays, leaves or comes back, but never beyond `end_day`, the first day of the month of the 18th birthday, death, or
    the day on which care ended for a reason after which the returns tell no more. `care_followed` has the months
    followed, the states as one text, and in `cut_short` why there are fewer than `horizon`; blank when there are not.
    Reads `spell` and `person`. A child whose date of birth is not known is taken not to turn 18.
    """
    load_states(engine, states)
    load_months(engine, horizon)
    engine.make("care_entry", entries(first_day, end_day))
    engine.make("care_stretch", STRETCHES)
    engine.make("care_look", LOOKS)
    engine.make("care_state_on", STATES)
    engine.make("care_seen", SEEN)
    made = engine.make("care_followed", FOLLOWED)
    rows = engine.rows(
        "SELECT why_not, count(*) AS n FROM care_entry WHERE why_not <> '' GROUP BY why_not ORDER BY why_not"
    )
    ledger = Ledger()
    read = value(engine, "SELECT count(*) AS n FROM spell WHERE kind = 'period_of_care'")
    ledger.note("follow placement histories", "periods of care", "care_history", int(read), made, counted(rows))
    return ledger


def counted(rows: Sequence[tuple[object, ...]]) -> Mapping[str, int]:
    return {str(why): int(str(n)) for why, n in rows}


def entries(first_day: dt.date, end_day: dt.date) -> str:
    """Every period of care, until when its child can be followed, and why it has no history; blank when it has one."""
    end, adult_from = f"DATE '{end_day}'", "birthday(month_of(p.born_on), 18)"
    return f"""
        SELECT *, CASE
            WHEN coalesce(start_reason, '') <> 'S' THEN {text(NO_START)}
            WHEN starts_on < DATE '{first_day}' OR starts_on >= {end} THEN {text(OUTSIDE)}
            WHEN ends_on <= starts_on THEN {text(NO_LENGTH)}
            WHEN until <= starts_on THEN {text(NOT_FOLLOWED)}
            ELSE '' END AS why_not
        FROM (
          SELECT s.spell_id AS period_id, s.person_id, s.la, s.starts_on, s.ends_on, s.start_reason, p.died_on,
                 {adult_from} AS adult_from,
                 least({end}, coalesce({adult_from}, {end}), coalesce(p.died_on, {end})) AS until
          FROM spell AS s LEFT JOIN person AS p ON p.person_id = s.person_id
          WHERE s.kind = 'period_of_care') AS period"""


def load_states(engine: Engine, states: Sequence[CareState]) -> None:
    names = ("kind", "code", "provider", "state")
    engine.load("care_state", pa.table({name: [getattr(state, name) for state in states] for name in names}))


def load_months(engine: Engine, horizon: int) -> None:
    months = range(1, horizon + 1)
    days = [int((month - 1) * DAYS_OF_MONTH) for month in months]
    table = pa.table({"month": pa.array(months, pa.int32()), "days": pa.array(days, pa.int32())})
    engine.load("care_month_day", table)
