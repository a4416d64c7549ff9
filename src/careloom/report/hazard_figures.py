"""Figures of hazard ratios: forest plots on a log axis, by model and by period, and the tests of proportional hazards.

Every level has its line; where its ratio is withheld, or was not estimated, nothing is drawn on it.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt

from careloom.report.drawing import COLOURS, WIDTH, Figure, Rows, data, not_drawn, svg, wrapped
from careloom.report.grid import LEAST_P, MARK, NOTHING, write

GREY = "#505a5f"
TICKS = (0.01, 0.1, 0.25, 0.5, 1, 2, 4, 8, 20)
LEAST = 0.01
"""A ratio or limit that rounds to 0.00 stands here: a log axis has no place for 0."""
FARTHEST = 10.0
"""Intervals are drawn to a tenth and to ten times at most: longer ones would leave the others too short to read."""
BESIDE = 130
PLOT = WIDTH - 260 - BESIDE
"""Pixels: the numbers beside a plot, and what they and the names on the left leave for it."""
BOUND = 0.05
MOST_LINES = 24
MOST_NAME_LINES = 3
LINE, BETWEEN, OF_WHICH = 14, 8, 11
"""Pixels: a line of a name, what is left free between two names, and from one dot to the next of the same name."""
SHAPES = ("circle", "square", "triangle-up", "diamond")
MODELS = {
    "M0": "M0: category alone",
    "M1": "M1: and who the child is",
    "M2": "M2: and what came before",
    "M3": "M3: and pathway or care",
}
LEGEND = alt.Legend(orient="top", columns=2, labelLimit=300)
MISSING = {MARK: "withheld", NOTHING: "not estimated"}
REFERENCE = "1 (compared with)"
HOLLOW = "Hollow: what the others are compared with."
EMPTY = f"Where nothing is drawn: withheld ({MARK}), or not estimated ({NOTHING})."
CLIPPED = "A line that reaches the edge goes on beyond it."


def draw_hazards(rows: Rows) -> Figure | None:
    """The categories' ratios as dots with 95% intervals, their numbers beside them; other terms are in the table."""
    return _forest([{**row, "which": ""} for row in rows if row["term"] == "Category"])


def draw_by_model(rows: Rows) -> Figure | None:
    """A line for each category, and on it a dot and an interval for each model, one below the other."""
    return _forest([{**row, "which": MODELS.get(row["model"], row["model"])} for row in rows])


def draw_by_period(rows: Rows) -> Figure | None:
    """A line for each level whose ratio changes, and on it the first twelve months, and what comes after."""
    named = [
        {
            **row,
            "level": row["level"] if row["term"] == "Category" else f"{row['term']}: {row['level']}",
            "which": row["period"],
        }
        for row in rows
    ]
    return _forest(named)


def draw_tests(rows: Rows) -> Figure | None:
    """The p-value of each term's test of proportional hazards, on a log axis, and a line at 0.05."""
    shown = [{"level": row["term"], "at": max(row["p_value"], LEAST_P)} for row in rows]
    least = f"datum.value == {LEAST_P} ? '<{LEAST_P}' : datum.label"
    axis = alt.Axis(values=[LEAST_P, 0.01, BOUND, 0.2, 1], format="~g", labelExpr=least, grid=False)
    scale = alt.Scale(type="log", domain=[0.8 * LEAST_P, 1], nice=False)
    across = alt.X("at:Q", title="p-value (log scale)", scale=scale, axis=axis)
    dots = alt.Chart(data(shown)).mark_point(filled=True, size=70, color=COLOURS[0], opacity=1)
    bound = alt.Chart(data([{"at": BOUND}])).mark_rule(color=GREY, strokeDash=[4, 3]).encode(x=across)
    chart = bound + dots.encode(x=across, y=_lines(shown))
    said = "; ".join(f"{row['term']} {write(row['p_value'], 'p', 5)}" for row in rows)
    words = f"p-values of the tests of proportional hazards: {said}."
    note = f"Left of the dashed line, at {BOUND}: signs that hazard ratios change over time."
    return Figure(svg(chart.properties(width=PLOT, height=_step(shown, 1))), words, note=note)


