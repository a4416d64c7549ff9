"""Shared frailty: planted differences between groups come back, and none where there are none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from careloom.stats.survival import fit_cox, fit_frailty


def planted(variance: float, seed: int) -> tuple[Any, ...]:
    random = np.random.default_rng(seed)
    group = np.repeat(np.arange(60), 40)
    frailty = random.gamma(1 / variance, variance, 60) if variance else np.ones(60)
    x = random.integers(0, 2, group.size).astype(float)
    day = np.ceil(random.exponential(100 / (frailty[group] * np.exp(0.5 * x))))
    event = day <= 300
    return x[:, None], np.minimum(day, 300), event, group, np.log(frailty)


@pytest.mark.parametrize("distribution", ["gamma", "gaussian"])
def test_planted_variance_and_effect_are_found(distribution: Any) -> None:
    x, day, event, group, truth = planted(0.3, 1)
    fit = fit_frailty(x, np.arange(len(x)), day, event, group, names=("x",), distribution=distribution)
    # The variance of 60 draws is known to a fifth; three times that. A Gaussian on the log scale is a little wider.
    assert fit.variance == pytest.approx(0.3, rel=0.6)
    assert abs(fit.coefficients[0] - 0.5) < 4 * np.sqrt(fit.covariance[0, 0])
    assert np.corrcoef(fit.log_frailty, truth)[0, 1] > 0.9
    assert fit.p_value < 1e-6


def test_without_differences_it_is_coxs_model() -> None:
    x, day, event, group, _ = planted(0.0, 2)
    fit = fit_frailty(x, np.arange(len(x)), day, event, group, names=("x",), ties="breslow")
    cox = fit_cox(x, np.arange(len(x)), day, event, names=("x",), ties="breslow")
    assert fit.variance < 0.02
    assert_allclose(fit.coefficients, cox.coefficients, atol=0.01)
    assert fit.loglik_without == pytest.approx(cox.loglik, rel=1e-10)
    # The search ends at a variance of 1e-6, a little below the top at 0.
    assert fit.loglik >= fit.loglik_without - 1e-3
    assert fit.p_value > 0.05


def test_one_group_is_refused() -> None:
    with pytest.raises(ValueError, match="two labels"):
        fit_frailty([[0.0], [1.0]], [0, 1], [1, 2], [1, 1], ["a", "a"], names=("x",))
