"""One child's timeline as a drawing: one SVG file without script, style sheet or link, with its words inside for those who hear it.

Drawn by hand and not by a plotting library: every bar stands where its days are, carries its own words, and a reader of
the file can follow it. Wide as a landscape page; texts stay legible when it is printed on A4 without colour.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from html import escape

from careloom.report.child.words import (
    INSIDE,
    NOTHING,
    Axis,
    ChildPage,
    Lane,
    Line,
    age_on_new_year,
    end_drawn,
    tracks,
    write_day,
)
from careloom.report.drawing import COLOURS, FONT

WIDTH, MARGIN, NAMES = 1120, 16, 170
PLOT = WIDTH - NAMES - 2 * MARGIN
ROW, BAR, GAP = 24, 20, 8
"""Heights: of a row of bars, of a bar in it, and between lanes."""
SIZE, LETTER = 11.5, 6.1
"""Of the text in a bar, and how wide a letter of it is taken to be."""
INK, QUIET, GRID = "#0b0c0c", "#505a5f", "#d5d8da"
PALE = ("#f46a25", "#a285d1", "#28a197")
"""Colours on which white letters would be hard to read."""


def draw_child(page: ChildPage, seen: Sequence[str]) -> str:
    """Return the drawing as SVG: lanes under one another, bars from first to last day, an axis of years with ages.

    `seen` says who looked, when and why.
    """
    axis, head = Axis.of(page), list(heading(page, seen))
    top = MARGIN + 20 * len(head) + 46
    body: list[str] = []
    y = top
    for lane in page.drawn:
        rows = tracks(lane.lines, page) if not lane.is_event else [list(lane.lines)]
        body += draw_lane(lane, rows, y, COLOURS[lane.colour % len(COLOURS)], axis, page)
        y += ROW * len(rows) + GAP
    tail = list(ending(page))
    height = y + 20 * len(tail) + 2 * MARGIN
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}"'
        f' role="img" aria-labelledby="title" aria-describedby="desc" font-family="{FONT}" font-size="{SIZE}" fill="{INK}">',
        f'<title id="title">Timeline of child {escape(page.person_id)}</title>',
        f'<desc id="desc">{escape(described(page))}</desc>',
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#ffffff"/>',
        *texts(head, MARGIN + 14, 13),
        *grid(axis, page, top, y),
        *body,
        *texts(tail, y + 2 * MARGIN, 12),
        "</svg>",
    ]
    return "\n".join(drawn) + "\n"


def heading(page: ChildPage, seen: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Lines of the head, and whether they are bold."""
    yield INSIDE, True
    yield from ((line, False) for line in seen)
    yield f"Child {page.person_id}", True
    yield f"{page.study}. {'. '.join(page.facts)}.", False


def ending(page: ChildPage) -> Iterator[tuple[str, bool]]:
    if not page.drawn:
        yield NOTHING, True
    yield f"Costs: £{page.total:,.0f}. {page.cost_words}" if page.costs else page.cost_words, False
    yield f"A bar that ends in a point was {page.open_words}. A diamond is an event.", False
    if page.foot:
        yield page.foot, False


def texts(lines: list[tuple[str, bool]], y: float, size: int) -> Iterator[str]:
    for number, (line, is_bold) in enumerate(lines):
        weight = ' font-weight="bold"' if is_bold else ""
        yield f'<text x="{MARGIN}" y="{y + 20 * number:.1f}" font-size="{size}"{weight}>{escape(cut(line, WIDTH - 2 * MARGIN, 0.53 * size))}</text>'


def x_of(share: float) -> float:
    return MARGIN + NAMES + share * PLOT


