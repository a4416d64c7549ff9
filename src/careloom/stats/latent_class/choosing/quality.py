"""How well does a fit tell its classes apart?

Rows with no item observed belong nowhere and are left out. A class that nobody is assigned to has no average: NaN.
How often rows of a class are assigned to each, the classification errors, is in ``three_step``, where they are put right.
Source: Nagin (2005), Group-Based Modeling of Development, ch. 5 (average posterior, odds of correct classification).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.stats.latent_class.model.belonging import belonging
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable

CERTAIN = 0.7


@dataclass(frozen=True, eq=False)
class Quality:
    """What classification by these parameters is worth.

    ``assigned`` (K,): share of rows assigned to each class by their likeliest. ``average_posterior`` (K, K): among
    rows assigned to the class of the row of the table, the mean probability of each class. ``share_certain``: share of
    rows whose likeliest class has a probability of at least 0.7. ``shares`` (K,) are those of the parameters.
    """

    shares: Floats
    assigned: Floats
    average_posterior: Floats
    share_certain: float

    @property
    def own_posterior(self) -> Floats:
        """Average posterior of each class among the rows assigned to it (K,)."""
        return np.diag(self.average_posterior).copy()

    @property
    def least_posterior(self) -> float:
        """The lowest of them; NaN when nobody is assigned to some class."""
        return float(self.own_posterior.min())

    @property
    def odds_of_correct(self) -> Floats:
        """Odds of correct classification against those of assigning by the shares alone (K,); Nagin asks for 5 or more.

        Infinite for a class that is always certain; NaN for a single class, which cannot be wrong.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(odds(self.own_posterior) / odds(self.shares))

    @property
    def smallest_share(self) -> float:
        return float(self.shares.min())


def classification_quality(table: PatternTable, at: Parameters) -> Quality:
    """Judge the classification of a table's rows by some parameters, theirs or those of others."""
    modal = np.zeros((at.classes, at.classes))  # [assigned, class]: weight of the class among those assigned
    certain = 0.0
    weights = np.where(table.observed, table.weights, 0.0)
    for some, _, belongs in belonging(table, at):
        weighted = belongs * weights[some, None]
        np.add.at(modal, belongs.argmax(axis=1), weighted)
        certain += float(weights[some] @ (belongs.max(axis=1) >= CERTAIN))
    with np.errstate(invalid="ignore"):
        return Quality(
            shares=at.shares,
            assigned=modal.sum(axis=1) / weights.sum(),
            average_posterior=modal / modal.sum(axis=1, keepdims=True),
            share_certain=certain / float(weights.sum()),
        )


def odds(probability: Floats) -> Floats:
    return np.asarray(probability / (1.0 - probability))
