"""How pages look: templates, released tables and figures as the report draws them, and pages that say no."""

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from careloom.app.door import CSRF, Door
from careloom.app.words import ENTRIES, Desk, Page
from careloom.report.drawing import Figure
from careloom.report.figures import draw
from careloom.report.grid import lay_out
from careloom.report.page import SHORT, TEMPLATES, headed
from careloom.report.question import Answer
from careloom.report.words import say_day
from careloom.study import Listing, Told

OURS = Path(__file__).parent / "templates"
MOST_KEPT = 100
"""Figures that are kept so as not to be drawn again."""


class Looks:
    """Sets pages. The style is the report's and a little more, so that a table looks the same in both."""

    def __init__(self, desk: Desk, door: Door) -> None:
        self.desk, self.door = desk, door
        self._drawn: dict[tuple[str, str | None, str], Figure | None] = {}
        self.style = "\n".join(
            path.read_text(encoding="utf-8") for path in (TEMPLATES / "report.css", OURS / "app.css")
        )
        self.icon = (OURS / "icon.svg").read_text(encoding="utf-8")
        self.html = Environment(
            loader=ChoiceLoader([PackageLoader("careloom.app"), PackageLoader("careloom.report")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.html.filters |= {"day": say_day, "of": headed, "cell": write_cell}
        self.html.globals |= {
            "entries": ENTRIES,
            "csrf": lambda: Markup('<input type="hidden" name="{}" value="{}">').format(CSRF, self.door.csrf),
            "table": self.table,
            "figure": self.figure,
            "parts": parts_of,
        }

    def show(self, page: Page) -> Response:
        """A page as HTML; `again` makes it ask for itself again. The page that follows a personal one is no use, and so locks."""
        html = self.html.get_template(page.template).render(desk=self.desk, **page.words)
        headers = {"Refresh": str(page.again)} if page.again else None
        if page.is_personal:
            headers = {"Refresh": f"{int(self.door.idle_seconds) + 1}; url=/?again=yes"}
        return HTMLResponse(html, status_code=page.status, headers=headers)

    def table(self, answer: Answer, only: str | None = None, *, is_illustrative: bool = False) -> Markup:
        """A released table as in the report, or the sentence that says why there is none."""
        grid = lay_out(answer, only) if answer.released else None
        is_short = grid is not None and len(grid.rows) <= SHORT
        priced = answer.question.is_priced and is_illustrative
        words = {"question": answer.question, "only": only, "is_illustrative": priced, "is_drawn": False}
        return Markup(self.html.get_template("table.html").render(grid=grid, is_short=is_short, **words))

    def figure(self, answer: Answer, number: int, only: str | None = None) -> Markup:
        """The figure of a released table; nothing when there is nothing to draw."""
        drawn = self.drawn(answer, only) if answer.released else None
        if drawn is None:
            return Markup("")
        words = {"question": answer.question, "only": only, "is_illustrative": False}
        return Markup(self.html.get_template("figure.html").render(figure=drawn, number=number, **words))

    def drawn(self, answer: Answer, only: str | None) -> Figure | None:
        """Draw a figure; one that was drawn before of the same rows is taken again, for drawing takes a second."""
        key = (answer.question.name, only, repr(answer.rows))
        if key not in self._drawn:
            if len(self._drawn) >= MOST_KEPT:
                self._drawn.clear()
            self._drawn[key] = draw(answer.question.name, answer, only)
        return self._drawn[key]

    def refused(self, why: str) -> Response:
        """Nobody knows who asks: say nothing of the study."""
        return HTMLResponse(self.html.get_template("refused.html").render(why=why), status_code=403)

    def no_such_page(self) -> Response:
        return self.trouble("There is no such page.", status=404)

    def trouble(self, why: str, status: int = 422) -> Response:
        """What the user can mend, in the words of the command line."""
        return self.show(Page("trouble.html", {"why": why}, status))

    def fault(self, fault: Exception) -> Response:
        """A fault of Careloom itself, by kind and place: its own text might hold a row's value."""
        place = traceback.extract_tb(fault.__traceback__)[-1]
        name = f"{type(fault).__name__} at {Path(place.filename).name} line {place.lineno}"
        return self.trouble(
            f"A fault in Careloom itself: {name}. Its text is not shown, as it might hold personal data.", 500
        )


def write_cell(value: object, heading: str) -> str:
    """A cell of a listing: thousands parted, but not in a year; blank when missing."""
    if isinstance(value, int) and heading != "year":
        return f"{value:,}"
    return "" if value is None else str(value)


def parts_of(told: Told) -> Sequence[dict[str, Any]]:
    """The parts of what a command tells, in order: sentences, and listings that have rows, with which columns are numbers."""
    parts: list[dict[str, Any]] = []
    for part in told.parts:
        if isinstance(part, str):
            parts.append({"sentence": part})
        elif part.rows:
            parts.append({"listing": part, "numbers": numbers_of(part)})
    return parts


def numbers_of(listing: Listing) -> list[bool]:
    return [all(isinstance(row[at], int | None) for row in listing.rows) for at in range(len(listing.heading))]
