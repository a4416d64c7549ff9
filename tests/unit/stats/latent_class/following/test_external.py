"""Every method's slope, curvature and debt to the first step, against finite differences; errors against doubled rows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from careloom.stats.latent_class import Parameters, PatternTable, collapse, fit_latent_classes
from careloom.stats.latent_class.following.bend import bend_of_first_step
from careloom.stats.latent_class.following.distal_models import Categories, Means, Normal
from careloom.stats.latent_class.following.external import LIKELIHOOD_METHODS, External, Method, evidence, height, look
from careloom.stats.latent_class.following.measured import Measured
from careloom.stats.latent_class.following.membership import Logit, with_constant
from careloom.stats.latent_class.following.newton import NEARLY_NOTHING, Look, climb_by_newton, inverse
from careloom.stats.latent_class.following.second_step import covariance, row_scores
from careloom.stats.latent_class.rows.pairs import Pairs, pair_up

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import LEVELS, draw

NUDGE = 1e-5
# Differences over 2e-5 of sums of some 1e3: rounding leaves 1e-8 or so, the third derivative 1e-10 times 1e3.
CLOSE = {"rtol": 1e-6, "atol": 2e-5}
METHODS = get_args(Method)


@pytest.fixture(scope="module")
def first() -> tuple[Measured, np.ndarray]:
    rows, _ = draw(700, seed=41, missing=0.15)
    weights = np.random.default_rng(42).uniform(0.2, 2.0, 700)
    table, pattern_of = collapse(rows, weights, LEVELS)
    fit = fit_latent_classes(table, classes=3, starts=4, seed=1, prior=0.5, threads=1)
    return Measured(table, fit.parameters, prior=0.5), pattern_of


def weights_of_rows() -> np.ndarray:
    return np.random.default_rng(42).uniform(0.2, 2.0, 700)


def pairs_with(pattern_of: np.ndarray, values: np.ndarray) -> Pairs:
    return pair_up(pattern_of, values, weights_of_rows())[0]


def models(pattern_of: np.ndarray, *, likelihood: bool) -> list[tuple[Pairs, External]]:
    random = np.random.default_rng(43)
    covariates = pairs_with(pattern_of, random.integers(-1, 2, (700, 2)))
    number = pairs_with(pattern_of, random.normal(size=700).round(1))
    category = pairs_with(pattern_of, random.integers(0, 3, 700))
    of_category = (category.values == np.arange(3)).astype(float)
    logit = (covariates, Logit(with_constant(covariates.values), 3, 1))
    if likelihood:
        return [logit, (number, Normal(number.values[:, 0], 3)), (category, Categories(of_category, 3))]
    return [logit, (number, Means(number.values, 3)), (category, Means(of_category, 3))]


def slope_by(function: object, at: np.ndarray) -> np.ndarray:
    """Derivative of a number or a vector by central differences: the last axis is the parameters'."""
    assert callable(function)
    steps = NUDGE * np.eye(len(at))
    return np.stack([(function(at + step) - function(at - step)) / (2 * NUDGE) for step in steps], axis=-1)


