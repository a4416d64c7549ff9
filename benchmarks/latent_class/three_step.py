"""What assignment to the likeliest class does to what is asked next, and what each method makes of it: bias and coverage.

    python benchmarks/latent_class/three_step.py [--replicates 500] [--rows 2000] [--children]

Each replicate draws rows of three classes with planted coefficients of membership, means and shares of an outcome, fits
the classes, matches them to the planted ones and asks every method. Printed for each: bias, root mean square error,
mean standard error over the true spread of the estimates, and how often the 95 % interval holds the planted value.
``--children``: every child has three rows of one class, one covariate and one outcome; errors with and without clusters.
"""

import argparse
import time
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from careloom.stats import match_classes
from careloom.stats.latent_class import PatternTable, collapse, fit_latent_classes, posterior
from careloom.stats.latent_class.following.distal import fit_distal
from careloom.stats.latent_class.following.external import Method
from careloom.stats.latent_class.following.measured import Measured
from careloom.stats.latent_class.following.membership import fit_membership
from careloom.stats.latent_class.following.one_step import fit_membership_at_once
from careloom.stats.latent_class.rows.pairs import pair_up

Floats = NDArray[np.float64]

YES = np.array(
    [
        [0.10, 0.15, 0.20, 0.10, 0.30, 0.20, 0.15, 0.10],
        [0.75, 0.70, 0.30, 0.20, 0.30, 0.65, 0.20, 0.30],
        [0.20, 0.30, 0.75, 0.70, 0.60, 0.30, 0.25, 0.60],
    ]
)
COEFFICIENTS = np.array([[0.0, 0.0, 0.0], [-0.3, 1.0, 0.5], [-0.8, -0.5, 1.0]])  # constant, a yes/no, a number
MEANS, SPREADS = np.array([1.0, 2.0, 4.0]), np.array([1.0, 0.7, 1.5])
CHANCES = np.array([0.1, 0.3, 0.6])
METHODS: tuple[Method, ...] = (
    "modal", "proportional", "BCH modal", "BCH proportional", "ML modal", "ML proportional", "two-step",
)  # fmt: skip


def main() -> None:
    asked = arguments()
    started = time.process_time()
    found: dict[tuple[str, str], list[tuple[Floats, Floats]]] = defaultdict(list)
    correct, skipped = [], 0
    for replicate in range(asked.replicates):
        told = one_replicate(np.random.default_rng([asked.seed, replicate]), asked.rows, children=asked.children)
        if told is None:
            skipped += 1
            continue
        correct.append(told[0])
        for key, pair in told[1].items():
            found[key].append(pair)
    print(
        f"{len(correct)} replicates of {asked.rows} rows ({skipped} without a maximum left out); "
        f"{np.mean(correct):.0%} of rows are of their likeliest class; {time.process_time() - started:.0f} s CPU"
    )
    truth = {"membership": COEFFICIENTS[1:].ravel(), "mean": MEANS, "share": CHANCES}
    for (what, method), pairs in sorted(found.items(), key=lambda item: item[0][0]):
        tell(what, method, np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs]), truth[what])


def tell(what: str, method: str, estimates: Floats, errors: Floats, truth: Floats) -> None:
    bias = estimates.mean(axis=0) - truth
    spread = estimates.std(axis=0, ddof=1)
    held = (np.abs(estimates - truth) <= 1.959964 * errors).mean(axis=0)
    root = np.sqrt(((estimates - truth) ** 2).mean())
    print(
        f"{what:11s} {method:26s} bias {' '.join(f'{value:+.3f}' for value in bias)}  rmse {root:.3f}  "
        f"error/spread {(errors.mean(axis=0) / spread).mean():.2f}  holds {' '.join(f'{value:.3f}' for value in held)}",
        flush=True,
    )


