"""The report as a PDF: the same words, on pages with numbers, tagged, with fonts embedded, and nothing cut at the side."""

import json
import os
import re
import runpy
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import lxml.html
import pytest

from careloom.catalogue import load_catalogue
from careloom.cli import main
from careloom.engine import DuckDBEngine
from careloom.report import write_report
from careloom.study import pdf

MADE_UP = Path(__file__).parents[1] / "unit" / "report" / "made_up.py"
A4 = 688
"""Pixels between the margins of an A4 page: (210 - 2 x 14) mm at 96 to the inch."""
STUDY = """
[study]
name = "Anyshire"
from = 2018-04-01
to = 2021-03-31
out = "results"

[[delivery]]
return = "ssda903"
authority = "Anyshire"
year = 2020
files = ["episodes.csv"]
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up report as a run would have left it."""
    folder = tmp_path_factory.mktemp("printed")
    (folder / "study.toml").write_text(STUDY)
    (folder / "episodes.csv").write_text("CHILD\n")
    results = folder / "results"
    results.mkdir()
    made_up, engine = runpy.run_path(str(MADE_UP)), DuckDBEngine()
    made_up["make_up"](engine)
    write_report(engine, load_catalogue(), folder=results, study=made_up["STUDY"])
    engine.close()
    (results / "manifest.json").write_text(json.dumps({"study": "Anyshire", "key_id": "none"}))
    return folder / "study.toml"


@pytest.fixture(scope="module")
def printed(study: Path, chromium: str) -> Path:
    assert main(["pdf", str(study), "--browser", chromium]) == 0
    return study.with_suffix(".pdf")


def read_by(tool: str, *words: str) -> str:
    if not shutil.which(tool):
        pytest.skip(f"{tool}, which reads PDF files, is not there")
    return subprocess.run([tool, *words], capture_output=True, text=True, check=True).stdout


def test_the_pdf_says_what_the_page_says(printed: Path, study: Path) -> None:
    """Every heading, every sentence on the first page, and every number of the tables that print, none of them broken."""
    text = read_by("pdftotext", "-layout", str(printed), "-")
    page = lxml.html.fromstring((study.parent / "results" / "report.html").read_text(encoding="utf-8"))
    headings = page.xpath("//h1 | //h2 | //h3 | //*[@class='answer']/p | //*[contains(@class, 'warning')]/p")
    assert len(headings) > 40
    words = set(text.split())
    for heading in headings:
        assert {*heading.text_content().split()} <= words, heading.text_content()
    tables = [table for table in page.iter("table") if not table.xpath("ancestor::details[@class='long']")]
    assert len(tables) > 30
    said = numbers(text)
    for table in tables:
        assert numbers(" ".join(cell.text_content() for cell in table.iter("td"))) <= said, table.findtext("caption")


def numbers(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w.,£-])£?\d[\d,]*(?:\.\d+)?%?(?![\w,.%-])", text))


def test_the_pdf_is_tagged_a4_and_has_its_fonts(printed: Path) -> None:
    told = read_by("pdfinfo", str(printed))
    assert re.search(r"Tagged: +yes", told)
    assert re.search(r"Page size: +59[45]\.\d+ x 84[12]\.\d+ pts \(A4\)", told)
    fonts = read_by("pdffonts", str(printed)).splitlines()[2:]
    assert fonts
    assert all(line.split()[-5] == "yes" for line in fonts)  # the column "emb"


def test_every_page_has_its_number(printed: Path) -> None:
    pages = read_by("pdftotext", "-layout", str(printed), "-").split("\f")[:-1]
    assert len(pages) > 10
    for number, page in enumerate(pages, start=1):
        assert f"{number} of {len(pages)}" in page


def test_nothing_is_cut_at_the_side(study: Path, chromium: str) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        page = browser.new_page(viewport={"width": A4, "height": 1000})
        page.emulate_media(media="print")
        page.goto((study.parent / "results" / "report.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= A4
        browser.close()


# --- when it cannot be done -------------------------------------------------------------------------------------------


def test_nothing_is_written_over(printed: Path, study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = printed.read_bytes()
    assert main(["pdf", str(study)]) == 6
    assert "there already" in capsys.readouterr().err
    assert printed.read_bytes() == before
    assert main(["pdf", str(study), "--out", str(study.parent / "results" / "report.pdf")]) == 6


def test_without_a_browser_it_says_what_to_do(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(pdf, "ON_A_MAC", ())
    assert main(["pdf", str(study), "--out", str(tmp_path / "new.pdf")]) == 8
    assert "--browser" in capsys.readouterr().err
    assert main(["pdf", str(study), "--out", str(tmp_path / "new.pdf"), "--browser", str(tmp_path / "none")]) == 8
    assert not (tmp_path / "new.pdf").exists()


def test_a_browser_that_prints_nothing_is_said_so(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], program: Callable[[str], Path]
) -> None:
    assert main(["pdf", str(study), "--out", str(tmp_path / "new.pdf"), "--browser", str(program("exit 0"))]) == 6
    assert "printed nothing" in capsys.readouterr().err
    assert not (tmp_path / "new.pdf").exists()


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Path]:
    """A small program that does what a line of sh says."""
    if os.name == "nt":
        pytest.skip("it is written for sh")

    def make(line: str) -> Path:
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o700)
        return path

    return make


def test_without_results_there_is_nothing_to_print(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "episodes.csv").write_text("CHILD\n")
    assert main(["pdf", str(tmp_path / "study.toml")]) == 8
