"""Figures of costs, drawn from released tables: means of categories with their limits, and how cost is spread over children."""

from typing import Any

import altair as alt

from careloom.report.costs_said import bands
from careloom.report.drawing import (
    COLOURS,
    DASHES,
    WIDTH,
    Figure,
    Rows,
    data,
    names_axis,
    not_drawn,
    order,
    svg,
    wrapped,
)
from careloom.report.grid import write

CARE = "Looking after children"
POUNDS = alt.Axis(format=",.0f", labelExpr="'£' + datum.label", tickCount=5)


def draw_categories(rows: Rows) -> Figure | None:
    """A dot for the mean cost of a child of each category, with its interval; of looking after children only."""
    mine = [row for row in rows if row["costs_of"] == CARE and row["category"] != "All"]
    drawn = [row for row in mine if row["per_child"] is not None]
    if not drawn:
        return None
    shown = [{"label": wrapped(r["category"]), **{k: r[k] for k in ("per_child", "lower", "upper")}} for r in drawn]
    shown = [{**r, "text": write(r["per_child"], "pounds", 0)} for r in shown]
    y = alt.Y("label:N", sort=order(shown, "label"), title=None, axis=names_axis())
    base = alt.Chart(data(shown)).encode(y=y)
    scale = alt.Scale(zero=True)
    x = alt.X("lower:Q", title="Cost of a child in the period costed, £", axis=POUNDS, scale=scale)
    limits = base.mark_rule(color=COLOURS[0], strokeWidth=2).encode(x=x, x2="upper:Q")
    dots = base.mark_point(color=COLOURS[0], filled=True, size=70, opacity=1).encode(x=alt.X("per_child:Q"))
    texts = base.mark_text(dy=-11, fontSize=12).encode(x=alt.X("per_child:Q"), text="text:N")
    most, least = (of(drawn, key=lambda row: row["per_child"]) for of in (max, min))
    words = (
        f"Mean cost of a child, with 95% interval, for {len(drawn)} categories: from {write(least['per_child'], 'pounds', 0)} "
        f"({least['category']}) to {write(most['per_child'], 'pounds', 0)} ({most['category']})."
    )
    left_out = not_drawn([row["category"] for row in mine if row["per_child"] is None])
    chart = (limits + dots + texts).properties(width=WIDTH - 240, height=alt.Step(44))
    return Figure(svg(chart), words, note=left_out)


def draw_concentration(rows: Rows) -> Figure | None:
    """Lines of the share of cost that the dearest so many per cent of children have, one line for each list of costs."""
    points: list[dict[str, Any]] = []
    for name in order(rows, "list"):
        found = bands([row for row in rows if row["list"] == name])
        if found:
            points += [
                {"list": name, "children": share, "cost": 100 * of} for share, of in [(0, 0.0), *found, (100, 1.0)]
            ]
    names = order(points, "list")
    if not names:
        return None
    colour = alt.Color(
        "list:N",
        sort=names,
        title=None,
        scale=alt.Scale(domain=names, range=COLOURS[: len(names)]),
        legend=alt.Legend(orient="top") if len(names) > 1 else None,
    )
    dash = alt.StrokeDash("list:N", scale=alt.Scale(domain=names, range=DASHES[: len(names)]), legend=None)
    scale = alt.Scale(domain=[0, 100])
    x = alt.X("children:Q", title="Percentage of children, the dearest first", scale=scale)
    y = alt.Y("cost:Q", title="Percentage of the cost", scale=scale)
    base = alt.Chart(data(points)).encode(x=x, y=y, color=colour)
    lines = base.mark_line(strokeWidth=3).encode(strokeDash=dash)
    dots = base.mark_point(filled=True, size=50, opacity=1)
    corners = data([{"children": 0, "cost": 0}, {"children": 100, "cost": 100}])
    even = alt.Chart(corners).mark_line(color="#8c8c8c", strokeDash=[3, 3], strokeWidth=1.5).encode(x=x, y=y)
    words = "; ".join(said(name, points) for name in names)
    chart = (even + lines + dots).properties(width=WIDTH - 200, height=260)
    return Figure(
        svg(chart), f"{words}.", note="Dotted: if every child cost the same. Between dots the line is drawn straight."
    )


def said(name: str, points: Rows) -> str:
    mine = [point for point in points if point["list"] == name and 0 < point["children"] < 100]
    return f"{name}: " + ", ".join(
        f"the dearest {p['children']}% of children have {p['cost']:.0f}% of the cost" for p in mine
    )
