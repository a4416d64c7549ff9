"""A tiny study of a made-up authority, run while every word to the engine is noted: what a run really reads and makes.

`make map` writes the stages of MAP.md from it; the tests of the house look at the same recording.
"""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

import careloom.study.run
from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.study import read_study, run_study
from careloom.synth import make_england

NO_STAGE_OF_THEIRS = ("study", "engine", "catalogue", "core")
"""Rooms that every stage uses: a stage is not done by them."""

Stage = tuple[str, list[str], list[str], list[str]]  # its name, the rooms' functions, the common tables read, and made


@dataclass(frozen=True)
class Said:
    """One thing that a run said: in which stage, what was asked, of which table or function, the SQL, which columns came, and
    what DuckDB means to do."""

    stage: str
    verb: str
    name: str
    sql: str = ""
    columns: tuple[str, ...] = ()
    plan: str = ""


@dataclass
class Recording:
    """Everything a run said to its engine and which rooms it called, and where its outputs are."""

    out: Path
    steps: list[str] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)

    def on_step(self, step: str, share: float) -> None:
        self.steps.append(step)

    def note(self, verb: str, name: str, sql: str = "", columns: Iterable[str] = (), plan: str = "") -> None:
        self.said.append(Said(self.steps[-1] if self.steps else "", verb, name, sql, tuple(columns), plan))

    @property
    def sql(self) -> list[str]:
        return list(dict.fromkeys(said.sql for said in self.said if said.sql))

    def made(self, stage: str | None = None) -> set[str]:
        """The tables made, in one stage or in all."""
        return {said.name for said in self.said if said.verb in ("make", "load") and stage in (None, said.stage)}

    def read(self, stage: str) -> set[str]:
        """The tables that the SQL of one stage names."""
        spoken = {said.sql for said in self.said if said.stage == stage and said.sql}
        return {table for sql in spoken for table in tables_in(sql)}

    def stages(self) -> list[Stage]:
        """Each stage but the last, which writes the outputs; a table that a stage makes is not one that it reads."""
        common, found = list(load_catalogue().tables), []
        for stage in self.steps[:-1]:
            calls = dict.fromkeys(said.name for said in self.said if said.stage == stage and said.verb == "call")
            makes = self.made(stage)
            reads = self.read(stage) - makes
            found.append((stage, list(calls), [t for t in common if t in reads], [t for t in common if t in makes]))
        return found


def tables_in(sql: str) -> set[str]:
    """Return the tables that a statement reads, without those it makes for itself."""
    scopes = traverse_scope(sqlglot.parse_one(sql, read="duckdb"))
    return {s.name for scope in scopes for s in scope.sources.values() if isinstance(s, exp.Table)}


class RecordingEngine:
    """DuckDB that notes what is said to it."""

    name = "duckdb"

    def __init__(self, recording: Recording) -> None:
        self.duck, self.recording = DuckDBEngine(threads=1), recording

    def load(self, table: str, rows: pa.Table) -> None:
        self.recording.note("load", table, columns=rows.column_names)
        self.duck.load(table, rows)

    def append(self, table: str, rows: pa.Table) -> None:
        self.recording.note("load", table)
        self.duck.append(table, rows)

    def drop(self, table: str) -> None:
        self.duck.drop(table)

    def make(self, table: str, select: str) -> int:
        self.recording.note("make", table, select, plan=self.plan_of(select))
        return self.duck.make(table, select)

    def view(self, table: str, select: str) -> None:
        self.recording.note("make", table, select)
        self.duck.view(table, select)

    def arrow(self, select: str) -> pa.Table:
        self.recording.note("arrow", "", select, self.columns_of(select), self.plan_of(select))
        return self.duck.arrow(select)

    def parts(self, select: str) -> Iterator[pa.Table]:
        self.recording.note("parts", "", select, self.columns_of(select), self.plan_of(select))
        yield from self.duck.parts(select)

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        self.recording.note("rows", "", select, self.columns_of(select), self.plan_of(select))
        return self.duck.rows(select)

    def columns_of(self, select: str) -> list[str]:
        return list(self.duck.arrow(f"SELECT * FROM ({select}) AS told LIMIT 0").column_names)

    def plan_of(self, select: str) -> str:
        return str(self.duck.rows(f"EXPLAIN (FORMAT json) {select}")[0][1])

    def columns(self, table: str) -> list[str]:
        return self.duck.columns(table)

    def close(self) -> None:
        self.duck.close()


def make_authority(folder: Path) -> Path:
    """Write the returns of a tiny made-up authority, and return its study file."""
    make_england(folder, children=120, years=(2019, 2021), seed=1, systems=("ssda903", "cin_census"))
    return folder / "study.toml"


def record(study_file: Path) -> Recording:
    """Run a study, thinly, and return what it said."""
    catalogue = load_catalogue()
    study = dataclasses.replace(read_study(study_file, catalogue), most_classes=2, starts=1)
    recording = Recording(study.out)
    heard: dict[str, Any] = {"open_engine": lambda *_: RecordingEngine(recording), **listened(recording)}
    with patch.multiple(careloom.study.run, **heard):
        run_study(study, catalogue, on_step=recording.on_step, is_kept=False)
    return recording


def listened(recording: Recording) -> dict[str, Callable[..., Any]]:
    """Return the functions of rooms that study/run.py calls, each noting that it was called, as room.function."""

    def listen(function: Callable[..., Any], said: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def noted(*args: Any, **options: Any) -> Any:
            recording.note("call", said)
            return function(*args, **options)

        return noted

    found = {}
    for name, function in vars(careloom.study.run).items():
        ours, _, room = getattr(function, "__module__", "").partition(".")
        room = room.partition(".")[0]
        if inspect.isfunction(function) and ours == "careloom" and room not in NO_STAGE_OF_THEIRS:
            found[name] = listen(function, f"{room}.{name}")
    return found
