"""Children joined by likeness, after the keys: each record of likely one child, one to one, and the doubtful kept for a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from careloom.core import Ledger
from careloom.engine import Engine
from careloom.link.impossible import make_apart
from careloom.link.keys import apart_of, links_table
from careloom.link.likeness import QUESTIONS, read_model, weigh
from careloom.link.parts import Parts, parts_of, parts_table
from careloom.link.unite import ONE_EACH, Link, components, unite

TWINS = "twins, or a child renamed"
RIVALS = "two are nearly as likely"
BETWEEN = "neither likely nor unlikely"
UNLIKELY = "unlikely to be one child"
RIVAL_ODDS = 10.0
"""One candidate must be so many times as likely as the next of the same record, or a person decides."""
WEIGHED_BIRTHS = "births more than 31 days apart"
"""Breaks a link by key; likeness weighs it: a wrong year or a turned day is what likeness is for."""
WEIGHED = "pair_weighed"
"""The closest descriptions of each two that were weighed at all: in working memory only."""
PAIRS = pa.schema([("one_no", pa.int64()), ("two_no", pa.int64()), ("probability", pa.float64())])
Pair = tuple[int, int]


@dataclass(frozen=True)
class Likeness:
    """What counts as likely: from `threshold` two are joined, from `doubtful_from` a person is asked.

    `decided` is what people have decided: by the pseudonyms of two identifiers, whether they are one child.
    """

    threshold: float = 0.95
    doubtful_from: float = 0.5
    decided: Mapping[tuple[str, str], bool] = field(default_factory=dict)


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


def link_alike(engine: Engine, asked: Likeness, names: Sequence[str], ledger: Ledger) -> list[Weighed]:
    """Add to `identifier_link` and `identifier_broken` what likeness and people say; return the pairs that are in doubt.

    Reads `identifier`, `identifier_link` and `identity_row`. `names` are the identifiers' pseudonyms, by number.
    """
    size = len(names)
    units = components(size, engine.arrow("SELECT first_no, second_no FROM identifier_link"))
    weighed = weigh_units(engine, units, asked)
    pairs = [{"one_no": pair.one, "two_no": pair.two, "probability": pair.probability} for pair in weighed]
    engine.load(WEIGHED, pa.Table.from_pylist(pairs, schema=PAIRS))
    decided = decided_pairs(asked, names)
    open_pairs = [pair for pair in weighed if (pair.one, pair.two) not in decided]
    links = [Link(one, two, "decided") for (one, two), is_same in decided.items() if is_same]
    links += [Link(pair.one, pair.two, "alike", is_guess=True) for pair in open_pairs if not pair.doubt]
    united = unite(
        links, not_one(engine, units, links, decided), groups=groups_of(units, links), knows_once=records_of(engine)
    )
    add_links(engine, "identifier_link", links_table(united.held))
    add_links(
        engine, "identifier_broken", links_table([x for x, _ in united.refused], [why for _, why in united.refused])
    )
    aside: dict[str, int] = {}
    for why in [*(pair.doubt for pair in open_pairs if pair.doubt), *(why for _, why in united.refused)]:
        aside[why] = aside.get(why, 0) + 1
    held = len(united.held)
    aside["joined already, through another pair"] = len(links) - held - len(united.refused)
    ledger.note("link by likeness", "pairs alike", "links by likeness", held + sum(aside.values()), held, aside)
    once = {(link.first, link.second) for link, why in united.refused if why == ONE_EACH}
    doubtful = [replace(pair, doubt=ONE_EACH) if (pair.one, pair.two) in once else pair for pair in open_pairs]
    return [pair for pair in doubtful if pair.doubt not in ("", UNLIKELY)]


def weigh_units(engine: Engine, units: NDArray[np.int64], asked: Likeness) -> list[Weighed]:
    """Weigh every child of the yearly returns with every other record, and with children of other authorities.

    Of several descriptions of the same two the closest counts. In order of probability, then of the identifiers.
    """
    rows, told = descriptions(engine, units)
    if not rows:
        return []
    anchors = {row["unit_no"] for row in told if row["is_anchor"]}
    columns = {name: pa.array([row[name] for row in told]) for name in ("unit_no", "is_anchor", "la")}
    where = "l.unit_no <> r.unit_no AND (l.is_anchor OR r.is_anchor) AND (NOT (l.is_anchor AND r.is_anchor) OR l.la <> r.la)"
    table = parts_table(rows, unique_id=pa.array(range(len(rows)), pa.int64()), **columns)
    prior = 0.5 / max(len(anchors), 1)  # every other record is as likely as not of one of these children
    pairs = weigh(engine, table, read_model(), prior=prior, least=asked.doubtful_from / 10, where=where).to_pylist()
    best: dict[Pair, dict[str, Any]] = {}
    for pair in sorted(pairs, key=lambda pair: (-pair["probability"], pair["one"], pair["two"])):
        best.setdefault((min(ends := (pair["one_unit"], pair["two_unit"])), max(ends)), pair)
    doubts = doubts_of(best, anchors, asked)
    found = []
    for units_of, pair in best.items():
        one, two = sorted(told[pair[end]]["identifier_no"] for end in ("one", "two"))
        levels = {name: pair[name] for name in QUESTIONS}
        found.append(Weighed(one, two, pair["probability"], levels, doubts[units_of]))
    return found


def descriptions(engine: Engine, units: NDArray[np.int64]) -> tuple[list[Parts], list[dict[str, Any]]]:
    """Every different description of each unit: its parts, and whose it is (unit_no, identifier_no, la, is_anchor)."""
    if not engine.columns("identity_row"):
        return [], []
    told = engine.arrow(
        "SELECT i.identifier_no, i.la, i.is_extract, t.first_name, t.surname, t.full_name, t.born_on, t.is_expected_birth, "
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
            known = {"identifier_no": row["identifier_no"], "la": row["la"]}
            whose.append({**known, "unit_no": unit, "is_anchor": unit in anchors})
    return rows, whose


def doubts_of(best: Mapping[Pair, Mapping[str, Any]], anchors: set[int], asked: Likeness) -> dict[Pair, str]:
    """Why each pair of units is in doubt; blank for the likely ones that nothing speaks against."""
    rivals: dict[int, list[float]] = {}
    for (one, two), pair in best.items():
        for unit, other in ((one, two), (two, one)):
            if unit not in anchors and other in anchors:
                rivals.setdefault(unit, []).append(odds(pair["probability"]))
    doubts = {}
    for (one, two), pair in best.items():
        likely = max((rivals.get(unit, [0.0])[1:2] or [0.0])[0] for unit in (one, two))
        if pair["probability"] < asked.doubtful_from:
            doubts[one, two] = UNLIKELY
        elif is_twin(pair):
            doubts[one, two] = TWINS
        elif pair["probability"] < asked.threshold:
            doubts[one, two] = BETWEEN
        else:
            doubts[one, two] = RIVALS if likely * RIVAL_ODDS > odds(pair["probability"]) else ""
    return doubts


def odds(probability: float) -> float:
    return probability / max(1 - probability, 1e-15)


def is_twin(pair: Mapping[str, Any]) -> bool:
    """The same day and surname, and first names that have nothing in common; an equal NHS number says it is one child."""
    same_day: bool = pair["born"] == len(QUESTIONS["born"])
    return same_day and bool(pair["surname"] > 0 and pair["first_name"] == 0 and pair["nhs_number"] != 1)


def decided_pairs(asked: Likeness, names: Sequence[str]) -> dict[Pair, bool]:
    """What people decided, by the numbers that the identifiers have in this run; of those that are not there, nothing."""
    number = {name: place for place, name in enumerate(names)} if asked.decided else {}
    found = {}
    for (one, two), is_same in asked.decided.items():
        if one in number and two in number:
            first, second = sorted((number[one], number[two]))
            found[first, second] = is_same
    return found


def not_one(
    engine: Engine, units: NDArray[np.int64], links: list[Link], decided: Mapping[Pair, bool]
) -> dict[Pair, str]:
    """Which identifiers cannot be one child, of all that the links would bring together; what people decided comes on top."""
    proposed = pa.concat_tables([
        engine.arrow("SELECT first_no, second_no FROM identifier_link"), links_table(links).select(["first_no", "second_no"])
    ])  # fmt: skip
    together = components(len(units), proposed)
    component_of = "alike_component"
    engine.load(
        component_of, pa.table({"identifier_no": pa.array(range(len(units)), pa.int64()), "person_no": together})
    )
    make_apart(engine, component_of)
    apart = {
        pair: why
        for pair, why in apart_of(engine).items()
        if why != WEIGHED_BIRTHS and units[pair[0]] != units[pair[1]]
    }
    return apart | {pair: "decided to be two children" for pair, is_same in decided.items() if not is_same}


def groups_of(units: NDArray[np.int64], links: list[Link]) -> list[list[int]]:
    """The identifiers that keys have joined already, of the units that a link touches."""
    touched = {int(units[number]) for link in links for number in (link.first, link.second)}
    groups: dict[int, list[int]] = {}
    for number in np.flatnonzero(np.isin(units, list(touched))):
        groups.setdefault(int(units[number]), []).append(int(number))
    return list(groups.values())


def records_of(engine: Engine) -> dict[int, tuple[str, ...]]:
    """The record that each identifier is of: one authority's own system, or somebody else's, knows a child once."""
    told = engine.rows("SELECT identifier_no, la, return_name FROM identifier")
    return {number: (f"{la}|{return_name}",) for number, la, return_name in told}


def add_links(engine: Engine, table: str, links: pa.Table) -> None:
    """Put more links into a table of links that is there already."""
    engine.load(f"{table}_more", links)
    columns = ", ".join(links.column_names)
    engine.make(f"{table}_all", f"SELECT {columns} FROM {table} UNION ALL SELECT {columns} FROM {table}_more")
    engine.make(table, f"SELECT * FROM {table}_all")
