"""What goes with the classes: models of things outside the items, with the measurement of the classes held as found.

The classes are not seen, so each method says what it makes of a pattern. It divides the pattern over assignments s by
shares a_s and attaches to each assignment a contribution to what is maximised, from l_k, the external model's
log-density of class k and of the row's other values:

    two-step                 one assignment: log sum_k P(pattern | k) exp(l_k)      Bakk and Kuha (2018), Psychometrika 83:871
    ML modal, proportional   log sum_k D[k, s] exp(l_k)                             Vermunt (2010), Pol. Anal. 18:450
    BCH modal, proportional  sum_k Dinv[s, k] l_k                                   Bolck, Croon and Hagenaars (2004), Pol. Anal. 12:3
    modal, proportional      l_s, as if nobody were misplaced (naive)

In each the derivative is a sum over classes of m_sk times the derivative of l_k: m is the chance of the class given the
row for the likelihood methods, and the weights themselves for the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.following.newton import Look
from careloom.stats.latent_class.following.three_step import Assignment, assign, classification_error, likelihoods, undo
from careloom.stats.latent_class.model.likelihood import memberships
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.pairs import Pairs
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable

Method = Literal[
    "two-step", "ML modal", "ML proportional", "BCH modal", "BCH proportional", "modal", "proportional"
]  # fmt: skip

LIKELIHOOD_METHODS = ("two-step", "ML modal", "ML proportional")
NUMBERS_AT_ONCE = 2**21  # held for some pairs at a time, so that memory does not grow with the rows


class External(Protocol):
    """A model of what is outside the items, given the class, with F parameters; ``some`` are r of the pairs."""

    @property
    def parameters(self) -> int:
        """F."""

    def logs(self, at: Floats, some: slice) -> Floats:
        """Log-density of each class and of the row's values in it (r, K)."""

    def slopes(self, at: Floats, some: slice) -> Floats:
        """Derivative of the log-densities by the parameters (r, K, F)."""

    def bend(self, at: Floats, some: slice, weights: Floats) -> Floats:
        """Minus the second derivative, summed over pairs and classes with weights (r, K): (F, F)."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a method makes of the patterns: assignments (P, S), their shares (P, S), and ``known`` (., K) by assignment.

    ``known`` holds log-likelihoods for the likelihood methods, else the weights of the classes. ``error`` (K, K) is D.
    """

    method: Method
    assigned: NDArray[np.intp]
    shares: Floats
    known: Floats
    error: Floats

    @property
    def is_likelihood(self) -> bool:
        return self.method in LIKELIHOOD_METHODS

    @property
    def by(self) -> Assignment:
        return "proportional" if self.method.endswith("proportional") else "modal"

    def divide(self, logs: Floats, pattern: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """For r pairs with log-densities (r, K): the contribution of each assignment (r, S), and m (r, S, K)."""
        known = self.known[self.assigned[pattern]]
        if not self.is_likelihood:
            return np.einsum("rsk,rk->rs", known, logs), known
        joint = known + logs[:, None, :]
        top = joint.max(axis=2, keepdims=True)
        np.exp(joint - top, out=joint)
        marginal = joint.sum(axis=2, keepdims=True)
        joint /= marginal
        return (top + np.log(marginal))[:, :, 0], joint


def evidence(table: PatternTable, at: Parameters, method: Method) -> Evidence:
    """What this method makes of the patterns of the table the classes were found from.

    Raises ValueError for a method that is not known, and when classification errors cannot be undone.
    """
    if method not in get_args(Method):
        raise ValueError(f"there is no method {method!r}; there are {', '.join(get_args(Method))}")
    belongs = memberships(table.cells, at)[1]
    by: Assignment = "proportional" if method.endswith("proportional") else "modal"
    error = classification_error(belongs, table.weights, by)
    patterns, classes = belongs.shape
    if method == "two-step":
        alone = np.arange(patterns)[:, None]
        return Evidence(method, alone, np.ones((patterns, 1)), likelihoods(table, at), error)
    known = np.eye(classes)
    if method.startswith("BCH"):
        known = undo(error)
    if method.startswith("ML"):
        with np.errstate(divide="ignore"):
            known = np.log(error.T)
    if by == "modal":
        return Evidence(method, belongs.argmax(axis=1)[:, None], np.ones((patterns, 1)), known, error)
    everyone = np.tile(np.arange(classes), (patterns, 1))
    return Evidence(method, everyone, assign(belongs, by), known, error)


@dataclass(frozen=True, eq=False)
class Part:
    """Some of the pairs: weight of each assignment (r, S), m (r, S, K), the class weights (r, K), slopes (r, K, F)."""

    some: slice
    value: float
    weights: Floats
    m: Floats
    belief: Floats
    slopes: Floats

    @property
    def by_assignment(self) -> Floats:
        """Slope of each assignment's contribution (r, S, F)."""
        return self.m @ self.slopes


def in_parts(model: External, known: Evidence, pairs: Pairs, at: Floats) -> Iterator[Part]:
    classes = known.known.shape[1]
    at_once = max(1, NUMBERS_AT_ONCE // (classes * (classes + model.parameters)))
    for first in range(0, len(pairs.weights), at_once):
        some = slice(first, first + at_once)
        pattern = pairs.pattern[some]
        contributions, m = known.divide(model.logs(at, some), pattern)
        weights = known.shares[pattern] * pairs.weights[some, None]
        belief = np.einsum("rs,rsk->rk", weights, m)
        yield Part(some, float((weights * contributions).sum()), weights, m, belief, model.slopes(at, some))


def height(model: External, known: Evidence, pairs: Pairs, at: Floats) -> float:
    """What is maximised, alone."""
    total, at_once = 0.0, max(1, NUMBERS_AT_ONCE // known.known.shape[1] ** 2)
    for first in range(0, len(pairs.weights), at_once):
        some = slice(first, first + at_once)
        contributions = known.divide(model.logs(at, some), pairs.pattern[some])[0]
        total += float((known.shares[pairs.pattern[some]] * contributions).sum(axis=1) @ pairs.weights[some])
    return total


def look(model: External, known: Evidence, pairs: Pairs, at: Floats) -> Look:
    """The height and its derivatives; what not seeing the class takes from the information is that of Louis (1982)."""
    value, score = 0.0, np.zeros(model.parameters)
    complete, lost = (np.zeros((model.parameters, model.parameters)) for _ in range(2))
    for part in in_parts(model, known, pairs, at):
        value += part.value
        score += np.einsum("rk,rkf->f", part.belief, part.slopes)
        complete += model.bend(at, part.some, part.belief)
        if known.is_likelihood:
            lost += squares(part.slopes, part.belief) - squares(part.by_assignment, part.weights)
    return Look(value, score, complete - lost, np.diag(complete).copy())


def squares(vectors: Floats, weights: Floats) -> Floats:
    """Weighted sum of the outer products of vectors (r, S, F) with themselves (F, F)."""
    flat = vectors.reshape(-1, vectors.shape[2])
    return flat.T @ (flat * weights.reshape(-1, 1))
