"""What is done with a study's data is in its log, also when it fails; and without the log nothing is done."""

import json
from pathlib import Path

import pytest

from careloom.cli import main

STUDY = """
[study]
name = "Audited"
from = 2018-04-01
to = 2020-03-31
out = "results"
[[delivery]]
authority = "998"
files = ["Zebedee Smith.csv"]
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "Zebedee Smith.csv").write_text("nothing,to,read\n")
    return tmp_path / "study.toml"


def test_a_run_that_fails_is_in_the_log_and_names_no_file(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(study)]) == 5
    log = study.with_name("access.jsonl")
    begun, stopped = map(json.loads, log.read_text().splitlines())
    assert (begun["command"], begun["outcome"], stopped["outcome"]) == ("run", "begun", "stopped")
    assert stopped["why"] == "NothingToRunError"
    assert "Zebedee" not in log.read_text()  # a file may be named after a child
    capsys.readouterr()
    assert main(["audit", "show", str(study)]) == 0
    assert [line.split()[3:] for line in capsys.readouterr().out.splitlines()] == [
        ["run", "begun"],
        ["run", "stopped;", "why:", "NothingToRunError"],
    ]


def test_nothing_is_run_while_the_log_does_not_hold_together(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(study)]) == 5
    log = study.with_name("access.jsonl")
    whole = log.read_text()
    log.write_text(whole.replace("begun", "BEGUN"))
    capsys.readouterr()
    assert main(["run", str(study)]) == 9
    assert main(["audit", "verify", str(study)]) == 9
    assert main(["audit", "show", str(study)]) == 9
    assert capsys.readouterr().err.count("line 2: it does not follow") == 3
    log.write_text(whole)
    assert main(["audit", "verify", str(study)]) == 0


def test_a_line_cut_off_is_found_by_a_fingerprint_that_was_noted(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run", str(study)])
    capsys.readouterr()
    assert main(["audit", "verify", str(study)]) == 0
    noted = capsys.readouterr().out.split()[-1]
    log = study.with_name("access.jsonl")
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:1]))
    assert main(["audit", "verify", str(study)]) == 0  # the chain alone cannot know
    assert main(["audit", "verify", str(study), noted]) == 9
