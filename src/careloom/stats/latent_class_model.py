"""The latent class model of yes/no items: likelihood, E-step, M-step, gradient and observed information.

    P(y) = sum_k share_k prod_j theta_kj^y_j (1 - theta_kj)^(1 - y_j)

Everything is computed on distinct response patterns with weights, so the cost follows the number of patterns and
not the number of children. Classes run along rows and patterns along columns: sums over classes are then fast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp, xlogy

Floats = NDArray[np.float64]

# At a log odds of 30 a probability is within 1e-13 of 0 or 1: a million children then lose 1e-7 of log-likelihood.
LOG_ODDS_BOUND = 30.0
MISSING = -1
PATTERNS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class Responses:
    """Response patterns: yes (J, P) and seen (J, P) are 0/1, weights (P,); seen is None when nothing is missing."""

    yes: Floats
    seen: Floats | None
    weights: Floats

    @property
    def total(self) -> float:
        return float(self.weights.sum())

    @property
    def prevalence(self) -> Floats:
        """Share of yes among those seen, per item (J,)."""
        seen = self.total if self.seen is None else self.seen @ self.weights
        return np.asarray(self.yes @ self.weights / seen, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Parameters:
    """Natural parameters: log_shares (K,) and log_odds (K, J) of a yes to each item."""

    log_shares: Floats
    log_odds: Floats

    @property
    def shares(self) -> Floats:
        shares = np.exp(self.log_shares)
        return np.asarray(shares / shares.sum(), dtype=np.float64)

    @property
    def probabilities(self) -> Floats:
        return np.asarray(expit(self.log_odds), dtype=np.float64)

    def flat(self) -> Floats:
        return np.concatenate([self.log_shares, self.log_odds.ravel()])

    def like(self, flat: Floats) -> Parameters:
        """The parameters of the same shape held in one flat vector, kept inside the bound."""
        classes = len(self.log_shares)
        log_shares = np.maximum(flat[:classes] - logsumexp(flat[:classes]), -LOG_ODDS_BOUND)
        log_odds = np.clip(flat[classes:], -LOG_ODDS_BOUND, LOG_ODDS_BOUND)
        return Parameters(log_shares, log_odds.reshape(self.log_odds.shape))


@dataclass(frozen=True, eq=False)
class Expectation:
    """What the E-step knows at some parameters: class memberships and the expected complete-data counts."""

    loglik: float
    memberships: Floats  # (K, P) posterior probability of each class given the pattern
    members: Floats  # (K,) expected weight of each class
    seen: Floats  # (K, J) expected weight of each class with the item observed
    yes: Floats  # (K, J) expected weight of each class with a yes to the item


def from_shares(shares: Floats, probabilities: Floats) -> Parameters:
    """Parameters from class shares (K,) and item probabilities (K, J); zeros and ones go to the bound."""
    with np.errstate(divide="ignore"):
        log_odds = np.log(probabilities) - np.log1p(-probabilities)
        log_shares = np.log(shares)
    keep = (-LOG_ODDS_BOUND, LOG_ODDS_BOUND)
    return Parameters(np.clip(log_shares, *keep), np.clip(log_odds, *keep))


def expect(data: Responses, at: Parameters) -> Expectation:
    """The E-step, by log-sum-exp; a missing item drops out of the product, as in the likelihood of what was seen."""
    log_no = -np.logaddexp(0.0, at.log_odds)
    joint = at.log_odds @ data.yes
    joint += log_no.sum(axis=1)[:, None] if data.seen is None else log_no @ data.seen
    joint += np.log(at.shares)[:, None]
    top = joint.max(axis=0)
    np.exp(np.subtract(joint, top, out=joint), out=joint)
    marginal = joint.sum(axis=0)
    joint /= marginal
    weighted = joint * data.weights
    members = weighted.sum(axis=1)
    seen = np.broadcast_to(members[:, None], at.log_odds.shape) if data.seen is None else weighted @ data.seen.T
    return Expectation(
        float(data.weights @ (top + np.log(marginal))), joint, members, np.asarray(seen), weighted @ data.yes.T
    )


def maximise(expected: Expectation, before: Parameters) -> Parameters:
    """The M-step: shares and proportions of the expected counts; an item an empty class never saw keeps its odds."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log_odds = np.log(expected.yes) - np.log(np.maximum(expected.seen - expected.yes, 0.0))
        log_shares = np.log(expected.members / expected.members.sum())
    log_odds = np.where(np.isnan(log_odds), before.log_odds, log_odds)
    return before.like(np.concatenate([log_shares, log_odds.ravel()]))


def gradient(expected: Expectation, at: Parameters) -> Floats:
    """Derivative of the log-likelihood, flat: seen minus fitted counts (Fisher's identity), free after an E-step."""
    by_share = expected.members - expected.members.sum() * at.shares
    by_odds = expected.yes - expected.seen * at.probabilities
    return np.concatenate([by_share, by_odds.ravel()])


def pull(data: Responses, expected: Expectation, at: Parameters) -> Floats:
    """Expected over fitted count of each class and of each item's rarer answer, flat; above 1 it should be commoner."""
    weighted = expected.memberships * data.weights
    no = weighted @ ((1.0 if data.seen is None else data.seen) - data.yes).T
    rarer = np.where(at.log_odds < 0, expected.yes, no)
    with np.errstate(invalid="ignore"):
        by_share = expected.members / (data.total * at.shares)
        by_odds = rarer / (expected.seen * expit(-np.abs(at.log_odds)))
    return np.asarray(np.nan_to_num(np.concatenate([by_share, by_odds.ravel()]), nan=1.0))


def complete_information(expected: Expectation, at: Parameters) -> Floats:
    """Diagonal of the information there would be if the classes were seen, flat."""
    theta = at.probabilities
    return np.concatenate([expected.members.sum() * at.shares, (expected.seen * theta * (1.0 - theta)).ravel()])


def observed_information(data: Responses, expected: Expectation, at: Parameters) -> Floats:
    """Minus the second derivative of the log-likelihood, by Louis (1982): complete information less what is missing."""
    classes, items = at.log_odds.shape
    information = np.diag(complete_information(expected, at))
    information[:classes, :classes] -= data.total * np.outer(at.shares, at.shares)
    places = [np.r_[k, classes + k * items : classes + (k + 1) * items] for k in range(classes)]
    for first in range(0, data.weights.size, PATTERNS_AT_ONCE):
        some = slice(first, first + PATTERNS_AT_ONCE)
        scores = np.empty((classes * (items + 1), data.weights[some].size))
        for k, place in enumerate(places):
            score = _complete_score(data, some, at.probabilities[k])
            member = expected.memberships[k, some]
            information[np.ix_(place, place)] -= (score * (member * data.weights[some])) @ score.T
            scores[place] = score * member
        information += (scores * data.weights[some]) @ scores.T
    return information


def _complete_score(data: Responses, some: slice, theta: Floats) -> Floats:
    """Derivative of each pattern's complete-data log-likelihood by its class's log share and log odds, (1 + J, P)."""
    seen = 1.0 if data.seen is None else data.seen[:, some]
    residual = data.yes[:, some] - seen * theta[:, None]
    return np.vstack([np.ones(residual.shape[1]), residual])


def relative_entropy(data: Responses, memberships: Floats) -> float:
    """Entropy R-squared: 1 when every child's class is certain, 0 when nothing is known; 1 for a single class."""
    classes = memberships.shape[0]
    if classes == 1:
        return 1.0
    uncertainty = -float(xlogy(memberships, memberships).sum(axis=0) @ data.weights)
    return 1.0 - uncertainty / (data.total * float(np.log(classes)))
