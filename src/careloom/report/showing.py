"""A released table or its figure by itself, as HTML for a notebook: laid out and drawn as in the report."""

from collections.abc import Sequence
from itertools import count

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from careloom.report.drawing import Figure
from careloom.report.figures import FIGURES, draw
from careloom.report.grid import lay_out
from careloom.report.page import TEMPLATES, headed
from careloom.report.question import Answer

STYLE = (TEMPLATES / "notebook.css").read_text(encoding="utf-8")
NUMBERS = count(1)
"""Figures of one notebook are told apart by their numbers."""


def table_html(answer: Answer, only: str | None, *, is_illustrative: bool) -> str:
    """The table, or the sentence that says why there is none; `only` keeps what is of one value of its first column."""
    grid = lay_out(answer, only) if answer.released else None
    words = {"question": answer.question, "only": only, "grid": grid, "is_short": True, "is_drawn": False}
    return set_alone("table.html", **words, is_illustrative=is_illustrative)


def figure_of(answer: Answer, only: str | None) -> Figure | None:
    """The report's figure of this table; None where it has none, or nothing to draw."""
    return draw(answer.question.name, answer, only) if answer.released and answer.question.name in FIGURES else None


def figure_html(answer: Answer, figure: Figure, only: str | None, *, is_illustrative: bool) -> str:
    words = {"question": answer.question, "only": only, "figure": figure, "number": f"n{next(NUMBERS)}"}
    return set_alone("figure.html", **words, is_illustrative=is_illustrative)


def list_html(title: str, lines: Sequence[str], headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """What there is, in a table of its own."""
    return set_alone("contents.html", title=title, lines=lines, headings=headings, rows=rows)


def set_alone(template: str, **words: object) -> str:
    """One template, with a style that touches nothing else of the page it is put into."""
    html = Environment(loader=PackageLoader("careloom.report"), autoescape=True, undefined=StrictUndefined)
    html.filters["of"] = headed
    made = Markup(html.get_template(template).render(words))
    return Markup('<div class="careloom"><style>{}</style>{}</div>').format(Markup(STYLE), made)
