"""From which class to which? A child's successive assessments, with what classification gets wrong taken out.

Two assessments of a child put into their likeliest classes differ for two reasons: the child's need has changed, or one
of them was misplaced. The second makes the naive table show far more change than there is. Here the classes are held as
found (two-step), and what is estimated is how common each two classes in a row are:

    P(pattern now, pattern next) = sum over k, l of share_kl P(pattern now | k) P(pattern next | l)

The shares are those of a mixture of known densities, so there is one maximum. Assessments of a child are taken two by
two (a pairwise likelihood; one transition table for all), and errors are by child.
Sources: Bakk and Kuha (2018), Psychometrika 83:871; Lindsay (1983), Ann. Stat. 11:86 (the bound on what is left to
gain); Varin, Reid and Firth (2011), Statistica Sinica 21:5 (pairwise likelihood).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from careloom.stats.latent_class.fitting.proof import Certificate
from careloom.stats.latent_class.following.measured import Measured
from careloom.stats.latent_class.following.newton import NEARLY_NOTHING, climb_by_newton
from careloom.stats.latent_class.following.second_step import Kind
from careloom.stats.latent_class.following.transition_likelihood import LEAST_SHARE, Moves
from careloom.stats.latent_class.model.likelihood import memberships
from careloom.stats.latent_class.rows.clusters import count_missing
from careloom.stats.latent_class.rows.pairs import Pairs
from careloom.stats.latent_class.rows.patterns import Floats

MOST_LEFT = 1e-4  # log-likelihood that another table might gain, at most, where a fit is called a maximum


@dataclass(frozen=True, eq=False)
class Transitions:
    """How children move between classes from one assessment to the next.

    ``initial`` (K,) shares of the classes at the earlier of two assessments; ``probabilities`` (K, K), of each class
    at the later given that at the earlier, rows summing to one; both with standard errors, nan where the data cannot
    tell. ``naive`` (K, K) is the table of likeliest classes, for comparison. ``weight`` is that of the pairs of
    assessments. The certificate's ``gain_left`` is the most that any other table could gain in log-likelihood.
    """

    initial: Floats
    initial_errors: Floats
    probabilities: Floats
    errors: Floats
    naive: Floats
    loglik: float
    weight: float
    certificate: Certificate

    @property
    def together(self) -> Floats:
        """Share of each two classes in a row (K, K)."""
        return self.initial[:, None] * self.probabilities

    @property
    def stayed(self) -> float:
        """Share of pairs of assessments of one and the same class."""
        return float(np.trace(self.together))


def successive(child: ArrayLike, when: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of successive assessments of the same child: (M,) of the earlier and (M,) of the later.

    ``child`` (N,) labels, ``when`` (N,) dates or numbers; of two on one day the one that comes first in the rows. Raises
    ValueError on other shapes, and where either is missing.

    >>> [rows.tolist() for rows in successive(["a", "b", "a", "a"], [3, 1, 1, 2])]
    [[2, 3], [3, 0]]
    """
    label, day = np.asarray(child), np.asarray(when)
    if label.ndim != 1 or label.shape != day.shape:
        raise ValueError(f"one child and one date a row are needed; got shapes {label.shape} and {day.shape}")
    missing = count_missing(label), count_missing(day)
    if any(missing):
        raise ValueError(f"{missing[0]} rows have no child and {missing[1]} no date: leave them out")
    who = np.unique(label, return_inverse=True)[1]
    order = np.lexsort((np.arange(who.size), day, who))
    same = who[order][1:] == who[order][:-1]
    return order[:-1][same], order[1:][same]


def fit_transitions(first: Measured, pairs: Pairs, *, errors: Kind = "robust") -> Transitions:
    """Estimate how children move between classes.

    ``pairs`` are from ``pair_up`` of the earlier assessment's pattern and, as the one value, the number of the later
    one's pattern; their clusters are the children. Not every assessment has a next one, so the rows of the first step
    count as other rows, unless its parameters are known.
    Raises ValueError for more values, and for patterns that the table does not have.
    """
    moves = Moves(first, pairs, later_of(first, pairs))
    begin = moves.by_em()
    moves = replace(moves, reference=int(begin.argmax()))
    at, seen, certificate = climb_by_newton(moves.look, moves.height, moves.log_odds(begin))
    if certificate.at_boundary:  # states on their way out go there, and the others take what they leave
        at = np.where(seen.complete <= NEARLY_NOTHING, np.log(LEAST_SHARE), at)
        at, seen, certificate = climb_by_newton(moves.look, moves.height, at)
    shares = moves.shares(at)
    left = moves.weight * max(float((moves.members(shares) / (moves.weight * shares)).max()) - 1.0, 0.0)
    if left > MOST_LEFT:
        certificate = replace(certificate, verdict="not converged")
    together = shares.reshape(first.at.classes, -1)
    initial = together.sum(axis=1)
    initial_errors, own_errors = moves.errors_of(shares, moves.covariance(at, seen, errors))
    return Transitions(
        initial=initial,
        initial_errors=initial_errors,
        probabilities=together / initial[:, None],
        errors=own_errors,
        naive=naive_table(first, pairs, moves.later),
        loglik=seen.value,
        weight=moves.weight,
        certificate=replace(certificate, gain_left=left),
    )


def later_of(first: Measured, pairs: Pairs) -> NDArray[np.intp]:
    """Pattern of the later assessment of each pair (R,)."""
    if pairs.values.shape[1] != 1:
        raise ValueError(f"the later pattern is the one column of values; the pairs have {pairs.values.shape[1]}")
    later = pairs.values[:, 0].astype(np.intp)
    patterns = len(first.table.weights)
    if (later != pairs.values[:, 0]).any() or later.min() < 0 or max(later.max(), pairs.pattern.max()) >= patterns:
        raise ValueError(f"patterns are given by their number in the table, from 0 to {patterns - 1}")
    return later


def naive_table(first: Measured, pairs: Pairs, later: NDArray[np.intp]) -> Floats:
    """Likeliest class now by likeliest class next (K, K), rows summing to one; nan for a class that nobody is put into."""
    modal = memberships(first.table.cells, first.at)[1].argmax(axis=1)
    table = np.zeros((first.at.classes, first.at.classes))
    np.add.at(table, (modal[pairs.pattern], modal[later]), pairs.weights)
    with np.errstate(invalid="ignore"):
        return np.asarray(table / table.sum(axis=1, keepdims=True))
