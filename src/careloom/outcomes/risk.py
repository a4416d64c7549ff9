"""Who is at risk of an outcome, from when until when, and what ended it: SQL made from the outcome's declaration.

Time zero is `ends_on` of a spell of the kind `outcome.after`. A condition of a drop reads that spell as `s`, with two
more columns for the study period, `s.window_starts_on` and `s.window_ends_on`, and its person as `p`.
`outcome.until_when` is a condition on the spell whose start is the event, as `u`.

A stretch ends on the first day of the month of the 18th birthday, not on the birthday: the days observed are kept in
study.duckdb, and from time zero and the days to a birthday anybody could work out the date of birth.
"""

import datetime as dt
from collections.abc import Sequence

from careloom.catalogue import Drop, Outcome
from careloom.core import Ledger
from careloom.engine import Engine, text, with_names

ADULT_FROM = "birthday(month_of({born_on}), 18)"
"""The first day of the month in which the child turns 18; for one born on 29 February in February, like all others."""

BEFORE = (
    Drop("still open at the last return", "s.ends_on IS NULL"),
    Drop("ended outside the study period", "s.ends_on < s.window_starts_on OR s.ends_on >= s.window_ends_on"),
)
AFTER = (
    Drop("date of birth not known", "p.born_on IS NULL"),
    Drop(
        "aged 18 or over by the end of the month of time zero", f"{ADULT_FROM.format(born_on='p.born_on')} <= s.ends_on"
    ),
    Drop("died by time zero", "p.died_on <= s.ends_on"),
)


def make_time_to_event(
    engine: Engine, outcome: Outcome, *, first_day: dt.date, end_day: dt.date, ledger: Ledger
) -> None:
    """Make `time_to_event_{outcome}`, one row per spell at risk; note the spells that are set aside, and why."""
    drops = (*BEFORE, *outcome.drops, *AFTER)
    made = f"time_to_event_{outcome.name}"
    units = engine.make("outcome_unit", units_with_reason(outcome, drops, first_day, end_day))
    at_risk = engine.make(made, follow(outcome, end_day))
    found = dict(engine.rows("SELECT reason_no, count(*) AS n FROM outcome_unit GROUP BY reason_no"))
    set_aside = {drop.reason: int(found.get(number, 0)) for number, drop in enumerate(drops)}
    ledger.note(f"follow for {outcome.name}", f"{outcome.after} spells", made, units, at_risk, set_aside)


def units_with_reason(outcome: Outcome, drops: tuple[Drop, ...], first_day: dt.date, end_day: dt.date) -> str:
    """Every spell of the kind, with the number of the first drop that holds for it; blank when it is at risk."""
    units = f"""
        SELECT s.*, DATE '{first_day}' AS window_starts_on, DATE '{end_day}' AS window_ends_on
        FROM spell AS s WHERE s.kind = {text(outcome.after)}"""
    # One filter a drop, not one CASE: Spark allows EXISTS in a filter only.
    dropped = " UNION ALL ".join(
        f"""
        SELECT s.spell_id, {number} AS reason_no
        FROM units AS s LEFT JOIN person AS p ON p.person_id = s.person_id WHERE {drop.when}"""
        for number, drop in enumerate(drops)
    )
    return with_names(
        {
            "units": units,
            "dropped": dropped,
            "first_reason": "SELECT spell_id, min(reason_no) AS reason_no FROM dropped GROUP BY spell_id",
        },
        """
        SELECT s.spell_id, s.person_id, s.la, s.starts_on, s.ends_on, p.born_on, p.died_on, p.sex, p.ethnic_group,
               r.reason_no
        FROM units AS s
        LEFT JOIN person AS p ON p.person_id = s.person_id
        LEFT JOIN first_reason AS r ON r.spell_id = s.spell_id""",
    )


