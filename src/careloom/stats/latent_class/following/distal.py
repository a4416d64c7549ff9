"""What becomes of each class: the mean of an outcome, or the share of each of its categories, class by class.

The weighting methods take class means with the weights of ``external``; nothing is assumed of the outcome's
distribution, and a BCH share may come out below 0 or above 1 in a small class. The likelihood methods (two-step, ML)
assume it normal in each class, with a mean and a spread of its own, or free over its categories; they also let the
outcome say which class a row is of, so a wrong distribution bends the classes (Bakk and Vermunt 2016, SEM 23:20).
All assume that within a class the outcome has nothing more to do with the items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import norm

from careloom.stats.latent_class.fitting.proof import Certificate
from careloom.stats.latent_class.following.distal_models import Categories, Means, Normal
from careloom.stats.latent_class.following.external import LIKELIHOOD_METHODS, Method, evidence
from careloom.stats.latent_class.following.measured import Measured
from careloom.stats.latent_class.following.second_step import Kind, estimate
from careloom.stats.latent_class.following.wald import Wald, carry_over, wald
from careloom.stats.latent_class.rows.pairs import Pairs
from careloom.stats.latent_class.rows.patterns import Floats

HARDLY_VARIES = 1e-6  # spread within a class, against that of all rows, below which there is no normal density


@dataclass(frozen=True)
class Difference:
    """Class ``one`` less class ``other`` (from 0) in one column of the outcome, with limits and the chance of as much."""

    one: int
    other: int
    name: str
    difference: float
    std_error: float
    lower: float
    upper: float
    p_value: float


@dataclass(frozen=True, eq=False)
class DistalFit:
    """Means of the outcome's columns by class (K, C), their covariance (K C, K C), class by class.

    ``names`` are the columns: one of a number, one a category else. nan where the data cannot tell.
    """

    method: str
    names: tuple[str, ...]
    means: Floats
    covariance: Floats
    certificate: Certificate

    @property
    def std_errors(self) -> Floats:
        return np.sqrt(np.diag(self.covariance)).reshape(self.means.shape)

    def overall(self) -> Wald:
        """Wald test that the outcome is the same in all classes."""
        classes, columns = self.means.shape
        from_first = np.delete(np.eye(classes) - np.eye(classes)[0], 0, axis=0)
        return wald(self.means.ravel(), self.covariance, np.kron(from_first, np.eye(columns)))

    def between(self, one: int, other: int) -> Wald:
        """Wald test that the outcome is the same in two classes (from 0), in all its columns."""
        classes, columns = self.means.shape
        contrast = np.eye(classes)[[one]] - np.eye(classes)[[other]]
        return wald(
            self.means.ravel(), self.covariance, np.asarray(np.kron(contrast, np.eye(columns)), dtype=np.float64)
        )

    def differences(self, level: float = 0.95) -> tuple[Difference, ...]:
        """Every two classes, column by column; the p-values are of single comparisons, not corrected for their number."""
        classes, columns = self.means.shape
        half, found = norm.ppf((1.0 + level) / 2.0), []
        for one, other in combinations(range(classes), 2):
            for column, name in enumerate(self.names):
                contrast = np.zeros(classes * columns)
                contrast[one * columns + column], contrast[other * columns + column] = 1.0, -1.0
                apart = float(contrast @ self.means.ravel())
                error = self.error_of(contrast)
                p_value = float(2.0 * norm.sf(abs(apart) / error)) if error > 0 else np.nan
                limits = (float(apart - half * error), float(apart + half * error))
                found.append(Difference(one, other, name, apart, error, *limits, p_value))
        return tuple(found)

    def error_of(self, contrast: Floats) -> float:
        used = contrast != 0.0
        return float(np.sqrt(contrast[used] @ self.covariance[np.ix_(used, used)] @ contrast[used]))


def fit_distal(
    first: Measured,
    pairs: Pairs,
    *,
    categories: Sequence[float] | None = None,
    names: Sequence[str] | None = None,
    method: Method = "two-step",
    errors: Kind = "robust",
) -> DistalFit:
    """Find the outcome's mean in each class, or the share of each category.

    The outcome is the one column of the values of ``pairs``. ``categories`` are the values it can have, if it is a
    category (0 and 1 for no and yes); a number otherwise. ``names`` has one a category, the values themselves if not
    given. Raises ValueError for more columns, a value that is not a category, a number that is the same for all rows of
    some class (its normal density has no maximum: use a BCH method), and as ``fit_membership`` does.
    """
    first.check(pairs)
    outcome, labels = outcome_of(pairs, categories, names)
    middle, unit = (0.0, 1.0) if categories is not None else middle_and_spread(outcome, pairs.weights)
    even = (outcome - middle) / unit  # so that pounds and days are as well told as shares
    begin = proportional_means(first, pairs, even)
    model, start = model_of(method, even, begin, first.at.shares, is_number=categories is None)
    found = estimate(model, first, pairs, start, method=method, errors=errors)
    if isinstance(model, Normal) and (model.spreads(found.at) < HARDLY_VARIES).any():
        alike = np.flatnonzero(model.spreads(found.at) < HARDLY_VARIES).tolist()
        raise ValueError(f"the outcome hardly varies in classes {alike} (from 0): use a BCH method, or categories")
    means, slope = model.means(found.at)
    covariance = carry_over(means, slope, found.covariance)
    return DistalFit(method, labels, middle + unit * means, unit**2 * covariance, found.certificate)


def middle_and_spread(outcome: Floats, weights: Floats) -> tuple[float, float]:
    """Mean and standard deviation of a number over all rows; the latter 1 where it does not vary."""
    mean = float(weights @ outcome[:, 0] / weights.sum())
    spread = float(np.sqrt(weights @ (outcome[:, 0] - mean) ** 2 / weights.sum()))
    return mean, spread or 1.0


def outcome_of(
    pairs: Pairs, categories: Sequence[float] | None, names: Sequence[str] | None
) -> tuple[Floats, tuple[str, ...]]:
    """The outcome as columns (R, C), one a category or the number itself, and their names."""
    if pairs.values.shape[1] != 1:
        raise ValueError(f"one outcome at a time: the pairs have {pairs.values.shape[1]} columns of values")
    if categories is None:
        return pairs.values, tuple(names or ("mean",))
    values = np.asarray(categories, dtype=np.float64)
    outcome = (pairs.values == values).astype(np.float64)
    unknown = int((outcome.sum(axis=1) != 1).sum())
    if unknown or values.size < 2:
        raise ValueError(f"an outcome has two categories or more, each value one of them: {unknown} pairs have another")
    if names is not None and len(names) != values.size:
        raise ValueError(f"{values.size} categories need as many names; got {len(names)}")
    return outcome, tuple(names or (f"{value:g}" for value in values))


def proportional_means(first: Measured, pairs: Pairs, outcome: Floats) -> Floats:
    """Means by class (K, C) with rows shared out as they belong: where to begin."""
    belongs = evidence(first.table, first.at, "proportional").shares[pairs.pattern] * pairs.weights[:, None]
    return np.asarray(belongs.T @ outcome / belongs.sum(axis=0)[:, None])


def model_of(
    method: Method, outcome: Floats, begin: Floats, shares: Floats, *, is_number: bool
) -> tuple[Means | Normal | Categories, Floats]:
    """The model of the outcome that goes with the method, and where to begin."""
    classes = len(shares)
    if method not in LIKELIHOOD_METHODS:
        return Means(outcome, classes), begin.ravel()
    odds = np.log(shares[1:] / shares[0])
    if is_number:
        if np.ptp(outcome) == 0.0:
            raise ValueError("the outcome is the same for all rows")
        return Normal(outcome[:, 0], classes), np.concatenate([odds, begin[:, 0], np.zeros(classes)])
    inside = 0.99 * begin + 0.01 / begin.shape[1]
    return Categories(outcome, classes), np.concatenate([odds, np.log(inside[:, 1:] / inside[:, [0]]).ravel()])
