"""growth.csv drawn: core seconds and memory against the number of authorities, with the line that twice as many would follow."""

import csv
from pathlib import Path
from typing import Any

import altair as alt

from careloom.report.drawing import COLOURS, DASHES, data, svg

WHOLE = "the whole run"
MOST_SHOWN = 4
"""Stages that are drawn beside the whole: those that take most at the largest size."""
EVEN = "twice the authorities, twice as much"
MARKS = [1, 3, 10, 30, 150]


def draw(path: Path) -> None:
    with path.open(newline="") as file:
        rows: list[dict[str, Any]] = [
            {
                "authorities": float(row["authorities"]),
                "stage": row["stage"],
                "core": float(row["core_s"]),
                "peak": float(row["peak_gb"]),
            }
            for row in csv.DictReader(file)
            if row["core_s"]
        ]
    largest = max(row["authorities"] for row in rows)
    dearest = sorted((row for row in rows if row["authorities"] == largest), key=lambda row: -row["core"])
    shown = [row["stage"] for row in dearest][: MOST_SHOWN + 1]  # the whole comes first
    whole = [row for row in rows if row["stage"] == WHOLE]
    first, last = whole[0], whole[-1]
    even = [
        {**row, "stage": EVEN, "core": first["core"] * row["authorities"] / first["authorities"]}
        for row in (first, last)
    ]
    time = panel([*(row for row in rows if row["stage"] in shown), *even], "core", "core seconds", [*shown, EVEN])
    memory = panel([{**row, "stage": WHOLE} for row in whole], "peak", "GB held at most", [WHOLE])
    drawing = alt.hconcat(time, memory).resolve_scale(color="independent", strokeDash="independent")
    path.with_suffix(".svg").write_text(svg(drawing), encoding="utf-8")


def panel(rows: list[dict[str, Any]], shown: str, title: str, order: list[str]) -> Any:
    colours = [(COLOURS * 2)[n] for n in range(len(order))]
    dashes = [(DASHES * 2)[n] for n in range(len(order))]
    legend = alt.Legend(orient="bottom", columns=1, labelLimit=300) if len(order) > 1 else None
    across = alt.Scale(type="log", nice=False)
    return (
        alt.Chart(data(rows))
        .mark_line(point=True)
        .encode(
            x=alt.X("authorities:Q", title="authorities", scale=across, axis=alt.Axis(values=MARKS, grid=False)),
            y=alt.Y(f"{shown}:Q", title=title, scale=alt.Scale(type="log", zero=False), axis=alt.Axis(format="~g")),
            color=alt.Color("stage:N", title=None, legend=legend, scale=alt.Scale(domain=order, range=colours)),
            strokeDash=alt.StrokeDash(
                "stage:N", title=None, legend=legend, scale=alt.Scale(domain=order, range=dashes)
            ),
        )
        .properties(width=260, height=220)
    )
