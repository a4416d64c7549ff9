"""The door: what no agreement covers is counted there, and goes no further."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace

import pyarrow as pa

from careloom.catalogue import Return
from careloom.core import Ledger, Table
from careloom.ingest.raw import Rows

STEP = "keep to the agreements"
NO_TABLE = "no agreement covers this table for the study's purpose"
NO_KEY = "no agreement covers {} for the study's purpose, and it is part of the key"
NO_COLUMN = "{}: no agreement covers it for the study's purpose"


def open_to(la: str) -> str:
    return ""


def nothing_barred(la: str, return_name: str, table: Table) -> Collection[str]:
    return ()


@dataclass
class Door:
    """Keeps out what may not be read. `closed_to` says why no file of an authority may be opened, blank where one may;
    `barred` names the columns of a table that stay out. It counts the cells that came, and those that stayed out.
    """

    closed_to: Callable[[str], str] = open_to
    barred: Callable[[str, str, Table], Collection[str]] = nothing_barred
    is_watched: bool = False
    came: Counter[tuple[str, str]] = field(default_factory=Counter)
    stayed_out: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def let_in(self, la: str, return_: Return, found: Iterator[Rows]) -> Iterator[Rows]:
        """Yield the rows without what is barred; rows of which a needed part of the key is barred are set aside whole."""
        if not self.is_watched:
            yield from found
            return
        for rows in found:
            table = return_.tables[rows.table]
            barred = set(self.barred(la, return_.name, table))
            self.count(return_.name, rows, barred)
            why = why_none(table, barred)
            if why:
                aside = tuple((line, why) for line in rows.lines.to_pylist())
                yield replace(rows, lines=pa.array([], pa.int32()), cells={}, broken=(*rows.broken, *aside))
            else:
                yield replace(rows, cells={name: cells for name, cells in rows.cells.items() if name not in barred})

    def count(self, return_name: str, rows: Rows, barred: Collection[str]) -> None:
        for name, cells in rows.cells.items():
            filled = len(cells) - cells.null_count
            self.came[return_name, rows.table] += filled
            if name in barred and filled:
                self.stayed_out[return_name, rows.table, name] += filled

    def ledger(self) -> Ledger:
        """The account of the cells: those that came, and those that stayed out, by column."""
        ledger = Ledger()
        for (return_name, table), came in self.came.items():
            out = {c: n for (r, t, c), n in self.stayed_out.items() if (r, t) == (return_name, table)}
            what = f"{return_name} {table} cells"
            aside = {NO_COLUMN.format(column): cells for column, cells in out.items()}
            ledger.note(STEP, f"{what} handed over", f"{what} read", came, came - sum(out.values()), aside)
        return ledger


def why_none(table: Table, barred: Collection[str]) -> str:
    """Why no row of the table can be used; blank when rows can."""
    if set(barred) >= set(table.column_names):
        return NO_TABLE
    lacking = [column.name for column in table.columns if column.key and column.needed and column.name in barred]
    return NO_KEY.format(lacking[0]) if lacking else ""
