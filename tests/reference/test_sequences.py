"""Distances for many pairs at once are those of the slow, obvious recursion, pair by pair."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careloom.stats.sequences import (
    BLOCK,
    collapse,
    constant_costs,
    hamming_distances,
    matching_distances,
    transition_costs,
    transition_rates,
)

sys.path.insert(0, str(Path(__file__).parent))
import slow_sequences as slow

STATES = 4
# A sum of at most 20 costs below 3: rounding is far below this, and any other way of matching far above.
CLOSE = 1e-9


def some(least: int = 1, most: int = 8) -> st.SearchStrategy[list[list[int]]]:
    def of_length(length: int) -> st.SearchStrategy[list[list[int]]]:
        return st.lists(st.lists(st.integers(0, STATES - 1), min_size=length, max_size=length), min_size=1, max_size=5)

    return st.integers(least, most).flatmap(of_length)


@st.composite
def costs(draw: st.DrawFn) -> np.ndarray:
    pairs = draw(st.lists(st.floats(0, 3), min_size=STATES * STATES, max_size=STATES * STATES))
    table = np.triu(np.array(pairs).reshape(STATES, STATES), 1)
    return table + table.T


@settings(max_examples=300, deadline=None)
@given(some(), some(), costs(), st.sampled_from([0.0, 0.4, 1.0, 1.7]))
def test_optimal_matching_is_the_least_of_all_ways(a: list, b: list, cost: np.ndarray, indel: float) -> None:
    """Of equal and unequal lengths, with any costs, also when putting in and taking out is cheaper than replacing."""
    fast = matching_distances(np.array(a), np.array(b), cost, indel)
    told = [[slow.matching(tuple(x), tuple(y), cost.tolist(), indel) for y in b] for x in a]
    assert fast == pytest.approx(np.array(told), abs=CLOSE)


@settings(max_examples=100, deadline=None)
@given(some(3, 6), costs())
def test_hamming_is_the_sum_of_costs_and_never_less_than_matching(a: list, cost: np.ndarray) -> None:
    rows = np.array(a)
    fast = hamming_distances(rows, rows, cost)
    assert fast == pytest.approx(np.array([[slow.hamming(x, y, cost.tolist()) for y in a] for x in a]), abs=CLOSE)
    assert (matching_distances(rows, rows, cost) <= fast + CLOSE).all()


@settings(max_examples=100, deadline=None)
@given(some(2, 6))
def test_transition_rates_and_their_costs(a: list) -> None:
    rows = collapse(np.array(a))
    fast = transition_rates(rows.sequences, rows.weights, STATES)
    told = slow.rates(a, [1.0] * len(a), STATES)
    assert fast == pytest.approx(np.array(told), abs=CLOSE)
    cost = transition_costs(fast)
    for x in range(STATES):
        for y in range(STATES):
            assert cost[x, y] == pytest.approx(0.0 if x == y else 2 - told[x][y] - told[y][x], abs=CLOSE)


def test_blocks_do_not_show() -> None:
    chance = np.random.default_rng(3)
    a, b = chance.integers(0, STATES, (2, 6)), chance.integers(0, STATES, (BLOCK + 3, 6))
    fast = matching_distances(a, b, constant_costs(STATES))
    for at in (0, 1, BLOCK - 1, BLOCK, BLOCK + 2):
        alone = matching_distances(a, b[at : at + 1], constant_costs(STATES))
        assert (fast[:, at] == alone[:, 0]).all()
