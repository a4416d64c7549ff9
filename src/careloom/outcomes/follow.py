"""From when until when each spell was followed, and what ended it: SQL made from the outcome's declaration.

The first of these ends a stretch: the event, a competing event, death, the 18th birthday, the day from which a return is
missing, the end of what the authority's returns tell. What happens on the same day comes in that order.

A stretch ends on the first day of the month of the 18th birthday, not on the birthday: the days observed are kept in
study.duckdb, and from time zero and the days to a birthday anybody could work out the date of birth.
"""

from careloom.catalogue import Competing, Outcome
from careloom.core import Ledger
from careloom.engine import Engine, text, with_names
from careloom.outcomes.units import ADULT_FROM

MOST_ORDER = 5
"""Stretches of one child are numbered in order of time, the fifth and later ones alike: few children have so many."""

AT_RISK = "SELECT * FROM outcome_unit WHERE reason_no IS NULL"
COMMON_COLUMNS = (
    "unit_id", "person_id", "la", "starts_on", "days", "ended_by", "class_no", "age_band", "sex", "ethnic_group",
)  # fmt: skip
"""What `time_to_event` says of every stretch, beside the outcome; `is_event` comes last."""


def make_stretches(engine: Engine, outcome: Outcome, ledger: Ledger) -> None:
    """Make `time_to_event_{name}`, one row per spell at risk, with all covariates; note what had to be mended."""
    made = f"time_to_event_{outcome.name}"
    followed = engine.make(made, stretches(outcome))
    odd = engine.rows(f"SELECT count(CASE WHEN days < 1 THEN 1 END) AS same, sum(early) AS early FROM {made}")[0]
    changed = {
        "something happened on the day of time zero: half a day": int(odd[0] or 0),
        "a start of the kind before time zero was passed over": int(odd[1] or 0),
    }
    if any(changed.values()):
        ledger.note(f"put in order for {outcome.name}", made, made, followed, followed, changed=changed)


def stretches(outcome: Outcome) -> str:
    """One row per spell at risk: how long it was followed, what ended it, and all that the models adjust for."""
    own = "".join(f", coalesce(d.{c.name}, 'Not known') AS {c.name}" for c in outcome.covariates)
    reach = " + ".join(
        f"CASE WHEN days_between(e.zero_on, e.adult_on) >= {day} THEN 1 ELSE 0 END" for day in outcome.horizons_days
    )
    return with_names(
        {
            **endings(outcome),
            "classes": class_that_counts(outcome),
            "passed_over": passed_over(outcome),
            "described": outcome.describe or "SELECT s.spell_id FROM at_risk AS s",
        },
        f"""
        SELECT e.spell_id AS unit_id, e.person_id, e.la, e.zero_on AS starts_on,
               CASE WHEN e.whole_days = 0 THEN CAST(0.5 AS DOUBLE) ELSE CAST(e.whole_days AS DOUBLE) END AS days,
               e.ended_by, c.class_no, c.assessment_id AS classed_by,
               CASE WHEN e.age < 1 THEN 'under 1' WHEN e.age < 5 THEN '1-4' WHEN e.age < 10 THEN '5-9'
                    WHEN e.age < 16 THEN '10-15' ELSE '16-17' END AS age_band,
               coalesce(e.sex, 'U') AS sex, coalesce(e.ethnic_group, 'Unknown') AS ethnic_group,
               CASE WHEN e.is_disabled THEN 'Yes' WHEN NOT e.is_disabled THEN 'No' ELSE 'Not known' END AS disability,
               CAST(year_ending(e.zero_on) AS VARCHAR) AS year, least(e.place, {MOST_ORDER}) AS place, {reach} AS reach,
               coalesce(b.early, 0) AS early{own}
        FROM stretch AS e
        LEFT JOIN classes AS c ON c.spell_id = e.spell_id
        LEFT JOIN passed_over AS b ON b.spell_id = e.spell_id
        LEFT JOIN described AS d ON d.spell_id = e.spell_id""",
    )


def endings(outcome: Outcome) -> dict[str, str]:
    """SELECTs on the way to `stretch`: who is at risk, what happened first, and what ended the following."""
    return {
        "at_risk": AT_RISK,
        "happened": happened(outcome),
        "first_thing": """
            SELECT spell_id, cause_no, happened_on FROM happened
            QUALIFY row_number() OVER (PARTITION BY spell_id ORDER BY happened_on, cause_no) = 1""",
        "followed": f"""
            SELECT s.*, n.cause_no, n.happened_on, {ADULT_FROM.format(born_on="s.born_on")} AS adult_on
            FROM at_risk AS s LEFT JOIN first_thing AS n ON n.spell_id = s.spell_id""",
        "ended": f"""
            SELECT f.*, least(f.view_ends_on, f.adult_on) AS limit_on, CASE
                WHEN f.happened_on < least(f.view_ends_on, f.adult_on) THEN {cause_names(outcome)}
                WHEN f.adult_on < f.view_ends_on THEN '18th_birthday'
                WHEN f.mask_on = f.view_ends_on AND f.mask_on < f.window_ends_on THEN 'no_return'
                ELSE 'end_of_follow_up' END AS ended_by
            FROM followed AS f""",
        "stretch": """
            SELECT e.*, age_on(e.born_on, e.zero_on) AS age,
                days_between(e.zero_on, least(e.limit_on, coalesce(e.happened_on, e.limit_on))) AS whole_days,
                row_number() OVER (PARTITION BY e.person_id ORDER BY e.zero_on, e.spell_id) AS place
            FROM ended AS e""",
    }


