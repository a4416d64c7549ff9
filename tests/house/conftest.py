"""What the tests of the house look at: the repository's files, and a tiny study whose every word to the engine is noted."""

import dataclasses
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import careloom.study.run
from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.study import read_study, run_study
from careloom.synth import make_england

REPOSITORY = Path(__file__).resolve().parents[2]

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


@dataclass(frozen=True)
class Said:
    """One thing said to the engine: in which stage, what was asked, of which table, and the SQL."""

    stage: str
    verb: str
    table: str
    sql: str


@dataclass
class Recording:
    """Everything a run said to its engine, and where its outputs are."""

    out: Path
    stage: str = ""
    said: list[Said] = field(default_factory=list)

    def on_step(self, step: str, share: float) -> None:
        self.stage = step

    @property
    def sql(self) -> list[str]:
        return list(dict.fromkeys(said.sql for said in self.said if said.sql))

    def made(self, stage: str | None = None) -> set[str]:
        """The tables made, in one stage or in all."""
        return {said.table for said in self.said if said.verb in ("make", "load") and stage in (None, said.stage)}


class RecordingEngine:
    """DuckDB that notes what is said to it."""

    name = "duckdb"

    def __init__(self, recording: Recording) -> None:
        self.duck, self.recording = DuckDBEngine(threads=1), recording

    def note(self, verb: str, table: str, sql: str) -> None:
        self.recording.said.append(Said(self.recording.stage, verb, table, sql))

    def load(self, table: str, rows: pa.Table) -> None:
        self.note("load", table, "")
        self.duck.load(table, rows)

    def append(self, table: str, rows: pa.Table) -> None:
        self.note("load", table, "")
        self.duck.append(table, rows)

    def drop(self, table: str) -> None:
        self.duck.drop(table)

    def make(self, table: str, select: str) -> int:
        self.note("make", table, select)
        return self.duck.make(table, select)

    def arrow(self, select: str) -> pa.Table:
        self.note("arrow", "", select)
        return self.duck.arrow(select)

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        self.note("rows", "", select)
        return self.duck.rows(select)

    def columns(self, table: str) -> list[str]:
        return self.duck.columns(table)

    def close(self) -> None:
        self.duck.close()


def record(study_file: Path) -> Recording:
    """Run a study, thinly, and return what it said."""
    catalogue = load_catalogue()
    study = dataclasses.replace(read_study(study_file, catalogue), most_classes=2, starts=1)
    recording = Recording(study.out)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(careloom.study.run, "open_engine", lambda name, scratch: RecordingEngine(recording))
        run_study(study, catalogue, on_step=recording.on_step)
    return recording


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The returns of a tiny made-up authority, with its study file."""
    folder = tmp_path_factory.mktemp("authority")
    make_england(folder, children=120, years=(2019, 2021), seed=1, systems=("ssda903", "cin_census"))
    return folder


@pytest.fixture(scope="session")
def recording(authority: Path) -> Recording:
    """What a whole run says to the engine when both returns were delivered."""
    return record(authority / "study.toml")


@pytest.fixture(scope="session")
def bare_recording(authority: Path) -> Recording:
    """What a whole run says when almost nothing was delivered: the other branches of each room."""
    study_file = authority / "bare.toml"
    study_file.write_text(BARE, encoding="utf-8")
    (authority / "flat").mkdir()
    for name, text in FLAT.items():
        (authority / "flat" / f"{name}.csv").write_text(text, encoding="utf-8")
    return record(study_file)


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
