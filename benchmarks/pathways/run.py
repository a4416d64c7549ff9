"""From common rows to spells, timeline, pathways and official measures: seconds, peak memory and growth.

    python benchmarks/pathways/run.py [--children 1000000 ...] [--on-disk] [--memory "8 GB"] [--spark 50000]

Each size is a process of its own. `--on-disk` works in a file with little memory, or as much as `--memory` says, as `scratch` and
`memory` do in a study file.
`--spark` runs that many children on DuckDB and on Spark (local[2]) and compares every table.
"""

import argparse
import datetime as dt
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from make_rows import CATALOGUE, FIRST_YEAR, LAST_YEAR, make_rows

from careloom.engine import DuckDBEngine, Engine, count
from careloom.engine.open import MEMORY
from careloom.pathways import make_lives, make_pathways, make_timeline, take_measures

END_DAY = dt.date(LAST_YEAR, 4, 1)
TABLES = ("event", "care_episode", "spell", "factor", "repair", "timeline", "pathway", "measure")


def main() -> None:
    asked = arguments()
    if asked.alone:
        print(json.dumps(measure(asked.alone, asked.memory if asked.on_disk else "")))
        return
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {'on disk' if asked.on_disk else 'in memory'}")
    for children in asked.children:
        more = ["--on-disk", "--memory", asked.memory] if asked.on_disk else []
        told = json.loads(subprocess.check_output([sys.executable, __file__, "--alone", str(children), *more]))
        parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in told["seconds"].items())
        whole = sum(told["seconds"].values())
        print(
            f"{children:>9,} children, {told['rows']:>10,} rows: {whole:6.1f} s ({parts}); peak {told['peak'] / 1e6:,.1f} GB",
            flush=True,
        )
    if asked.spark:
        compare_engines(asked.spark)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--children", type=int, nargs="*", default=[1_000_000])
    parser.add_argument("--on-disk", action="store_true")
    parser.add_argument("--memory", default=MEMORY, help="what DuckDB may hold when it works in a file")
    parser.add_argument("--spark", type=int, default=0, metavar="CHILDREN")
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def stages(engine: Engine) -> dict[str, Callable[[], object]]:
    return {
        "spells": lambda: make_lives(engine, CATALOGUE.repairs, CATALOGUE.spells),
        "timeline": lambda: make_timeline(engine, end_day=END_DAY),
        "pathways": lambda: make_pathways(engine),
        "measures": lambda: take_measures(
            engine, CATALOGUE.measures, first_day=dt.date(FIRST_YEAR - 1, 4, 1), end_day=END_DAY
        ),
    }


def measure(children: int, memory: str) -> dict[str, object]:
    """Make the rows (not timed), run each stage, and return seconds, rows and peak memory (kB)."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "lives.duckdb") if memory else None
        with closing(DuckDBEngine(place=place, memory=memory or None)) as engine:
            make_rows(engine, children)
            rows = sum(count(engine, table) for table in ("event_row", "spell_row", "care_episode_row", "factor_row"))
            seconds = {}
            for name, work in stages(engine).items():
                began = time.perf_counter()
                work()
                seconds[name] = time.perf_counter() - began
    return {"seconds": seconds, "rows": rows, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}


def compare_engines(children: int) -> None:
    """Run on DuckDB and on Spark and compare each table, row for row, by a fingerprint of its sorted rows."""
    from careloom.engine.spark import SparkEngine

    found: dict[str, dict[str, str]] = {}
    for make in (DuckDBEngine, SparkEngine):
        with closing(make()) as engine:
            make_rows(engine, children)
            began = time.perf_counter()
            for work in stages(engine).values():
                work()
            print(f"{engine.name}: {children:,} children in {time.perf_counter() - began:.1f} s", flush=True)
            found[engine.name] = {table: fingerprint(engine, table) for table in TABLES}
    for table in TABLES:
        same = found["duckdb"][table] == found["spark"][table]
        print(f"{table:>14}: {'the same on both' if same else 'DIFFERENT'}")
    if found["duckdb"] != found["spark"]:
        raise SystemExit("the engines differ")


def fingerprint(engine: Engine, table: str) -> str:
    columns = ", ".join(f'"{column}"' for column in engine.columns(table) if column != "value")
    rows = sorted(map(str, engine.rows(f"SELECT {columns} FROM {table}")))
    return f"{len(rows)} {hashlib.sha256(''.join(rows).encode()).hexdigest()}"


if __name__ == "__main__":
    main()
