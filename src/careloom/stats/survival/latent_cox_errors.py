"""Errors of a Cox model of a latent class: the observed information, with the steps of the baseline eliminated.

A row of class k has score u_k = (event - r_k H) x_k for the coefficients, with H the baseline it lived through, and
- r_k l_j for the logarithm of each step l_j of the baseline that it was at risk at (and 1 at its own event). What is lost
by not seeing the class is the variance of these scores over the classes it may be of (Louis 1982).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.stats.survival.likelihood import Evaluation, Scaled
from careloom.stats.survival.risk_sets import RiskSets
from careloom.stats.survival.rows import Floats

ROWS_AT_ONCE = 8192


def covariances(
    sets: RiskSets, scaled: Scaled, at: Evaluation, memberships: Floats, who: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Covariance of the coefficients (q, q) by observed information, and robust, summed over clusters; who: (n,)."""
    lost = _lost(sets, scaled, at, memberships)
    information, on_steps = _eliminate(sets, at, lost)
    covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
    cumulative = np.concatenate((np.zeros((1, len(information))), np.cumsum(at.a[:, None] * on_steps, axis=0)))
    sums = np.zeros((int(who.max()) + 1, len(information)))
    for some, score, mean_ratio in lost.scores:
        event, last, first = sets.rows.is_event[some], sets.last[some], sets.first[some]
        score = score + mean_ratio[:, None] * (cumulative[last] - cumulative[first])
        score[event] -= on_steps[last[event] - 1]
        np.add.at(sums, who[some], score * sets.rows.weight[some, None])
    return covariance, np.asarray(covariance @ (sums.T @ sums) @ covariance, dtype=np.float64)


@dataclass(frozen=True)
class _Lost:
    """Sums over rows: complete information of the coefficients less what is lost (q, q); what is lost between them and
    each step (slots, q); rows' variances of r (n,); and each row's expected score (n, q) with its mean r (n,).
    """

    of_coefficients: Floats
    with_steps: Floats
    spread: Floats
    scores: list[tuple[slice, Floats, Floats]]


def _lost(sets: RiskSets, scaled: Scaled, at: Evaluation, memberships: Floats) -> _Lost:
    columns, slots = scaled.x.shape[1], sets.tied.size
    of_coefficients, ends = np.zeros((columns, columns)), np.zeros((slots + 1, columns))
    spread, scores = np.zeros(len(memberships)), []
    for some, x, ratio, hazard in _rows(sets, scaled, at, memberships.shape[1]):
        belongs, weight = memberships[some], sets.rows.weight[some]
        lived = ratio * hazard[:, None]
        u = (sets.rows.is_event[some, None] - lived)[:, :, None] * x
        mean_u, mean_r = np.einsum("nk,nkq->nq", belongs, u), (belongs * ratio).sum(axis=1)
        part = weight[:, None] * belongs
        of_coefficients += np.einsum("nkq,nk,nkp->qp", x, part * lived, x, optimize=True)
        of_coefficients -= np.einsum("nkq,nk,nkp->qp", u, part, u, optimize=True)
        of_coefficients += (mean_u * weight[:, None]).T @ mean_u
        together = np.einsum("nk,nkq->nq", part * ratio, u) - (weight * mean_r)[:, None] * mean_u
        np.add.at(ends, sets.last[some], together)
        np.add.at(ends, sets.first[some], -together)
        spread[some] = weight * ((belongs * ratio**2).sum(axis=1) - mean_r**2)
        scores.append((some, mean_u, mean_r))
    # At risk in a slot: those whose last lies beyond it, less those whose first does.
    with_steps = -at.a[:, None] * ends[::-1].cumsum(axis=0)[::-1][1:]
    return _Lost(of_coefficients, with_steps, spread, scores)


def _rows(
    sets: RiskSets, scaled: Scaled, at: Evaluation, classes: int
) -> Iterator[tuple[slice, Floats, Floats, Floats]]:
    """Some rows at a time: their covariates and ratios in each class (m, K, q), (m, K), and the baseline lived through."""
    cumulative = np.concatenate(([0.0], np.cumsum(at.a)))
    x = scaled.x.reshape(-1, classes, scaled.x.shape[1])
    ratio = at.r.reshape(-1, classes)
    for begin in range(0, sets.rows.pattern.size, ROWS_AT_ONCE):
        some = slice(begin, begin + ROWS_AT_ONCE)
        pattern = sets.rows.pattern[some]
        yield some, x[pattern], ratio[pattern], cumulative[sets.last[some]] - cumulative[sets.first[some]]


def _eliminate(sets: RiskSets, at: Evaluation, lost: _Lost) -> tuple[Floats, Floats]:
    """Information of the coefficients alone (q, q), and how they lean on each step of the baseline (slots, q)."""
    information, on_steps = lost.of_coefficients.copy(), np.zeros_like(lost.with_steps)
    across = at.a[:, None] * at.s1 - lost.with_steps
    for stratum, run in enumerate(sets.slots.runs()):
        mine = sets.rows.stratum == stratum
        size = run.stop - run.start
        if not size:
            continue
        # Rows by the first and the last slot they were at risk in; summed, those at risk in both of two slots.
        pairs = np.zeros((size, size))
        there = mine & (sets.last > sets.first)
        np.add.at(pairs, (sets.first[there] - run.start, sets.last[there] - 1 - run.start), lost.spread[there])
        both = np.cumsum(np.cumsum(pairs, axis=0)[:, ::-1], axis=1)[:, ::-1]
        both = np.triu(both) + np.triu(both, 1).T
        step = at.a[run]
        of_steps = np.diag(sets.tied[run] * sets.mean_weight[run]) - np.outer(step, step) * both
        on_steps[run] = np.linalg.solve(of_steps, across[run])
        information -= across[run].T @ on_steps[run]
    return information, on_steps
