"""Groups of alike things around medoids: each group's most central member. Weighted, deterministic, and scalable.

A weight says how many identical things a row stands for; results are those of the rows repeated so many times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.stats.sequences import States

Numbers = NDArray[np.float64]
Distance = Callable[[States, States], Numbers]
"""The distances (A, B) between sequences (A, T) and (B, T)."""

MOST_AT_ONCE = 1000
"""Different sequences among which every distance is worked out: 8 MB and a second or two (benchmarks/placement_histories)."""
SAMPLES = 5
"""As in Kaufman and Rousseeuw's CLARA."""
NEGLIGIBLE = 1e-9
"""A swap must gain more than this share of the cost, so that rounding cannot make a search go round in circles."""


@dataclass(frozen=True, eq=False)
class Medoids:
    """Rows that are medoids (K,), the medoid nearest to each row (N,) by its place among them, and the whole cost."""

    rows: States
    labels: States
    cost: float


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of sequences, the heaviest first.

    medoids: (K, T). labels: (U,) from 0. silhouettes: (K,) mean of each group. average: over all. tried: the average
    for each number of groups that was tried and had no group too small. sampled: distances were worked out in samples.
    """

    medoids: States
    labels: States
    silhouettes: Numbers
    average: float
    tried: dict[int, float]
    sampled: bool


def cluster_sequences(
    sequences: States,
    weights: Numbers,
    distance: Distance,
    *,
    most: int = 8,
    fewest: float = 1.0,
    seed: int = 0,
    at_once: int = MOST_AT_ONCE,
) -> Groups | None:
    """Group different sequences (U, T) of some weight (U,) into 2 to `most` groups; None when there is no good way.

    The number of groups is that with the greatest average silhouette among those with no group lighter than `fewest`;
    of equals, the smallest. Beyond `at_once` different sequences, medoids come from five samples, the best by the cost
    of all sequences (CLARA), and silhouettes from the best sample. The same seed gives the same groups.
    Kaufman and Rousseeuw 1990, Finding Groups in Data, chapters 2 and 3; weights as in Studer 2013 (WeightedCluster).
    """
    best: dict[int, _Grouping] = {}
    drawn = samples(weights, at_once, seed)
    for rows, sample_weights in drawn:
        distances = distance(sequences[rows], sequences[rows])
        first = build(distances, sample_weights, min(most, len(rows)))
        for found in (swap(distances, sample_weights, first[:k]) for k in range(2, len(first) + 1)):
            k, medoids = len(found.rows), rows[found.rows]
            far = distance(sequences[medoids], sequences)
            cost = float(weights @ far.min(axis=0))
            if k not in best or cost < best[k].cost:
                widths = silhouettes(distances, sample_weights, found.labels)
                best[k] = _Grouping(medoids, far.argmin(axis=0), cost, found, sample_weights, widths)
    allowed = {k: g for k, g in best.items() if np.bincount(g.labels, weights, k).min() >= fewest}
    if not allowed:
        return None
    chosen = allowed[min(allowed, key=lambda k: (-allowed[k].average, k))]
    tried = {k: grouping.average for k, grouping in sorted(allowed.items())}
    return _heaviest_first(chosen, sequences, weights, tried, sampled=len(drawn[0][0]) < len(sequences))


@dataclass(frozen=True, eq=False)
class _Grouping:
    """Medoids as rows of all sequences, everybody's labels and cost; and the sample that they were found in."""

    medoids: States
    labels: States
    cost: float
    found: Medoids
    weights: Numbers
    widths: Numbers

    @property
    def average(self) -> float:
        return float(np.average(self.widths, weights=self.weights))


def _heaviest_first(
    chosen: _Grouping, sequences: States, weights: Numbers, tried: dict[int, float], *, sampled: bool
) -> Groups:
    k = len(chosen.medoids)
    order = np.argsort(-np.bincount(chosen.labels, weights, k), kind="stable")
    place = np.empty(k, dtype=np.intp)
    place[order] = np.arange(k)
    total = np.bincount(chosen.found.labels, chosen.weights * chosen.widths, k)
    widths = total / np.bincount(chosen.found.labels, chosen.weights, k)
    medoids = sequences[chosen.medoids[order]]
    return Groups(medoids, place[chosen.labels], widths[order], chosen.average, tried, sampled)


