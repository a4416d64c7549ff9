"""What every figure is drawn with: colours, fonts, labels of two lines, and the way to SVG."""

import json
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert

from careloom.report.grid import numbered

COLOURS = ["#12436d", "#28a197", "#801650", "#f46a25", "#3d3d3d", "#a285d1"]
"""Told apart by readers with any colour vision, on white; lines differ in dash too."""
DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4], [4, 1]]
FONT = "Arial, Helvetica, sans-serif"
WIDTH = 620

_LABELS = {"labelFont": FONT, "titleFont": FONT, "labelFontSize": 12, "titleFontSize": 12, "labelLimit": 320}
LOOK = {
    "aria": False,
    "view": {"stroke": None, "continuousWidth": 300, "continuousHeight": 300},
    "axis": {**_LABELS, "titleFontWeight": "normal", "gridColor": "#e5e6e7"},
    "legend": {**_LABELS, "labelColor": "#0b0c0c", "symbolStrokeWidth": 3},
    "text": {"font": FONT},
}
"""What all figures look like, in the words of Vega-Lite's configuration."""

Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Figure:
    """A drawing and its text alternative."""

    svg: str
    words: str
    title: str | None = None
    note: str = ""


def svg(chart: Any) -> str:
    """The drawing of an Altair chart. Its look is added to what Altair says: to configure a chart copies all of it, each time."""
    said = chart.to_dict()
    said["config"] = {**said.get("config", {}), **LOOK}
    # the figure has one text alternative: roles and labels on every bar would be noise, and half of the bytes
    plain = re.sub(r' (?:class|role|aria-[a-z]+)="[^"]*"', "", str(vl_convert.vegalite_to_svg(said)))
    return _short_places(plain)


def _short_places(drawing: str) -> str:
    """Cut places within tags to a hundredth of a point, half of the bytes; what is written between tags stays as it is."""
    return re.sub(r"<[^>]*>", lambda tag: re.sub(r"\d+\.\d{3,}", lambda n: f"{float(n[0]):.2f}", tag[0]), drawing)


def data(rows: Rows) -> Any:
    """Rows as one text: those that are Python's, Altair copies and checks one by one, again and again."""
    return alt.Data(values=json.dumps(list(rows)), format=alt.JsonDataFormat(type="json"))  # type: ignore[no-untyped-call]


def names_axis() -> Any:
    """An axis of names. Vega hangs the lines of a label below its middle: lift those of two lines by half a line."""
    lift = alt.expr("indexof(datum.value, '|') < 0 ? 0 : -7")
    return alt.Axis(labelExpr=LINES, labelOffset=lift, ticks=False, domain=False)


def order(rows: Rows, column: str) -> list[Any]:
    return numbered(row[column] for row in rows)


def not_drawn(names: Sequence[str]) -> str:
    """Say which of a table's groups a figure leaves out; nothing when it has all."""
    return f"Not drawn here, {len(names)}, but in the table below: {'; '.join(names)}." if names else ""


def wrapped(text: str, width: int = 46, lines: int = 2) -> str:
    """Break a long label into lines; `|` stands for a new line, see `LINES`."""
    return "|".join(textwrap.wrap(text, width, max_lines=lines, placeholder=" ..."))


LINES = "split(datum.label, '|')"
