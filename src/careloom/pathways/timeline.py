"""One child, one line of time: who was in what state on each day, what followed in each CIN episode, and how far it went."""

import datetime as dt

from careloom.core import Ledger
from careloom.engine import Engine, count, value

STATES = {
    "is_early_help": "early_help",
    "is_open_case": "cin_episode",
    "is_cin_plan": "cin_plan",
    "is_cp_plan": "cp_plan",
    "is_looked_after": "period_of_care",
    "is_missing": "missing",
}
"""What a timeline tells, and the kind of spell that shows it."""

HIGHEST_STATE = """CASE WHEN is_looked_after THEN 'looked_after' WHEN is_cp_plan THEN 'cp_plan' WHEN is_cin_plan THEN 'cin_plan'
                       WHEN is_open_case THEN 'open_case' WHEN is_early_help THEN 'early_help' ELSE 'missing' END"""

STEPS = {
    "assessment": "has_assessment",
    "cin_plan": "has_cin_plan",
    "section_47": "has_section_47",
    "conference": "has_conference",
    "cp_plan": "has_cp_plan",
    "period_of_care": "has_care",
}
"""What may follow in an episode of need, and how `pathway` tells of it."""

RUNG = """CASE WHEN has_care THEN 'looked_after' WHEN has_cp_plan THEN 'cp_plan' WHEN has_conference THEN 'conference'
              WHEN has_section_47 THEN 'section_47' WHEN is_nfa THEN 'no_further_action'
              WHEN end_reason IN ('RC8', 'RC9') THEN 'closed_after_assessment' ELSE 'cin_only' END"""
"""The highest rung. RC8 and RC9 close a case after assessment, as not in need; any other episode is one of need."""

CARE_AFTER_CLOSURE_DAYS = 28
"""A period of care that starts so soon after closure still belongs to the episode (study method section 6)."""


def make_timeline(engine: Engine, *, end_day: dt.date) -> Ledger:
    """Make `timeline` from `spell`: disjoint segments per person, up to `end_day` (the first day not observed)."""
    kinds = ", ".join(f"'{kind}'" for kind in STATES.values())
    in_view = f"kind IN ({kinds}) AND starts_on < DATE '{end_day}' AND (ends_on IS NULL OR ends_on > starts_on)"
    engine.make(
        "spell_in_view",
        f"SELECT person_id, kind, starts_on, least(coalesce(ends_on, DATE '{end_day}'), DATE '{end_day}') AS ends_on FROM spell WHERE {in_view}",
    )
    engine.make("timeline", timeline_select())
    ledger = Ledger()
    rows, used = count(engine, "spell"), count(engine, "spell_in_view")
    ledger.note(
        "draw the timeline",
        "spell",
        "spells on the timeline",
        rows,
        used,
        {"another kind of spell, outside the study period, or of no length": rows - used},
    )
    return ledger


def timeline_select() -> str:
    """SQL that adds up openings and closings of each kind day by day; a linear sweep, no join of spells to spells."""
    changes = ", ".join(
        f"sum(CASE WHEN kind = '{kind}' THEN step ELSE 0 END) AS {state}" for state, kind in STATES.items()
    )
    running = ", ".join(
        f"sum({state}) OVER (PARTITION BY person_id ORDER BY starts_on ROWS UNBOUNDED PRECEDING) > 0 AS {state}"
        for state in STATES
    )
    flags = ", ".join(STATES)
    return f"""
        SELECT person_id, starts_on, ends_on, {flags}, {HIGHEST_STATE} AS state
        FROM (
          SELECT person_id, starts_on, lead(starts_on) OVER (PARTITION BY person_id ORDER BY starts_on) AS ends_on, {running}
          FROM (SELECT person_id, starts_on, {changes}
                FROM (SELECT person_id, kind, starts_on, 1 AS step FROM spell_in_view
                      UNION ALL SELECT person_id, kind, ends_on AS starts_on, -1 AS step FROM spell_in_view) AS boundary
                GROUP BY person_id, starts_on) AS change) AS segment
        WHERE {" OR ".join(STATES)}"""


