"""Kinds of groups: authorities of one kind have their classes in the same sizes, and nobody says beforehand which is which.

    P(rows of group g) = sum over kinds h of share_h times the product over its rows of
                         sum over classes k of share_hk P(answers given k)

The classes are the same everywhere. EM with the kind of each group as what is not seen: given how likely each group is
of each kind, its rows are dealt to the kinds in these parts, and what is left is a fit with sizes free by kind. Groups
are large and their kinds soon all but certain, so a few rounds do. A pattern has one likelihood for each kind, whatever
the group it is from: going up from patterns to groups is one product with their sparse weights.
Source: Vermunt (2003), Sociological Methodology 33:213, with classes of groups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import logsumexp

from careloom.stats.class_agreement import adjusted_rand_index
from careloom.stats.latent_class.fitting.search import in_threads
from careloom.stats.latent_class.groups.by_group import ClassesByGroup, fit_by_group
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.grouped_patterns import GroupedPatterns, group_weights
from careloom.stats.latent_class.rows.patterns import MISSING, Floats

SEARCH_STEPS = 200
STILL = 1e-4  # the search ends when a step brings less log-likelihood than this
MOST_ROUNDS = 200
GAIN_LEFT = 1e-6  # log-likelihood that further rounds may still bring, judged by how fast the last ones slowed down
NOBODY = 1e-12  # parts of a group smaller than this are not dealt


@dataclass(frozen=True, eq=False)
class KindsOfGroups:
    """Kinds of groups, the commonest first.

    ``kind_shares`` (L,) of the groups; ``shares`` (L, K) of the classes in each kind; ``belongs`` (G, L) how likely
    each group is of each kind; ``classes`` the classes, with their sizes among all rows. ``at_best`` of ``starts``
    starts sorted the groups alike. ``gain_left`` is the log-likelihood that more rounds might still bring.
    """

    classes: Parameters
    kind_shares: Floats
    shares: Floats
    belongs: Floats
    loglik: float
    n_parameters: int
    gain_left: float
    starts: int
    at_best: int

    @property
    def converged(self) -> bool:
        return self.gain_left < GAIN_LEFT

    @property
    def kind_of(self) -> NDArray[np.intp]:
        """The likeliest kind of each group (G,)."""
        return np.asarray(self.belongs.argmax(axis=1))


@dataclass(frozen=True, eq=False)
class Upward:
    """How likely each group is of each kind (G, L), the log-likelihood, and the sizes that the rows then suggest (L, K)."""

    belongs: Floats
    loglik: float
    shares: Floats


def fit_kinds(
    grouped: GroupedPatterns,
    begin: ClassesByGroup,
    kinds: int,
    *,
    starts: int = 10,
    seed: int = 1,
    threads: int | None = None,
) -> KindsOfGroups:
    """Fit ``kinds`` kinds of groups, from the classes of a fit with sizes free by group.

    Each start puts every group with the likest of some groups drawn at random, by the sizes of their classes, and
    improves on it with the classes as they are; from the best the classes are refitted too. Raises ValueError when there
    are fewer groups than kinds.
    """
    if not 1 <= kinds <= grouped.groups or starts < 1:
        raise ValueError(f"{kinds} kinds among {grouped.groups} groups, from {starts} starts: at least one each")
    likelihood = likelihood_by_class(grouped, begin.common)

    def go(number: int) -> tuple[Upward, Floats]:
        return search_kinds(grouped, likelihood, begin, kinds, np.random.default_rng([seed, kinds, number]))

    ends = in_threads(go, range(starts if kinds > 1 else 1), threads)
    best = max(ends, key=lambda end: end[0].loglik)
    at_best = sum(adjusted_rand_index(*(one[0].belongs.argmax(axis=1) for one in (best, end))) == 1.0 for end in ends)
    fit, up, kind_shares, gain = refit_classes(grouped, begin.common, best[0])
    order = np.argsort(-kind_shares, kind="stable")
    return KindsOfGroups(
        classes=fit.common,
        kind_shares=kind_shares[order],
        shares=fit.shares[order],
        belongs=up.belongs[:, order],
        loglik=up.loglik,
        n_parameters=kinds - 1 + fit.n_parameters,
        gain_left=gain,
        starts=len(ends),
        at_best=at_best,
    )


def search_kinds(
    grouped: GroupedPatterns,
    likelihood: tuple[Floats, Floats],
    begin: ClassesByGroup,
    kinds: int,
    random: np.random.Generator,
) -> tuple[Upward, Floats]:
    """EM with the classes held, from groups put with others; where it ends, and the shares of the kinds."""
    sizes = np.sqrt(begin.shares)  # on this scale chance moves large and small classes alike
    centres = sizes[random.choice(len(sizes), kinds, replace=False)]
    labels = ((sizes[:, None, :] - centres) ** 2).sum(axis=2).argmin(axis=1)
    kind_shares = (np.bincount(labels, minlength=kinds) + 1.0) / (len(labels) + kinds)
    members = np.tile(begin.common.shares, (kinds, 1))  # one average group in each kind: none is empty
    np.add.at(members, labels, begin.shares)
    shares, reached = members / members.sum(axis=1, keepdims=True), -np.inf
    for _ in range(SEARCH_STEPS):
        up = go_up(grouped, likelihood, kind_shares, shares)
        if up.loglik - reached < STILL:
            break
        reached, kind_shares, shares = up.loglik, up.belongs.mean(axis=0), up.shares
    return up, kind_shares


def refit_classes(
    grouped: GroupedPatterns, common: Parameters, up: Upward
) -> tuple[ClassesByGroup, Upward, Floats, float]:
    """Rounds of EM with the classes refitted in each; the fit by kind, where it ends, shares of kinds, gain left."""
    reached, gain, shares = -np.inf, np.inf, up.shares
    for _ in range(MOST_ROUNDS):
        kind_shares = up.belongs.mean(axis=0)
        fit = fit_by_group(deal_to_kinds(grouped, up.belongs), common, shares=shares)
        common, shares = fit.common, fit.shares
        up = go_up(grouped, likelihood_by_class(grouped, common), kind_shares, shares)
        before, gain, reached = gain, up.loglik - reached, up.loglik
        # Rounds that shrink by the same factor bring, in all, a geometric series more.
        left = gain * gain / (before - gain) if np.isfinite(before) and before > gain else gain
        if left < GAIN_LEFT:
            break
    return fit, up, kind_shares, max(left, fit.gain_left)


def deal_to_kinds(grouped: GroupedPatterns, belongs: Floats) -> GroupedPatterns:
    """The rows of all groups, each group's in the parts (G, L) in which it belongs to the kinds; the kinds as groups."""
    if not (belongs > NOBODY).any(axis=0).all():
        raise ValueError(f"not one group is left in one of {belongs.shape[1]} kinds: ask for fewer")
    parts = csr_array(np.where(belongs > NOBODY, belongs, 0.0))
    return group_weights(grouped.table, parts.T @ grouped.weights)