def samples(weights: Numbers, at_once: int, seed: int) -> list[tuple[States, Numbers]]:
    """Return rows, in order, with their weights: all of them once, or five random samples of no more than `at_once`.

    A sample is drawn from the things that the rows stand for, one by one, for as long as `at_once` rows suffice: a
    row's weight in it is how often it was drawn. weights: (U,), whole numbers when sampling is needed.
    """
    if len(weights) <= at_once:
        return [(np.arange(len(weights)), weights)]
    things = np.repeat(np.arange(len(weights)), weights.astype(np.intp))
    chance, drawn = np.random.default_rng(seed), []
    for _ in range(SAMPLES):
        order = chance.permutation(things)
        first_seen = np.unique(order, return_index=True)[1]
        enough = len(order) if len(first_seen) <= at_once else np.sort(first_seen)[at_once]
        rows, counts = np.unique(order[:enough], return_counts=True)
        drawn.append((rows.astype(np.intp), counts.astype(np.float64)))
    return drawn


# --- partitioning around medoids -------------------------------------------------------------------------------------


def cluster_medoids(distances: Numbers, weights: Numbers, k: int) -> Medoids:
    """Find k rows of least weighted distance (N, N) to all rows: BUILD, then SWAP while a swap gains (PAM)."""
    if not 1 <= k <= len(weights) or distances.shape != (len(weights), len(weights)):
        raise ValueError(f"{k} medoids of {len(weights)} rows with distances of shape {distances.shape}")
    return swap(distances, weights, build(distances, weights, k))


def build(distances: Numbers, weights: Numbers, k: int) -> list[int]:
    """Choose medoids one by one: each is the row that lowers the cost most; of equals, the first."""
    chosen: list[int] = []
    nearest = np.full(len(weights), np.inf)
    for _ in range(k):
        cost = weights @ np.minimum(distances, nearest[:, None])
        cost[chosen] = np.inf
        chosen.append(int(cost.argmin()))
        nearest = np.minimum(nearest, distances[:, chosen[-1]])
    return chosen


def swap(distances: Numbers, weights: Numbers, start: list[int]) -> Medoids:
    """Swap a medoid for another row, the swap that gains most first, until none gains; of equals, the first.

    All swaps are weighed at once, from each row's distance to its nearest and second nearest medoid, as in Schubert and
    Rousseeuw 2021 (FastPAM).
    """
    medoids = np.array(start, dtype=np.intp)
    while True:
        to = distances[:, medoids]
        labels = to.argmin(axis=1)
        nearest = to.min(axis=1)
        cost = float(weights @ nearest)
        gains = swap_gains(distances, weights, to, labels)
        gains[medoids] = 0.0
        row, place = np.unravel_index(int(gains.argmax()), gains.shape)
        if gains[row, place] <= NEGLIGIBLE * cost:
            return Medoids(medoids, labels, cost)
        medoids[place] = row


def swap_gains(distances: Numbers, weights: Numbers, to: Numbers, labels: States) -> Numbers:
    """How much the cost falls when row n becomes the medoid in place of medoid k, as (N, K)."""
    nearest = to.min(axis=1)
    k = to.shape[1]
    others = to.copy()
    others[np.arange(len(labels)), labels] = np.inf
    second = others.min(axis=1)
    # rows of other medoids move only to come nearer; a row of the medoid that goes takes its second, or the new one
    nearer = np.maximum(nearest[:, None] - distances, 0.0)
    left = nearest[:, None] - np.minimum(distances, second[:, None])
    mine = np.eye(k)[labels] * weights[:, None]
    gains: Numbers = (weights @ nearer)[:, None] + (left - nearer).T @ mine
    return gains


def silhouettes(distances: Numbers, weights: Numbers, labels: States) -> Numbers:
    """How much nearer each row (N,) is to its own group than to the next: -1 to 1; 0 alone in a group.

    A row's own group is taken without one of the things that the row stands for. Rousseeuw 1987.
    """
    k = int(labels.max()) + 1
    mine = np.eye(k)[labels]
    sizes = weights @ mine
    to = distances @ (mine * weights[:, None])
    rows = np.arange(len(labels))
    own, own_size = to[rows, labels], sizes[labels]
    within = np.divide(own, own_size - 1.0, out=np.zeros_like(own), where=own_size > 1.0)
    means = to / sizes
    means[rows, labels] = np.inf
    between = means.min(axis=1)
    greater = np.maximum(within, between)
    widths: Numbers = np.divide(between - within, greater, out=np.zeros_like(own), where=greater > 0)
    return np.where(own_size > 1.0, widths, 0.0)
