"""The figures: drawn as SVG from released tables only, each with the words that say the same."""

import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import altair as alt
import vl_convert

from careloom.report.grid import numbered, write
from careloom.report.question import Answer

COLOURS = ["#12436d", "#28a197", "#801650", "#f46a25", "#3d3d3d", "#a285d1"]
"""Told apart by readers with any colour vision, on white; lines differ in dash too."""
DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4], [4, 1]]
FONT = "Arial, Helvetica, sans-serif"
WIDTH = 620
ALL = ("All", "All children")
BLANK = "A blank square: withheld, or not asked."

Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Figure:
    """A drawing and its text alternative."""

    svg: str
    words: str
    title: str | None = None
    note: str = ""


def draw(name: str, answer: Answer, only: str | None = None) -> Figure | None:
    """Draw figure `name`; None when its table holds nothing that can be drawn."""
    rows = [row for row in answer.rows if only is None or row["outcome"] == only]
    make, value = FIGURES[name]
    rows = [row for row in rows if row[value] is not None]
    return make(rows) if rows else None


def _svg(chart: Any) -> str:
    look = {"labelFont": FONT, "titleFont": FONT, "labelFontSize": 12, "titleFontSize": 12, "labelLimit": 320}
    chart = (
        chart.configure(aria=False)
        .configure_view(stroke=None)
        .configure_axis(**look, titleFontWeight="normal", gridColor="#e5e6e7")
    )
    chart = chart.configure_legend(**look, labelColor="#0b0c0c", symbolStrokeWidth=3).configure_text(font=FONT)
    # the figure has one text alternative: roles and labels on every bar would be noise, and half of the bytes
    return re.sub(r' (?:class|role|aria-[a-z]+)="[^"]*"', "", str(vl_convert.vegalite_to_svg(chart.to_dict())))


def _data(rows: Rows) -> Any:
    return alt.Data(values=list(rows))  # type: ignore[no-untyped-call]


def _names(shown: Rows) -> Any:
    """An axis of names. Vega hangs the lines of a label below its middle: lift those of two lines by half a line."""
    lift = -7 if any("|" in row["label"] for row in shown) else 0
    return alt.Axis(labelExpr=_LINES, labelOffset=lift, ticks=False, domain=False)


def _order(rows: Rows, column: str) -> list[Any]:
    return numbered(row[column] for row in rows)


def _wrapped(text: str, width: int = 46, lines: int = 2) -> str:
    """Break a long label into lines; `|` stands for a new line, see `_LINES`."""
    return "|".join(textwrap.wrap(text, width, max_lines=lines, placeholder=" ..."))


_LINES = "split(datum.label, '|')"


def _bars(rows: Rows, label: str, value: str, form: str, about: str, axis: str) -> Figure:
    """Horizontal bars with the number at the end of each."""
    rows = [row for row in rows if row[label] not in ALL]
    shown = [{"label": _wrapped(row[label]), "value": row[value], "text": write(row[value], form, 0)} for row in rows]
    base = alt.Chart(_data(shown)).encode(
        y=alt.Y(
            "label:N",
            sort=_order(shown, "label"),
            title=None,
            axis=_names(shown),
        ),
        x=alt.X("value:Q", title=axis, axis=alt.Axis(labels=False, ticks=False, grid=False, domain=False)),
    )
    bars, ends = (
        base.mark_bar(color=COLOURS[0], height=22),
        base.mark_text(align="left", dx=5, fontSize=12).encode(text="text:N"),
    )
    most = max(rows, key=lambda row: row[value], default=None)
    words = f"{about}: {len(rows)} bars." + (
        f" The longest is {most[label]}, {write(most[value], form, 0)}." if most else ""
    )
    return Figure(_svg((bars + ends).properties(width=WIDTH - 240, height=alt.Step(44))), words)


