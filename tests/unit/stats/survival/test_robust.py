"""Robust variances are summed some clusters at a time: where a run of clusters ends changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from careloom.stats.survival import fit_cox, fit_cox_soft, fit_fine_gray
from careloom.stats.survival.residuals import residuals_of

N = 400
RANDOM = np.random.default_rng(8)
X = RANDOM.normal(size=(N, 2))
DAYS = np.ceil(RANDOM.exponential(60 / np.exp(X @ [0.6, -0.4])) / 5) * 5
CAUSE = RANDOM.integers(0, 3, N)
ENTRY = np.where(RANDOM.random(N) < 0.4, DAYS - RANDOM.integers(1, 30, N), -1.0)
BELONGS = RANDOM.dirichlet([0.5, 0.5, 0.5], N)
ASKED: dict[str, Any] = {"names": ("a", "b"), "cluster": RANDOM.integers(0, 150, N)}
"""Rows of a cluster do not stand together."""


def cox() -> NDArray[Any] | None:
    stratum = np.arange(N) % 3
    return fit_cox(X, np.arange(N), DAYS, CAUSE == 1, entry_days=ENTRY, stratum=stratum, **ASKED).robust_covariance


def soft() -> NDArray[Any] | None:
    classes = ("one", "two", "three")
    return fit_cox_soft(X, np.arange(N), DAYS, CAUSE == 1, BELONGS, classes=classes, **ASKED).robust_covariance


def fine_gray() -> NDArray[Any] | None:
    return fit_fine_gray(X, np.arange(N), DAYS, CAUSE, **ASKED).robust_covariance


def residuals() -> NDArray[Any] | None:
    return residuals_of(fit_cox(X, np.arange(N), DAYS, CAUSE == 1, entry_days=ENTRY, names=("a", "b")), "score")


@pytest.mark.parametrize("at_once", [1, 7, 149, 150])
@pytest.mark.parametrize("result", [cox, soft, fine_gray, residuals])
def test_where_a_run_of_clusters_ends_changes_nothing(
    result: Callable[[], NDArray[Any] | None], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = result()
    monkeypatch.setattr(import_module("careloom.stats.survival.robust"), "CLUSTERS_AT_ONCE", at_once)
    parts = result()
    assert whole is not None
    assert parts is not None
    # Sums of some hundred numbers, in another order.
    np.testing.assert_allclose(parts, whole, rtol=1e-11, atol=1e-13)


def test_the_sum_over_clusters_is_that_of_their_rows_residuals() -> None:
    fit = fit_cox(X, np.arange(N), DAYS, CAUSE == 1, entry_days=ENTRY, **ASKED)
    score = residuals_of(fit, "score")
    sums = np.array([score[ASKED["cluster"] == one].sum(axis=0) for one in range(150)])
    expected = fit.covariance @ (sums.T @ sums) @ fit.covariance
    assert fit.robust_covariance is not None
    np.testing.assert_allclose(fit.robust_covariance, expected, rtol=1e-10)
