"""What is recorded, where, and how well: the first thing to know before any number is believed."""

import datetime as dt
from collections.abc import Iterator, Mapping

import pyarrow as pa

from careloom.catalogue import Catalogue, Return
from careloom.check.abilities import make_abilities
from careloom.check.cells import Cells, Measured, Whose, count_cells, measured
from careloom.core import Column, Ledger, Table
from careloom.engine import Engine

MOSTLY = 0.5
"""An item of which less than this share of what was written can be read is not what it was declared to be, but
`free text`: from a half on, one meets a value that can be used more often than one that cannot."""

AVAILABILITY = pa.schema(
    [
        *((name, pa.string()) for name in ("return_name", "table_name", "column_name", "la")),
        ("collection_year", pa.int32()),
        ("state", pa.string()),
        *((name, pa.int64()) for name in ("rows_in", "rows_recorded", "rows_usable", "rows_as_coded")),
        ("days_behind", pa.int32()),
    ]
)


def measure_availability(engine: Engine, catalogue: Catalogue) -> Ledger:
    """Make `availability`, and from it `ability` and `unlock` (see check/abilities.py).

    A row of `availability` is one column of a return that an authority handed over for a year, in force that year; also
    of tables that did not come or hold nothing, which are `absent`. A return that did not come at all has no rows here.
    Columns taken from an enclosing element are left to that element's own table. Rows are those of each return as
    handed over, also rows that a later one repeats, without those set aside whole. What is counted: `item_row`.

    Needs the typed tables, `delivery` and `set_aside`, as far as they are there.
    """
    ledger, items = Ledger(), list[Measured]()
    delivered = delivered_returns(engine)
    for return_ in catalogue.returns.values():
        counted = {table.name: count_cells(engine, return_, table) for table in return_.tables.values()}
        found = {whose for cells in counted.values() for whose in cells}
        whose = sorted({*delivered.get(return_.name, set()), *found})
        for table in return_.tables.values():
            items += rows_of(return_, table, whose, counted[table.name])
            if engine.columns(f"{return_.name}_{table.name}"):
                note(ledger, return_, table, counted[table.name])
    rows = {name: [getattr(item, name) for item in items] for name in AVAILABILITY.names}
    engine.load("availability", pa.table(rows, AVAILABILITY))
    make_abilities(engine, catalogue, items)
    return ledger


def delivered_returns(engine: Engine) -> dict[str, set[Whose]]:
    """Return, for each return, the authorities and years of which a file of it could be read."""
    delivered: dict[str, set[Whose]] = {}
    if engine.columns("delivery"):
        told = "SELECT DISTINCT return_name, la, collection_year FROM delivery WHERE state = 'read'"
        for return_name, la, year in engine.rows(told):
            delivered.setdefault(return_name, set()).add((la, year or 0))
    return delivered


def rows_of(
    return_: Return, table: Table, whose: list[Whose], counted: Mapping[Whose, Mapping[str, Cells]]
) -> Iterator[Measured]:
    """Yield the rows of `availability` of one table: its columns in force, for each authority and year."""
    for la, year in whose:
        if year in table.years:
            cells = counted.get((la, year), {})
            for column in measured(table):
                if year in column.years:
                    yield item_row(return_, table, column, (la, year), cells.get(column.name, Cells()))


def item_row(return_: Return, table: Table, column: Column, whose: Whose, cells: Cells) -> Measured:
    """Say how one item of one authority and year is recorded.

    Recorded is a cell in which something was written; usable, one that could be read, and a code only if it is of its
    set in that year. As coded are usable cells less those that became a code of the set only by normalising.
    """
    la, year = whose
    # several elements of XML can stand on one line, so that a cell set aside may be of a row that was set aside too
    recorded = min(cells.rows, cells.filled + cells.unread)
    strange = cells.filled - cells.known  # kept as written, though in no year a code of the set
    as_coded = max(0, cells.usable - max(0, cells.noted - strange))
    return Measured(
        return_name=return_.name,
        table_name=table.name,
        column_name=column.name,
        la=la,
        collection_year=year or None,
        state=state_of(column, recorded, cells.usable),
        rows_in=cells.rows,
        rows_recorded=recorded,
        rows_usable=cells.usable,
        rows_as_coded=as_coded if column.type == "code" else None,
        days_behind=(dt.date(year, 3, 31) - cells.newest).days if cells.newest else None,
    )


def state_of(column: Column, recorded: int, usable: int) -> str:
    """Say what an item is: `structured` (a date, number or identifier), `coded`, `free text`, or `absent`.

    >>> from careloom.core import Column
    >>> state_of(Column("SEX", "code", "Sex", "personal", codes="sex"), recorded=10, usable=4)
    'free text'
    """
    if not recorded:
        return "absent"
    is_text = column.type == "text" and not (column.codes or column.key or column.privacy == "identifier")
    if is_text or usable < MOSTLY * recorded:
        return "free text"
    return "coded" if column.type == "code" else "structured"


def note(ledger: Ledger, return_: Return, table: Table, counted: Mapping[Whose, Mapping[str, Cells]]) -> None:
    """Account for one table's rows: those counted, and those of years in which the table did not exist."""
    rows_by_year = [(year, next(iter(cells.values())).rows) for (_, year), cells in counted.items()]
    rows, name = sum(n for _, n in rows_by_year), f"{return_.name}_{table.name}"
    in_force = sum(n for year, n in rows_by_year if year in table.years)
    aside = {"a year before or after the table was in force": rows - in_force}
    ledger.note("measure what is recorded", name, f"availability of {name}", rows, in_force, aside)


SUMMARY = """
SELECT la, return_name, table_name, collection_year, max(rows_in) AS rows_in,
  count(CASE WHEN state = 'structured' THEN 1 END) AS structured, count(CASE WHEN state = 'coded' THEN 1 END) AS coded,
  count(CASE WHEN state = 'free text' THEN 1 END) AS free_text, count(CASE WHEN state = 'absent' THEN 1 END) AS absent,
  CAST(sum(rows_recorded) AS DOUBLE) / nullif(CAST(sum(rows_in) AS DOUBLE), 0) AS recorded,
  CAST(sum(rows_usable) AS DOUBLE) / nullif(CAST(sum(rows_recorded) AS DOUBLE), 0) AS valid
FROM availability
GROUP BY la, return_name, table_name, collection_year
ORDER BY la, return_name, table_name, collection_year
"""


def summarise(engine: Engine) -> pa.Table:
    """Return one row a table, authority and year, in that order: its rows, its items by state, and shares of cells.

    `recorded` is the share of cells in which something was written, `valid` the share of those that can be used; both
    are missing where there are none. These are exact numbers, for the authority itself.
    """
    return engine.arrow(SUMMARY)
