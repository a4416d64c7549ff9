"""Cumulative incidence, Gray's test and the log-rank test: by hand, against slow influence, and what may not matter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from careloom.stats.survival import aalen_johansen, fit_cox, gray_test, kaplan_meier, log_rank, predict_survival

# Five children: returned home on day 1 and 3, adopted on day 2, still there on days 2 and 4.
DAYS, CAUSE = [1.0, 3.0, 2.0, 2.0, 4.0], [1, 1, 2, 0, 0]


def test_incidence_by_hand() -> None:
    found = aalen_johansen(DAYS, CAUSE)
    assert found.days.tolist() == [1, 2, 3, 4]
    assert_allclose(found.at_risk, [5, 4, 2, 1])
    # 1/5; then 4/5 * 1/4 of cause 2; then 3/5 * 1/2 of cause 1.
    assert_allclose(found.incidence, [[0.2, 0.2, 0.5, 0.5], [0, 0.2, 0.2, 0.2]])
    assert_allclose(found.event_free, [0.8, 0.6, 0.3, 0.3])
    read = found.read_off([0, 2.5, 4, 9])
    assert_allclose(read.incidence[0], [0, 0.2, 0.5, np.nan])
    assert_allclose(read.at_risk, [5, 2, 1, 0])


@st.composite
def rows(draw: Any) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    n = draw(st.integers(3, 25))
    entry = np.array(draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)), dtype=float)
    stay = np.array(draw(st.lists(st.integers(1, 6), min_size=n, max_size=n)), dtype=float)
    cause = np.array(draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))
    entry[0], stay[0], cause[0] = (
        0,
        12,
        0,
    )  # someone is there from the beginning to the end, so that the risk set is never empty
    return entry + stay, cause, entry


def slow_incidence(
    days: NDArray[np.float64], cause: NDArray[np.int64], entry: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Event-free share and incidence of causes 1 and 2 on each exit day (3, D), step by step."""
    free, reached, out = 1.0, np.zeros(2), []
    for day in np.unique(days):
        at_risk = (weight * ((entry < day) & (days >= day))).sum()
        events = np.array([(weight * ((days == day) & (cause == c))).sum() for c in (1, 2)])
        reached = reached + free * events / at_risk
        free *= 1 - events.sum() / at_risk
        out.append([free, *reached])
    return np.array(out).T


@given(rows())
def test_incidence_and_its_jackknife_errors_are_those_of_slow_differences(row: Any) -> None:
    days, cause, entry = row
    found = aalen_johansen(days, cause, entry_days=entry, causes=2)
    one, step = np.ones(days.size), 1e-5
    assert_allclose(np.vstack([found.event_free, found.incidence]), slow_incidence(days, cause, entry, one), atol=1e-12)
    influence = [
        (slow_incidence(days, cause, entry, one + move) - slow_incidence(days, cause, entry, one - move)) / (2 * step)
        for move in step * np.eye(days.size)
    ]
    slow = np.sqrt(np.square(influence).sum(axis=0))
    # Central differences with a step of 1e-5 of curves between 0 and 1: curvature and rounding of 1e-10, squared in sums.
    assert_allclose(np.vstack([found.event_free_error, found.std_error]), slow, atol=1e-7)


@given(rows())
def test_one_cause_is_what_kaplan_meier_leaves(row: Any) -> None:
    days, cause, entry = row
    one = aalen_johansen(days, (cause > 0).astype(int), entry_days=entry)
    assert_allclose(one.incidence[0], 1 - kaplan_meier(days, cause > 0, entry_days=entry).survival, atol=1e-12)
    both = aalen_johansen(days, cause, entry_days=entry, causes=2)
    assert_allclose(both.incidence.sum(axis=0) + both.event_free, 1, atol=1e-12)


@given(rows(), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_a_count_is_so_many_rows(row: Any, random: Any) -> None:
    days, cause, entry = row
    order = list(range(days.size))
    random.shuffle(order)
    count = np.array([1 + i % 3 for i in range(days.size)])
    counted = aalen_johansen(days, cause, count, entry_days=entry, causes=2)
    again = np.repeat(order, count[order])
    repeated = aalen_johansen(days[again], cause[again], entry_days=entry[again], causes=2)
    for name in ("at_risk", "incidence", "std_error", "event_free_error"):
        assert_allclose(getattr(counted, name), getattr(repeated, name), rtol=1e-9, atol=1e-9)


def test_counts_are_so_many_rows_for_the_tests_too() -> None:
    random = np.random.default_rng(3)
    days, cause, group = random.integers(1, 9, 60), random.integers(0, 3, 60), random.integers(0, 3, 60)
    count = random.integers(1, 4, 60)
    again = np.repeat(np.arange(60), count)
    gray = gray_test(days, cause, group, counts=count), gray_test(days[again], cause[again], group[again])
    assert_allclose(gray[0].chi_square, gray[1].chi_square)
    event = cause > 0
    rank = log_rank(days, event, group, counts=count), log_rank(days[again], event[again], group[again])
    assert_allclose(rank[0].chi_square, rank[1].chi_square)


def test_grays_test_without_other_causes_is_close_to_the_log_rank_test() -> None:
    """With one cause the scores are the same; the variances are two estimates of one quantity."""
    random = np.random.default_rng(8)
    group = random.integers(0, 2, 2000)
    days = np.ceil(random.exponential(np.where(group == 1, 60, 80)))
    event = random.random(2000) < 0.8
    gray, rank = gray_test(days, event.astype(int), group), log_rank(days, event, group)
    assert_allclose(gray.score, rank.observed - rank.expected, atol=1e-9)
    assert_allclose(gray.chi_square, rank.chi_square, rtol=0.02)


def test_an_average_curves_error_is_that_of_the_bootstrap() -> None:
    random = np.random.default_rng(5)
    x = random.integers(0, 2, (600, 1)).astype(float)
    days = np.ceil(random.exponential(100 / np.exp(0.7 * x[:, 0])))
    event = random.random(600) < 0.7
    shares, both = [0.5, 0.5], [[0.0], [1.0]]

    def curve(rows: NDArray[np.int64]) -> Any:
        fit = fit_cox(x[rows], np.arange(rows.size), days[rows], event[rows], names=["x"])
        return predict_survival(fit, both, [50, 120], shares=shares)

    drawn = np.array([curve(random.integers(0, 600, 600)).survival for _ in range(200)])
    # A standard deviation of 200 draws is known to 5 %; three times that.
    assert_allclose(drawn.std(axis=0), curve(np.arange(600)).std_error, rtol=0.15)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: aalen_johansen([1, 2], [1, -1]), "whole number"),
        (lambda: aalen_johansen([1, 2], [1, 0.5]), "whole number"),
        (lambda: aalen_johansen([1, 2], [1, 3], causes=2), "at most 2"),
        (lambda: gray_test([1, 2], [1, 0], ["a", "a"]), "two groups"),
        (lambda: gray_test([1, 2], [2, 0], ["a", "b"]), "one event"),
        (lambda: gray_test([1, 2], [1, 0], ["a"]), "one label per row"),
        (lambda: log_rank([1, 2], [1, 0], ["a", "a"]), "two groups"),
        (lambda: log_rank([1, 2], [0, 0], ["a", "b"]), "one event"),
    ],
)
def test_what_cannot_be_answered_is_said(call: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()
