"""Draws from laws written down as shares of bands, the way the national statistics publish them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from careloom.synth.days import Days, Flags
from careloom.synth.world import Floats, Rows


def draw_banded(rng: np.random.Generator, bounds: Sequence[int], shares: Sequence[float], size: int) -> Rows:
    """Whole numbers: a band [bounds[i], bounds[i + 1]) by its share, then even within it."""
    edges = np.asarray(bounds)
    band = choose_by(rng, np.asarray(shares, dtype=float)[None, :].repeat(size, axis=0))
    drawn: Rows = rng.integers(edges[band], edges[band + 1])
    return drawn


def choose_by(rng: np.random.Generator, weights: Floats) -> Rows:
    """One position for each row of weights, which need not add up to 1."""
    upto = np.cumsum(weights, axis=1)
    drawn: Rows = (rng.random(len(weights)) * upto[:, -1])[:, None].__ge__(upto).sum(axis=1)
    return drawn.clip(max=weights.shape[1] - 1)


def happens(rng: np.random.Generator, chance: Floats) -> Flags:
    """Whether each thing of a given chance comes about."""
    return rng.random(chance.size) < chance


def shifted(chance: Floats, by: Floats | float) -> Floats:
    """A chance moved on the logit scale; 0 and 1 stay."""
    odds = chance / np.maximum(1 - chance, 1e-12) * np.exp(by)
    moved: Floats = np.where(chance >= 1, 1.0, odds / (1 + odds))
    return moved


def scatter(rng: np.random.Generator, count: Rows, from_on: Days, until_on: Days) -> tuple[Rows, Days]:
    """`count` days in each [from_on, until_on): the row and the day, in order; days drawn twice are kept once."""
    of = np.repeat(np.arange(count.size), count)
    on = from_on[of] + (rng.random(of.size) * (until_on - from_on)[of]).astype(np.int64)
    order = np.lexsort((on, of))
    of, on = of[order], on[order]
    is_new = (np.diff(of, prepend=-1) != 0) | (np.diff(on, prepend=-1) != 0)
    return of[is_new], on[is_new]
