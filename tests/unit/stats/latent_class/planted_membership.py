"""Rows of three planted classes whose members depend on covariates and who differ in outcomes, for the tests of both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
NAMES = ("yes", "number")


@dataclass(frozen=True)
class Rows:
    """Answers (n, 8), covariates (n, 2), a number (n,) and a yes/no (n,) as outcomes, and the class of each (n,)."""

    answers: np.ndarray
    covariates: np.ndarray
    number: np.ndarray
    yes: np.ndarray
    classes: np.ndarray


def draw_rows(n: int, seed: int) -> Rows:
    random = np.random.default_rng(seed)
    x = np.column_stack([random.integers(0, 2, n), random.integers(-1, 2, n)])
    odds = np.exp(np.column_stack([np.ones(n), x]) @ COEFFICIENTS.T)
    upto = np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1)
    classes = (random.random(n)[:, None] > upto).sum(axis=1)
    return Rows(
        answers=(random.random((n, YES.shape[1])) < YES[classes]).astype(int),
        covariates=x,
        number=random.normal(MEANS[classes], SPREADS[classes]).round(2),
        yes=(random.random(n) < CHANCES[classes]).astype(int),
        classes=classes,
    )
