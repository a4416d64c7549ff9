"""Draws of amounts: against the means and standard deviations that are known of them."""

import math

import numpy as np
import pytest
from scipy import stats

from careloom.stats.drawn_amounts import (
    alike_normals,
    gamma_between,
    gammas,
    resampled_sums,
    triangular,
)

DRAWS = 40_000
SEVERAL_ERRORS = 5
"""A mean of so many draws is that far from the truth, in its standard errors, once in two million times."""


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def test_a_triangular_has_its_mean_and_standard_deviation() -> None:
    low, mode, high = array(80), array(100), array(150)
    normals = alike_normals([["one"]], [0.0], draws=DRAWS, chance=np.random.default_rng(1))
    drawn = triangular(normals, low, mode, high)[0]
    mean = (80 + 100 + 150) / 3
    sd = math.sqrt((80**2 + 100**2 + 150**2 - 80 * 100 - 80 * 150 - 100 * 150) / 18)
    assert abs(drawn.mean() - mean) < SEVERAL_ERRORS * sd / math.sqrt(DRAWS)
    assert abs(drawn.std() / sd - 1) < SEVERAL_ERRORS / math.sqrt(2 * DRAWS)
    assert drawn.min() >= 80
    assert drawn.max() <= 150


def test_a_triangular_is_that_of_scipy_share_by_share() -> None:
    shares = np.linspace(0.001, 0.999, 99)
    ours = triangular(stats.norm.ppf(shares)[None, :], array(3), array(4), array(9))[0]
    assert np.allclose(ours, stats.triang.ppf(shares, c=1 / 6, loc=3, scale=6), rtol=1e-9)


def test_a_gamma_has_its_mode_and_its_range() -> None:
    shape, scale = gamma_between(array(60), array(100), array(180))
    assert (shape[0] - 1) * scale[0] == pytest.approx(100)
    assert math.sqrt(shape[0]) * scale[0] == pytest.approx(120 / (2 * 1.959964))
    shares = np.linspace(0.01, 0.99, 49)
    ours = gammas(stats.norm.ppf(shares)[None, :], array(60), array(100), array(180))[0]
    assert np.allclose(ours, stats.gamma.ppf(shares, shape[0], scale=scale[0]))


@pytest.mark.parametrize("draw", [triangular, gammas])
def test_what_is_sure_is_always_the_same(draw: object) -> None:
    normals = alike_normals([["one", "two"]], [0.0], draws=50, chance=np.random.default_rng(1))
    drawn = draw(normals, array(7, 0), array(7, 0), array(7, 0))  # type: ignore[operator]
    assert (drawn == array(7, 0)[:, None]).all()


def test_items_are_alike_as_far_as_their_groups_are() -> None:
    staff, la = ["worker", "worker", "manager", "manager"], ["a", "b", "a", "b"]
    drawn = alike_normals([staff, la], [0.5, 0.2], draws=DRAWS, chance=np.random.default_rng(2))
    wanted = np.array([[1, 0.5, 0.2, 0], [0.5, 1, 0, 0.2], [0.2, 0, 1, 0.5], [0, 0.2, 0.5, 1]])
    # a correlation of n draws has a standard error of at most 1 / sqrt(n)
    assert np.abs(np.corrcoef(drawn) - wanted).max() < SEVERAL_ERRORS / math.sqrt(DRAWS)
    assert np.abs(drawn.std(axis=1) - 1).max() < SEVERAL_ERRORS / math.sqrt(2 * DRAWS)


@pytest.mark.parametrize("shares", [[0.7, 0.7], [-0.1, 0.5]])
def test_shares_of_a_variance_that_cannot_be_are_refused(shares: list[float]) -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        alike_normals([["a"], ["b"]], shares, draws=2, chance=np.random.default_rng(1))


def test_sums_of_children_drawn_again_spread_as_theory_says() -> None:
    amounts = np.random.default_rng(3).gamma(2, 500, (300, 2))
    sums = resampled_sums(amounts, draws=4_000, chance=np.random.default_rng(4))
    sd = amounts.std(axis=0) * math.sqrt(300)
    assert np.abs(sums.mean(axis=1) - amounts.sum(axis=0)).max() < SEVERAL_ERRORS * sd.max() / math.sqrt(4_000)
    assert np.abs(sums.std(axis=1) / sd - 1).max() < SEVERAL_ERRORS / math.sqrt(2 * 4_000)


def test_rows_beyond_one_block_are_drawn_as_often_as_those_of_the_first() -> None:
    """Each draw is of as many rows as there are; how many of them are of one part is binomial, wherever that part lies."""
    rows, draws, parts = 20_000, 2_000, 5
    amounts = np.kron(np.eye(parts), np.ones((rows // parts, 1)))
    sums = resampled_sums(amounts, draws=draws, chance=np.random.default_rng(8))
    assert (sums.sum(axis=0) == rows).all()
    sd = math.sqrt(rows * (1 / parts) * (1 - 1 / parts))
    assert np.abs(sums.mean(axis=1) - rows / parts).max() < SEVERAL_ERRORS * sd / math.sqrt(draws)
    assert np.abs(sums.std(axis=1) / sd - 1).max() < SEVERAL_ERRORS / math.sqrt(2 * draws)
    alike = np.corrcoef(sums)[np.triu_indices(parts, 1)]
    assert np.abs(alike + 1 / (parts - 1)).max() < SEVERAL_ERRORS / math.sqrt(draws)


def test_a_family_is_drawn_whole() -> None:
    """Two children of each family alike: the sum spreads as that of half as many children twice as dear."""
    each = np.random.default_rng(5).gamma(2, 500, (200, 1))
    pairs, families = np.repeat(each, 2, axis=0), np.repeat(np.arange(200), 2)
    together = resampled_sums(pairs, draws=4_000, chance=np.random.default_rng(6), clusters=families)
    assert np.allclose(together, resampled_sums(2 * each, draws=4_000, chance=np.random.default_rng(6)))


def test_a_seed_gives_the_same_draws() -> None:
    def drawn(seed: int) -> np.ndarray:
        return alike_normals([["a", "b"]], [0.3], draws=5, chance=np.random.default_rng(seed))

    assert (drawn(1) == drawn(1)).all()
    assert (drawn(1) != drawn(2)).any()
