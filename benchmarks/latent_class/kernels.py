"""One E-step, one start and ten starts: NumPy, the compiled kernel, numba and StepMix on the same assessments.

    OMP_NUM_THREADS=1 python benchmarks/latent_class/kernels.py [--rows 1000000] [--items 20] [--classes 12] [--numpy-fit]

numba and StepMix are taken where they are installed and left out where not; Careloom needs neither. Times are seconds of
the processor on one thread, the least of several for what is short. StepMix would take hours for ten starts: its time is
that of an iteration, measured over a few, times its own limit of 1,000 a start, which data like these use up.
"""

import argparse
import runpy
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from made_up import assessments

from careloom.stats.latent_class import Parameters, PatternTable, collapse, fit_latent_classes
from careloom.stats.latent_class.fitting.climb import climb_to_end
from careloom.stats.latent_class.fitting.starts import starting_point
from careloom.stats.latent_class.model import compiled
from careloom.stats.latent_class.model.blocks import gather_in_blocks
from careloom.stats.latent_class.model.halves import by_products
from careloom.stats.latent_class.model.objective import PatternObjective

STARTS, SEED = 10, 1
STEPMIX_STEPS, STEPMIX_LIMIT = 10, 1000
REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> None:
    asked = arguments()
    rows, _ = assessments(asked.rows, asked.items, SEED)
    table, collapsing = timed(lambda: collapse(rows)[0])
    print(f"{asked.rows:,} rows, {asked.items} items, {len(table.weights):,} patterns, {asked.classes} classes")
    print(f"collapsing the rows: {collapsing:.2f} s")
    compare_steps(table, asked.classes)
    compare_builds()
    starts = [climbed(table, asked.classes, number) for number in range(STARTS)]
    print(f"one start to its top, compiled: {np.mean(starts):.3f} s on average of {STARTS}, longest {max(starts):.3f}")
    ours = compare_fits(table, asked.classes, with_numpy=asked.numpy_fit)
    compare_with_stepmix(rows, table, asked.classes, ours + collapsing)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=20)
    parser.add_argument("--classes", type=int, default=12)
    parser.add_argument("--numpy-fit", action="store_true", help="ten starts in NumPy too")
    return parser.parse_args()


