"""The risk table of one outcome: counts of stretches that are alike, which is all that leaves the engine.

Alike are stretches of one authority, covariate pattern, length and ending. Children with several stretches are told
apart by a number that is made here and means nothing elsewhere: standard errors must know which stretches are one
child's. A child with one stretch has no number, and is a part of a count.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from careloom.catalogue import Outcome
from careloom.engine import Engine, with_names

CLASS = "class_no"
UNCLASSED = "unclassed"
COMMON_TERMS = ((CLASS, 0), ("age_band", 1), ("sex", 1), ("ethnic_group", 1), ("disability", 1), ("year", 2))
"""Terms of every outcome, and the first model with them."""
CENSORED, EVENT, COMPETING = 0, 1, 2

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Levels:
    """One covariate: the names of its levels (L,), and the number of the level that each pattern has (P,)."""

    names: tuple[str, ...]
    of: Integers

    @classmethod
    def named(cls, values: Sequence[str]) -> "Levels":
        """The levels of patterns that are told by name."""
        names, of = np.unique(np.asarray(values, dtype=np.str_), return_inverse=True)
        return cls(tuple(map(str, names)), of.astype(np.int64))


@dataclass(frozen=True, eq=False)
class Belonging:
    """How surely patterns of recorded factors belong to each class (M, K), and how many assessments have each (M,)."""

    classes: tuple[str, ...]
    memberships: NDArray[np.float64]
    assessments: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RiskTable:
    """Stretches of one outcome, one element each (n,), and the levels of every covariate pattern, by term.

    `pattern` is the number of the covariate pattern, `la` that of the authority, `child` a number for each child, `cause`
    0 for a censoring, 1 for the event and 2 for anything that came instead (the 18th birthday too), `place` the order
    among the child's own stretches, `entry` the day from which it is looked at (None: from the start). Where it was asked
    for, `member` says which of the patterns in `belonging` the assessment has that gave the class, -1 where none did.
    """

    levels: dict[str, Levels]
    pattern: Integers
    la: Integers
    child: Integers
    days: NDArray[np.float64]
    cause: Integers
    place: Integers
    entry: NDArray[np.float64] | None = None
    member: Integers | None = None
    belonging: Belonging | None = None

    @property
    def is_event(self) -> NDArray[np.bool_]:
        return np.equal(self.cause, EVENT)

    @property
    def authorities(self) -> int:
        return int(np.unique(self.la).size)

    def of(self, mine: NDArray[np.bool_]) -> "RiskTable":
        """Some of the stretches (n,); of all of them none is copied."""
        if mine.all():
            return self
        columns = {name: getattr(self, name)[mine] for name in ("pattern", "la", "child", "days", "cause", "place")}
        entry = None if self.entry is None else self.entry[mine]
        return replace(self, **columns, entry=entry, member=None if self.member is None else self.member[mine])

    def until(self, day: float) -> "RiskTable":
        """All stretches, looked at up to a day: what comes later is not seen."""
        return replace(self, days=np.minimum(self.days, day), cause=np.where(self.days > day, CENSORED, self.cause))

    def beyond(self, day: float) -> "RiskTable":
        """Stretches that go on after a day, looked at from then on."""
        rest = self.of(self.days > day)
        return replace(rest, entry=np.full(rest.days.shape, day))

    @cached_property
    def counts(self) -> dict[str, "LevelCounts"]:
        return {term: count_levels(self, term) for term in self.levels}


@dataclass(frozen=True, eq=False)
class LevelCounts:
    """Of each level of a term (L,): stretches, events, different children, different children with the event."""

    levels: tuple[str, ...]
    level_of: Integers
    rows: Integers
    events: Integers
    children: Integers
    children_with_event: Integers


def count_levels(risk: RiskTable, term: str) -> LevelCounts:
    levels = risk.levels[term]
    count, level = len(levels.names), levels.of[risk.pattern]

    def children(of: NDArray[np.bool_]) -> Integers:
        is_there = np.zeros((int(risk.child.max(initial=0)) + 1, count), dtype=bool)
        is_there[risk.child[of], level[of]] = True
        return np.asarray(is_there.sum(axis=0), dtype=np.int64)

    return LevelCounts(
        levels=levels.names,
        level_of=levels.of,
        rows=np.bincount(level, minlength=count),
        events=np.bincount(level[risk.is_event], minlength=count),
        children=children(np.full(level.shape, True)),
        children_with_event=children(risk.is_event),
    )


def terms_of(outcome: Outcome) -> dict[str, int]:
    """Every term, with the number of the first model that has it."""
    return dict([*COMMON_TERMS, *((covariate.name, covariate.model) for covariate in outcome.covariates)])


def read_risk_table(
    engine: Engine, outcome: Outcome, *, unclassed: bool = True, with_belonging: bool = False
) -> RiskTable:
    """Count an outcome's stretches in the engine and read the counts; makes `risk_pattern`.

    Without `unclassed`, stretches whose assessments have no class are left out. `with_belonging` says how surely each
    stretch is of its class, too, where the typology has left word.
    """
    terms = list(terms_of(outcome))
    belonging = read_belonging(engine) if with_belonging else None
    only = "" if unclassed else "WHERE s.class_no IS NOT NULL"
    said = f"coalesce(CAST(s.class_no AS VARCHAR), '{UNCLASSED}') AS class_no, {', '.join(terms[1:])}"
    member = "coalesce(b.pattern_no, -1)" if belonging else "-1"
    joined = "LEFT JOIN assessment_pattern AS b ON b.assessment_id = s.classed_by" if belonging else ""
    stretch = f"""
        SELECT s.person_id, s.la, s.days, s.ended_by, s.place, CAST({member} AS BIGINT) AS member_no, {said}
        FROM time_to_event_{outcome.name} AS s {joined} {only}"""
    listed = ", ".join(terms)
    engine.make(
        "risk_pattern",
        with_names(
            {"stretch": stretch},
            f"SELECT row_number() OVER (ORDER BY {listed}) - 1 AS pattern_no, {listed} FROM (SELECT DISTINCT {listed} FROM stretch) AS once",
        ),
    )
    patterns = engine.arrow(f"SELECT {listed} FROM risk_pattern ORDER BY pattern_no")
    levels = {name: Levels(*coded(patterns[name])) for name in terms}
    risk = expand(levels, engine.arrow(with_names({"stretch": stretch, **SHARED}, counted(terms))))
    return replace(risk, belonging=belonging) if belonging else replace(risk, member=None)


def read_belonging(engine: Engine) -> Belonging | None:
    """How surely each pattern of factors belongs to each class; None where there are no classes."""
    if not (engine.columns("pattern_membership") and engine.columns("assessment_pattern")):
        return None
    rows = engine.arrow(
        "SELECT class_no, probability, assessments FROM pattern_membership ORDER BY pattern_no, class_no"
    )
    numbers = np.unique(rows["class_no"].to_numpy())
    if not numbers.size:
        return None
    return Belonging(
        classes=tuple(str(number) for number in numbers),
        memberships=rows["probability"].to_numpy().astype(np.float64).reshape(-1, numbers.size),
        assessments=rows["assessments"].to_numpy().astype(np.float64)[:: numbers.size],
    )


def coded(column: pa.ChunkedArray) -> tuple[tuple[str, ...], Integers]:
    """The different texts of a column in order, and the number of each row's own (n,)."""
    encoded = column.combine_chunks().dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    order = sorted(range(len(texts)), key=lambda place: str(texts[place]))
    rank = np.empty(len(texts), dtype=np.int64)
    rank[order] = np.arange(len(texts))
    return tuple(str(texts[place]) for place in order), rank[encoded.indices.to_numpy().astype(np.int64)]


