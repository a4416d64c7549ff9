"""Distances between sequences, the slow way: straight from their definitions."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

Costs = Sequence[Sequence[float]]


def hamming(a: Sequence[int], b: Sequence[int], costs: Costs) -> float:
    """The sum of the costs, moment by moment."""
    return sum(costs[x][y] for x, y in zip(a, b, strict=True))


def matching(a: Sequence[int], b: Sequence[int], costs: Costs, indel: float) -> float:
    """The least cost of all ways to turn a into b: take the first of a out, put the first of b in, or replace it."""

    @cache
    def rest(i: int, j: int) -> float:
        if i == len(a):
            return indel * (len(b) - j)
        if j == len(b):
            return indel * (len(a) - i)
        return min(rest(i + 1, j) + indel, rest(i, j + 1) + indel, rest(i + 1, j + 1) + costs[a[i]][b[j]])

    return rest(0, 0)


def rates(sequences: Sequence[Sequence[int]], weights: Sequence[float], states: int) -> list[list[float]]:
    """Of all moments in one state that are followed by another moment, the share followed by each state."""
    follows = [(a, b, w) for s, w in zip(sequences, weights, strict=True) for a, b in pairwise(s)]
    table = []
    for state in range(states):
        total = sum(w for a, _, w in follows if a == state)
        table.append(
            [sum(w for a, b, w in follows if (a, b) == (state, to)) / total if total else 0.0 for to in range(states)]
        )
    return table
