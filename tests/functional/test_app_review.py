"""Clerical review through the app: the same conversation as the command's, every view written down, nothing left open."""

import re
import runpy
import time
from pathlib import Path
from typing import Any

import pytest

from careloom.govern import open_key
from careloom.synth import make_england

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
VISITING, SERVING = (runpy.run_path(str(Path(__file__).with_name(f"{name}.py"))) for name in ("visiting", "serving"))
MORE = '\n[[delivery]]\nauthority = "{la}"\nfiles = ["{la}/case_system/*.csv", "{la}/health/*.csv"]\n'
LINK = '\n[link]\nlink_mode = "probabilistic"\nthreshold = 0.999999\n'


@pytest.fixture(scope="module")
def doubtful_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up authority with records of two more systems, and so high a threshold that pairs are left in doubt."""
    folder = tmp_path_factory.mktemp("review")
    systems = ("ssda903", "cin_census", "case_system", "health")
    study = make_england(folder, children=300, years=(2019, 2021), seed=5, systems=systems).study
    assert study is not None
    la = next(path.name for path in folder.iterdir() if path.name.isdigit())
    study.write_text(study.read_text() + MORE.format(la=la) + LINK)
    open_key(folder / "study.key")
    return study


def answer(visit: Any, how: str, why: str = "") -> None:
    visit.page.get_by_label(how, exact=True).check()
    visit.page.get_by_label("Why you decided so").fill(why)
    visit.send("Answer")


def test_pairs_are_reviewed_each_view_written_down(doubtful_study: Path, chromium: str) -> None:
    log, decided = (doubtful_study.parent / name for name in ("access.jsonl", "links_decided.csv"))
    with VISITING["visiting"](doubtful_study, chromium) as visit:
        visit.open("/review")
        visit.page.get_by_label("Why you look").fill("quality of links")
        visit.send("Link the records, and show the first pair")
        visit.page.get_by_role("heading", name="Are these two records of one child?").wait_for(timeout=300_000)
        assert visit.axe() == []
        first = visit.page.locator("pre").inner_text()
        assert "surname" in first
        assert len(log.read_text().splitlines()) == 1  # written before it was shown, and once
        visit.open("/review")
        assert visit.page.locator("pre").inner_text() == first
        assert len(log.read_text().splitlines()) == 1  # the same view
        answer(visit, "leave it open for now")
        assert visit.page.locator("pre").inner_text() != first
        answer(visit, "go back to the pair before")
        assert visit.page.locator("pre").inner_text() == first
        answer(visit, "the same child")
        assert ",same," in decided.read_text()
        answer(visit, "go back to the pair before")
        assert ",same," not in decided.read_text()
        answer(visit, "different children", "not the same birthday")
        assert "not the same birthday" in decided.read_text()
        assert ",different," in decided.read_text()
        answer(visit, "stop here")
        assert "1 decided in this sitting" in visit.text
        assert visit.page.locator("pre").count() == 0
        surname = first.splitlines()[4].split()[1]
        assert surname not in visit.page.content()
        assert surname not in log.read_text() + decided.read_text()
    assert all('"quality of links"' in line for line in log.read_text().splitlines())


def test_an_open_pair_is_put_away_when_the_app_locks(doubtful_study: Path) -> None:
    with SERVING["serving"](doubtful_study) as served:
        cookie = served.come_in()
        word = re.search('name="csrf" value="(.+?)"', served.ask("/review", Cookie=cookie)[2])
        assert word
        served.ask("/review", "POST", f"csrf={word[1]}&do=begin&purpose=quality", Cookie=cookie)
        until = time.monotonic() + 300
        while "Are these two records" not in (page := served.ask("/review", Cookie=cookie)[2]):
            assert time.monotonic() < until, page
            time.sleep(0.2)
        served.door.lock()
        cookie = served.come_in()
        page = served.ask("/review", Cookie=cookie)[2]
        assert "The sitting was stopped" in page or "decided in this sitting" in page
        assert "surname" not in page


def test_linking_can_be_stopped_and_nobody_was_seen(doubtful_study: Path) -> None:
    log = doubtful_study.parent / "access.jsonl"
    before = log.read_text() if log.exists() else ""
    with SERVING["serving"](doubtful_study) as served:
        cookie = served.come_in()
        word = re.search('name="csrf" value="(.+?)"', served.ask("/review", Cookie=cookie)[2])
        assert word
        served.ask("/review", "POST", f"csrf={word[1]}&do=begin&purpose=quality", Cookie=cookie)
        assert "The records are being linked" in served.ask("/review", Cookie=cookie)[2]
        served.ask("/review", "POST", f"csrf={word[1]}&do=stop", Cookie=cookie)
        assert "The sitting was stopped" in served.ask("/review", Cookie=cookie)[2]
        served.ask("/review", "POST", f"csrf={word[1]}&do=answer&answer=s&turn=1&why=x", Cookie=cookie)
        assert "The sitting was stopped" in served.ask("/review", Cookie=cookie)[2]
    assert (log.read_text() if log.exists() else "") == before
