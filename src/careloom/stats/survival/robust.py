"""Robust variance of a Cox fit: rows of one child are not independent (Lin and Wei 1989; Efron ties as R's `coxph`)."""

from __future__ import annotations

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
    vectors = np.concatenate((x, *_slot_vectors(sets, at)))
    parts = _parts(sets, at, who, (labels.size, len(vectors)))
    total = np.zeros((x.shape[1], x.shape[1]))
    for start in range(0, labels.size, 65_536):
        u = parts[start : start + 65_536] @ vectors
        total += u.T @ u
    return total


def _slot_vectors(sets: RiskSets, at: Evaluation) -> tuple[Floats, Floats, Floats]:
    """Hazard times mean x, used up before each slot and after the last; mean x; what the events did not share."""
    a, b, a2, b2, c2 = (v[:, None] for v in (at.a, at.b, at.a2, at.b2, at.c2))
    used = np.cumsum(a2 * at.s1 - b2 * at.d1, axis=0)
    mean_x = (a * at.s1 - b * at.d1) / (sets.tied * sets.mean_weight)[:, None]
    return np.concatenate((np.zeros_like(used[:1]), used)), mean_x, b2 * at.s1 - c2 * at.d1


def _parts(sets: RiskSets, at: Evaluation, who: NDArray[np.int64], shape: tuple[int, int]) -> Sparse:
    """How much of each vector is in each cluster's residual: (clusters, patterns + (slots + 1) + slots + slots)."""
    rows, slots = sets.rows, sets.tied.size
    used_up = at.r.size
    mean_x = used_up + slots + 1
    unshared = mean_x + slots
    hazard = np.concatenate(([0.0], np.cumsum(at.a)))
    w, wr = rows.weight, rows.weight * at.r[rows.pattern]
    e = np.flatnonzero(rows.is_event)
    slot = sets.last[e] - 1
    own_x = -wr * (hazard[sets.last] - hazard[sets.first])
    own_x[e] += w[e] + wr[e] * at.b[slot]
    columns = (rows.pattern, used_up + sets.last, used_up + sets.first, mean_x + slot, unshared + slot)
    return sum_into(
        shape,
        np.concatenate((who, who, who, who[e], who[e])),
        np.concatenate(columns),
        np.concatenate((own_x, wr, -wr, -w[e], -wr[e])),
    )
