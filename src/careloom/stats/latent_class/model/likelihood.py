"""The likelihood of a latent class model, what the data make of the classes, and how the likelihood slopes.

    P(y) = sum over classes k of share_k times the product over observed items j of theta_kj(y_j)

A missing item drops out of the product: what is maximised is the likelihood of what was seen (full information).
Sources: Goodman (1974), Biometrika 61:215; Dempster, Laird and Rubin (1977), JRSS B 39:1 (E-step and Fisher's identity).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable


@dataclass(frozen=True, eq=False)
class Point:
    """What the E-step knows at some parameters; the counts hold the prior's rows too."""

    at: Parameters
    loglik: float
    value: float  # loglik and the logarithm of the prior
    members: Floats  # (K,) expected weight of each class
    counts: Floats  # (M, K) expected weight of each cell in each class

    @cached_property
    def seen(self) -> Floats:
        """Expected weight of each class with the cell's item observed (M, K)."""
        return np.asarray(np.add.reduceat(self.counts, self.at.first_cells)[self.at.item_of_cell])

    @cached_property
    def fitted(self) -> Floats:
        """The counts that the parameters would give, flat; also the complete-data information of log probabilities."""
        cells = self.seen * self.at.probabilities
        return np.concatenate([self.members.sum() * self.at.shares, cells.ravel()])

    @cached_property
    def expected(self) -> Floats:
        return np.concatenate([self.members, self.counts.ravel()])

    @cached_property
    def slope(self) -> Floats:
        """Derivative by the log probabilities, flat: expected less fitted counts, less what would leave the bound."""
        slope = self.expected - self.fitted
        return np.where(self.at.at_bound & (slope < 0), 0.0, slope)

    def maximised(self) -> Parameters:
        """The M-step: shares and proportions of the expected counts; an item an empty class never saw keeps its own."""
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(np.concatenate([self.members / self.members.sum(), (self.counts / self.seen).ravel()]))
        return self.at.like(np.where(np.isnan(logs), self.at.flat(), logs))


def point_of(at: Parameters, loglik: float, members: Floats, counts: Floats, *, prior: float) -> Point:
    """What is known at some parameters, with the rows of the prior added to what the data say."""
    value = loglik + (prior * float(at.log_shares.sum() + at.log_probabilities.sum()) if prior else 0.0)
    return Point(at, loglik, value, members + prior, counts + prior)


def by_logarithms(table: PatternTable, at: Parameters) -> tuple[float, Floats, Floats]:
    """Log-likelihood, members (K,) and counts (M, K) by adding logarithms: slow, and it never vanishes."""
    loglik, members, counts = 0.0, np.zeros(at.classes), np.zeros((len(at.log_probabilities) + 1, at.classes))
    for some in table.parts():
        cells = table.cells_of(some)
        marginal, belongs = memberships(cells, at)
        loglik += float(table.weights[some] @ marginal)
        belongs *= table.weights[some, None]
        members += belongs.sum(axis=0)
        for column in cells.T:
            np.add.at(counts, column, belongs)
    return loglik, members, counts[:-1]


def memberships(cells: NDArray[np.int32], at: Parameters) -> tuple[Floats, Floats]:
    """Log-likelihood of each pattern (P,) and the probability of each class given the pattern (P, K).

    ``cells`` (P, J) as in a pattern table; a pattern with nothing observed has log-likelihood 0 and the class shares.
    """
    logs = np.vstack([at.log_probabilities, np.zeros(at.classes)])
    joint = np.tile(at.log_shares, (len(cells), 1))
    for column in cells.T:
        joint += logs[column]
    top = joint.max(axis=1)
    np.exp(joint - top[:, None], out=joint)
    marginal = joint.sum(axis=1)
    joint /= marginal[:, None]
    return np.asarray(top + np.log(marginal)), joint


def relative_entropy(table: PatternTable, at: Parameters) -> float:
    """Entropy R-squared: 1 when every row's class is certain, 0 when nothing is known; 1 for a single class.

    1 - (sum over rows of the entropy of their memberships) / (n ln K); Ramaswamy et al. (1993), Marketing Science 12:103.
    n, here as in BIC, is the weight of the rows with anything observed; the others are left out.
    """
    return 1.0 - unknown_rows(table, at) / (table.total - table.total_unobserved)


def unknown_rows(table: PatternTable, at: Parameters) -> float:
    """Entropy of the memberships of all rows with anything observed, as so many rows of which nothing is known."""
    if at.classes == 1:
        return 0.0
    weights, total = np.where(table.observed, table.weights, 0.0), 0.0
    for some in table.parts():
        belongs = memberships(table.cells_of(some), at)[1]
        total -= float(xlogy(belongs, belongs).sum(axis=1) @ weights[some])
    return total / float(np.log(at.classes))
