"""Sequences of states: alike ones collapsed, how often states follow each other, and how far two sequences lie apart.

States are whole numbers from 0; sequences are arrays (N, T), one row a sequence of T states in order. Nothing is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]
States = NDArray[np.intp]

BLOCK = 4096
"""Sequences matched at once: enough that NumPy's own cost per step does not tell, few enough to stay near the processor."""


@dataclass(frozen=True, eq=False)
class Collapsed:
    """The different sequences (U, T) in order, how many rows are each (U,), and which of them each row is (N,)."""

    sequences: States
    weights: Numbers
    of: States


def collapse(sequences: ArrayLike) -> Collapsed:
    """Collapse identical sequences (N, T): whatever the order of rows, the result is in the order of the states."""
    rows = as_sequences(sequences)
    unique, of, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    return Collapsed(unique, counts.astype(np.float64), of.reshape(-1))


def as_sequences(sequences: ArrayLike) -> States:
    """Return sequences as an array (N, T) of whole numbers; raises ValueError when they are none."""
    rows = np.asarray(sequences)
    if rows.ndim != 2 or not rows.size or not np.issubdtype(rows.dtype, np.integer) or rows.min() < 0:
        raise ValueError(f"sequences must be a table of states, whole numbers from 0; got shape {rows.shape}")
    return rows.astype(np.intp)


# --- costs of one state in place of another --------------------------------------------------------------------------


def transition_rates(sequences: ArrayLike, weights: ArrayLike, states: int) -> Numbers:
    """Share of the moments in state a that are followed by state b, as (S, S); a row of noughts where a is never left.

    sequences: (U, T). weights: (U,), how many are of each. The last moment of a sequence is followed by nothing.
    """
    rows, weight = as_sequences(sequences), np.asarray(weights, dtype=np.float64)
    counts = np.zeros((states, states))
    np.add.at(counts, (rows[:, :-1], rows[:, 1:]), weight[:, None])
    totals = counts.sum(axis=1, keepdims=True)
    rates: Numbers = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    return rates


def constant_costs(states: int, cost: float = 2.0) -> Numbers:
    """Any state in place of any other costs the same: (S, S) with noughts on the diagonal."""
    return cost * (1.0 - np.eye(states))


def transition_costs(rates: ArrayLike) -> Numbers:
    """Costs (S, S) that are small between states that often follow each other: 2 - p(b after a) - p(a after b).

    Between 0 and 2; noughts on the diagonal. Known as TRATE (Gabadinho and others 2011, J Stat Softw 40(4)).
    """
    p = np.asarray(rates, dtype=np.float64)
    costs: Numbers = 2.0 - (p + p.T)  # in this order: else rounding makes it a little asymmetric
    np.fill_diagonal(costs, 0.0)
    return costs


# --- distances -------------------------------------------------------------------------------------------------------


def hamming_distances(a: ArrayLike, b: ArrayLike, costs: ArrayLike | None = None) -> Numbers:
    """Distances (A, B): the cost of the states that differ, moment by moment; without `costs`, their number.

    a: (A, T), b: (B, T), of one length. costs: (S, S). Hamming 1950; with costs, as Lesnard 2010 without its timing.
    """
    first, second = as_sequences(a), as_sequences(b)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"sequences must be of one length; got {first.shape[1]} and {second.shape[1]}")
    states = int(max(first.max(), second.max())) + 1
    cost = constant_costs(states, 1.0) if costs is None else _checked(costs, states)
    states = len(cost)
    # what each state at each moment would cost, times which state it is: one product of matrices
    asked = cost[first].reshape(len(first), -1)
    there = np.eye(states)[second].reshape(len(second), -1)
    distances: Numbers = asked @ there.T
    return distances


def matching_distances(a: ArrayLike, b: ArrayLike, costs: ArrayLike, indel: float = 1.0) -> Numbers:
    """Optimal matching distances (A, B): the least cost of turning one sequence into the other.

    A state may be put in or taken out for `indel`, or put in place of another for its cost (S, S), which must be
    symmetric. a: (A, T), b: (B, R); the lengths may differ. Needleman and Wunsch 1970; Abbott and Tsay 2000.

    """
    first, second = as_sequences(a), as_sequences(b)
    cost = _checked(costs, int(max(first.max(), second.max())) + 1)
    distances = np.empty((len(first), len(second)))
    for at in range(0, len(second), BLOCK):
        block = slice(at, at + BLOCK)
        saved = np.ascontiguousarray(cost[:, second[block].T] - 2.0 * indel)  # (S, R, B)
        distances[:, block] = _match(first, saved)
    distances += indel * (first.shape[1] + second.shape[1])
    return distances


def _match(sequences: States, saved: Numbers) -> Numbers:
    """Least costs (A, B) of turning each sequence into each of a block, less that of taking all out and putting all in.

    The usual table D[i, j] of least costs is kept less (i + j) x indel: then taking out and putting in cost nothing,
    and replacing costs what `saved` (S, R, B) says, cost - 2 x indel. One row of the table at a time, for all B at once.
    """
    row = np.empty((saved.shape[1] + 1, saved.shape[2]))
    replaced, matched = np.empty(saved.shape[1:]), np.empty((len(sequences), saved.shape[2]))
    for number, sequence in enumerate(sequences):
        row[:] = 0.0
        for state in sequence:
            np.add(row[:-1], saved[state], out=replaced)
            np.minimum(replaced, row[1:], out=row[1:])
            for place in range(1, len(row)):  # put in; minimum.accumulate says the same and takes three times as long
                np.minimum(row[place], row[place - 1], out=row[place])
        matched[number] = row[-1]
    return matched


def _checked(costs: ArrayLike, states: int) -> Numbers:
    cost = np.asarray(costs, dtype=np.float64)
    square = cost.ndim == 2 and cost.shape[0] == cost.shape[1] >= states
    if not square or (cost < 0).any() or np.diag(cost).any() or not np.array_equal(cost, cost.T):
        raise ValueError("costs must be a symmetric table of all states, none below 0, with noughts on the diagonal")
    return cost
