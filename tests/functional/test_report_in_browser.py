"""The report in a real browser: it opens from a folder, asks for nothing else, and complains of nothing."""

import os
import runpy
from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.report import write_report

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
MADE_UP = Path(__file__).parents[1] / "unit" / "report" / "made_up.py"
WIDTHS = (360, 1280)  # a telephone and a desk


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made_up, folder, engine = runpy.run_path(str(MADE_UP)), tmp_path_factory.mktemp("report"), DuckDBEngine()
    made_up["make_up"](engine)
    write_report(engine, load_catalogue(), folder=folder, study=made_up["STUDY"])
    engine.close()
    return folder / "report.html"


@pytest.mark.parametrize("width", WIDTHS)
def test_the_report_opens_from_a_folder(report: Path, chromium: str, width: int) -> None:
    asked: list[str] = []
    said: list[str] = []
    with sync_api.sync_playwright() as play:
        # Chromium cannot make its own sandbox when it is run by root, as in many containers
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(report.as_uri())
        assert page.locator("html").get_attribute("lang") == "en-GB"
        assert page.locator("h1").inner_text() == "Anyshire: demand, outcomes and cost"
        # the answers are on the first screen of a desk; nothing but tables and figures scrolls sideways anywhere
        if width == max(WIDTHS):
            assert page.locator(".answer").first.is_visible()
            assert page.locator(".answers").bounding_box()["y"] < 500
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        _keyboard_reaches_the_answers(page)
        _every_link_leads_somewhere(page)
        _closed_tables_open(page)
        browser.close()
    assert asked == [report.as_uri()]
    assert said == []


def _keyboard_reaches_the_answers(page: "sync_api.Page") -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash === '#main'")  # raises when it never comes


def _every_link_leads_somewhere(page: "sync_api.Page") -> None:
    targets = [link.get_attribute("href") for link in page.locator("a").all()]
    assert len(targets) > 5
    assert all(page.locator(str(target)).count() == 1 for target in targets)


def _closed_tables_open(page: "sync_api.Page") -> None:
    details = page.locator("details:has(table)").first
    assert not details.locator("table").is_visible()
    details.locator("summary").click()
    assert details.locator("table").is_visible()
