"""The tornado of `careloom cost`: bars to the left and right of nothing, the widest on top."""

import altair as alt

from careloom.report.drawing import COLOURS, WIDTH, Figure, data, names_axis, order, svg, wrapped
from careloom.report.grid import write
from careloom.report.question import Answer


def draw_tornado(answer: Answer, loud: str = "") -> Figure:
    """Draw the released table `cost_tornado`; `loud` is said above it, such as that prices are illustrative."""
    rows = [row for row in answer.rows if row["cost"] is not None]
    widest = {row["bar"]: max(abs(each["cost"]) for each in rows if each["bar"] == row["bar"]) for row in rows}
    rows.sort(key=lambda row: (-widest[row["bar"]], row["bar"]))
    shown = [
        {
            "label": wrapped(row["bar"], 40, 3),
            "value": row["cost"],
            "side": row["side"],
            "text": write(row["cost"], "pounds", 0),
            "is_less": row["cost"] < 0,
        }
        for row in rows
    ]
    base = alt.Chart(data(shown)).encode(
        y=alt.Y("label:N", sort=order(shown, "label"), title=None, axis=names_axis()),
        x=alt.X("value:Q", title="Difference in GBP", scale=alt.Scale(padding=60)),
    )
    bars = base.mark_bar(height=22).encode(
        color=alt.Color("side:N", title=None, scale=alt.Scale(range=COLOURS), legend=alt.Legend(orient="top"))
    )
    left = base.transform_filter("datum.is_less").mark_text(align="right", dx=-5, fontSize=12).encode(text="text:N")
    right = base.transform_filter("!datum.is_less").mark_text(align="left", dx=5, fontSize=12).encode(text="text:N")
    zero = alt.Chart(data([{"at": 0}])).mark_rule(color="#0b0c0c").encode(x="at:Q")
    chart = (bars + left + right + zero).properties(width=WIDTH - 200, height=alt.Step(44))
    if loud:
        chart = chart.properties(title=alt.Title(loud, fontSize=12, anchor="start"))
    most = f" The widest is {rows[0]['bar']}." if rows else ""
    return Figure(svg(chart), f"What moves it most: {len(widest)} bars.{most}", note=loud)
