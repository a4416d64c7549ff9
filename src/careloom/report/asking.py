"""Ask every question of the report: lay out the study's own words for the SQL, then release table by table."""

from collections.abc import Mapping
from datetime import date, timedelta

import pyarrow as pa

from careloom.catalogue import Catalogue
from careloom.engine import Engine
from careloom.report.beside import set_beside
from careloom.report.local_share import MONTH, load_local_share
from careloom.report.question import READ_OFFS, Answer, ask_all, read_questions
from careloom.report.words import StudyWords

MONTHS = (*range(25), 30, 36, 48, 60, 72)
LEAP_CYCLE = range(2001, 2013)


def longest(months: int) -> int:
    """The first day by which so many months have passed, whatever the calendar: 3 months are at most 92 days."""
    starts = [(year, month) for year in LEAP_CYCLE for month in range(12)]
    return max((_first(year, month + months) - _first(year, month)).days for year, month in starts)


def _first(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


def answer_all(engine: Engine, catalogue: Catalogue, study: StudyWords) -> Mapping[str, Answer]:
    """Answer every question; loads five small working tables: report_month, report_label, study_window, cost_year, local_share."""
    load_words(engine, catalogue)
    window = {"cost_first_day": study.cost_first_day, "cost_end_day": study.cost_last_day + timedelta(days=1)}
    engine.load("study_window", pa.Table.from_pylist([window]))
    engine.load("cost_year", cost_years(window["cost_first_day"], window["cost_end_day"]))
    load_local_share(engine, longest(MONTH))
    return set_beside(ask_all(engine, list(read_questions().values()), study.disclosure), study.pooled)


def cost_years(first_day: date, end_day: date) -> pa.Table:
    """The financial years that [first_day, end_day) touches: year as 2022-23, starts_on, end_day, and is it costed whole?"""
    rows = [
        {
            "year": f"{year}-{(year + 1) % 100:02}",
            "starts_on": date(year, 4, 1),
            "end_day": date(year + 1, 4, 1),
            "is_whole": first_day <= date(year, 4, 1) and date(year + 1, 4, 1) <= end_day,
        }
        for year in range(first_day.year - 1, end_day.year + 1)
        if date(year, 4, 1) < end_day and date(year + 1, 4, 1) > first_day
    ]
    days = [("starts_on", pa.date32()), ("end_day", pa.date32())]
    return pa.Table.from_pylist(rows, schema=pa.schema([("year", pa.string()), *days, ("is_whole", pa.bool_())]))


def load_words(engine: Engine, catalogue: Catalogue) -> None:
    """Load `report_month` and `report_label`: the months that curves are read at, and what things are called."""
    months = [{"month": m, "day": longest(m) if m else 0, "is_read_off": m in READ_OFFS} for m in MONTHS]
    engine.load("report_month", pa.Table.from_pylist(months))
    engine.load("report_label", _labels(catalogue))


def _labels(catalogue: Catalogue) -> pa.Table:
    titles = [("return", name, r.title) for name, r in catalogue.returns.items()]
    titles += [("yearly return", name, r.title) for name, r in catalogue.returns.items() if r.yearly]
    titles += [("outcome", name, o.title) for name, o in catalogue.outcomes.items()]
    of_outcomes = dict.fromkeys(
        [("ending", c.name, c.title) for o in catalogue.outcomes.values() for c in o.competing]
        + [("covariate", c.name, c.title) for o in catalogue.outcomes.values() for c in o.covariates]
    )
    titles += list({(kind, name): (kind, name, title) for kind, name, title in of_outcomes}.values())
    text = pa.schema([("kind", pa.string()), ("name", pa.string()), ("label", pa.string())])
    return pa.Table.from_pylist([{"kind": k, "name": n, "label": x} for k, n, x in titles], schema=text)
