"""One child, one line of time: who was in what state on each day, and the highest rung each CIN episode reached."""

import datetime as dt

from careloom.core import Ledger
from careloom.engine import Engine, count, value

STATES = {
    "is_open_case": "cin_episode",
    "is_cin_plan": "cin_plan",
    "is_cp_plan": "cp_plan",
    "is_looked_after": "period_of_care",
}

HIGHEST_STATE = """CASE WHEN is_looked_after THEN 'looked_after' WHEN is_cp_plan THEN 'cp_plan'
                       WHEN is_cin_plan THEN 'cin_plan' ELSE 'open_case' END"""

RUNGS = {
    "period_of_care": "looked_after",
    "cp_plan": "cp_plan",
    "conference": "conference",
    "section_47": "section_47",
    "cin_plan": "cin_plan",
    "assessment": "assessed",
}
"""What shows that a rung was reached, highest first."""

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
    """Make `pathway`: each CIN episode and the highest rung reached between referral and closure.

    Rungs, lowest first: no_further_action, assessed, cin_plan, section_47, conference, cp_plan, looked_after; a period
    of care counts up to 28 days after closure. Source: study method section 6.
    """
    engine.make("pathway", pathway_select())
    ledger = Ledger()
    rows = value(engine, "SELECT count(*) FROM spell WHERE kind = 'cin_episode'")
    ledger.note("climb the ladder", "CIN episodes", "pathway", rows, count(engine, "pathway"))
    return ledger


def pathway_select() -> str:
    """SQL that looks at everything of the person and counts what lies within the episode, rung by rung."""
    events = "SELECT person_id, event AS what, happened_on AS starts_on FROM event WHERE event IN ('section_47', 'conference')"
    spells = "SELECT person_id, kind AS what, starts_on FROM spell WHERE kind IN ('assessment', 'cin_plan', 'cp_plan', 'period_of_care')"
    counted = ", ".join(
        f"sum(CASE WHEN what = '{what}' AND is_within THEN 1 ELSE 0 END) AS {rung}_n" for what, rung in RUNGS.items()
    )
    ladder = " ".join(f"WHEN {rung}_n > 0 THEN '{rung}'" for rung in RUNGS.values())
    last_day = f"CASE WHEN step.what = 'period_of_care' THEN add_days(episode.ends_on, {CARE_AFTER_CLOSURE_DAYS}) ELSE episode.ends_on END"
    return f"""
        SELECT episode_id, person_id, la, starts_on, ends_on,
               CASE {ladder} WHEN is_nfa = '1' THEN 'no_further_action' ELSE 'assessed' END AS rung
        FROM (SELECT episode_id, person_id, la, starts_on, ends_on, is_nfa, {counted}
              FROM (SELECT episode.spell_id AS episode_id, episode.person_id, episode.la, episode.starts_on, episode.ends_on, episode.detail AS is_nfa,
                           step.what, step.starts_on >= episode.starts_on AND (episode.ends_on IS NULL OR step.starts_on <= {last_day}) AS is_within
                    FROM spell AS episode
                    LEFT JOIN ({events} UNION ALL {spells}) AS step ON step.person_id = episode.person_id
                    WHERE episode.kind = 'cin_episode') AS looked
              GROUP BY episode_id, person_id, la, starts_on, ends_on, is_nfa) AS counted"""