def follow(outcome: Outcome, end_day: dt.date) -> str:
    """The rows of `time_to_event`: the event ends a stretch, or death, the month of the 18th birthday, or the end of the study."""
    return with_names(
        {
            "at_risk": "SELECT * FROM outcome_unit WHERE reason_no IS NULL",
            "next_start": next_start(outcome),
            "classes": class_that_counts(outcome),
            "followed": f"""
                SELECT s.*, n.event_on, c.class_no, least(DATE '{end_day}', {ADULT_FROM.format(born_on="s.born_on")}) AS limit_on
                FROM at_risk AS s
                LEFT JOIN next_start AS n ON n.spell_id = s.spell_id
                LEFT JOIN classes AS c ON c.spell_id = s.spell_id""",
            "ended": f"""
                SELECT f.*, CASE
                    WHEN f.event_on < f.limit_on AND (f.died_on IS NULL OR f.event_on <= f.died_on) THEN 'event'
                    WHEN f.died_on < f.limit_on THEN 'died'
                    WHEN f.limit_on < DATE '{end_day}' THEN '18th_birthday'
                    ELSE 'end_of_follow_up' END AS ended_by
                FROM followed AS f""",
            "stretch": """
                SELECT e.*, age_on(e.born_on, e.ends_on) AS age, days_between(e.ends_on, CASE e.ended_by
                    WHEN 'event' THEN e.event_on WHEN 'died' THEN e.died_on ELSE e.limit_on END) AS days
                FROM ended AS e""",
        },
        f"""
        SELECT {text(outcome.name)} AS outcome, spell_id AS unit_id, person_id, la, ends_on AS starts_on,
               CASE WHEN days = 0 THEN CAST(0.5 AS DOUBLE) ELSE CAST(days AS DOUBLE) END AS days,
               ended_by, class_no,
               CASE WHEN age < 1 THEN 'under 1' WHEN age < 5 THEN '1-4' WHEN age < 10 THEN '5-9'
                    WHEN age < 16 THEN '10-15' ELSE '16-17' END AS age_band,
               coalesce(sex, 'U') AS sex, coalesce(ethnic_group, 'Unknown') AS ethnic_group
        FROM stretch""",
    )


def next_start(outcome: Outcome) -> str:
    """The first start of the kind that counts, late enough after time zero."""
    return f"""
        SELECT s.spell_id, min(u.starts_on) AS event_on
        FROM at_risk AS s JOIN spell AS u ON u.person_id = s.person_id
        WHERE u.kind = {text(outcome.until)} AND u.spell_id <> s.spell_id AND ({outcome.until_when})
          AND days_between(s.ends_on, u.starts_on) >= {outcome.min_gap_days}
        GROUP BY s.spell_id"""


def class_that_counts(outcome: Outcome) -> str:
    """The class of the episode that the spell is, or of the latest assessment within some days before its start."""
    if outcome.class_from == "episode":
        return "SELECT s.spell_id, c.class_no FROM at_risk AS s JOIN episode_class AS c ON c.episode_id = s.spell_id"
    joined = "c.person_id = s.person_id AND c.assessed_on <= s.starts_on"
    if outcome.class_within_days is not None:
        joined += f" AND days_between(c.assessed_on, s.starts_on) <= {outcome.class_within_days}"
    return f"""
        SELECT s.spell_id, c.class_no FROM at_risk AS s JOIN class_of AS c ON {joined}
        QUALIFY row_number() OVER (PARTITION BY s.spell_id ORDER BY c.assessed_on DESC, c.assessment_id) = 1"""


def all_outcomes(outcomes: Sequence[Outcome]) -> str:
    """The rows of `time_to_event` of all outcomes; none when there are no outcomes."""
    # is_event comes last: Spark 4.2 cannot unite stored tables in which one column was worked out from another.
    columns = "outcome, unit_id, person_id, la, starts_on, days, ended_by = 'event' AS is_event, ended_by"
    columns += ", class_no, age_band, sex, ethnic_group"
    parts = [f"SELECT {columns} FROM time_to_event_{outcome.name}" for outcome in outcomes]
    return " UNION ALL ".join(parts or [f"SELECT {columns} FROM ({EMPTY}) AS nothing"])


EMPTY = """
    SELECT '' AS outcome, '' AS unit_id, '' AS person_id, '' AS la, DATE '2000-01-01' AS starts_on,
           CAST(0 AS DOUBLE) AS days, '' AS ended_by, 1 AS class_no, '' AS age_band,
           '' AS sex, '' AS ethnic_group
    WHERE FALSE"""
