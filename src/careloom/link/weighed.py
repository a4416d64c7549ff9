"""Pairs of children and records that might be one child: how probably, and what speaks against joining them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from careloom.engine import Engine
from careloom.link.likeness import QUESTIONS, read_model, weigh
from careloom.link.overlap import Lists, weigh_by_overlap
from careloom.link.parts import Parts, parts_of, parts_table

TWINS = "twins, or a child renamed"
RIVALS = "two are nearly as likely"
BETWEEN = "neither likely nor unlikely"
UNLIKELY = "unlikely to be one child"
RIVAL_ODDS = 10.0
"""One candidate must be so many times as likely as the next of the same record, or a person decides."""
LOOKED_AT, KEPT = 100, 10
"""Pairs are looked at down to the hundredth part of what is doubtful, and kept from the tenth."""
WEIGHED = "pair_weighed"
"""The closest descriptions of each two that were weighed at all: in working memory only."""
PAIRS = pa.schema(
    [("one_no", pa.int64()), ("two_no", pa.int64()), ("probability", pa.float64()), ("doubt", pa.string())]
)
Pair = tuple[int, int]


@dataclass(frozen=True)
class Likeness:
    """What counts as likely: from `threshold` two are joined, from `doubtful_from` a person is asked.

    `decided` is what people have decided: by the pseudonyms of two identifiers, whether they are one child. With `draw`
    neither threshold counts: links are drawn by how probable they are (see `drawn`), other ones for each number, from the
    pairs that were weighed before, if any were.
    """

    threshold: float = 0.95
    doubtful_from: float = 0.5
    decided: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    draw: int | None = None


@dataclass(frozen=True)
class Weighed:
    """A pair of identifiers that might be one child: how probably, how alike in each question, and why it is in doubt.

    `levels` are as `likeness.weigh` has them; `doubt` is blank where none is.
    """

    one: int
    two: int
    probability: float
    levels: Mapping[str, int]
    doubt: str


def weighed_pairs(engine: Engine, units: NDArray[np.int64], asked: Likeness) -> list[Weighed]:
    """Weigh the pairs and keep them in the table WEIGHED; to draw from them, take those that were kept before."""
    if asked.draw is not None and engine.columns(WEIGHED):
        kept = engine.rows(f"SELECT {', '.join(PAIRS.names)} FROM {WEIGHED} ORDER BY probability DESC, one_no, two_no")
        return [Weighed(one, two, probability, {}, doubt) for one, two, probability, doubt in kept]
    weighed = weigh_units(engine, units, asked)
    pairs = [(pair.one, pair.two, pair.probability, pair.doubt) for pair in weighed]
    rows = [dict(zip(PAIRS.names, pair, strict=True)) for pair in pairs]
    engine.load(WEIGHED, pa.Table.from_pylist(rows, schema=PAIRS))
    return weighed


def weigh_units(engine: Engine, units: NDArray[np.int64], asked: Likeness) -> list[Weighed]:
    """Weigh children of the yearly returns with all other records and with those of other authorities, and these records with each other.

    Two records of one system are two children, and are not weighed. Of several descriptions of the same two the closest counts. In order of probability, then of the identifiers.
    """
    rows, told = descriptions(engine, units)
    if not rows:
        return []
    anchors = {row["unit_no"] for row in told if row["is_anchor"]}
    columns = {name: pa.array([row[name] for row in told]) for name in ("unit_no", "is_anchor", "la", "record")}
    where = (
        "l.unit_no <> r.unit_no AND NOT (l.is_anchor AND r.is_anchor AND l.la = r.la) "
        "AND (l.is_anchor OR r.is_anchor OR l.record <> r.record)"
    )
    table = parts_table(rows, unique_id=pa.array(range(len(rows)), pa.int64()), **columns)
    knows = records_by_unit(engine, units)
    known = Counter(record for records in knows.values() for record in records)
    prior = 0.5 / max(len(anchors), *known.values())  # a record is as likely as not of one of these children
    pairs = weigh(engine, table, read_model(), prior=prior, least=asked.doubtful_from / LOOKED_AT, where=where)
    pairs = weigh_by_overlap(pairs, lists_of(told), prior)
    kept = pairs.filter(pc.greater_equal(pairs["probability"], asked.doubtful_from / KEPT)).to_pylist()
    best: dict[Pair, dict[str, Any]] = {}
    for pair in sorted(kept, key=lambda pair: (-pair["probability"], pair["one"], pair["two"])):
        best.setdefault((min(ends := (pair["one_unit"], pair["two_unit"])), max(ends)), pair)
    doubts = doubts_of(best, anchors, knows, asked)
    found = []
    for units_of, pair in best.items():
        one, two = sorted(told[pair[end]]["identifier_no"] for end in ("one", "two"))
        levels = {name: pair[name] for name in QUESTIONS}
        found.append(Weighed(one, two, pair["probability"], levels, doubts[units_of]))
    return found


def lists_of(told: list[dict[str, Any]]) -> Lists:
    """Which record system each description is of, and of which unit."""
    _, of = np.unique([row["record"] for row in told], return_inverse=True)
    return Lists(of.astype(np.int64), np.array([row["unit_no"] for row in told], dtype=np.int64))


def descriptions(engine: Engine, units: NDArray[np.int64]) -> tuple[list[Parts], list[dict[str, Any]]]:
    """Every different description of each unit: its parts, and whose it is (unit_no, identifier_no, la, is_anchor)."""
    if not engine.columns("identity_row"):
        return [], []
    told = engine.arrow(
        "SELECT i.identifier_no, i.la, concat(i.la, '|', i.return_name) AS record, t.first_name, t.surname, t.full_name, t.born_on, t.is_expected_birth, "
        "t.sex, t.postcode, t.nhs_number, coalesce(t.upn, i.upn) AS upn FROM identity_row AS t "
        "JOIN identifier AS i ON i.la = t.la AND i.return_name = t.return_name AND i.child_id = t.child_id "
        "ORDER BY i.identifier_no, t.delivery_id, t.line"
    ).to_pylist()
    returned = engine.rows("SELECT identifier_no FROM identifier WHERE NOT is_extract")
    anchors = {int(units[number]) for (number,) in returned}
    rows, whose, seen = [], [], set()
    for row in told:
        unit, parts = int(units[row["identifier_no"]]), parts_of(row)
        words = (unit, *(str(part) for part in parts.values()))
        if words not in seen:
            seen.add(words)
            rows.append(parts)
            known = {name: row[name] for name in ("identifier_no", "la", "record")}
            whose.append({**known, "unit_no": unit, "is_anchor": unit in anchors})
    return rows, whose


def doubts_of(
    best: Mapping[Pair, Mapping[str, Any]], anchors: set[int], knows: Mapping[int, frozenset[str]], asked: Likeness
) -> dict[Pair, str]:
    """Why each pair of units is in doubt; blank for the likely ones that nothing speaks against."""
    others: dict[int, list[tuple[int, float]]] = {}
    for (one, two), pair in best.items():
        for unit, other in ((one, two), (two, one)):
            if unit not in anchors:
                others.setdefault(unit, []).append((other, odds(pair["probability"])))

    def rival(unit: int, chosen: int) -> float:
        """The odds of the likeliest other that the same record could be of, but not of both: one system knows them as two."""
        return max(
            (likely for other, likely in others.get(unit, ()) if other != chosen and knows[other] & knows[chosen]),
            default=0.0,
        )

    doubts = {}
    for (one, two), pair in best.items():
        if pair["probability"] < asked.doubtful_from:
            doubts[one, two] = UNLIKELY
        elif is_twin(pair):
            doubts[one, two] = TWINS
        elif pair["probability"] < asked.threshold:
            doubts[one, two] = BETWEEN
        else:
            likely = max(rival(one, two), rival(two, one))
            doubts[one, two] = RIVALS if likely * RIVAL_ODDS > odds(pair["probability"]) else ""
    return doubts


def odds(probability: float) -> float:
    return probability / max(1 - probability, 1e-15)


def is_twin(pair: Mapping[str, Any]) -> bool:
    """The same day, and first names that have nothing in common; an equal NHS number says it is one child.

    The surname does not matter: of a twin whose names are in each other's columns it has nothing in common, either.
    """
    same_day: bool = pair["born"] == len(QUESTIONS["born"])
    return same_day and bool(pair["first_name"] == 0 and pair["nhs_number"] != 1)


def records_of(engine: Engine) -> dict[int, tuple[str, ...]]:
    """The record that each identifier is of: one authority's own system, or somebody else's, knows a child once."""
    told = engine.rows("SELECT identifier_no, la, return_name FROM identifier")
    return {number: (f"{la}|{return_name}",) for number, la, return_name in told}


def records_by_unit(engine: Engine, units: NDArray[np.int64]) -> dict[int, frozenset[str]]:
    """The records that each unit is of, by its number."""
    found: dict[int, frozenset[str]] = {}
    for number, records in records_of(engine).items():
        unit = int(units[number])
        found[unit] = found.get(unit, frozenset()) | set(records)
    return found
