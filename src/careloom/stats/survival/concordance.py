"""Concordance: of two children, did the one with the higher hazard by the model have the event sooner? (Harrell 1982)

A pair counts when one had the event while the other was at risk and still without it, in the same stratum, weighted by
the product of their weights. Two equal hazards are half a point; two events on one day say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.stats.survival.cox import CoxFit
from careloom.stats.survival.rows import Floats


@dataclass(frozen=True)
class Concordance:
    """Pairs of each sort (sums of weights), and the share that agrees; 0.5 is no better than chance."""

    concordant: float
    discordant: float
    tied: float

    @property
    def share(self) -> float:
        pairs = self.concordant + self.discordant + self.tied
        return (self.concordant + self.tied / 2) / pairs if pairs else float("nan")


def concordance(fit: CoxFit) -> Concordance:
    """Concordance of a fit with the rows it was fitted to. Raises ValueError for infinite coefficients."""
    if fit.working.sets.membership is not None:
        raise ValueError("no concordance where rows belong to several classes in part")
    if fit.monotone:
        raise ValueError(
            f"no concordance with infinite coefficients: {', '.join(fit.monotone)}; merge or drop the levels"
        )
    sets, at = fit.working.sets, fit.working.at
    rows = sets.rows
    # Hazards that differ by rounding alone are equal.
    rank = np.unique(np.round(np.log(at.r), 12), return_inverse=True)[1][rows.pattern]
    own = np.flatnonzero(rows.is_event)
    slot = sets.last[own] - 1
    ends = sets.last - rows.is_event  # one past the last slot in which a row is at risk without having its event
    start, stop = slot + rows.stratum[own], sets.slots.last_of(rows.stratum[own]) + rows.stratum[own]
    below, level = np.zeros((2, own.size))
    # At risk in the slot: those whose time ends beyond it, less those whose time begins beyond it. A stratum's edges are
    # moved on by its number, so that its end and the beginning of the next differ.
    for edges, sign in ((ends, 1.0), (sets.first, -1.0)):
        for upto, part in ((stop, sign), (start, -sign)):
            lower = count_below(edges + rows.stratum, rank, rows.weight, upto, rank[own])
            below += part * lower
            level += part * (count_below(edges + rows.stratum, rank, rows.weight, upto, rank[own] + 1) - lower)
    change = np.bincount(sets.first, rows.weight, sets.tied.size + 1) - np.bincount(
        ends, rows.weight, sets.tied.size + 1
    )
    at_risk, weight = np.cumsum(change)[slot], rows.weight[own]
    return Concordance(float(weight @ below), float(weight @ (at_risk - below - level)), float(weight @ level))


def count_below(
    place: NDArray[np.int64], rank: NDArray[np.int64], weight: Floats, upto: NDArray[np.int64], below: NDArray[np.int64]
) -> Floats:
    """For each question (q,), the weight of the rows with `place <= upto` and `rank < below`; O((n + q) log ranks).

    A wavelet matrix (Claude and Navarro 2012): the rows in order of place are dealt out by the bits of their rank, the
    highest first, and a question follows its own bits through prefix sums.
    """
    order = np.argsort(place, kind="stable")
    rank, weight = rank[order], weight[order]
    at = np.searchsorted(place[order], upto, side="right")
    found, start = np.zeros(at.size), np.zeros(at.size, dtype=np.int64)
    bits = int(max(rank.max(initial=0), below.max(initial=0))).bit_length()
    for bit in range(bits - 1, -1, -1):
        is_one = (rank >> bit) & 1 == 1
        zeros = np.concatenate(([0], np.cumsum(~is_one)))
        heavy = np.concatenate(([0.0], np.cumsum(np.where(is_one, 0.0, weight))))
        goes_up = (below >> bit) & 1 == 1
        found += np.where(goes_up, heavy[at] - heavy[start], 0.0)
        many = int(zeros[-1])
        start, at = (np.where(goes_up, many + edge - zeros[edge], zeros[edge]) for edge in (start, at))
        deal = np.concatenate((np.flatnonzero(~is_one), np.flatnonzero(is_one)))
        rank, weight = rank[deal], weight[deal]
    return found
