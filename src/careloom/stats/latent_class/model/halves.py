"""The E-step by products, with the patterns cut in two halves.

A pattern is a first half and a second half of its items, and there are far fewer halves than patterns. The probability
of each half in each class is worked out once, A (U, K) with the shares and B (V, K); a pattern (u, v) then has

    P(pattern) = sum over k of A_uk B_vk

and with S_uv = weight / P(pattern), a sparse matrix, the expected weight of the halves is A * (S B) and B * (S' A).
So there is no exponential and no logarithm for each pattern and class, and nothing as long as the patterns and as wide
as the classes is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable, Whole, distinct

PATTERNS_AT_ONCE = 8192


@dataclass(frozen=True, eq=False)
class Half:
    """Distinct answers to half of the items: answers (U, C) is 1 where a half has the cell, of the cells (C,)."""

    cells: Whole
    answers: Floats

    def probabilities(self, at: Parameters) -> Floats:
        """Probability of each half in each class (U, K); a missing item drops out."""
        return np.asarray(np.exp(self.answers @ at.log_probabilities[self.cells]))


@dataclass(frozen=True, eq=False)
class Halves:
    """The patterns as pairs of halves, by first half: places (P,) in ``first`` and ``second``, and weights (P,)."""

    first: Half
    second: Half
    u: Whole
    v: Whole
    starts: Whole  # (U + 1,) where the patterns of each first half begin
    weights: Floats


def cut_in_halves(table: PatternTable) -> Halves:
    """Deal the items to two halves, those that vary most and least to both, and sort the patterns by the first."""
    commonest = np.maximum.reduceat(table.counts, table.first_cells) / np.maximum(table.seen, 1e-300)
    order = np.argsort(commonest, kind="stable")
    return cut_at(table, np.sort(order[::2]), np.sort(order[1::2]))


def cut_at(table: PatternTable, of_first: NDArray[np.intp], of_second: NDArray[np.intp]) -> Halves:
    """The patterns as pairs of answers to these items and to those."""
    (first, u), (second, v) = make_half(table, of_first), make_half(table, of_second)
    sort = np.lexsort((v, u))
    starts = np.searchsorted(u[sort], np.arange(len(first.answers) + 1)).astype(np.int32)
    return Halves(first, second, u[sort].astype(np.int32), v[sort].astype(np.int32), starts, table.weights[sort])


def make_half(table: PatternTable, items: NDArray[np.intp]) -> tuple[Half, NDArray[np.intp]]:
    """The distinct answers to some items, perhaps none, and which of them each pattern has (P,)."""
    if not items.size:
        return Half(np.empty(0, dtype=np.int32), np.empty((1, 0))), np.zeros(len(table.codes), dtype=np.intp)
    codes = table.codes[:, items]
    one, half_of = distinct(codes)
    kept = [table.first_cells[item] + np.arange(table.sizes[item], dtype=np.int32) for item in items]
    answers = [codes[one, place, None] == np.arange(len(cells)) for place, cells in enumerate(kept)]
    return Half(np.concatenate(kept), np.hstack(answers).astype(np.float64)), half_of


def by_products(halves: Halves, at: Parameters) -> tuple[float, Floats, Floats] | None:
    """Log-likelihood, members (K,) and counts (M, K); None when a product vanishes and logarithms are needed."""
    first, second = halves.first.probabilities(at) * at.shares, halves.second.probabilities(at)
    marginal = np.empty(len(halves.weights))
    for start in range(0, len(marginal), PATTERNS_AT_ONCE):
        some = slice(start, start + PATTERNS_AT_ONCE)
        marginal[some] = np.einsum("pk,pk->p", first.take(halves.u[some], axis=0), second.take(halves.v[some], axis=0))
    if not marginal.all():
        return None
    loglik = float(halves.weights @ np.log(marginal))
    shape = (len(first), len(second))
    spread = csr_array((halves.weights / marginal, halves.v, halves.starts), shape=shape)
    of_first, of_second = first * (spread @ second), second * (spread.T @ first)
    counts = np.zeros_like(at.log_probabilities)
    counts[halves.first.cells] = halves.first.answers.T @ of_first
    counts[halves.second.cells] = halves.second.answers.T @ of_second
    return loglik, of_first.sum(axis=0), counts
