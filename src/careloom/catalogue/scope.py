"""The names that SQL of a return may use: its tables by their own names, and its views."""

from careloom.catalogue.kinds import MARKS, SQL
from careloom.catalogue.nouns import Return
from careloom.core import Table


def names_in_scope(return_: Return, supplied: set[str], *, joined: bool = False) -> dict[str, str]:
    """Return SELECTs by name: each table of the return as supplied, or empty, then its views.

    `joined` are the rows as their years were stitched; of a table whose years were not, the latest return of each row.
    """
    tables = {name: table_select(return_, table, supplied, joined=joined) for name, table in return_.tables.items()}
    return {**tables, **return_.views}


def table_select(return_: Return, table: Table, supplied: set[str], *, joined: bool) -> str:
    name = f"{return_.name}_{table.name}"
    if joined and f"{name}_joined" in supplied:
        return f"SELECT * FROM {name}_joined"
    if name not in supplied:
        return empty_select(table)
    return f"SELECT * FROM {name} WHERE standing = 'current'" if joined else f"SELECT * FROM {name}"


def empty_select(table: Table) -> str:
    """SQL for a table of a return that nobody delivered: its columns, and no rows."""
    columns = {f'"{column.name}"': SQL[column.type] for column in table.columns}
    columns |= {name: kind for name, (_, kind) in MARKS.items()}
    return "SELECT " + ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns.items()) + " WHERE FALSE"
