"""How much memory a fit takes beyond the pattern table, and collapsing beyond the rows: Linux only.

Each thing measured is a process of its own that reads its rows or its table from a file: a process that has made them
before holds memory that the fit would then use again uncounted. The system's own mark of the most memory held is set
back just before what is measured, after a small fit that loads every library.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from made_up import PUBLISHED, assessments

from careloom.stats.latent_class import PatternTable, collapse, fit_latent_classes

SIZES = ((100_000, 20), (1_000_000, 20), (4_000_000, 20), (3_500_000, PUBLISHED))  # rows and items
KERNELS = ("compiled", "numpy")
CLASSES, STARTS, SEED = 12, 10, 1


def compare() -> None:
    for rows, items in SIZES:
        with TemporaryDirectory() as folder:
            ask("make", folder, str(rows), str(items))
            told = ask("collapse", folder)
            print(
                f"{rows:,} rows, {items} items, {told['held']:.1f} MB: collapsing takes {told['more']:.1f} MB more",
                flush=True,
            )
            for kernel in KERNELS:
                told = ask("fit", folder, kernel=kernel)
                print(
                    f"  {told['patterns']:,} patterns of {told['held']:.1f} MB, {kernel}: a fit of {STARTS} starts and "
                    f"the certificate take {told['more']:.1f} MB more",
                    flush=True,
                )


def ask(what: str, *given: str, kernel: str = "auto") -> dict[str, float]:
    command = [sys.executable, __file__, what, *given]
    return dict(json.loads(subprocess.check_output(command, env=os.environ | {"CARELOOM_KERNEL": kernel})))


def make(folder: str, rows: str, items: str) -> dict[str, float]:
    answers, _ = assessments(int(rows), int(items), SEED)
    table, _ = collapse(answers)
    for name, array in (("rows", answers), ("codes", table.codes), ("weights", table.weights)):
        np.save(Path(folder, name), array)
    return {}


def collapse_rows(folder: str) -> dict[str, float]:
    warm_up()
    answers = np.load(Path(folder, "rows.npy"))
    return {"held": answers.nbytes / 1e6, "more": most_held(lambda: collapse(answers))}


def fit(folder: str) -> dict[str, float]:
    warm_up()
    codes, weights = (np.load(Path(folder, f"{name}.npy")) for name in ("codes", "weights"))
    table = PatternTable(codes, weights, tuple(np.arange(2.0) for _ in codes.T))
    more = most_held(lambda: fit_latent_classes(table, classes=CLASSES, starts=STARTS, seed=SEED, threads=1))
    return {"patterns": len(weights), "held": (codes.nbytes + weights.nbytes) / 1e6, "more": more}


def warm_up() -> None:
    small, _ = collapse(assessments(1000, seed=SEED)[0])
    fit_latent_classes(small, classes=3, starts=3, threads=1)


def most_held(work: Callable[[], object]) -> float:
    """MB that the process held at most during the work beyond what it held before."""
    Path("/proc/self/clear_refs").write_text("5")  # sets VmHWM, the most held, back to VmRSS, what is held now
    before = status("VmRSS")
    work()
    return status("VmHWM") - before


def status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name}:")) * 1024 / 1e6


if __name__ == "__main__":
    works: dict[str, Callable[..., dict[str, float]]] = {"make": make, "collapse": collapse_rows, "fit": fit}
    print(json.dumps(works[sys.argv[1]](*sys.argv[2:])))
