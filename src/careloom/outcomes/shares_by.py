"""Shares with the event by the levels of one covariate, levels with few children put together so that none is told by the others."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from careloom.outcomes.hazards import Row
from careloom.outcomes.read_offs import Endings, read_off
from careloom.outcomes.risk_table import RiskTable

EVERYONE = "All children"
TOGETHER = "Others together"
IsFew = Callable[[int], bool]
"""Is this number of children too small to stand by itself?"""
Groups = Mapping[str, tuple[str, ...]]


def grouped(risk: RiskTable, term: str, is_few: IsFew) -> Groups:
    """Put the levels of a covariate into groups: each by itself, but those with few children, or few with the event, together.

    Are these still few, or one alone, the smallest of the others comes with them: it is never known from all less the rest. Where
    that leaves one group, there is none.
    """
    counts = risk.counts[term]
    met = [n for n, children in enumerate(counts.children) if children]
    met.sort(key=lambda n: int(counts.children_with_event[n]))
    few = [n for n in met if is_few(int(counts.children[n])) or is_few(int(counts.children_with_event[n]))]
    rest = [n for n in met if n not in few]
    while few and rest and (len(few) == 1 or are_few(risk, term, few, is_few)):
        few.append(rest.pop(0))
    groups: dict[str, tuple[str, ...]] = {counts.levels[n]: (counts.levels[n],) for n in sorted(rest)}
    if few:
        groups[TOGETHER] = tuple(counts.levels[n] for n in sorted(few))
    return groups if len(groups) > 1 else {}


def are_few(risk: RiskTable, term: str, levels: Sequence[int], is_few: IsFew) -> bool:
    among = np.isin(risk.levels[term].of[risk.pattern], levels)
    return any(is_few(children(risk, mine)) for mine in (among, among & risk.is_event))


def shares_by(risk: RiskTable, term: str | None, groups: Groups, days: Sequence[int]) -> list[Row]:
    """Shares with the event by each day, of everyone and of each group: 1 - Kaplan-Meier, and cumulative incidence.

    Each with different children still followed after the day, and with the event by it.
    """
    endings = Endings(
        class_no=np.zeros(risk.days.shape, dtype=np.int64),
        days=risk.days,
        cause=risk.cause,
        reach=np.zeros(risk.days.shape, dtype=np.int64),
        n=np.ones(risk.days.shape),
    )
    rows: list[Row] = []
    for group, among in members(risk, term, groups).items():
        for day, share in zip(days, read_off(endings, among, days), strict=True):
            counts = {
                "children_at_risk": children(risk, among & (risk.days > day)),
                "children_with_event": children(risk, among & risk.is_event & (risk.days <= day)),
            }
            rows.append({"group": group, "days": day, **share, **counts})
    return rows


def members(risk: RiskTable, term: str | None, groups: Groups) -> dict[str, NDArray[np.bool_]]:
    """Which stretches (n,) are of everyone, and of each group."""
    found = {EVERYONE: np.full(risk.days.shape, True)}
    if term is not None:
        levels = risk.levels[term]
        for group, names in groups.items():
            numbers = [levels.names.index(name) for name in names]
            found[group] = np.isin(levels.of[risk.pattern], numbers)
    return found


def children(risk: RiskTable, among: NDArray[np.bool_]) -> int:
    """Different children of some stretches."""
    return int(np.unique(risk.child[among]).size)
