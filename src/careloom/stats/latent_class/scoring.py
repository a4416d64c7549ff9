"""Parameters that were found elsewhere, held against rows of one's own: do they fit, and which sizes would fit best?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.stats.latent_class.following.sizes import likeliest_sizes, with_shares
from careloom.stats.latent_class.model.belonging import logliks
from careloom.stats.latent_class.model.draw import draw_like
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import PatternTable

DRAWS = 50_000


@dataclass(frozen=True)
class FitOfRows:
    """How well parameters fit rows: mean log-likelihood a row, and what they expect it to be of rows of their own.

    ``apart`` is the difference in standard errors of the two means together: below 0 the rows fit worse than rows of
    the parameters' own would.
    """

    observed: float
    expected: float
    apart: float


def fit_of_rows(table: PatternTable, at: Parameters, *, seed: int = 1) -> FitOfRows:
    """Hold rows against parameters, by drawing rows from the parameters with the same items observed.

    The same seed gives the same. Raises ValueError when no row has an item observed.
    """
    weights = np.where(table.observed, table.weights, 0.0)
    if not weights.sum():
        raise ValueError("no row has an item observed, so nothing can be held against the parameters")
    observed = float(logliks(table, at) @ weights / weights.sum())
    drawn = draw_like(table.reweighted(weights * (DRAWS / weights.sum())), at, np.random.default_rng(seed))
    own = logliks(drawn, at)
    expected = float(own @ drawn.weights / drawn.total)
    spread = float((own - expected) ** 2 @ drawn.weights / drawn.total)
    error = float(np.sqrt(spread * (1.0 / weights.sum() + 1.0 / drawn.total)))
    return FitOfRows(observed, expected, (observed - expected) / error if error else 0.0)


def refit_shares(table: PatternTable, at: Parameters) -> tuple[Parameters, float]:
    """The sizes of the classes (K,) that fit the rows best while all else stays, and the log-likelihood there."""
    refitted = with_shares(at, likeliest_sizes(table, at)[0])
    return refitted, float(logliks(table, refitted) @ table.weights)
