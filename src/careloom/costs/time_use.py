"""Hours per piece of work, from people who were asked or from diaries: mean and spread, direct and indirect work apart."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from careloom.catalogue import Process
from careloom.catalogue.sheets import Row, amount, filled, read_sheet
from careloom.core import RequestError, nearest

SURVEY = ("person", "process", "element", "staff", "direct_hours", "indirect_hours")
"""A focus group: for each person asked, hours of each kind of staff for one event, or for one week of what goes by time."""
DIARY = ("worker", "day", "case", "process", "element", "staff", "minutes", "work")
"""Event records: who spent how long on which case that day, `work` being direct or indirect."""
WORK = ("direct", "indirect")
MINUTES_A_DAY = 24 * 60
FEW = 5
"""From so many on, quartiles are given: the range of many hangs on the two oddest, and tells what they said. Below, there is only the range."""


@dataclass(frozen=True)
class Spread:
    """Hours of n answers or cases. `sd` is that of a sample, None for one; `by` says what low and high are."""

    n: int
    mean: float
    sd: float | None
    low: float
    high: float
    by: str


@dataclass(frozen=True)
class TimeUsed:
    """Hours of one kind of staff for one event, or one week, of an element."""

    process: str
    element: str
    unit: str
    staff: str
    workers: int
    direct: Spread
    indirect: Spread
    both: Spread


@dataclass(frozen=True)
class TimeUse:
    """What a sheet says: how it was asked, in words for a source, and the hours; no name of a worker or case."""

    how: str
    counted: str
    """What a mean is of: answers, or cases."""
    rows: tuple[TimeUsed, ...]


def spread(hours: Sequence[float]) -> Spread:
    """Mean, standard deviation and limits: quartiles (interpolated) of 5 or more, else the lowest and highest.

    The lowest and highest, too, where the mean lies outside the quartiles: a range that leaves the mean out is none of it.
    """
    values = np.asarray(hours, dtype=np.float64)
    mean = float(values.mean())
    sd = float(values.std(ddof=1)) if len(values) > 1 else None
    low, high = (float(q) for q in np.quantile(values, (0.25, 0.75)))
    if len(values) >= FEW and low <= mean <= high:
        return Spread(len(values), mean, sd, low, high, "quartiles")
    return Spread(len(values), mean, sd, float(values.min()), float(values.max()), "lowest and highest")


def read_time_use(path: Path, processes: Sequence[Process]) -> TimeUse:
    """Read a survey or a diary, told apart by its heading. Raises RequestError naming the line; no message names a worker or case."""
    bases = {(process.key, e.name): e.basis for process in processes for e in process.elements}
    is_diary = "minutes" in heading(path)
    columns = DIARY if is_diary else SURVEY
    rows = read_sheet(path, columns, what="diary" if is_diary else "survey of time", error=RequestError)
    for line, row in rows:
        where = f"{path.name} line {line}"
        filled(where, row, [name for name in columns if not name.endswith("_hours")], RequestError)
        check_element(where, row, bases)
    return diary(path, rows, bases) if is_diary else survey(path, rows, bases)


def heading(path: Path) -> str:
    """The first line, as far as it can be read; what is wrong with it is said when all of it is read."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            return file.readline()
    except OSError:
        return ""


def check_element(where: str, row: Row, bases: Mapping[tuple[str, str], str]) -> None:
    names = [name for key, name in bases if key == row["process"]]
    if not names:
        raise RequestError(f"{where}: there is no such process{nearest(row['process'], {key for key, _ in bases})}")
    if row["element"] not in names:
        raise RequestError(f"{where}: {row['process']} has no such element{nearest(row['element'], names)}")


# --- a focus group ---------------------------------------------------------------------------------------------------


def survey(path: Path, rows: Sequence[tuple[int, Row]], bases: Mapping[tuple[str, str], str]) -> TimeUse:
    """Each answer counts once; blank is no answer, 0 is none of the time."""
    answers: dict[tuple[str, str, str], dict[str, tuple[int, float, float]]] = defaultdict(dict)
    for line, row in rows:
        where = f"{path.name} line {line}"
        direct, indirect = (amount(where, row, name, RequestError) for name in ("direct_hours", "indirect_hours"))
        if direct is None and indirect is None:
            raise RequestError(f"{where}: there are no hours; write 0 for none, or take out what was not asked")
        given = answers[row["process"], row["element"], row["staff"]]
        if row["person"] in given:
            first = given[row["person"]][0]
            raise RequestError(f"{path.name} lines {first} and {line}: the same person answers the same question twice")
        given[row["person"]] = (line, float(direct or Decimal(0)), float(indirect or Decimal(0)))
    people = len({row["person"] for _, row in rows})
    used = [
        timed(key, bases, len(given), [(direct, indirect) for _, direct, indirect in given.values()])
        for key, given in answers.items()
    ]
    return TimeUse(f"focus group, {people} asked", "answers", tuple(used))


