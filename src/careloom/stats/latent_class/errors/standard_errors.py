"""How far the estimates of a latent class model would move in another sample: standard errors, of four kinds.

observed    the inverse of the observed information: right when the model is
opg         the inverse of the outer products of the patterns' gradients: the same in large samples, and what poLCA gives
robust      the two between one another (sandwich): right even where the model is only the nearest there is
cluster     the same with gradients summed by cluster first: right when the rows of a child, or of an authority, are alike

The weights count rows. Errors are found for log odds against the largest probability of each sum and carried over to
shares and probabilities (delta method). What stands at 0 or 1 has no standard error (nan), nor has what the data cannot
tell. A prior counts as so many rows seen for certain.
Sources: Louis (1982), JRSS B 44:226; Berndt et al. (1974), Ann. Econ. Soc. Meas. 3:653; White (1982), Econometrica 50:1;
Liang and Zeger (1986), Biometrika 73:13.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.fitting.fit import LatentClassFit
from careloom.stats.latent_class.fitting.held import sum_of
from careloom.stats.latent_class.fitting.proof import LEAST_EIGENVALUE
from careloom.stats.latent_class.model.information import (
    complete_information,
    complete_scale,
    free_parameters,
    scores,
)
from careloom.stats.latent_class.model.likelihood import Point, point_of
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.clusters import Clusters
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable

Kind = Literal["observed", "opg", "robust", "cluster"]

CLUSTERS_AT_ONCE = 8192
HIDDEN = 1e-3  # share of a variance that directions the data cannot tell may add before it counts as not known


@dataclass(frozen=True, eq=False)
class StandardErrors:
    """Standard errors of all shares and probabilities, ``flat`` (K + M K,) as in ``Parameters``; nan where there is none.

    ``covariance`` (F, F) is that of the log odds of what is ``free`` (F,), as ``information.free_parameters`` counts it,
    at the parameters ``at``; directions that the data cannot tell are left out of it.
    """

    kind: Kind
    at: Parameters
    free: NDArray[np.intp]
    covariance: Floats
    flat: Floats

    @property
    def shares(self) -> Floats:
        """(K,)."""
        return self.flat[: self.at.classes]

    @property
    def probabilities(self) -> list[Floats]:
        """One array (K, levels) an item."""
        return by_item(self.at, self.flat)

    @property
    def of_log_odds(self) -> Floats:
        """Standard errors of the log odds of each against all else (K + M K,)."""
        known = np.where(np.isnan(self.flat), np.nan, np.exp(self.at.flat()))
        return np.asarray(self.flat / (known * (1.0 - known)))


def by_item(at: Parameters, flat: Floats) -> list[Floats]:
    """What is known of each probability, given flat (K + M K, ...), as one array (K, levels, ...) an item."""
    cells = flat[at.classes :].reshape(*at.log_probabilities.shape, *flat.shape[1:])
    return [np.ascontiguousarray(np.swapaxes(item, 0, 1)) for item in np.split(cells, at.first_cells[1:])]


def standard_errors(
    table: PatternTable,
    fit: LatentClassFit,
    *,
    kind: Kind = "observed",
    clusters: Clusters | None = None,
    small_sample: bool = False,
) -> StandardErrors:
    """Standard errors of a fit to this table.

    Kind *cluster* needs ``clusters``; ``small_sample`` then multiplies the covariance by G / (G - 1), G clusters. With
    no more clusters than free parameters the covariance as a whole is singular, each standard error is still one.
    Raises ValueError when clusters are missing or not wanted, or do not fit the table.

    >>> table = collapse([[1, 0], [0, 1]], [64, 36])[0]
    >>> fit = fit_latent_classes(table, classes=1)
    >>> [p.round(3).tolist() for p in standard_errors(table, fit).probabilities]  # 0.048 is the root of .64 x .36 / 100
    [[[0.048, 0.048]], [[0.048, 0.048]]]
    """
    if (kind == "cluster") != (clusters is not None) or (small_sample and clusters is None):
        raise ValueError(f"clusters belong to the kind 'cluster', and small_sample to clusters; the kind is {kind!r}")
    objective = PatternObjective(table, fit.prior)
    point = objective.expect(fit.parameters)
    free = free_parameters(point.at)
    if kind == "opg":
        information = products(table, point.at, free) + information_of_prior(point, free, fit.prior)
    else:
        information = objective.information(point, free)
    covariance, untold = inverted(information, complete_scale(point, free))
    if kind == "robust":
        covariance = covariance @ products(table, point.at, free) @ covariance
    if clusters is not None:
        covariance = covariance @ products_by_cluster(table, point.at, free, clusters, small_sample) @ covariance
    return StandardErrors(kind, point.at, free, covariance, carried_over(point.at, free, covariance, untold))


def products(table: PatternTable, at: Parameters, free: NDArray[np.intp]) -> Floats:
    """Sum over rows of the outer product of the row's score (F, F)."""
    total = np.zeros((len(free), len(free)))
    for some, score in scores(table, at, free):
        total += (score * table.weights[some, None]).T @ score
    return total


