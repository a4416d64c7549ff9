"""Which points of a survival curve may be shown: no two of them may be fewer than six events apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from careloom.disclose.profile import DEFAULT, Profile


@dataclass(frozen=True)
class Points:
    """The columns of a table of curve points: `by` names the curve, then when, how many are left, events so far.

    Points at the times `first` are tried before the others, so that the months people ask for are kept where possible.
    """

    by: tuple[str, ...]
    when: str
    at_risk: str
    events: str
    first: tuple[int, ...] = ()


def safe_points(table: pa.Table, points: Points, profile: Profile = DEFAULT) -> pa.Table:
    """Return the rows of `table` (children at risk and children with the event so far, unrounded) that may be shown.

    A point is kept when enough children are still at risk and the events between it and each kept neighbour, and
    between time zero and it, are none or enough. A step of a curve drawn through kept points is thus never one child.
    """
    curves: dict[tuple[Any, ...], list[tuple[int, dict[str, Any]]]] = {}
    for number, row in enumerate(table.to_pylist()):
        curves.setdefault(tuple(row[name] for name in points.by), []).append((number, row))
    kept = sorted(number for rows in curves.values() for number in _keep(rows, points, profile))
    return table.take(pa.array(kept, pa.int64()))


def _keep(rows: Sequence[tuple[int, dict[str, Any]]], points: Points, profile: Profile) -> list[int]:
    events = {row[points.when]: int(row[points.events]) for _, row in rows}
    at_risk = {row[points.when]: int(row[points.at_risk]) for _, row in rows}
    kept: list[int] = []
    for when in sorted(events, key=lambda w: (w not in points.first, w)):
        before, after = ([w for w in kept if w < when], [w for w in kept if w > when])
        since = events[when] - (events[max(before)] if before else 0)
        until = events[min(after)] - events[when] if after else 0
        if at_risk[when] >= profile.threshold and not profile.is_small(since) and not profile.is_small(until):
            kept.append(when)
    return [number for number, row in rows if row[points.when] in kept]
