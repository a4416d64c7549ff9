"""Figures of what becomes of the children: rising curves with bands and numbers still followed, from released tables only.

A panel for each category, not a colour: twelve curves in one frame cannot be told apart, in print least of all. Every panel
has the same scale, and a dashed line to compare with.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from careloom.report.drawing import COLOURS, FONT, WIDTH, Figure, Rows, data, not_drawn, order, svg, wrapped
from careloom.report.grid import MARK
from careloom.report.question import READ_OFFS

ALL = "All children"
BLANK = "\u200b"
"""A line of a head that holds its place: a space of no width, for lines of plain spaces are left out."""
KAPLAN_MEIER = "1 - Kaplan-Meier"
BAND, GREY = "#cddbe8", "#5a6369"
HEIGHT, AXIS = 96, 50
"""Pixels: how high a panel is, and the room for its percentages and to the next panel."""
MOST_IN_A_ROW = 3
MOST_HEAD_LINES = 6
LETTER, BETWEEN = 6.2, 8
"""Pixels: how wide a letter is, about, and what is left free between two numbers under an axis."""
SHORTEST = 3
"""A curve that may not be shown so many months is not drawn: it would be a dot."""
NOTE = (
    "Band: 95% interval. Lines join the points that may be shown; dots are those at the months read off. "
    f"Under each month: children still followed ({MARK}: withheld, or too few to show)."
)


@dataclass(frozen=True)
class Panel:
    """A curve: `points` (month, share, lower, upper; limits may be blank), `dashed` (month, share), by month how many
    children were still followed (None: withheld), and what is said of the dashed line, if it is in no other panel."""

    name: str
    points: Rows
    dashed: Rows
    followed: Mapping[int, int | None]
    of_dashed: str = ""


@dataclass(frozen=True)
class Frame:
    """What all panels share: the last month, the months with a number below, the highest percentage, the width in pixels,
    what the lines are called, and whether any is dashed."""

    last: int
    months: Sequence[int]
    top: int
    width: int
    labels: tuple[str, str]
    has_dashed: bool


def draw_curves(rows: Rows) -> Figure | None:
    """Share with the event by month: a panel for each category, all children dashed in each."""
    everyone = [row for row in rows if row["category"] == ALL]
    panels = [Panel(name, mine, [] if name == ALL else everyone, _followed(mine)) for name, mine in _curves(rows)]
    return _draw(panels, ("This category", ALL))


def draw_incidence(rows: Rows) -> Figure | None:
    """The cumulative incidence, and dashed what 1 - Kaplan-Meier says; children of every age."""
    panels = []
    for name, mine in _curves([row for row in rows if row["of_whom"] == ALL]):
        names = {"share": "incidence", "lower": "incidence_lower", "upper": "incidence_upper"}
        points = [{"month": row["month"], **{name: row[names[name]] for name in names}} for row in mine]
        dashed = [row for row in mine if row["share"] is not None]
        of_dashed = f" ({KAPLAN_MEIER}: {100 * dashed[-1]['share']:.0f}%)" if dashed else ""
        panels.append(Panel(name, points, dashed, _followed(mine), of_dashed))
    return _draw(panels, ("Cumulative incidence", KAPLAN_MEIER))


def _curves(rows: Rows) -> list[tuple[str, list[dict[str, Any]]]]:
    """Each category and its rows in order of time."""
    of_name = {name: [row for row in rows if row["category"] == name] for name in order(rows, "category")}
    return [(name, sorted(mine, key=lambda row: row["month"])) for name, mine in of_name.items()]


def _followed(rows: Rows) -> dict[int, int | None]:
    return {row["month"]: row["at_risk"] for row in rows}


def _draw(panels: Sequence[Panel], labels: tuple[str, str]) -> Figure | None:
    """The panels three in a row, without those that may be shown for a few weeks alone; None when none is left."""
    drawn = [panel for panel in panels if panel.points[-1]["month"] >= SHORTEST]
    if not drawn:
        return None
    frame = _frame(drawn, labels)
    columns = min(MOST_IN_A_ROW, len(drawn))
    heads = [wrapped(panel.name, int(frame.width / LETTER), MOST_HEAD_LINES).split("|") for panel in drawn]
    in_rows = [max(map(len, heads[n - n % columns :][:columns])) for n in range(len(heads))]
    made = [_panel(*each, frame) for each in zip(drawn, heads, in_rows, strict=True)]
    words = f"Rising curves, a panel for each group. {'; '.join(map(_said, drawn))}."
    left_out = not_drawn([panel.name for panel in panels if panel not in drawn])
    return Figure(svg(alt.concat(*made, columns=columns, spacing=18)), words, note=f"{NOTE} {left_out}".strip())


def _frame(panels: Sequence[Panel], labels: tuple[str, str]) -> Frame:
    """As many months as the longest curve has, and the least round percentage that holds all."""
    last = max(panel.points[-1]["month"] for panel in panels)
    highest = max(max(row["share"], row["upper"] or 0.0) for panel in panels for row in panel.points)
    highest = max([highest, *(row["share"] for panel in panels for row in panel.dashed if row["month"] <= last)])
    top = next(top for top in (1, 2, 5, 10, 20, 40, 60, 80, 100) if 100 * highest <= top)
    width = WIDTH // min(MOST_IN_A_ROW, len(panels)) - AXIS
    has_dashed = any(panel.dashed for panel in panels)
    return Frame(last, _months(panels, last, width), top, width, labels, has_dashed)


def _months(panels: Sequence[Panel], last: int, width: int) -> list[int]:
    """Whole years (half years, if curves are short) that the table has, as many as leave room for the numbers under them."""
    longest = max(len(_number(panel.followed, month)) for panel in panels for month in panel.followed)
    room = (LETTER * longest + BETWEEN) * last / width
    step = 12 if last > 24 else 6
    kept = [0]
    for month in sorted({month for panel in panels for month in panel.followed}):
        if month % step == 0 and kept[-1] + room <= month <= last:
            kept.append(month)
    return kept


def _panel(panel: Panel, head: Sequence[str], head_lines: int, frame: Frame) -> Any:
    """One panel: the band, the two lines, and the dots. Heads of fewer lines than others in the row stand lower."""
    across = alt.X("month:Q", scale=alt.Scale(domain=[0, frame.last]), **_axis(panel, frame))
    percentages = alt.Axis(labelExpr="datum.label + '%'", ticks=False, domain=False, tickCount=4)
    scale = alt.Scale(domain=[0, frame.top])
    share, lower = (alt.Y(f"{name}:Q", title=None, scale=scale, axis=percentages) for name in ("share", "lower"))
    points, dashed = _percent(panel.points), [row for row in _percent(panel.dashed) if row["month"] <= frame.last]
    band = alt.Chart(data(_band(points))).mark_area(color=BAND).encode(x=across, y=lower, y2="upper:Q")
    named = [{**row, "which": frame.labels[0]} for row in _from_zero(points)]
    named += [{**row, "which": frame.labels[1]} for row in _from_zero(dashed)]
    lines = alt.Chart(data(named)).mark_line(strokeWidth=2).encode(x=across, y=share, **_key(frame))
    read_off = [row for row in points if row["month"] in READ_OFFS]
    dots = alt.Chart(data(read_off)).mark_point(filled=True, size=20, color=COLOURS[0], opacity=1)
    title = alt.TitleParams(
        [*[BLANK] * (head_lines - len(head)), *head],
        font=FONT,
        fontSize=12,
        fontWeight="normal",
        anchor="start",
        frame="group",
    )
    chart = band + lines + dots.encode(x=across, y=share)
    return chart.properties(width=frame.width, height=HEIGHT, title=title)


def _key(frame: Frame) -> dict[str, Any]:
    """Colour and dash of the two lines, told once above all panels; nothing to tell of one line alone."""
    legend = alt.Legend(orient="top", symbolType="stroke", symbolSize=500) if frame.has_dashed else None
    colour = alt.Scale(domain=list(frame.labels), range=[COLOURS[0], GREY])
    dash = alt.Scale(domain=list(frame.labels), range=[[1, 0], [5, 3]])
    return {
        "color": alt.Color("which:N", title=None, scale=colour, legend=legend),
        "strokeDash": alt.StrokeDash("which:N", title=None, scale=dash, legend=legend),
    }


def _axis(panel: Panel, frame: Frame) -> dict[str, Any]:
    """The axis of months; under each month, in a second line, how many children were still followed."""
    texts = json.dumps({month: f"{month}|{_number(panel.followed, month)}" for month in frame.months})
    # a label of several lines is a list in Vega's expressions
    labels = f"split({texts}[datum.value], '|')"
    axis = alt.Axis(values=list(frame.months), grid=False, labelExpr=labels, labelOverlap=False, labelFlush=False)
    return {"title": "Months; children followed", "axis": axis}


def _number(followed: Mapping[int, int | None], month: int) -> str:
    """How many were followed, or the mark of what is withheld; nothing at time zero, if the table starts later."""
    if month == 0 and month not in followed:
        return ""
    number = followed.get(month)
    return MARK if number is None else f"{number:,}"


def _percent(rows: Rows) -> list[dict[str, Any]]:
    """Month, and share and limits as percentages; a limit that is not there is None."""
    names = ("share", "lower", "upper")
    return [
        {"month": row["month"], **{name: None if row.get(name) is None else 100 * row[name] for name in names}}
        for row in rows
    ]


def _from_zero(points: Rows) -> list[dict[str, Any]]:
    """The points, from time zero on: nobody has had the event then."""
    start = {"month": 0, "share": 0.0, "lower": 0.0, "upper": 0.0}
    return [start, *(row for row in points if row["month"])] if points else []


def _band(points: Rows) -> list[dict[str, Any]]:
    """Where the limits are known; from time zero on, if they are known at the next point."""
    whole = _from_zero(points)
    known = [row for row in whole[1:] if row["lower"] is not None and row["upper"] is not None]
    return [*whole[:1], *known] if known and known[0] is whole[1] else known


def _said(panel: Panel) -> str:
    """A curve in words: after 12 months, where that may be shown, and at its end."""
    points = [row for row in panel.points if row["month"] == 12] + [panel.points[-1]]
    said = {row["month"]: f"{_interval(row)} by month {row['month']}" for row in points}
    return f"{panel.name}: {', '.join(said.values())}{panel.of_dashed}"


def _interval(row: dict[str, Any]) -> str:
    share = f"{100 * row['share']:.0f}%"
    if row["lower"] is None or row["upper"] is None:
        return share
    return f"{share} ({100 * row['lower']:.0f} to {100 * row['upper']:.0f})"
