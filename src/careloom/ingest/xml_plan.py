"""The plan by which an XML return is read: for each element, whether it makes rows and which items are read there.

The declarations are turned into places once, so that reading an element is a look-up by its tag. A place is an element
at one path. It makes rows; or it only holds things together (ChildIdentifiers), and then the items in it belong to the
row around it. Rows lie at their place as they were found until they are handed on: `xml_rows.py` makes columns of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from careloom.catalogue import Return
from careloom.core import Column, Table


@dataclass
class Place:
    """An element at one path: what is read there, and the rows found there since rows were last handed on.

    Of row i, `items[tag][i]` is the text of an item as it stands in the file (not trimmed, null when it is not there),
    `lines[i]` its line, and `parents[i]` the row at the place `around` that it lies in. Items end with the last row that
    has them. `arrays` are trimmed items, of all rows.
    """

    tag: str
    around: "Place | None"
    items: dict[str, list[str | None]] = field(default_factory=dict)
    inside: dict[str, "Place"] = field(default_factory=dict)
    makes_rows: bool = False
    lines: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    arrays: dict[str, pa.StringArray] = field(default_factory=dict)

    def clear(self) -> None:
        self.lines, self.parents, self.arrays = [], [], {}
        for texts in self.items.values():
            texts.clear()


@dataclass(frozen=True)
class Maker:
    """One table: its rows are those at `place`; each column is read at a place, the row's own or one around it."""

    table: Table
    place: Place
    columns: tuple[tuple[Column, Place], ...]


@dataclass(frozen=True)
class Plan:
    """All places and tables of a return, the place of a child, and the place that tells who the child is.

    `namespace` is what the tags of a file begin with, such as `{http://...}`: mostly nothing.
    """

    child: Place
    identity: Place | None
    makers: tuple[Maker, ...]
    places: tuple[Place, ...]
    namespace: str


def plan_of(return_: Return, namespace: str = "") -> Plan:
    """Return the plan of a return for files with this namespace."""
    child = Place(namespace + str(return_.child), None, makes_rows=True)
    tables = [table for table in return_.tables.values() if table.path]
    ways = [way_to(child, str(table.path).split("/"), namespace) for table in tables]
    for way in ways:
        way[-1].makes_rows = True
    makers = [maker_of(table, way, namespace) for table, way in zip(tables, ways, strict=True)]
    settle(child)
    identity = child.inside.get(namespace + return_.identity) if return_.identity else None
    return Plan(child, identity, tuple(makers), tuple(places(child)), namespace)


def way_to(child: Place, path: list[str], namespace: str) -> list[Place]:
    """Return the places along a path, the child's first."""
    way = [child]
    for tag in path[1:]:
        way.append(way[-1].inside.setdefault(namespace + tag, Place(namespace + tag, None)))
    return way


def maker_of(table: Table, way: list[Place], namespace: str) -> Maker:
    """Say where each column of a table is read, and let its items be known there."""
    read_at = []
    for column in table.columns:
        named = [place for place in way if place.makes_rows and place.tag == namespace + str(column.of)]
        place = named[-1] if named else way[-1]
        if column.type != "ordinal":
            place.items.update({namespace + tag: [] for tag in (column.name, *column.also)})
        read_at.append((column, place))
    way[-1].items.update({namespace + asked.partition("=")[0]: [] for asked in table.only_with})
    return Maker(table, way[-1], tuple(read_at))


def settle(place: Place) -> None:
    """Tell the places inside which row is around them; items in a place that makes no rows belong to that row."""
    row = place if place.makes_rows else place.around
    for inner in place.inside.values():
        inner.around = row
        if not inner.makes_rows:
            inner.items = place.items
        settle(inner)


def places(place: Place) -> Iterator[Place]:
    """Yield a place and all those inside it."""
    yield place
    for inner in place.inside.values():
        yield from places(inner)
