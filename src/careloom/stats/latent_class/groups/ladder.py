"""The invariance ladder: from *the same classes in the same sizes everywhere* to *every group its own*.

same            one set of classes, one set of sizes
sizes free      one set of classes, sizes by group
partial         the same, and the answers to the least invariant items by group
all free        every group its own classes
kinds of groups one set of classes, sizes by kind of group, the kinds unknown

With a million rows every test between rungs rejects, and the criteria with it; how much it matters is another question.
So what leads are sizes of effects: of how many rows the class would change, how far a probability truly shifts, how
alike the classes are, and what is lost on rows that no model has seen.
Sources: Clogg and Goodman (1984), JASA 79:762; Collins and Lanza (2010), Latent Class and Latent Transition Analysis, ch. 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from careloom.stats.latent_class.fitting.climb import GAIN_LEFT, Climb
from careloom.stats.latent_class.fitting.fit import LatentClassFit
from careloom.stats.latent_class.groups.by_group import MOST_FREE, ClassesByGroup, fit_by_group
from careloom.stats.latent_class.groups.effects import Effects, measure_effects
from careloom.stats.latent_class.groups.group_classes import KindsOfGroups, fit_kinds
from careloom.stats.latent_class.groups.groups import (
    LEAST_ROWS,
    GroupFits,
    count_parameters,
    fit_groups,
    large_enough,
    reach,
)
from careloom.stats.latent_class.groups.held_out_groups import FOLDS, hold_out_groups
from careloom.stats.latent_class.groups.shifts import Shifts
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.rows.grouped_patterns import GroupedPatterns

WORTH_FREEING = 0.1  # a shift of probability, the noise taken out, that makes an item a candidate for *partial*
KINDS = (2, 3)


@dataclass(frozen=True)
class Rung:
    """One model of the ladder. ``n`` rows, ``groups`` groups; ``converged`` where all its climbs came to their end."""

    name: str
    loglik: float
    n_parameters: int
    n: float
    groups: int
    converged: bool

    @property
    def aic(self) -> float:
        return 2.0 * self.n_parameters - 2.0 * self.loglik

    @property
    def bic(self) -> float:
        return log(self.n) * self.n_parameters - 2.0 * self.loglik

    @property
    def bic_by_groups(self) -> float:
        """BIC with the number of groups for n, better where groups are what is classed (Lukociene and Vermunt 2010)."""
        return log(self.groups) * self.n_parameters - 2.0 * self.loglik


@dataclass(frozen=True, eq=False)
class Ladder:
    """The rungs, what each rests on, and the effects. ``groups`` (g,) are the numbers of the groups that took part, and
    everything here counts them from 0; ``too_small`` are the numbers of the others."""

    rungs: tuple[Rung, ...]
    effects: Effects
    sizes_free: ClassesByGroup
    partial: ClassesByGroup
    own: GroupFits
    kinds: tuple[KindsOfGroups, ...]
    groups: tuple[int, ...]
    too_small: tuple[int, ...]

    @property
    def best_by_bic(self) -> Rung:
        return min(self.rungs, key=lambda rung: rung.bic)


def climb_ladder(
    grouped: GroupedPatterns,
    fit: LatentClassFit,
    *,
    free: Sequence[int] | None = None,
    kinds: Sequence[int] = KINDS,
    starts: int = 0,
    least: float = LEAST_ROWS,
    folds: int = FOLDS,
    seed: int = 1,
    threads: int | None = None,
) -> Ladder:
    """Fit every rung to the groups with at least ``least`` rows, beginning at ``fit``, the classes of all rows together.

    ``free`` are the items (from 0) that *partial* frees; when not given, those with a shift of 0.1 in some class of
    some group, the five largest at most and the largest in any case. ``kinds`` are the numbers of kinds of groups to
    try, ``starts`` the random starts of each group's own fit besides that from the common classes, ``folds`` the parts
    in which groups are left out (0: no rows are held out). Raises ValueError when no group is large enough.
    """
    large = large_enough(grouped, fit.classes, least)
    some = grouped.some(np.flatnonzero(large))
    same = reach(PatternObjective(some.table), fit.parameters)
    sizes_free = fit_by_group(some, same.point.at)
    common, shares = sizes_free.common, sizes_free.shares
    own = fit_groups(some, common, starts=starts, least=0, seed=seed, shares=shares, threads=threads)
    tried = [number for number in kinds if number <= some.groups]
    found = tuple(fit_kinds(some, sizes_free, number, seed=seed, threads=threads) for number in tried)
    held_out = None
    if folds and some.groups > 1:
        held_out = hold_out_groups(some, same.point.at, folds=folds, seed=seed, threads=threads)
    effects = measure_effects(some, sizes_free, own, held_out, seed, threads)
    freed = choose_items(effects.shifts) if free is None else free
    partial = fit_by_group(some, common, free=freed, shares=shares)
    return Ladder(
        rungs=make_rungs(some, same, {"sizes free": sizes_free, "partial": partial, "all free": own}, found),
        effects=effects,
        sizes_free=sizes_free,
        partial=partial,
        own=own,
        kinds=found,
        groups=tuple(np.flatnonzero(large).tolist()),
        too_small=tuple(np.flatnonzero(~large).tolist()),
    )


def make_rungs(
    grouped: GroupedPatterns,
    same: Climb,
    by_group: Mapping[str, ClassesByGroup | GroupFits],
    kinds: Sequence[KindsOfGroups],
) -> tuple[Rung, ...]:
    n, groups = float(grouped.sizes.sum()), grouped.groups
    least = count_parameters(grouped.table, same.point.at.classes)
    models = {**by_group, **{f"{len(model.kind_shares)} kinds of groups": model for model in kinds}}
    return (
        Rung("same", same.point.loglik, least, n, groups, same.gain_left < GAIN_LEFT),
        *(Rung(name, model.loglik, model.n_parameters, n, groups, model.converged) for name, model in models.items()),
    )


def choose_items(shifts: Shifts) -> list[int]:
    """The items whose answers shift most between groups: those worth freeing, at most five, the largest in any case."""
    largest = shifts.by_item()
    order = np.argsort(-largest, kind="stable")[:MOST_FREE]
    return [int(item) for place, item in enumerate(order) if place == 0 or largest[item] >= WORTH_FREEING]
