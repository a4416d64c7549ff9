"""Stitching, cell by cell in slow and obvious Python, against the room's SQL; Hypothesis makes the returns."""

import datetime as dt
import itertools
from collections import defaultdict
from dataclasses import replace

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careloom.catalogue import Return, load_catalogue
from careloom.catalogue.kinds import ARROW, MARKS
from careloom.core import Column, Table, Years
from careloom.engine import DuckDBEngine
from careloom.ingest.stitch import stitch_all

CATALOGUE = load_catalogue()
TABLE = Table(
    "episodes",
    "made up",
    (
        Column("CHILD", "text", "", "identifier", key=True),
        Column("DECOM", "date", "", "personal", key=True),
        Column("PLACE", "text", "", "personal"),
        Column("SEX", "code", "", "personal", codes="sex"),
        Column("DEC", "date", "", "personal", blank="still open"),
        Column("OLD", "integer", "", "personal", years=Years(None, 2020)),
        Column("WHICH", "ordinal", "", "personal"),
    ),
)
MEANS = {"1": "male", "M": "male", "2": "female", "F": "female", "U": "unknown"}
Row = dict[str, object]


def day(number: int) -> dt.date:
    return dt.date(2020, 1, 1) + dt.timedelta(days=number)


cells = st.fixed_dictionaries(
    {
        "CHILD": st.sampled_from(["A", "B"]),
        "DECOM": st.sampled_from([day(0), day(1)]),
        "PLACE": st.sampled_from([None, "x", "y", "z"]),
        "SEX": st.sampled_from([None, *MEANS]),
        "DEC": st.sampled_from([None, day(5), day(6)]),
        "OLD": st.sampled_from([None, 1, 2]),
        "WHICH": st.integers(1, 3),
        "la": st.sampled_from(["here", "there"]),
        "collection_year": st.integers(2018, 2022),
    }
)


def delivered(drawn: list[Row]) -> list[Row]:
    """Give the rows addresses, one file a year and line by line, and their standing."""
    rows = [{**row, "delivery_id": int(str(row["collection_year"])) - 2000, "line": n} for n, row in enumerate(drawn)]
    for row in rows:
        same = [other for other in rows if key(other) == key(row)]
        newest = max(int(str(other["collection_year"])) for other in same)
        last = max((other for other in same if other["collection_year"] == newest), key=lambda r: int(str(r["line"])))
        of_newest = row["collection_year"] == newest
        row["standing"] = "current" if row is last else "duplicate" if of_newest else "superseded"
    return rows


def key(row: Row) -> tuple[object, ...]:
    return row["la"], row["CHILD"], row["DECOM"]


def slow(rows: list[Row]) -> tuple[list[Row], list[tuple[object, ...]]]:
    """Return the joined rows and the overrides, the slow and obvious way."""
    joined, overrides = [], []
    told = defaultdict[tuple[object, ...], dict[object, Row]](dict)
    for row in rows:  # in the order of lines, so that of copies in one return the last stays
        told[key(row)][row["collection_year"]] = row
    for by_year in told.values():
        returns = [by_year[year] for year in sorted(by_year, key=str)]
        now = returns[-1]
        one = dict(now)
        for column in ("PLACE", "SEX", "DEC", "OLD"):
            recorded = [each for each in returns if each[column] is not None]
            if recorded and column != "DEC":
                one[column] = recorded[-1][column]
            for earlier, later in itertools.pairwise(recorded):
                if says(column, earlier) != says(column, later):
                    overrides.append(override(column, "changed", now, earlier))
            is_asked = column != "OLD" or int(str(now["collection_year"])) <= 2020
            if recorded and now[column] is None and is_asked:
                what = "withdrawn" if column == "DEC" else "filled"
                overrides.append(override(column, what, now, recorded[-1]))
        joined.append(one)
    return joined, overrides


def says(column: str, row: Row) -> object:
    return MEANS[str(row[column])] if column == "SEX" else row[column]


def override(column: str, what: str, now: Row, earlier: Row) -> tuple[object, ...]:
    return column, what, now["delivery_id"], now["line"], earlier["delivery_id"], earlier["line"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(cells, max_size=25))
def test_the_history_is_what_the_returns_say_cell_by_cell(duck: DuckDBEngine, drawn: list[Row]) -> None:
    kinds = {c.name: ARROW[c.type] for c in TABLE.columns} | {name: kind for name, (kind, _) in MARKS.items()}
    rows = delivered(drawn)
    duck.load(
        "ssda903_episodes", pa.table({name: pa.array([r[name] for r in rows], kind) for name, kind in kinds.items()})
    )
    return_: Return = replace(CATALOGUE.returns["ssda903"], tables={"episodes": TABLE})

    ledger = stitch_all(duck, replace(CATALOGUE, returns={"ssda903": return_}))

    assert ledger.balances
    joined, overrides = slow(rows)
    found = duck.arrow("SELECT * FROM ssda903_episodes_joined").to_pylist()
    assert sorted(map(str, found)) == sorted(str({name: row[name] for name in kinds}) for row in joined)
    columns = "column_name, what, delivery_id, line, earlier_delivery_id, earlier_line"
    assert sorted(map(str, duck.rows(f"SELECT {columns} FROM override"))) == sorted(map(str, overrides))
