"""A finished run's folder, made by hand: a study file, and a database with the columns of the catalogue."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from careloom.catalogue import Catalogue
from careloom.catalogue.kinds import ARROW
from careloom.engine import write_database
from careloom.govern import open_key

STUDY = """
[study]
name = "Anyshire"
from = 2016-04-01
to = 2023-03-31
out = "results"

[[delivery]]
authority = "998"
files = ["none.csv"]
"""
DELIVERIES = [
    {"delivery_id": 1, "return_name": "cin_census", "table_name": "all", "la": "998", "collection_year": 2022, "file_name": "cin 22.xml", "rows_in": 9, "state": "read", "message": ""},
    {"delivery_id": 2, "return_name": "ssda903", "table_name": "episodes", "la": "998", "collection_year": 2022, "file_name": "episodes.csv", "rows_in": 9, "state": "read", "message": ""},
    {"delivery_id": 3, "return_name": "ssda903", "table_name": "header", "la": "998", "collection_year": 2022, "file_name": "header.csv", "rows_in": 9, "state": "read", "message": ""},
]  # fmt: skip


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def rows(names: str, *cells: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [dict(zip(names.split(), row, strict=True)) for row in cells]


def write_study(folder: Path, catalogue: Catalogue, tables: dict[str, list[dict[str, Any]]]) -> Path:
    """Write the study file, its key, and results with these rows; columns that a row leaves out are blank."""
    (folder / "study.toml").write_text(STUDY)
    (folder / "none.csv").write_text("")
    results = folder / "results"
    results.mkdir()
    key = open_key(folder / "study.key")
    (results / "manifest.json").write_text(json.dumps({"study": "Anyshire", "key_id": key.id, "files": []}))
    write_database(
        results / "study.duckdb",
        {
            name: filled(catalogue, name, {"delivery": DELIVERIES} | tables)
            for name in catalogue.tables
            if not catalogue.tables[name].working
        },
    )
    return folder / "study.toml"


def filled(catalogue: Catalogue, name: str, tables: dict[str, list[dict[str, Any]]]) -> pa.Table:
    columns = [column for column in catalogue.tables[name].columns if column.privacy != "identifier"]
    given = tables.get(name, [])
    assert {key for row in given for key in row} <= {column.name for column in columns}, name
    return pa.table({c.name: pa.array([row.get(c.name) for row in given], ARROW[c.type]) for c in columns})
