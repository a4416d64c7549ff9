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
from careloom.engine import Engine, with_names
from careloom.stats.survival import Curve, ReadOff, aalen_johansen, kaplan_meier

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
        everyone = read_off(endings, of_class, outcome.horizons_days)
        for place, day in horizons(outcome):
            young = of_class & (endings.reach > place)
            shares = {EVERYONE: everyone[place], UNDER: read_off(endings, young, [day])[0] if young.any() else {}}
            for whom, share in shares.items():
                children = counts[whom].get((whom, class_no, day))
                if children:
                    about = {"outcome": outcome.name, "class_no": class_no, "of_whom": whom, "days": day}
                    yield {**about, **children, **share}


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
    """Different children followed, still at risk after each horizon, and with the event by it: by class, and for all.

    Each child is looked at once: it is at risk after a day that one of its stretches outlasts, and has had the event by a day
    on or before which one of them ended so.
    """
    found: dict[str, dict[Key, Row]] = {EVERYONE: {}, UNDER: {}}
    asked = [(whom, f"{place}" if whom == UNDER else "", day) for whom in found for place, day in horizons(outcome)]
    counts = [
        f"count(last{k}) AS n{n}, count(CASE WHEN last{k} > {day} THEN 1 END) AS left{n}, count(CASE WHEN first{k} <= {day} THEN 1 END) AS had{n}"
        for n, (_, k, day) in enumerate(asked)
    ]
    for class_no, *numbers in engine.rows(
        with_names(children(outcome), f"SELECT class_no, {', '.join(counts)} FROM child GROUP BY class_no")
    ):
        for n, (whom, _, day) in enumerate(asked):
            followed, left, had = numbers[3 * n : 3 * n + 3]
            if followed:
                said = {"children": followed, "children_at_risk": left, "children_with_event": had}
                found[whom][whom, class_no, day] = said
    return found


def horizons(outcome: Outcome) -> list[tuple[int, int]]:
    return list(enumerate(outcome.horizons_days))


def children(outcome: Outcome) -> dict[str, str]:
    """SELECTs on the way to `child`, one row a child and class, and class 0 for all: its longest stretch and first event.

    Of all its stretches, `last` and `first`; and of those that cannot turn 18 before a horizon, `last0` and `first0` and so on.
    """
    whom = {"": "", **{f"{place}": f"reach > {place} AND " for place, _ in horizons(outcome)}}
    each = ", ".join(
        f"max(CASE WHEN {only}days >= 0 THEN days END) AS last{k}, min(CASE WHEN {only}ended_by = 'event' THEN days END) AS first{k}"
        for k, only in whom.items()
    )
    again = ", ".join(f"max(last{k}) AS last{k}, min(first{k}) AS first{k}" for k in whom)
    listed = ", ".join(f"last{k}, first{k}" for k in whom)
    return {
        "of_class": f"SELECT class_no, person_id, {each} FROM time_to_event_{outcome.name} GROUP BY class_no, person_id",
        "of_all": f"SELECT person_id, {again} FROM of_class GROUP BY person_id",
        "child": f"SELECT class_no, {listed} FROM of_class WHERE class_no IS NOT NULL UNION ALL SELECT 0 AS class_no, {listed} FROM of_all",
    }


def read_off(endings: Endings, among: NDArray[np.bool_], days: Sequence[float]) -> list[Row]:
    """Both shares by each day, with 95% limits on the log-log scale; blank where nobody was followed so long."""
    exits, cause, n = endings.days[among], endings.cause[among], endings.n[among]
    curve = kaplan_meier(exits, cause == 1, n)
    incidence = aalen_johansen(exits, cause, n, causes=2).read_off(days)
    return [{**share_by(curve, day), **incidence_by(incidence, place)} for place, day in enumerate(days)]


def share_by(curve: Curve, day: float) -> Row:
    """1 - Kaplan-Meier by one day, and how many stretches go on after it."""
    at = int(np.searchsorted(curve.days, day, side="right")) - 1
    is_known = day <= curve.days[-1] or curve.survival[-1] == 0
    lost = (1.0, 1.0, 1.0) if at < 0 else (curve.survival[at], curve.upper[at], curve.lower[at])
    share, lower, upper = (finite(1 - value) if is_known else None for value in lost)
    later = curve.at_risk[at + 1] if at + 1 < curve.days.size else 0.0
    return {
        "at_risk": round(float(later)),
        "share": share,
        "lower": lower if at >= 0 else None,
        "upper": upper if at >= 0 else None,
    }


def incidence_by(incidence: ReadOff, place: int) -> Row:
    """The cumulative incidence of the event on the day at that place."""
    return {
        "incidence": finite(incidence.incidence[0, place]),
        "incidence_lower": finite(incidence.lower[0, place]),
        "incidence_upper": finite(incidence.upper[0, place]),
    }


def finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
