"""The seconds, the log-likelihoods and the memory of latent class analysis at the sizes it is meant for.

    OMP_NUM_THREADS=1 python benchmarks/latent_class/run.py ten-starts [--stepmix-starts 3]
    OMP_NUM_THREADS=2 python benchmarks/latent_class/run.py ten-starts --threads 2
    OMP_NUM_THREADS=1 python benchmarks/latent_class/run.py ratio [--repeats 5]
    OMP_NUM_THREADS=1 python benchmarks/latent_class/run.py scan [--kernel numpy] [--starts 100] [--threads 1]
    OMP_NUM_THREADS=1 python benchmarks/latent_class/run.py national [--rows 3500000]
    OMP_NUM_THREADS=1 python benchmarks/latent_class/run.py growth [--draw]
    OMP_NUM_THREADS=1 python benchmarks/latent_class/run.py memory

Rows are assessments of the synthetic England (`made_up.py`). One thread unless said; "CPU" is the processor's time. A
fit is all its starts, each climbed to its top, and the certificate of the best.

*ten-starts*: a million rows, 20 items, 12 classes, and StepMix where it is installed: on our patterns to its own end, on
the rows as the seconds of an iteration times the iterations it took on the patterns (its limit is 1,000). Then a
hundred thousand rows, where both go to their ends. With two threads all is measured by the clock: ours has two threads of
starts, StepMix two of NumPy's; on a machine that does nothing else.
*ratio*: the first of these, to StepMix at its limit, in turns again and again, for one measurement says little.
*scan*: 1 to 15 classes.
*national*: seven years of England with all published factors.
*growth*: an E-step and a start against rows, classes and items, to growth.csv and growth.svg (`--draw`: the drawing
alone, from the CSV).
*memory*: peak beyond the pattern table; Linux only.
"""

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable
from typing import TypeVar

import growth
import numpy as np
import peak
from made_up import PUBLISHED, assessments

from careloom.stats.latent_class import LatentClassFit, PatternTable, collapse, fit_latent_classes
from careloom.stats.latent_class.choosing.criteria import bic

ITEMS, CLASSES, STARTS, SEED = 20, 12, 10, 1
KERNELS = ("compiled", "numpy")
WATCH: list[tuple[Callable[[], float], str]] = [(time.process_time, "CPU s")]
Made = TypeVar("Made")
LIMIT, STEPS_TIMED = 1000, 10  # StepMix's own limit of iterations a start; so many are timed


