"""The names that SQL of a return may use: its tables by their own names, and its views."""

from careloom.catalogue.kinds import MARKS, SQL
from careloom.catalogue.nouns import Return
from careloom.core import Table


def names_in_scope(return_: Return, supplied: set[str], *, only: str = "TRUE") -> dict[str, str]:
    """Return SELECTs by name: each table of the return as supplied (rows that meet `only`) or empty, then its views."""
    tables = {
        name: f"SELECT * FROM {return_.name}_{name} WHERE {only}"
        if f"{return_.name}_{name}" in supplied
        else empty_select(table)
        for name, table in return_.tables.items()
    }
    return {**tables, **return_.views}


def empty_select(table: Table) -> str:
    """SQL for a table of a return that nobody delivered: its columns, and no rows."""
    columns = {f'"{column.name}"': SQL[column.type] for column in table.columns}
    columns |= {name: kind for name, (_, kind) in MARKS.items()}
    return "SELECT " + ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns.items()) + " WHERE FALSE"
