"""What assignment gets wrong, and the weights that undo it: by hand, by slow sums, and on planted classes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t as student

from careloom.stats.latent_class import PatternTable, collapse, from_yes, posterior
from careloom.stats.latent_class.following.three_step import (
    Assignment,
    assign,
    classification_error,
    combine_draws,
    draw_classes,
    step_weights,
)

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import SHARES, TRUTH, draw


@pytest.mark.parametrize("by", ["modal", "proportional"])
def test_classification_errors_are_the_slow_sums(by: Assignment) -> None:
    rows, _ = draw(400, seed=5, missing=0.1)
    table, _ = collapse(rows, np.linspace(0.1, 2.0, 400))
    belongs = posterior(TRUTH, table.codes)
    slow = np.zeros((3, 3))
    for pattern, weight in enumerate(table.weights):
        for true in range(3):
            for put in range(3):
                share = belongs[pattern, put] if by == "proportional" else float(belongs[pattern].argmax() == put)
                slow[true, put] += weight * belongs[pattern, true] * share
    slow /= slow.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(classification_error(belongs, table.weights, by), slow, rtol=1e-12)


def test_errors_are_those_that_are_made() -> None:
    """With the true parameters, P(assigned | true) is how often rows of a class are in fact assigned so."""
    rows, truth = draw(20_000, seed=32)
    table, _ = collapse(rows)
    weights = step_weights(table, TRUTH)
    modal = posterior(TRUTH, rows).argmax(axis=1)
    for k in range(3):
        share = np.bincount(modal[truth == k], minlength=3) / (truth == k).sum()
        # Both vary by chance; four binomial standard errors of the smaller class (some 4,000 rows) and as much again.
        assert weights.error_modal[k] == pytest.approx(share, abs=8 * np.sqrt(0.25 / 4000))
    assert (np.diag(weights.error_modal) > np.diag(weights.error_proportional)).all()


def test_of_two_classes_alike_the_first_is_taken() -> None:
    assert assign(np.array([[0.5, 0.5], [0.2, 0.8]]), "modal").tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_bch_weights_sum_to_one_and_to_the_classes() -> None:
    """Rows of class k get, on average, a weight of 1 in k and of 0 elsewhere: that is what undoing means."""
    rows, _ = draw(3000, seed=6)
    table, _ = collapse(rows)
    weights, belongs = step_weights(table, TRUTH), posterior(TRUTH, table.codes)
    members = belongs * table.weights[:, None]
    for bch in (weights.bch_modal, weights.bch_proportional):
        np.testing.assert_allclose(bch.sum(axis=1), 1.0, atol=1e-12)
        np.testing.assert_allclose(members.T @ bch / members.sum(axis=0)[:, None], np.eye(3), atol=1e-12)
        assert (bch < 0).any()


def test_a_weighted_mean_outcome_is_right_where_the_naive_one_is_not() -> None:
    """What a model of a later outcome does with the weights, in its simplest form: class means of a yes/no."""
    rows, classes = draw(60_000, seed=7)
    rows = rows[:, :3]  # three items only, so that classes overlap
    chances = np.array([0.2, 0.5, 0.8])
    yes = np.random.default_rng(8).random(60_000) < chances[classes]
    table, pattern_of = collapse(rows)
    at = from_yes(SHARES, np.stack([item[:, 1] for item in TRUTH.by_item[:3]], axis=1))
    weights = step_weights(table, at)

    def means(of_patterns: np.ndarray) -> np.ndarray:
        own = of_patterns[pattern_of]
        return (own * yes[:, None]).sum(axis=0) / own.sum(axis=0)

    # Weights of some 3 in size: 5 standard errors of a mean over 12,000 rows (the smallest class) of variance 0.25.
    tolerance = 5 * 3 * np.sqrt(0.25 / 12_000)
    for bch in (weights.bch_modal, weights.bch_proportional):
        np.testing.assert_allclose(means(bch), chances, atol=tolerance)
    for naive in (weights.modal, weights.proportional):
        assert np.abs(means(naive) - chances).max() > 2 * tolerance
    # As likelihoods: the EM for a yes/no outcome with the class's share as found.
    of_yes, of_no = (np.bincount(pattern_of[which], minlength=len(table.weights)) for which in (yes, ~yes))
    for known in (weights.two_step, weights.ml_modal):
        found = np.array([0.5, 0.51, 0.49])
        for _ in range(500):
            with_yes, without = known * at.shares * found, known * at.shares * (1.0 - found)
            members_yes = of_yes @ (with_yes / with_yes.sum(axis=1, keepdims=True))
            members_no = of_no @ (without / without.sum(axis=1, keepdims=True))
            found = members_yes / (members_yes + members_no)
        np.testing.assert_allclose(found, chances, atol=tolerance)


def test_likelihoods_are_those_of_the_pattern_and_of_its_assignment() -> None:
    rows, _ = draw(50, seed=9)
    table, _ = collapse(rows)
    weights = step_weights(table, TRUTH)
    by_bayes = weights.two_step * TRUTH.shares
    np.testing.assert_allclose(
        by_bayes / by_bayes.sum(axis=1, keepdims=True), posterior(TRUTH, table.codes), rtol=1e-10
    )
    np.testing.assert_allclose(weights.ml_modal, weights.error_modal[:, weights.modal.argmax(axis=1)].T, rtol=1e-12)


def test_classes_that_nobody_is_put_into_are_named() -> None:
    at = from_yes([0.9, 0.1], [[0.3], [0.4]])
    table = PatternTable(np.array([[0], [1]], dtype=np.int32), np.array([70.0, 30.0]), (np.arange(2),))
    with pytest.raises(ValueError, match=r"no row is put into classes \[1\]"):
        step_weights(table, at)


def test_drawn_classes_come_up_as_often_as_they_should() -> None:
    belongs = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
    drawn = draw_classes(belongs, [0] * 2000 + [1] * 50, 20, seed=1)
    assert drawn.shape == (20, 2050)
    assert (drawn[:, 2000:] == 0).all()
    shares = np.bincount(drawn[:, :2000].ravel(), minlength=3) / 40_000
    np.testing.assert_allclose(shares, belongs[0], atol=5 * np.sqrt(0.25 / 40_000))
    assert (drawn[0] != drawn[1]).any()
    np.testing.assert_array_equal(drawn, draw_classes(belongs, [0] * 2000 + [1] * 50, 20, seed=1))
    with pytest.raises(ValueError, match="at least one draw"):
        draw_classes(belongs, [0], 0, seed=1)


def test_rubins_rules_give_the_interval_of_a_sample_mean() -> None:
    """Estimates without an error of their own: the total is (1 + 1/M) times their variance, with M - 1 degrees."""
    values = np.array([1.0, 2.0, 4.0, 9.0])
    combined = combine_draws(values[:, None], np.zeros((4, 1, 1)))
    assert combined.estimates[0] == 4.0
    assert combined.std_errors[0] == pytest.approx(np.sqrt(1.25 * values.var(ddof=1)))
    assert combined.degrees_of_freedom[0] == 3.0
    # The same by hand with errors of their own.
    own = combine_draws(values[:, None], np.full((4, 1, 1), 2.0))
    between = 1.25 * values.var(ddof=1)
    assert own.covariance[0, 0] == pytest.approx(2.0 + between)
    assert own.degrees_of_freedom[0] == pytest.approx(3 * (1 + 2.0 / between) ** 2)
    assert student.ppf(0.975, own.degrees_of_freedom[0]) > 1.96
    with pytest.raises(ValueError, match="two draws or more"):
        combine_draws([[1.0]], [[[1.0]]])
