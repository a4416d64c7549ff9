"""The likelihood of a child's successive assessments when the classes are known: a mixture of two classes in a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.following.measured import Measured
from careloom.stats.latent_class.following.newton import Look, inverse
from careloom.stats.latent_class.following.second_step import Kind, middle
from careloom.stats.latent_class.following.three_step import likelihoods
from careloom.stats.latent_class.following.wald import carry_over
from careloom.stats.latent_class.model.information import PATTERNS_AT_ONCE, class_scores
from careloom.stats.latent_class.rows.pairs import Pairs
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable

EM_STEPS = 50
LEAST_SHARE = 1e-30  # of a state that does not occur


@dataclass(frozen=True, eq=False)
class Moves:
    """The likelihood of pairs of assessments as a mixture of S = K K states, two classes in a row.

    Its parameters are the log odds of the states against the one for ``reference`` (S - 1).
    """

    first: Measured
    pairs: Pairs
    later: NDArray[np.intp]
    reference: int = 0

    @property
    def weight(self) -> float:
        return float(self.pairs.weights.sum())

    @cached_property
    def given_class(self) -> Floats:
        """Probability of each pattern in each class, against the likeliest (P, K)."""
        logs = likelihoods(self.first.table, self.first.at)
        return np.asarray(np.exp(logs - logs.max(axis=1, keepdims=True)))

    @cached_property
    def left_out(self) -> float:
        """What the probabilities against the likeliest leave out of the log-likelihood."""
        top = likelihoods(self.first.table, self.first.at).max(axis=1)
        return float((top[self.pairs.pattern] + top[self.later]) @ self.pairs.weights)

    def in_parts(self, shares: Floats) -> Iterator[tuple[slice, Floats, Floats]]:
        """Some pairs at a time: which, their probability (r,), and the chance of each state given the pair (r, S)."""
        for begin in range(0, len(self.later), PATTERNS_AT_ONCE):
            some = slice(begin, begin + PATTERNS_AT_ONCE)
            now, later = self.given_class[self.pairs.pattern[some]], self.given_class[self.later[some]]
            joint = (now[:, :, None] * later[:, None, :]).reshape(len(now), -1) * shares
            marginal = joint.sum(axis=1)
            yield some, marginal, joint / marginal[:, None]

    def members(self, shares: Floats) -> Floats:
        """Expected weight of each state (S,)."""
        return np.asarray(sum(self.pairs.weights[some] @ state for some, _, state in self.in_parts(shares)))

    def by_em(self) -> Floats:
        """Shares of the states (S,) after some EM steps from classes that have nothing to do with one another."""
        shares = np.outer(self.first.at.shares, self.first.at.shares).ravel()
        for _ in range(EM_STEPS):
            shares = np.maximum(self.members(shares) / self.weight, LEAST_SHARE)
        return np.asarray(shares / shares.sum())

    def log_odds(self, shares: Floats) -> Floats:
        return np.delete(np.log(shares / shares[self.reference]), self.reference)

    def shares(self, at: Floats) -> Floats:
        odds = np.insert(at, self.reference, 0.0)
        shares = np.maximum(np.exp(odds - odds.max()), LEAST_SHARE)
        return np.asarray(shares / shares.sum())

    def height(self, at: Floats) -> float:
        shares = self.shares(at)
        total = sum(float(self.pairs.weights[some] @ np.log(marginal)) for some, marginal, _ in self.in_parts(shares))
        return float(total + self.left_out)

    def look(self, at: Floats) -> Look:
        """Height, slope and information, exactly (Louis 1982)."""
        shares, value = self.shares(at), self.left_out
        members, products = np.zeros(shares.size), np.zeros((shares.size, shares.size))
        for some, marginal, state in self.in_parts(shares):
            weights = self.pairs.weights[some]
            value += float(weights @ np.log(marginal))
            members += weights @ state
            products += (state * weights[:, None]).T @ state
        complete = self.weight * (np.diag(shares) - np.outer(shares, shares))
        whole = complete - np.diag(members) + products
        kept = np.arange(shares.size) != self.reference
        score = (members - self.weight * shares)[kept]
        return Look(value, score, whole[np.ix_(kept, kept)], np.diag(complete)[kept])

    def covariance(self, at: Floats, seen: Look, errors: Kind) -> Floats:
        """Covariance of the log odds (S - 1, S - 1), by child where the pairs have clusters; nan where there is none."""
        bread, untold = inverse(seen)
        shares = self.shares(at)
        if errors == "model":
            meat = seen.information
        else:
            each = np.vstack(
                [np.delete(state - shares, self.reference, axis=1) for _, _, state in self.in_parts(shares)]
            )
            meat = middle(each, self.pairs.weights, self.pairs.by_cluster)
        if self.first.rows != "known":
            bend = self.bend_of_first_step(shares)
            meat = meat + bend @ self.first.covariance() @ bend.T
        whole = bread @ meat @ bread
        whole[untold, :] = whole[:, untold] = np.nan
        return np.asarray(whole)

    def bend_of_first_step(self, shares: Floats) -> Floats:
        """Derivative of the score by the free log odds of the first step (S - 1, F1), by way of both assessments."""
        table, free, classes = self.first.table, self.first.free, self.first.at.classes
        bend = np.zeros((shares.size, len(free)))
        now, later = np.divmod(np.arange(shares.size), classes)
        for some, _, state in self.in_parts(shares):
            weighted = state * self.pairs.weights[some, None]
            for class_of, pattern in ((now, self.pairs.pattern[some]), (later, self.later[some])):
                rows = PatternTable(table.codes[pattern], np.ones(len(pattern)), table.levels)
                for _, _, by_class in class_scores(rows, self.first.at, free):  # as many at a time as here
                    for k, (mine, own) in enumerate(by_class):
                        of_class = class_of == k
                        moved = weighted * (of_class - state[:, of_class].sum(axis=1, keepdims=True))
                        bend[:, mine] += moved.T @ own
        bend[:, free < classes] = 0.0
        return np.delete(bend, self.reference, axis=0)

    def errors_of(self, shares: Floats, covariance: Floats) -> tuple[Floats, Floats]:
        """Standard errors of the initial shares (K,) and of the transition probabilities (K, K), by the delta method."""
        classes, size = self.first.at.classes, shares.size
        now = np.arange(size) // classes
        same = now[:, None] == now
        initial = np.bincount(now, shares)
        onward = shares / initial[now]
        of_initial = np.array([shares * ((now == k) - initial[k]) for k in range(classes)])
        of_onward = np.where(same, onward[:, None] * (np.eye(size) - onward), 0.0)
        slope = np.delete(np.vstack([of_initial, of_onward]), self.reference, axis=1)
        errors = np.sqrt(np.diag(carry_over(np.concatenate([initial, onward]), slope, covariance)))
        return errors[:classes], errors[classes:].reshape(classes, classes)
