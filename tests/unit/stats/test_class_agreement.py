"""How far two labellings agree: by hand, weights as repeated units, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from careloom.stats.class_agreement import adjusted_rand_index, cohens_kappa


@pytest.fixture(scope="module")
def labels() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    first = random.integers(0, 4, 60)
    second = np.where(random.random(60) < 0.7, first, random.integers(0, 4, 60))
    return first, second, random.integers(1, 9, 60)


def test_kappa_by_hand() -> None:
    """Two raters and 50 proposals: they agree on 35, by chance alone they would on 25."""
    first, second = ["yes", "yes", "no", "no"], ["yes", "no", "yes", "no"]
    assert cohens_kappa(first, second, [20, 5, 10, 15]) == pytest.approx(0.4, abs=1e-12)


def test_kappa_minds_which_label_is_which_and_the_adjusted_rand_index_does_not() -> None:
    first, second = [0, 0, 1, 1], [1, 1, 0, 0]
    assert adjusted_rand_index(first, second) == 1.0
    assert cohens_kappa(first, second) == -1.0


def test_one_label_only_is_full_agreement() -> None:
    assert cohens_kappa([3, 3], [3, 3]) == 1.0
    assert cohens_kappa([3, 3], [3, 4]) == 0.0


@pytest.mark.parametrize("agreement", [adjusted_rand_index, cohens_kappa])
def test_a_weight_is_so_many_units(labels: tuple[np.ndarray, np.ndarray, np.ndarray], agreement) -> None:  # type: ignore[no-untyped-def]
    first, second, weights = labels
    repeated = agreement(np.repeat(first, weights), np.repeat(second, weights))
    assert 0.1 < repeated < 0.9
    assert agreement(first, second, weights) == pytest.approx(repeated, rel=1e-12)
    assert agreement(first, second, np.ones(60)) == agreement(first, second)


@pytest.mark.parametrize("agreement", [adjusted_rand_index, cohens_kappa])
def test_lists_that_do_not_fit_are_refused(agreement) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="equally long"):
        agreement([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="equally long"):
        agreement([0, 1], [0, 1], [1.0])
    with pytest.raises(ValueError, match="not negative"):
        agreement([0, 1], [0, 1], [3.0, -1.0])


def test_one_unit_cannot_be_grouped() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        adjusted_rand_index([0], [0])
