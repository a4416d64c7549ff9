"""The national rehearsal: a made-up country from its files to its report, measured stage by stage.

    python benchmarks/national/run.py measure 1 3 10 [--children 20000] [--memory "8 GB"] [--folder DIR]
    python benchmarks/national/run.py draw                              # growth.csv into growth.svg
    python benchmarks/national/run.py engines [--children 2000]         # one authority on DuckDB and on Spark: the same?

`measure` makes each country (CIN census and SSDA903, 2015 to 2021), which is not timed, and runs its study in a process of
its own, with a scratch folder and the memory that is asked for. Of each stage growth.csv says the seconds by the clock, core
seconds (what all threads of the process and of those it started worked, so that a busy machine disturbs it less), the most
memory they held, and the most that lay in the scratch folder. Linux only. Rows of a size that was measured before are written anew, the others stay.
"""

import argparse
import contextlib
import csv
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from careloom.catalogue import load_catalogue
from careloom.engine import open_kept
from careloom.study import read_study
from careloom.study.run import run_study
from careloom.synth import make_england

YEARS = (2015, 2021)
SYSTEMS = ("ssda903", "cin_census")
CSV = Path(__file__).with_name("growth.csv")
COLUMNS = ("authorities", "assessments", "persons", "stage", "wall_s", "core_s", "peak_gb", "scratch_gb", "load")
WHOLE, OUTPUTS = "the whole run", "study.duckdb, report and tables"
SECONDS_BETWEEN_LOOKS = 0.5
GIGABYTE = 1e9


def main() -> None:
    asked = arguments()
    if asked.what == "alone":
        print(json.dumps(stages_of(Path(asked.study))))
    elif asked.what == "measure":
        for size in asked.sizes:
            measure(size, asked)
    elif asked.what == "draw":
        from draw import draw

        draw(CSV)
    else:
        from engines import compare

        compare(asked.children or 2000)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("measure", "draw", "engines", "alone"))
    parser.add_argument("sizes", type=int, nargs="*", default=[1], help="numbers of authorities; 150 is all of England")
    parser.add_argument("--children", type=int, default=None, help="in the returns of each authority, about")
    parser.add_argument(
        "--memory", default="8 GB", help="what DuckDB may hold; what is more goes to the scratch folder"
    )
    parser.add_argument("--folder", type=Path, default=None, help="where to make the country; what is there is used")
    parser.add_argument("--study", help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(size: int, asked: argparse.Namespace) -> None:
    """Make a country, run it in a process of its own, and put what it says into growth.csv."""
    with tempfile.TemporaryDirectory(dir=asked.folder) as passing:
        home = asked.folder / f"england_{size}" if asked.folder else Path(passing)
        if not (home / "study.toml").exists():
            children = (asked.children or 20_000) * size
            make_england(home, authorities=size, children=children, years=YEARS, systems=SYSTEMS)
        study = with_scratch(home / "study.toml", asked.memory)
        command = [sys.executable, __file__, "alone", "--study", str(study)]
        rows = json.loads(subprocess.check_output(command))
    keep([{"authorities": size, **row} for row in rows], size)
    print(f"{size} authorities: " + ", ".join(f"{name} {rows[-1][name]}" for name in COLUMNS[4:]), flush=True)


def with_scratch(study: Path, memory: str) -> Path:
    """The study file with a scratch folder, beside it."""
    words = study.read_text(encoding="utf-8")
    made = study.with_name("national.toml")
    asked = f'[study]\nscratch = "scratch"\nmemory = "{memory}"\n'
    made.write_text(
        words.replace("[study]\n", asked, 1).replace('out = "results"', 'out = "national"'), encoding="utf-8"
    )
    return made


def keep(rows: list[dict[str, Any]], size: int) -> None:
    before: list[dict[str, Any]] = []
    if CSV.exists():
        with CSV.open(newline="") as file:
            before = [row for row in csv.DictReader(file) if int(row["authorities"]) != size]
    with CSV.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted([*before, *rows], key=lambda row: int(row["authorities"])))


