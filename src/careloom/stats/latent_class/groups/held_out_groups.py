"""What would be lost by describing a group with classes found elsewhere? Measured on rows that no model has seen.

The common classes are refitted without the group (groups are left out some at a time). Half of the group's rows, drawn
at random, then teach each model what it may learn of the group, and the other half is scored:

same    nothing is learnt: classes and sizes are those of the others
sizes   only the sizes of the classes are the group's own
own     everything is the group's own, from the common classes on

A group's own classes must be worth more than what half a group cannot teach; where they are not, the loss is negative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.choosing.held_out import toss
from careloom.stats.latent_class.fitting.climb import climb_to_end
from careloom.stats.latent_class.fitting.search import in_threads
from careloom.stats.latent_class.following.sizes import likeliest_sizes, with_shares
from careloom.stats.latent_class.model.likelihood import memberships
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.grouped_patterns import GroupedPatterns
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable

FOLDS = 5
LEAST_SHARE = 1e-4  # a class that half the group does not show at all may yet be in the other half


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Log-likelihood a row of each group's unseen half, (G, 3) in the order same, sizes, own; and its rows (G,)."""

    per_row: Floats
    weights: Floats

    @property
    def lost(self) -> Floats:
        """Log-likelihood a row lost by *same* and by *sizes* against *own*, over all groups (2,)."""
        mean = self.weights @ self.per_row / self.weights.sum()
        return np.asarray(mean[2] - mean[:2])

    @property
    def lost_by_group(self) -> Floats:
        """The same for each group (G, 2)."""
        return np.asarray(self.per_row[:, 2:] - self.per_row[:, :2])


def hold_out_groups(
    grouped: GroupedPatterns, common: Parameters, *, folds: int = FOLDS, seed: int = 1, threads: int | None = None
) -> HeldOut:
    """Score every group with and without classes of its own. Raises ValueError for one group, or one fold, only.

    A group's own fit is smoothed by 1 / K of a row in every cell of every class, so that an answer its first half
    never gave is not impossible.
    """
    if grouped.groups < 2 or folds < 2:
        raise ValueError("with one group, or all left out at once, there are no others to find the classes in")
    order = np.random.default_rng(seed).permutation(grouped.groups)
    out = [np.sort(part) for part in np.array_split(order, min(folds, grouped.groups))]
    everyone = np.arange(grouped.groups)

    def refit(left_out: NDArray[np.intp]) -> Parameters:
        others = grouped.some(np.setdiff1d(everyone, left_out))
        return climb_to_end(PatternObjective(others.table), common).point.at

    found = in_threads(refit, out, threads)
    tasks = [(int(group), fold) for fold, part in enumerate(out) for group in part]

    def go(task: tuple[int, int]) -> tuple[float, Floats]:
        group, fold = task
        return score_group(grouped.table_of(group), found[fold], np.random.default_rng([seed, group]))

    scored = in_threads(go, tasks, threads)
    place = np.argsort([group for group, _ in tasks])
    return HeldOut(np.array([scored[i][1] for i in place]), np.array([scored[i][0] for i in place]))


def score_group(table: PatternTable, elsewhere: Parameters, random: np.random.Generator) -> tuple[float, Floats]:
    """Rows that score, and their log-likelihood a row by *same*, *sizes* and *own* (3,)."""
    learn, test = split_rows(table, random)
    by_sizes = with_shares(elsewhere, sizes_given(learn, elsewhere))
    own = climb_to_end(PatternObjective(learn, prior=1.0 / elsewhere.classes), by_sizes).point.at
    logliks = [test.weights @ memberships(test.cells, at)[0] for at in (elsewhere, by_sizes, own)]
    rows = test.total - test.total_unobserved
    return rows, np.array(logliks) / rows


def split_rows(table: PatternTable, random: np.random.Generator) -> tuple[PatternTable, PatternTable]:
    """Deal the rows to two halves at random: each whole row of a pattern, and what is left of its weight."""
    first = toss(table.weights, random)
    second = table.weights - first
    if not first[table.observed].any() or not second[table.observed].any():
        raise ValueError("a group has too few rows to be cut in two halves")
    halves = [
        PatternTable(table.codes[some], weights[some], table.levels)
        for weights, some in ((first, first > 0), (second, second > 0))
    ]
    return halves[0], halves[1]


def sizes_given(table: PatternTable, at: Parameters) -> Floats:
    """The likeliest sizes of given classes (K,), none quite 0."""
    shares = np.maximum(likeliest_sizes(table, at)[0], LEAST_SHARE)
    return np.asarray(shares / shares.sum())