def one_replicate(
    random: np.random.Generator, rows: int, *, children: bool
) -> tuple[float, dict[tuple[str, str], tuple[Floats, Floats]]] | None:
    """Share of rows of their likeliest class, and estimates and errors by question and method; None without a maximum."""
    child = np.arange(rows) // 3 if children else np.arange(rows)
    units = int(child[-1]) + 1
    x = np.column_stack([random.integers(0, 2, units), random.integers(-1, 2, units)])
    odds = np.exp(np.column_stack([np.ones(units), x]) @ COEFFICIENTS.T)
    kind = (random.random(units)[:, None] > np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1)).sum(axis=1)
    number = random.normal(MEANS[kind], SPREADS[kind])
    yes = (random.random(units) < CHANCES[kind]).astype(float)
    answers = (random.random((rows, YES.shape[1])) < YES[kind[child]]).astype(int)
    table, pattern_of = collapse(answers)
    fit = fit_latent_classes(table, classes=3, starts=3, seed=1, threads=1)
    if not fit.converged:
        return None
    order = match_classes(YES, fit.yes)
    first = Measured(table, fit.parameters)
    clusters = {"by child": child, "by row": None} if children else {"": None}
    found: dict[tuple[str, str], tuple[Floats, Floats]] = {}
    for label, cluster in clusters.items():
        for method in ("two-step", "BCH modal") if children else METHODS:
            told = ask(first, pattern_of, method, order, x[child], number[child], yes[child], cluster)
            found |= {(what, f"{method} {label}".strip()): pair for what, pair in told.items()}
    if not children:
        found |= naive_errors(first, pattern_of, order, x)
    best = order_of(table, first, order)[pattern_of] == kind[child]
    return float(best.mean()), found


def order_of(table: PatternTable, first: Measured, order: NDArray[np.intp]) -> NDArray[np.intp]:
    """Planted class that each pattern's likeliest class was matched to (P,)."""
    return np.argsort(order)[posterior(first.at, table.codes).argmax(axis=1)]


def ask(
    first: Measured,
    pattern_of: NDArray[np.intp],
    method: Method,
    order: NDArray[np.intp],
    x: Floats,
    number: Floats,
    yes: Floats,
    cluster: NDArray[np.intp] | None,
) -> dict[str, tuple[Floats, Floats]]:
    """Estimates and standard errors of coefficients, means and shares, classes in planted order."""
    membership = fit_membership(
        first, pair_up(pattern_of, x, clusters=cluster)[0], names=("yes", "number"), method=method, reference=order[0]
    )
    mean = fit_distal(first, pair_up(pattern_of, number, clusters=cluster)[0], method=method)
    share = fit_distal(first, pair_up(pattern_of, yes, clusters=cluster)[0], categories=(0, 1), method=method)
    return {
        "membership": (membership.coefficients[order[1:]].ravel(), membership.std_errors[order[1:]].ravel()),
        "mean": (mean.means[order, 0], mean.std_errors[order, 0]),
        "share": (share.means[order, 1], share.std_errors[order, 1]),
    }


def naive_errors(
    first: Measured, pattern_of: NDArray[np.intp], order: NDArray[np.intp], x: Floats
) -> dict[tuple[str, str], tuple[Floats, Floats]]:
    """The one-step method; and two-step errors that forget the first step."""
    pairs = pair_up(pattern_of, x)[0]
    names, reference = ("yes", "number"), int(order[0])
    at_once = fit_membership_at_once(first, pairs, names=names, reference=reference).membership
    forgetful = fit_membership(Measured(first.table, first.at, rows="known"), pairs, names=names, reference=reference)
    return {
        ("membership", name): (fit.coefficients[order[1:]].ravel(), fit.std_errors[order[1:]].ravel())
        for name, fit in (("one-step", at_once), ("two-step, step 1 forgotten", forgetful))
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=500)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--children", action="store_true", help="three rows a child, errors with and without clusters")
    return parser.parse_args()


if __name__ == "__main__":
    main()