def _grid(rows: Rows, down: str, across: str, value: str, about: str) -> Figure:
    """A heat map with the percentage in each square; `value` is a share."""
    shown = [
        {
            "down": row[down],
            "across": _wrapped(str(row[across]), 15, 5),
            "value": 100 * row[value],
            "text": f"{100 * row[value]:.0f}",
            "ink": "#ffffff" if row[value] > 0.45 else "#0b0c0c",
        }
        for row in rows
    ]
    # Vega lets a label of several lines grow downwards, into the squares: lift it by its extra lines
    lift = 4 + 14 * max(row["across"].count("|") for row in shown)
    heads = alt.Axis(orient="top", labelAngle=0, labelExpr=_LINES, labelPadding=lift, ticks=False, domain=False)
    base = alt.Chart(_data(shown)).encode(
        y=alt.Y("down:N", sort=_order(shown, "down"), title=None, axis=alt.Axis(ticks=False, domain=False)),
        x=alt.X("across:N", sort=_order(shown, "across"), title=None, axis=heads),
    )
    colour = alt.Color("value:Q", legend=None, scale=alt.Scale(domain=[0, 100], range=["#f3f6fa", COLOURS[0]]))
    squares = base.mark_rect(stroke="#ffffff").encode(color=colour)
    texts = base.mark_text(fontSize=12).encode(text="text:N", color=alt.Color("ink:N", scale=None))
    columns = len(_order(shown, "across"))
    size = f"a grid of {len(_order(shown, 'down'))} rows and {columns} columns of percentages"
    words = f"{about}: {size}; the table below holds the same."
    both = (squares + texts).resolve_scale(color="independent")
    drawn = _svg(both.properties(width=alt.Step(max(56, min(112, 560 // columns))), height=alt.Step(24)))
    return Figure(drawn, words, note=BLANK if len(shown) < columns * len(_order(shown, "down")) else "")


def _profile(rows: Rows) -> Figure:
    return _grid(rows, "label", "category", "probability", "How likely each factor is to be recorded in each category")


def _availability(rows: Rows, most: int = 25, complete: float = 0.99) -> Figure | None:
    """The items least completely recorded in their worst year; a full grid would be too tall to read."""
    worst: dict[str, float] = {}
    named = [row | {"item": f"{row['column_name']} ({row['table_name']})"} for row in rows]
    for row in named:
        worst[row["item"]] = min(worst.get(row["item"], 1.0), row["recorded"])
    items = sorted((i for i in worst if worst[i] < complete), key=lambda item: (worst[item], item))[:most]
    if not items:
        return None
    kept = sorted(
        (r for r in named if r["item"] in items), key=lambda r: (items.index(r["item"]), r["collection_year"])
    )
    title = f"The {len(items)} items least completely recorded, by year: percentage of rows"
    return replace(_grid(kept, "item", "collection_year", "recorded", title), title=title)


def _pathway(rows: Rows) -> Figure:
    """One bar a category, cut by the highest step reached."""
    steps = _order(sorted(rows, key=lambda r: STEPS.index(r["rung"]) if r["rung"] in STEPS else 99), "rung")
    shown = [
        {"label": _wrapped(r["category"]), "step": r["rung"], "no": steps.index(r["rung"]), "value": 100 * r["share"]}
        for r in rows
    ]
    blues = ["#d5dce4", "#a9bccd", "#6f9fc4", "#3f7cac", "#28608f", "#12436d", "#801650"]
    chart = (
        alt.Chart(_data(shown))
        .mark_bar(height=26, stroke="#ffffff")
        .encode(
            y=alt.Y(
                "label:N",
                sort=_order(shown, "label"),
                title=None,
                axis=_names(shown),
            ),
            x=alt.X(
                "value:Q", title="Percentage of the category's children", scale=alt.Scale(domain=[0, 100], clamp=True)
            ),
            color=alt.Color(
                "step:N",
                sort=steps,
                title=None,
                scale=alt.Scale(domain=steps, range=blues),
                legend=alt.Legend(orient="top", columns=4),
            ),
            order="no:O",
        )
    )
    words = f"The highest step that children reached, one bar for each of {len(_order(shown, 'label'))} categories."
    return Figure(_svg(chart.properties(width=WIDTH - 240, height=alt.Step(44))), words)


STEPS = [
    "No further action",
    "Assessed only",
    "Child in need plan",
    "Section 47 enquiry",
    "Child protection conference",
    "Child protection plan",
    "Looked after",
]


def _curves(rows: Rows) -> Figure | None:
    """Share with the event at the released points, joined by a line for each category."""
    names = _order([row for row in rows if row["category"] not in ALL], "category")[: len(COLOURS)] or _order(
        rows, "category"
    )
    last = max(row["month"] for row in rows)
    if not last:  # nothing but time zero may be shown
        return None
    shown = [
        {"label": _wrapped(r["category"], 30, 3), "month": r["month"], "share": 100 * r["share"]}
        for r in rows
        if r["category"] in names
    ]
    labels = [_wrapped(name, 30, 3) for name in names]
    top = 5 * (1 + max(row["share"] for row in shown) // 5)
    legend = alt.Legend(orient="right", labelExpr=_LINES, rowPadding=8, symbolSize=400)
    chart = (
        alt.Chart(_data(shown))
        .mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=28))  # a step would say "nothing until then"
        .encode(
            x=alt.X(
                "month:Q",
                title="Months",
                axis=alt.Axis(values=list(range(0, last + 1, 6 if last <= 36 else 12)), grid=False),
            ),
            y=alt.Y("share:Q", title="Percentage with the event", scale=alt.Scale(domain=[0, top])),
            color=alt.Color("label:N", title=None, scale=alt.Scale(domain=labels, range=COLOURS), legend=legend),
            strokeDash=alt.StrokeDash(
                "label:N", title=None, scale=alt.Scale(domain=labels, range=DASHES), legend=legend
            ),
        )
    )
    ends = {name: max((r for r in rows if r["category"] == name), key=lambda r: r["month"]) for name in names}
    said = "; ".join(f"{name}: {100 * row['share']:.0f}% by month {row['month']}" for name, row in ends.items())
    return Figure(
        _svg(chart.properties(width=WIDTH - 180, height=280)), f"Rising curves, one for each category. {said}."
    )


def _forest(rows: Rows) -> Figure | None:
    """Hazard ratios of the categories as dots with 95% intervals, on a log scale, about the line of no difference."""
    terms = [row for row in rows if row["term"] == "Category" and row["level"] != row["reference"]] or list(rows)
    keep = [r for r in terms if r["lower"] and r["upper"]]
    if not keep:
        return None
    shown = [
        {"label": _wrapped(r["level"]), "at": r["hazard_ratio"], "from": r["lower"], "to": r["upper"]} for r in keep
    ]
    across = alt.Scale(
        type="log", domain=[min([0.5, *(s["from"] for s in shown)]), max([2.0, *(s["to"] for s in shown)])]
    )
    base = alt.Chart(_data(shown)).encode(
        y=alt.Y(
            "label:N",
            sort=_order(shown, "label"),
            title=None,
            axis=_names(shown),
        )
    )
    ticks = alt.Axis(values=[0.1, 0.25, 0.5, 1, 2, 4, 8], format="~g")
    title = f"Hazard ratio, compared with {keep[0]['reference']} (log scale)"
    lines = base.mark_rule(strokeWidth=2, color=COLOURS[0]).encode(
        x=alt.X("from:Q", scale=across, title=_wrapped(title, 60).split("|"), axis=ticks), x2="to:Q"
    )
    dots = base.mark_point(filled=True, size=90, color=COLOURS[0], opacity=1).encode(x=alt.X("at:Q", scale=across))
    one = (
        alt.Chart(_data([{"x": 1}])).mark_rule(color="#505a5f", strokeDash=[4, 3]).encode(x=alt.X("x:Q", scale=across))
    )
    said = "; ".join(f"{r['level']} {r['hazard_ratio']:.2f} ({r['lower']:.2f} to {r['upper']:.2f})" for r in keep)
    words = f"Hazard ratios compared with {keep[0]['reference']}: {said}."
    return Figure(_svg((one + lines + dots).properties(width=WIDTH - 240, height=alt.Step(44))), words)


def _categories(rows: Rows) -> Figure:
    return _bars(rows, "category", "share", "share", "Categories of recorded demand", "Share of assessments")


def _placements(rows: Rows) -> Figure:
    return _bars(rows, "placement", "cost", "pounds", "Cost by placement type", "Cost")


def _cost_categories(rows: Rows) -> Figure:
    return _bars(
        rows, "category", "per_week", "pounds", "Cost of a child for a week, by category", "Per child and week"
    )


FIGURES: dict[str, tuple[Callable[[Rows], Figure | None], str]] = {
    "availability": (_availability, "recorded"),
    "categories": (_categories, "share"),
    "profile": (_profile, "probability"),
    "pathway_by_category": (_pathway, "share"),
    "curves": (_curves, "share"),
    "hazard_ratios": (_forest, "hazard_ratio"),
    "cost_by_placement": (_placements, "cost"),
    "cost_by_category": (_cost_categories, "per_week"),
}
"""What each figure is drawn by, and the column without which a row cannot be drawn. Its name is its table's."""