def _forest(rows: Rows) -> Figure | None:
    """Dots and intervals (level, which, hazard_ratio, lower, upper) on a log axis about the line of no difference."""
    levels = _levels(rows)
    kept = [row for row in rows if row["level"] in levels[:MOST_LINES]]
    known = [row for row in kept if _is_known(row)]
    if not known:
        return None
    whiches = list(dict.fromkeys(row["which"] for row in kept))
    lines, across = _lines(kept), _across(known)
    chart = _one(across) + _dots(known, lines, whiches, across) + _hollow(kept, lines, across)
    if len(whiches) == 1:
        chart += _texts([{"level": row["level"], "text": _text(row)} for row in kept], lines, PLOT + 12)
    else:
        chart += _texts(_without_any(kept), lines, 8)
    drawn = chart.properties(width=PLOT if len(whiches) == 1 else PLOT + BESIDE, height=_step(kept, len(whiches)))
    references = _levels(row for row in kept if _is_reference(row))
    compared = f", compared with {' and '.join(references)}" if references else ""
    others = [row for row in kept if row["level"] not in references]
    said = "; ".join(_said([row for row in others if row["level"] == level]) for level in _levels(others))
    notes = [HOLLOW] * bool(references) + [EMPTY] * any(map(_is_empty, kept)) + [CLIPPED] * any(map(_is_clipped, known))
    note = " ".join([*notes, not_drawn(levels[MOST_LINES:])]).strip()
    return Figure(svg(drawn), f"Hazard ratios with 95% intervals{compared}. {said}.", note=note)


def _levels(rows: Iterable[dict[str, Any]]) -> list[str]:
    """The different levels, in their order."""
    return list(dict.fromkeys(row["level"] for row in rows))


def _is_known(row: dict[str, Any]) -> bool:
    return None not in (row["hazard_ratio"], row["lower"], row["upper"])


def _is_reference(row: dict[str, Any]) -> bool:
    """What others are compared with has ratio 1 and no interval."""
    return row["hazard_ratio"] == 1 and row["lower"] is None and row["upper"] is None


def _is_empty(row: dict[str, Any]) -> bool:
    return not _is_known(row) and not _is_reference(row)


def _is_clipped(row: dict[str, Any]) -> bool:
    return bool(row["lower"] < 1 / FARTHEST or row["upper"] > FARTHEST)


def _text(row: dict[str, Any]) -> str:
    """The ratio and its interval in figures, as the table has them."""
    if _is_known(row):
        return f"{row['hazard_ratio']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})"
    if _is_reference(row):
        return REFERENCE
    return MARK if "hazard_ratio" in (row["withheld"] or "").split(",") else NOTHING


def _said(rows: Rows) -> str:
    """A level and its ratios, each with what it is of; a level of which there is none at all is said once."""
    texts = {row["which"].partition(":")[0]: _text(row) for row in rows}
    if set(texts.values()) <= set(MISSING):
        return f"{rows[0]['level']}: {MISSING[_mark(rows)]}"
    said = (f"{which} {MISSING.get(text, text)}".strip() for which, text in texts.items())
    return f"{rows[0]['level']}: {', '.join(said)}"


def _mark(rows: Rows) -> str:
    """The mark of a level without any ratio: withheld, if one is."""
    return MARK if any(_text(row) == MARK for row in rows) else NOTHING


def _without_any(rows: Rows) -> list[dict[str, Any]]:
    """The levels of which no ratio is drawn, each with its mark."""
    of_level = {level: [row for row in rows if row["level"] == level] for level in _levels(rows)}
    return [{"level": level, "text": _mark(mine)} for level, mine in of_level.items() if all(map(_is_empty, mine))]


