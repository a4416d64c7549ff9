"""Weighted means and their bootstrap limits: by hand, against drawing the slow way, and against the analytic error."""

import numpy as np
import pytest

from careloom.stats.weighted_means import bootstrap_means, weighted_means


def test_means_by_hand() -> None:
    amounts = np.array([100.0, 200.0, 400.0])
    weights = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.25, 0.75, 0.0]])
    # (100 + 100 + 100) / 1.75 and (100 + 300) / 1.25
    assert weighted_means(amounts, weights)[:2] == pytest.approx([300 / 1.75, 320.0])
    assert np.isnan(weighted_means(amounts, weights)[2])


def test_limits_are_percentiles_of_means_of_whole_subjects_drawn_again() -> None:
    chance = np.random.default_rng(3)
    amounts, weights = chance.gamma(2, 1000, 40), chance.dirichlet([1, 1, 1], 40)
    lower, upper = bootstrap_means(amounts, weights, seed=11, draws=200, level=0.9)
    again, slow = np.random.default_rng(11), []
    for _ in range(200):
        drawn = again.integers(40, size=40)
        slow.append([np.average(amounts[drawn], weights=weights[drawn, k]) for k in range(3)])
    assert lower == pytest.approx(np.quantile(slow, 0.05, axis=0), rel=1e-12)
    assert upper == pytest.approx(np.quantile(slow, 0.95, axis=0), rel=1e-12)
    assert np.array_equal(bootstrap_means(amounts, weights, seed=11, draws=200, level=0.9)[0], lower)
    assert not np.array_equal(bootstrap_means(amounts, weights, seed=12, draws=200, level=0.9)[0], lower)


def test_a_group_of_nobody_has_no_limits_and_one_of_one_has_its_own_amount() -> None:
    weights = np.zeros((30, 3))
    weights[:, 0], weights[0] = 1.0, [0.0, 1.0, 0.0]
    lower, upper = bootstrap_means(np.arange(30.0), weights, seed=1, draws=99)
    assert np.isnan([lower[2], upper[2]]).all()
    assert lower[1] == upper[1] == 0.0
    assert lower[0] < 15 < upper[0]


def test_width_is_that_of_the_linearised_error() -> None:
    """The variance of a ratio: sum w^2 (y - m)^2 / (sum w)^2. 999 draws leave the width of an interval about 4% uncertain."""
    chance = np.random.default_rng(5)
    amounts, weights = chance.gamma(2, 1000, 2000), chance.dirichlet([2, 1], 2000)
    means = weighted_means(amounts, weights)
    errors = np.sqrt((weights**2 * (amounts[:, None] - means) ** 2).sum(axis=0)) / weights.sum(axis=0)
    lower, upper = bootstrap_means(amounts, weights, seed=2)
    assert (upper - lower) / (2 * 1.96 * errors) == pytest.approx([1, 1], abs=0.12)  # three times that


def test_limits_hold_the_true_mean_about_as_often_as_they_say() -> None:
    """Costs with a long tail, 80 children: percentile intervals are known to be a little short; 300 studies, so +- 2.5%."""
    chance, held = np.random.default_rng(8), 0
    for study in range(300):
        is_a = chance.random(80) < 0.5
        amounts = np.where(is_a, chance.gamma(2, 500, 80), chance.gamma(2, 1500, 80))
        weights = np.column_stack([is_a, ~is_a]).astype(float)
        lower, upper = bootstrap_means(amounts, weights, seed=study, draws=199)
        held += lower[0] <= 1000.0 <= upper[0]
    assert 0.89 <= held / 300 <= 0.985
