"""The flow chart: boxes for the rows that are left, and beside them boxes for those dropped and why."""

import textwrap
from collections.abc import Iterator
from typing import Any

from markupsafe import escape

from careloom.report.drawing import COLOURS, FONT, WIDTH, Figure, Rows

LEFT_WIDTH, SIDE_AT = 250, 310
LINE, PAD, GAP = 16, 10, 14
"""Pixels: from one line of text to the next, around a text, and between boxes."""
LETTERS = 42
"""Of 12 pixels, so many fit into a side box."""
INK, PALE = "#0b0c0c", "#f3f6fa"


def draw_flow(rows: Rows) -> Figure | None:
    """Draw what came in, what each rule drops, and what is left; a rule that dropped nothing is left out."""
    first, *rules, last = rows
    rules = [row for row in rules if row["rows_dropped"] != 0]
    parts, y = list(box(0, 0, LEFT_WIDTH, lines_of(first, first["step"]))), height(lines_of(first, first["step"]))
    for row in rules:
        side = [*textwrap.wrap(row["step"], LETTERS), f"{number(row['rows_dropped'])} dropped"]
        left = lines_of(row, "left") if row is not rules[-1] else lines_of(row, last["step"])
        parts += arrow_down(y, y + height(side) + 2 * GAP)
        parts += arrow_across(y + GAP + height(side) / 2)
        parts += box(SIDE_AT, y + GAP, WIDTH - SIDE_AT, side, is_side=True)
        y += height(side) + 2 * GAP
        parts += box(0, y, LEFT_WIDTH, left)
        y += height(left)
    drawn = "".join(parts)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 2}" viewBox="-1 -1 {WIDTH + 2} {y + 2}" font-family="{FONT}" font-size="12">{drawn}</svg>'
    return Figure(svg, said(first, rules, last), note="Steps that dropped nothing are left out." if rules else "")


def said(first: dict[str, Any], rules: Rows, last: dict[str, Any]) -> str:
    """The same in words."""
    dropped = "; ".join(f"{row['step']}: {number(row['rows_dropped'])}" for row in rules)
    middle = f"Dropped: {dropped}." if rules else "Nothing was dropped."
    return f"{first['step']}: {number(first['rows_left'])}. {middle} {last['step']}: {number(last['rows_left'])}."


def number(released: int | None) -> str:
    return "(withheld)" if released is None else f"{released:,}"


def lines_of(row: dict[str, Any], what: str) -> list[str]:
    return [
        *textwrap.wrap(f"{number(row['rows_left'])} {lowered(what)}", 36),
        f"{number(row['children_left'])} children",
    ]


def lowered(step: str) -> str:
    """A step within a sentence; an abbreviation such as CIN keeps its letters."""
    return step if step[1:2].isupper() else step[0].lower() + step[1:]


def height(lines: list[str]) -> int:
    return LINE * len(lines) + 2 * PAD


def box(x: int, y: float, width: int, lines: list[str], *, is_side: bool = False) -> Iterator[str]:
    """A box with its text: what is left in bold, and the children; or, in a side box, the reason, and what is dropped in bold."""
    edge, fill = ("#505a5f", "#ffffff") if is_side else (COLOURS[0], PALE)
    yield f'<rect x="{x}" y="{y}" width="{width}" height="{height(lines)}" fill="{fill}" stroke="{edge}"/>'
    last = len(lines) - 1
    for at, line in enumerate(lines):
        weight = ' font-weight="bold"' if (at == last) == is_side else ""
        yield f'<text x="{x + PAD}" y="{y + PAD + LINE * at + 12}" fill="{INK}"{weight}>{escape(line)}</text>'


def arrow_down(y: float, to: float) -> Iterator[str]:
    x = LEFT_WIDTH / 2
    yield f'<path d="M{x} {y}V{to - 6}" stroke="{COLOURS[0]}" fill="none"/>'
    yield f'<path d="M{x - 4} {to - 7}h8l-4 7z" fill="{COLOURS[0]}"/>'


def arrow_across(y: float) -> Iterator[str]:
    x = LEFT_WIDTH / 2
    yield f'<path d="M{x} {y}H{SIDE_AT - 6}" stroke="#505a5f" fill="none"/>'
    yield f'<path d="M{SIDE_AT - 7} {y - 4}v8l7 -4z" fill="#505a5f"/>'
