"""Read the files of a made-up country by one process and by several, and print how long it takes.

    python benchmarks/ingest/side_by_side.py [AUTHORITIES] [--folder DIR] [--readers 1 2] [--repeats 1]

A country has CIN census and SSDA903 of 2015 to 2021, with about 20,000 children in the returns of each authority. With a
folder it is made there, or one that is there already is read (`England/study.toml`). Each number of readers has a process of
its own, as memory of one says nothing of another. Of all of ingest it says the seconds by the clock, the core seconds of this
process and of those beside it (which a busy machine disturbs less), and the most memory that any one of them held.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from careloom.catalogue import load_catalogue
from careloom.engine.open import Scratch, open_engine
from careloom.ingest import ingest
from careloom.ingest.side_by_side import ASKED
from careloom.study import read_study
from careloom.synth import make_england

YEARS, SYSTEMS = (2015, 2021), ("ssda903", "cin_census")
COLUMNS = ("readers", "seconds", "core_s", "core_s_beside", "peak_mb", "peak_mb_beside", "load")


def main() -> None:
    asked = arguments()
    if asked.alone:
        print(json.dumps(measure(asked.alone)))
        return
    with tempfile.TemporaryDirectory() as passing:
        home = asked.folder or Path(passing)
        if not (home / "study.toml").exists():
            children = 20_000 * asked.authorities
            make_england(home, authorities=asked.authorities, children=children, years=YEARS, systems=SYSTEMS)
        print(" ".join(f"{name:>14}" for name in COLUMNS))
        for readers in asked.readers * asked.repeats:
            command = [sys.executable, __file__, "--alone", str(home / "study.toml")]
            said = subprocess.check_output(command, env={**os.environ, ASKED: str(readers)})
            found = {"readers": readers, **json.loads(said)}
            print(" ".join(f"{found[name]:>14}" for name in COLUMNS), flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How long one process takes to read a country, and several.")
    parser.add_argument("authorities", nargs="?", type=int, default=10)
    parser.add_argument("--folder", type=Path, default=None, help="where the country is, or is to be made")
    parser.add_argument("--readers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--alone", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(study_file: Path) -> dict[str, float]:
    catalogue = load_catalogue()
    study = read_study(study_file, catalogue)
    with (
        tempfile.TemporaryDirectory() as scratch,
        closing(open_engine("duckdb", Scratch(Path(scratch), "8 GB"))) as engine,
    ):
        started, worked = time.perf_counter(), time.process_time()
        ledger = ingest(engine, catalogue, deliveries=study.deliveries, accept=True).ledger
        seconds, core = time.perf_counter() - started, time.process_time() - worked
    assert not ledger.faults()
    here, beside = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": round(seconds, 1),
        "core_s": round(core, 1),
        "core_s_beside": round(beside.ru_utime + beside.ru_stime, 1),
        "peak_mb": round(here.ru_maxrss / 1000),
        "peak_mb_beside": round(beside.ru_maxrss / 1000),
        "load": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    main()