def make_pathways(engine: Engine) -> Ledger:
    """Make `pathway`: each CIN episode, what followed between referral and closure, and the highest rung it reached.

    Rungs, lowest first: no_further_action, closed_after_assessment, cin_only, section_47, conference, cp_plan,
    looked_after. What began in the same authority from the day of referral to the day of closure counts, a period of care
    up to 28 days after closure; from the day on which the next episode begins, it is that one's. Source: study method section 6.
    """
    engine.make("pathway", pathway_select())
    ledger = Ledger()
    rows = value(engine, "SELECT count(*) FROM spell WHERE kind = 'cin_episode'")
    ledger.note("climb the ladder", "CIN episodes", "pathway", rows, count(engine, "pathway"))
    return ledger


def steps_select() -> str:
    """SQL of everything that can be a step: whose, what, when, and what is told of it."""
    nothing = "CAST(NULL AS VARCHAR) AS code, CAST(NULL AS VARCHAR) AS legal_status, CAST(NULL AS VARCHAR) AS placement"
    return f"""
        SELECT person_id, la, event AS what, happened_on AS starts_on, {nothing} FROM event WHERE event IN ('section_47', 'conference')
        UNION ALL
        SELECT person_id, la, kind AS what, starts_on, code, CAST(NULL AS VARCHAR) AS legal_status, CAST(NULL AS VARCHAR) AS placement
        FROM spell WHERE kind IN ('assessment', 'cin_plan', 'cp_plan')
        UNION ALL
        SELECT care.person_id, care.la, care.kind AS what, care.starts_on, care.code, begun_as.code AS legal_status, begun_in.code AS placement
        FROM spell AS care
        LEFT JOIN (SELECT within_id, starts_on, code FROM spell WHERE kind = 'legal_status') AS begun_as
          ON begun_as.within_id = care.spell_id AND begun_as.starts_on = care.starts_on
        LEFT JOIN (SELECT within_id, starts_on, code FROM spell WHERE kind = 'placement') AS begun_in
          ON begun_in.within_id = care.spell_id AND begun_in.starts_on = care.starts_on
        WHERE care.kind = 'period_of_care'"""


def pathway_select() -> str:
    """SQL that looks at everything of the person in the authority and keeps what lies within the episode."""
    has = ", ".join(
        f"sum(CASE WHEN what = '{what}' AND is_within THEN 1 ELSE 0 END) > 0 AS {flag}" for what, flag in STEPS.items()
    )
    first_plan = first_of("code", "cp_plan")
    first_status, first_placement = (first_of(told, "period_of_care") for told in ("legal_status", "placement"))
    last_day = f"CASE WHEN step.what = 'period_of_care' THEN add_days(episode.ends_on, {CARE_AFTER_CLOSURE_DAYS}) ELSE episode.ends_on END"
    return f"""
        SELECT episode_id, person_id, la, starts_on, ends_on, {RUNG} AS rung, {", ".join(STEPS.values())},
               cp_category, care_status, care_placement, CAST(days_between(starts_on, ends_on) AS BIGINT) AS days
        FROM (SELECT episode_id, person_id, la, starts_on, ends_on, end_reason, is_nfa, {has},
                     {first_plan} AS cp_category, {first_status} AS care_status, {first_placement} AS care_placement
              FROM (SELECT episode.spell_id AS episode_id, episode.person_id, episode.la, episode.starts_on, episode.ends_on, episode.end_reason,
                           coalesce(episode.detail, '') = '1' AS is_nfa, step.what, step.starts_on AS stepped_on, step.code, step.legal_status, step.placement,
                           step.starts_on >= episode.starts_on AND (episode.ends_on IS NULL OR step.starts_on <= {last_day})
                           AND (episode.next_starts_on IS NULL OR step.starts_on < episode.next_starts_on) AS is_within
                    FROM (SELECT *, lead(starts_on) OVER (PARTITION BY person_id, la ORDER BY starts_on, spell_id) AS next_starts_on
                          FROM spell WHERE kind = 'cin_episode') AS episode
                    LEFT JOIN ({steps_select()}) AS step ON step.person_id = episode.person_id AND step.la = episode.la) AS looked
              GROUP BY episode_id, person_id, la, starts_on, ends_on, end_reason, is_nfa) AS followed"""


def first_of(told: str, what: str) -> str:
    """SQL of what the first step of a kind within the episode tells; missing when there is none, or it does not tell."""
    return f"nullif(substr(min(CASE WHEN what = '{what}' AND is_within THEN concat(CAST(stepped_on AS VARCHAR), coalesce({told}, '')) END), 11), '')"
