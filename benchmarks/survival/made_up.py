"""Made-up spells at risk, as many as are asked for: twelve classes, ages, sexes, ethnic groups, regions and authorities.

Days are whole, over six years; hazards fall with time; a child has up to four spells, which share what is not measured;
authorities differ in size; about a quarter of the spells end with the event. `FACTORS` make 29 coefficients.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]
FACTORS = {"need": 12, "age": 5, "sex": 2, "ethnicity": 6, "region": 9}
"""Levels of each factor; level 0 is the reference."""
AUTHORITIES = 150
HORIZON = 2190
"""Days of six years."""
NEEDS = np.array([18, 15, 13, 11, 10, 8, 7, 6, 5, 3, 2.5, 1.5]) / 100
EFFECTS = {
    "need": np.array([0, 0.15, -0.2, 0.3, 0.1, -0.35, 0.25, 0.45, -0.1, 0.05, 0.6, -0.5]),
    "age": np.array([0, -0.1, -0.15, 0.1, 0.2]),
    "sex": np.array([0, 0.08]),
    "ethnicity": np.array([0, 0.05, -0.2, 0.1, -0.3, 0.15]),
    "region": np.linspace(-0.2, 0.2, 9),
}
"""Log hazard ratios."""
COLUMNS = tuple(f"{factor}_{level}" for factor, levels in FACTORS.items() for level in range(1, levels))


def make_spells(rows: int, seed: int = 1) -> dict[str, Codes]:
    """Columns (rows,) of whole numbers: the factors' levels, authority, child, day and event."""
    random = np.random.default_rng(seed)
    need = pick(random, NEEDS / NEEDS.sum(), rows)
    ages = np.array([[0.10, 0.22, 0.25, 0.28, 0.15], [0.06, 0.10, 0.20, 0.40, 0.24], [0.22, 0.30, 0.25, 0.16, 0.07]])
    below = ages.cumsum(axis=1)[:, :4]
    draw = random.random(rows)
    age = np.zeros(rows, dtype=np.int32)
    for step in range(4):
        age += draw > below[need % 3, step]
    size = random.gamma(2.0, 1.0, AUTHORITIES) + 0.15
    authority = pick(random, size / size.sum(), rows)
    spells_of_child = 1 + pick(random, np.array([0.62, 0.24, 0.10, 0.04]), rows)
    factors = {
        "need": need,
        "age": age,
        "sex": (random.random(rows) < 0.48).astype(np.int32),
        "ethnicity": pick(random, np.array([0.70, 0.10, 0.08, 0.06, 0.04, 0.02]), rows),
        "region": (authority * FACTORS["region"] // AUTHORITIES).astype(np.int32),
    }
    child = np.repeat(np.arange(rows, dtype=np.int32), spells_of_child)[:rows]
    log_hazard = sum(EFFECTS[factor][level] for factor, level in factors.items())
    log_hazard += random.normal(0, 0.15, AUTHORITIES)[authority] + np.log(random.gamma(4.0, 0.25, rows))[child]
    day, event = draw_times(random, np.asarray(log_hazard), age)
    return {**factors, "authority": authority, "child": child, "day": day, "event": event}


def draw_times(random: np.random.Generator, log_hazard: NDArray[np.float64], age: Codes) -> tuple[Codes, Codes]:
    """The day that a spell was last seen on, and whether the event ended it: Weibull times, ended by leaving or by the data's end."""
    n = len(log_hazard)
    event = np.ceil(5200 * (random.exponential(1.0, n) / np.exp(log_hazard)) ** (1 / 0.75))
    leaves = np.ceil(9000 * (random.exponential(1.0, n) / np.exp(0.3 * (age == 4))) ** (1 / 1.2))
    last = np.minimum(leaves, random.integers(1, HORIZON + 1, n))
    return np.minimum(event, last).astype(np.int32), (event <= last).astype(np.int32)


def pick(random: np.random.Generator, shares: NDArray[np.float64], rows: int) -> Codes:
    return np.searchsorted(shares.cumsum()[:-1], random.random(rows), side="right").astype(np.int32)


def late_entries(rows: int, seed: int = 2) -> Codes:
    """Three spells in ten come under observation late, on a day of the first 400 (to be kept below the exit)."""
    random = np.random.default_rng(seed)
    return np.where(random.random(rows) < 0.3, random.integers(1, 400, rows), 0).astype(np.int32)


def patterns_of(spells: Mapping[str, Codes]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """All combinations of levels as rows of a design (patterns, 29), and which of them each spell has."""
    sizes = tuple(FACTORS.values())
    levels = np.indices(sizes).reshape(len(sizes), -1)
    blocks = [np.eye(size)[:, 1:][level] for size, level in zip(sizes, levels, strict=True)]
    return np.hstack(blocks), np.ravel_multi_index(tuple(spells[factor] for factor in FACTORS), sizes)
