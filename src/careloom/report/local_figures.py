"""Figures of the local profile: what one authority's numbers are, and beside them those of all together."""

from collections.abc import Callable
from dataclasses import dataclass

import altair as alt

from careloom.report.drawing import COLOURS, WIDTH, Figure, Rows, data, names_axis, order, svg, wrapped
from careloom.report.grid import write

SHAPES = ("circle", "diamond", "square")
LINE = 34
"""Pixels from one level to the next: room for two lines of its name."""


@dataclass(frozen=True)
class Shown:
    """What a figure shows: the column of its levels, of its number and its limits, and how they are written."""

    level: str
    value: str
    limits: tuple[str, str] | None
    form: str
    axis: str
    first: str = "la"


def draw_beside(rows: Rows, shown: Shown) -> Figure:
    """One line a level, and on it a dot for each of those set beside each other, with its interval where it has one."""
    who = list(dict.fromkeys(row[shown.first] for row in rows))
    points = [point(row, shown, who) for row in rows]
    share = shown.form == "share"
    pounds = "'£' + datum.label"
    axis = alt.Axis(format="%", tickCount=6) if share else alt.Axis(format="~s", labelExpr=pounds, tickCount=6)
    down = alt.Y("label:N", sort=order(points, "label"), title=None, axis=names_axis())
    beside = alt.YOffset("who:N", sort=who, scale=alt.Scale(paddingOuter=0.4))
    colour = alt.Color(
        "who:N", sort=who, title=None, scale=alt.Scale(domain=who, range=COLOURS[: len(who)]), legend=legend()
    )
    shape = alt.Shape("who:N", sort=who, title=None, scale=alt.Scale(domain=who, range=SHAPES[: len(who)]))
    across = alt.X("value:Q", title=shown.axis, axis=axis, scale=alt.Scale(zero=True))
    base = alt.Chart(data(points)).encode(y=down, yOffset=beside, color=colour)
    chart = base.mark_point(filled=True, size=60, opacity=1).encode(x=across, shape=shape)
    if shown.limits:
        known = [p for p in points if p["lower"] is not None]
        rules = alt.Chart(data(known)).encode(y=down, yOffset=beside, color=colour)
        chart = rules.mark_rule(strokeWidth=2).encode(x=alt.X("lower:Q"), x2="upper:Q") + chart
    words = "; ".join(said(level, [p for p in points if p["level"] == level]) for level in order(points, "level"))
    return Figure(
        svg(chart.properties(width=WIDTH - 280, height=alt.Step(LINE, **{"for": "position"}))),
        f"{shown.axis}. {words}.",
    )


def legend() -> alt.Legend:
    return alt.Legend(orient="top", columns=1, labelLimit=500)


def point(row: dict[str, object], shown: Shown, who: list[str]) -> dict[str, object]:
    """One dot, and what is said of it."""
    low, high = (row[name] for name in shown.limits) if shown.limits else (None, None)
    text = write(float(str(row[shown.value])), shown.form, 2 if shown.form == "share" else 0)
    level = str(row[shown.level])
    about = {"level": level, "label": wrapped(level), "who": row[shown.first], "value": row[shown.value], "text": text}
    return about | {"lower": low if high is not None else None, "upper": high}


def said(level: str, points: list[dict[str, object]]) -> str:
    each = ", ".join(f"{point['who']} {point['text']}" for point in points)
    return f"{level}: {each}"


def drawing(shown: Shown) -> Callable[[Rows], Figure]:
    return lambda rows: draw_beside(rows, shown)


LIMITS = ("lower", "upper")
draw_local_demand = drawing(Shown("category", "share", LIMITS, "share", "Share of assessments, with 95% interval"))
draw_local_pathways = drawing(Shown("level", "share", None, "share", "Share of episodes", first="authority"))
draw_local_outcomes = drawing(Shown("outcome", "share", LIMITS, "share", "Share of children, with 95% interval"))
draw_local_costs = drawing(Shown("list", "per_child", None, "pounds", "Cost of a child in the period costed"))
draw_local_measures = drawing(Shown("title", "share", None, "share", "Share"))