SHARED = {
    "several": """
        SELECT person_id, row_number() OVER (ORDER BY person_id) AS child_no
        FROM stretch GROUP BY person_id HAVING count(*) > 1"""
}


def counted(terms: Sequence[str]) -> str:
    same = " AND ".join(f"k.{term} = s.{term}" for term in terms)
    keys = "s.la, k.pattern_no, coalesce(m.child_no, 0), s.days, s.place, s.member_no"
    return f"""
        SELECT s.la AS la, k.pattern_no AS pattern_no, coalesce(m.child_no, 0) AS child_no, s.days AS days, s.place AS place,
               s.member_no AS member_no,
               CASE WHEN s.ended_by = 'event' THEN {EVENT}
                    WHEN s.ended_by IN ('end_of_follow_up', 'no_return') THEN {CENSORED} ELSE {COMPETING} END AS cause,
               count(*) AS n
        FROM stretch AS s
        JOIN risk_pattern AS k ON {same}
        LEFT JOIN several AS m ON m.person_id = s.person_id
        GROUP BY {keys}, CASE WHEN s.ended_by = 'event' THEN {EVENT}
                    WHEN s.ended_by IN ('end_of_follow_up', 'no_return') THEN {CENSORED} ELSE {COMPETING} END
        ORDER BY la, pattern_no, child_no, days, place, member_no, cause"""


def expand(levels: dict[str, Levels], counts: pa.Table) -> RiskTable:
    """From counts of stretches that are alike, one element per stretch: each of them is tied with the others."""
    n = counts["n"].to_numpy().astype(np.int64)

    def whole(name: str) -> Integers:
        return np.repeat(counts[name].to_numpy().astype(np.int64), n)

    child = whole("child_no")
    alone = child == 0
    child[alone] = int(child.max(initial=0)) + 1 + np.arange(int(alone.sum()))
    return RiskTable(
        levels=levels,
        pattern=whole("pattern_no"),
        la=np.repeat(coded(counts["la"])[1], n),
        child=child,
        days=np.repeat(counts["days"].to_numpy().astype(np.float64), n),
        cause=whole("cause"),
        place=whole("place"),
        member=whole("member_no"),
    )
