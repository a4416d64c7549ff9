"""Cox models of many spells: CPU seconds and peak memory, here and in other tools, on the same rows in the same run.

    python benchmarks/survival/run.py [--rows 100000 1000000] [--large 10000000] [--others PYTHON] [--skip sksurv ...]

29 coefficients on whole days over six years (`made_up.py`), Efron's ties, one thread. Every measurement is a process of
its own, which reads the columns first (not timed). `--others` names the Python of an environment that has lifelines,
statsmodels and scikit-survival. R is asked when it is there. Printed, as markdown tables.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from made_up import HORIZON, late_entries, make_spells

HERE = Path(__file__).parent
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
CASES = ("plain", "strata", "cluster", "late")
LARGE = ("plain", "everything", "table", "hard classes", "soft classes", "federated")
R_ROBUST_UNTIL = 50_000
"""Rows: robust errors of R's survival before 3.5-7 take time by the square of the clusters."""
OTHERS = {"lifelines": ("plain",), "statsmodels": ("plain",), "sksurv": ("plain",)}


def main() -> None:
    asked = arguments()
    loads = os.getloadavg()
    print(f"load {loads[0]:.1f} on {os.cpu_count()} cores\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for rows in asked.rows:
            compare(Path(folder, str(rows)), rows, asked)
        if asked.large:
            place = Path(folder, "large")
            write(place, asked.large)
            print(
                f"\n{asked.large:,} rows, Careloom alone\n\n| | CPU s | peak MB | of which |\n| --- | ---: | ---: | --- |"
            )
            for case in LARGE:
                told = measure([sys.executable, HERE / "ours.py", place, case])
                print(f"| {case} | {told['seconds']:.1f} | {told['peak']:,.0f} | {parts_of(told)} |", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--others", type=Path, help="a Python that has lifelines, statsmodels and scikit-survival")
    parser.add_argument("--skip", nargs="*", default=[], help="tools to leave out at the largest of --rows")
    return parser.parse_args()


def compare(place: Path, rows: int, asked: argparse.Namespace) -> None:
    """One row a tool and case: seconds, how many times ours, memory, and the largest difference of a coefficient."""
    write(place, rows)
    print(f"\n{rows:,} rows\n\n| case | tool | CPU s | times ours | peak MB | coefficients differ by |", flush=True)
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for case in CASES:
        ours = measure([sys.executable, HERE / "ours.py", place, case])
        print(f"| {case} | Careloom | {ours['seconds']:.2f} | 1 | {ours['peak']:,.0f} | |", flush=True)
        for tool, command in commands(case, place, asked, rows).items():
            told = measure(command)
            apart = np.abs(np.array(told["coefficients"]) - np.array(ours["coefficients"])).max()
            times = told["seconds"] / ours["seconds"]
            name = f"{tool} {told['version']}"
            print(
                f"| {case} | {name} | {told['seconds']:.1f} | {times:.0f} | {told['peak']:,.0f} | {apart:.0e} |",
                flush=True,
            )


def commands(case: str, place: Path, asked: argparse.Namespace, rows: int) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    largest = rows == max(asked.rows)
    if shutil.which("Rscript") and not (case == "cluster" and rows > R_ROBUST_UNTIL):
        found["R survival"] = ["Rscript", HERE / "cox.R", place, case]
    if asked.others:
        able = [tool for tool, cases in OTHERS.items() if case in cases and not (tool in asked.skip and largest)]
        found |= {tool: [asked.others, HERE / "others.py", place, tool] for tool in able}
    return found


def write(place: Path, rows: int) -> None:
    """One file of 32-bit whole numbers a column, which any tool can read."""
    place.mkdir()
    spells = make_spells(rows)
    spells["entry"] = np.minimum(late_entries(rows), spells["day"] - 1).astype(np.int32)
    assert spells["day"].max() <= HORIZON
    for name, column in spells.items():
        column.tofile(place / f"{name}.bin")


def measure(command: list[Any]) -> dict[str, Any]:
    """What a process of its own tells, and its peak memory in MB."""
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, env={**os.environ, **ONE_THREAD})
    assert process.stdout is not None
    told = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command}: ended with {status}")
    return {**json.loads(told.decode().splitlines()[-1]), "peak": usage.ru_maxrss / 1000}


def parts_of(told: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in told["parts"].items())


if __name__ == "__main__":
    main()