# --- a diary ---------------------------------------------------------------------------------------------------------


def diary(path: Path, rows: Sequence[tuple[int, Row]], bases: Mapping[tuple[str, str], str]) -> TimeUse:
    """Time is added up by case and element; a kind of staff that spent none on a case counts with 0, so that staff add up.

    What goes by time is divided by the weeks that the diary covers, from its first to its last day: every case in it is
    taken to be open throughout.
    """
    days = [read_day(f"{path.name} line {line}", row["day"]) for line, row in rows]
    check_days(path, rows, days)
    weeks = ((max(days) - min(days)).days + 1) / 7
    spent: dict[tuple[str, str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))
    cases: dict[tuple[str, str], set[str]] = defaultdict(set)
    workers: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for line, row in rows:
        key = (row["process"], row["element"], row["staff"])
        per = 1.0 if bases[key[:2]] == "event" else weeks
        kind = row["work"].lower()
        if kind not in WORK:
            raise RequestError(f'{path.name} line {line}: "work" should be direct or indirect')
        spent[key][row["case"]][WORK.index(kind)] += minutes(f"{path.name} line {line}", row) / 60 / per
        cases[key[:2]].add(row["case"])
        workers[key].add(row["worker"])
    used = [
        timed(key, bases, len(workers[key]), [(given[case][0], given[case][1]) for case in sorted(cases[key[:2]])])
        for key, given in spent.items()
    ]
    people, period = len({row["worker"] for _, row in rows}), f"{min(days)} to {max(days)}"
    return TimeUse(f"diary of {people} staff, {period}", "cases", tuple(used))


def read_day(where: str, written: str) -> dt.date:
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return dt.datetime.strptime(written, form).date()
        except ValueError:
            continue
    raise RequestError(f'{where}: "day" should be a date such as 2024-03-31 or 31/03/2024')


def minutes(where: str, row: Row) -> float:
    found = amount(where, row, "minutes", RequestError)
    if not found or found > MINUTES_A_DAY:
        raise RequestError(f'{where}: "minutes" should be above 0 and at most {MINUTES_A_DAY}, those of a day')
    return float(found)


def check_days(path: Path, rows: Sequence[tuple[int, Row]], days: Iterable[dt.date]) -> None:
    """Raise when one worker has more minutes on a day than it has."""
    spent: dict[tuple[str, dt.date], float] = defaultdict(float)
    for (line, row), day in zip(rows, days, strict=True):
        spent[row["worker"], day] += minutes(f"{path.name} line {line}", row)
        if spent[row["worker"], day] > MINUTES_A_DAY:
            raise RequestError(f"{path.name} line {line}: with it the worker has more than 24 hours on that day")


# --- both ------------------------------------------------------------------------------------------------------------


def timed(
    key: tuple[str, str, str], bases: Mapping[tuple[str, str], str], workers: int, hours: Sequence[tuple[float, float]]
) -> TimeUsed:
    process, element, staff = key
    return TimeUsed(
        process=process,
        element=element,
        unit="event" if bases[process, element] == "event" else "week",
        staff=staff,
        workers=workers,
        direct=spread([direct for direct, _ in hours]),
        indirect=spread([indirect for _, indirect in hours]),
        both=spread([direct + indirect for direct, indirect in hours]),
    )


def price_rows(use: TimeUse, basis: str, price_year: str, sheet: str) -> list[dict[str, str]]:
    """Rows that a price sheet takes: working hours with indirect work in them, client hours without.

    Hours are rounded to the ten-thousandth; rates come from the staff sheet beside the price sheet. One answer alone says
    nothing of how far hours range: its limits stay blank.
    """
    rows = []
    for used in use.rows:
        hours = used.both if basis == "working hour" else used.direct
        limits = f", limits: {hours.by}" if hours.n > 1 else ""
        what = f"{use.how} ({sheet}); {f'mean of {hours.n}' if hours.n > 1 else 'one'} of the {use.counted}{limits}"
        rows.append(
            {
                "standing": "local",
                "price_year": price_year,
                "process": used.process,
                "element": used.element,
                "unit": used.unit,
                "component": "pay",
                "staff": used.staff,
                "hours": f"{hours.mean:.4f}",
                "hours_low": f"{hours.low:.4f}" if hours.n > 1 else "",
                "hours_high": f"{hours.high:.4f}" if hours.n > 1 else "",
                "hours_basis": basis,
                "source": what,
            }
        )
    return rows
