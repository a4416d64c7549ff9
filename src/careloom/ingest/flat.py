"""Tables of an XML return that came as flat files: what stood in the enclosing element is read from that element's rows."""

import pyarrow as pa

from careloom.catalogue import Return
from careloom.core import Column, Table
from careloom.engine import Engine
from careloom.ingest.typed import NOTES

LATE_NOTES = "late_notes"
"""Notes for `set_aside` on rows whose delivery is already known."""


def lacks_of_parents(engine: Engine, return_: Return, table: Table, rows: str) -> bool:
    """Is anything blank in these rows, a table or a SELECT, that a parent's row may fill? Not in rows that came as XML."""
    lent = {column for parent in parents(return_) for column in table.columns if is_lent(column, parent, table)}
    return bool(lent) and is_blank(engine, [column for column in table.columns if column in lent], rows)


def parents(return_: Return) -> list[Table]:
    """The tables whose rows may lend to others."""
    return list(return_.tables.values()) if return_.layouts[0] == "xml" else []


def fill_from_parents(engine: Engine, return_: Return, table: Table) -> dict[str, int]:
    """Fill the blank `of` columns of `marked` from their parents' rows; let go of rows whose key stays blank.

    A parent's row is found by the authority, year and child, and the numbers (ordinals) both tables share. A table
    that the XML has inside another (it has no path) lends all it holds. Returns how many rows were let go, by reason.
    Nothing is done when nothing is blank, as in rows that came as XML.
    """
    reasons: dict[str, int] = {}
    for parent in parents(return_):
        lent = [column for column in table.columns if is_lent(column, parent, table)]
        if not lent or not is_blank(engine, lent):
            continue
        if engine.columns(f"{return_.name}_{parent.name}"):
            engine.make("filled", filled(return_, table, parent, lent, engine.columns("marked")))
            engine.make("marked", "SELECT * FROM filled")
            engine.drop("filled")
        for column in (column for column in lent if column.key):
            reason = f"its row of {parent.name}, which {column.name} is read from, was not delivered"
            if without := let_go(engine, table, column, reason):
                reasons[reason] = without
    return reasons


def let_go(engine: Engine, table: Table, column: Column, reason: str) -> int:
    """Take the rows of `marked` with this column blank out of it, note each, and return how many they are."""
    orphans = engine.arrow(f'SELECT delivery_id, line FROM marked WHERE "{column.name}" IS NULL')
    if orphans.num_rows:
        said = {"table_name": table.name, "column_name": None, "is_row": True, "is_used": False, "reason": reason}
        for name, what in said.items():
            orphans = orphans.append_column(name, pa.repeat(pa.scalar(what, NOTES.field(name).type), orphans.num_rows))
        engine.append(LATE_NOTES, orphans.select(["delivery_id", *NOTES.names]))
        engine.make("kept", f'SELECT * FROM marked WHERE "{column.name}" IS NOT NULL')
        engine.make("marked", "SELECT * FROM kept")
        engine.drop("kept")
    return int(orphans.num_rows)


def last(table: Table) -> str:
    return str(table.path).rpartition("/")[2]


def is_lent(column: Column, parent: Table, table: Table) -> bool:
    """Is this column a fact of the parent, and not one of those by which the two are joined?"""
    is_inside = not parent.path and not column.key
    is_of = bool(parent.path) and column.of == last(parent) and column.type != "ordinal"
    return parent is not table and column.name in parent.column_names and (is_of or is_inside)


def is_blank(engine: Engine, lent: list[Column], rows: str = "marked") -> bool:
    blank = " OR ".join(f'"{column.name}" IS NULL' for column in lent)
    return bool(engine.rows(f"SELECT 1 AS one FROM {rows} AS found WHERE {blank} LIMIT 1"))


def filled(return_: Return, table: Table, parent: Table, lent: list[Column], columns: list[str]) -> str:
    """SQL for `marked` with the lent columns filled."""
    names = [column.name for column in lent]
    both = (column for column in table.columns if column.name in parent.column_names and column.name not in names)
    shared = [column.name for column in both if column.key or column.type == "ordinal"]
    by = ["la", "collection_year", *shared]
    every = ", ".join(
        f'coalesce(m."{name}", p."{name}") AS "{name}"' if name in names else f'm."{name}"' for name in columns
    )
    same = " AND ".join(f'm."{name}" = p."{name}"' for name in by)
    keys = ", ".join(f'"{name}"' for name in by)
    facts = ", ".join(f'min("{name}") AS "{name}"' for name in names)
    return f"""SELECT {every} FROM marked AS m
        LEFT JOIN (SELECT {keys}, {facts} FROM {return_.name}_{parent.name} GROUP BY {keys}) AS p ON {same}"""
