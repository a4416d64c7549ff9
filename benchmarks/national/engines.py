"""One authority on DuckDB and on Spark (local[2]): how long each takes, and whether every kept table is the same, row for row."""

import contextlib
import math
import os
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from careloom.catalogue import load_catalogue
from careloom.core import Ledger
from careloom.engine import DuckDBEngine, Engine
from careloom.study import Study, read_study
from careloom.study.checklists import checklist_table
from careloom.study.kept_tables import kept_selects
from careloom.study.run import ledger_table, stages
from careloom.synth import make_england

CATALOGUE = load_catalogue()
YEARS = (2019, 2021)
CLASSES, STARTS = 4, 2
LIKE = 1e-9
"""Sums may be added up in another order, which shows in the last of sixteen figures: this is far above that, and far below what is shown."""


def compare(children: int) -> None:
    """Raises SystemExit when a table differs."""
    from careloom.engine.spark import SparkEngine

    with tempfile.TemporaryDirectory() as folder:
        make_england(Path(folder), children=children, years=YEARS, systems=("ssda903", "cin_census"))
        study = replace(read_study(Path(folder, "study.toml"), CATALOGUE), most_classes=CLASSES, starts=STARTS)
        on_duck, on_spark = (run(study, make) for make in (DuckDBEngine, SparkEngine))
    wrong = [name for name in on_duck if rows_of(on_duck[name]) != rows_of(on_spark[name])]
    apart = [name for name in wrong if not alike(rows_of(on_duck[name]), rows_of(on_spark[name]))]
    rows = sum(table.num_rows for table in on_duck.values())
    print(
        f"{len(on_duck)} tables, {rows:,} rows: {len(on_duck) - len(wrong)} the same to the last figure, {len(apart)} different"
    )
    if apart:
        raise SystemExit(f"the engines differ in {', '.join(apart)}")


def run(study: Study, make: Any) -> dict[str, pa.Table]:
    with closing(make()) as engine:
        began, worked, java = time.perf_counter(), time.process_time(), of_java()[0]
        tables = kept(study, engine)
        wall, core, (java_after, most) = time.perf_counter() - began, time.process_time() - worked, of_java()
        said = f"{engine.name}: {wall:.0f} s by the clock, {core:.0f} core s of this process"
        print(f"{said}, {java_after - java:.0f} of Java, which held {most:.1f} GB at most", flush=True)
        return tables


def of_java() -> tuple[float, float]:
    """Core seconds of the Java that this process began, and the most GB that it held; nothing on DuckDB."""
    seconds, most = 0.0, 0.0
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            name, _, told = (place / "stat").read_text().rpartition(")")
            words = told.split()
            if name.endswith("(java") and int(words[1]) == os.getpid():
                seconds += (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
                held = next(line for line in (place / "status").read_text().splitlines() if line.startswith("VmHWM:"))
                most += int(held.split()[1]) * 1024 / 1e9
    return seconds, most


def kept(study: Study, engine: Engine) -> dict[str, pa.Table]:
    ledger = Ledger()
    for _, work in stages(study, CATALOGUE, engine):
        ledger.extend(work())
    assert ledger.faults() == []
    engine.load("ledger", ledger_table(ledger))
    engine.load("reporting_checklist", checklist_table(study, CATALOGUE, engine))
    return {name: engine.arrow(select) for name, select in kept_selects(CATALOGUE).items()}


def rows_of(table: pa.Table) -> list[tuple[Any, ...]]:
    rows = zip(*table.to_pydict().values(), strict=True)
    return sorted(rows, key=lambda row: [f"{cell:.6e}" if isinstance(cell, float) else str(cell) for cell in row])


def alike(one: list[tuple[Any, ...]], two: list[tuple[Any, ...]]) -> bool:
    return len(one) == len(two) and all(
        math.isclose(a, b, rel_tol=LIKE, abs_tol=LIKE) if isinstance(a, float) and isinstance(b, float) else a == b
        for row, other in zip(one, two, strict=True)
        for a, b in zip(row, other, strict=True)
    )
