"""Entropy by its two definitions, and what a class more gains for each row."""

from __future__ import annotations

import sys
from math import log
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import LatentClassFit, fit_latent_classes, posterior
from careloom.stats.latent_class.choosing.criteria import entropy_r2, gain_per_row

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import draw, table_of


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return draw(2000, seed=21, missing=0.1)[0]


@pytest.fixture(scope="module")
def fits(rows: np.ndarray) -> dict[int, LatentClassFit]:
    table = table_of(rows)
    return {k: fit_latent_classes(table, classes=k, starts=6, threads=1) for k in (1, 2, 3)}


def entropy(probabilities: np.ndarray) -> float:
    return -sum(p * log(p) for p in probabilities if p > 0)


@pytest.mark.parametrize("classes", [2, 3])
def test_both_entropies_row_by_row(rows: np.ndarray, fits: dict[int, LatentClassFit], classes: int) -> None:
    fit = fits[classes]
    left = sum(entropy(row) for row in posterior(fit.parameters, rows)) / len(rows)
    assert fit.entropy == pytest.approx(1 - left / log(classes), abs=1e-9)
    assert entropy_r2(fit) == pytest.approx(1 - left / entropy(fit.shares), abs=1e-9)
    assert entropy_r2(fit) < fit.entropy  # ln K is the most that the entropy of K shares can be


def test_one_class_is_certain(fits: dict[int, LatentClassFit]) -> None:
    assert fits[1].entropy == entropy_r2(fits[1]) == 1.0


def test_gain_per_row(fits: dict[int, LatentClassFit]) -> None:
    assert gain_per_row(fits[1], fits[2]) == pytest.approx((fits[2].loglik - fits[1].loglik) / 2000, rel=1e-12)
