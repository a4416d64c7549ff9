"""Pairs of classes: the order, Tucker's congruence by hand, and what counts as the same."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from careloom.stats.latent_class import from_probabilities, from_yes
from careloom.stats.latent_class.groups.congruence import likeness, match_solutions, tucker_congruence

YES = np.array([[0.9, 0.8, 0.1, 0.2], [0.2, 0.1, 0.7, 0.6], [0.5, 0.1, 0.1, 0.05]])


def prevalence(yes: np.ndarray) -> np.ndarray:
    return np.column_stack([1.0 - yes, yes]).ravel()


COMMON = prevalence(np.array([0.4, 0.3, 0.25, 0.3]))


def test_congruence_by_hand() -> None:
    """(1, 2) and (2, 1): 4 over the root of 5 times 5. The length of a profile does not count."""
    assert tucker_congruence([[1.0], [2.0]], [[2.0], [1.0]]) == pytest.approx([0.8])
    assert tucker_congruence([[1.0], [2.0]], [[10.0], [20.0]]) == pytest.approx([1.0])
    assert np.isnan(tucker_congruence([[0.0], [0.0]], [[1.0], [2.0]])).all()


def test_the_same_classes_in_another_order_are_put_in_order() -> None:
    one, other = from_yes([0.5, 0.3, 0.2], YES), from_yes([0.2, 0.5, 0.3], YES[[2, 0, 1]])
    matched = match_solutions(one, other, COMMON)
    assert matched.order.tolist() == [1, 2, 0]
    assert matched.apart == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)
    assert matched.congruence == pytest.approx([1.0, 1.0, 1.0])
    assert matched.of_deviations == pytest.approx([1.0, 1.0, 1.0])
    assert matched.likeness == ["same", "same", "same"]


def test_the_pairing_is_the_best_of_all() -> None:
    random = np.random.default_rng(1)
    one, other = (from_yes(np.full(4, 0.25), random.random((4, 4))) for _ in range(2))
    yes, other_yes = (np.array([item[:, 1] for item in p.by_item]) for p in (one, other))
    weight = np.sqrt(COMMON[1::2] * (1.0 - COMMON[1::2]))
    sums = {order: (np.abs(yes - other_yes[:, order]) * weight[:, None]).sum() for order in permutations(range(4))}
    matched = match_solutions(one, other, COMMON)
    assert tuple(matched.order) == min(sums, key=lambda order: sums[order])
    assert matched.apart.sum() == pytest.approx(min(sums.values()))


def test_deviations_tell_apart_what_profiles_do_not() -> None:
    """Everybody says yes to the first item, whatever the class: profiles are alike although the classes are not."""
    one, other = from_yes([1.0], [[0.95, 0.3, 0.05]]), from_yes([1.0], [[0.95, 0.05, 0.3]])
    common = prevalence(np.array([0.95, 0.15, 0.15]))
    matched = match_solutions(one, other, common)
    assert matched.likeness == ["similar"]
    # (0.15, -0.1) and (-0.1, 0.15) once the first item, which deviates nowhere, says nothing.
    assert matched.of_deviations == pytest.approx([-0.03 / 0.0325])


def test_every_answer_but_the_first_is_in_the_profile() -> None:
    one = from_probabilities([1.0], [[[0.2, 0.3, 0.5]], [[0.4, 0.6]]])
    other = from_probabilities([1.0], [[[0.2, 0.5, 0.3]], [[0.4, 0.6]]])
    found = match_solutions(one, other, [0.2, 0.4, 0.4, 0.4, 0.6]).congruence
    assert found == pytest.approx([(0.15 + 0.15 + 0.36) / (0.25 + 0.09 + 0.36)])


def test_an_answer_nobody_gave_sets_no_class_apart() -> None:
    one, other = from_yes([1.0], [[0.0, 0.3]]), from_yes([1.0], [[0.0, 0.4]])
    matched = match_solutions(one, other, prevalence(np.array([0.0, 0.2])))
    assert np.isfinite(matched.of_deviations).all()


def test_the_bounds() -> None:
    assert [likeness(value) for value in (0.95, 0.9499, 0.85, 0.8499, -1.0)] == [
        "same",
        "similar",
        "similar",
        "different",
        "different",
    ]


def test_other_items_are_refused() -> None:
    one = from_yes([0.5, 0.5], [[0.1, 0.2], [0.3, 0.4]])
    for other in (from_yes([1.0], [[0.1, 0.2]]), from_yes([0.5, 0.5], [[0.1], [0.3]])):
        with pytest.raises(ValueError, match="same items"):
            match_solutions(one, other, prevalence(np.array([0.2, 0.3])))
