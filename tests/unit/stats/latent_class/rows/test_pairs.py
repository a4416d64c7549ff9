"""Rows with something known beside the items collapse to pairs, and nothing is lost but their order."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import collapse
from careloom.stats.latent_class.rows.pairs import pair_up

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import draw


def test_rows_come_back_from_pairs() -> None:
    rows, _ = draw(500, seed=3, missing=0.2)
    random = np.random.default_rng(4)
    values, weights = random.integers(-2, 3, (500, 2)) / 2.0, random.uniform(0.0, 3.0, 500)
    table, pattern_of = collapse(rows, weights)
    pairs, pair_of = pair_up(pattern_of, values, weights)
    np.testing.assert_array_equal(pairs.pattern[pair_of], pattern_of)
    np.testing.assert_array_equal(pairs.values[pair_of], values)
    np.testing.assert_allclose(np.bincount(pair_of, weights), pairs.weights, rtol=1e-12)
    assert len(np.unique(np.column_stack([pairs.pattern, pairs.values]), axis=0)) == len(pairs.weights)
    assert pairs.are_rows_of(table)


def test_rows_left_out_are_noticed() -> None:
    rows, _ = draw(300, seed=3)
    table, pattern_of = collapse(rows)
    assert not pair_up(pattern_of[:-1], np.zeros((299, 0)))[0].are_rows_of(table)


def test_no_values_at_all_leave_the_patterns() -> None:
    pairs, _ = pair_up([2, 0, 2, 1], np.zeros((4, 0)))
    assert pairs.pattern.tolist() == [0, 1, 2]
    assert pairs.weights.tolist() == [1.0, 1.0, 2.0]


def test_clusters_hold_the_weight_of_each_pair() -> None:
    pairs, _ = pair_up([0, 0, 1, 1], [1.0, 1.0, 1.0, 2.0], [1.0, 2.0, 4.0, 8.0], ["b", "a", "a", "b"])
    assert pairs.by_cluster is not None
    assert pairs.by_cluster.toarray().tolist() == [[2.0, 4.0, 0.0], [1.0, 0.0, 8.0]]


@pytest.mark.parametrize(
    ("pattern_of", "values", "clusters", "message"),
    [
        ([0, 1], [1.0, np.nan], None, "1 rows have missing values"),
        ([0, 1], [1.0], None, "for each row"),
        ([0.0, 1.0], [1.0, 2.0], None, "number in the table"),
        ([0, -1], [1.0, 2.0], None, "number in the table"),
        ([0, 1], [1.0, 2.0], ["a"], "one cluster a row"),
        ([0, 1], [1.0, 2.0], ["a", "a"], "at least two clusters"),
        ([0, 1], [1.0, 2.0], [np.nan, 3.0], "1 rows have no cluster"),
        ([0, 1], [1.0, 2.0], np.array(["a", None], dtype=object), "1 rows have no cluster"),
    ],
)
def test_bad_rows_are_refused(pattern_of: list[int], values: list[float], clusters: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pair_up(pattern_of, values, clusters=clusters)
