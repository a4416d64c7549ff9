"""How large a share has met each outcome within twelve months, authority by authority: the curves of the other pages are by category."""

from typing import Any

import numpy as np
import pyarrow as pa

from careloom.engine import Engine
from careloom.stats.survival import kaplan_meier

MONTH = 12
"""The month that curves keep before all others (READ_OFFS): a second would tell of the events between the two."""
ALL = "All"
LOCAL_SHARE = pa.schema(
    [
        ("outcome", pa.string()),
        ("la", pa.string()),
        ("is_all", pa.int32()),
        ("month", pa.int32()),
        ("at_risk", pa.int64()),
        ("events", pa.int64()),
        ("share", pa.float64()),
        ("lower", pa.float64()),
        ("upper", pa.float64()),
    ]
)
"""One authority, or all together, and one outcome: different children still followed after `MONTH` months and with the
event so far, and the Kaplan-Meier share with its 95% limits, between 0 and 1; blank where they are not defined."""
BY = "SELECT la, 0 AS is_all, outcome, person_id, days, is_event FROM time_to_event UNION ALL SELECT 'All' AS la, 1 AS is_all, outcome, person_id, days, is_event FROM time_to_event"
"""Each stretch twice: for its authority, and for all together."""


def load_local_share(engine: Engine, by_day: int) -> None:
    """Load `local_share`, read off at day `by_day`; nothing when no outcome was timed."""
    if engine.columns("time_to_event"):
        engine.load("local_share", pa.Table.from_pylist(local_shares(engine, by_day), schema=LOCAL_SHARE))


def local_shares(engine: Engine, by_day: int) -> list[dict[str, Any]]:
    """The rows of `local_share`. Only counts by authority, outcome, day and ending leave the engine."""
    counted = engine.rows(f"""
        SELECT outcome, la, is_all, count(DISTINCT CASE WHEN days > {by_day} THEN person_id END) AS at_risk,
          count(DISTINCT CASE WHEN is_event AND days <= {by_day} THEN person_id END) AS events
        FROM ({BY}) AS twice GROUP BY outcome, la, is_all""")
    # what happens after that day moves nothing before it: the days after it are one
    steps = engine.rows(f"""
        SELECT outcome, la, least(days, {by_day + 1.0}) AS days, is_event AND days <= {by_day} AS is_event, count(*) AS n
        FROM ({BY}) AS twice GROUP BY outcome, la, least(days, {by_day + 1.0}), is_event AND days <= {by_day}""")
    mine: dict[tuple[str, str], list[tuple[float, bool, float]]] = {}
    for outcome, la, days, is_event, n in steps:
        mine.setdefault((outcome, la), []).append((days, is_event, n))
    return [
        {"outcome": outcome, "la": la, "is_all": is_all, "month": MONTH, "at_risk": at_risk, "events": events}
        | share_by(mine[outcome, la], by_day)
        for outcome, la, is_all, at_risk, events in counted
    ]


def share_by(steps: list[tuple[float, bool, float]], by_day: int) -> dict[str, float | None]:
    """The share with the event by a day, from rows of (days, is the event, how many): 1 less Kaplan and Meier's survival."""
    days, is_event, n = (np.array(column) for column in zip(*steps, strict=True))
    curve = kaplan_meier(days.astype(float), is_event.astype(bool), n.astype(float))
    before = np.flatnonzero(curve.days <= by_day)
    if not before.size:
        return {"share": 0.0, "lower": None, "upper": None}
    at = before[-1]
    limits = {"lower": 1 - curve.upper[at], "upper": 1 - curve.lower[at]}
    return {"share": float(1 - curve.survival[at])} | {
        name: float(limit) if np.isfinite(limit) else None for name, limit in limits.items()
    }