def compare_steps(table: PatternTable, classes: int) -> None:
    """One E-step. The compiled one is timed inside a climb of EM steps, as it is used."""
    at, patterns = starting_point(table, classes, SEED, 0)[1], len(table.weights)
    objective = PatternObjective(table, kernel="numpy")
    steps = {"numpy": least(lambda: by_products(objective.halves, at), 5)}
    blocks, many = gather_in_blocks(table), 20
    rules = compiled.Rules(many, 0, 1, 0, 0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    steps["compiled"] = least(lambda: compiled.climb(blocks, 0.0, at, rules), 20) / (many + 1)
    numba = step_in_numba(table, at)
    if numba:
        first, steps["numba"] = numba
        print(f"numba: {first:.2f} s to compile at first use, in every process that does not find it in a cache")
    for name, seconds in steps.items():
        print(f"E-step, {name}: {seconds * 1e3:.3f} ms, {seconds / patterns * 1e9:.1f} ns a pattern")


def step_in_numba(table: PatternTable, at: Parameters) -> tuple[float, float] | None:
    """Seconds of the first call and of a later one; the tables of the blocks, a small part, are made before."""
    try:
        import kernel_in_numba as with_numba
    except ImportError:
        print("numba is not installed")
        return None
    blocks = gather_in_blocks(table)
    tables, tables_at = block_tables(blocks, at)
    marginals = np.empty(len(blocks.weights))

    def step() -> float:
        folded = np.zeros_like(tables)
        with_numba.walk(blocks.codes, blocks.weights, at.shares, tables, tables_at, folded, marginals)
        return float(with_numba.log_likelihood(blocks.weights, marginals))

    loglik, first = timed(step)
    ours = compiled.expect(blocks, at)
    assert ours is not None
    assert abs(loglik / ours[0] - 1.0) < 1e-12
    return first, least(step, 20)


def block_tables(blocks: object, at: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """Probability of every answer to every block in each class, one block after the other, and where each begins."""
    tables, item = [], 0
    for count in blocks.block_items:  # type: ignore[attr-defined]
        table = np.ones((1, at.classes))
        for place in range(item, item + count):
            factor = np.ones((blocks.radices[place], at.classes))  # type: ignore[attr-defined]
            levels, first = blocks.sizes[place], blocks.first_cells[place]  # type: ignore[attr-defined]
            factor[:levels] = at.probabilities[first : first + levels]
            table = (table[:, None, :] * factor).reshape(-1, at.classes)
        tables.append(table)
        item += count
    return np.vstack(tables), np.concatenate([[0], np.cumsum([len(table) for table in tables])])


def compare_builds() -> None:
    """What the kernel costs at installation and at the first use."""
    build = runpy.run_path(str(REPOSITORY / "hatch_build.py"))["build"]
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        library = build(compiled.SOURCE, Path(folder) / "_kernel.so")
        print(f"kernel.c: {time.perf_counter() - began:.1f} s to build, {library.stat().st_size / 1e3:.0f} kB")
        compiled.load_kernel.cache_clear()
        print(f"kernel.c: {timed(compiled.load_kernel)[1] * 1e3:.1f} ms to load")


def climbed(table: PatternTable, classes: int, number: int) -> float:
    start = starting_point(table, classes, SEED, number)[1]
    objective = PatternObjective(table, kernel="compiled")
    _ = objective.blocks
    return timed(lambda: climb_to_end(objective, start))[1]


def compare_fits(table: PatternTable, classes: int, *, with_numpy: bool) -> float:
    """Ten starts and the certificate; the seconds of the compiled kernel."""
    import os

    seconds = {}
    for kernel in ("compiled", "numpy") if with_numpy else ("compiled",):
        os.environ["CARELOOM_KERNEL"] = kernel
        fit, seconds[kernel] = timed(
            lambda: fit_latent_classes(table, classes=classes, starts=STARTS, seed=SEED, threads=1)
        )
        print(
            f"{STARTS} starts, {kernel}: {seconds[kernel]:.2f} s, log-likelihood {fit.loglik:.4f}, "
            f"{fit.certificate.verdict}, gain left {fit.certificate.gain_left:.0e}"
        )
    return seconds["compiled"]


def compare_with_stepmix(rows: np.ndarray, table: PatternTable, classes: int, ours: float) -> None:
    try:
        from stepmix.stepmix import StepMix
    except ImportError:
        print("StepMix is not installed")
        return
    given = {"the rows": (rows.astype(float), None), "our patterns": (table.codes.astype(float), table.weights)}
    for name, (answers, weights) in given.items():

        def fit(steps: int, answers: np.ndarray = answers, weights: np.ndarray | None = weights) -> None:
            model = StepMix(
                classes, measurement="binary", max_iter=steps, abs_tol=1e-30, random_state=1, progress_bar=0
            )
            model.fit(answers, sample_weight=weights)

        few, more = (timed(lambda steps=steps: fit(steps))[1] for steps in (2, 2 + STEPMIX_STEPS))
        step = (more - few) / STEPMIX_STEPS
        whole = step * STEPMIX_LIMIT * STARTS
        print(
            f"StepMix on {name}: {step:.3f} s an iteration, so {whole:,.0f} s for {STARTS} starts of {STEPMIX_LIMIT:,}; "
            f"ours with collapsing {ours:.2f} s: {whole / ours:,.0f} times"
        )


def timed(work: Callable[[], object]) -> tuple[object, float]:
    began = time.process_time()
    done = work()
    return done, time.process_time() - began


def least(work: Callable[[], object], times: int) -> float:
    return min(timed(work)[1] for _ in range(times))


if __name__ == "__main__":
    main()
