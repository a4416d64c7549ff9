"""What an E-step and a start cost against rows, classes and items: measured to growth.csv, drawn to growth.svg.

Of rows, classes and items two stand still (a million, 12 and 20) while the third grows. A start is climbed from random
probabilities to its top; shown is the mean of three, one of each kind of start, the same for both kernels.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import altair as alt
from kernels import least, timed
from made_up import PUBLISHED, assessments

from careloom.report.drawing import COLOURS, DASHES, data, svg
from careloom.stats.latent_class import Parameters, PatternTable, collapse
from careloom.stats.latent_class.fitting.climb import climb_to_end
from careloom.stats.latent_class.fitting.starts import KINDS, starting_point
from careloom.stats.latent_class.model import compiled
from careloom.stats.latent_class.model.blocks import gather_in_blocks
from careloom.stats.latent_class.model.halves import by_products
from careloom.stats.latent_class.model.objective import PatternObjective

FIXED = {"rows": 1_000_000, "classes": 12, "items": 20}
GROWING = {
    "rows": (10_000, 30_000, 100_000, 300_000, 1_000_000, 4_000_000),
    "classes": (2, 4, 8, 12, 16, 20),
    "items": (5, 10, 15, 20, 25, 30, 35, PUBLISHED),
}
SEED, STEPS = 1, 20
CSV, SVG = Path(__file__).with_name("growth.csv"), Path(__file__).with_name("growth.svg")
COLUMNS = ("growing", "size", "patterns", "kernel", "step_ms", "start_s", "steps_of_a_start")
NAMES = {"numpy": "NumPy", "compiled": "compiled"}


def measure() -> None:
    with CSV.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in measured():
            writer.writerow(row)
            file.flush()
            print(", ".join(f"{name} {value}" for name, value in row.items()), flush=True)
    draw()


def measured() -> Iterator[dict[str, Any]]:
    for growing, sizes in GROWING.items():
        for size in sizes:
            given = FIXED | {growing: size}
            table = collapse(assessments(given["rows"], given["items"], SEED)[0])[0]
            starts = [starting_point(table, given["classes"], SEED, number)[1] for number in range(len(KINDS))]
            for kernel in NAMES:
                climbs = [climbed(PatternObjective(table, kernel=kernel), start) for start in starts]
                yield {
                    "growing": growing,
                    "size": size,
                    "patterns": len(table.weights),
                    "kernel": kernel,
                    "step_ms": f"{1e3 * step(table, starts[0], kernel):.4f}",
                    "start_s": f"{sum(seconds for seconds, _ in climbs) / len(climbs):.4f}",
                    "steps_of_a_start": round(sum(steps for _, steps in climbs) / len(climbs)),
                }


def step(table: PatternTable, at: Parameters, kernel: str) -> float:
    """CPU seconds of an E-step, the least of several. The compiled one is timed inside a climb of EM steps, as it is used."""
    if kernel == "numpy":
        halves = PatternObjective(table, kernel="numpy").halves
        return least(lambda: by_products(halves, at), STEPS)
    blocks, rules = gather_in_blocks(table), compiled.Rules(STEPS, 0, 1, 0, 0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    return least(lambda: compiled.climb(blocks, 0.0, at, rules), STEPS) / (STEPS + 1)


def climbed(objective: PatternObjective, start: Parameters) -> tuple[float, int]:
    """CPU seconds from a start to its top, and steps; what is made once for all starts is made before."""
    _ = objective.blocks or objective.halves
    climb, seconds = timed(lambda: climb_to_end(objective, start))
    return seconds, climb.steps


def draw() -> None:
    """Three columns (rows, classes, items) of two drawings each (a step, a start)."""
    with CSV.open(newline="") as file:
        rows = [
            {
                "growing": row["growing"],
                "size": float(row["size"]),
                "kernel": NAMES[row["kernel"]],
                "step": 1e3 * float(row["step_ms"]),
                "start": 1e3 * float(row["start_s"]),
            }
            for row in csv.DictReader(file)
        ]
    columns = [
        alt.vconcat(*(panel([row for row in rows if row["growing"] == growing], growing, shown) for shown in SHOWN))
        for growing in GROWING
    ]
    SVG.write_text(svg(alt.hconcat(*columns)), encoding="utf-8")


# What is drawn, and how far its axis goes: from 1 up, because `svg` leaves two decimals of any number.
SHOWN = {"step": ("CPU microseconds of an E-step", 10_000), "start": ("CPU milliseconds of a start", 10_000)}


def panel(rows: list[dict[str, Any]], growing: str, shown: str) -> Any:
    is_first, order = growing == next(iter(GROWING)), list(NAMES.values())
    title, most = SHOWN[shown]
    marks = [10_000, 100_000, 1_000_000] if growing == "rows" else list(GROWING[growing])
    across = alt.Scale(type="log" if growing == "rows" else "linear", nice=False, zero=False)
    upwards = alt.Scale(type="log", domain=[1, most], nice=False)
    return (
        alt.Chart(data(rows))
        .mark_line(point=True)
        .encode(
            x=alt.X("size:Q", title=growing, scale=across, axis=alt.Axis(values=marks, format="~s", grid=False)),
            y=alt.Y(
                f"{shown}:Q",
                title=title if is_first else None,
                scale=upwards,
                axis=alt.Axis(values=[1, 10, 100, 1_000, 10_000], format=",d"),
            ),
            color=alt.Color("kernel:N", title=None, scale=alt.Scale(domain=order, range=COLOURS[:2])),
            strokeDash=alt.StrokeDash("kernel:N", title=None, scale=alt.Scale(domain=order, range=DASHES[:2])),
        )
        .properties(width=190, height=150)
    )
