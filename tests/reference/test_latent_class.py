"""Latent classes by patterns and blocks are those of the slow textbook EM, row by row and item by item."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from careloom.stats.latent_class import Parameters, collapse, fit_latent_classes, from_probabilities, posterior
from careloom.stats.latent_class.errors.standard_errors import standard_errors
from careloom.stats.latent_class.fitting.climb import climb_by_em
from careloom.stats.latent_class.model.likelihood import by_logarithms
from careloom.stats.latent_class.model.objective import PatternObjective

sys.path.insert(0, str(Path(__file__).parent))
import slow_latent_class as slow

CLOSE = 1e-9


@st.composite
def made_up(draw: st.DrawFn) -> tuple[list[list[int | None]], list[float], list[int], Parameters]:
    """Rows of items with two to four answers, some missing, weights that may be fractions, and where to begin."""
    sizes = draw(st.lists(st.integers(2, 4), min_size=1, max_size=6))
    answer = [st.one_of(st.none(), *[st.integers(0, size - 1)] * 3) for size in sizes]
    rows = draw(st.lists(st.tuples(*answer).map(list), min_size=1, max_size=25))
    weights = draw(st.lists(st.floats(0.1, 20), min_size=len(rows), max_size=len(rows)))
    classes = draw(st.integers(1, 4))
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    theta = [random.dirichlet(np.ones(size), size=classes) + 0.02 for size in sizes]
    return rows, weights, sizes, from_probabilities(random.dirichlet(np.ones(classes)) + 0.02, theta)


def table_of(rows: list[list[int | None]], weights: list[float], sizes: list[int]):
    codes = [[-1 if answer is None else answer for answer in row] for row in rows]
    assume((np.array(codes) >= 0).any(axis=0).all())
    return collapse(codes, weights, [range(size) for size in sizes])[0]


def as_lists(at: Parameters) -> tuple[slow.Shares, slow.Theta]:
    return at.shares.tolist(), [[item[k].tolist() for item in at.by_item] for k in range(at.classes)]


@pytest.mark.parametrize("kernel", ["auto", "numpy"])
@pytest.mark.parametrize("prior", [0.0, 0.6])
@given(made_up(), st.integers(0, 12))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_em_is_the_textbook_em(kernel, prior, made, steps) -> None:
    rows, weights, sizes, start = made
    objective = PatternObjective(table_of(rows, weights, sizes), prior, kernel)
    point = climb_by_em(objective, start, steps).point
    shares, theta = as_lists(start)
    for _ in range(steps):
        shares, theta = slow.em_step(rows, weights, shares, theta, prior)
    # A class that no row wants any more has proportions 0 / 0; ours keeps what it had. Nothing to compare then.
    assume(min(shares) > 1e-12)
    assert point.loglik == pytest.approx(slow.loglik(rows, weights, shares, theta), abs=CLOSE, rel=1e-12)
    ours_shares, ours_theta = as_lists(point.at)
    assert ours_shares == pytest.approx(shares, abs=CLOSE)
    seen = point.seen[point.at.first_cells]  # (J, K): of less than a millionth of a row, proportions are rounding
    for k, (ours, theirs) in enumerate(zip(ours_theta, theta, strict=True)):
        for j, (item, slow_item) in enumerate(zip(ours, theirs, strict=True)):
            assert seen[j, k] < 1e-6 or item == pytest.approx(slow_item, abs=CLOSE)


@given(made_up())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_memberships_and_the_likelihood_are_bayes_rule(made) -> None:
    rows, weights, sizes, at = made
    table = table_of(rows, weights, sizes)
    shares, theta = as_lists(at)
    codes = [[-1 if answer is None else answer for answer in row] for row in rows]
    slowly = np.array([slow.memberships(row, shares, theta) for row in rows])
    assert posterior(at, codes) == pytest.approx(slowly, abs=CLOSE)
    assert by_logarithms(table, at)[0] == pytest.approx(slow.loglik(rows, weights, shares, theta), rel=1e-12, abs=CLOSE)


@pytest.mark.parametrize("prior", [0.0, 0.5])
def test_a_fit_stands_still_under_the_textbook_em(prior: float) -> None:
    random = np.random.default_rng(4)
    first = random.random(300) < 0.4
    codes = np.column_stack([random.random((300, 4)) < np.where(first, 0.8, 0.2)[:, None], random.integers(0, 3, 300)])
    codes[random.random(codes.shape) < 0.1] = -1
    fit = fit_latent_classes(collapse(codes)[0], classes=2, starts=5, seed=1, prior=prior, threads=1)
    rows = [[None if code < 0 else int(code) for code in row] for row in codes]
    shares, theta = as_lists(fit.parameters)
    moved_shares, moved_theta = slow.em_step(rows, [1.0] * 300, shares, theta, prior)
    assert fit.loglik == pytest.approx(slow.loglik(rows, [1.0] * 300, shares, theta), abs=CLOSE)
    # At most 1e-9 of log-likelihood is left, with an information of some ten rows or more: 1e-5 to go in all.
    assert moved_shares == pytest.approx(shares, abs=1e-5)
    assert np.hstack([np.ravel(item) for item in moved_theta[0]]) == pytest.approx(
        np.hstack([np.ravel(item) for item in theta[0]]), abs=1e-5
    )


def test_errors_by_outer_products_are_those_of_the_slow_ones() -> None:
    random = np.random.default_rng(9)
    first = random.random(250) < 0.45
    codes = np.column_stack(
        [random.random((250, 5)) < np.where(first, 0.75, 0.25)[:, None], random.integers(0, 3, 250)]
    )
    codes[random.random(codes.shape) < 0.1] = -1
    weights = random.integers(1, 4, 250).astype(float)
    table, _ = collapse(codes, weights)
    fit = fit_latent_classes(table, classes=2, starts=5, seed=1, threads=1)
    assert fit.certificate.verdict == "certified"
    rows = [[None if code < 0 else int(code) for code in row] for row in codes]
    shares, theta = as_lists(fit.parameters)
    covariance = np.linalg.inv(slow.outer_products(rows, weights.tolist(), shares, theta))
    ours = standard_errors(table, fit, kind="opg")
    # Parameters: the second share; then, class by class, five yes and two answers of the last item.
    assert ours.shares == pytest.approx([shares[0] * shares[1] * np.sqrt(covariance[0, 0])] * 2, rel=1e-8)
    for k in range(2):
        for item in range(5):
            place, p = 1 + 7 * k + item, theta[k][item][1]
            assert ours.probabilities[item][k] == pytest.approx(
                [p * (1 - p) * covariance[place, place] ** 0.5] * 2, rel=1e-8
            )
        p = np.array(theta[k][5])
        slopes = (np.diag(p) - np.outer(p, p))[:, 1:]
        block = covariance[6 + 7 * k : 8 + 7 * k, 6 + 7 * k : 8 + 7 * k]
        assert ours.probabilities[5][k] == pytest.approx(np.sqrt(np.diag(slopes @ block @ slopes.T)), rel=1e-8)
