"""Logistic regression on grouped rows: what it does where R's book has no example, and what it refuses."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from careloom.stats.binomial import CannotFitBinomialError, ClusterSums, fit_binomial

TWO = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TRIALS = np.array([50.0, 60.0, 70.0, 80.0])


def sums_of(child: np.ndarray, pattern: np.ndarray, y: np.ndarray, patterns: int) -> ClusterSums:
    """Add clusters up the slow way: a table of children by patterns."""
    n_of, y_of = np.zeros((child.max() + 1, patterns)), np.zeros((child.max() + 1, patterns))
    np.add.at(n_of, (child, pattern), 1)
    np.add.at(y_of, (child, pattern), y)
    both = np.nonzero(n_of.T @ n_of)
    return ClusterSums(*both, (n_of.T @ n_of)[both], (y_of.T @ n_of)[both], (y_of.T @ y_of)[both])


def test_a_single_two_by_two_table_has_the_odds_ratio_of_the_schoolbook() -> None:
    fit = fit_binomial([[0.0], [1.0]], [40, 60], [10, 30], names=["x"])
    (odds,) = fit.odds_ratios()
    assert odds.odds_ratio == pytest.approx((30 / 30) / (10 / 30))
    assert odds.std_error == pytest.approx(np.sqrt(1 / 30 + 1 / 30 + 1 / 10 + 1 / 30))
    mean = fit.mean_probability([[1.0], [1.0]], [40, 60])
    assert mean.probability == pytest.approx(0.5)
    assert mean.std_error == pytest.approx(np.sqrt(0.5 * 0.5 / 60))


def test_five_copies_of_each_row_of_a_child_say_nothing_new() -> None:
    rng = np.random.default_rng(1)
    pattern, y = rng.integers(0, 4, 300), rng.integers(0, 2, 300)
    n_of, y_of = np.bincount(pattern, minlength=4), np.bincount(pattern, y, 4)
    once = fit_binomial(TWO, n_of, y_of, names="ab", clusters=sums_of(np.arange(300), pattern, y, 4))
    child, copies, copied = np.repeat(np.arange(300), 5), np.repeat(pattern, 5), np.repeat(y, 5)
    five = fit_binomial(TWO, 5 * n_of, 5 * y_of, names="ab", clusters=sums_of(child, copies, copied, 4))
    assert once.robust_covariance is not None
    assert_allclose(five.robust_covariance, once.robust_covariance, rtol=1e-8)
    assert_allclose(five.covariance, once.covariance / 5, rtol=1e-8)


def test_planted_coefficients_are_recovered_within_sampling_error() -> None:
    """500 populations: estimates are unbiased, and 95% limits hold the truth about 95 times in 100."""
    truth, rng = np.array([-1.0, 0.8, -0.5]), np.random.default_rng(7)
    p = 1 / (1 + np.exp(-(truth[0] + TWO @ truth[1:])))
    fits = [fit_binomial(TWO, 5 * TRIALS, rng.binomial((5 * TRIALS).astype(int), p), names="ab") for _ in range(500)]
    found = np.array([fit.coefficients for fit in fits])
    errors = np.array([np.sqrt(np.diag(fit.covariance)) for fit in fits])
    assert_allclose(found.mean(axis=0), truth, atol=4 * errors.mean() / np.sqrt(500) + 0.01)
    covered = (np.abs(found - truth) < 1.96 * errors).mean(axis=0)
    assert ((covered > 0.92) & (covered < 0.98)).all()  # binomial error of 500 draws: 1 point


@pytest.mark.parametrize(
    ("successes", "named"),
    [
        ([0, 20, 0, 30], "b"),  # nobody without b
        ([10, 60, 20, 80], "b"),  # everybody with b
        ([0, 20, 30, 80], "a"),  # each level mixed, but a and b together tell all that is not mixed
    ],
)
def test_separation_is_refused_by_name(successes: list[int], named: str) -> None:
    with pytest.raises(CannotFitBinomialError, match=f"tell completely .*{named}"):
        fit_binomial(TWO, TRIALS, successes, names=["a", "b"])


def test_a_pattern_of_all_or_none_is_no_separation_while_others_hold_it() -> None:
    fit = fit_binomial(TWO, TRIALS, [0, 20, 30, 40], names=["a", "b"])
    assert np.abs(fit.coefficients).max() < 5


def test_columns_that_others_determine_are_refused_by_name() -> None:
    doubled = np.column_stack((TWO, 1 - TWO[:, 1]))
    with pytest.raises(CannotFitBinomialError, match=r"cannot be told apart .*: c$"):
        fit_binomial(doubled, TRIALS, [5, 20, 30, 40], names=["a", "b", "c"])


@pytest.mark.parametrize(
    ("design", "trials", "successes"),
    [
        (TWO, TRIALS, [51, 1, 1, 1]),
        (TWO, TRIALS, [-1, 1, 1, 1]),
        (TWO, TRIALS[:3], [1, 1, 1]),
        (TWO * np.nan, TRIALS, TRIALS / 2),
    ],
)
def test_counts_that_cannot_be_are_refused(design: np.ndarray, trials: np.ndarray, successes: list[float]) -> None:
    with pytest.raises(ValueError, match=r"successes must be|design must be"):
        fit_binomial(design, trials, successes, names=["a", "b"])


def test_patterns_without_trials_say_nothing() -> None:
    fit = fit_binomial([*TWO, [5.0, 5.0]], [*TRIALS, 0], [5, 20, 30, 40, 0], names=["a", "b"])
    assert_allclose(fit.coefficients, fit_binomial(TWO, TRIALS, [5, 20, 30, 40], names=["a", "b"]).coefficients)


def test_what_is_known_is_not_predicted_and_limits_stay_between_0_and_1() -> None:
    fit = fit_binomial(TWO, TRIALS, [1, 2, 3, 9], names=["a", "b"])
    mean = fit.mean_probability(TWO, [1, 1, 1, 1], known=[0.0, np.nan, np.nan, 1.0])
    alone = fit.mean_probability(TWO[1:3], [1, 1])
    assert mean.probability == pytest.approx((2 * alone.probability + 1) / 4)
    assert mean.std_error == pytest.approx(alone.std_error / 2)
    rare = fit.mean_probability(TWO[:1], [1])
    assert 0 < rare.lower < rare.probability < rare.upper < 1
    all_known = fit.mean_probability(TWO, [1, 1, 1, 1], known=[0.0] * 4)
    assert (all_known.probability, all_known.std_error) == (0, 0)
    assert np.isnan([all_known.lower, all_known.upper]).all()


def test_a_command_does_not_wait_for_statsmodels() -> None:
    said = "import sys, careloom.cli, careloom.study; print('statsmodels' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
