"""A table of very many rows is in the workbook only, and the page says where."""

from collections.abc import Mapping
from typing import Any

import lxml.html
import pytest

from careloom.catalogue import load_catalogue
from careloom.report import page
from careloom.report.question import Answer
from careloom.report.workbook import sheet_name


def test_a_long_table_is_named_with_its_sheet(
    answers: Mapping[str, Answer], made_up: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [each for each in load_catalogue().pages if each.name in ("demand", "local")]
    whole = lxml.html.fromstring(page.write_page(answers, pages, made_up["STUDY"], ()))
    captions = {caption.text_content() for caption in whole.iter("caption")}
    title = answers["profile"].question.title
    assert title in captions
    monkeypatch.setattr(page, "LONGEST", 6)
    cut = lxml.html.fromstring(page.write_page(answers, pages, made_up["STUDY"], ()))
    left = {caption.text_content() for caption in cut.iter("caption")}
    assert left < captions
    assert title not in left
    said = [each.text_content() for each in cut.find_class("nothing")]
    assert (
        f"{title}: 8 rows, too many for a page. They are in the workbook, on the sheet {sheet_name('profile')}." in said
    )
    assert len(cut.xpath("//figure")) == len(whole.xpath("//figure"))
