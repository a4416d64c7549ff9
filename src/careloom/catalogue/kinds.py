"""How each type of column is held: in Arrow, and in SQL; and the marks that ingest adds to every row of a return."""

import pyarrow as pa

ARROW = {
    "text": pa.string(),
    "code": pa.string(),
    "date": pa.date32(),
    "integer": pa.int64(),
    "ordinal": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "year": pa.int64(),
    "age": pa.float64(),
    "money": pa.float64(),
    "decimal": pa.decimal128(18, 6),
}
SQL = {
    "text": "VARCHAR",
    "code": "VARCHAR",
    "date": "DATE",
    "integer": "BIGINT",
    "ordinal": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "year": "BIGINT",
    "age": "DOUBLE",
    "money": "DOUBLE",
    "decimal": "DECIMAL(18, 6)",
}
MARKS = {
    "delivery_id": (pa.int32(), "INTEGER"),
    "la": (pa.string(), "VARCHAR"),
    "collection_year": (pa.int32(), "INTEGER"),
    "line": (pa.int32(), "INTEGER"),
    "standing": (pa.string(), "VARCHAR"),
}
"""The file, the authority, the collection year, the line of the file, and `current`, `superseded` or `duplicate`."""
