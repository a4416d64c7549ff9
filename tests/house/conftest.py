"""What the tests of the house look at: the repository's files, and a tiny study whose every word to the engine is noted."""

import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TINY = runpy.run_path(str(REPOSITORY / "docs" / "recorded_run.py"))

BARE = """
[study]
name = "Only a header"
from = 2019-04-01
to = 2021-03-31
out = "bare"

[[delivery]]
return = "ssda903"
authority = "998"
year = 2020
files = ["501/ssda903/2020/header.csv"]

[[delivery]]
authority = "998"
year = 2020
files = ["flat/*.csv"]
"""
FLAT = {
    "CINdetails": "LAchildID,CINdetailsID,CINreferralDate,ReferralSource,ReferralNFA\nA1,1,2019-05-01,1A,0\n",
    "Assessments": "LAchildID,CINdetailsID,AssessmentID,AssessmentActualStartDate,AssessmentAuthorisationDate\n"
    "A1,1,1,2019-05-02,\nA2,1,1,2019-06-02,\n",
}
"""A census as flat files, with an assessment whose referral is not there."""


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study file of a tiny made-up authority, its returns beside it."""
    study_file: Path = TINY["make_authority"](tmp_path_factory.mktemp("authority"))
    return study_file


@pytest.fixture(scope="session")
def recording(authority: Path) -> Any:
    """What a whole run says to the engine when both returns were delivered."""
    return TINY["record"](authority)


@pytest.fixture(scope="session")
def bare_recording(authority: Path) -> Any:
    """What a whole run says when almost nothing was delivered: the other branches of each room."""
    study_file = authority.with_name("bare.toml")
    study_file.write_text(BARE, encoding="utf-8")
    flat = authority.with_name("flat")
    flat.mkdir()
    for name, text in FLAT.items():
        (flat / f"{name}.csv").write_text(text, encoding="utf-8")
    return TINY["record"](study_file)


def repository_files() -> list[Path]:
    """Every file of the repository, or that would be of it after `git add .`."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return sorted(path for name in listed.split("\0") if name and (path := REPOSITORY / name).is_file())


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def files() -> list[Path]:
    found = repository_files()
    assert len(found) > 100, "git lists hardly any file: is this a clone?"
    return found
