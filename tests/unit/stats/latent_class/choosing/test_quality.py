"""Quality of classification: against one row at a time, against the truth, and at its edges."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import Parameters, collapse, from_yes, posterior
from careloom.stats.latent_class.choosing.quality import classification_quality

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import TRUTH, draw, table_of


def row_by_row(at: Parameters, rows: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """The tables of a classification, one row at a time."""
    k = at.classes
    assigned, posteriors, certain = np.zeros(k), np.zeros((k, k)), 0.0
    for row, weight in zip(rows, weights, strict=True):
        if (row == -1).all():
            continue
        belongs = posterior(at, row[None, :])[0]
        likeliest = max(range(k), key=lambda j: belongs[j])
        assigned[likeliest] += weight
        certain += weight * (belongs[likeliest] >= 0.7)
        for true in range(k):
            posteriors[likeliest, true] += weight * belongs[true]
    return {
        "assigned": assigned / assigned.sum(),
        "average_posterior": posteriors / assigned[:, None],
        "share_certain": certain / assigned.sum(),
    }


def test_agrees_with_one_row_at_a_time() -> None:
    rows = np.vstack([draw(400, seed=31, missing=0.2)[0], np.full((3, 8), -1)])
    weights = np.random.default_rng(1).uniform(0.1, 3.0, len(rows))
    quality = classification_quality(table_of(rows, weights), TRUTH)
    for name, slow in row_by_row(TRUTH, rows, weights).items():
        assert getattr(quality, name) == pytest.approx(slow, abs=1e-12), name
    assert quality.own_posterior == pytest.approx(np.diag(quality.average_posterior))
    assert quality.least_posterior == quality.own_posterior.min()
    assert quality.smallest_share == pytest.approx(0.2)


def test_classes_that_never_overlap() -> None:
    table, _ = collapse([[1, 1, 0], [0, 0, 1]], [60, 40])
    quality = classification_quality(table, from_yes([0.6, 0.4], [[1, 1, 0], [0, 0, 1]]))
    assert (quality.odds_of_correct > 1e9).all()
    assert quality.share_certain == 1
    assert quality.assigned.tolist() == [0.6, 0.4]


def test_odds_of_correct_classification_by_hand() -> None:
    """One item: of those with it 0.6 x 0.9 of 0.6 x 0.9 + 0.4 x 0.2 are of the first class."""
    table, _ = collapse([[1], [0]], [62, 38])
    quality = classification_quality(table, from_yes([0.6, 0.4], [[0.9], [0.2]]))
    first, second = 0.54 / 0.62, 0.32 / 0.38
    assert quality.own_posterior == pytest.approx([first, second])
    assert quality.odds_of_correct == pytest.approx([first / (1 - first) / 1.5, second / (1 - second) * 1.5])


def test_a_class_that_is_nobodys_likeliest_has_no_average() -> None:
    table, _ = collapse([[1], [0]], [50, 50])
    quality = classification_quality(table, from_yes([0.45, 0.45, 0.1], [[0.9], [0.1], [0.5]]))
    assert quality.assigned[2] == 0
    assert np.isnan(quality.own_posterior[2])
    assert np.isnan(quality.least_posterior)


def test_a_single_class_cannot_be_wrong() -> None:
    rows = draw(50, seed=33)[0]
    quality = classification_quality(table_of(rows), TRUTH.in_order(np.array([0])).like(np.zeros(1 + 19)))
    assert quality.own_posterior.tolist() == [1]
    assert np.isnan(quality.odds_of_correct).all()
