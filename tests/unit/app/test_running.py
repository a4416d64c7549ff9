"""The run as a process of its own: what it says is heard, and it can be stopped."""

import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from careloom.app.running import STEP, Running
from careloom.cli.progress import steps

SAYS = """
import sys, time
print("   0% reading the deliveries", file=sys.stderr, flush=True)
print("  53% costing care", file=sys.stderr, flush=True)
print("note: a new key was made", file=sys.stderr, flush=True)
time.sleep({seconds})
print("Report: there", flush=True)
sys.exit(4)
"""


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], Running]:
    """A run of something that says what `careloom run` says: Python itself is put in the place of `python -m careloom`."""

    def make(seconds: float) -> Running:
        script = tmp_path / "says.py"
        script.write_text(SAYS.format(seconds=seconds))
        shim = tmp_path / "python"
        shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}"\n')
        shim.chmod(0o700)
        monkeypatch.setattr(sys, "executable", str(shim))
        return Running(tmp_path / "study.toml")

    return make


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.02)


def test_steps_and_sayings_are_told_apart(running: Callable[[float], Running]) -> None:
    run = running(0)
    assert run.heard is None
    run.start()
    wait_for(lambda: run.heard is not None and not run.heard.is_going_on and bool(run.heard.said[1:]))
    heard = run.heard
    assert heard is not None
    assert heard.steps == ("reading the deliveries", "costing care")
    assert heard.percent == 53
    assert heard.said == ("note: a new key was made", "Report: there")
    assert heard.code == 4


def test_a_run_can_be_stopped_and_there_is_one_at_a_time(running: Callable[[float], Running]) -> None:
    run = running(60)
    run.start()
    wait_for(lambda: run.heard is not None and len(run.heard.steps) == 2)
    first = run._process
    run.start()
    assert run._process is first
    run.cancel()
    heard = run.heard
    assert heard is not None
    assert heard.is_cancelled
    assert heard.code not in (None, 0)
    run.cancel()  # a second time there is nothing to stop


@pytest.mark.parametrize("line", ["  5% linking children", "100% done", "  0% x"])
def test_a_step_is_known(line: str) -> None:
    assert STEP.match(line)


@pytest.mark.parametrize("line", ["note: 5% of rows", "5 % x", "not read: a.csv", "  5%"])
def test_anything_else_is_no_step(line: str) -> None:
    assert not STEP.match(line)


def test_what_a_command_says_where_nobody_watches_is_what_is_listened_for() -> None:
    """cli/progress.py and app/running.py agree on how a step is said."""
    written = io.StringIO()
    with steps(Console(file=written, width=40)) as on_step:
        on_step("choosing the category of each episode of need, however long", 0.0)
        on_step("linking children [markup]", 0.5349)
    found = [STEP.match(line) for line in written.getvalue().splitlines()]
    assert [match.groups() for match in found if match] == [
        ("0", "choosing the category of each episode of need, however long"),
        ("53", "linking children [markup]"),
    ]
