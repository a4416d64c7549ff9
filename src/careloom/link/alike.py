"""Children joined by likeness, after the keys: each record of likely one child, one to one, and the doubtful kept for a person."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from careloom.core import Ledger
from careloom.engine import Engine
from careloom.link.drawn import Chance, draw_chances
from careloom.link.impossible import make_apart
from careloom.link.keys import apart_of, links_table
from careloom.link.unite import ONE_EACH, Link, components, unite
from careloom.link.weighed import TWINS, UNLIKELY, Likeness, Pair, Weighed, records_by_unit, records_of, weighed_pairs

NOT_DRAWN = "not drawn this time"
WEIGHED_BIRTHS = "births more than 31 days apart"
"""Breaks a link by key; likeness weighs it: a wrong year or a turned day is what likeness is for."""


def link_alike(engine: Engine, asked: Likeness, names: Sequence[str], ledger: Ledger) -> list[Weighed]:
    """Add to `identifier_link` and `identifier_broken` what likeness and people say; return the pairs that are in doubt.

    Reads `identifier`, `identifier_link` and `identity_row`. `names` are the identifiers' pseudonyms, by number.
    """
    size = len(names)
    units = components(size, engine.arrow("SELECT first_no, second_no FROM identifier_link"))
    weighed, decided = weighed_pairs(engine, units, asked), decided_pairs(asked, names)
    open_pairs = [pair for pair in weighed if (pair.one, pair.two) not in decided]
    if asked.draw is not None:
        open_pairs = draw_pairs(engine, units, open_pairs, decided, asked.draw)
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
    return [pair for pair in doubtful if pair.doubt not in ("", UNLIKELY, NOT_DRAWN)]


def draw_pairs(
    engine: Engine,
    units: NDArray[np.int64],
    pairs: Sequence[Weighed],
    decided: Mapping[Pair, bool],
    draw: int,
) -> list[Weighed]:
    """The same pairs, those drawn without a doubt, and of the others why not.

    Twins, or a child renamed, are not drawn: how alike two are says next to nothing about them. Nor are pairs that cannot
    be one child, which would only take the place of those that can. Records of which none is of the yearly returns stay
    as they are: they carry no outcome.
    """
    knows = records_by_unit(engine, units)
    links = [Link(pair.one, pair.two, "alike") for pair in pairs]
    apart = {(int(units[one]), int(units[two])) for one, two in not_one(engine, units, links, decided)}
    returned = engine.rows("SELECT identifier_no FROM identifier WHERE NOT is_extract")
    anchors = {int(units[number]) for (number,) in returned}
    chances, said = dict[Chance, Pair](), list[Weighed]()
    for pair in pairs:
        one, two = sorted((int(units[pair.one]), int(units[pair.two])), key=lambda unit: (unit not in anchors, unit))
        is_drawn = pair.doubt != TWINS and one in anchors
        if is_drawn and not knows[one] & knows[two] and not {(one, two), (two, one)} & apart:
            chances[Chance(record=two, child=one, probability=pair.probability)] = (pair.one, pair.two)
        said.append(replace(pair, doubt=NOT_DRAWN) if is_drawn else pair)
    true = {chances[each] for each in draw_chances(list(chances), knows, draw)}
    return [replace(pair, doubt="") if (pair.one, pair.two) in true else pair for pair in said]


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


def add_links(engine: Engine, table: str, links: pa.Table) -> None:
    """Put more links into a table of links that is there already."""
    engine.load(f"{table}_more", links)
    columns = ", ".join(links.column_names)
    engine.make(f"{table}_all", f"SELECT {columns} FROM {table} UNION ALL SELECT {columns} FROM {table}_more")
    engine.make(table, f"SELECT * FROM {table}_all")
