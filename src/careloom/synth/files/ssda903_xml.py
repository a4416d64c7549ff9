"""SSDA903 returns as XML: the same tables as the CSV files, child by child."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from careloom.synth.files.blocks import Column, element, gathered, holding, together, write_blocks
from careloom.synth.files.ssda903_books import open_books
from careloom.synth.files.ssda903_tables import Table, tables_of
from careloom.synth.files.table import text_of
from careloom.synth.who.identity import Homes, Identities
from careloom.synth.who.recording import Recording
from careloom.synth.world import Rows, World

_ADOPTION = ("DATE_INT", "DATE_MATCH", "FOSTER_CARE", "NB_ADOPTR", "SEX_ADOPTR", "LS_ADOPTR")
_EPISODE = (
    *("DECOM", "RNE", "LS", "CIN", "PLACE", "PL_POST", "HOME_POST", "URN", "PLACE_PROVIDER"),
    *("DEC", "REC", "REASON_PLACE_CHANGE"),
)
_ALWAYS = ("DEC", "REC")  # elements that stand even when empty, in an open episode
_SPELT = {"CHILD": "CHILDID", "PLACE": "PL"}


def write_ssda903_xml(
    folder: Path, world: World, identities: Identities, homes: Homes, recording: Recording, seed: int
) -> None:
    """Write ssda903_xml/ssda903_YEAR.xml for every year: all tables but the social workers, which that form lacks."""
    books = open_books(world, identities, recording, seed)
    head, tail = '<?xml version="1.0" encoding="UTF-8"?>\n<EXPSSDA903>\n', "</EXPSSDA903>\n"
    for year in range(world.years[0], world.years[1] + 1):
        children = _children(tables_of(books, year))
        write_blocks(folder / "ssda903_xml" / f"ssda903_{year}.xml", head, children, tail)


def _children(tables: dict[str, Table]) -> Column:
    """Each child of the header with all that is hers, elements in the order of the schema."""
    child = pa.array(tables["header"]["CHILD"])
    count = len(child)
    of = {name: _rows(child, table) for name, table in tables.items()}

    def single(name: str, *columns: str, depth: int = 3) -> Column:
        """The items of a table with one row a child at most, in the order of the header."""
        at = np.full(count, -1)
        at[of[name]] = np.arange(of[name].size)
        row = pa.array(at, mask=at < 0)
        return together(*(element(depth, _SPELT.get(c, c), _cells(tables[name], c).take(row)) for c in columns))

    def block(name: str, tag: str, *columns: str, depth: int = 3) -> Column:
        """An element for each row of a table, one after the other."""
        items = [element(depth + 1, _SPELT.get(c, c), _cells(tables[name], c)) for c in columns]
        return gathered(holding(depth, tag, *items), of[name], count)

    alone = np.isin(np.arange(count), of["uasc"])
    outcomes = tuple(name for name in tables["oc2"] if name not in ("CHILD", "DOB"))
    header = holding(
        2,
        "HEADER",
        single("header", "CHILD", "UPN", "SEX", "DOB", "ETHNIC"),
        element(3, "UASC", pa.array(np.where(alone, "1", "0"))),
        single("uasc", "DUC"),
        single("ad1", *_ADOPTION),
        single("oc3", "IN_TOUCH", "ACTIV", "ACCOM"),
        block("missing", "AMISSING", "MISSING", "MIS_START", "MIS_END"),
        block("reviews", "AREVIEW", "REVIEW", "REVIEW_CODE"),
        single("header", "MOTHER", "MC_DOB"),
        *(
            [block("previous_permanence", "PERMANENCE", "PREV_PERM", "LA_PERM", "DATE_PERM")]
            if "previous_permanence" in tables
            else []
        ),
        block("oc2", "OC2", *outcomes),
        block("placed_for_adoption", "AD_PLACED", "DATE_PLACED", "DATE_PLACED_CEASED", "REASON_PLACED_CEASED"),
    )
    return holding(1, "CHILD", header, block("episodes", "EPISODE", *_EPISODE, depth=2))


def _rows(child: pa.Array, table: Table) -> Rows:
    """The row in the header of each row of a table."""
    found: Rows = pc.index_in(pa.array(table["CHILD"]), value_set=child).to_numpy()
    return found


def _cells(table: Table, name: str) -> Column:
    """A column as text; a blank cell is an element that is left out. No cell of this return needs escaping."""
    text = text_of(table[name])
    return text if name in _ALWAYS else pc.if_else(pc.equal(text, ""), None, text)
