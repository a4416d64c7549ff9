"""Robust variance of a Cox fit: rows of one child are not independent (Lin and Wei 1989; Efron ties as R's `coxph`)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from careloom.stats.survival.likelihood import Evaluation
from careloom.stats.survival.risk_sets import RiskSets, Sparse, sum_into
from careloom.stats.survival.rows import Floats, distinct_of

CLUSTERS_AT_ONCE = 8_192


def cluster_cross_products(sets: RiskSets, x: Floats, at: Evaluation, cluster: ArrayLike) -> Floats:
    """Sum over clusters of U U', U being the cluster's sum of score residuals.

    A row's residual is a combination of known vectors: its own x; what the slots between its entry and exit used up;
    for an event, its slot's mean x and the part of the tie that it did not share. So the residuals of some clusters are
    one sparse matrix times those vectors.
    """
    labels, who = distinct_of(np.asarray(cluster))
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
    vectors = _vectors(sets, x, at)
    lingering = _parts_lingering(sets, at, who, (clusters, len(vectors)))
    order = np.argsort(who, kind="stable")
    edges = np.concatenate(([0], np.cumsum(np.bincount(who, minlength=clusters))))
    for start in range(0, clusters, CLUSTERS_AT_ONCE):
        stop = min(start + CLUSTERS_AT_ONCE, clusters)
        some = order[edges[start] : edges[stop]]
        mine = who[some] - start
        of_rows, of_events = _parts(sets, at, some, mine, (stop - start, len(vectors)))
        sums = of_rows @ vectors + of_events @ vectors
        yield sums if lingering is None else sums + lingering[start:stop] @ vectors


def _vectors(sets: RiskSets, x: Floats, at: Evaluation) -> Floats:
    """What residuals are combined from, one line each.

    The patterns' x (patterns,); hazard times mean x, used up before each slot and after the last (slots + 1,); mean x
    (slots,); what the events did not share (slots,). Where rows linger, also hazard times mean x, faded, from each slot
    to the end of its stratum (slots,).
    """
    a, b, a2, b2, c2 = (v[:, None] for v in (at.a, at.b, at.a2, at.b2, at.c2))
    lengths = [len(x), 1, *[sets.tied.size] * (3 if sets.lingering is None else 4)]
    out = np.zeros((sum(lengths), x.shape[1]))  # filled in place: with many strata these are the largest of all arrays
    own_x, _, used_up, mean_x, unshared, *faded = np.split(out, np.cumsum(lengths)[:-1])
    step = a2 * at.s1 - b2 * at.d1
    own_x[:] = x
    np.cumsum(step, axis=0, out=used_up)
    mean_x[:] = (a * at.s1 - b * at.d1) / (sets.tied * sets.mean_weight)[:, None]
    unshared[:] = b2 * at.s1 - c2 * at.d1
    if sets.lingering is not None:
        faded[0][:] = sets.slots.remaining(sets.lingering.fading[:, None] * step)
    return out


def _parts(
    sets: RiskSets, at: Evaluation, some: NDArray[np.int64], who: NDArray[np.int64], shape: tuple[int, int]
) -> tuple[Sparse, Sparse]:
    """How much of each vector is in each cluster's residual: (clusters, patterns + (slots + 1) + slots + slots ...).

    First what all rows have, then what events have besides. some: (m,) rows, those of these clusters; who: (m,) the
    cluster of each, in order.
    """
    slots, used_up = sets.tied.size, at.r.size
    mean_x = used_up + slots + 1
    unshared = mean_x + slots
    last, first = sets.last[some], sets.first[some]
    hazard = np.concatenate(([0.0], np.cumsum(at.a)))
    lived = hazard[last] - hazard[first]
    e = np.flatnonzero(sets.rows.is_event[some])
    slot = last[e] - 1
    pattern, weight = sets.sides(some)
    ratio = weight * at.r[pattern]
    own_x = -ratio * lived[:, None]
    own_x[e] += weight[e] + ratio[e] * at.b[slot, None]
    w, wr = weight.sum(axis=1), ratio.sum(axis=1)
    places = np.column_stack((pattern, used_up + last, used_up + first))
    of_events = np.column_stack((mean_x + slot, unshared + slot))
    return (
        _one_line_each(shape, who, places, np.column_stack((own_x, wr, -wr))),
        _one_line_each(shape, who[e], of_events, np.column_stack((-w[e], -wr[e]))),
    )


def _one_line_each(
    shape: tuple[int, int], who: NDArray[np.int64], places: NDArray[np.int64], weights: Floats
) -> Sparse:
    """A sparse matrix of one line a cluster, from rows (m, entries) in the order of their clusters, without a sort."""
    edges = np.concatenate(([0], np.cumsum(np.bincount(who, minlength=shape[0])))) * places.shape[1]
    return sparse.csr_array((weights.ravel(), places.ravel(), edges), shape=shape)


def _parts_lingering(sets: RiskSets, at: Evaluation, who: NDArray[np.int64], shape: tuple[int, int]) -> Sparse | None:
    """The same for the time in which rows linger."""
    if (lingering := sets.lingering) is None:
        return None
    slots = sets.tied.size
    after = at.r.size + (slots + 1) + 2 * slots
    stays = sets.slots.last_of(sets.rows.stratum[lingering.rows]) > lingering.first
    rows, first = lingering.rows[stays], lingering.first[stays]
    fading = lingering.weight[stays] * at.r[sets.rows.pattern[rows]]
    own = sets.slots.remaining(lingering.fading * at.a)[first]
    places = np.concatenate((sets.rows.pattern[rows], after + first))
    return sum_into(shape, np.tile(who[rows], 2), places, np.concatenate((-fading * own, fading)))
