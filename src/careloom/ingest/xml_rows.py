"""Make columns of the rows that were found in an XML file: those of each table, with what the elements around lend."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from careloom.core import Column
from careloom.ingest.raw import Rows
from careloom.ingest.xml_plan import Maker, Place, Plan

NOTHING = pa.scalar(None, pa.string())


def rows_of(plan: Plan) -> Iterator[Rows]:
    """Yield the rows of each table that has some; then forget them."""
    for maker in plan.makers:
        rows = rows_of_table(plan, maker)
        if len(rows.lines):
            yield rows
    for place in plan.places:
        place.clear()


def rows_of_table(plan: Plan, maker: Maker) -> Rows:
    lines = pa.array(maker.place.lines, pa.int32())
    cells = {column.name: column_of(plan, maker.place, column, place) for column, place in maker.columns}
    if maker.table.only_with:
        wanted = wanted_rows(plan, maker)
        lines, cells = lines.filter(wanted), {name: array.filter(wanted) for name, array in cells.items()}
    return Rows(maker.table.name, lines, cells)


def column_of(plan: Plan, here: Place, column: Column, place: Place) -> pa.StringArray:
    """Return a column of the rows `here`, read at this place or one around it; what the row lacks, from identity."""
    if column.type == "ordinal":
        return lent(numbers(place), place, here)
    tags = [plan.namespace + tag for tag in (column.name, *column.also)]
    array = pc.coalesce(*[texts(place, tag) for tag in tags])
    if place is not here:
        return lent(array, place, here)
    if plan.identity and plan.identity is not here and any(tag in plan.identity.items for tag in tags):
        array = pc.coalesce(array, of_identity(plan, here, tags))
    return array


def texts(place: Place, tag: str) -> pa.StringArray:
    """Return the texts of one tag in the rows of a place: trimmed, and null where nothing is left."""
    if tag not in place.arrays:
        written = place.items[tag]
        written.extend([None] * (len(place.lines) - len(written)))  # blank in the last rows
        array = pc.utf8_trim_whitespace(pa.array(written, pa.string()))
        place.arrays[tag] = pc.if_else(pc.equal(array, ""), NOTHING, array)
    return place.arrays[tag]


def numbers(place: Place) -> pa.StringArray:
    """Return which of its kind within the row around it each row is, from 1. Rows of one parent follow each other."""
    parents = np.array(place.parents, np.int32)
    return pa.array(np.arange(len(parents)) - np.searchsorted(parents, parents) + 1).cast(pa.string())


def lent(array: pa.Array, place: Place, here: Place) -> pa.Array:
    """Return for each row `here` the value of the row that it lies within at a place around it."""
    if here is place or here.around is None:
        return array
    return lent(array, place, here.around).take(pa.array(here.parents, pa.int32()))


def of_identity(plan: Plan, here: Place, tags: list[str]) -> pa.StringArray:
    """Return for each row `here` the item in the identity element of its child: the first, should there be several."""
    assert plan.identity is not None
    first: dict[int, int] = {}
    for i, child in enumerate(plan.identity.parents):
        first.setdefault(child, i)
    found = pa.array([first.get(child) for child in range(len(plan.child.lines))], pa.int32())
    array = pc.coalesce(*[texts(plan.identity, tag) for tag in tags if tag in plan.identity.items])
    return lent(array.take(found), plan.child, here)


def wanted_rows(plan: Plan, maker: Maker) -> pa.BooleanArray:
    """Say of each row at a table's place whether it holds an item that the table needs, or one with that value."""
    wanted = pa.array([False] * len(maker.place.lines), pa.bool_())
    for asked in maker.table.only_with:
        tag, _, value = asked.partition("=")
        array = texts(maker.place, plan.namespace + tag)
        found = pc.fill_null(pc.equal(array, value), False) if value else pc.is_valid(array)
        wanted = pc.or_(wanted, found)
    return wanted
