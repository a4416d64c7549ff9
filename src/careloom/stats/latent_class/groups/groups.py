"""Would each group, on its own, have come to the same classes? (The configural question.)

Each group with enough rows gets a fit of its own, climbed to from the classes of all groups together and from random
starts, and its classes are paired with theirs. A class is *found* in a group when its partner there is the same or
similar. Two answers stand side by side: the best the group's rows could be brought to, and the best near the common
classes; in a small group the first can beat the second by a few units of log-likelihood and look quite different.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.stats.class_agreement import adjusted_rand_index, cohens_kappa
from careloom.stats.latent_class.fitting.climb import GAIN_LEFT, Climb, climb_to_end
from careloom.stats.latent_class.fitting.proof import settle
from careloom.stats.latent_class.fitting.search import in_threads
from careloom.stats.latent_class.fitting.starts import starting_point
from careloom.stats.latent_class.following.sizes import with_shares
from careloom.stats.latent_class.groups.congruence import SIMILAR, MatchedClasses, match_solutions
from careloom.stats.latent_class.model.belonging import modal_classes
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.grouped_patterns import GroupedPatterns
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable

LEAST_ROWS = 2000


@dataclass(frozen=True, eq=False)
class OwnClasses:
    """Classes fitted to one group alone, in the order of the common classes that they were matched to.

    ``adjusted_rand`` and ``kappa`` compare the group's rows as its own classes sort them with the rows as the common
    classes do; each row goes to its likeliest class.
    """

    parameters: Parameters
    loglik: float
    converged: bool
    matched: MatchedClasses
    adjusted_rand: float
    kappa: float


@dataclass(frozen=True, eq=False)
class GroupFit:
    """What one group came to. ``best``: from any start; ``near``: from the common classes; often they are the same."""

    group: int
    n: float
    n_parameters: int
    best: OwnClasses
    near: OwnClasses


@dataclass(frozen=True, eq=False)
class GroupFits:
    """Fits of all groups with enough rows; ``too_small`` are the numbers of the others."""

    fits: tuple[GroupFit, ...]
    too_small: tuple[int, ...]

    @property
    def loglik(self) -> float:
        return sum(fit.best.loglik for fit in self.fits)

    @property
    def n_parameters(self) -> int:
        return sum(fit.n_parameters for fit in self.fits)

    @property
    def converged(self) -> bool:
        return all(fit.best.converged for fit in self.fits)

    def congruence(self, *, near: bool = False) -> Floats:
        """Tucker's congruence of each class with its partner in each group (groups fitted, K)."""
        return np.array([(fit.near if near else fit.best).matched.congruence for fit in self.fits])

    def found_in(self, *, near: bool = False) -> Floats:
        """Share of the groups fitted in which each class is found (K,)."""
        return np.asarray((self.congruence(near=near) >= SIMILAR).mean(axis=0))


def fit_groups(
    grouped: GroupedPatterns,
    common: Parameters,
    *,
    starts: int = 5,
    least: float = LEAST_ROWS,
    seed: int = 1,
    shares: Floats | None = None,
    threads: int | None = None,
) -> GroupFits:
    """Fit as many classes as ``common`` has to every group with at least ``least`` rows and as many patterns.

    ``starts`` random starts a group, besides the one from the common classes; none where an item was never observed
    in the group: what the group says nothing of stays as it is in common. ``shares`` (G, K) are the sizes to begin
    with, those in common when not given. Raises ValueError when no group is large enough.
    """
    large = large_enough(grouped, common.classes, least)
    begin = np.tile(common.shares, (grouped.groups, 1)) if shares is None else shares

    def go(group: int) -> GroupFit:
        from_common = with_shares(common, begin[group])
        return fit_group(grouped, group, common, from_common, starts=starts, seed=seed)

    fits = in_threads(go, np.flatnonzero(large).tolist(), threads)
    return GroupFits(tuple(fits), tuple(np.flatnonzero(~large).tolist()))


def large_enough(grouped: GroupedPatterns, classes: int, least: float) -> NDArray[np.bool_]:
    """Which groups can have a fit of their own (G,); raises ValueError when none can."""
    large = (grouped.sizes >= least) & (np.diff(grouped.weights.indptr) >= classes)
    if not large.any():
        raise ValueError(f"no group has {least:g} rows and {classes} patterns")
    return np.asarray(large)


def fit_group(
    grouped: GroupedPatterns, group: int, common: Parameters, begin: Parameters, *, starts: int, seed: int
) -> GroupFit:
    table = grouped.table_of(group)
    objective = PatternObjective(table)
    near = reach(objective, begin)
    afresh = starts if table.seen.all() else 0
    others = [reach(objective, starting_point(table, common.classes, seed, number)[1]) for number in range(afresh)]
    best = max([near, *others], key=lambda climb: climb.point.value)
    prevalence = grouped.table.prevalence
    own_near = compare(table, near, common, prevalence)
    own_best = own_near if best is near else compare(table, best, common, prevalence)
    return GroupFit(group, float(grouped.sizes[group]), count_parameters(table, common.classes), own_best, own_near)


def reach(objective: PatternObjective, start: Parameters) -> Climb:
    return settle(objective, climb_to_end(objective, start))


def compare(table: PatternTable, found: Climb, common: Parameters, prevalence: Floats) -> OwnClasses:
    matched = match_solutions(common, found.point.at, prevalence)
    own = found.point.at.in_order(matched.order)
    ours, theirs = modal_classes(table, common), modal_classes(table, own)
    weights = np.where(table.observed, table.weights, 0.0)  # rows with nothing observed agree whatever the classes
    return OwnClasses(
        parameters=own,
        loglik=found.point.loglik,
        converged=found.gain_left < GAIN_LEFT,
        matched=matched,
        adjusted_rand=adjusted_rand_index(ours, theirs, weights),
        kappa=cohens_kappa(ours, theirs, weights),
    )


def count_parameters(table: PatternTable, classes: int) -> int:
    """Parameters of a fit to this table: those of items never observed in it do not count."""
    return int(classes - 1 + classes * (table.sizes[table.seen > 0] - 1).sum())
