"""Precision, recall and F1 from pairs that people judged: exact where all were judged, and covering the truth where some were."""

import math

import numpy as np
import pytest

from careloom.stats.judged import Stratum, judged_quality


def test_where_every_pair_was_judged_nothing_is_left_to_chance() -> None:
    precision, recall, f1 = judged_quality([Stratum(100, 100, 90, True), Stratum(40, 40, 10, False)])
    assert precision == pytest.approx((0.9,) * 3)
    assert recall == pytest.approx((0.9,) * 3)
    assert f1 == pytest.approx((0.9,) * 3)


def test_strata_count_by_their_size_and_not_by_how_many_were_judged() -> None:
    """900 of 1,000 and 50 of 100 joined are right; 20 of 200 not joined are one child."""
    precision, recall, _ = judged_quality(
        [Stratum(1000, 10, 9, True), Stratum(100, 50, 25, True), Stratum(200, 20, 2, False)]
    )
    assert precision[0] == pytest.approx(950 / 1100)
    assert recall[0] == pytest.approx(950 / 970)
    assert precision[1] < precision[0] < precision[2]


def test_what_nobody_looked_at_is_not_told() -> None:
    precision, recall, f1 = judged_quality([Stratum(100, 50, 49, True), Stratum(40, 0, 0, False)])
    assert precision[0] == pytest.approx(0.98)
    assert all(math.isnan(each) for each in (*recall, *f1))
    assert all(math.isnan(each) for each in judged_quality([Stratum(40, 0, 0, True)])[0])
    assert all(math.isnan(each) for each in judged_quality([])[0])
    assert judged_quality([Stratum(4, 4, 4, True), Stratum(0, 0, 0, False)])[1] == (
        1.0,
        1.0,
        1.0,
    )  # no pair, none missing


def test_intervals_hold_the_truth_in_about_95_of_100_samples() -> None:
    """Of 500 samples of a made-up linkage; three standard errors of the share are 0.03, and Jeffreys' intervals are a little wide."""
    chance = np.random.default_rng(5)
    truth = [(4000, 3980, True), (600, 540, True), (300, 120, False), (900, 30, False)]
    right, true, joined = 4520, 4670, 4600
    held = np.zeros(3)
    for seed in range(500):
        strata = [Stratum(n, 60, int(chance.hypergeometric(same, n - same, 60)), is_in) for n, same, is_in in truth]
        asked = zip(
            judged_quality(strata, seed), (right / joined, right / true, 2 * right / (joined + true)), strict=True
        )
        held += [lower <= value <= upper for (_, lower, upper), value in asked]
    assert ((held / 500 > 0.92) & (held / 500 < 0.99)).all(), held / 500
