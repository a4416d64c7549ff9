"""Robust variance of a Cox fit: rows of one child are not independent (Lin and Wei 1989; Efron ties as R's `coxph`)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from careloom.stats.survival.likelihood import Evaluation
from careloom.stats.survival.risk_sets import RiskSets, Sparse, sum_into
from careloom.stats.survival.rows import Floats


def cluster_cross_products(sets: RiskSets, x: Floats, at: Evaluation, cluster: ArrayLike) -> Floats:
    """Sum over clusters of U U', U being the cluster's sum of score residuals.

    A row's residual is a combination of known vectors: its own x; what the slots between its entry and exit used up;
    for an event, its slot's mean x and the part of the tie that it did not share. So the residuals of all clusters are
    one sparse matrix times those vectors, in blocks that keep memory small.
    """
    labels, who = np.unique(np.asarray(cluster), return_inverse=True)
    if who.shape != sets.rows.weight.shape:
        raise ValueError("cluster must have one label per row")
    if labels.size < 2:
        raise ValueError("a robust variance needs at least two clusters")
    total = np.zeros((x.shape[1], x.shape[1]))
    for u in score_sums(sets, x, at, who, labels.size):
        total += u.T @ u
    return total


def score_sums(sets: RiskSets, x: Floats, at: Evaluation, who: NDArray[np.int64], clusters: int) -> Iterator[Floats]:
    """The clusters' sums of score residuals, some clusters (rows) at a time; who: (n,) the cluster of each row."""
    vectors = np.concatenate((x, *_slot_vectors(sets, at)))
    parts = _parts(sets, at, who, (clusters, len(vectors)))
    for start in range(0, clusters, 65_536):
        yield parts[start : start + 65_536] @ vectors


def _slot_vectors(sets: RiskSets, at: Evaluation) -> tuple[Floats, ...]:
    """Hazard times mean x, used up before each slot and after the last; mean x; what the events did not share.

    Where rows linger, also hazard times mean x, faded, from each slot to the end of its stratum.
    """
    a, b, a2, b2, c2 = (v[:, None] for v in (at.a, at.b, at.a2, at.b2, at.c2))
    step = a2 * at.s1 - b2 * at.d1
    used = np.cumsum(step, axis=0)
    mean_x = (a * at.s1 - b * at.d1) / (sets.tied * sets.mean_weight)[:, None]
    vectors = np.concatenate((np.zeros_like(used[:1]), used)), mean_x, b2 * at.s1 - c2 * at.d1
    if sets.lingering is None:
        return vectors
    return (*vectors, sets.slots.remaining(sets.lingering.fading[:, None] * step))


def _parts(sets: RiskSets, at: Evaluation, who: NDArray[np.int64], shape: tuple[int, int]) -> Sparse:
    """How much of each vector is in each cluster's residual: (clusters, patterns + (slots + 1) + slots + slots ...)."""
    parts = [_of_side(sets, at, who, shape, pattern, weight) for pattern, weight in sets.sides()]
    return sum(parts[1:], parts[0])


def _of_side(
    sets: RiskSets,
    at: Evaluation,
    who: NDArray[np.int64],
    shape: tuple[int, int],
    pattern: NDArray[np.int64],
    w: Floats,
) -> Sparse:
    slots, used_up = sets.tied.size, at.r.size
    mean_x = used_up + slots + 1
    unshared = mean_x + slots
    hazard = np.concatenate(([0.0], np.cumsum(at.a)))
    wr = w * at.r[pattern]
    e = np.flatnonzero(sets.rows.is_event)
    slot = sets.last[e] - 1
    own_x = -wr * (hazard[sets.last] - hazard[sets.first])
    own_x[e] += w[e] + wr[e] * at.b[slot]
    places = [pattern, used_up + sets.last, used_up + sets.first, mean_x + slot, unshared + slot]
    weights = [own_x, wr, -wr, -w[e], -wr[e]]
    whose = [who, who, who, who[e], who[e]]
    if (lingering := sets.lingering) is not None:
        stays = sets.slots.last_of(sets.rows.stratum[lingering.rows]) > lingering.first
        who_stays, first = lingering.rows[stays], lingering.first[stays]
        fading = lingering.weight[stays] * at.r[pattern[who_stays]]
        own = sets.slots.remaining(lingering.fading * at.a)[first]
        places += [pattern[who_stays], unshared + slots + first]
        weights += [-fading * own, fading]
        whose += [who[who_stays], who[who_stays]]
    return sum_into(shape, np.concatenate(whose), np.concatenate(places), np.concatenate(weights))