def likelihood_by_class(grouped: GroupedPatterns, at: Parameters) -> tuple[Floats, Floats]:
    """Log-likelihood of each pattern in its likeliest class (P,), and by class as a share of that (P, K)."""
    table = grouped.table
    seen = table.codes != MISSING
    starts = np.concatenate([[0], np.cumsum(seen.sum(axis=1))])
    answers = csr_array((np.ones(int(seen.sum())), table.cells[seen], starts), shape=(len(seen), table.sizes.sum()))
    logs = answers @ at.log_probabilities
    top = logs.max(axis=1)
    return top, np.exp(logs - top[:, None])


def go_up(grouped: GroupedPatterns, likelihood: tuple[Floats, Floats], kind_shares: Floats, shares: Floats) -> Upward:
    """From patterns to groups, and back down to the sizes of the classes in each kind."""
    top, by_class = likelihood
    by_kind = by_class @ shares.T
    with np.errstate(divide="ignore"):
        of_groups = grouped.weights @ (np.log(by_kind) + top[:, None]) + np.log(kind_shares)
    loglik = logsumexp(of_groups, axis=1)
    belongs = np.exp(of_groups - loglik[:, None])
    members = shares * (((grouped.weights.T @ belongs) / by_kind).T @ by_class)
    with np.errstate(invalid="ignore"):
        new = members / members.sum(axis=1, keepdims=True)
    return Upward(belongs, float(loglik.sum()), np.where(np.isfinite(new), new, shares))
