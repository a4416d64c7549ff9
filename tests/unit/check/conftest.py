"""Typed tables made by hand, as ingest would leave them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.kinds import ARROW, MARKS
from careloom.engine import Engine

OURS = load_catalogue()
HandOver = Callable[..., None]
Row = Mapping[str, Any]
DELIVERY = pa.schema(
    [
        ("delivery_id", pa.int32()),
        ("return_name", pa.string()),
        ("table_name", pa.string()),
        ("la", pa.string()),
        ("collection_year", pa.int32()),
        ("file_name", pa.string()),
        ("sha256", pa.string()),
        ("state", pa.string()),
    ]
)
SET_ASIDE = pa.schema(
    [
        ("delivery_id", pa.int32()),
        ("table_name", pa.string()),
        ("line", pa.int32()),
        ("column_name", pa.string()),
        ("is_row", pa.bool_()),
        ("is_used", pa.bool_()),
        ("reason", pa.string()),
    ]
)


@pytest.fixture
def hand_over() -> HandOver:
    """Load typed tables, with the deliveries and notes beside them.

    `tables` are rows by "return table"; a row says la, year and its columns, and perhaps line and delivery_id. Each
    table, authority and year is a delivery of its own. `delivered` are deliveries without rows: (return, table, la,
    year). `notes` are rows of set_aside, `files` the whole table of deliveries instead.
    """

    def hand(
        engine: Engine,
        tables: Mapping[str, Sequence[Row]],
        *,
        delivered: Sequence[tuple[str, str, str, int | None]] = (),
        notes: Sequence[Row] = (),
        files: Sequence[Row] | None = None,
    ) -> None:
        keys = list(delivered)
        for name, rows in tables.items():
            return_name, table_name = name.split()
            keys += [(return_name, table_name, row["la"], row["year"]) for row in rows]
            numbered = dict.fromkeys(keys)
            of = {key: number for number, key in enumerate(numbered, start=1)}
            marked = [
                {
                    "delivery_id": of[return_name, table_name, row["la"], row["year"]],
                    "collection_year": row["year"],
                    "line": line,
                    "standing": "current",
                    **row,
                }
                for line, row in enumerate(rows, start=2)
            ]
            engine.load(f"{return_name}_{table_name}", typed(return_name, table_name, marked))
        told = [
            dict(zip(("return_name", "table_name", "la", "collection_year"), key, strict=True))
            | {"delivery_id": number, "file_name": f"{number}.csv", "sha256": "", "state": "read"}
            for number, key in enumerate(dict.fromkeys(keys), start=1)
        ]
        engine.load("delivery", pa.Table.from_pylist(list(files or told), DELIVERY))
        engine.load("set_aside", pa.Table.from_pylist(list(notes), SET_ASIDE))

    return hand


def typed(return_name: str, table_name: str, rows: Sequence[Row]) -> pa.Table:
    """Rows of one table with all of its columns; those not given are blank."""
    columns = OURS.returns[return_name].tables[table_name].columns
    kinds = {column.name: ARROW[column.type] for column in columns} | {name: kind for name, (kind, _) in MARKS.items()}
    return pa.table({name: pa.array([row.get(name) for row in rows], kind) for name, kind in kinds.items()})