def _lines(rows: Rows) -> Any:
    """An axis with a line for each level, in their order, those without a number too."""
    levels = {row["level"]: wrapped(row["level"], lines=MOST_NAME_LINES) for row in rows}
    names = f"split({json.dumps(levels)}[datum.value], '|')"
    # here names of one line stand among those of more: lift each by half of what it has too many
    lift = alt.expr(f"{-LINE / 2} * (length({names}) - 1)")
    axis = alt.Axis(labelExpr=names, labelOffset=lift, labelOverlap=False, ticks=False, domain=False)
    scale = alt.Scale(domain=list(levels), paddingInner=0.2, paddingOuter=0.1)
    return alt.Y("level:N", title=None, sort=None, scale=scale, axis=axis)


def _step(rows: Rows, whiches: int) -> Any:
    """How far lines stand apart: room for the longest name, and for a dot of each of `whiches`."""
    name_lines = max(wrapped(row["level"], lines=MOST_NAME_LINES).count("|") + 1 for row in rows)
    dots = 16 + OF_WHICH * whiches if whiches > 1 else 0
    return alt.Step(max(26, LINE * name_lines + BETWEEN, dots), **{"for": "position"})


def _across(known: Rows) -> dict[str, Any]:
    """The log axis: as far as the intervals reach, but no farther than ten times unless a dot lies there."""
    limits = [max(row["lower"], 1 / FARTHEST) for row in known], [min(row["upper"], FARTHEST) for row in known]
    dots = [max(row["hazard_ratio"], LEAST) for row in known]
    domain = [0.95 * min([0.5, *limits[0], *dots]), 1.05 * max([2.0, *limits[1], *dots])]
    ticks = [tick for tick in TICKS if domain[0] <= tick <= domain[1]]
    return {
        "title": "Hazard ratio (log scale)",
        "scale": alt.Scale(type="log", domain=domain, nice=False, clamp=True),
        "axis": alt.Axis(values=ticks, format="~g"),
    }


def _one(across: dict[str, Any]) -> Any:
    rule = alt.Chart(data([{"at": 1}])).mark_rule(color=GREY, strokeDash=[4, 3])
    return rule.encode(x=alt.X("at:Q", **across))


def _dots(known: Rows, lines: Any, whiches: Sequence[str], across: dict[str, Any]) -> Any:
    """Dots and intervals; of several, each has its shape and colour, and its place within the line."""
    shown = [
        {
            "level": row["level"],
            "which": row["which"],
            "at": max(row["hazard_ratio"], LEAST),
            "from": max(row["lower"], LEAST),
            "to": row["upper"],
        }
        for row in known
    ]
    base = alt.Chart(data(shown)).encode(y=lines)
    limits = base.mark_rule(strokeWidth=2, color=COLOURS[0]).encode(x=alt.X("from:Q", **across), x2="to:Q")
    dots = base.mark_point(filled=True, size=70, color=COLOURS[0], opacity=1).encode(x=alt.X("at:Q", **across))
    if len(whiches) == 1:
        return limits + dots
    place = alt.YOffset("which:N", sort=None, scale=alt.Scale(domain=list(whiches)))
    colour, shape = (alt.Scale(domain=list(whiches), range=looks[: len(whiches)]) for looks in (COLOURS, SHAPES))
    inked = alt.Color("which:N", title=None, scale=colour, legend=LEGEND)
    shaped = alt.Shape("which:N", title=None, scale=shape, legend=LEGEND)
    return limits.encode(yOffset=place, color=inked) + dots.encode(yOffset=place, color=inked, shape=shaped)


def _hollow(rows: Rows, lines: Any, across: dict[str, Any]) -> Any:
    """A hollow diamond at 1 for what others are compared with."""
    shown = [{"level": level, "at": 1} for level in _levels(row for row in rows if _is_reference(row))]
    marks = alt.Chart(data(shown)).mark_point(shape="diamond", size=90, color=GREY, fill="#ffffff", opacity=1)
    return marks.encode(y=lines, x=alt.X("at:Q", **across))


def _texts(texts: Rows, lines: Any, x: int) -> Any:
    """A text on each line, so many pixels from the left of the plot."""
    marks = alt.Chart(data(texts)).mark_text(align="left", fontSize=12)
    return marks.encode(y=lines, x=alt.value(x), text="text:N")
