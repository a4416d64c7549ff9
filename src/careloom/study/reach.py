"""How far the returns reach: nobody is followed, and no care costed, beyond them; and what is missing in between."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace

from careloom.catalogue import Catalogue, Return
from careloom.engine import Engine
from careloom.study.file import Study, year_before

FOLLOWED = {"cin_episode", "care_episode"}
"""What shows that children were in view: the rows that every child in need, or in care, has in every census or return.

Another module (plans, adoption, missing) may have no row in a year, and says nothing of the rest.
"""


def within_returns(study: Study, catalogue: Catalogue, engine: Engine) -> Study:
    """Return the study with its windows cut to what the returns reach, so that nobody is described into the unknown.

    Outcomes are followed further where an authority's own returns go further: see study/views.py.

    Each authority's last yearly return of which a table of those FOLLOWED could be read, with rows in it, reaches to its
    31 March. Costs need only the returns that tell of care. An extract is of whenever it was taken, and cuts nothing.
    """
    read = years_read(catalogue, engine)
    reach = [(name, dt.date(max(years), 4, 1)) for (name, _, _), years in read.items()]
    of_care = [
        day for name, day in reach if any(d.makes == "care_episode" for d in catalogue.returns[name].declarations)
    ]
    end_day = min([study.end_day, *(day for _, day in reach)])
    cost_end_day = min([study.cost_end_day, *of_care])
    cost_first_day = study.cost_first_day if study.is_cost_window_asked else year_before(cost_end_day)
    return replace(
        study,
        end_day=max(study.first_day, end_day),
        cost_first_day=cost_first_day,
        cost_end_day=max(cost_first_day, cost_end_day),
    )


def limits(study: Study, catalogue: Catalogue, engine: Engine) -> list[str]:
    """Return what limits every figure: windows cut to the returns, returns missing between others, and needs counted otherwise."""
    within = within_returns(study, catalogue, engine)
    shortest = sorted(
        {
            f"the {catalogue.returns[name].title} of authority {la}"
            for (name, la, _), years in years_read(catalogue, engine).items()
            if dt.date(max(years), 4, 1) == within.end_day
        }
    )
    needs = study.cost_choices.needs.said()
    otherwise = [f"groups of need are not those of other studies: {needs}"] if needs else []
    return [*cut(study, within, shortest), *gaps(catalogue, engine), *otherwise]


def cut(asked: Study, within: Study, shortest: Sequence[str]) -> list[str]:
    """Say which windows were cut, to which day, and by which returns: the shortest decides for all."""
    said = []
    if within.end_day < asked.end_day:
        more = f" (and {len(shortest) - 1} more)" if len(shortest) > 1 else ""
        said.append(
            f"children are followed to {written(within.end_day)}, where {shortest[0]}{more} ends, not to {written(asked.end_day)}, and described no further; for outcomes each authority's children are followed as far as its own returns go, and the official measures go on as theirs do"
        )
    if asked.is_cost_window_asked and within.cost_end_day < asked.cost_end_day:
        until = (
            f"to {written(within.cost_end_day)}" if within.cost_end_day > within.cost_first_day else "for no day at all"
        )
        said.append(f"care is costed {until}, where the returns of care end, not to {written(asked.cost_end_day)}")
    return said


def gaps(catalogue: Catalogue, engine: Engine) -> list[str]:
    """Say which returns are missing between others: what began or ended in them is not seen."""
    return [
        f"no {catalogue.returns[name].title} of {year} of authority {la} could be read, though those before and after could: what began or ended in it is not seen, and for outcomes children are followed to its beginning"
        for (name, la, _), years in sorted(years_read(catalogue, engine).items())
        for year in sorted(set(range(min(years), max(years))) - years)
    ]


def years_read(catalogue: Catalogue, engine: Engine) -> dict[tuple[str, str, str], set[int]]:
    """Return the collection years read, with rows, by yearly return, authority and table that is followed."""
    told = "SELECT return_name, la, table_name, collection_year FROM delivery WHERE state = 'read' AND rows_in > 0"
    read: dict[tuple[str, str, str], set[int]] = {}
    for name, la, table, year in engine.rows(told):
        return_ = catalogue.returns[name]
        if return_.yearly and (table == "all" or table in followed_tables(return_)):
            read.setdefault((name, la, table), set()).add(int(year))
    return read


def followed_tables(return_: Return) -> set[str]:
    """Name the tables of a return by which children are followed, also through a view."""
    read = {declaration.reads for declaration in return_.declarations if declaration.name in FOLLOWED}
    words = {name: re.findall(r"\w+", return_.views.get(name, name)) for name in read}
    return {table for table in return_.tables if any(table in said for said in words.values())}


def written(end_day: dt.date) -> str:
    """Write the last day of a window that ends before `end_day`."""
    last = end_day - dt.timedelta(days=1)
    return f"{last.day} {last:%B %Y}"
