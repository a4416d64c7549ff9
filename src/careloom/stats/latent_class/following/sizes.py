"""The sizes of classes that are known: those with which rows are likeliest while all else stays.

    sum over patterns of weight x log (sum over k of size_k P(pattern | k)) is to be as large as it can be

over sizes of 0 or more that sum to one. It has one top only, but EM creeps towards it where classes overlap or a size goes
to 0. So each step goes to the top of the parabola that fits the surface, no size being below 0: a problem of least
squares. Taking off weight x (sum of sizes) makes them sum to one of themselves. What is left to gain is never more than
the weight times how far the largest mean of P(pattern | k) / P(pattern) exceeds one, and that is what ends the climb.
Sources: Kim, Carbonetto, Stephens and Anitescu (2020), J. Comput. Graph. Stat. 29:261; Lindsay (1983), Ann. Stat. 11:86.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import nnls

from careloom.stats.latent_class.following.three_step import likelihoods
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable

MOST_STEPS = 200
ENOUGH = 1e-6  # total log-likelihood that other sizes may at most still gain
EM_STEPS = 10
HALVINGS = 20
ALIKE = 1e-13  # of the bend: keeps classes that are exactly alike from making it singular


def likeliest_sizes(table: PatternTable, at: Parameters) -> tuple[Floats, float]:
    """The sizes (K,) that make the table's rows likeliest, and the most log-likelihood that others could still gain.

    The sizes in ``at`` have no say. Rows with nothing observed say nothing.
    """
    logs = likelihoods(table, at)
    given = np.exp(logs - logs.max(axis=1, keepdims=True))
    return climb_in_sizes(given, table.weights)


def climb_in_sizes(given: Floats, weights: Floats) -> tuple[Floats, float]:
    """The same from ``given`` (P, K), how likely each pattern is in each class, times any number for each pattern."""
    total, sizes = float(weights.sum()), np.full(given.shape[1], 1.0 / given.shape[1])

    def height(at: Floats) -> float:
        with np.errstate(divide="ignore"):
            return float(weights @ np.log(given @ at)) - total * float(at.sum())

    for step in range(MOST_STEPS):
        ratio = given / (given @ sizes)[:, None]
        pull = weights @ ratio
        left = float(pull.max()) * float(sizes.sum()) - total
        if left < ENOUGH:
            break
        to = sizes * pull / total  # where a step of EM leads
        if step >= EM_STEPS:
            best = top_of_parabola(pull - total, (ratio * weights[:, None]).T @ ratio, sizes)
            ways = (sizes + 0.5**halving * (best - sizes) for halving in range(HALVINGS))
            to = next((way for way in ways if height(way) > height(sizes)), to)
        sizes = to
    return sizes / sizes.sum(), max(left, 0.0)


def top_of_parabola(slope: Floats, bend: Floats, at: Floats) -> Floats:
    """Where a surface with this slope (K,) and downward bend (K, K) is highest, with nothing below 0."""
    scale = np.sqrt(np.maximum(np.diag(bend), 1e-200))  # 0 for a class that no pattern can be of
    even = bend / np.outer(scale, scale)
    root = np.linalg.cholesky(even + ALIKE * np.eye(scale.size))
    target = solve_triangular(root, slope / scale + even @ (at * scale), lower=True)
    return np.asarray(nnls(root.T, target, maxiter=100 * scale.size)[0] / scale)


def with_shares(at: Parameters, shares: Floats) -> Parameters:
    """The same classes in other sizes (K,)."""
    with np.errstate(divide="ignore"):
        return at.like(np.concatenate([np.log(shares), at.log_probabilities.ravel()]))
