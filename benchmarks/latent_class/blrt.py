"""How often does each likelihood-ratio test reject when it should not, and when it should?

    python benchmarks/latent_class/blrt.py size        # rows from 2 classes, 2 tested against 3: p should be uniform
    python benchmarks/latent_class/blrt.py power       # rows from 3 classes, 2 tested against 3: p should be small

Rows are made by chance and each set tested by the bootstrapped test, with all its draws (no early stop), and by the one
of Vuong, Lo, Mendell and Rubin. Printed: tenths of the p-values, how many are 0.05 or less, their distance from uniform
(Kolmogorov and Smirnov), and seconds a set. Of the first, p can only be a multiple of 1 / (1 + draws).
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from scipy.stats import kstest

from careloom.stats import collapse, fit_latent_classes
from careloom.stats.latent_class import PatternTable
from careloom.stats.latent_class.choosing.likelihood_ratio import bootstrap_test
from careloom.stats.latent_class.choosing.vuong import vuong_test

SHARES = {"size": [0.6, 0.4], "power": [0.5, 0.3, 0.2]}
YES = np.array(
    [[0.10, 0.15, 0.05, 0.20, 0.10, 0.08], [0.80, 0.75, 0.60, 0.70, 0.65, 0.75], [0.75, 0.10, 0.70, 0.15, 0.80, 0.20]]
)


def made_up(case: str, rows: int, seed: int) -> PatternTable:
    random = np.random.default_rng([seed, len(SHARES[case])])
    classes = random.choice(len(SHARES[case]), rows, p=SHARES[case])
    return collapse(random.random((rows, YES.shape[1])) < YES[classes])[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", choices=list(SHARES))
    parser.add_argument("--sets", type=int, default=60)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=99)
    parser.add_argument("--starts", type=int, default=20)
    asked = parser.parse_args()
    bootstrapped, vuong, began = [], [], time.perf_counter()
    for seed in range(asked.sets):
        table = made_up(asked.case, asked.rows, seed)
        smaller, larger = (fit_latent_classes(table, classes=k, starts=asked.starts, seed=seed) for k in (2, 3))
        tested = {"draws": asked.draws, "enough": asked.draws + 1, "starts": asked.starts, "seed": seed}
        bootstrapped.append(bootstrap_test(table, smaller, larger, **tested).p)
        try:
            vuong.append(vuong_test(table, smaller, larger).p)
        except ValueError:
            print(f"set {seed}: no Vuong test, a fit is {smaller.certificate.verdict} or {larger.certificate.verdict}")
    seconds = (time.perf_counter() - began) / asked.sets
    for name, found in (("bootstrapped", bootstrapped), ("Vuong-Lo-Mendell-Rubin", vuong)):
        p = np.array(found)
        tenths = np.histogram(p, np.linspace(0.0, 1.0, 11))[0]
        print(
            f"{name:<24} tenths {tenths}  p <= .05: {(p <= 0.05).sum()} of {p.size}  distance {kstest(p, 'uniform')[0]:.2f}"
        )
    print(f"{seconds:.2f} s a set")


if __name__ == "__main__":
    main()
