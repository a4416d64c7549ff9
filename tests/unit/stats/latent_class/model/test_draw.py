"""Rows drawn from a model: as likely as the model says, with the gaps of the data, and cheap however many."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chisquare

from careloom.stats.latent_class import collapse, from_yes, pattern_logliks
from careloom.stats.latent_class.model.draw import draw_like

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import TRUTH, draw, table_of


def test_patterns_come_as_often_as_the_model_says() -> None:
    table = table_of(draw(200_000, seed=51)[0])
    drawn = draw_like(table, TRUTH, np.random.default_rng(1))
    assert drawn.total == 200_000
    expected = 200_000 * np.exp(pattern_logliks(TRUTH, drawn.codes))
    common = expected >= 5
    observed = np.append(drawn.weights[common], 200_000 - drawn.weights[common].sum())
    p = chisquare(observed, np.append(expected[common], 200_000 - expected[common].sum())).pvalue
    assert 0.001 < p < 0.999  # one seed; a wrong model of 200,000 rows would leave nothing of it


def test_the_same_items_are_missing_together_and_answers_do_not_depend_on_it() -> None:
    rows = draw(60_000, seed=52)[0]
    rows[:20_000, :3] = -1
    rows[20_000:20_050] = -1
    drawn = draw_like(table_of(rows), TRUTH, np.random.default_rng(2))
    gaps = (drawn.codes == -1).sum(axis=1)
    assert drawn.weights[gaps == 3].sum() == 20_000
    assert drawn.weights[gaps == 0].sum() == 39_950
    assert drawn.total == 59_950  # those with nothing observed are left out
    for group in (gaps == 3, gaps == 0):
        share = drawn.weights[group & (drawn.codes[:, 5] == 1)].sum() / drawn.weights[group].sum()
        truth = float(TRUTH.shares @ TRUTH.by_item[5][:, 1])
        assert share == pytest.approx(truth, abs=4 * np.sqrt(0.25 / 20_000))


def test_a_thousand_million_rows_cost_no_more_than_their_patterns() -> None:
    table = table_of(draw(500, seed=53)[0])
    many = draw_like(table.reweighted(table.weights * 2e6), TRUTH, np.random.default_rng(3))
    assert many.total == 1e9
    assert len(many.weights) <= 768
    assert len(np.unique(many.codes, axis=0)) == len(many.weights)


def test_what_is_impossible_is_never_drawn_and_weights_are_rounded() -> None:
    at = from_yes([0.5, 0.5], [[1.0, 0.0], [0.0, 1.0]])
    table, _ = collapse([[0, 1], [1, 0]], [10.4, 10.4])
    drawn = draw_like(table, at, np.random.default_rng(4))
    assert {tuple(row) for row in drawn.codes.tolist()} == {(0, 1), (1, 0)}
    assert drawn.total == 21


def test_the_same_stream_draws_the_same() -> None:
    table = table_of(draw(500, seed=54, missing=0.1)[0])
    one, two = (draw_like(table, TRUTH, np.random.default_rng(5)) for _ in range(2))
    assert (one.codes == two.codes).all()
    assert (one.weights == two.weights).all()