def happened(outcome: Outcome) -> str:
    """The first day of each thing that can end a stretch: cause 0 is the event, then what competes, then death."""
    event = first_of(0, outcome.until, outcome.until_day, outcome.until_when, outcome.min_gap_days)
    parts = [event, *(competing(number, each) for number, each in enumerate(outcome.competing, start=1))]
    last = len(outcome.competing) + 1
    died = f"SELECT spell_id, {last} AS cause_no, died_on AS happened_on FROM at_risk WHERE died_on IS NOT NULL"
    return " UNION ALL ".join([*parts, died])


def competing(number: int, each: Competing) -> str:
    return first_of(number, each.kind, each.day, each.when, 0)


def first_of(number: int, kind: str, day: str, when: str, min_gap_days: int) -> str:
    """The first start or end of a spell of the kind that counts, late enough after time zero.

    A start is that of another spell; an end may be that of the spell followed itself.
    """
    on = "starts_on" if day == "start" else "ends_on"
    other = " AND u.spell_id <> s.spell_id" if day == "start" else ""
    return f"""
        SELECT s.spell_id, {number} AS cause_no, min(u.{on}) AS happened_on
        FROM at_risk AS s JOIN spell AS u ON u.person_id = s.person_id
        WHERE u.kind = {text(kind)}{other} AND ({when}) AND days_between(s.zero_on, u.{on}) >= {min_gap_days}
        GROUP BY s.spell_id"""


def cause_names(outcome: Outcome) -> str:
    names = ["event", *(each.name for each in outcome.competing), "died"]
    whens = " ".join(f"WHEN {number} THEN {text(name)}" for number, name in enumerate(names))
    return f"CASE f.cause_no {whens} END"


def passed_over(outcome: Outcome) -> str:
    """1 for a spell before whose end another of the event's kind began: the records contradict themselves there."""
    if (outcome.after, outcome.after_day, outcome.until_day) != (outcome.until, "end", "start"):
        return "SELECT spell_id, 0 AS early FROM at_risk"
    return f"""
        SELECT s.spell_id, max(1) AS early
        FROM at_risk AS s JOIN spell AS u ON u.person_id = s.person_id
        WHERE u.kind = {text(outcome.until)} AND u.spell_id <> s.spell_id
          AND u.starts_on > s.starts_on AND u.starts_on < s.zero_on
        GROUP BY s.spell_id"""


def class_that_counts(outcome: Outcome) -> str:
    """The class of the episode or assessment that the spell is, or of the latest assessment before its start."""
    if outcome.class_from == "episode":
        return "SELECT s.spell_id, c.class_no, c.assessment_id FROM at_risk AS s JOIN episode_class AS c ON c.episode_id = s.spell_id"
    if outcome.class_from == "assessment":
        return "SELECT s.spell_id, c.class_no, c.assessment_id FROM at_risk AS s JOIN class_of AS c ON c.assessment_id = s.spell_id"
    joined = "c.person_id = s.person_id AND c.assessed_on <= s.starts_on"
    if outcome.class_within_days is not None:
        joined += f" AND days_between(c.assessed_on, s.starts_on) <= {outcome.class_within_days}"
    found = f"""
        SELECT s.spell_id, 1 AS choice, c.assessed_on, c.assessment_id, c.class_no
        FROM at_risk AS s JOIN class_of AS c ON {joined}"""
    if outcome.class_from == "latest before spell, or its episode":
        # Of the case that was open when the spell began; never an assessment made after the clock had started.
        found += """
        UNION ALL
        SELECT s.spell_id, 2 AS choice, c.assessed_on, c.assessment_id, c.class_no
        FROM at_risk AS s JOIN class_of AS c ON c.person_id = s.person_id AND c.assessed_on <= s.zero_on
        JOIN spell AS e ON e.spell_id = c.episode_id
        WHERE e.starts_on <= s.starts_on AND (e.ends_on IS NULL OR e.ends_on >= s.starts_on)"""
    return f"""
        SELECT spell_id, class_no, assessment_id FROM ({found}) AS found
        QUALIFY row_number() OVER (PARTITION BY spell_id ORDER BY choice, assessed_on DESC, assessment_id) = 1"""
