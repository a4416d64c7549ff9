"""Every figure has words that say the same and a table beside it, for those who cannot see it."""

import re
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from careloom.catalogue import load_catalogue
from careloom.report import Report
from careloom.report.figures import FIGURES

INSERTED = re.compile(r"\{\{ (figure|table)\('(\w+)'(, [^)]+)?\) \}\}")


@pytest.fixture(scope="module")
def figures(written: tuple[Path, Report]) -> list[Any]:
    """Every figure of the report of the made-up study."""
    return lxml.html.fromstring((written[0] / "report.html").read_text(encoding="utf-8")).xpath("//figure")


def test_every_figure_is_on_a_page_and_its_table_follows_it() -> None:
    drawn = set()
    for page in load_catalogue().pages:
        inserted = INSERTED.findall(page.text)
        for at, (what, *of) in enumerate(inserted):
            if what == "figure":
                drawn.add(of[0])
                assert ("table", *of) in inserted[at + 1 :][:2], (page.name, of)
    assert drawn == set(FIGURES)


def test_every_figure_is_told_in_words_with_numbers(figures: list[Any]) -> None:
    assert len(figures) >= 12
    for figure in figures:
        title = " ".join(figure.find("figcaption").text_content().split())
        (drawing,) = figure.xpath(".//*[@role='img']")
        assert title.startswith(drawing.get("aria-label"))
        (words,) = figure.xpath(f".//details/p[@id='{drawing.get('aria-describedby')}']")
        assert re.search(r"\d", words.text), title
        assert not re.search(r"None|nan|\{", words.text), title
    ids = [drawing.get("aria-describedby") for figure in figures for drawing in figure.xpath(".//*[@role='img']")]
    assert len(set(ids)) == len(figures)


def test_the_table_that_follows_a_figure_has_its_title(figures: list[Any]) -> None:
    """Or, of the curves, the one after it: the read-offs stand between."""
    for figure in figures:
        title = figure.xpath(".//*[@role='img']/@aria-label")[0]
        captions = [caption.text_content() for caption in figure.xpath("./following::caption")[:2]]
        is_retitled = "least completely recorded" in title  # the figure shows the worst items alone
        assert is_retitled or any(caption.startswith(title) for caption in captions)


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Categories of recorded demand", "1. Domestic abuse of a parent, emotional abuse and neglect 4"),
        ("The highest step", "the most common one of each category: 1. Domestic abuse"),
        ("How likely each factor", "the 3 likeliest of each: 1. Domestic abuse"),
    ],
)
def test_words_hold_the_numbers_of_the_bars_and_squares(figures: list[Any], title: str, words: str) -> None:
    said = [p.text for figure in figures for p in figure.xpath(".//details/p") if p.text.startswith(title)]
    assert len(said) == 1
    assert words in said[0]
    assert re.search(r"\d%", said[0])
