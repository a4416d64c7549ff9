"""Standardised differences and counted values: by hand, and against NumPy on the values written out."""

from math import inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.stats import Counted, difference_of_means, difference_of_shares

numbers = st.lists(st.integers(-50, 5000), min_size=1, max_size=40)


def counted(values: list[int]) -> Counted:
    different, counts = np.unique(np.array(values, dtype=float), return_counts=True)
    return Counted(different, counts)


@pytest.mark.parametrize(
    ("share", "other", "expected"),
    [
        (0.5, 0.3, 0.2 / 0.4795831523312719),  # sqrt((0.25 + 0.21) / 2)
        (0.3, 0.5, -0.2 / 0.4795831523312719),
        (0.1, 0.0, 0.1 / 0.21213203435596426),  # sqrt(0.09 / 2)
        (0.4, 0.4, 0.0),
        (1.0, 1.0, 0.0),
        (1.0, 0.0, inf),
        (0.0, 1.0, -inf),
    ],
)
def test_a_difference_of_shares_by_hand(share: float, other: float, expected: float) -> None:
    assert difference_of_shares(share, other) == pytest.approx(expected, abs=1e-15)


def test_a_difference_of_means_by_hand() -> None:
    # 1, 2, 3 has mean 2 and variance 1; 2, 4, 6, 8 has mean 5 and variance 20/3
    expected = (2 - 5) / ((1 + 20 / 3) / 2) ** 0.5
    assert difference_of_means(counted([1, 2, 3]), counted([2, 4, 6, 8])) == pytest.approx(expected, rel=1e-14)


def test_of_one_value_there_is_no_spread_and_of_none_nothing() -> None:
    none = Counted(np.array([]), np.array([], dtype=np.int64))
    assert isnan(difference_of_means(counted([1]), counted([2, 3])))
    assert isnan(difference_of_means(none, counted([2, 3])))
    assert isnan(none.mean)
    assert isnan(none.quantile(0.5))
    assert isnan(difference_of_shares(nan, 0.5))
    assert difference_of_means(counted([4, 4]), counted([4, 4, 4])) == 0


def test_quantiles_by_hand() -> None:
    ten = Counted(np.array([1.0, 10.0]), np.array([3, 1]))  # 1 1 1 10
    assert [ten.quantile(share) for share in (0, 0.25, 0.5, 0.75, 1)] == [1, 1, 1, 3.25, 10]


@given(numbers, st.floats(0, 1))
def test_counting_gives_what_the_values_written_out_give(values: list[int], share: float) -> None:
    mine = counted(values)
    assert mine.size == len(values)
    assert mine.mean == pytest.approx(np.mean(values))
    assert mine.quantile(share) == pytest.approx(np.quantile(values, share))
    if len(values) > 1:
        assert mine.variance == pytest.approx(np.var(values, ddof=1))


@given(numbers, numbers)
def test_a_difference_turns_its_sign_with_the_groups(one: list[int], two: list[int]) -> None:
    there, back = difference_of_means(counted(one), counted(two)), difference_of_means(counted(two), counted(one))
    assert isnan(there) == isnan(back)
    assert isnan(there) or there == -back
