"""A star schema for Power BI and Excel: the released tables as facts, and what they are told by as dimensions.

Every label that several tables share becomes a dimension, so that one slicer chooses the category, authority or year in all
of them. Nothing is in it that the released tables do not hold.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from careloom.disclose import WITHHELD, Label
from careloom.report.question import Answer

DIMENSIONS = {
    "category": ("category", "Category of demand"),
    "la": ("authority", "Authority"),
    "authority": ("authority", "Authority"),
    "year": ("year", "Collection year, ending 31 March"),
    "collection_year": ("year", "Collection year, ending 31 March"),
    "outcome": ("outcome", "Outcome"),
    "return_title": ("return", "Return or extract"),
    "month": ("month", "Months since time zero"),
    "career": ("career", "Care career"),
    "placement": ("placement", "Placement type"),
    "process_name": ("process", "Process"),
    "need_group": ("need_group", "Need group"),
    "prices": ("prices", "Prices: their standing and year"),
}
"""Columns of released tables that are dimensions, the dimension each belongs to, and what it is."""
DICTIONARY = pa.schema(
    [(name, pa.string()) for name in ("table", "column", "role", "points_to", "title", "format", "meaning")]
)
Row = dict[str, Any]


def write_star(folder: Path, answers: Mapping[str, Answer]) -> None:
    """Write `fact_<table>.parquet`, `dim_<dimension>.parquet` and `dictionary.parquet` into `folder`, which must exist."""
    made = {name: answer for name, answer in answers.items() if answer.released}
    members = dimensions(made)
    for dimension, places in members.items():
        rows = [{f"{dimension}_key": key, dimension: value} for value, key in places.items()]
        pq.write_table(pa.Table.from_pylist(rows), folder / f"dim_{dimension}.parquet")
    for name, answer in made.items():
        pq.write_table(fact(answer, members), folder / f"fact_{name}.parquet")
    pq.write_table(dictionary(made, members), folder / "dictionary.parquet")


def keys_of(answer: Answer) -> dict[str, str]:
    """The labels of a table that are dimensions, and the columns of keys that take their place."""
    keys: dict[str, str] = {}
    for column in answer.question.columns:
        if isinstance(column, Label) and column.name in DIMENSIONS:
            key = f"{DIMENSIONS[column.name][0]}_key"
            keys[column.name] = key if key not in keys.values() else f"{column.name}_key"
    return keys


def dimensions(made: Mapping[str, Answer]) -> dict[str, dict[str, int]]:
    """For each dimension its members and their keys, from 1, in the order in which the tables name them."""
    found: dict[str, dict[str, int]] = {}
    for answer in made.values():
        for column in keys_of(answer):
            places = found.setdefault(DIMENSIONS[column][0], {})
            for row in answer.rows:
                places.setdefault(said(row[column]), len(places) + 1)
    return found


def said(value: Any) -> str:
    return "" if value is None else str(value)


def fact(answer: Answer, members: Mapping[str, Mapping[str, int]]) -> pa.Table:
    """One released table with keys in place of its shared labels; withheld numbers are blank, and named in `withheld`."""
    assert answer.released is not None
    table = answer.released.rows
    for column, key in keys_of(answer).items():
        places = members[DIMENSIONS[column][0]]
        at = table.column_names.index(column)
        table = table.set_column(
            at, key, pa.array([places[said(value)] for value in table[column].to_pylist()], pa.int32())
        )
    return table.replace_schema_metadata({"title": answer.question.title, "note": answer.question.note})


def dictionary(made: Mapping[str, Answer], members: Mapping[str, Mapping[str, int]]) -> pa.Table:
    """What every column of every table is; keys say which dimension they point to."""
    return pa.Table.from_pylist([*of_dimensions(members), *of_facts(made)], schema=DICTIONARY)


def of_dimensions(members: Mapping[str, Mapping[str, int]]) -> Iterator[Row]:
    meanings = dict(DIMENSIONS.values())
    for dimension in members:
        table, title = f"dim_{dimension}", meanings[dimension]
        yield {
            "table": table,
            "column": f"{dimension}_key",
            "role": "key",
            "title": title,
            "meaning": "Number of the row",
        }
        yield {"table": table, "column": dimension, "role": "label", "title": title, "meaning": title}


def of_facts(made: Mapping[str, Answer]) -> Iterator[Row]:
    for name, answer in made.items():
        table, question, keys = f"fact_{name}", answer.question, keys_of(answer)
        for column in question.columns:
            heading = question.headings[column.name]
            row = {"table": table, "title": heading.title, "format": heading.format, "meaning": question.title}
            if key := keys.get(column.name):
                yield row | {"column": key, "role": "key", "points_to": f"dim_{DIMENSIONS[column.name][0]}"}
            else:
                yield row | {"column": column.name, "role": "label" if isinstance(column, Label) else "number"}
        kept_back = "Numbers of this row that disclosure control keeps back"
        yield {"table": table, "column": WITHHELD, "role": "label", "title": "Withheld", "meaning": kept_back}
