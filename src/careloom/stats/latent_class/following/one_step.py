"""Classes and who is in them at once: the measurement and the regression of membership by joint maximum likelihood.

The most that the data give if the model is right in both its parts; but the covariates then have a say in what the
classes are, which is why the two-step method is the one to use. This is here to hold it against.
Source: Dayton and Macready (1988), JASA 83:173.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.following.measured import Measured
from careloom.stats.latent_class.following.membership import (
    Logit,
    MembershipFit,
    bring_back,
    design_of,
    even_out,
    fit_membership,
    with_reference,
)
from careloom.stats.latent_class.following.newton import Look, climb_by_newton, inverse
from careloom.stats.latent_class.following.second_step import Kind, middle
from careloom.stats.latent_class.following.three_step import likelihoods
from careloom.stats.latent_class.model.information import class_scores, complete_information
from careloom.stats.latent_class.model.likelihood import point_of
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.pairs import Pairs
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable


@dataclass(frozen=True, eq=False)
class OneStepFit:
    """The regression of membership, and the classes as they are when the covariates have their say.

    ``loglik`` is that of the items given the covariates; the shares in ``parameters`` are averaged over the rows.
    """

    membership: MembershipFit
    parameters: Parameters
    loglik: float


def fit_membership_at_once(
    first: Measured, pairs: Pairs, *, names: Sequence[str] = (), reference: int = 0, errors: Kind = "robust"
) -> OneStepFit:
    """Estimate classes and regression together, beginning at a first step; see ``fit_membership`` for what is given.

    It climbs to the maximum nearest to the classes as found, so that they keep their order; probabilities at 0 or 1
    stay there. Raises ValueError as ``fit_membership`` does, and when the rows are not those of the first step.
    """
    even, back = even_out(pairs)
    two_step = fit_membership(replace(first, rows="same rows"), even, names=names, reference=reference, errors="model")
    joint = Joint(first, even, Logit(design_of(even, names), first.at.classes, reference))
    start = np.concatenate([np.zeros(len(joint.free)), np.delete(two_step.coefficients, reference, axis=0).ravel()])
    at, seen, certificate = climb_by_newton(joint.look, joint.height, start)
    loglik, parameters = joint.loglik(at), joint.parameters(at)
    shares = pairs.weights @ np.exp(joint.model.logs(at[len(joint.free) :], slice(None))) / pairs.weights.sum()
    fit = replace(
        two_step,
        method="one-step",
        coefficients=with_reference(at[len(joint.free) :], first.at.classes, reference),
        covariance=joint.covariance(at, seen, errors),
        loglik=loglik,
        certificate=certificate,
    )
    return OneStepFit(bring_back(fit, back), replace(parameters, log_shares=np.log(shares)), loglik)


@dataclass(frozen=True, eq=False)
class Joint:
    """The joint likelihood: of what the free item probabilities moved by, in log odds, and of the coefficients."""

    first: Measured
    pairs: Pairs
    model: Logit

    @property
    def free(self) -> NDArray[np.intp]:
        """Places of the free item probabilities (F1,) in the flat vector of the first step's parameters."""
        return self.first.free[self.first.free >= self.first.at.classes]

    @property
    def rows(self) -> PatternTable:
        """The pairs as a table of patterns, one for each pair."""
        table = self.first.table
        return PatternTable(table.codes[self.pairs.pattern], self.pairs.weights, table.levels)

    def parameters(self, at: Floats) -> Parameters:
        flat = self.first.at.flat()
        flat[self.free] += at[: len(self.free)]
        return self.first.at.like(flat)

    def logs(self, at: Floats, some: slice) -> Floats:
        """Log-probability of class and pattern together for some of the pairs (r, K)."""
        given = likelihoods(self.first.table, self.parameters(at))[self.pairs.pattern[some]]
        return np.asarray(given + self.model.logs(at[len(self.free) :], some))

    def loglik(self, at: Floats) -> float:
        return float(np.logaddexp.reduce(self.logs(at, slice(None)), axis=1) @ self.pairs.weights)

    def height(self, at: Floats) -> float:
        """The log-likelihood and the logarithm of the prior on the item probabilities."""
        prior = self.first.prior
        return self.loglik(at) + (prior * float(self.parameters(at).log_probabilities.sum()) if prior else 0.0)

    def pieces(self, at: Floats) -> Iterator[tuple[slice, Floats, list[tuple[NDArray[np.intp], Floats]]]]:
        """Some pairs at a time: which, memberships (r, K), and for each class the places and its scores (r, places)."""
        joint, own, beta = self.logs(at, slice(None)), len(self.free), at[len(self.free) :]
        belongs = np.exp(joint - np.logaddexp.reduce(joint, axis=1)[:, None])
        coefficients = own + np.arange(self.model.parameters)
        for some, _, by_class in class_scores(self.rows, self.parameters(at), self.free):
            slopes = self.model.slopes(beta, some)
            scores = [
                (np.concatenate([mine, coefficients]), np.hstack([of_items, slopes[:, k]]))
                for k, (mine, of_items) in enumerate(by_class)
            ]
            yield some, belongs[some], scores

    def look(self, at: Floats) -> Look:
        """Height, slope and information, exactly (Louis 1982)."""
        parameters, own, size = self.parameters(at), len(self.free), len(at)
        complete, lost, score = np.zeros((size, size)), np.zeros((size, size)), np.zeros(size)
        counts, rows = np.zeros((len(parameters.log_probabilities) + 1, parameters.classes)), self.rows
        for some, belongs, by_class in self.pieces(at):
            weighted = belongs * rows.weights[some, None]
            mean = np.zeros((len(belongs), size))
            for k, (places, scores) in enumerate(by_class):
                lost[np.ix_(places, places)] += (scores * weighted[:, [k]]).T @ scores
                mean[:, places] += scores * belongs[:, [k]]
            lost -= (mean * rows.weights[some, None]).T @ mean
            score += rows.weights[some] @ mean
            complete[own:, own:] += self.model.bend(at[own:], some, weighted)
            for column in rows.cells_of(some).T:
                np.add.at(counts, column, weighted)
        point = point_of(parameters, 0.0, np.ones(parameters.classes), counts[:-1], prior=self.first.prior)
        complete[:own, :own] = complete_information(point, self.free)
        score[:own] += self.slope_of_prior(parameters)
        return Look(self.height(at), score, complete - lost, np.diag(complete).copy())

    def slope_of_prior(self, parameters: Parameters) -> Floats:
        """What the rows of the prior pull at the free item probabilities (F1,)."""
        none = np.zeros_like(parameters.log_probabilities)
        return point_of(parameters, 0.0, np.zeros(parameters.classes), none, prior=self.first.prior).slope[self.free]

    def covariance(self, at: Floats, seen: Look, errors: Kind) -> Floats:
        """Covariance of the coefficients (F2, F2); nan for what the data cannot tell."""
        bread, untold = inverse(seen)
        own = len(self.free)
        whole = bread[own:, own:].copy()
        if errors == "robust":
            each = np.vstack([mean_score(piece, len(at)) @ bread[:, own:] for piece in self.pieces(at)])
            whole = middle(each, self.pairs.weights, self.pairs.by_cluster)
        whole[untold[own:], :] = whole[:, untold[own:]] = np.nan
        return whole


def mean_score(piece: tuple[slice, Floats, list[tuple[NDArray[np.intp], Floats]]], size: int) -> Floats:
    """Score of one row of each of some pairs (r, F)."""
    _, belongs, by_class = piece
    mean = np.zeros((len(belongs), size))
    for k, (places, scores) in enumerate(by_class):
        mean[:, places] += scores * belongs[:, [k]]
    return mean
