"""A Cox model of a class that was never seen, only guessed at: the guess and the outcome together say what it was.

Each row comes with the probability of each class given what the classes were found from (two-step method), or given the
class it was put into (three-step maximum likelihood). The likelihood sums over the classes; it is climbed by EM, each
M-step being a Cox model (ties after Breslow) of rows that belong to every class in part. Nothing is attenuated, as it is
when rows are put into their likeliest class and taken to belong there.

Errors come from the observed information of coefficients and of all steps of the baseline (Louis 1982), the baseline
eliminated; robust errors from each row's efficient score. What the classes were found from is taken as known.
Sources: Larsen (2004), Stat. Med. 23:3319; Bakk and Kuha (2018), Psychometrika 83:871; Vermunt (2010), Political Analysis 18:450.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from careloom.stats.survival.cox import check_design
from careloom.stats.survival.latent_cox_errors import covariances
from careloom.stats.survival.likelihood import Evaluation, Scaled, evaluate, scale, upward
from careloom.stats.survival.risk_sets import Membership, RiskSets, Rows, checked_cox_rows, count_risk_sets
from careloom.stats.survival.rows import Floats
from careloom.stats.survival.soft_classes import check_memberships, with_classes

ENOUGH = 1e-8  # log-likelihood that the last round of EM may gain
MOST_ROUNDS = 2000


@dataclass(frozen=True)
class LatentCoxFit:
    """Coefficients in the order of `names`, the classes last; `memberships` (n, K) after the outcome was seen.

    `covariance` from the observed information; `robust_covariance` summed over clusters.
    """

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    robust_covariance: Floats
    loglik: float
    memberships: Floats
    rounds: int
    converged: bool


@dataclass(frozen=True)
class Round:
    """Where EM stands: the risk sets of the memberships that the E-step gave, and the Cox model on them."""

    sets: RiskSets
    at: Evaluation
    memberships: Floats
    loglik: float


def fit_cox_latent(
    design: ArrayLike,
    pattern: ArrayLike,
    exit_days: ArrayLike,
    is_event: ArrayLike,
    prior: ArrayLike,
    prior_of: ArrayLike | None = None,
    *,
    names: Sequence[str],
    classes: Sequence[str],
    reference: int = 0,
    entry_days: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> LatentCoxFit:
    """Fit a Cox model of covariates and a latent class.

    prior: (n, K) probability of each class before the outcome is seen, or (M, K) with `prior_of` (n,) saying which of
    them each row has; rows sum to one. The outcome must depend on what the classes were found from through the class
    alone. The other arguments and errors as `fit_cox_soft`; by default each row is a cluster.
    """
    x, table = np.asarray(design, dtype=np.float64), np.asarray(prior, dtype=np.float64)
    own = np.arange(np.shape(pattern)[0]) if prior_of is None else np.asarray(prior_of)
    check_memberships(table, own, len(np.asarray(pattern)), len(classes))
    if (table < 0).any():
        raise ValueError("a prior is a probability: weights that undo errors of assignment are for fit_cox_soft")
    rows = checked_cox_rows(
        pattern, exit_days, is_event, patterns=len(x), entry_days=entry_days, stratum=stratum, weights=weights
    )
    both, all_names = with_classes(x, names, classes, reference)
    check_design(both, np.zeros(len(both)), all_names, "breslow")
    who = np.arange(own.size) if cluster is None else np.unique(np.asarray(cluster), return_inverse=True)[1]
    scaled, found, rounds, converged = _em(rows, both, table[own], all_names)
    covariance, robust = covariances(found.sets, scaled, found.at, found.memberships, who)
    width = np.outer(scaled.width, scaled.width)
    return LatentCoxFit(
        all_names,
        found.at.beta / scaled.width,
        covariance / width,
        robust / width,
        found.loglik,
        found.memberships,
        rounds,
        converged,
    )


def _em(rows: Rows, both: Floats, prior: Floats, names: Sequence[str]) -> tuple[Scaled, Round, int, bool]:
    """Rounds of EM until one gains hardly anything; where the design is centred, the last round, how many, and whether it ended."""
    every = np.arange(len(prior))

    def counted(memberships: Floats) -> RiskSets:
        return count_risk_sets(
            rows, patterns=len(both) // prior.shape[1], efron=False, membership=Membership(memberships, every)
        )

    start = counted(prior)
    scaled = scale(both, np.zeros(len(both)), start, names)

    def one_round(memberships: Floats, beta: Floats) -> Round:
        sets = counted(memberships)
        at = _m_step(sets, scaled, beta)
        belongs, loglik = _e_step(sets, at, prior)
        return Round(sets, at, belongs, loglik)

    now = one_round(prior, np.zeros(both.shape[1]))
    for number in range(2, MOST_ROUNDS + 1):
        then = one_round(now.memberships, now.at.beta)
        gain = then.loglik - now.loglik
        now = then
        if gain < ENOUGH:
            return scaled, now, number, True
    return scaled, now, MOST_ROUNDS, False


def _m_step(sets: RiskSets, scaled: Scaled, beta: Floats) -> Evaluation:
    """The Cox model at given memberships, from where the last one ended."""
    now = evaluate(sets, scaled, beta)
    for _ in range(10):
        step = np.linalg.solve(now.information, now.score)
        if float(step @ now.score) < ENOUGH / 100:
            break
        now = upward(lambda at: evaluate(sets, scaled, at), now, np.asarray(step, dtype=np.float64))
    return now


def _e_step(sets: RiskSets, at: Evaluation, prior: Floats) -> tuple[Floats, float]:
    """Memberships (n, K) now that the outcome is seen, and the log-likelihood of all rows."""
    rows = sets.rows
    cumulative = np.concatenate(([0.0], np.cumsum(at.a)))
    hazard = cumulative[sets.last] - cumulative[sets.first]
    ratio = at.r.reshape(-1, prior.shape[1])[rows.pattern]
    log_own = np.where(rows.is_event[:, None], np.log(ratio), 0.0) - ratio * hazard[:, None]
    top = log_own.max(axis=1)
    joint = prior * np.exp(log_own - top[:, None])
    total = joint.sum(axis=1)
    own = sets.last[rows.is_event] - 1
    loglik = rows.weight @ (top + np.log(total)) + rows.weight[rows.is_event] @ np.log(at.a[own])
    return joint / total[:, None], float(loglik)
