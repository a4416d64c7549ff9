"""Bivariate residuals and the fit of the whole table: against slow loops, and where a dependence was planted."""

from __future__ import annotations

import sys
from itertools import product
from math import log, prod
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import Parameters, collapse, fit_latent_classes, posterior
from careloom.stats.latent_class.choosing.residuals import bivariate_residuals, table_fit

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import BY_ITEM, SHARES, TRUTH, draw, table_of


def slow_pair(at: Parameters, rows: np.ndarray, weights: np.ndarray, a: int, b: int) -> tuple[np.ndarray, np.ndarray]:
    """Observed and expected two-way table of two items, one row at a time."""
    theta = at.by_item
    observed = np.zeros((theta[a].shape[1], theta[b].shape[1]))
    expected = np.zeros_like(observed)
    for row, weight in zip(rows, weights, strict=True):
        if -1 in (row[a], row[b]):
            continue
        observed[row[a], row[b]] += weight
        belongs = posterior(at, row[None, :])[0]
        for x, y in product(range(observed.shape[0]), range(observed.shape[1])):
            expected[x, y] += weight * sum(belongs[k] * theta[a][k, x] * theta[b][k, y] for k in range(at.classes))
    return observed, expected


def test_agrees_with_a_slow_loop_with_many_answers_missing_ones_and_weights() -> None:
    rows = draw(120, seed=41, missing=0.25)[0]
    weights = np.random.default_rng(2).uniform(0.2, 4.0, len(rows))
    pairs = bivariate_residuals(table_of(rows, weights), TRUTH)
    assert len(pairs) == 28
    assert [pair.residual for pair in pairs] == sorted((pair.residual for pair in pairs), reverse=True)
    for pair in pairs:
        observed, expected = slow_pair(TRUTH, rows, weights, pair.first, pair.second)
        assert pair.observed == pytest.approx(observed, abs=1e-10)
        assert pair.expected == pytest.approx(expected, abs=1e-10)
        chi2 = ((observed - expected) ** 2 / expected).sum()
        df = (observed.shape[0] - 1) * (observed.shape[1] - 1)
        assert (pair.df, pair.residual) == (df, pytest.approx(chi2 / df))
        assert pair.effect == pytest.approx(np.sqrt(chi2 / observed.sum()))


def test_with_nothing_missing_a_fit_expects_its_own_probabilities_and_the_margins_of_the_data() -> None:
    table = table_of(draw(3000, seed=42)[0])
    fit = fit_latent_classes(table, classes=3, starts=6, threads=1)
    for pair in bivariate_residuals(table, fit.parameters):
        a, b = fit.probabilities[pair.first], fit.probabilities[pair.second]
        # A certified maximum has no more than 1e-9 of likelihood left: its counts are off by the root of that times n.
        assert pair.expected == pytest.approx(3000 * np.einsum("k,kx,ky->xy", fit.shares, a, b), abs=0.01)
        for axis in (0, 1):
            assert pair.expected.sum(axis=axis) == pytest.approx(pair.observed.sum(axis=axis), abs=0.01)


def test_a_planted_dependence_is_the_worst_and_its_size_does_not_grow_with_the_rows() -> None:
    rows = draw(4000, seed=43)[0]
    copied = np.random.default_rng(3).random(4000) < 0.3
    rows[copied, 4] = rows[copied, 1]
    table = table_of(rows)
    fit = fit_latent_classes(table, classes=3, starts=6, threads=1)
    worst, second = bivariate_residuals(table, fit.parameters)[:2]
    assert (worst.first, worst.second) == (1, 4)
    assert worst.standardised[1, 1] > 3
    assert worst.residual > 5 * second.residual
    ten_times = bivariate_residuals(table.reweighted(table.weights * 10), fit.parameters)[0]
    assert ten_times.residual == pytest.approx(10 * worst.residual)
    assert ten_times.effect == pytest.approx(worst.effect)


def test_an_item_with_one_level_has_no_residual() -> None:
    table, _ = collapse([[0, 1], [0, 0]], [3, 5])
    (pair,) = bivariate_residuals(table, fit_latent_classes(table, classes=1).parameters)
    assert (pair.df, pair.residual) == (0, 0.0)


def test_the_whole_table_against_every_cell() -> None:
    rows = draw(9000, seed=44)[0]
    fit = table_fit(table_of(rows), TRUTH)
    assert fit
    counted: dict[tuple[int, ...], int] = {}
    for row in rows.tolist():
        counted[tuple(row)] = counted.get(tuple(row), 0) + 1
    g2 = x2 = 0.0
    for cell in product(*(range(item.shape[1]) for item in BY_ITEM)):
        chance = sum(
            SHARES[k] * prod(item[k, level] for item, level in zip(BY_ITEM, cell, strict=True)) for k in range(3)
        )
        observed, expected = counted.get(cell, 0), 9000 * chance
        x2 += (observed - expected) ** 2 / expected
        g2 += 2 * observed * log(observed / expected) if observed else 0.0
    assert (fit.g2, fit.x2) == (pytest.approx(g2, rel=1e-9), pytest.approx(x2, rel=1e-9))
    assert fit.df == 2**6 * 3 * 4 - 1 - (2 + 3 * (6 + 2 + 3))
    assert fit.caution == ""


def test_patterns_that_are_listed_twice_are_one_cell() -> None:
    table = table_of(draw(500, seed=45)[0])
    twice = type(table)(np.vstack([table.codes] * 2), np.concatenate([table.weights] * 2) / 2, table.levels)
    once, doubled = table_fit(table, TRUTH), table_fit(twice, TRUTH)
    assert once
    assert doubled
    assert (doubled.g2, doubled.x2) == (pytest.approx(once.g2), pytest.approx(once.x2))


def test_degrees_of_freedom_only_where_they_mean_something() -> None:
    few = table_fit(table_of(draw(500, seed=46)[0]), TRUTH)
    assert few
    assert few.df
    assert "500 rows are too few for 768" in few.caution
    assert table_fit(table_of(draw(500, seed=46, missing=0.1)[0]), TRUTH) is None
    table, _ = collapse([[0, 0], [0, 1], [1, 0], [1, 1]], [40, 10, 10, 40])
    full = table_fit(table, fit_latent_classes(table, classes=2, starts=3, threads=1).parameters)
    assert full
    assert full.df is None
    assert "as many parameters" in full.caution
    assert full.g2 == pytest.approx(0.0, abs=1e-6)
