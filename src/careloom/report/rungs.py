"""The figure of the pathway regression: how likely each step is, category by category, with 95% intervals."""

from typing import Any

import altair as alt

from careloom.report.drawing import COLOURS, WIDTH, Figure, Rows, data, names_axis, order, svg, wrapped

GAP = 14


def draw_rungs(rows: Rows) -> Figure | None:
    """A panel for each step, a line for each category: a dot at the probability, a rule for its interval."""
    rows = [row for row in rows if row["term"] == "Category" and None not in (row["lower"], row["upper"])]
    if not rows:
        return None
    steps, categories = order(rows, "rung"), order(rows, "level")
    width = (WIDTH - 240) // len(steps) - GAP
    panels = [
        _panel([row for row in rows if row["rung"] == step], step, _lines(categories, is_named=step == steps[0]), width)
        for step in steps
    ]
    said = "; ".join(_said(step, [row for row in rows if row["rung"] == step]) for step in steps)
    words = f"Dots with 95% intervals, one panel for each step and one line for each category. {said}."
    return Figure(svg(alt.hconcat(*panels, spacing=GAP)), words)


def _panel(rows: Rows, step: str, lines: Any, width: int) -> Any:
    """One step. Steps differ tenfold in how common they are, so each panel has its own scale, from 0."""
    shown = [
        {"label": wrapped(r["level"]), **{name: 100 * r[name] for name in ("probability", "lower", "upper")}}
        for r in rows
    ]
    most = max(row["upper"] for row in shown)
    end = next(end for end in (5, 10, 20, 40, 60, 80, 100) if most <= end)
    across = alt.Scale(domain=[0, end])
    ticks = alt.Axis(values=[0, end], format="d", labelFlush=True, domain=False, ticks=False)
    base = alt.Chart(data(shown)).encode(y=lines)
    limits = base.mark_rule(strokeWidth=2, color=COLOURS[0]).encode(
        x=alt.X("lower:Q", scale=across, title="%", axis=ticks), x2="upper:Q"
    )
    dots = base.mark_point(filled=True, size=70, color=COLOURS[0], opacity=1).encode(
        x=alt.X("probability:Q", scale=across)
    )
    head = alt.TitleParams(
        wrapped(step, 13, 4).split("|"), fontSize=12, fontWeight="normal", anchor="start", frame="group"
    )
    return (limits + dots).properties(width=width, height=alt.Step(36), title=head)


def _lines(categories: list[str], *, is_named: bool) -> Any:
    """The lines of a panel, the same in each; only the first panel names them."""
    labels = [wrapped(name) for name in categories]
    axis = names_axis() if is_named else alt.Axis(labels=False, ticks=False, domain=False)
    return alt.Y("label:N", title=None, axis=axis, scale=alt.Scale(domain=labels))


def _said(step: str, rows: Rows) -> str:
    """The step's likeliest and least likely category, in words."""
    by_probability = sorted(rows, key=lambda row: (row["probability"], row["level"]))
    ends = (by_probability[-1], by_probability[0]) if len(rows) > 1 else (by_probability[0],)
    return f"{step}: " + ", ".join(f"{row['level']} {100 * row['probability']:.0f}%" for row in ends)
