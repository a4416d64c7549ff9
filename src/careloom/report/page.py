"""Write the pages: Markdown with named tables and figures, set into one HTML file that needs nothing else."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from careloom.catalogue import Page
from careloom.core import CatalogueError, nearest
from careloom.disclose import Account
from careloom.report.beside import authorities_of, say_beside
from careloom.report.classes_said import say_classes, say_fit
from careloom.report.costs_said import say_concentration
from careloom.report.figures import draw
from careloom.report.grid import lay_out
from careloom.report.headlines import headlines
from careloom.report.question import Answer
from careloom.report.words import StudyWords, say_day
from careloom.report.workbook import sheet_name

TEMPLATES = Path(__file__).parent / "templates"
SAID = {"classes": say_classes, "fit": say_fit, "concentration": say_concentration, "beside": say_beside}
"""Sentences that a page can insert by name."""
SHORT = 14
"""A table with more rows than this opens on a click; in print it is open, unless it is very long."""
LONGEST = 400
"""A table with more rows is in the workbook only: of 150 authorities a few such tables would be most of the report."""
FEW = 4
"""Without a word of the study, so many authorities have a profile each; more would make the report too long to read."""


def write_page(
    answers: Mapping[str, Answer], pages: Sequence[Page], study: StudyWords, accounts: Sequence[Account]
) -> str:
    """Return the report as HTML. Raises CatalogueError when a page names a table or figure that is not there."""
    html = Environment(loader=PackageLoader("careloom.report"), autoescape=True, undefined=StrictUndefined)
    html.filters |= {"day": say_day, "of": headed}
    filler = _Filler(answers, study, html)
    return html.get_template("report.html").render(
        study=study,
        style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
        headlines=headlines(answers, study),
        pages=[(page, filler.fill(page)) for page in pages],
        accounts=accounts,
        is_illustrative=study.prices_standing == "illustrative",
    )


def headed(title: str, only: str | None) -> str:
    """The title of a table or figure, and what alone it is of."""
    if only is None:
        return title
    return f"{title} {only}" if title.endswith("?") else f"{title}: {only}"


class _Filler:
    """Fills pages: what a page inserts becomes an inert token, Markdown becomes HTML, tokens what they stand for."""

    def __init__(self, answers: Mapping[str, Answer], study: StudyWords, html: Environment) -> None:
        self.answers, self.study, self.html = answers, study, html
        self.inserted: list[Markup] = []
        self.drawn: set[tuple[str, str | None]] = set()
        self.figures = 0
        # values come from data: they never pass through Markdown, and pages carry no links or pictures from elsewhere
        self.markdown = MarkdownIt("commonmark", {"html": False}).disable(["image", "link", "autolink"])
        self.jinja = SandboxedEnvironment(undefined=StrictUndefined, finalize=self._token)

    def _token(self, value: object) -> str:
        self.inserted.append(escape(value))
        return f"\ue000{len(self.inserted) - 1}\ue001"

    def fill(self, page: Page) -> Markup:
        self.page = page
        told = {"table": self.table, "figure": self.figure, "said": self.said, "has": self.has}
        several = len(authorities_of(self.answers)) > 1
        names = {**told, "outcomes": self._outcomes(), "authorities": self._authorities(), "several": several}
        names["study"] = self.study
        text = self.jinja.from_string(page.text).render(names)
        made = self.markdown.render(text)
        made = made.replace("<h2>", "<h3>").replace("</h2>", "</h3>")  # the page's own title is the h2
        for pattern in (r"<p>\ue000(\d+)\ue001</p>", r"\ue000(\d+)\ue001"):
            made = re.sub(pattern, lambda found: self.inserted[int(found[1])], made)
        return Markup(made)  # made by Markdown with html off, and from escaped insertions

    def _outcomes(self) -> list[str]:
        return list(dict.fromkeys(row["outcome"] for row in self.answers["followed"].rows))

    def _authorities(self) -> list[str]:
        """Those with a profile of their own: the named; or all when they are few, and there is something beside them."""
        found = authorities_of(self.answers)
        has_beside = len(found) > 1 or self.study.pooled
        return [n for n in self.study.authorities if n in found] or (found if has_beside and len(found) <= FEW else [])

    def _answer(self, name: str) -> Answer:
        if name not in self.answers:
            raise CatalogueError(f'page {self.page.name}: there is no table "{name}"{nearest(name, self.answers)}')
        return self.answers[name]

    def table(self, name: str, only: str | None = None) -> Markup:
        """The released table, or the sentence that says why there is none."""
        answer = self._answer(name)
        is_there = answer.released and (answer.about(only) or not answer.question.beside)
        grid = lay_out(answer, only) if is_there else None
        if grid is not None and len(grid.rows) > LONGEST:
            return self._set("elsewhere.html", answer, only, rows=len(grid.rows), sheet=sheet_name(name))
        is_short = grid is not None and len(grid.rows) <= SHORT
        return self._set("table.html", answer, only, grid=grid, is_short=is_short, is_drawn=(name, only) in self.drawn)

    def figure(self, name: str, only: str | None = None) -> Markup:
        """The figure of that table, or nothing: its table, which follows, says why."""
        answer = self._answer(name)
        figure = draw(name, answer, only) if answer.released else None
        if figure is None:
            return Markup("")
        self.drawn.add((name, only))  # its table needs no second visible title
        self.figures += 1
        return self._set("figure.html", answer, only, figure=figure, number=self.figures)

    def has(self, name: str) -> bool:
        """Is there anything in that table?"""
        return self._answer(name).released is not None

    def said(self, name: str) -> Markup:
        """Sentences made from released tables, one a line."""
        lines = Markup("").join(Markup("<li>{}</li>").format(line) for line in SAID[name](self.answers))
        return Markup("<ul>{}</ul>").format(lines) if lines else Markup("")

    def _set(self, template: str, answer: Answer, only: str | None, **more: Any) -> Markup:
        is_illustrative = answer.question.is_priced and self.study.prices_standing == "illustrative"
        words = {"question": answer.question, "only": only, "is_illustrative": is_illustrative, **more}
        return Markup(self.html.get_template(template).render(words))
