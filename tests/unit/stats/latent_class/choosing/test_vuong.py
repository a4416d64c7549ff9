"""The test of Vuong, Lo, Mendell and Rubin: its distribution in closed form, its weights where they can be derived."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from careloom.stats.latent_class import LatentClassFit, PatternTable, collapse, fit_latent_classes
from careloom.stats.latent_class.choosing.vuong import WARNING, cross_products, vuong_test, vuong_weights, weighted_tail

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import draw, table_of


@pytest.mark.parametrize("n", [2, 3, 9, 60, 300])
@pytest.mark.parametrize("scale", [0.01, 1.0, 7.0])
def test_equal_weights_are_a_chi_squared_variable(n: int, scale: float) -> None:
    for p in (0.999, 0.5, 0.05, 1e-4, 1e-9):
        x = scale * float(chi2.isf(p, n))
        assert weighted_tail(x, np.full(n, scale)) == pytest.approx(p, rel=2e-6)


def test_a_single_weight_fades_slowly_and_is_right_to_three_decimals() -> None:
    for p in (0.999, 0.5, 0.05, 1e-4):
        assert weighted_tail(float(chi2.isf(p, 1)), np.ones(1)) == pytest.approx(p, abs=1e-3)


def test_weights_in_pairs_have_closed_forms() -> None:
    """Two variables of one degree with weight w are an exponential of mean 2 w; of two such, sum and difference."""
    a, b = 3.0, 0.5
    for x in (0.0, 0.3, 4.0, 30.0):
        both = (a * np.exp(-x / (2 * a)) - b * np.exp(-x / (2 * b))) / (a - b)
        assert weighted_tail(x, np.array([a, a, b, b])) == pytest.approx(both, rel=1e-6)
        apart = a / (a + b) * np.exp(-x / (2 * a))
        assert weighted_tail(x, np.array([a, a, -b, -b])) == pytest.approx(apart, rel=1e-6)


def test_no_positive_weight_is_never_exceeded() -> None:
    assert weighted_tail(1.0, np.array([-1.0, -2.0])) == 0.0
    assert weighted_tail(1.0, np.array([])) == 0.0


def test_nested_regular_models_have_weights_of_one() -> None:
    """With the smaller model inside the larger, both right, W has a 1 for each parameter more, and zeros (Wilks)."""
    random = np.random.default_rng(1)
    root = random.normal(size=(7, 7))
    larger = root @ root.T
    inside = random.normal(size=(7, 3))  # how the smaller model's parameters move the larger's
    smaller = inside.T @ larger @ inside
    both = np.vstack([np.eye(7), inside.T])
    cross = both @ larger @ both.T
    assert vuong_weights(cross, larger, smaller) == pytest.approx(np.ones(4))
    # Rows that come in copies: scores vary more than the information says, by as much as there are copies.
    assert vuong_weights(2.5 * cross, larger, smaller) == pytest.approx(np.full(4, 2.5))


def test_models_that_share_nothing_have_the_weights_of_each() -> None:
    larger, smaller = np.diag([4.0, 9.0]), np.diag([2.0])
    cross = np.diag([4.0, 18.0, 3.0])
    assert vuong_weights(cross, larger, smaller) == pytest.approx([2.0, 1.0, -1.5])


@pytest.fixture(scope="module")
def table() -> PatternTable:
    return table_of(draw(3000, seed=81, missing=0.1)[0])


@pytest.fixture(scope="module")
def fits(table: PatternTable) -> dict[int, LatentClassFit]:
    return {k: fit_latent_classes(table, classes=k, starts=9, threads=1) for k in (1, 2, 3)}


def test_scores_of_both_models_are_multiplied_row_by_row(table: PatternTable, fits: dict[int, LatentClassFit]) -> None:
    cross, (once, again) = cross_products(table, fits[2], fits[2])
    half = len(once)
    assert cross[:half, half:] == pytest.approx(cross[:half, :half])
    assert once == pytest.approx(again)
    weights = table.weights * 2
    assert cross_products(table.reweighted(weights), fits[2], fits[2])[0] == pytest.approx(2 * cross)


def test_the_mean_is_the_difference_of_traces(table: PatternTable, fits: dict[int, LatentClassFit]) -> None:
    """The eigenvalues of W add up to its trace: tr(B A^-1) of the larger model less that of the smaller."""
    found = vuong_test(table, fits[2], fits[3])
    cross, (larger, smaller) = cross_products(table, fits[3], fits[2])
    f = len(larger)
    trace = np.trace(cross[:f, :f] @ np.linalg.inv(larger)) - np.trace(cross[f:, f:] @ np.linalg.inv(smaller))
    assert found.mean == pytest.approx(float(trace), rel=1e-6)
    assert found.standard_deviation == pytest.approx(np.sqrt(2 * (found.weights**2).sum()))


def test_a_planted_class_is_not_chance(table: PatternTable, fits: dict[int, LatentClassFit]) -> None:
    found = vuong_test(table, fits[2], fits[3])
    assert found.statistic == pytest.approx(2 * (fits[3].loglik - fits[2].loglik))
    assert found.p < 1e-6
    more = 1 + 6 + 2 + 3  # parameters of a class more
    assert found.adjusted == pytest.approx(found.statistic / (1 + 1 / (more * np.log(3000))))
    assert found.adjusted_p >= found.p
    assert "Prefer the bootstrapped test" in found.warning == WARNING


def test_fits_that_the_data_do_not_tell_are_refused(fits: dict[int, LatentClassFit], table: PatternTable) -> None:
    """Items that are exactly independent: a second class is nowhere to be found, and there is no distribution."""
    independent, _ = collapse([[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1], [1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1]])
    one, two = (fit_latent_classes(independent, classes=k, starts=3, threads=1) for k in (1, 2))
    with pytest.raises(ValueError, match="proved maxima"):
        vuong_test(independent, one, two)
    with pytest.raises(ValueError, match="one class more; got 1 and 3"):
        vuong_test(table, fits[1], fits[3])
