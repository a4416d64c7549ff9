"""Two classifications compared: the adjusted Rand index by hand and by counting pairs, and classes paired."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from careloom.stats.class_agreement import adjusted_rand_index, match_classes


def test_adjusted_rand_index_by_hand() -> None:
    assert adjusted_rand_index([0, 0, 1, 1], [7, 7, 3, 3]) == 1.0
    # One pair together in both, two in the second, six in all: (1 - 1/3) / (1.5 - 1/3).
    assert adjusted_rand_index([0, 0, 1, 2], [0, 0, 1, 1]) == pytest.approx(4 / 7)
    assert adjusted_rand_index(["a", "a", "b", "b"], ["x", "y", "x", "y"]) == pytest.approx(-0.5)
    assert adjusted_rand_index([1, 1, 1], [2, 2, 2]) == 1.0


def test_adjusted_rand_index_agrees_with_counting_every_pair() -> None:
    random = np.random.default_rng(8)
    a, b = random.integers(0, 3, 40), random.integers(0, 4, 40)
    pairs = [(i, j) for i in range(40) for j in range(i)]
    in_a, in_b = ({(i, j) for i, j in pairs if labels[i] == labels[j]} for labels in (a, b))
    chance = len(in_a) * len(in_b) / comb(40, 2)
    by_hand = (len(in_a & in_b) - chance) / ((len(in_a) + len(in_b)) / 2 - chance)
    assert adjusted_rand_index(a, b) == pytest.approx(by_hand, abs=1e-12)


def test_matching_undoes_a_shuffle() -> None:
    yes = np.random.default_rng(3).random((5, 8))
    order = np.array([2, 0, 4, 1, 3])
    shuffled = yes[order] + 0.01
    assert (shuffled[match_classes(yes, shuffled)] == yes + 0.01).all()


def test_classes_of_other_items_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="got shapes"):
        match_classes(np.zeros((2, 3)), np.zeros((2, 4)))
