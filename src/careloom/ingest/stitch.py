"""Years are stitched: what several returns say of one row becomes one row, and every override is written down.

How it is decided:

- Rows of one authority with the same key are one row, whichever returns they came in. Where one return has a key twice,
  its last copy alone takes part. The row keeps the marks (file, line, year) of its latest return, the `current` row.
- Field by field, the latest return that recorded the field wins: a blank never wipes out what an earlier return said.
- A blank that means something (`Column.blank`: still open) does win. An ordinal counts places in one file, so it is the
  latest return's too.
- An override is noted for each value of an earlier return that did not simply stand: the next return that recorded the
  field said otherwise (`changed`), none did and the value fills the latest return's blank (`filled`), or none did and
  the blank wins (`withdrawn`). Codes with the same label say the same (1 and M of the sexes), and a blank in a year that
  did not ask for the column says nothing.
"""

from collections import defaultdict

from careloom.catalogue import Catalogue, Return
from careloom.catalogue.kinds import SQL
from careloom.core import Column, Ledger, Table, Years
from careloom.engine import Engine, count, text

ADDRESSES = ("delivery_id", "line", "earlier_delivery_id", "earlier_line")


def stitch_all(engine: Engine, catalogue: Catalogue) -> Ledger:
    """Stitch every table that was delivered, as `{return}_{table}_joined`, and make `override` of all their overrides."""
    ledger, parts = Ledger(), []
    for return_ in catalogue.returns.values():
        for table in return_.tables.values():
            if engine.columns(f"{return_.name}_{table.name}"):
                ledger.extend(stitch(engine, return_, table))
                parts.append(f"SELECT * FROM {return_.name}_{table.name}_override")
    columns = catalogue.tables["override"].columns
    nothing = ", ".join(f"CAST(NULL AS {kind_of(column)}) AS {column.name}" for column in columns)
    engine.make("override", " UNION ALL ".join([f"SELECT {nothing} WHERE 1 = 0", *parts]))
    for part in parts:
        engine.drop(part.removeprefix("SELECT * FROM "))
    return ledger


def kind_of(column: Column) -> str:
    return "INTEGER" if column.name in ADDRESSES else SQL[column.type]


def stitch(engine: Engine, return_: Return, table: Table) -> Ledger:
    """Make `{return}_{table}_joined` (one row a key) and `{return}_{table}_override` from `{return}_{table}`.

    The joined table has the columns of the typed one. Its rows are the current ones, none more and none fewer.
    """
    name = f"{return_.name}_{table.name}"
    now = f"SELECT * FROM {name} WHERE standing = 'current'"
    engine.make("told_otherwise", otherwise_select(name, now, return_, table))
    is_told_otherwise = engine.make("earlier_row", earlier_select(name, return_, table)) > 0
    rows = engine.make(f"{name}_joined", joined_select(engine.columns(name), now, table) if is_told_otherwise else now)
    engine.make("compared_row", compared_select(now, return_, table))
    engine.make(f"{name}_override", override_select(return_, table))
    for working in "told_otherwise", "earlier_row", "compared_row":
        engine.drop(working)
    ledger = Ledger()
    current = count(engine, f"{name} WHERE standing = 'current'")
    ledger.note("stitch years", f"{name} current", f"{name}_joined", current, rows)
    return ledger


def told(table: Table) -> list[Column]:
    """Columns in which returns can differ: neither the key nor a place in a file."""
    return [column for column in table.columns if not column.key and column.type != "ordinal"]


def same_row(table: Table) -> list[str]:
    """Columns that say which rows are one."""
    return ["la", *(f'"{name}"' for name in table.key)]


def joining(table: Table, left: str, right: str) -> str:
    return " AND ".join(f"{left}.{name} = {right}.{name}" for name in same_row(table))


def otherwise_select(name: str, now: str, return_: Return, table: Table) -> str:
    """SQL of the keys of which an earlier return said anything that the latest does not say.

    They are few: most rows come again as they were, with blanks filled. Only these need to be looked at closely.
    """
    same = ", ".join(f"earlier.{name}" for name in same_row(table))
    alike = " AND ".join(
        f"coalesce({meaning(said, column, return_)} = {meaning(before, column, return_)}, {before} IS NULL)"
        for column in told(table)
        for said, before in [(f'now."{column.name}"', f'earlier."{column.name}"')]
    )
    return f"""
        SELECT DISTINCT {same}
        FROM {name} AS earlier JOIN ({now}) AS now ON {joining(table, "now", "earlier")}
        WHERE earlier.standing = 'superseded' AND NOT ({alike or "1 = 1"})"""


