"""One set of classes for all groups, their sizes free by group; and, if wanted, the answers to some items free as well.

That the sizes are free is itself a latent class model with one item more. With g the group a row is from,

    P(g) P(class k | g) = P(k) P(g | k),

so the group is an item with as many levels as there are groups, and all that climbs and proves a latent class model
serves (Clogg and Goodman 1984, JASA 79:762). The likelihood of the answers given the group is the joint one less that
of the groups' sizes, which are fitted exactly. An item whose answers are free by group has its levels over again for
each group, and in each group they sum to one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, xlogy

from careloom.stats.latent_class.fitting.climb import EM_STEPS, GAIN_LEFT, MOST_STEPS, climb, climb_by_em
from careloom.stats.latent_class.fitting.proof import settle
from careloom.stats.latent_class.model.halves import Halves, cut_at
from careloom.stats.latent_class.model.information import complete_information, information_unseen
from careloom.stats.latent_class.model.likelihood import Point
from careloom.stats.latent_class.model.objective import Objective, PatternObjective
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.grouped_patterns import GroupedPatterns
from careloom.stats.latent_class.rows.patterns import MISSING, Floats, PatternTable, Whole

MOST_FREE = 5  # the answers to the free items by group are tabulated whole, and more would not fit in memory


@dataclass(frozen=True, eq=False)
class ClassesByGroup:
    """One set of classes with sizes of its own in each group, ``shares`` (G, K), and what it took to find them.

    ``common`` holds the classes with their sizes in all groups together; for the items in ``free`` (places, from 0) the
    probabilities in it are those of all groups together, and ``own`` holds one array (G, levels, K) for each.
    ``gain_left`` is the log-likelihood that the climb still expected where it ended.
    """

    common: Parameters
    shares: Floats
    free: tuple[int, ...]
    own: tuple[Floats, ...]
    loglik: float
    n_parameters: int
    gain_left: float

    @property
    def converged(self) -> bool:
        return self.gain_left < GAIN_LEFT

    def in_group(self, group: int) -> Parameters:
        """The classes as they are in one group."""
        cells = self.common.log_probabilities.copy()
        for item, own in zip(self.free, self.own, strict=True):
            cells[self.common.first_cells[item] :][: own.shape[1]] = np.log(own[group])
        with np.errstate(divide="ignore"):
            return self.common.like(np.concatenate([np.log(self.shares[group]), cells.ravel()]))


def fit_by_group(
    grouped: GroupedPatterns, start: Parameters, *, free: Sequence[int] = (), shares: Floats | None = None
) -> ClassesByGroup:
    """Fit one set of classes with sizes free by group, and the answers to the ``free`` items as well.

    ``start`` is where to begin, the fit of all groups together say, with ``shares`` (G, K) by group, or those in
    ``start`` for all. So the likelihood cannot end below that of the start. Rows with nothing observed are left out.
    Raises ValueError when more than 5 items are to be free, or one that is not there.
    """
    layout = Layout(grouped, tuple(sorted(set(free))))
    objective = layout.objective
    begun = climb_by_em(objective, layout.joint(start, shares), EM_STEPS)
    found = settle(objective, climb(objective, begun, MOST_STEPS))
    return layout.read(found.point, found.gain_left)


@dataclass(frozen=True, eq=False)
class Layout:
    """How groups and free items stand in a table of patterns: the items in their order, and the group last."""

    grouped: GroupedPatterns
    free: tuple[int, ...]

    def __post_init__(self) -> None:
        items = self.grouped.table.items
        if len(self.free) > MOST_FREE or any(item not in range(items) for item in self.free):
            raise ValueError(f"at most {MOST_FREE} of the {items} items (from 0) can be free by group; got {self.free}")

    @cached_property
    def table(self) -> PatternTable:
        """Every pattern of every group, with its weight there; the last item is the group."""
        own, groups = self.grouped, self.grouped.groups
        says = own.table.observed[own.weights.indices]
        places, weights = own.weights.indices[says], own.weights.data[says]
        group = np.repeat(np.arange(groups, dtype=np.int32), np.diff(own.weights.indptr))[says]
        codes = np.column_stack([own.table.codes[places], group])
        levels: list[NDArray[np.generic]] = [*own.table.levels, np.arange(groups)]
        for item in self.free:
            size = len(levels[item])
            codes[:, item] = np.where(codes[:, item] == MISSING, MISSING, codes[:, item] + group * size)
            levels[item] = np.arange(groups * size)
        return PatternTable(codes, weights, tuple(levels))

    @cached_property
    def sums(self) -> Whole:
        """Where each set of probabilities that sum to one begins: a free item has one for each group."""
        own = self.grouped.table
        starts = [
            first + np.arange(self.grouped.groups if item in self.free else 1) * int(size)
            for item, (first, size) in enumerate(zip(self.table.first_cells, [*own.sizes, 1], strict=True))
        ]
        return np.concatenate(starts).astype(np.int32)

    @property
    def objective(self) -> Objective:
        pairs = PairObjective(self.table, split=self.free)
        return SplitObjective(pairs, self.sums) if self.free else pairs

    def joint(self, start: Parameters, shares: Floats | None) -> Parameters:
        """Parameters of the table from common ones and shares by group (G, K)."""
        sizes = self.grouped.sizes
        own = np.tile(start.shares, (len(sizes), 1)) if shares is None else shares
        members = sizes[:, None] * own
        with np.errstate(divide="ignore"):
            log_members, log_total = np.log(members), np.log(members.sum(axis=0))
        cells = np.split(start.log_probabilities, start.first_cells[1:])
        rows = [np.tile(own, (len(sizes) if item in self.free else 1, 1)) for item, own in enumerate(cells)]
        blank = Parameters(log_total, np.vstack([*rows, log_members - log_total]), self.sums)
        return blank.like(blank.flat())

    def read(self, point: Point, gain_left: float) -> ClassesByGroup:
        """What a point of the table says of classes and groups."""
        grouped, first = self.grouped, self.table.first_cells
        logs, groups = point.at.log_probabilities, grouped.groups
        members = point.at.log_shares + logs[first[-1] :]
        shares = np.exp(members - logsumexp(members, axis=1, keepdims=True))
        common, own, split = [], [], 0
        for item, cells in enumerate(np.split(logs[: first[-1]], first[1:-1])):
            if item in self.free:
                by_group = np.exp(cells).reshape(groups, -1, point.at.classes)
                counts = point.counts[first[item] : first[item + 1]].reshape(by_group.shape).sum(axis=0)
                own.append(by_group)
                with np.errstate(divide="ignore"):
                    cells = np.log(counts / counts.sum(axis=0))
                split += self.parameters_of(item)
            else:
                split += int(grouped.table.sizes[item]) - 1
            common.append(cells)
        blank = Parameters(point.at.log_shares, np.vstack(common), grouped.table.first_cells)
        sizes = grouped.sizes
        return ClassesByGroup(
            common=blank.like(blank.flat()),
            shares=shares,
            free=self.free,
            own=tuple(own),
            loglik=point.loglik - float(xlogy(sizes, sizes / sizes.sum()).sum()),
            n_parameters=groups * (point.at.classes - 1) + point.at.classes * split,
            gain_left=gain_left,
        )

    def parameters_of(self, item: int) -> int:
        """Free probabilities of a free item in one class: none in a group where it was never observed."""
        size = int(self.grouped.table.sizes[item])
        seen = self.table.counts[self.table.first_cells[item] :][: self.grouped.groups * size].reshape(-1, size)
        return int((seen.sum(axis=1) > 0).sum()) * (size - 1)


@dataclass(frozen=True, eq=False)
class PairObjective(PatternObjective):
    """Patterns by group. In halves, the group and the items split by group are the first, all other items the second."""

    split: tuple[int, ...] = ()

    @cached_property
    def halves(self) -> Halves:
        by_group = np.array([*self.split, self.table.items - 1], dtype=np.intp)
        return cut_at(self.table, by_group, np.setdiff1d(np.arange(self.table.items), by_group))


@dataclass(frozen=True, eq=False)
class SplitObjective:
    """A table of patterns in which the levels of some items sum to one in several sets; ``sums`` says where they begin."""

    pairs: PatternObjective
    sums: Whole

    def expect(self, at: Parameters) -> Point:
        whole = Parameters(at.log_shares, at.log_probabilities, self.pairs.table.first_cells)
        return replace(self.pairs.expect(whole), at=at)

    def information(self, point: Point, free: NDArray[np.intp]) -> Floats:
        return complete_information(point, free) - information_unseen(self.pairs.table, point.at, free)
