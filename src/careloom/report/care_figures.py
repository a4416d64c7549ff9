"""Figures of placement histories: where children are by month, and the most common histories, drawn from released tables."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from careloom.report.drawing import FONT, LINES, Figure, Rows, data, not_drawn, order, svg, wrapped

CARE_COLOURS = {
    "Foster care by the authority": "#12436d",
    "Agency foster care": "#6f9fc4",
    "Kinship foster care": "#28a197",
    "Residential care": "#801650",
    "Secure home or custody": "#3d3d3d",
    "Supported accommodation": "#f46a25",
    "Placed with parents": "#a285d1",
    "Placed for adoption": "#c9a227",
    "Other placement": "#8c8c8c",
    "Returned home": "#d9ead3",
    "Adoption or permanence order": "#fbe7a1",
    "Left care another way": "#e0e0e0",
}
"""Care in full colours, what comes after care in pale ones: the edge between them is the way out."""
OTHERS = "Others"
MOST_DRAWN = 10
PANELS, PANEL_WIDTH = 2, 250


def draw_months(rows: Rows) -> Figure | None:
    """A panel for each career whose shares may be shown: columns by month, cut by where the children are."""
    shown = [
        {**_panel(row), "state": row["state"], "month": row["month"], "share": 100 * row["share"]}
        for row in rows
        if row["share"] is not None
    ]
    if not shown:
        return None
    last = max(row["month"] for row in shown)
    names = [name for name in CARE_COLOURS if any(row["state"] == name for row in shown)]
    for row in shown:
        row["no"] = names.index(row["state"])
    chart = (
        alt.Chart(data(shown))
        .mark_bar()
        .encode(
            x=alt.X(
                "month:O", title="Month", axis=alt.Axis(values=list(range(1, last + 1, 6)), labelAngle=0, ticks=False)
            ),
            y=alt.Y(
                "share:Q", title="Percentage", scale=alt.Scale(domain=[0, 100], clamp=True), axis=alt.Axis(tickCount=4)
            ),
            color=_colour(names),
            order="no:O",
        )
        .properties(width=PANEL_WIDTH, height=130)
    )
    words = f"Where children are, in each of {last} months since they came into care, one panel for each of {len(order(shown, 'career'))} groups. {_said(shown, last)}"
    gap = "A gap at the top: states of fewer than 6 children, withheld, or rounding."
    drawn = order(shown, "career")
    left_out = not_drawn([career for career in order(rows, "career") if career not in drawn])
    return Figure(_in_panels(chart, shown), words, note=f"{gap} {left_out}".strip())


def draw_histories(rows: Rows) -> Figure | None:
    """A panel for each career: its most common histories as strips, as high as the number of children who lived them."""
    shown, drawn, top, bottom = [], dict[str, float](), 0.0, 0.0
    for row in rows:
        if row["history"] == OTHERS or int(row["history"]) > MOST_DRAWN:
            continue
        if row["children"] is not None:
            top = drawn.get(row["career"], 0.0)
            drawn[row["career"]] = bottom = top + row["children"]
        shown.append(
            {
                **_panel(row),
                "state": row["state"],
                "from": row["from_month"] - 1,
                "to": row["to_month"],
                "top": top,
                "bottom": bottom,
            }
        )
    if not shown:
        return None
    names = [name for name in CARE_COLOURS if any(row["state"] == name for row in shown)]
    last = max(row["to"] for row in shown)
    months = alt.Axis(values=list(range(0, last + 1, 6)), grid=False)
    children = alt.Axis(grid=False, tickCount=4, tickMinStep=1)
    chart = (
        alt.Chart(data(shown))
        .mark_rect(stroke="#ffffff", strokeWidth=0.5)
        .encode(
            x=alt.X("from:Q", title="Months since the start", axis=months, scale=alt.Scale(domain=[0, last])),
            x2="to:Q",
            y=alt.Y("top:Q", title="Children", axis=children, scale=alt.Scale(reverse=True, nice=False)),
            y2="bottom:Q",
            color=_colour(names),
        )
        .properties(width=PANEL_WIDTH, height=130)
    )
    words = f"Histories as strips of months, one panel for each of {len(order(shown, 'career'))} careers. {_not_shown(rows)}"
    return Figure(_in_panels(chart, shown, free="y"), words, note=_not_shown(rows))


def _not_shown(rows: Rows) -> str:
    """Say how many children's histories are not drawn, career by career, where it may be said."""
    said = []
    for career in order(rows, "career"):
        mine = [row for row in rows if row["career"] == career]
        others = [row["children"] for row in mine if row["history"] == OTHERS]
        beyond = [row["children"] for row in mine if row["history"] != OTHERS and int(row["history"]) > MOST_DRAWN]
        known = [n for n in [*others, *beyond] if n is not None]
        if known:
            said.append(f"{career}: {sum(known):,}")
    return f"Children whose histories are not drawn, about: {'; '.join(said)}." if said else "Every history is drawn."


def _said(shown: Sequence[dict[str, Any]], last: int) -> str:
    """Where most children of each group are in the last month."""
    said = []
    for career in order(shown, "career"):
        ends = [row for row in shown if row["career"] == career and row["month"] == last]
        if ends:
            most = max(ends, key=lambda row: row["share"])
            said.append(f"{career}: {most['state'].lower()} {most['share']:.0f}% in month {last}")
    return "; ".join(said) + "."


def _colour(names: Sequence[str]) -> Any:
    scale = alt.Scale(domain=list(names), range=[CARE_COLOURS[name] for name in names])
    return alt.Color("state:N", sort=list(names), title=None, scale=scale, legend=alt.Legend(orient="top", columns=3))


def _panel(row: dict[str, Any]) -> dict[str, str]:
    """The career, and the head of its panel."""
    return {"career": row["career"], "panel": wrapped(row["career"], 40, 3)}


def _in_panels(chart: Any, shown: Sequence[dict[str, Any]], free: str | None = None) -> str:
    """One small chart for each career, two in a row."""
    header = alt.Header(
        title=None, labelExpr=LINES, labelFont=FONT, labelFontSize=12, labelAnchor="start", labelLimit=320
    )
    panels = alt.Facet("panel:N", sort=order(shown, "panel"), header=header)
    made = chart.facet(facet=panels, columns=PANELS)
    made = made.resolve_axis(x="independent")
    return svg(made.resolve_scale(y="independent") if free == "y" else made)
