"""Standard errors and intervals by drawing rows again: the same patterns with other weights, fitted from where the fit is.

Rows, or whole clusters of rows, are drawn with replacement, as many as there are. That makes no use of the likelihood
being smooth or the model being right. Classes are paired with those of the fit (Hungarian method). A replicate *left
the mode* if climbing on from it with the original weights does not lead back to the fit: where many do, the data
hardly tell the fit from another, and the spread is that between the two.
Sources: Efron and Tibshirani (1993), An Introduction to the Bootstrap, ch. 6 and 13; for clusters Field and Welsh (2007),
JRSS B 69:369.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from careloom.stats.class_agreement import match_classes
from careloom.stats.latent_class.errors.intervals import Intervals, reach_of
from careloom.stats.latent_class.errors.standard_errors import by_item, is_estimated
from careloom.stats.latent_class.fitting.climb import MOST_STEPS, Climb, climb
from careloom.stats.latent_class.fitting.fit import LatentClassFit
from careloom.stats.latent_class.fitting.proof import settle
from careloom.stats.latent_class.fitting.search import in_threads, is_same
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.clusters import Clusters
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable

OWN_STREAM = 1979  # else replicate 0 would draw the numbers that rows made up with the same seed were made of


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """All shares and probabilities of the replicates, ``draws`` (B, K + M K) as in ``Parameters``, classes paired.

    What stands at 0 or 1 in the fit is nan throughout: it would stand there in nearly every replicate, which says
    nothing of how certain it is. ``left`` is the share of replicates that left the mode.
    """

    at: Parameters
    draws: Floats
    left: float

    @property
    def shares(self) -> Floats:
        """Standard errors (K,)."""
        return np.asarray(self.draws.std(axis=0, ddof=1)[: self.at.classes])

    @property
    def probabilities(self) -> list[Floats]:
        """Standard errors, one array (K, levels) an item."""
        return by_item(self.at, self.draws.std(axis=0, ddof=1))

    def intervals(self, level: float = 0.95) -> Intervals:
        """Percentile intervals; 1,000 replicates or more make them steady."""
        reach_of(level)
        ends = np.quantile(self.draws, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], axis=0)
        return Intervals(level, self.at, np.ascontiguousarray(ends.T))


def bootstrap(
    table: PatternTable,
    fit: LatentClassFit,
    *,
    replicates: int = 1000,
    seed: int = 1,
    clusters: Clusters | None = None,
    threads: int | None = None,
) -> Bootstrap:
    """Draw rows, or clusters of them, and fit again, this many times. The same seed draws the same.

    Weights that are not clustered are taken for counts of rows: as many are drawn as they add up to, to the nearest
    whole. Raises ValueError for fewer than two replicates, and for clusters that do not fit the table.
    """
    if replicates < 2:
        raise ValueError(f"at least two replicates are needed to see how they vary; got {replicates}")
    objective = PatternObjective(table, fit.prior)
    top = Climb(objective.expect(fit.parameters), 0, 0.0)
    by_cluster = None if clusters is None else clusters.weights_by_pattern(table).T.tocsr()

    def draw(number: int) -> tuple[Floats, bool]:
        random = np.random.default_rng([seed, number, OWN_STREAM])
        if by_cluster is None:
            weights = draw_rows(table.weights, random)
        else:
            groups = by_cluster.shape[1]
            weights = by_cluster @ random.multinomial(groups, np.full(groups, 1.0 / groups)).astype(np.float64)
        found = climb_on(replace(objective, table=table.reweighted(weights)), fit.parameters).point.at
        order = match_classes(fit.parameters.probabilities.T, found.probabilities.T)
        return np.exp(found.in_order(order).flat()), not is_same(climb_on(objective, found), top)

    drawn = in_threads(draw, range(replicates), threads)
    draws = np.array([flat for flat, _ in drawn])
    draws[:, ~is_estimated(fit.parameters)] = np.nan
    return Bootstrap(fit.parameters, draws, float(np.mean([left for _, left in drawn])))


def draw_rows(weights: Floats, random: np.random.Generator) -> Floats:
    """As many rows as the weights (P,) add up to, to the nearest whole, drawn from the patterns in proportion to them."""
    total = float(weights.sum())
    rows = max(round(total), 1)
    return np.asarray(random.multinomial(rows, weights / total) * (total / rows), dtype=np.float64)


def climb_on(objective: PatternObjective, start: Parameters) -> Climb:
    """To the top above a point; what the point has at 0 may come in again."""
    return settle(objective, climb(objective, Climb(objective.expect(start), 0, np.inf), MOST_STEPS))
