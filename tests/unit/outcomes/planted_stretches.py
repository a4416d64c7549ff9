"""Stretches of children made up from known hazards, for the tests of the models."""

from dataclasses import replace
from typing import Any

import numpy as np

from careloom.outcomes.hazards import Estimates, rows_of
from careloom.outcomes.risk_table import Levels, RiskTable

TERMS = ("class_no", "age_band", "sex", "ethnic_group")
Row = dict[str, Any]


def risk_table(n: int, seed: int, ratios: dict[str, float]) -> RiskTable:
    """Stretches of n/2 children with exponential times; the hazard of class level k is `ratios[k]` times the first's.

    One child in ten that leaves early is met by something else.
    """
    random = np.random.default_rng(seed)
    levels = {
        "class_no": random.choice(list(ratios), n, p=[0.6, *[0.4 / (len(ratios) - 1)] * (len(ratios) - 1)]),
        "age_band": random.choice(["1-4", "5-9", "10-15"], n, p=[0.5, 0.3, 0.2]),
        "sex": random.choice(["F", "M"], n, p=[0.4, 0.6]),
        "ethnic_group": random.choice(["White", "Mixed"], n, p=[0.3, 0.7]),
    }
    rate = np.array([ratios[k] for k in levels["class_no"]]) * np.where(levels["age_band"] == "10-15", 0.5, 1.0) / 900
    time = np.ceil(random.exponential(1 / np.maximum(rate, 1e-12)))
    end = random.integers(200, 1500, n)
    cause = np.where(time <= end, 1, np.where(random.random(n) < 0.1, 2, 0))
    return RiskTable(
        levels={name: Levels.named(values) for name, values in levels.items()},
        pattern=np.arange(n),
        la=random.choice([0, 1], n),
        child=np.arange(n) // 2,
        days=np.minimum(time, end).astype(float),
        cause=cause,
        place=1 + np.arange(n) % 2,
    )


def with_level(risk: RiskTable, **levels: Any) -> RiskTable:
    """The same stretches with other levels; the counts are counted anew."""
    return replace(risk, levels={**risk.levels, **{name: Levels.named(values) for name, values in levels.items()}})


def level_of(risk: RiskTable, term: str) -> Any:
    """The level of every stretch, by name."""
    return np.array(risk.levels[term].names)[risk.levels[term].of[risk.pattern]]


def by_level(found: Estimates, term: str = "class_no") -> dict[str, Row]:
    return {str(row["level"]): row for row in rows_of(found) if row["term"] == term}
