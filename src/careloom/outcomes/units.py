"""Which spells are followed for an outcome, and which are not, and why: SQL made from the outcome's declaration.

A condition of a drop reads the spell as `s`, with more columns: `s.zero_on`, its time zero; `s.window_starts_on` and
`s.window_ends_on` for the study period; and its person as `p`. Where returns that show the outcome are missing, for a year
or from some day on, the child is not in view: `in_view` says from when until when each authority's returns can be read.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

from careloom.catalogue import Drop, Outcome
from careloom.core import Ledger
from careloom.engine import Engine, text, with_names

ADULT_FROM = "birthday(month_of({born_on}), 18)"
"""The first day of the month in which the child turns 18; for one born on 29 February in February, like all others."""

OPEN = Drop("still open at the last return", "s.zero_on IS NULL")
BEFORE = (
    Drop("began or ended outside the study period", "s.zero_on < s.window_starts_on OR s.zero_on >= s.window_ends_on"),
    Drop("in a year of which a return that shows the outcome is missing", "NOT s.is_in_view"),
)
AFTER = (
    Drop("date of birth not known", "p.born_on IS NULL"),
    Drop(
        "18 or over by the end of the month in which the clock starts",
        f"{ADULT_FROM.format(born_on='p.born_on')} <= s.zero_on",
    ),
    Drop("died by the day the clock starts", "p.died_on <= s.zero_on"),
)

SPELLS = {
    "cin_episode": "cases of children in need",
    "assessment": "assessments",
    "cp_plan": "child protection plans",
    "period_of_care": "periods of care",
    "placement": "placements",
}
"""What the spells are called that outcomes start from."""

ENDS = """
    SELECT {la} AS la, {year} AS year, ends_at, CAST(sum(spells) AS BIGINT) AS spells, {children} AS children, 0 AS is_last
    FROM child GROUP BY {groups}ends_at
    UNION ALL
    SELECT {la} AS la, {year} AS year, ends_at, 0 AS spells, count(*) AS children, 1 AS is_last
    FROM (SELECT {groups}person_id, max(ends_at) AS ends_at FROM child GROUP BY {groups}person_id) AS gone
    GROUP BY {groups}ends_at"""
"""Of each step at which spells end: how many, and of how many children; and for how many children it is the last."""
FLOW = """
    SELECT {outcome} AS outcome, k.position, k.step, e.la, e.year,
           CAST(sum(CASE WHEN e.ends_at = k.position THEN e.spells ELSE 0 END) AS BIGINT) AS rows_dropped,
           CAST(sum(CASE WHEN e.ends_at > k.position THEN e.spells ELSE 0 END) AS BIGINT) AS rows_left,
           CAST(sum(CASE WHEN e.is_last = 1 AND e.ends_at > k.position THEN e.children ELSE 0 END) AS BIGINT) AS children_left,
           CAST(sum(CASE WHEN e.is_last = 0 AND e.ends_at = k.position THEN e.children ELSE 0 END) AS BIGINT) AS children_dropped
    FROM ended AS e CROSS JOIN step AS k GROUP BY k.position, k.step, e.la, e.year"""
"""What every rule drops and leaves; position 0 is what came in. A child is left while any of its spells is."""


def drops_of(outcome: Outcome, switches: Mapping[str, bool]) -> tuple[Drop, ...]:
    """Every rule that drops spells, in order; those with a switch as the study says."""
    own = [drop for drop in outcome.drops if not drop.switch or switches.get(drop.switch, drop.is_on)]
    return (*((OPEN,) if outcome.after_day == "end" else ()), *BEFORE, *own, *AFTER)


def choose_units(
    engine: Engine, outcome: Outcome, drops: Sequence[Drop], *, first_day: dt.date, end_day: dt.date, ledger: Ledger
) -> None:
    """Make `outcome_unit`, every spell of the kind with the number of the first drop that holds, or none; note them."""
    units = engine.make("outcome_unit", units_with_reason(outcome, drops, first_day, end_day))
    found = dict(engine.rows("SELECT reason_no, count(*) AS n FROM outcome_unit GROUP BY reason_no"))
    set_aside = {drop.reason: int(found.get(number, 0)) for number, drop in enumerate(drops)}
    left = int(found.get(None, 0))
    made = f"time_to_event_{outcome.name}"
    ledger.note(f"follow for {outcome.name}", f"{outcome.after} spells", made, units, left, set_aside)


def units_with_reason(outcome: Outcome, drops: Sequence[Drop], first_day: dt.date, end_day: dt.date) -> str:
    """Every spell of the kind, with the number of the first drop that holds for it; blank when it is at risk."""
    zero = "starts_on" if outcome.after_day == "start" else "ends_on"
    # One filter a drop, not one CASE: Spark allows EXISTS in a filter only.
    dropped = " UNION ALL ".join(
        f"""
        SELECT s.spell_id, {number} AS reason_no
        FROM units AS s LEFT JOIN person AS p ON p.person_id = s.person_id WHERE {drop.when}"""
        for number, drop in enumerate(drops)
    )
    return with_names(
        {
            "spells": f"SELECT s.*, s.{zero} AS zero_on FROM spell AS s WHERE s.kind = {text(outcome.after)}",
            **views(outcome),
            "units": f"""
                SELECT s.*, DATE '{first_day}' AS window_starts_on, DATE '{end_day}' AS window_ends_on,
                       v.returns = v.returns_in_view AS is_in_view, v.mask_on,
                       least(DATE '{end_day}', coalesce(v.view_ends_on, DATE '{end_day}')) AS view_ends_on
                FROM spells AS s LEFT JOIN viewed AS v ON v.spell_id = s.spell_id""",
            "dropped": dropped,
            "first_reason": "SELECT spell_id, min(reason_no) AS reason_no FROM dropped GROUP BY spell_id",
        },
        """
        SELECT s.*, p.born_on, p.died_on, p.sex, p.ethnic_group, p.is_disabled, r.reason_no
        FROM units AS s
        LEFT JOIN person AS p ON p.person_id = s.person_id
        LEFT JOIN first_reason AS r ON r.spell_id = s.spell_id""",
    )


def views(outcome: Outcome) -> dict[str, str]:
    """For each spell: whether all returns that show the outcome tell of time zero, and until when they go on doing so.

    An authority that never handed over one of these returns is not limited by it: its records come another way.
    """
    asked = ", ".join(text(name) for name in outcome.seen_in)
    return {
        "view": f"SELECT * FROM in_view WHERE return_name IN ({asked})",
        "told_by": "SELECT DISTINCT la, return_name FROM view",
        "viewed": """
            SELECT s.spell_id, count(t.return_name) AS returns, count(v.return_name) AS returns_in_view,
                   min(v.ends_on) AS view_ends_on, min(CASE WHEN NOT v.is_last THEN v.ends_on END) AS mask_on
            FROM spells AS s
            LEFT JOIN told_by AS t ON t.la = s.la
            LEFT JOIN view AS v
              ON v.la = t.la AND v.return_name = t.return_name AND v.starts_on <= s.zero_on AND v.ends_on > s.zero_on
            GROUP BY s.spell_id""",
    }


def add_flow(engine: Engine, outcome: Outcome, drops: Sequence[Drop]) -> None:
    """Make `outcome_flow_{name}`: what each rule drops and leaves, by authority and year of time zero, and in all."""
    steps = [
        f"{SPELLS.get(outcome.after, outcome.after.replace('_', ' '))} in the returns",
        *(drop.reason for drop in drops),
    ]
    values = ", ".join(f"({position}, {text(step)})" for position, step in enumerate(steps))
    in_all = {"la": "CAST(NULL AS VARCHAR)", "year": "CAST(NULL AS BIGINT)"}
    names = {
        "child": f"""
            SELECT la, year, person_id, ends_at, count(*) AS spells
            FROM (
              SELECT la, CAST(year_ending(zero_on) AS BIGINT) AS year, person_id,
                     CASE WHEN reason_no IS NULL THEN {len(steps)} ELSE reason_no + 1 END AS ends_at
              FROM outcome_unit
            ) AS flowing GROUP BY la, year, person_id, ends_at""",
        "step": f"SELECT position, step FROM (VALUES {values}) AS said(position, step)",
        "one": ENDS.format(la="la", year="year", children="count(*)", groups="la, year, "),
        "whole": ENDS.format(**in_all, children="count(DISTINCT person_id)", groups=""),
        "ended": "SELECT * FROM one WHERE la IS NOT NULL AND year IS NOT NULL UNION ALL SELECT * FROM whole",
    }
    engine.make(f"outcome_flow_{outcome.name}", with_names(names, FLOW.format(outcome=text(outcome.name))))
