"""A browser that visits the app of a study, and keeps what it asked for and complained of."""

import os
import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from playwright import sync_api

SERVING = runpy.run_path(str(Path(__file__).with_name("serving.py")))
AXE = "axe.run(document, {resultTypes: ['violations']})"
WORST = {"serious", "critical"}
PATIENCE = 120_000
"""Milliseconds: a page may take long where many tests run beside each other."""
DESK = {"width": 1280, "height": 900}


@dataclass
class Visit:
    """A browser's page, and what it asked for and complained of."""

    page: Any
    home: str
    asked: list[str] = field(default_factory=list)
    complained: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        assert self.page.goto(self.home + path.lstrip("/")).status == 200, path

    def send(self, name: str) -> None:
        """Press a button, and wait for the page that answers."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, link: Any) -> None:
        """Click a link, given by its words or found already, and wait for the page it leads to."""
        with self.page.expect_navigation():
            (self.page.get_by_role("link", name=link) if isinstance(link, str) else link).click()

    @property
    def text(self) -> str:
        return str(self.page.locator("main").inner_text())

    def axe(self) -> list[str]:
        """Run axe-core on the page as it is, and return what it finds serious."""
        self.page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
        found = self.page.evaluate(AXE)["violations"]
        return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found if each["impact"] in WORST]


@contextmanager
def visiting(study_file: Path, chromium: str) -> Iterator[Visit]:
    """A browser that came into the app of a study. At the end: it asked nobody else, and complained of nothing but refusals."""
    with SERVING["serving"](study_file) as served, sync_api.sync_playwright() as play:
        # Chromium cannot make its own sandbox when it is run by root, as in many containers
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        context = browser.new_context(viewport=DESK)
        context.set_default_timeout(PATIENCE)
        visit = Visit(context.new_page(), served.home)
        context.on("request", lambda request: visit.asked.append(request.url))
        visit.page.on("console", lambda message: visit.complained.append(message.text))
        visit.page.on("pageerror", lambda error: visit.complained.append(str(error)))
        visit.page.goto(served.told[-1])
        assert visit.page.url == served.home  # the token is gone from the address
        yield visit
        assert [url for url in visit.asked if not url.startswith(served.home)] == []
        assert [said for said in visit.complained if "status of 422" not in said] == []
        browser.close()
