"""Count the cells of a return's tables: one look at each table, and one at what was set aside of it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from careloom.catalogue import Return
from careloom.core import CodeSet, Column, Table, Years
from careloom.engine import Engine, text

Whose = tuple[str, int]
"""An authority and a collection year; 0 for an extract that tells no year."""


@dataclass(frozen=True)
class Cells:
    """What one column of one authority and year holds, in rows.

    `filled` cells were typed; `usable` ones are also a code of their set in that year, `known` ones in any year (of
    other types every filled cell is both). `newest` is the latest date not after the end of the year. Set aside were
    cells that were `unread`, and cells that were used but `noted`: read as a code, or kept as written.
    """

    rows: int = 0
    filled: int = 0
    usable: int = 0
    known: int = 0
    newest: dt.date | None = None
    noted: int = 0
    unread: int = 0


@dataclass(frozen=True)
class Measured:
    """One item of one authority and year: a row of `availability`."""

    return_name: str
    table_name: str
    column_name: str
    la: str
    collection_year: int | None
    state: str
    rows_in: int
    rows_recorded: int
    rows_usable: int
    rows_as_coded: int | None
    days_behind: int | None


Counted = dict[Whose, dict[str, Cells]]


def measured(table: Table) -> tuple[Column, ...]:
    """Return the columns that are looked at in this table: not those taken from an enclosing element."""
    return tuple(column for column in table.columns if not column.of)


def count_cells(engine: Engine, return_: Return, table: Table) -> Counted:
    """Count the cells of every measured column, by authority and year; nothing where the table did not come."""
    name, columns = f"{return_.name}_{table.name}", measured(table)
    if not columns or not engine.columns(name):
        return {}
    asked = ", ".join(select_cells(n, column, return_.codes) for n, column in enumerate(columns))
    select = f"SELECT la, collection_year, count(*) AS n, {asked} FROM {name} GROUP BY la, collection_year"
    counted: Counted = {}
    for la, year, rows, *cells in engine.rows(select):
        four = (cells[at : at + 4] for at in range(0, len(cells), 4))
        counted[la, year or 0] = {c.name: Cells(rows, *part) for c, part in zip(columns, four, strict=True)}
    add_set_aside(engine, name, table, counted)
    return counted


def select_cells(n: int, column: Column, codes: Mapping[str, CodeSet]) -> str:
    """SQL of the four counts of one column: filled, usable, known, and its newest date."""
    name, filled = f'"{column.name}"', f'count("{column.name}")'
    usable = known = filled
    if column.type == "code":
        usable, known = (count_in(name, groups) for groups in by_years(codes[str(column.codes)]))
    newest = "CAST(NULL AS DATE)"
    if column.type == "date":
        newest = f"max(CASE WHEN {name} <= make_date(collection_year, 3, 31) THEN {name} END)"
    return f"{filled} AS filled_{n}, {usable} AS usable_{n}, {known} AS known_{n}, {newest} AS newest_{n}"


Groups = dict[Years, list[str]]


def by_years(codes: CodeSet) -> tuple[Groups, Groups]:
    """Return the codes of a set by the years in which they are valid, and all together for every year."""
    groups: Groups = {}
    for code in codes.codes:
        groups.setdefault(code.years, []).append(text(code.code))
    return groups, {Years(): list(dict.fromkeys(text(code.code) for code in codes.codes))}


def count_in(name: str, groups: Groups) -> str:
    """SQL that counts the cells that are one of the codes, each in its years."""
    valid = (f"({name} IN ({', '.join(of)}) AND {in_years(years)})" for years, of in groups.items() if of)
    return f"count(CASE WHEN {' OR '.join(['1 = 0', *valid])} THEN 1 END)"


def in_years(years: Years) -> str:
    return f"coalesce(collection_year, 0) BETWEEN {years.first or 0} AND {years.last or 9999}"


def add_set_aside(engine: Engine, name: str, table: Table, counted: Counted) -> None:
    """Add to the counts the cells set aside of rows that the table kept."""
    if not (engine.columns("set_aside") and engine.columns("delivery")):
        return
    for la, year, column, noted, unread in engine.rows(select_notes(name, table)):
        cells = counted[la, year or 0]
        if column in cells:
            cells[column] = replace(cells[column], noted=noted, unread=unread)


def select_notes(name: str, table: Table) -> str:
    """SQL of how many cells of each column were set aside but used, and how many not, by authority and year.

    A note stands under the first delivery of its file, which may hold several years: so the row of that line says whose
    it is. Rows set aside whole are not in the table, and their cells are not counted.
    """
    return f"""
        WITH noted AS (
          SELECT delivery_id, line, column_name, is_used FROM set_aside
          WHERE table_name = {text(table.name)} AND NOT is_row),
        same_file AS (
          SELECT one.delivery_id AS noted_id, other.delivery_id AS delivery_id
          FROM delivery AS one
          JOIN delivery AS other
            ON other.return_name = one.return_name AND other.table_name = one.table_name
            AND coalesce(other.file_name, '') = coalesce(one.file_name, '')
            AND coalesce(other.sha256, '') = coalesce(one.sha256, '')
          WHERE one.delivery_id IN (SELECT delivery_id FROM noted)),
        told AS (
          SELECT n.delivery_id, n.line, r.la, r.collection_year
          FROM (SELECT DISTINCT delivery_id, line FROM noted) AS n
          JOIN same_file AS f ON f.noted_id = n.delivery_id
          JOIN {name} AS r ON r.delivery_id = f.delivery_id AND r.line = n.line
          QUALIFY row_number() OVER (
            PARTITION BY n.delivery_id, n.line
            ORDER BY CASE WHEN r.delivery_id = n.delivery_id THEN 0 ELSE 1 END, r.la, r.collection_year) = 1)
        SELECT t.la, t.collection_year, n.column_name,
          count(CASE WHEN n.is_used THEN 1 END) AS noted, count(CASE WHEN n.is_used THEN NULL ELSE 1 END) AS unread
        FROM noted AS n JOIN told AS t ON t.delivery_id = n.delivery_id AND t.line = n.line
        GROUP BY t.la, t.collection_year, n.column_name"""
