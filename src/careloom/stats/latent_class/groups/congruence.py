"""Are the classes of two solutions the same classes? Pair them, and say how alike each pair is.

A class's *profile* is its probability of every answer but the first to every item: of a yes, where items are no and
yes. Tucker's congruence of two profiles is the cosine of the angle between them. Since no probability is below 0, even
unlike classes share a good part of it; so beside it stands the congruence of the *deviations*, how far each probability
lies from that of the whole file, in standard deviations of the answer. It is the harder test: a class that looks like
the whole file has hardly any deviations of its own.
Sources: Tucker (1951), Educational Testing Service PRS 984; the bounds, Lorenzo-Seva and ten Berge (2006),
Methodology 2:57.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import Floats

SAME = 0.95
SIMILAR = 0.85

Likeness = Literal["same", "similar", "different"]


@dataclass(frozen=True, eq=False)
class MatchedClasses:
    """Class ``order[k]`` of the second solution is class k of the first; all lists are (K,).

    ``apart``: the sum of differences in probability, each weighted by the standard deviation of the answer in the whole
    file, that the pairing makes as small as it can be. ``congruence`` of the profiles, ``of_deviations`` of what sets
    them apart from the whole file (nan where a class has no deviations at all).
    """

    order: NDArray[np.intp]
    apart: Floats
    congruence: Floats
    of_deviations: Floats

    @property
    def likeness(self) -> list[Likeness]:
        """The study's verdict on each class, by the congruence of the profiles."""
        return [likeness(value) for value in self.congruence]


def likeness(congruence: float) -> Likeness:
    if congruence >= SAME:
        return "same"
    return "similar" if congruence >= SIMILAR else "different"


def match_solutions(a: Parameters, b: Parameters, prevalence: ArrayLike) -> MatchedClasses:
    """Pair the classes of two solutions for the same items (Hungarian method) and say how alike the pairs are.

    ``prevalence`` (M,) is the share of each cell in the whole file, as a pattern table has it. Raises ValueError when
    the solutions have other items or another number of classes.

    >>> a, b = from_yes([0.6, 0.4], [[0.9, 0.1], [0.2, 0.8]]), from_yes([0.5, 0.5], [[0.2, 0.8], [0.8, 0.1]])
    >>> matched = match_solutions(a, b, [0.4, 0.6, 0.6, 0.4])
    >>> matched.order.tolist(), matched.likeness
    ([1, 0], ['same', 'same'])
    """
    common = np.asarray(prevalence, dtype=np.float64)
    same_items = np.array_equal(a.first_cells, b.first_cells) and a.log_probabilities.shape == b.log_probabilities.shape
    if not same_items or common.shape != (len(a.log_probabilities),):
        raise ValueError("the two solutions must have the same items and as many classes, and each cell its share")
    told = np.setdiff1d(np.arange(common.size), a.first_cells)
    deviation = np.sqrt(common * (1.0 - common))[told, None]
    first, second = a.probabilities[told], b.probabilities[told]
    differ = np.abs(first[:, :, None] - second[:, None, :]) * deviation[:, :, None]
    distance = differ.sum(axis=0)
    rows, order = linear_sum_assignment(distance)
    second = second[:, order]
    varies = deviation > 0.0  # an answer that nobody gave, or everybody, sets no class apart
    far, far_too = (
        np.where(varies, own - common[told, None], 0.0) / np.where(varies, deviation, 1.0) for own in (first, second)
    )
    return MatchedClasses(
        np.asarray(order), distance[rows, order], tucker_congruence(first, second), tucker_congruence(far, far_too)
    )


def tucker_congruence(a: ArrayLike, b: ArrayLike) -> Floats:
    """Congruence of each column of a with the same column of b (K,); both (cells, K). nan where a column is all 0."""
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        lengths = np.sqrt((first**2).sum(axis=0) * (second**2).sum(axis=0))
        return np.asarray((first * second).sum(axis=0) / lengths)
