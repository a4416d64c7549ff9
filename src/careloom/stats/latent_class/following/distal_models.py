"""Outcomes given the class: a mean by least squares, a normal number, a category (see ``external.External``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.stats.latent_class.following.membership import Logit
from careloom.stats.latent_class.rows.patterns import Floats

LEAST_SPREAD = 1e-8


@dataclass(frozen=True, eq=False)
class Means:
    """Means (K, C) of outcome columns (R, C) by weighting: least squares, of which the weighted mean is the answer."""

    outcome: Floats
    classes: int

    @property
    def parameters(self) -> int:
        return self.classes * int(self.outcome.shape[1])

    def means(self, at: Floats) -> tuple[Floats, Floats]:
        """The means (K, C), and their derivative by the parameters (K C, F)."""
        return at.reshape(self.classes, -1), np.eye(self.parameters)

    def logs(self, at: Floats, some: slice) -> Floats:
        apart = self.outcome[some, None, :] - at.reshape(self.classes, -1)
        return np.asarray(-0.5 * (apart**2).sum(axis=2))

    def slopes(self, at: Floats, some: slice) -> Floats:
        apart = self.outcome[some, None, :] - at.reshape(self.classes, -1)
        own = np.eye(self.classes)[None, :, :, None] * apart[:, :, None, :]
        return np.asarray(own.reshape(len(apart), self.classes, -1))

    def bend(self, at: Floats, some: slice, weights: Floats) -> Floats:
        return np.diag(np.repeat(weights.sum(axis=0), self.outcome.shape[1]))


@dataclass(frozen=True, eq=False)
class Normal:
    """Class shares, and a normal outcome (R,) with a mean and a spread in each class.

    Parameters: log odds of the shares against class 0 (K - 1), means (K,), logarithms of the spreads (K,). The outcome
    comes with a spread of about 1; no class's is below ``LEAST_SPREAD``.
    """

    outcome: Floats
    classes: int

    @property
    def shares(self) -> Logit:
        return Logit(np.ones((len(self.outcome), 1)), self.classes, 0)

    @property
    def parameters(self) -> int:
        return 3 * self.classes - 1

    def means(self, at: Floats) -> tuple[Floats, Floats]:
        """The means (K, 1), and their derivative by the parameters (K, F)."""
        own = slice(self.classes - 1, 2 * self.classes - 1)
        return at[own, None], np.eye(self.parameters)[own]

    def spreads(self, at: Floats) -> Floats:
        """(K,)."""
        return np.asarray(np.maximum(np.exp(at[2 * self.classes - 1 :]), LEAST_SPREAD))

    def apart(self, at: Floats, some: slice) -> tuple[Floats, Floats]:
        """Distance from each class's mean in units of its spread (r, K), and the spreads (K,)."""
        means, spread = at[self.classes - 1 : 2 * self.classes - 1], self.spreads(at)
        return (self.outcome[some, None] - means) / spread, spread

    def logs(self, at: Floats, some: slice) -> Floats:
        apart, spread = self.apart(at, some)
        density = -0.5 * apart**2 - np.log(spread) - 0.5 * np.log(2.0 * np.pi)
        return np.asarray(self.shares.logs(at[: self.classes - 1], some) + density)

    def slopes(self, at: Floats, some: slice) -> Floats:
        apart, spread = self.apart(at, some)
        own = np.eye(self.classes)
        of_means = own * (apart / spread)[:, :, None]
        of_spreads = own * (apart**2 - 1.0)[:, :, None]
        return np.concatenate([self.shares.slopes(at[: self.classes - 1], some), of_means, of_spreads], axis=2)

    def bend(self, at: Floats, some: slice, weights: Floats) -> Floats:
        apart, spread = self.apart(at, some)
        first, k = self.classes - 1, np.arange(self.classes)
        bend = np.zeros((self.parameters, self.parameters))
        bend[:first, :first] = self.shares.bend(at[:first], some, weights)
        mean, log_spread = first + k, first + self.classes + k
        bend[mean, mean] = weights.sum(axis=0) / spread**2
        bend[mean, log_spread] = bend[log_spread, mean] = 2.0 * (weights * apart).sum(axis=0) / spread
        bend[log_spread, log_spread] = 2.0 * (weights * apart**2).sum(axis=0)
        return bend


@dataclass(frozen=True, eq=False)
class Categories:
    """Class shares, and an outcome of C categories, given as columns of 0 and 1 (R, C), free in each class.

    Parameters: log odds of the shares against class 0 (K - 1), those of the categories against the first (K, C - 1).
    """

    outcome: Floats
    classes: int

    @property
    def shares(self) -> Logit:
        return Logit(np.ones((len(self.outcome), 1)), self.classes, 0)

    @property
    def parameters(self) -> int:
        return self.classes - 1 + self.classes * (int(self.outcome.shape[1]) - 1)

    def means(self, at: Floats) -> tuple[Floats, Floats]:
        """The share of each category in each class (K, C), and its derivative by the parameters (K C, F)."""
        chances, others = self.chances(at), self.outcome.shape[1] - 1
        slope = np.zeros((self.classes, others + 1, self.parameters))
        for k, chance in enumerate(chances):
            begins = self.classes - 1 + k * others
            slope[k, :, begins : begins + others] = (np.diag(chance) - np.outer(chance, chance))[:, 1:]
        return chances, slope.reshape(chances.size, -1)

    def chances(self, at: Floats) -> Floats:
        """Share of each category in each class (K, C)."""
        odds = np.insert(at[self.classes - 1 :].reshape(self.classes, -1), 0, 0.0, axis=1)
        odds = np.exp(odds - odds.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def logs(self, at: Floats, some: slice) -> Floats:
        chance = np.maximum(self.chances(at), np.finfo(float).tiny)
        return self.shares.logs(at[: self.classes - 1], some) + self.outcome[some] @ np.log(chance).T

    def slopes(self, at: Floats, some: slice) -> Floats:
        apart = self.outcome[some, None, 1:] - self.chances(at)[:, 1:]
        own = np.eye(self.classes)[None, :, :, None] * apart[:, :, None, :]
        return np.concatenate(
            [self.shares.slopes(at[: self.classes - 1], some), own.reshape(len(apart), self.classes, -1)], axis=2
        )

    def bend(self, at: Floats, some: slice, weights: Floats) -> Floats:
        first, others = self.classes - 1, self.outcome.shape[1] - 1
        bend = np.zeros((self.parameters, self.parameters))
        bend[:first, :first] = self.shares.bend(at[:first], some, weights)
        for k, (chance, total) in enumerate(zip(self.chances(at)[:, 1:], weights.sum(axis=0), strict=True)):
            own = slice(first + k * others, first + (k + 1) * others)
            bend[own, own] = total * (np.diag(chance) - np.outer(chance, chance))
        return bend
