"""Make `spells.csv`: invented spells with ties, strata, delayed entry, weights and several spells per child.

Run `python tests/book/cox/make_cox_data.py`, then `Rscript tests/book/make_cox_reference.R` for R's answers.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

CHILDREN, AREAS, LAST_DAY, QUARTER = 260, 4, 1_400, 91


def spells(seed: int = 20_240_229) -> list[dict[str, object]]:
    """One dict per spell, at risk on entry < day <= exit; `quarters` is the day rounded up to quarters: heavy ties."""
    rng = np.random.default_rng(seed)
    rows = []
    for child in range(CHILDREN):
        frailty = rng.gamma(2.0, 0.5)  # shared by the child's spells: why the variance must be clustered
        area, sex = int(rng.integers(AREAS)), int(rng.integers(2))
        for _ in range(1 + rng.poisson(0.6)):
            need, age = int(rng.integers(4)), round(float(rng.uniform(0, 17)), 1)
            rate = frailty * (1 + 0.3 * area) * np.exp(0.6 * (need == 1) - 0.9 * (need == 2) + 0.3 * sex - 0.04 * age)
            days = int(np.ceil(rng.weibull(0.8) * 500 / rate))
            entry = int(rng.integers(0, 200)) if rng.random() < 0.3 else 0
            if days <= entry:
                continue  # over before anyone looked: never seen
            end = min(days, int(rng.integers(entry + 1, LAST_DAY)))
            rows.append(
                {
                    "child": child,
                    "area": area,
                    "need": need,
                    "sex": sex,
                    "age": age,
                    "entry": entry,
                    "day": end,
                    "quarters": -(-end // QUARTER),
                    "event": int(days == end),
                    "weight": round(float(rng.uniform(0.5, 2.0)), 2),
                }
            )
    return rows


if __name__ == "__main__":
    made = spells()
    with Path(__file__).with_name("spells.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(made[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(made)
