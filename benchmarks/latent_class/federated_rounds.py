"""How many rounds does a federated fit take, and how big is an answer?

    python benchmarks/latent_class/federated_rounds.py [--authorities 5] [--classes 6] [--random 3]

Made-up assessments with 34 factors; authorities differ in the sizes of classes and in how often they record a factor.
Each climb begins at a typology saved elsewhere, at that of the largest authority, or at random; printed are its rounds,
the size of an answer, the processor time an authority takes for one, and how far below the fit of all rows it ended.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from careloom.stats.latent_class import LatentClassFit, Parameters, PatternTable, collapse, fit_latent_classes, from_yes
from careloom.stats.latent_class.apart.federated import (
    FederatedObjective,
    Site,
    fit_sites,
    in_memory,
    length_of,
    margins,
    starts_from_margins,
    take_part,
)

ITEMS = 34
APART = 0.15  # standard deviation of an authority's log odds about the common ones; twice that for sizes of classes
BYTES = 24  # hexadecimal digits of one number of an answer


def make_rows(classes: int, rows: int, seed: int) -> np.ndarray:
    """Assessments (rows, 34) of one authority."""
    common = np.random.default_rng(0)
    sizes = common.dirichlet(np.full(classes, 4.0))
    marked = common.random((classes, ITEMS)) < 0.15
    yes = np.where(marked, common.uniform(0.3, 0.9, marked.shape), common.uniform(0.005, 0.06, marked.shape))
    own = np.random.default_rng(seed)
    sizes = sizes * np.exp(own.normal(0, 2 * APART, classes))
    yes = 1 / (1 + np.exp(-(np.log(yes / (1 - yes)) + own.normal(0, APART, yes.shape))))
    return (own.random((rows, ITEMS)) < yes[own.choice(classes, size=rows, p=sizes / sizes.sum())]).astype(int)


def in_one(sites: list[Site]) -> PatternTable:
    codes = np.vstack([site.table.codes for site in sites])
    return PatternTable(codes, np.concatenate([site.table.weights for site in sites]), sites[0].table.levels)


def as_saved(fit: LatentClassFit) -> Parameters:
    """With 4 digits, as a typology file has them."""
    return from_yes(fit.shares.round(4), np.clip(fit.yes.round(4), 5e-5, 1 - 5e-5))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--authorities", type=int, default=5)
    asked.add_argument("--classes", type=int, default=6)
    asked.add_argument("--random", type=int, default=3)
    given = asked.parse_args()
    levels, classes = [[0, 1]] * ITEMS, given.classes
    rows = [make_rows(classes, 2000 + 700 * g, 50 + g) for g in range(given.authorities)]
    sites = [take_part(collapse(one, levels=levels)[0]) for one in rows]
    elsewhere, _ = collapse(make_rows(classes, 15_000, 999), levels=levels)
    total = np.sum([margins(site) for site in sites], axis=0)
    best = fit_latent_classes(in_one(sites), classes=classes, starts=20)
    starts = [
        ("saved elsewhere", as_saved(fit_latent_classes(elsewhere, classes=classes, starts=30))),
        ("largest authority", as_saved(fit_latent_classes(sites[-1].table, classes=classes, starts=30))),
    ]
    table = sites[0].table
    starts += [
        ("random", one)
        for one in starts_from_margins(total, table.levels, classes=classes, starts=given.random, seed=1)
    ]
    print(f"{total[0]:.0f} assessments, {given.authorities} authorities, {classes} classes")
    for name, start in starts:
        objective, began = FederatedObjective(in_memory(sites)), time.process_time()
        fit = fit_sites(objective, [start], total)
        seconds = (time.process_time() - began) / objective.rounds / given.authorities
        print(
            f"{name:18} {objective.rounds + 1:3} rounds, {length_of(start) * BYTES / 1e6:.1f} MB and {seconds:.3f} s an answer, "
            f"{fit.certificate.verdict}, {best.loglik - fit.loglik:.2g} below the fit of all rows"
        )


if __name__ == "__main__":
    main()
