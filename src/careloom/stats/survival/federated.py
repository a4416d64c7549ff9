"""A Cox model of several authorities' rows that stay where they are: each answers with sums, and the sums add up.

With a baseline hazard for each authority the log partial likelihood, its gradient and its information are sums over the
authorities (Cox 1972, stratified). So a lead who knows the sums at each step's coefficients takes Newton's very steps, and
comes to the fit of all rows in one table, in about six rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from careloom.stats.survival.likelihood import Point, Scaled, check_estimable, climb_from, evaluate
from careloom.stats.survival.risk_sets import RiskSets
from careloom.stats.survival.robust import cluster_cross_products
from careloom.stats.survival.rows import Floats

MOST_ROUNDS = 40
LARGEST = 10.0
"""A log hazard ratio of 10 is a ratio of 22,000: a climb that comes to it has no finite end."""


def answer_at(sets: RiskSets, columns: Floats, beta: Floats) -> Floats:
    """What the rows of a site say at some coefficients, in one vector: log likelihood, gradient, information.

    columns: (patterns, p), of numbers that all sites mean the same by, best of 0 and 1. Returns (1 + p + p (p + 1) / 2,).
    """
    at = evaluate(sets, _plain(columns), beta)
    return np.concatenate(([at.loglik], at.score, at.information[np.triu_indices(beta.size)]))


def spread_at(sets: RiskSets, columns: Floats, beta: Floats, cluster: ArrayLike) -> Floats:
    """The part of a site in the robust variance, when no cluster (n,) has rows in two sites: a triangle (p (p + 1) / 2,)."""
    middle = cluster_cross_products(sets, columns, evaluate(sets, _plain(columns), beta), cluster)
    return np.asarray(middle[np.triu_indices(beta.size)])


def _plain(columns: Floats) -> Scaled:
    """Columns as they are: sites that centred them would each mean something else by them."""
    p = columns.shape[1]
    return Scaled(columns, np.zeros(len(columns)), np.zeros(p), np.ones(p), 0.0)


def length_of(columns: int) -> int:
    """How many numbers an answer about so many columns has."""
    return 1 + columns + columns * (columns + 1) // 2


def read_answer(beta: Floats, vector: Floats) -> Point:
    """Read the vector of one site, or the sum of the vectors of all."""
    p = beta.size
    return Point(beta, float(vector[0]), np.asarray(vector[1 : 1 + p]), read_triangle(vector[1 + p :], p))


def read_triangle(vector: Floats, p: int) -> Floats:
    upper = np.zeros((p, p))
    upper[np.triu_indices(p)] = vector
    return upper + np.triu(upper, 1).T


Ask = Callable[[Floats], Floats]
"""A round: coefficients to all sites, and the sum of their vectors back."""


@dataclass(frozen=True, eq=False)
class FederatedCoxFit:
    """A Cox model of all sites' rows; arrays follow `names`. The robust covariance is there when the sites told of clusters.

    `rounds` questions were asked, the first at coefficients of 0.
    """

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    robust_covariance: Floats | None
    loglik_null: float
    loglik: float
    rounds: int

    def hazard_ratios(self, level: float = 0.95) -> tuple[Floats, Floats, Floats]:
        """Hazard ratios and their limits, each (p,)."""
        covariance = self.covariance if self.robust_covariance is None else self.robust_covariance
        half = norm.ppf((1 + level) / 2) * np.sqrt(np.diag(covariance))
        ratio, lower, upper = (np.exp(self.coefficients + side) for side in (0.0, -half, half))
        return ratio, lower, upper


def fit_cox_federated(
    ask: Ask, names: Sequence[str], events: float, *, ask_spread: Ask | None = None
) -> FederatedCoxFit:
    """Climb by rounds of questions. events: how many there are in all. ask_spread: a last round, for robust errors.

    It is the fit of all rows with the sites as strata. Raises ValueError for columns that cannot be told apart or whose
    estimate is not finite, by name, and when the climb does not end.
    """
    rounds = 0

    def asked(beta: Floats) -> Point:
        nonlocal rounds
        too_large = [name for name, one in zip(names, beta, strict=True) if abs(one) > LARGEST]
        if too_large:
            raise ValueError(f"no finite estimate: {', '.join(too_large)}; merge or drop the levels")
        rounds += 1
        return read_answer(beta, ask(beta))

    null = asked(np.zeros(len(names)))
    check_estimable(names, null, events)
    found = climb_from(null, asked, MOST_ROUNDS)
    infinite = [name for name, flag in zip(names, found.infinite, strict=True) if flag]
    if infinite or not found.converged:
        raise ValueError(f"no finite estimate: {', '.join(infinite) or 'the climb did not end'}")
    beta, covariance, robust = found.top.beta, found.covariance, None
    if ask_spread is not None:
        rounds += 1
        robust = covariance @ read_triangle(ask_spread(beta), beta.size) @ covariance
    return FederatedCoxFit(tuple(names), beta, covariance, robust, null.loglik, found.top.loglik, rounds)