def products_by_cluster(
    table: PatternTable, at: Parameters, free: NDArray[np.intp], clusters: Clusters, small_sample: bool
) -> Floats:
    """Sum over clusters of the outer product of the cluster's score (F, F), its rows' scores added up."""
    by_pattern = clusters.weights_by_pattern(table)
    groups = by_pattern.shape[0]
    total = np.zeros((len(free), len(free)))
    for first in range(0, groups, CLUSTERS_AT_ONCE):
        some = by_pattern[first : first + CLUSTERS_AT_ONCE]
        met = np.unique(some.indices)
        weights = some.tocsc()[:, met]
        summed = np.zeros((some.shape[0], len(free)))
        for which, score in scores(PatternTable(table.codes[met], table.weights[met], table.levels), at, free):
            summed += weights[:, which] @ score
        total += summed.T @ summed
    return total * (groups / (groups - 1.0)) if small_sample else total


def information_of_prior(point: Point, free: NDArray[np.intp], prior: float) -> Floats:
    """What the rows of the prior tell (F, F): their class is known, so it is complete-data information."""
    none = np.zeros_like(point.counts)
    return complete_information(point_of(point.at, 0.0, np.zeros(point.at.classes), none, prior=prior), free)


def inverted(information: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """The inverse (F, F) among directions that the data tell, and the others (F, U), each of length 1 when scaled.

    As in the proof of a fit, information is measured against what it would be if the classes were seen. A direction
    in which the likelihood does not fall is not told either.
    """
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    told = values > LEAST_EIGENVALUE
    known, unknown = vectors[:, told] / scale[:, None], vectors[:, ~told] / scale[:, None]
    return (known / values[told]) @ known.T, unknown


def carried_over(at: Parameters, free: NDArray[np.intp], covariance: Floats, untold: Floats) -> Floats:
    """Standard errors of all shares and probabilities, flat (K + M K,), by the delta method; nan where there is none."""
    slopes = slopes_of_probabilities(at, free)
    variance = np.einsum("af,fg,ag->a", slopes, covariance, slopes, optimize=True)
    # Along a direction that is not told the variance is at least this, and may be without end.
    hidden = ((slopes @ untold) ** 2).sum(axis=1) / LEAST_EIGENVALUE
    known = is_estimated(at) & (hidden <= HIDDEN * variance)
    return np.where(known, np.sqrt(np.maximum(variance, 0.0)), np.nan)


def is_estimated(at: Parameters) -> NDArray[np.bool_]:
    """Which shares and probabilities (K + M K,) the data had a say in: not 0 or 1, nor the share of a single class."""
    together = sum_of(at)
    return np.isin(together, together[free_parameters(at)]) & ~at.at_bound


def slopes_of_probabilities(at: Parameters, free: NDArray[np.intp]) -> Floats:
    """Derivative of every share and probability (K + M K,) by each free log odds: (K + M K, F)."""
    together = sum_of(at)
    flat = np.exp(at.flat())
    slopes = np.where(together[:, None] == together[free], -np.outer(flat, flat[free]), 0.0)
    slopes[free, np.arange(len(free))] += flat[free]
    return slopes