# --- inside the process that is measured -------------------------------------------------------------------------------


class Meter:
    """Hears what a run is doing, and says of each stage what it took; of stages heard twice, both together."""

    def __init__(self, scratch: Path) -> None:
        self.scratch, self.rows, self.doing = scratch, list[dict[str, Any]](), ""
        self.most_on_disk, self.most_beside, self.is_over = 0, 0, threading.Event()
        self.watcher = threading.Thread(target=self.watch, daemon=True)
        self.begin()
        self.first = self.clocks
        self.watcher.start()

    def begin(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")  # sets VmHWM, the most held, back to what is held now
        self.clocks, self.most_on_disk, self.most_beside = (time.perf_counter(), core_seconds()), 0, 0

    def hear(self, step: str, _share: float) -> None:
        if self.doing:
            self.rows.append(self.said(self.doing, self.clocks, most_held() + self.most_beside / GIGABYTE))
        self.doing = step
        self.begin()

    def said(self, stage: str, since: tuple[float, float], peak: float) -> dict[str, Any]:
        self.look()
        return {
            "stage": stage,
            "wall_s": round(time.perf_counter() - since[0], 1),
            "core_s": round(core_seconds() - since[1], 1),
            "peak_gb": round(peak, 2),
            "scratch_gb": round(self.most_on_disk / GIGABYTE, 2),
            "load": round(os.getloadavg()[0], 1),
        }

    def end(self) -> list[dict[str, Any]]:
        self.hear("", 1.0)
        self.is_over.set()
        whole = self.said(WHOLE, self.first, max(row["peak_gb"] for row in self.rows))
        return [*self.rows, {**whole, "scratch_gb": max(row["scratch_gb"] for row in self.rows)}]

    def watch(self) -> None:
        while not self.is_over.wait(SECONDS_BETWEEN_LOOKS):
            self.look()

    def look(self) -> None:
        self.most_on_disk = max(self.most_on_disk, size_of(self.scratch))
        self.most_beside = max(self.most_beside, held_beside())


def stages_of(path: Path) -> list[dict[str, Any]]:
    """Run a study and return a row for each stage, and one for the whole; each with how much there was to read."""
    catalogue = load_catalogue()
    study = read_study(path, catalogue)
    assert study.scratch is not None
    meter = Meter(study.scratch.folder)
    run_study(study, catalogue, accept=True, on_step=meter.hear)
    rows = meter.end()
    kept = open_kept(study.out / "study.duckdb")
    counts = "SELECT (SELECT count(*) FROM spell WHERE kind = 'assessment') AS n, (SELECT count(*) FROM person) AS m"
    (told,) = kept.rows(counts)
    kept.close()
    size = size_of(study.out)
    rows.append(
        {
            **rows[-1],
            "stage": OUTPUTS,
            "wall_s": "",
            "core_s": "",
            "peak_gb": "",
            "scratch_gb": round(size / GIGABYTE, 2),
        }
    )
    return [{"assessments": told[0], "persons": told[1], **row} for row in [*rows[:-2], rows[-1], rows[-2]]]


def core_seconds() -> float:
    """What this process worked, and those it started that have ended."""
    return sum(os.times()[:4])


def held_beside() -> int:
    """Bytes that the processes hold which this one started."""
    total = 0
    for told in Path("/proc/self/task").glob("*/children"):
        for child in told.read_text().split():
            with contextlib.suppress(OSError):
                total += int(Path("/proc", child, "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return total


def most_held() -> float:
    """GB that the process held at most since it was last set back."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / GIGABYTE


def size_of(folder: Path) -> int:
    """Bytes of all files under a folder; those that go meanwhile count nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += Path(place, name).stat().st_size
    return total


if __name__ == "__main__":
    main()
