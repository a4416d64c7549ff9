"""How far one child's record is told, row by row, and for how many days the child was in which state."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from careloom.catalogue import Catalogue
from careloom.study.child_lanes import STATES

Row = dict[str, Any]
DAY = dt.timedelta(days=1)


def told_to(
    rows: Iterable[Row], deliveries: Mapping[int, Row], catalogue: Catalogue, *, otherwise: dt.date
) -> dict[int, dt.date]:
    """Return, by delivery, the last day that its return tells of, each authority and table for itself.

    A yearly return tells of every day to the 31 March of its last year that was read, with rows in it. An extract is of
    whenever it was taken: to the study's own last day, `otherwise`, or the last day in these `rows` of it that is not to
    come. What is still open is open on that day, and shown to it; the study's figures may stop earlier.
    """
    last: dict[tuple[str, str, str], dt.date] = {}
    for row in deliveries.values():
        if is_yearly(row, catalogue) and row["state"] == "read" and row["rows_in"]:
            day = dt.date(row["collection_year"], 3, 31)
            last[table_of(row)] = max(day, last.get(table_of(row), day))
    for row in rows:
        delivery = deliveries.get(row["delivery_id"] or 0)
        if delivery and not is_yearly(delivery, catalogue):
            days = [otherwise, *(day for day in days_in(row) if day <= dt.date.today())]
            last[table_of(delivery)] = max(*days, last.get(table_of(delivery), otherwise))
    return {number: last.get(table_of(row), otherwise) for number, row in deliveries.items()}


def is_yearly(delivery: Row, catalogue: Catalogue) -> bool:
    known = catalogue.returns.get(delivery["return_name"])
    return known is not None and known.yearly and delivery["collection_year"] is not None


def table_of(delivery: Row) -> tuple[str, str, str]:
    return delivery["return_name"], delivery["la"], delivery["table_name"]


def days_in(row: Row) -> Iterator[dt.date]:
    """Days that a row tells of: its first, its last (the day before `ends_on`), or that of an event."""
    yield from (row[name] for name in ("starts_on", "happened_on") if row.get(name))
    if row.get("ends_on"):
        yield row["ends_on"] - DAY


def days_by_state(spells: Iterable[Row], told: Mapping[int, dt.date], otherwise: dt.date) -> dict[str, int]:
    """Count days by kind of spell, each day once, for the highest kind of STATES that held; none later than it is told."""
    held = []
    for row in spells:
        end = told.get(row["delivery_id"] or 0, otherwise) + DAY
        if row["kind"] in STATES and row["starts_on"]:
            held.append((row["kind"], row["starts_on"], min(row["ends_on"] or end, end)))
    bounds = sorted({day for _, first, end in held for day in (first, end)})
    days = dict.fromkeys(STATES, 0)
    for first, end in pairwise(bounds):
        kinds = {kind for kind, began, ended in held if began <= first and end <= ended}
        highest = next((kind for kind in STATES if kind in kinds), None)
        if highest:
            days[highest] += (end - first).days
    return days
