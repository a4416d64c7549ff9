"""Do two items go together within classes? Score tests for every pair, and the model in which two of them may.

Within a class the items are taken to be independent. For two items, what is left over of it is the sum over rows and
classes of membership times the product of both residuals: how much oftener than the classes explain both are recorded
together. Its size against its own error is the score test of a direct effect; divided by its variance it is, to first
order, the log odds ratio of the two items within classes, which, unlike the test, does not grow with the rows.
Source: Oberski, van Kollenburg and Vermunt (2013), Advances in Data Analysis and Classification 7:267.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from careloom.stats.latent_class.errors.standard_errors import inverted
from careloom.stats.latent_class.model.information import free_parameters, scores
from careloom.stats.latent_class.model.likelihood import memberships
from careloom.stats.latent_class.model.parameters import Parameters, from_probabilities
from careloom.stats.latent_class.rows.patterns import MISSING, Floats, PatternTable

UNTOLD = 1e-8  # share of the variance below which the model leaves nothing to test


@dataclass(frozen=True)
class DirectEffect:
    """Two items (positions from 0) that may go together within classes.

    ``statistic`` is a chi-square with as many degrees of freedom as there are products of levels, less one each;
    ``log_odds_ratio`` is of the last levels of both (of yes and yes), nan where either item has more than two.
    """

    first: int
    second: int
    statistic: float
    degrees_of_freedom: int
    p_value: float
    log_odds_ratio: float


def direct_effects(table: PatternTable, at: Parameters) -> tuple[DirectEffect, ...]:
    """Score test of every two items at a maximum of the likelihood, the least likely to be chance first.

    Rows with either item missing say nothing of the two, nor does an item with one answer only: no degrees of freedom,
    and a p-value of nan. The information is that of outer products of scores, so rows should well outnumber parameters.
    With millions of rows every test rejects: go by the log odds ratio.
    """
    if table.items < 2:
        return ()
    products = gather_products(table, at)
    found = []
    for number, (first, second) in enumerate(combinations(range(table.items), 2)):
        left, variance, whole = products.of_pair(number)
        values, vectors = np.linalg.eigh(variance)
        told = values > UNTOLD * np.diag(whole).max(initial=1e-300)
        statistic, degrees = float(((vectors[:, told].T @ left) ** 2 / values[told]).sum()), int(told.sum())
        chance = float(chi2.sf(statistic, degrees)) if degrees else np.nan
        ratio = float(left[0] / variance[0, 0]) if len(left) == 1 and degrees else np.nan
        found.append(DirectEffect(first, second, statistic, degrees, chance, ratio))
    return tuple(sorted(found, key=lambda effect: (np.nan_to_num(effect.p_value, nan=2.0), -effect.statistic)))


@dataclass(frozen=True, eq=False)
class Products:
    """For each two levels of two items, beyond the first levels: what is left over (Q,), summed over rows.

    ``by_pair`` holds for each two items the sums of products of what is left over (q, q), ``with_scores`` (F, Q) those
    with the scores of the model's parameters, ``of_scores`` (F, F) those of the scores; ``pair_of`` (Q,).
    """

    pair_of: NDArray[np.intp]
    left: Floats
    by_pair: list[Floats]
    with_scores: Floats
    of_scores: Floats

    @cached_property
    def explained(self) -> Floats:
        """``of_scores`` inverted times ``with_scores`` (F, Q)."""
        scale = np.sqrt(np.maximum(np.diag(self.of_scores), 1e-300))
        return inverted(self.of_scores, scale)[0] @ self.with_scores

    def of_pair(self, number: int) -> tuple[Floats, Floats, Floats]:
        """What is left over of two items (q,), its variance given that the parameters were fitted (q, q), and without."""
        mine = np.flatnonzero(self.pair_of == number)
        whole = self.by_pair[number]
        return self.left[mine], whole - self.with_scores[:, mine].T @ self.explained[:, mine], whole


def gather_products(table: PatternTable, at: Parameters) -> Products:
    """One pass over the patterns, some at a time."""
    one, other, pair_of = level_pairs(table)
    free = free_parameters(at)
    left, of_scores = np.zeros(len(one)), np.zeros((len(free), len(free)))
    with_scores = np.zeros((len(free), len(one)))
    own = [np.flatnonzero(pair_of == number) for number in range(table.items * (table.items - 1) // 2)]
    by_pair = [np.zeros((len(mine), len(mine))) for mine in own]
    for some, score in scores(table, at, free):
        product, weights = residual_products(table, at, some, one, other), table.weights[some, None]
        left += (product * weights).sum(axis=0)
        of_scores += score.T @ (score * weights)
        with_scores += score.T @ (product * weights)
        for mine, into in zip(own, by_pair, strict=True):
            into += product[:, mine].T @ (product[:, mine] * weights)
    return Products(pair_of, left, by_pair, with_scores, of_scores)


def level_pairs(table: PatternTable) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Every level but the first of one item with every such of another: their cells (Q,) and (Q,), number of the pair."""
    beyond = [np.arange(first + 1, first + size) for first, size in zip(table.first_cells, table.sizes, strict=True)]
    one, other, pair_of = [], [], []
    for number, (a, b) in enumerate(combinations(range(table.items), 2)):
        one.append(np.repeat(beyond[a], len(beyond[b])))
        other.append(np.tile(beyond[b], len(beyond[a])))
        pair_of.append(np.full(len(beyond[a]) * len(beyond[b]), number))
    return np.concatenate(one), np.concatenate(other), np.concatenate(pair_of)


