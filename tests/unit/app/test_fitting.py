"""A fit as a process of its own: what it says is heard, what goes wrong is told, and it can be stopped."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from careloom.app.fit import words_of
from careloom.app.fitting import ENDED, STOPPED, Fitted, Fitting, heard
from careloom.study import Told
from careloom.study.fit_anew import AskedOfFit

ASKED = AskedOfFit("re_entry", ("age_band", "category"), "sex")


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.02)


def test_what_is_said_is_where_it_is() -> None:
    now = heard(Fitted(ASKED), ("fitting the model", 0.4))
    assert (now.step, now.percent, now.is_going_on) == ("fitting the model", 40, True)
    assert heard(now, Told(("done",))).told == Told(("done",))
    assert not heard(now, Told(())).is_going_on
    assert heard(now, "no such study").trouble == "no such study"


def test_what_is_wrong_with_the_study_is_told(tmp_path: Path) -> None:
    fitting = Fitting(tmp_path / "none.toml")
    fitting.start(ASKED)
    wait_for(lambda: fitting.now is not None and not fitting.now.is_going_on)
    assert fitting.now is not None
    assert "none.toml" in fitting.now.trouble
    assert fitting.now.asked == ASKED


def test_it_can_be_stopped_and_stays_so(tmp_path: Path) -> None:
    fitting = Fitting(tmp_path / "none.toml")
    fitting.cancel()
    assert fitting.now is None
    fitting.start(ASKED)
    process = fitting._process
    fitting.cancel()
    assert process is not None
    assert not process.is_alive()
    assert fitting.now is not None
    assert fitting.now.trouble == STOPPED


def test_one_that_dies_is_not_waited_for(tmp_path: Path) -> None:
    fitting = Fitting(tmp_path / "none.toml")
    fitting.start(ASKED)
    assert fitting._process is not None
    fitting._process.kill()
    wait_for(lambda: fitting.now is not None and not fitting.now.is_going_on)
    assert fitting.now is not None
    assert fitting.now.trouble == ENDED


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (ASKED, ["--of", "re_entry", "--adjust-for", "age_band,category", "--stratum", "sex"]),
        (AskedOfFit("re_entry", (), "sex"), ["--of", "re_entry", "--stratum", "sex"]),
        (AskedOfFit("re_entry", ("year",)), ["--of", "re_entry", "--adjust-for", "year"]),
    ],
)
def test_the_command_that_fits_the_same(asked: AskedOfFit, words: list[str]) -> None:
    assert words_of(asked) == words
