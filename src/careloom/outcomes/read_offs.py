"""How many had the event by 3, 6, 12, 24, 36, 60 and 72 months, by class, in two ways side by side.

1 - Kaplan-Meier takes a child whom something else met (death, adoption, the 18th birthday) for one who was lost from sight
and might have had the event later; the cumulative incidence (Aalen and Johansen) does not, and is the lower one. Children
who turn 18 before a day cannot be followed to it, so both are also given for those who cannot turn 18 before it.
Source: study method sections 7 and 8.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from careloom.catalogue import Outcome
from careloom.engine import Engine
from careloom.stats.survival import aalen_johansen, kaplan_meier

ALL = 0
EVERYONE, UNDER = "all children", "children too young to turn 18 before"
NUMBER, WHOLE = pa.float64(), pa.int64()
READ_OFF = pa.schema(
    [("outcome", pa.string()), ("class_no", pa.int32()), ("of_whom", pa.string()), ("days", WHOLE)]
    + [(name, WHOLE) for name in ("children", "children_at_risk", "children_with_event", "at_risk")]
    + [(name, NUMBER) for name in ("share", "lower", "upper", "incidence", "incidence_lower", "incidence_upper")]
)
Row = dict[str, object]
Key = tuple[str, int, int]


@dataclass(frozen=True, eq=False)
class Endings:
    """Counts of stretches of one outcome that are alike, one element each: class (0 when none), days, ending (0 censored,
    1 the event, 2 something else), and how many of the outcome's horizons lie before the 18th birthday."""

    class_no: NDArray[np.int64]
    days: NDArray[np.float64]
    cause: NDArray[np.int64]
    reach: NDArray[np.int64]
    n: NDArray[np.float64]


def read_offs_of(engine: Engine, outcomes: Sequence[Outcome]) -> pa.Table:
    """Return the rows of `read_off`. Class 0 is everyone."""
    rows = [row for outcome in outcomes for row in rows_of(engine, outcome)]
    return pa.Table.from_pylist(rows, schema=READ_OFF)


def rows_of(engine: Engine, outcome: Outcome) -> Iterator[Row]:
    endings = read_endings(engine, outcome)
    if not endings.n.size:
        return
    counts = children_counted(engine, outcome)
    for class_no in sorted({ALL, *endings.class_no.tolist()}):
        of_class = np.full(endings.n.shape, True) if class_no == ALL else endings.class_no == class_no
        for place, day in enumerate(outcome.horizons_days):
            for whom, among in ((EVERYONE, of_class), (UNDER, of_class & (endings.reach > place))):
                children = counts[whom].get((whom, class_no, day))
                if children and among.any():
                    yield {
                        "outcome": outcome.name,
                        "class_no": class_no,
                        "of_whom": whom,
                        "days": day,
                        **children,
                        **read_off(endings, among, day),
                    }


def read_endings(engine: Engine, outcome: Outcome) -> Endings:
    """Only counts by class, day, ending and how far the 18th birthday is leave the engine."""
    rows = engine.rows(f"""
        SELECT class_no, days, cause, reach, count(*) AS n FROM (
          SELECT coalesce(class_no, 0) AS class_no, days, reach,
                 CASE WHEN ended_by = 'event' THEN 1 WHEN ended_by IN ('end_of_follow_up', 'no_return') THEN 0 ELSE 2 END AS cause
          FROM time_to_event_{outcome.name}) AS ended
        GROUP BY class_no, days, cause, reach""")
    columns = list(zip(*rows, strict=True)) or [()] * 5
    class_no, cause, reach = (np.array(columns[i], dtype=np.int64) for i in (0, 2, 3))
    days, n = (np.array(columns[i], dtype=np.float64) for i in (1, 4))
    return Endings(class_no, days, cause, reach, n)


def children_counted(engine: Engine, outcome: Outcome) -> Mapping[str, dict[Key, Row]]:
    """Different children followed, still at risk after each horizon, and with the event by it: by class, and for all."""
    days = ", ".join(f"({place}, {day})" for place, day in enumerate(outcome.horizons_days))
    found: dict[str, dict[Key, Row]] = {}
    for whom, among in ((EVERYONE, "TRUE"), (UNDER, "s.reach > h.place")):
        rows = engine.rows(f"""
            SELECT s.class_no, h.day, count(DISTINCT s.person_id) AS children,
                   count(DISTINCT CASE WHEN s.days > h.day THEN s.person_id END) AS at_risk,
                   count(DISTINCT CASE WHEN s.ended_by = 'event' AND s.days <= h.day THEN s.person_id END) AS with_event
            FROM (
              SELECT class_no, person_id, days, ended_by, reach FROM time_to_event_{outcome.name} WHERE class_no IS NOT NULL
              UNION ALL
              SELECT 0 AS class_no, person_id, days, ended_by, reach FROM time_to_event_{outcome.name}
            ) AS s CROSS JOIN (VALUES {days}) AS h(place, day)
            WHERE {among} GROUP BY s.class_no, h.day""")
        names = ("children", "children_at_risk", "children_with_event")
        found[whom] = {(whom, class_no, day): dict(zip(names, counts, strict=True)) for class_no, day, *counts in rows}
    return found


def read_off(endings: Endings, among: NDArray[np.bool_], day: float) -> Row:
    """Both shares by one day, with 95% limits on the log-log scale; blank where nobody was followed so long."""
    days, cause, n = endings.days[among], endings.cause[among], endings.n[among]
    curve = kaplan_meier(days, cause == 1, n)
    incidence = aalen_johansen(days, cause, n, causes=2).read_off([day])
    at = int(np.searchsorted(curve.days, day, side="right")) - 1
    is_known = day <= curve.days[-1] or curve.survival[-1] == 0
    lost = (1.0, 1.0, 1.0) if at < 0 else (curve.survival[at], curve.upper[at], curve.lower[at])
    share, lower, upper = (finite(1 - value) if is_known else None for value in lost)
    at_risk = float(n[days > day].sum())
    return {
        "at_risk": round(at_risk),
        "share": share,
        "lower": lower if at >= 0 else None,
        "upper": upper if at >= 0 else None,
        "incidence": finite(incidence.incidence[0, 0]),
        "incidence_lower": finite(incidence.lower[0, 0]),
        "incidence_upper": finite(incidence.upper[0, 0]),
    }


def finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
