"""How often intervals hold the truth: rows of planted classes drawn again and again, fitted, and intervals of 95% taken.

    python benchmarks/latent_class/interval_coverage.py [--replicates 1000] [--rows 2000] [--everything]
        [--bootstrap 0] [--seed 1] [--threads 2]

Three classes (shares 0.5, 0.3, 0.2), six yes/no items, one with three answers and one with four, a tenth of the answers
missing: 60 shares and probabilities in all. Profile intervals are taken for the shares and for a yes to the sixth item,
or for all with --everything; percentile intervals from --bootstrap replicates each, if asked for. For each kind it
prints, in per cent, how often the intervals held the truth: on average over all, over the shares, over a yes to the
sixth item, and for the share or probability held least often and most often; and how often there was none because the
estimate stood at 0 or 1. With 1,000 replicates the error of one is 0.7.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from careloom.stats.class_agreement import match_classes
from careloom.stats.latent_class import (
    LatentClassFit,
    PatternTable,
    collapse,
    fit_latent_classes,
    from_probabilities,
)
from careloom.stats.latent_class.errors.bootstrap import bootstrap
from careloom.stats.latent_class.errors.intervals import profile_interval, profile_intervals, wald_intervals
from careloom.stats.latent_class.errors.standard_errors import standard_errors
from careloom.stats.latent_class.fitting.search import in_threads

Floats = NDArray[np.float64]

SHARES = np.array([0.5, 0.3, 0.2])
YES = np.array(
    [
        [0.10, 0.15, 0.05, 0.20, 0.10, 0.08],
        [0.85, 0.75, 0.60, 0.10, 0.15, 0.05],
        [0.20, 0.10, 0.15, 0.80, 0.90, 0.70],
    ]
)
OF_THREE = np.array([[0.70, 0.20, 0.10], [0.20, 0.20, 0.60], [0.15, 0.70, 0.15]])
OF_FOUR = np.array([[0.40, 0.30, 0.20, 0.10], [0.10, 0.20, 0.30, 0.40], [0.25, 0.25, 0.25, 0.25]])
BY_ITEM = [*(np.column_stack([1.0 - column, column]) for column in YES.T), OF_THREE, OF_FOUR]
TRUTH = from_probabilities(SHARES, BY_ITEM)
MISSING = 0.1
STARTS = 6
RARE = 5  # the item with the rarest yes: 0.08, 0.05 and 0.70


def draw(rows: int, random: np.random.Generator) -> PatternTable:
    classes = random.choice(3, size=rows, p=SHARES)
    above = [random.random(rows)[:, None] > item.cumsum(axis=1)[classes, :-1] for item in BY_ITEM]
    codes = np.column_stack([passed.sum(axis=1) for passed in above])
    codes[random.random(codes.shape) < MISSING] = -1
    return collapse(codes, levels=[np.arange(item.shape[1]) for item in BY_ITEM])[0]


def limits_of(
    table: PatternTable, fit: LatentClassFit, seed: int, replicates: int, everything: bool
) -> dict[str, Floats]:
    """Limits of everything (K + M K, 2), by kind of interval."""
    kinds = {
        f"Wald, {kind}": wald_intervals(standard_errors(table, fit, kind=kind)).flat
        for kind in ("observed", "opg", "robust")
    }
    if everything:
        kinds["profile"] = profile_intervals(table, fit, threads=1).flat
    else:
        kinds["profile"] = np.full_like(kinds["Wald, observed"], np.nan)
        for k in range(3):
            kinds["profile"][k] = profile_interval(table, fit, of_class=k)
            yes = 3 + 3 * (int(table.first_cells[RARE]) + 1) + k
            kinds["profile"][yes] = profile_interval(table, fit, of_class=k, item=RARE)
    if replicates:
        kinds["bootstrap"] = bootstrap(table, fit, replicates=replicates, seed=seed, threads=1).intervals().flat
    return kinds


def hold(rows: int, seed: int, replicates: int, everything: bool) -> dict[str, Floats]:
    """Whether each interval holds the truth: 1, 0, or nan where there is no interval."""
    table = draw(rows, np.random.default_rng([seed, 0]))
    fit = fit_latent_classes(table, classes=3, starts=STARTS, seed=seed, threads=1)
    order = match_classes(TRUTH.probabilities.T, fit.parameters.probabilities.T)
    fit = replace(fit, parameters=fit.parameters.in_order(order))
    truth, held = np.exp(TRUTH.flat()), {}
    for kind, limits in limits_of(table, fit, seed, replicates, everything).items():
        inside = (limits[:, 0] <= truth) & (truth <= limits[:, 1])
        held[kind] = np.where(np.isnan(limits[:, 0]), np.nan, inside)
    return held


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--bootstrap", type=int, default=0)
    parser.add_argument("--everything", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    begun = time.perf_counter()
    seeds = range(asked.seed * 1_000_000, asked.seed * 1_000_000 + asked.replicates)
    held = in_threads(lambda seed: hold(asked.rows, seed, asked.bootstrap, asked.everything), seeds, asked.threads)
    print(f"{asked.replicates} replicates of {asked.rows} rows, {time.perf_counter() - begun:.0f} s")
    rare = 3 + 3 * (int(TRUTH.first_cells[RARE]) + 1) + np.arange(3)
    print(f"{'':16}" + "".join(f"{name:>8}" for name in ("mean", "shares", "rare", "least", "most", "none")))
    for kind in held[0]:
        found = np.array([one[kind] for one in held])
        taken = np.flatnonzero(~np.isnan(found).all(axis=0))
        each = np.full(found.shape[1], np.nan)
        each[taken] = 100.0 * np.nanmean(found[:, taken], axis=0)
        none = 100.0 * np.isnan(found[:, taken]).mean()
        cells = (np.nanmean(each), each[:3].mean(), each[rare].mean(), np.nanmin(each), np.nanmax(each), none)
        print(f"{kind:16}" + "".join(f"{value:8.1f}" for value in cells))


if __name__ == "__main__":
    main()
