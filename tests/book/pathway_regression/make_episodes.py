"""Make `episodes.csv`: invented episodes of need, several to a child, and whether each reached a rung.

Run `python tests/book/pathway_regression/make_episodes.py`, then
`Rscript tests/book/pathway_regression/make_reference.R` for R's answers.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

CHILDREN = 500
NEED = (0.0, 0.7, -0.9, 1.4)
BAND = (0.4, 0.0, -0.5)
GROUP = (0.0, -0.3, 0.5)


def episodes(seed: int = 20_240_331) -> list[dict[str, object]]:
    """One dict per episode; `band` is of the episode, `sex` and `grp` (ethnic group) are of the child."""
    rng = np.random.default_rng(seed)
    rows = []
    for child in range(CHILDREN):
        own = rng.normal(0, 0.9)  # shared by the child's episodes: why the variance must be clustered
        sex, group = int(rng.integers(2)), int(rng.choice(3, p=[0.7, 0.2, 0.1]))
        for _ in range(1 + rng.poisson(0.8)):
            need, band = int(rng.choice(4, p=[0.45, 0.3, 0.15, 0.1])), int(rng.integers(3))
            log_odds = -0.8 + own + NEED[need] + BAND[band] + GROUP[group] + 0.2 * sex * (band == 2)
            reached = int(rng.random() < 1 / (1 + np.exp(-log_odds)))
            rows.append({"child": child, "need": need, "band": band, "sex": sex, "grp": group, "reached": reached})
    return rows


if __name__ == "__main__":
    made = episodes()
    with Path(__file__).with_name("episodes.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(made[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(made)