def earlier_select(name: str, return_: Return, table: Table) -> str:
    """SQL of what earlier returns said otherwise: one row a key and return, `return_no` counting from the oldest."""
    same = ", ".join(same_row(table))
    collection = "collection_year" if return_.yearly else "delivery_id"
    return f"""
        SELECT last_copy.*,
               row_number() OVER (PARTITION BY {same} ORDER BY coalesce(collection_year, 0), delivery_id) AS return_no
        FROM (SELECT copies.*,
                     row_number() OVER (PARTITION BY {same}, {collection} ORDER BY delivery_id DESC, line DESC) AS copy_no
              FROM {name} AS copies
              WHERE standing = 'superseded'
                AND EXISTS (SELECT 1 FROM told_otherwise WHERE {joining(table, "told_otherwise", "copies")})) AS last_copy
        WHERE copy_no = 1"""


def joined_select(columns: list[str], now: str, table: Table) -> str:
    """SQL of the current rows, each blank filled with the latest value of the returns before, where blanks say nothing."""
    fill = {column.name for column in told(table) if not column.blank}
    if not fill:
        return now
    same = ", ".join(same_row(table))
    latest = ", ".join(
        f'arg_max("{name}", return_no) FILTER (WHERE "{name}" IS NOT NULL) AS "{name}"'
        for name in columns
        if name in fill
    )
    filled = ", ".join(
        f'coalesce(now."{name}", before."{name}") AS "{name}"' if name in fill else f'now."{name}"' for name in columns
    )
    return f"""
        SELECT {filled}
        FROM ({now}) AS now
        LEFT JOIN (SELECT {same}, {latest} FROM earlier_row GROUP BY {same}) AS before ON {joining(table, "now", "before")}"""


def compared_select(now: str, return_: Return, table: Table) -> str:
    """SQL that compares each earlier row with what the returns after it recorded: `what_0`, `what_1` ... by column."""
    columns = told(table)
    after = f"""PARTITION BY {", ".join(same_row(table))} ORDER BY return_no DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"""
    following = "".join(
        f', LAST_VALUE("{column.name}" IGNORE NULLS) OVER ({after}) AS next_{i}' for i, column in enumerate(columns)
    )
    whats = "".join(f", {what_happened(i, column, return_)} AS what_{i}" for i, column in enumerate(columns))
    kept = f"WHERE coalesce({', '.join(f'what_{i}' for i in range(len(columns)))}, NULL) IS NOT NULL" if columns else ""
    return f"""
        SELECT * FROM (
            SELECT now.delivery_id, now.line, earlier.delivery_id AS earlier_delivery_id, earlier.line AS earlier_line{whats}
            FROM (SELECT earlier_row.*{following} FROM earlier_row) AS earlier
            JOIN ({now}) AS now ON {joining(table, "now", "earlier")}) AS compared
        {kept}"""


def what_happened(i: int, column: Column, return_: Return) -> str:
    """SQL that says what became of an earlier row's value in one column; missing when it stood, or there was none."""
    here, later = f'earlier."{column.name}"', f'coalesce(earlier.next_{i}, now."{column.name}")'
    unsaid = text("withdrawn" if column.blank else "filled")
    return f"""CASE WHEN {here} IS NULL THEN NULL
        WHEN {later} IS NULL THEN CASE WHEN {asked(column.years)} THEN {unsaid} END
        WHEN {meaning(later, column, return_)} <> {meaning(here, column, return_)} THEN 'changed' END"""


def asked(years: Years) -> str:
    """SQL condition: the latest return was of a year that asks for the column."""
    if years == Years():
        return "1 = 1"
    return f"now.collection_year BETWEEN {years.first or 0} AND {years.last or 9999}"


def meaning(cell: str, column: Column, return_: Return) -> str:
    """SQL of what a cell says: itself, or the first of the codes that have its label."""
    if column.type != "code" or not column.codes:
        return cell
    by_label = defaultdict[str, list[str]](list)
    for code in return_.codes[column.codes].codes:
        if code.code not in by_label[code.label.casefold()]:
            by_label[code.label.casefold()].append(code.code)
    cases = [f" WHEN {text(other)} THEN {text(first)}" for first, *others in by_label.values() for other in others]
    return f"CASE {cell}{''.join(cases)} ELSE {cell} END" if cases else cell


def override_select(return_: Return, table: Table) -> str:
    """SQL of one row an override, from the rows compared."""
    where = f"{text(return_.name)} AS return_name, {text(table.name)} AS table_name"
    parts = [
        f"""SELECT {where}, {text(column.name)} AS column_name, what_{i} AS what, {", ".join(ADDRESSES)}
            FROM compared_row WHERE what_{i} IS NOT NULL"""
        for i, column in enumerate(told(table))
    ]
    none = f"""SELECT {where}, CAST(NULL AS VARCHAR) AS column_name, CAST(NULL AS VARCHAR) AS what,
            {", ".join(ADDRESSES)} FROM compared_row WHERE 1 = 0"""
    return " UNION ALL ".join([none, *parts])
