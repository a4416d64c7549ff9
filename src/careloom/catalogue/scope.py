"""The names that SQL of a return may use: its tables by their own names, and its views."""

from careloom.catalogue.nouns import Return
from careloom.core import Column, Table

SQL_TYPES = {
    "text": "VARCHAR",
    "code": "VARCHAR",
    "date": "DATE",
    "integer": "BIGINT",
    "ordinal": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
}
MARKS = {
    "delivery_id": "INTEGER",
    "la": "VARCHAR",
    "collection_year": "INTEGER",
    "line": "INTEGER",
    "standing": "VARCHAR",
}
"""What ingest adds to every row of a return."""


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
    columns = {f'"{column.name}"': sql_type(column) for column in table.columns} | MARKS
    return "SELECT " + ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns.items()) + " WHERE FALSE"


def sql_type(column: Column) -> str:
    return SQL_TYPES[column.type]
