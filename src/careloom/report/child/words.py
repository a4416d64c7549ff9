"""What one child's page says, before it is laid out: lanes of lines, each with its days, its words and where it was read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

INSIDE = "INSIDE THE AUTHORITY ONLY. One child's record, under a pseudonym. Do not copy it or pass it on."
HALF_OPEN = "(until: the first day on which it no longer held)"
OPEN_APART = "still open when last told"
NOTHING = "Nothing recorded of this child could be used, or nothing was recorded."
MOST_YEARS = 30
"""A slip of the pen may put a day in 1900 or 2099: no timeline of a child is longer than this."""


@dataclass(frozen=True)
class Line:
    """One stretch [starts_on, ends_on) of a lane, or one day of it.

    `ends_on` is blank while open; of an event it is the day itself. `label` is a few words for a bar, and `short` a
    code for one too short for words; `words` are all there is to say, a line each. `source` is where it was read: the number of a file and a line of it.
    `told_to` is the last day that the return it comes from tells of; blank where it is the page's own.
    """

    starts_on: date
    ends_on: date | None
    label: str
    words: tuple[str, ...]
    short: str = ""
    source: str = ""
    told_to: date | None = None


@dataclass(frozen=True)
class Lane:
    """One row of the timeline: lines of one kind, first days in order. Some are only told, or only drawn.

    `colour` is the number of its colour, so that a lane looks alike on every child's page.
    """

    title: str
    lines: tuple[Line, ...]
    is_event: bool = False
    is_drawn: bool = True
    is_told: bool = True
    colour: int = 0


@dataclass(frozen=True)
class CostRow:
    """What one process cost in the window, in GBP, and how often it was done or for how many nights."""

    process: str
    times: str
    case_management: float
    fees: float


@dataclass(frozen=True)
class UnitRow:
    """One element of one process: (a) its unit cost in GBP, (b) how many events or nights, and (a) x (b)."""

    process: str
    element: str
    unit_cost: float
    number: float
    basis: str
    subtotal: float


@dataclass(frozen=True)
class PlacementCosts:
    """What one stretch of a placement cost, element by element, processes in order."""

    title: str
    rows: tuple[UnitRow, ...]

    @property
    def total(self) -> float:
        return sum(row.subtotal for row in self.rows)


@dataclass(frozen=True)
class ChildPage:
    """One child's record. `last_day` is the last day that any of the returns shown tells of.

    `facts` say who the child is, without identifiers; `brief` says it all in a few lines; `cost_words` say of which days
    and at which prices costs are; `files` are those that lines were read from; `foot` says what is not on the page.
    """

    person_id: str
    study: str
    facts: tuple[str, ...]
    birth_month: date | None
    last_day: date
    brief: tuple[str, ...]
    lanes: tuple[Lane, ...]
    costs: tuple[CostRow, ...]
    cost_words: str
    files: tuple[str, ...]
    foot: str = ""
    placement_costs: tuple[PlacementCosts, ...] = ()

    @property
    def drawn(self) -> tuple[Lane, ...]:
        return tuple(lane for lane in self.lanes if lane.is_drawn and lane.lines)

    @property
    def open_words(self) -> str:
        """Say on which day what is open was open: one for all of the drawing, or each its own."""
        days = {line.told_to or self.last_day for lane in self.drawn for line in lane.lines if not line.ends_on}
        return f"still open on {write_day(max(days, default=self.last_day)).strip()}" if len(days) < 2 else OPEN_APART

    @property
    def total(self) -> float:
        return sum(row.case_management + row.fees for row in self.costs)


@dataclass(frozen=True)
class Axis:
    """The days [first, end) that a timeline shows: whole calendar years, never more than thirty."""

    first: date
    end: date

    @classmethod
    def of(cls, page: ChildPage) -> "Axis":
        """From the year of the first line to the year of the last, or of the last day that the returns tell of."""
        days = [day for day in all_days(page) if day.year < page.last_day.year + 2]
        last = max([page.last_day, *days]).year
        first = min((day.year for day in days if day.year > last - MOST_YEARS), default=last)
        return cls(date(first, 1, 1), date(last + 1, 1, 1))

    @property
    def years(self) -> range:
        return range(self.first.year, self.end.year)

    def share(self, day: date) -> float:
        """Where a day lies, from 0 to 1; a day outside lies at the edge."""
        return min(1.0, max(0.0, (day - self.first).days / (self.end - self.first).days))


def all_days(page: ChildPage) -> Iterator[date]:
    """Every day on which something that is drawn begins, or was last the case."""
    for line in (line for lane in page.drawn for line in lane.lines):
        yield line.starts_on
        if line.ends_on:
            yield max(line.starts_on, line.ends_on - timedelta(days=1))


def end_drawn(line: Line, page: ChildPage) -> date:
    """Where a bar ends: an open one on the last day that its return tells of, and a day after its start at least."""
    end = line.ends_on or (line.told_to or page.last_day) + timedelta(days=1)
    return max(end, line.starts_on + timedelta(days=1))


def age_on_new_year(birth_month: date, year: int) -> int:
    """Completed years on 1 January; negative before birth. The day of birth is not known, nor needed for it."""
    return year - birth_month.year - 1 if birth_month.month > 1 else year - birth_month.year


def write_day(day: date) -> str:
    """Write a day in eleven characters: ` 1 Apr 2020`."""
    return f"{day.day:>2} {day:%b %Y}"


def tracks(lines: tuple[Line, ...], page: ChildPage) -> list[list[Line]]:
    """Share lines out to as few rows as hold them without overlap, first come first."""
    rows: list[list[Line]] = []
    for line in lines:
        free = next((row for row in rows if end_drawn(row[-1], page) <= line.starts_on), None)
        if free is None:
            rows.append([line])
        else:
            free.append(line)
    return rows
