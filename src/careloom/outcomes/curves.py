"""Kaplan-Meier curves of each outcome, by class and for all together."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from careloom.catalogue import Outcome
from careloom.engine import Engine, text
from careloom.stats.survival import kaplan_meier

ALL = 0
NUMBER, WHOLE = pa.float64(), pa.int32()
CURVE = pa.schema(
    [
        ("outcome", pa.string()),
        ("class_no", WHOLE),
        ("days", NUMBER),
        ("at_risk", WHOLE),
        ("events", WHOLE),
        ("survival", NUMBER),
        ("lower", NUMBER),
        ("upper", NUMBER),
    ]
)


def curves_of(engine: Engine, outcomes: Sequence[Outcome]) -> pa.Table:
    """Return the rows of `curve`: the days with events, and each curve's last day. Class 0 is everyone."""
    steps = [step for outcome in outcomes for step in steps_of(engine, outcome)]
    return pa.Table.from_pylist(steps, schema=CURVE)


def steps_of(engine: Engine, outcome: Outcome) -> Iterator[dict[str, object]]:
    """One outcome's curves. Only counts by class, day and ending leave the engine."""
    rows = engine.rows(f"""
        SELECT coalesce(class_no, 0) AS class_no, days, is_event, count(*) AS n
        FROM time_to_event WHERE outcome = {text(outcome.name)}
        GROUP BY coalesce(class_no, 0), days, is_event""")
    if not rows:
        return
    class_no = np.array([row[0] for row in rows], dtype=int)
    days = np.array([row[1] for row in rows], dtype=float)
    is_event = np.array([row[2] for row in rows], dtype=bool)
    n = np.array([row[3] for row in rows], dtype=float)
    for number in sorted({ALL, *class_no.tolist()}):
        mine = np.full(class_no.shape, True) if number == ALL else class_no == number
        for step in curve_steps(days[mine], is_event[mine], n[mine]):
            yield {"outcome": outcome.name, "class_no": number, **step}


def curve_steps(
    days: NDArray[np.float64], is_event: NDArray[np.bool_], n: NDArray[np.float64]
) -> Iterator[dict[str, object]]:
    """The steps of one curve; limits are blank where they are not defined."""
    curve = kaplan_meier(days, is_event, n)
    for i in np.flatnonzero((curve.events > 0) | (curve.days == curve.days[-1])):
        yield {
            "days": float(curve.days[i]),
            "at_risk": round(curve.at_risk[i]),
            "events": round(curve.events[i]),
            "survival": float(curve.survival[i]),
            "lower": finite(curve.lower[i]),
            "upper": finite(curve.upper[i]),
        }


def finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
