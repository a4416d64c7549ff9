"""The rows of a grid below its heading, as the columns of its table; those that are no such rows are told apart."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from careloom.ingest.raw import Cells, Grid, Rows
from careloom.ingest.recognise import Found

ABOVE = "the row stands above the heading"
AGAIN = "the row is the heading again"
ALONE = "the row has one cell: a note, a total or a footer"
WIDE = 4
"""So many columns of a table are there when a row with one of them filled is no row of it."""


def grid_rows(grid: Grid, found: Found) -> Iterator[Rows]:
    """Yield the rows of a table in batches, the first of them empty, so that a table without rows came all the same.

    Among the broken rows are those above the heading, but for titles, and headings that come again below it, as they
    do where files were put one after the other.
    """
    heading = next(cells for line, cells in grid.top() if line == found.heading_line)
    nothing = dict.fromkeys(found.positions, pa.array([], pa.string()))
    yield Rows(found.table.name, pa.array([], pa.int32()), nothing, tuple(rows_above(grid, found)))
    for cells in grid.rows(found.heading_line):
        again, alone = is_heading(cells, found, heading), is_alone(cells, found)
        broken = [(line, AGAIN) for line in cells.lines.filter(again).to_pylist()]
        broken += [(line, ALONE) for line in cells.lines.filter(alone).to_pylist()]
        lines, named = cells.lines, {name: cells.columns[place] for name, place in found.positions.items()}
        if broken:
            kept = pc.invert(pc.or_(again, alone))
            lines, named = lines.filter(kept), {name: column.filter(kept) for name, column in named.items()}
        yield Rows(found.table.name, lines, named, (*cells.broken, *broken))


def rows_above(grid: Grid, found: Found) -> Iterator[tuple[int, str]]:
    """Yield the rows above the heading that are as wide as rows of the table; a title, or a note, has a cell or two."""
    for line, cells in grid.top():
        filled = [place for place in found.positions.values() if place < len(cells) and cells[place]]
        if line < found.heading_line and 2 * len(filled) >= max(4, len(found.positions)):
            yield line, ABOVE


def is_heading(cells: Cells, found: Found, heading: list[str]) -> pa.BooleanArray:
    """Say which rows hold the heading's own words in every column of the table."""
    again = pa.array(np.ones(len(cells.lines), bool))
    for place in found.positions.values():
        again = pc.and_(again, pc.fill_null(pc.equal(cells.columns[place], heading[place]), False))
        if not pc.any(again).as_py():
            break
    return again


def is_alone(cells: Cells, found: Found) -> pa.BooleanArray:
    """Say which rows have one cell filled of all the columns of a wide table."""
    filled = np.zeros(len(cells.lines), np.int32)
    for place in found.positions.values():
        filled += cells.columns[place].is_valid().to_numpy(zero_copy_only=False)
    return pa.array((filled <= 1) & (len(found.positions) >= WIDE))