@pytest.mark.parametrize("method", METHODS)
def test_slopes_and_curvatures(first: tuple[Measured, np.ndarray], method: Method) -> None:
    measured, pattern_of = first
    known = evidence(measured.table, measured.at, method)
    for pairs, model in models(pattern_of, likelihood=method in LIKELIHOOD_METHODS):
        at = np.random.default_rng(44).normal(0.0, 0.4, model.parameters)
        seen = look(model, known, pairs, at)
        assert seen.value == pytest.approx(height(model, known, pairs, at), rel=1e-12)
        np.testing.assert_allclose(seen.score, slope_by(lambda x: height(model, known, pairs, x), at), **CLOSE)  # noqa: B023
        slope = slope_by(lambda x: look(model, known, pairs, x).score, at)  # noqa: B023
        np.testing.assert_allclose(seen.information, -slope, **CLOSE)
        each = row_scores(model, known, pairs, at)
        np.testing.assert_allclose(pairs.weights @ each, seen.score, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_the_debt_to_the_first_step(first: tuple[Measured, np.ndarray], method: Method) -> None:
    """B is the derivative of the score when the classes of the first step are nudged and everything is done again."""
    measured, pattern_of = first
    table, flat = measured.table, measured.at.flat()

    def nudged(by: np.ndarray) -> Parameters:
        moved = flat.copy()
        moved[measured.free] += by
        return measured.at.like(moved)

    for pairs, model in models(pattern_of, likelihood=method in LIKELIHOOD_METHODS):
        at = np.random.default_rng(45).normal(0.0, 0.4, model.parameters)

        def score(by: np.ndarray, pairs: Pairs = pairs, model: External = model, at: np.ndarray = at) -> np.ndarray:
            return look(model, evidence(table, nudged(by), method), pairs, at).score

        exact = bend_of_first_step(model, evidence(table, measured.at, method), pairs, at, measured)
        np.testing.assert_allclose(exact, slope_by(score, np.zeros(len(measured.free))), **CLOSE)


@pytest.mark.parametrize("method", METHODS)
def test_parts_do_not_matter(
    first: tuple[Measured, np.ndarray], method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured, pattern_of = first
    known = evidence(measured.table, measured.at, method)
    pairs, model = models(pattern_of, likelihood=True)[0]
    at = np.random.default_rng(46).normal(0.0, 0.4, model.parameters)
    whole = look(model, known, pairs, at), bend_of_first_step(model, known, pairs, at, measured)
    monkeypatch.setattr("careloom.stats.latent_class.following.external.NUMBERS_AT_ONCE", 400)
    monkeypatch.setattr("careloom.stats.latent_class.model.information.PATTERNS_AT_ONCE", 7)
    parts = look(model, known, pairs, at), bend_of_first_step(model, known, pairs, at, measured)
    np.testing.assert_allclose(parts[0].information, whole[0].information, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(parts[0].value, whole[0].value, rtol=1e-12)
    np.testing.assert_allclose(parts[1], whole[1], rtol=1e-10, atol=1e-10)


def test_errors_by_cluster_are_the_sums_written_out(first: tuple[Measured, np.ndarray]) -> None:
    """The sandwich row by row and cluster by cluster, with the first step's part, for one method."""
    measured, pattern_of = first
    weights, child = weights_of_rows(), np.arange(700) % 90
    values = np.random.default_rng(47).integers(0, 2, (700, 1))
    pairs, pair_of = pair_up(pattern_of, values, weights, child)
    model, known = Logit(with_constant(pairs.values), 3, 0), evidence(measured.table, measured.at, "two-step")
    at, seen, _ = climb_by_newton(
        lambda x: look(model, known, pairs, x), lambda x: height(model, known, pairs, x), np.zeros(4)
    )
    ours = covariance(model, known, pairs, at, seen, measured, "robust")
    bread = np.linalg.inv(seen.information)
    bend, spread = bend_of_first_step(model, known, pairs, at, measured), measured.covariance()
    own = row_scores(model, known, pairs, at)[pair_of]
    scores = slow_scores(measured.table, measured)[pattern_of]
    meat = np.zeros((4, 4))
    for number in range(90):
        mine = child == number
        total = weights[mine] @ own[mine] + bend @ spread @ (weights[mine] @ scores[mine])
        meat += np.outer(total, total) * 90 / 89
    np.testing.assert_allclose(ours, bread @ meat @ bread, rtol=1e-8)


def slow_scores(table: PatternTable, measured: Measured) -> np.ndarray:
    """Slopes of each pattern's log-likelihood by differences (P, F1)."""
    from careloom.stats.latent_class import pattern_logliks

    flat = measured.at.flat()

    def logliks(by: np.ndarray) -> np.ndarray:
        moved = flat.copy()
        moved[measured.free] += by
        return pattern_logliks(measured.at.like(moved), table.codes)

    return slope_by(logliks, np.zeros(len(measured.free)))


def test_newton_says_what_the_data_cannot_tell() -> None:
    """One parameter told, one that ran off, and two of which only the sum is told."""
    information = np.array([[4.0, 0, 0, 0], [0, 1e-6, 0, 0], [0, 0, 1.0, 1.0], [0, 0, 1.0, 1.0]])
    seen = Look(0.0, np.zeros(4), information, np.array([4.0, NEARLY_NOTHING / 2, 1.0, 1.0]))
    found, untold = inverse(seen)
    assert untold.tolist() == [False, True, True, True]
    assert found[0, 0] == pytest.approx(0.25)