def residual_products(
    table: PatternTable, at: Parameters, some: slice, one: NDArray[np.intp], other: NDArray[np.intp]
) -> Floats:
    """Membership times both residuals, summed over classes, for some patterns (p, Q); 0 with either item missing."""
    cells, count = table.cells_of(some), len(at.log_probabilities)
    answers = np.zeros((len(cells), count + 1))
    answers[np.arange(len(cells))[:, None], cells] = 1.0
    seen = (cells < count).astype(np.float64)[:, at.item_of_cell]
    product = np.zeros((len(cells), len(one)))
    for belongs, theta in zip(memberships(cells, at)[1].T, at.probabilities.T, strict=True):
        residual = answers[:, :count] - seen * theta
        product += belongs[:, None] * residual[:, one] * residual[:, other]
    return product


@dataclass(frozen=True, eq=False)
class Joined:
    """A pattern table in which two items are one, the last, with a level for each two of theirs: a direct effect.

    A model fitted to it lets the two go together within classes in any way. The patterns keep their places.
    ``weight_lost`` is that of rows with one of the two missing, whose answer to the other is not used.
    """

    table: PatternTable
    first: int
    second: int
    sizes: tuple[int, int]
    weight_lost: float

    def together(self, at: Parameters) -> Floats:
        """Probability of each two answers within each class (K, levels of the first, levels of the second)."""
        return at.by_item[-1].reshape(at.classes, *self.sizes)

    def log_odds_ratios(self, at: Parameters) -> Floats:
        """How closely two yes/no items go together within each class (K,); raises ValueError for other items."""
        if self.sizes != (2, 2):
            raise ValueError(f"a log odds ratio is of two items of two levels; these have {self.sizes}")
        logs = np.log(self.together(at))
        return np.asarray(logs[:, 0, 0] + logs[:, 1, 1] - logs[:, 0, 1] - logs[:, 1, 0])

    def apart(self, at: Parameters) -> Parameters:
        """The same classes in terms of the single items, in their old places; how the two go together is lost."""
        items, both = at.by_item[:-1], self.together(at)
        items.insert(self.first, both.sum(axis=2))
        items.insert(self.second, both.sum(axis=1))
        return from_probabilities(at.shares, items)


def join_items(table: PatternTable, first: int, second: int) -> Joined:
    """Make one item of two (positions from 0, in any order), so that they may go together within classes.

    Where either is missing, the joined item is.

    >>> table = collapse([[0, 0, 1], [1, 0, 1], [1, 1, 0]])[0]
    >>> join_items(table, 0, 1).table.codes.tolist()
    [[1, 0], [1, 2], [0, 3]]
    """
    first, second = sorted((first, second))
    if first == second or first < 0 or second >= table.items:
        raise ValueError(f"two different items from 0 to {table.items - 1} are needed; got {first} and {second}")
    a, b = table.codes[:, first], table.codes[:, second]
    sizes = (int(table.sizes[first]), int(table.sizes[second]))
    joint = np.where((a == MISSING) | (b == MISSING), MISSING, a * sizes[1] + b)
    lost = float(table.weights[(a == MISSING) != (b == MISSING)].sum())
    kept = [item for item in range(table.items) if item not in (first, second)]
    codes = np.column_stack([table.codes[:, kept], joint]).astype(np.int32)
    levels = (*(table.levels[item] for item in kept), np.arange(sizes[0] * sizes[1], dtype=np.float64))
    return Joined(PatternTable(codes, table.weights, levels), first, second, sizes, lost)
