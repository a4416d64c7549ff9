"""The figure of first contacts by age: how many children had met each by each birthday."""

import altair as alt

from careloom.report.drawing import COLOURS, DASHES, LINES, WIDTH, Figure, Rows, data, order, svg, wrapped


def draw_by_age(rows: Rows) -> Figure | None:
    """A rising line for each contact, of all authorities together, at the birthdays that may be shown."""
    rows = [row for row in rows if row["la"] == "All"]
    if not rows:
        return None
    names = order(rows, "contact")
    labels = [wrapped(name, 20, 2) for name in names]
    shown = [
        {"label": wrapped(row["contact"], 20, 2), "birthday": row["birthday"], "share": 100 * row["share"]}
        for row in rows
    ]
    legend = alt.Legend(orient="right", labelExpr=LINES, rowPadding=8, symbolSize=400, symbolType="stroke")
    ages = alt.Axis(values=list(range(0, 19, 2)), grid=False)
    chart = (
        alt.Chart(data(shown))
        .mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=28))
        .encode(
            x=alt.X("birthday:Q", title="Before birthday", axis=ages, scale=alt.Scale(domain=[0, 18])),
            y=alt.Y("share:Q", title="Percentage of all children", scale=alt.Scale(domainMin=0)),
            color=alt.Color("label:N", title=None, scale=alt.Scale(domain=labels, range=COLOURS), legend=legend),
            strokeDash=alt.StrokeDash(
                "label:N", title=None, scale=alt.Scale(domain=labels, range=DASHES), legend=legend
            ),
        )
    )
    ends = [max((row for row in rows if row["contact"] == name), key=lambda row: row["birthday"]) for name in names]
    said = "; ".join(f"{row['contact']}: {100 * row['share']:.1f}% before birthday {row['birthday']}" for row in ends)
    words = f"Rising lines, one for each first contact: share of all children. {said}."
    return Figure(svg(chart.properties(width=WIDTH - 180, height=280)), words)
