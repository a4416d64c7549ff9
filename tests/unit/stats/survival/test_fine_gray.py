"""Fine and Gray's model: what may not matter, where it is Cox's, and that it finds a planted effect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from careloom.stats.survival import fit_cox, fit_fine_gray


def planted(n: int, seed: int) -> tuple[Any, Any, Any]:
    """Cause 1 has a subdistribution hazard that is exp(0.8 x) times the baseline's: F(t | x) = 1 - (1 - p g(t))^exp(0.8 x)."""
    random = np.random.default_rng(seed)
    x = random.integers(0, 2, n).astype(float)
    ever = 1 - (1 - 0.4) ** np.exp(0.8 * x)  # of cause 1, in the end
    first = random.random(n) < ever
    u = random.random(n) * ever
    g = (1 - (1 - u) ** np.exp(-0.8 * x)) / 0.4  # between 0 and 1: how far the baseline has come
    day = np.where(first, -np.log1p(-np.clip(g, 0, 1 - 1e-12)), random.exponential(1.0, n)) * 200
    censored = random.exponential(400, n)
    cause = np.where(day <= censored, np.where(first, 1, 2), 0)
    return x[:, None], np.ceil(np.minimum(day, censored)), cause


def fit(x: Any, day: Any, cause: Any, **more: Any) -> Any:
    return fit_fine_gray(x, np.arange(len(x)), day, cause, names=["x"], **more)


def test_a_planted_effect_is_found_where_coxs_model_finds_another() -> None:
    x, day, cause = planted(20_000, 2)
    found = fit(x, day, cause)
    error = float(np.sqrt(found.robust_covariance[0, 0]))
    assert abs(found.coefficients[0] - 0.8) < 4 * error
    cox = fit_cox(x, np.arange(len(x)), day, cause == 1, names=["x"])
    assert abs(cox.coefficients[0] - 0.8) > 4 * error


def test_errors_are_the_spread_of_the_estimates() -> None:
    found = [fit(*planted(400, seed)) for seed in range(60)]
    spread = np.std([each.coefficients[0] for each in found], ddof=1)
    said = np.sqrt(np.mean([each.robust_covariance[0, 0] for each in found]))
    # A standard deviation of 60 draws is known to 9 %; three times that.
    assert_allclose(said, spread, rtol=0.27)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_without_other_causes_it_is_coxs_model(ties: Any) -> None:
    x, day, cause = planted(300, 3)
    one = np.where(cause == 2, 0, cause)
    ours, cox = fit(x, day, one, ties=ties), fit_cox(x, np.arange(300), day, one == 1, names=["x"], ties=ties)
    assert_allclose([ours.coefficients, ours.covariance[0]], [cox.coefficients, cox.covariance[0]], rtol=1e-12)


def test_order_does_not_matter_and_a_weight_is_so_many_rows() -> None:
    x, day, cause = planted(200, 4)
    weight = 1 + np.arange(200) % 3
    again = np.random.default_rng(1).permutation(np.repeat(np.arange(200), weight))
    weighted, repeated = fit(x, day, cause, weights=weight), fit(x[again], day[again], cause[again], cluster=again)
    assert_allclose(weighted.coefficients, repeated.coefficients, rtol=1e-9)
    assert_allclose(weighted.covariance, repeated.covariance, rtol=1e-9)
    assert_allclose(weighted.robust_covariance, repeated.robust_covariance, rtol=1e-9)


def test_strata_have_their_own_censoring() -> None:
    x, day, cause = planted(400, 7)
    stratum = np.arange(400) % 2
    late = np.where(stratum == 1, day, np.minimum(day, 60))  # one stratum is watched for 60 days only
    seen = np.where(late < day, 0, cause)
    apart = [fit(x[stratum == s], late[stratum == s], seen[stratum == s], errors="model") for s in (0, 1)]
    both = fit(x, late, seen, stratum=stratum, errors="model")
    at_zero = sum(each.loglik_null for each in apart)
    assert_allclose(both.loglik_null, at_zero, rtol=1e-12)


@pytest.mark.parametrize(("cause", "says"), [([0, 2, 2], "no events"), ([1, 1, np.nan], "whole number")])
def test_what_cannot_be_fitted_is_said(cause: list[float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        fit(np.array([[0.0], [1.0], [0.0]]), [1, 2, 3], cause)
