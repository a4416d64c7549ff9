"""A pooled picture from elsewhere: the released numbers of another study, set beside an authority of this one."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from careloom.core import StudyError
from careloom.disclose import WITHHELD, Released
from careloom.report.question import POOLED, Answer

LOCAL = ("local_demand", "local_pathways", "local_outcomes", "local_costs", "local_measures")
"""The tables of the local profile; their first column says which authority a row is of."""
CATEGORIES = "local_demand"
VERSION = 1
"""The version of `results.json` that is written, and the only one that is read."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Pooled:
    """What another study's `results.json` says of all its authorities together: rows of the local tables, by table.

    `is_rounded` says whether that study rounded its numbers.
    """

    name: str
    is_rounded: bool
    rows: Mapping[str, tuple[Row, ...]]


def read_pooled(path: Path) -> Pooled:
    """Read the `results.json` of a pooled study. Raises StudyError when there is none, or another Careloom wrote it."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["version"] != VERSION:
            raise StudyError(f"{path}: another Careloom wrote these results; ask for those of a run with this one")
        tables = {name: told["numbers"][name]["rows"] for name in LOCAL if name in told["numbers"]}
        return Pooled(str(told["study"]["name"]), told["disclosure"]["rounded_to"] > 1, of_all(tables))
    except OSError as fault:
        raise StudyError(f"{path}: the pooled results cannot be read ({fault.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise StudyError(f"{path}: this is no results.json of a Careloom run") from None


def of_all(tables: Mapping[str, list[Row]]) -> dict[str, tuple[Row, ...]]:
    """Of each table the rows of all authorities together: those of single ones are nobody's business here.

    Raises KeyError, TypeError or AttributeError for a row that is none of a released table.
    """
    for row in (row for rows in tables.values() for row in rows):
        ",".join(row[WITHHELD])
    return {name: tuple(row for row in rows if next(iter(row.values())) == "All") for name, rows in tables.items()}


def set_beside(answers: Mapping[str, Answer], pooled: Pooled | None) -> dict[str, Answer]:
    """Put the pooled rows after this study's own. Both have gone through the door, each in its own study.

    Categories are matched by number and name: where those of the two studies differ, theirs are left out.
    """
    if not pooled:
        return dict(answers)
    beside = dict(answers)
    for name in LOCAL:
        answer = answers[name]
        if answer.released and not (name == CATEGORIES and categories_differ(answer, pooled)):
            beside[name] = replace(answer, released=with_rows(answer.released, pooled, name))
    return beside


def categories_differ(answer: Answer, pooled: Pooled) -> bool:
    return {row["category"] for row in answer.rows} != {row.get("category") for row in pooled.rows.get(CATEGORIES, ())}


def with_rows(released: Released, pooled: Pooled, name: str) -> Released:
    """Add another study's rows of the same table. Raises StudyError when its columns are others."""
    schema = released.rows.schema
    try:
        more = pa.Table.from_pylist(list(relabelled(pooled, name, schema)), schema=schema)
    except (KeyError, TypeError, pa.ArrowException):
        raise StudyError(
            f'{name} of "{pooled.name}" has other columns; ask for results of a run with this Careloom'
        ) from None
    return replace(released, rows=pa.concat_tables([released.rows, more]))


def relabelled(pooled: Pooled, name: str, schema: pa.Schema) -> Iterator[Row]:
    """The pooled rows as rows of a released table, their first label saying where they are from."""
    first = schema.names[0]
    for row in pooled.rows.get(name, ()):
        named = {column: row[column] for column in schema.names if column != WITHHELD}
        yield named | {first: f"{POOLED}{pooled.name}", WITHHELD: ",".join(row[WITHHELD]) or None}


def say_beside(answers: Mapping[str, Answer]) -> Iterator[str]:
    """What stands beside an authority on this page, from the released tables; and what does not, and why."""
    authorities = authorities_of(answers)
    if len(authorities) > 1:
        yield f"All: the {len(authorities)} authorities of this study together, each of them among them."
    pooled = {table: other_study(answers[table]) for table in LOCAL}
    named = next(filter(None, pooled.values()), None)
    if named:
        yield f"{named}: the released numbers of another study, of all its authorities together. This authority may be among them."
        if answers[CATEGORIES].released and not pooled[CATEGORIES]:
            yield "The categories of the two studies are not the same, so their shares are not set beside each other. Score both with one saved typology."
    if len(authorities) == 1 and not named:
        yield "There is nothing to set this authority beside. A study of several authorities has all of them together; the results.json of such a study, made with the same saved typology, can be named in the study file: beside under [report]."


def authorities_of(answers: Mapping[str, Answer]) -> list[str]:
    """The authorities that any table of the local profile tells of."""
    return list(dict.fromkeys(name for table in LOCAL for name in answers[table].of_each()))


def other_study(answer: Answer) -> str | None:
    """How the rows of another study are called in this table, if it has any."""
    first = answer.question.columns[0].name
    return next((str(row[first]) for row in answer.rows if str(row[first]).startswith(POOLED)), None)
