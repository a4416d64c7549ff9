"""One child's page in words: 100 columns wide, plain characters, for a screen, a printer or a file beside the case."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from careloom.report.child.words import (
    HALF_OPEN,
    INSIDE,
    NOTHING,
    Axis,
    ChildPage,
    Lane,
    Line,
    UnitRow,
    age_on_new_year,
    end_drawn,
    write_day,
)

WIDTH = 100
NAMES = 22
"""Columns for the names of lanes, left of the chart."""
CELLS = WIDTH - NAMES - 2
SOURCE = 18
"""Columns for the place of a line in its file."""
DAYS = 27
"""Columns for the days of a stretch, and what parts them from the words."""
UNIT_COSTS = (
    "Unit costs are shown to the penny and multiplied as they are: subtotals may differ by pence from (a) x (b)."
)
BEGINS, BAR, OPEN, EVENT = "|", "=", ">", "o"


def write_child(page: ChildPage, seen: Sequence[str]) -> str:
    """Return the whole page as text, no line longer than 100 characters. `seen` says who looked, when and why."""
    parts = [
        head(page, seen),
        chart(page),
        columns(page),
        *(tell(lane) for lane in page.lanes if lane.lines and lane.is_told),
        costs(page),
        *(by_placement(page)),
        files(page),
        wrap(page.foot, WIDTH),
    ]
    return "\n\n".join("\n".join(line.rstrip() for line in part) for part in parts if part) + "\n"


def head(page: ChildPage, seen: Sequence[str]) -> list[str]:
    """Who may see it, who looked and why; who the child is; and the whole in a few lines."""
    said = [INSIDE, *seen, "", f"Child {page.person_id}", f"Study: {page.study}", *page.facts]
    if page.brief:
        said += ["", *page.brief]
    return [line for text in said for line in (wrap(text, WIDTH) if text else [""])]


def chart(page: ChildPage) -> list[str]:
    """The lanes under an axis of years, one character for some weeks."""
    if not page.drawn:
        return [NOTHING]
    axis = Axis.of(page)
    days = (axis.end - axis.first).days / CELLS
    legend = (
        f"{BEGINS} begins   {BAR} holds   {OPEN} {page.open_words}   {EVENT} event   one character is {days:.0f} days"
    )
    rows = [legend, f"{'':{NAMES}} {years(axis)}"]
    if page.birth_month:
        rows.append(f"{'Age on 1 January':{NAMES}} {ages(axis, page)}")
    return rows + [f"{shorten(lane.title, NAMES):{NAMES}} {cells(lane, axis, page)}" for lane in page.drawn]


def years(axis: Axis) -> str:
    return along(axis, {year: str(year) for year in axis.years})


def ages(axis: Axis, page: ChildPage) -> str:
    if not page.birth_month:
        return ""
    known = {year: age_on_new_year(page.birth_month, year) for year in axis.years}
    return along(axis, {year: str(age) for year, age in known.items() if age >= 0})


def along(axis: Axis, written: dict[int, str]) -> str:
    """Write something at the beginning of each year; where it would touch the one before, or the edge, leave it out."""
    row = ""
    for year, text in written.items():
        at = round(axis.share(axis.first.replace(year=year)) * CELLS)
        if (not row or at > len(row)) and at + len(text) <= CELLS:
            row = f"{row:{at}}{text}"
    return row


def cells(lane: Lane, axis: Axis, page: ChildPage) -> str:
    """One lane as characters: what is shorter than one still has one."""
    row = [" "] * CELLS
    for line in lane.lines:
        first = min(CELLS - 1, int(axis.share(line.starts_on) * CELLS))
        if lane.is_event:
            row[first] = EVENT
            continue
        last = min(CELLS - 1, max(first, round(axis.share(end_drawn(line, page)) * CELLS) - 1))
        row[first : last + 1] = BAR * (last + 1 - first)
        if line.ends_on is None:
            row[last] = OPEN
        row[first] = BEGINS if first < last or line.ends_on else OPEN
    return "".join(row)


def columns(page: ChildPage) -> list[str]:
    """Head the columns of all that follows."""
    if not any(lane.lines and lane.is_told for lane in page.lanes):
        return []
    heads = f"  {'from':>11} {'until':>11}"
    return [f"{heads:{DAYS}}{'what':{WIDTH - DAYS - SOURCE - 2}}  read from", f"  {HALF_OPEN}"]


def tell(lane: Lane) -> list[str]:
    """One lane in full: every line with its days, what there is to say, and where it was read."""
    heading = f"{lane.title.upper()} ({len(lane.lines)})"
    return [heading, *(row for line in lane.lines for row in tell_line(line, lane))]


def tell_line(line: Line, lane: Lane) -> Iterator[str]:
    width = WIDTH - DAYS - SOURCE - 2
    first, *others = line.words or ("recorded",)
    said = [*wrap(first, width), *(row for text in others for row in wrap(text, width, "  "))]
    source = wrap(line.source, SOURCE)
    for number in range(max(len(said), len(source))):
        words = said[number] if number < len(said) else ""
        where = source[number] if number < len(source) else ""
        yield f"{days_of(line, lane) if number == 0 else '':{DAYS}}{words:{width}}  {where}"


def days_of(line: Line, lane: Lane) -> str:
    if lane.is_event:
        return f"  {write_day(line.starts_on)}"
    return f"  {write_day(line.starts_on)} {write_day(line.ends_on) if line.ends_on else 'still open':>11}"


def costs(page: ChildPage) -> list[str]:
    said = ["COSTS", *wrap(page.cost_words, WIDTH, "  ")]
    if not page.costs:
        return said
    work, fees = (sum(getattr(row, name) for row in page.costs) for name in ("case_management", "fees"))
    return [
        *said,
        f"  {'process':39} {'times or nights':>19} {'work':>11} {'fees':>12} {'GBP':>12}",
        *(cost(row.process, row.times, row.case_management, row.fees) for row in page.costs),
        cost("all", "", work, fees),
    ]


def cost(process: str, times: str, work: float, fees: float) -> str:
    return f"  {shorten(process, 39):39} {shorten(times, 19):>19} {work:>11,.2f} {fees:>12,.2f} {work + fees:>12,.2f}"


def by_placement(page: ChildPage) -> Iterator[list[str]]:
    """The layout of the Cost Calculator, a table for each placement; the last adds up to the whole."""
    heads = f"  {'':48} {'(a) unit cost':>13} {'(b) number':>14} {'(a) x (b), GBP':>18}"
    for number, placement in enumerate(page.placement_costs):
        told = ["COSTS BY PLACEMENT", *wrap(UNIT_COSTS, WIDTH, "  "), ""] if number == 0 else []
        told += [*wrap(placement.title, WIDTH, "  "), heads]
        for process, same in groupby(placement.rows, lambda row: row.process):
            rows = list(same)
            told.append(f"  {shorten(process, WIDTH - 4)}")
            told += [unit(row) for row in rows]
            told.append(f"    {'cost of the process':76} {sum(row.subtotal for row in rows):>18,.2f}")
        yield [*told, f"  {'total of the processes':78} {placement.total:>18,.2f}"]


def unit(row: UnitRow) -> str:
    what = "nights" if row.basis == "night" else "times"
    number = f"{row.number:,.2f}".removesuffix(".00")
    return f"    {shorten(row.element, 46):46} {row.unit_cost:>13,.2f} {number:>7} {what:6} {row.subtotal:>18,.2f}"


def files(page: ChildPage) -> list[str]:
    if not page.files:
        return []
    note = "[1] line 2 is the row that something was read from; of several rows made into one, it is one of them."
    named = [row for name in page.files for row in wrap(name, WIDTH, "      ", "  ")]
    return ["READ FROM", *named, *wrap(note, WIDTH, "  ")]


def wrap(text: str, width: int, later: str = "", first: str | None = None) -> list[str]:
    """Break a text into lines, also a name without a space. `later` begins every line, `first` the first where given."""
    return textwrap.wrap(text, width, initial_indent=later if first is None else first, subsequent_indent=later)


def shorten(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3].rstrip()}..."
