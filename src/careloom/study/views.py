"""From when until when each authority's returns can be read: outside of that nobody is followed for an outcome."""

import datetime as dt
from collections.abc import Iterator, Sequence

import pyarrow as pa

from careloom.catalogue import Catalogue
from careloom.engine import Engine
from careloom.outcomes import IN_VIEW
from careloom.study.asked_of_outcomes import Mask
from careloom.study.reach import years_read


def views(catalogue: Catalogue, engine: Engine, masks: Sequence[Mask]) -> pa.Table:
    """Return the rows of `in_view`: for each authority and yearly return by which children are followed, stretches
    of years without a gap, from the 1 April before the first to the 31 March of the last.

    An authority that handed over no such return has no row: its records come from extracts, which limit nothing.
    """
    rows = [
        {"return_name": name, "la": la, "starts_on": start, "ends_on": end, "is_last": is_last}
        for (name, la), years in sorted(years_in_view(catalogue, engine).items())
        for start, end, is_last in stretches(years, hidden(masks, name, la))
    ]
    return pa.Table.from_pylist(rows, schema=IN_VIEW)


def years_in_view(catalogue: Catalogue, engine: Engine) -> dict[tuple[str, str], set[int]]:
    """The years of each return and authority of which all that shows children was read: XML, or every table of it."""
    whole: dict[tuple[str, str], set[int]] = {}
    tables: dict[tuple[str, str], list[set[int]]] = {}
    for (name, la, table), years in years_read(catalogue, engine).items():
        if table == "all":
            whole.setdefault((name, la), set()).update(years)
        else:
            tables.setdefault((name, la), []).append(years)
    both = {key: set.intersection(*found) for key, found in tables.items()}
    return {key: whole.get(key, set()) | both.get(key, set()) for key in {*whole, *both}}


def hidden(masks: Sequence[Mask], return_name: str, la: str) -> set[int]:
    return {mask.year for mask in masks if mask.authority == la and mask.return_name in (None, return_name)}


def stretches(years: set[int], hidden: set[int]) -> Iterator[tuple[dt.date, dt.date, bool]]:
    """Runs of years that follow each other: first day, first day no longer in it, and whether no later year was read."""
    shown = sorted(years - hidden)
    starts = [year for year in shown if year - 1 not in shown]
    ends = [year for year in shown if year + 1 not in shown]
    for first, last in zip(starts, ends, strict=True):
        yield dt.date(first - 1, 4, 1), dt.date(last, 4, 1), last == max(years)
    if years and not shown:
        # Every year is hidden: a view that ends when it begins, so that nobody of this authority is in it.
        day = dt.date(min(years) - 1, 4, 1)
        yield day, day, False
