"""From patterns to classes and on to other questions, with what assignment gets wrong taken into account.

A row put into its likeliest class may belong to another, and whatever is then compared between classes is blurred.
How often that happens is known from the model itself: D[k, s], the chance that a row of class k is put into class s.
It can be undone by weights (BCH) or built into the likelihood of the third step (ML).
Sources: Bolck, Croon and Hagenaars (2004), Political Analysis 12:3; Vermunt (2010), Political Analysis 18:450.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from careloom.stats.latent_class.model.likelihood import memberships
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable

Assignment = Literal["modal", "proportional"]

MOST_BLURRED = 1e8  # condition number beyond which the classification errors cannot be undone


def assign(belongs: Floats, by: Assignment) -> Floats:
    """How each row is divided over the classes (R, K): all to the likeliest (of two alike the first), or as it belongs."""
    if by == "proportional":
        return belongs
    return np.asarray(np.eye(belongs.shape[1])[belongs.argmax(axis=1)])


def classification_error(belongs: Floats, weights: Floats, by: Assignment) -> Floats:
    """D (K, K): row k says how rows of class k are divided over the classes by assignment; rows sum to one.

    ``belongs`` (R, K) membership probabilities, ``weights`` (R,). Raises ValueError when a class has no members.
    """
    together = (belongs * weights[:, None]).T @ assign(belongs, by)
    members = together.sum(axis=1, keepdims=True)
    if (members <= 0).any():
        raise ValueError(f"classes {np.flatnonzero(members <= 0).tolist()} (from 0) have no members")
    return np.asarray(together / members)


def undo(error: Floats) -> Floats:
    """The inverse of D (K, K). Raises ValueError when assignment mixes classes so that no weights take them apart."""
    if not np.linalg.cond(error) < MOST_BLURRED:
        never = np.flatnonzero(error.max(axis=0) <= 0).tolist()
        why = f"no row is put into classes {never} (from 0)" if never else "classes are mixed beyond recognition"
        raise ValueError(f"{why}: assign proportionally or use the two-step method, or fit fewer classes")
    return np.asarray(np.linalg.inv(error), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class StepWeights:
    """For each pattern, what each method makes of its class (P, K); and the classification errors behind (K, K).

    As weights of one copy of the row for each class: ``modal`` and ``proportional`` are naive, ``bch_modal`` and
    ``bch_proportional`` undo the errors (many are negative; rows sum to one). As likelihoods, to be multiplied by the
    class's own share and its likelihood of the outcome: ``ml_modal`` is the chance of being assigned as it was,
    ``two_step`` the chance of the pattern itself, against that of the likeliest class.
    """

    modal: Floats
    proportional: Floats
    bch_modal: Floats
    bch_proportional: Floats
    ml_modal: Floats
    two_step: Floats
    error_modal: Floats
    error_proportional: Floats


def step_weights(table: PatternTable, at: Parameters) -> StepWeights:
    """All that a model of a later outcome, such as the time to the next referral, needs to know of the patterns.

    Raises ValueError when classes are mixed so that their errors cannot be undone.
    """
    belongs = memberships(table.cells, at)[1]
    modal, given_class = assign(belongs, "modal"), likelihoods(table, at)
    error, error_shared = (classification_error(belongs, table.weights, by) for by in ("modal", "proportional"))
    return StepWeights(
        modal=modal,
        proportional=belongs,
        bch_modal=modal @ undo(error),
        bch_proportional=belongs @ undo(error_shared),
        ml_modal=modal @ error.T,
        two_step=np.exp(given_class - given_class.max(axis=1, keepdims=True)),
        error_modal=error,
        error_proportional=error_shared,
    )


def likelihoods(table: PatternTable, at: Parameters) -> Floats:
    """Log-probability of each pattern in each class (P, K); 0 with nothing observed."""
    logs = np.vstack([at.log_probabilities, np.zeros(at.classes)])
    total = np.zeros((len(table.weights), at.classes))
    for column in table.cells.T:
        total += logs[column]
    return total


def draw_classes(belongs: Floats, row_of: ArrayLike, draws: int, seed: int) -> NDArray[np.int16]:
    """Pseudo-classes (M, N): each row's class drawn M times by its membership probabilities.

    ``belongs`` (P, K) by pattern, ``row_of`` (N,) the pattern of each row; for weighted pairs, draw for their rows.
    What is then compared between drawn classes is still blurred, as the outcome had no part in the drawing: the draws
    show the uncertainty of who belongs where, they do not remove the bias (Bray, Lanza and Tan 2015, SEM 22:1).
    """
    if draws < 1:
        raise ValueError(f"at least one draw is needed; got {draws}")
    random = np.random.default_rng(seed)
    upto = np.cumsum(belongs, axis=1)[:, :-1]  # the last class takes what is left, whatever the rounding
    pattern = np.asarray(row_of)
    drawn = np.zeros((draws, pattern.size), dtype=np.int16)
    for draw in drawn:
        chance = random.random(pattern.size)
        for limit in upto.T:
            draw += chance >= limit[pattern]
    return drawn


@dataclass(frozen=True, eq=False)
class Combined:
    """Estimates (F,) of several draws as one, their covariance (F, F), and the degrees of freedom of each (F,)."""

    estimates: Floats
    covariance: Floats
    degrees_of_freedom: Floats

    @property
    def std_errors(self) -> Floats:
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def combine_draws(estimates: ArrayLike, covariances: ArrayLike) -> Combined:
    """Rubin's rules: the mean estimate; the mean covariance and (1 + 1/M) times that between the draws.

    ``estimates`` (M, F), ``covariances`` (M, F, F), at least two draws. Source: Rubin (1987), Multiple Imputation for
    Nonresponse in Surveys, ch. 3.

    >>> combine_draws([[1.0], [3.0]], [[[0.5]], [[0.5]]]).covariance.tolist()  # 0.5 + 1.5 times the variance 2
    [[3.5]]
    """
    found, within = np.asarray(estimates, dtype=np.float64), np.asarray(covariances, dtype=np.float64)
    if found.ndim != 2 or len(found) < 2 or within.shape != (*found.shape, found.shape[1]):
        raise ValueError(f"two draws or more of estimates and covariances; got shapes {found.shape} and {within.shape}")
    draws = len(found)
    apart = found - found.mean(axis=0)
    added = (1.0 + 1.0 / draws) * (apart.T @ apart) / (draws - 1.0)
    inside = within.mean(axis=0)
    with np.errstate(divide="ignore"):
        degrees = (draws - 1.0) * (1.0 + np.diag(inside) / np.diag(added)) ** 2
    return Combined(found.mean(axis=0), inside + added, degrees)