def main() -> None:
    asked = arguments()
    threads = asked.threads if asked.work_name == "ten-starts" else 1
    if os.environ.get("OMP_NUM_THREADS") != str(threads):
        sys.exit(f"say OMP_NUM_THREADS={threads} in front: NumPy's threads would be counted as one")
    if threads > 1:
        WATCH.append((time.perf_counter, "s by the clock"))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    asked.work(asked)
    print(f"load {os.getloadavg()[0]:.1f}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    under = parser.add_subparsers(required=True, dest="work_name")
    ten = under.add_parser("ten-starts")
    ten.add_argument("--rows", type=int, nargs=2, default=[1_000_000, 100_000], metavar=("MANY", "FEW"))
    ten.add_argument("--stepmix-starts", type=int, default=3, help="on the fewer rows, to their end")
    ten.add_argument("--threads", type=int, default=1, help="by the clock where there are more than one")
    ten.set_defaults(work=lambda asked: ten_starts(*asked.rows, asked.stepmix_starts, asked.threads))
    ratio = under.add_parser("ratio")
    ratio.add_argument("--repeats", type=int, default=5)
    ratio.set_defaults(work=lambda asked: repeat_ratio(asked.repeats))
    scan = under.add_parser("scan")
    scan.add_argument("--most", type=int, default=15)
    scan.add_argument("--rows", type=int, default=1_000_000)
    national = under.add_parser("national")
    national.add_argument("--rows", type=int, default=3_500_000)
    for one in (scan, national):
        one.add_argument("--starts", type=int, default=100)
        one.add_argument("--kernel", choices=KERNELS, default="compiled")
        one.add_argument("--threads", type=int, default=1)
    scan.set_defaults(
        work=lambda asked: scan_classes(asked.rows, asked.most, asked.starts, asked.kernel, asked.threads)
    )
    national.set_defaults(work=lambda asked: fit_the_nation(asked.rows, asked.starts, asked.kernel, asked.threads))
    against = under.add_parser("growth")
    against.add_argument("--draw", action="store_true")
    against.set_defaults(work=lambda asked: growth.draw() if asked.draw else growth.measure())
    under.add_parser("memory").set_defaults(work=lambda asked: peak.compare())
    return parser.parse_args()


def ten_starts(many: int, few: int, stepmix_starts: int, threads: int) -> None:
    rows, table, collapsing = collapsed(many, ITEMS)
    ours = {kernel: fit(table, CLASSES, STARTS, kernel, threads) for kernel in KERNELS}
    try:
        ends = to_the_end("our patterns", table.codes, table.weights, STARTS, ours["compiled"][0].loglik)
    except ImportError:
        print("StepMix is not installed: the comparison is left out")
        return
    step = iteration(rows)
    used = float(np.mean([end.iterations for end in ends]))
    print(f"StepMix on the rows: {step:.3f} {WATCH[-1][1]} an iteration")
    whole = {
        f"StepMix on the rows, {STARTS} starts of {used:,.0f} iterations, as on the patterns": step * used * STARTS,
        "StepMix on our patterns, measured": sum(end.seconds for end in ends),
    }
    compare(whole, ours, collapsing)

    rows, table, collapsing = collapsed(few, ITEMS)
    ours = {kernel: fit(table, CLASSES, STARTS, kernel, threads) for kernel in KERNELS}
    best = ours["compiled"][0].loglik
    on_patterns = to_the_end("our patterns", table.codes, table.weights, STARTS, best)
    on_rows = to_the_end("the rows", rows, None, stepmix_starts, best)
    each = sum(end.seconds for end in on_rows) / stepmix_starts
    whole = {
        f"StepMix on the rows, {stepmix_starts} starts measured, times {STARTS / stepmix_starts:.1f}": each * STARTS,
        "StepMix on our patterns, measured": sum(end.seconds for end in on_patterns),
    }
    compare(whole, ours, collapsing)


def timed(work: Callable[[], Made]) -> tuple[Made, float]:
    """What the work made, and its seconds, of the processor or by the clock."""
    watch = WATCH[-1][0]
    began = watch()
    made = work()
    return made, watch() - began


def compare(whole: dict[str, float], ours: dict[str, tuple[LatentClassFit, float]], collapsing: float) -> None:
    for name, seconds in whole.items():
        ratios = ", ".join(
            f"{seconds / (own + collapsing):,.0f} times ours {kernel}" for kernel, (_, own) in ours.items()
        )
        print(f"  {name}: {seconds:,.1f} {WATCH[-1][1]}; with collapsing, {ratios}")


def repeat_ratio(repeats: int) -> None:
    ratios: dict[str, list[float]] = {kernel: [] for kernel in KERNELS}
    for _ in range(repeats):
        rows, table, collapsing = collapsed(1_000_000, ITEMS)
        own = {kernel: fit(table, CLASSES, STARTS, kernel)[1] for kernel in KERNELS}
        step = iteration(rows)
        print(f"StepMix on the rows: {step:.3f} {WATCH[-1][1]} an iteration", flush=True)
        for kernel in KERNELS:
            ratios[kernel].append(step * LIMIT * STARTS / (own[kernel] + collapsing))
    for kernel, found in ratios.items():
        print(f"{kernel}: {', '.join(f'{ratio:,.0f}' for ratio in found)} times; median {np.median(found):,.0f}")


class End:
    """One start of StepMix: CPU seconds, iterations and the log-likelihood it came to."""

    def __init__(self, answers: np.ndarray, weights: np.ndarray | None, seed: int, steps: int = LIMIT) -> None:
        from stepmix.stepmix import StepMix

        model = StepMix(CLASSES, measurement="binary", max_iter=steps, random_state=seed, progress_bar=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns at its limit; the iterations are printed
            self.seconds = timed(lambda: model.fit(answers.astype(float), sample_weight=weights))[1]
        self.iterations = int(model.n_iter_)
        self.loglik = float(model.lower_bound_buffer_[0]) * float(len(answers) if weights is None else weights.sum())


def to_the_end(what: str, answers: np.ndarray, weights: np.ndarray | None, starts: int, ours: float) -> list[End]:
    """StepMix with its own limit and tolerance, start by start."""
    ends = [End(answers, weights, seed) for seed in range(starts)]
    best = max(end.loglik for end in ends)
    iterations = ", ".join(f"{end.iterations:,}" for end in ends)
    print(
        f"StepMix on {what}: {sum(end.seconds for end in ends):,.1f} {WATCH[-1][1]} for {starts} starts of {iterations} iterations; "
        f"log-likelihood {best:,.4f}, {ours - best:+.4f} for ours",
        flush=True,
    )
    return ends


def iteration(rows: np.ndarray) -> float:
    """CPU seconds of one iteration of StepMix: two runs that differ in nothing but their number."""
    few, more = (End(rows, None, SEED, steps) for steps in (2, 2 + STEPS_TIMED))
    return (more.seconds - few.seconds) / STEPS_TIMED


def scan_classes(rows: int, most: int, starts: int, kernel: str, threads: int) -> None:
    table, whole, clock = collapsed(rows, ITEMS)[1], 0.0, time.perf_counter()
    for classes in range(1, most + 1):
        found, seconds = fit(table, classes, starts, kernel, threads)
        whole += seconds
        print(f"  BIC {bic(found):,.1f}", flush=True)
    print(
        f"1 to {most} classes, {starts} starts each, {kernel}, {threads} threads: {whole:.1f} CPU s, {time.perf_counter() - clock:.1f} s by the clock"
    )


def fit_the_nation(rows: int, starts: int, kernel: str, threads: int) -> None:
    fit(collapsed(rows, items=PUBLISHED)[1], 10, starts, kernel, threads)


def collapsed(count: int, items: int) -> tuple[np.ndarray, PatternTable, float]:
    """Rows, their pattern table, and the CPU seconds of collapsing."""
    rows, _ = assessments(count, items, SEED)
    table, seconds = timed(lambda: collapse(rows)[0])
    print(
        f"{count:,} rows, {items} items: {len(table.weights):,} patterns, collapsed in {seconds:.2f} {WATCH[-1][1]}",
        flush=True,
    )
    return rows, table, seconds


def fit(table: PatternTable, classes: int, starts: int, kernel: str, threads: int = 1) -> tuple[LatentClassFit, float]:
    """The fit and its CPU seconds."""
    os.environ["CARELOOM_KERNEL"] = kernel
    clock = time.perf_counter()
    found, seconds = timed(
        lambda: fit_latent_classes(table, classes=classes, starts=starts, seed=SEED, threads=threads)
    )
    proof = found.certificate
    print(
        f"{classes:2} classes, {found.starts} starts, {kernel}: {seconds:.2f} {WATCH[-1][1]}, {time.perf_counter() - clock:.2f} s by the "
        f"clock; log-likelihood {found.loglik:,.4f}, {proof.verdict}, gain left {proof.gain_left:.0e}, "
        f"best found by {found.starts_at_best}",
        flush=True,
    )
    return found, seconds


if __name__ == "__main__":
    main()