def grid(axis: Axis, page: ChildPage, top: float, bottom: float) -> Iterator[str]:
    """A line at each 1 January, the year in the middle of its column, and the child's age at its beginning."""
    column = PLOT / len(axis.years)
    for year in axis.years:
        x = x_of(axis.share(axis.first.replace(year=year)))
        yield f'<line x1="{x:.1f}" y1="{top - 34:.1f}" x2="{x:.1f}" y2="{bottom:.1f}" stroke="{GRID}"/>'
        yield f'<text x="{x + column / 2:.1f}" y="{top - 24:.1f}" text-anchor="middle" fill="{QUIET}">{year if column > 30 else f"{year % 100:02}"}</text>'
        age = age_on_new_year(page.birth_month, year) if page.birth_month else -1
        if age >= 0:
            yield f'<text x="{x + 2:.1f}" y="{top - 8:.1f}" fill="{QUIET}">{age}</text>'
    if page.birth_month:
        yield f'<text x="{MARGIN}" y="{top - 8:.1f}" fill="{QUIET}">Age on 1 January</text>'


def draw_lane(lane: Lane, rows: list[list[Line]], y: float, colour: str, axis: Axis, page: ChildPage) -> Iterator[str]:
    yield f'<rect x="{MARGIN}" y="{y - GAP / 2:.1f}" width="{WIDTH - 2 * MARGIN}" height="{ROW * len(rows) + GAP}" fill="none" stroke="{GRID}"/>'
    yield f'<text x="{MARGIN + 6}" y="{y + 15:.1f}" font-weight="bold">{escape(cut(lane.title, NAMES - 10, LETTER * 1.1))}</text>'
    for number, row in enumerate(rows):
        for line in row:
            yield "<g>" + f"<title>{escape(tooltip(line, lane))}</title>"
            yield from (diamond if lane.is_event else bar)(line, y + ROW * number, colour, axis, page)
            yield "</g>"


def bar(line: Line, y: float, colour: str, axis: Axis, page: ChildPage) -> Iterator[str]:
    """A bar from first day to end, pointed when still open, with its words, or its code, where they fit."""
    left, right = x_of(axis.share(line.starts_on)), x_of(axis.share(end_drawn(line, page)))
    right = max(right, left + 2)  # or a day could not be seen
    middle, point = y + BAR / 2, min(8.0, right - left) if line.ends_on is None else 0.0
    corners = [(left, y), (right - point, y), (right, middle), (right - point, y + BAR), (left, y + BAR)]
    path = " ".join(f"{x:.1f},{height:.1f}" for x, height in corners)
    yield f'<polygon points="{path}" fill="{colour}" stroke="#ffffff" stroke-width="0.8"/>'
    room = int((right - left - point - 4) / LETTER)
    words = next((words for words in (line.label, line.short) if len(words) <= room), "")
    if words:
        ink = INK if colour in PALE else "#ffffff"
        yield f'<text x="{left + 3:.1f}" y="{y + 14.5:.1f}" fill="{ink}">{escape(words)}</text>'


def diamond(line: Line, y: float, colour: str, axis: Axis, page: ChildPage) -> Iterator[str]:
    x, middle = x_of(axis.share(line.starts_on)), y + BAR / 2
    yield f'<path d="M{x:.1f} {middle - 7:.1f} l6 7 l-6 7 l-6 -7 z" fill="{colour}" stroke="#ffffff" stroke-width="0.8"/>'


def cut(text: str, room: float, letter: float) -> str:
    """Shorten a text to the room there is."""
    most = int(room / letter)
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def tooltip(line: Line, lane: Lane) -> str:
    return f"{lane.title}, {said_days(line, lane)}: {'; '.join(line.words) or 'recorded'}"


def said_days(line: Line, lane: Lane) -> str:
    first = write_day(line.starts_on).strip()
    if lane.is_event:
        return first
    return (
        f"{first} to {write_day(line.ends_on - timedelta(days=1)).strip()}" if line.ends_on else f"{first}, still open"
    )


def described(page: ChildPage) -> str:
    """Say everything that is drawn, in order, for whoever cannot see it."""
    lanes = [
        f"{lane.title}: "
        + "; ".join(f"{said_days(line, lane)}, {line.label or 'recorded'}" for line in lane.lines)
        + "."
        for lane in page.drawn
    ]
    return " ".join([*(f"{fact}." for fact in page.facts), *lanes, *(text for text, _ in ending(page))])
