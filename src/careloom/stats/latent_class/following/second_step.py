"""The second step: estimates of what goes with the classes, and their standard errors, which owe to the first as well.

The estimates of both steps solve equations, so their errors follow from stacking them: a row moves the second step by
its own score there, and by what it moved in the first step times how far that bends the second.

    robust   A^-1 (sum of U U') A^-1,  U = score + B V1 score1, summed by cluster where rows belong together
    model    A^-1 + A^-1 B V1 B' A^-1, right when the model is (Bakk and Kuha 2018, Psychometrika 83:871)

A is the second step's information, B the derivative of its score by the first step's parameters, V1 the inverse of the
first step's information. Source: Newey and McFadden (1994), Handbook of Econometrics 4, ch. 36, section 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.sparse import csr_array

from careloom.stats.latent_class.fitting.proof import Certificate
from careloom.stats.latent_class.following.bend import bend_of_first_step
from careloom.stats.latent_class.following.external import Evidence, External, Method, evidence, height, in_parts, look
from careloom.stats.latent_class.following.measured import Measured
from careloom.stats.latent_class.following.newton import Look, climb_by_newton, inverse
from careloom.stats.latent_class.model.information import scores
from careloom.stats.latent_class.rows.pairs import Pairs
from careloom.stats.latent_class.rows.patterns import Floats

Kind = Literal["robust", "model"]

CLUSTERS_AT_ONCE = 65_536


@dataclass(frozen=True, eq=False)
class Estimated:
    """The second step's parameters (F,) and their covariance (F, F), nan for what the data cannot tell.

    ``loglik`` is nan for the methods that weigh instead of maximising a likelihood.
    """

    at: Floats
    covariance: Floats
    loglik: float
    certificate: Certificate


def estimate(
    model: External, first: Measured, pairs: Pairs, start: Floats, *, method: Method, errors: Kind
) -> Estimated:
    """Maximise what the method makes of the rows, and find the standard errors. Raises ValueError as ``Measured`` does."""
    first.check(pairs)
    known = evidence(first.table, first.at, method)
    at, seen, certificate = climb_by_newton(
        lambda at: look(model, known, pairs, at), lambda at: height(model, known, pairs, at), start
    )
    spread = covariance(model, known, pairs, at, seen, first, errors)
    return Estimated(at, spread, seen.value if known.is_likelihood else np.nan, certificate)


def covariance(
    model: External, known: Evidence, pairs: Pairs, at: Floats, seen: Look, first: Measured, kind: Kind
) -> Floats:
    """Covariance of the second step's parameters (F, F); nan in the rows and columns of what the data cannot tell."""
    bread, untold = inverse(seen)
    owed = np.zeros_like(bread)
    pull = np.zeros((len(at), 0))
    if first.rows != "known":
        bend, spread = bend_of_first_step(model, known, pairs, at, first), first.covariance()
        pull, owed = bend @ spread, bend @ spread @ bend.T
    if kind == "model":
        meat = seen.information + owed
    elif first.rows == "same rows":
        carried = carry(first, pull)
        meat = middle(row_scores(model, known, pairs, at) + carried[pairs.pattern], pairs.weights, pairs.by_cluster)
    else:
        meat = middle(row_scores(model, known, pairs, at), pairs.weights, pairs.by_cluster) + owed
    whole = bread @ meat @ bread
    whole[untold, :] = whole[:, untold] = np.nan
    return whole


def carry(first: Measured, pull: Floats) -> Floats:
    """What a row of each pattern moved in the first step, times how that pulls the second step's score (P, F)."""
    return np.vstack([np.asarray(score @ pull.T) for _, score in scores(first.table, first.at, first.free)])


def row_scores(model: External, known: Evidence, pairs: Pairs, at: Floats) -> Floats:
    """Score of one row of each pair (R, F)."""
    each = np.vstack([np.einsum("rk,rkf->rf", p.belief, p.slopes) for p in in_parts(model, known, pairs, at)])
    weights = np.where(pairs.weights > 0, pairs.weights, 1.0)
    return np.asarray(each / weights[:, None])


def middle(each: Floats, weights: Floats, by_cluster: csr_array[Any] | None) -> Floats:
    """Sum over rows of U U' (F, F), U a row's (R, F); over clusters of their sums, times G / (G - 1), if there are any."""
    if by_cluster is None:
        return np.asarray((each * weights[:, None]).T @ each)
    groups, total = by_cluster.shape[0], np.zeros((each.shape[1], each.shape[1]))
    for first in range(0, groups, CLUSTERS_AT_ONCE):
        summed = np.asarray(by_cluster[first : first + CLUSTERS_AT_ONCE] @ each)
        total += summed.T @ summed
    return np.asarray(total * (groups / (groups - 1.0)))
