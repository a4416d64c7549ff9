"""The E-step once more, for numba: what kernel.c is compared with. Not part of Careloom, which does not need numba."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(fastmath={"reassoc", "contract"}, nogil=True)
def walk(codes, weights, shares, tables, tables_at, folded, marginals):  # type: ignore[no-untyped-def]
    """Marginals (P,) and the weights of each answer to each block (answers, K) of sorted patterns; returns members."""
    patterns, blocks = codes.shape
    classes = shares.size
    prefix, pending = np.empty((blocks, classes)), np.zeros((blocks, classes))
    prefix[0] = shares
    joint = np.empty(classes)
    for p in range(patterns):
        alike = 0
        if p > 0:
            while alike < blocks - 1 and codes[p, alike] == codes[p - 1, alike]:
                alike += 1
            for b in range(blocks - 1, alike, -1):
                place = tables_at[b - 1] + codes[p - 1, b - 1]
                for k in range(classes):
                    folded[place, k] += pending[b, k]
                    pending[b - 1, k] += pending[b, k]
                    pending[b, k] = 0.0
        for b in range(alike, blocks - 1):
            place = tables_at[b] + codes[p, b]
            for k in range(classes):
                prefix[b + 1, k] = prefix[b, k] * tables[place, k]
        place = tables_at[blocks - 1] + codes[p, blocks - 1]
        total = 0.0
        for k in range(classes):
            joint[k] = prefix[blocks - 1, k] * tables[place, k]
            total += joint[k]
        marginals[p] = total
        share = weights[p] / total
        for k in range(classes):
            belongs = share * joint[k]
            folded[place, k] += belongs
            pending[blocks - 1, k] += belongs
    for b in range(blocks - 1, 0, -1):
        place = tables_at[b - 1] + codes[patterns - 1, b - 1]
        for k in range(classes):
            folded[place, k] += pending[b, k]
            pending[b - 1, k] += pending[b, k]
    return pending[0].copy()


@numba.njit(nogil=True)
def log_likelihood(weights, marginals):  # type: ignore[no-untyped-def]
    total = 0.0
    for p in range(weights.size):
        total += weights[p] * np.log(marginals[p])
    return total
