"""What the data say about each parameter: observed information and scores, exactly.

Only free parameters count: of the probabilities that sum to one the largest follows from the others, and one at the
bound is fixed. Derivatives are by the log odds against that largest probability.
Source: Louis (1982), JRSS B 44:226.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.model.likelihood import Point, memberships
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable

PATTERNS_AT_ONCE = 512


def free_parameters(at: Parameters) -> NDArray[np.intp]:
    """Places in the flat vector (F,) of what can be told: not the largest of its sum, not at the bound."""
    cells = at.log_probabilities
    largest = np.zeros(cells.shape, dtype=bool)
    ends = [*at.first_cells[1:], len(cells)]
    for first, end in zip(at.first_cells, ends, strict=True):
        largest[first + np.argmax(cells[first:end], axis=0), np.arange(at.classes)] = True
    share = np.zeros(at.classes, dtype=bool)
    share[np.argmax(at.log_shares)] = True
    return np.flatnonzero(~np.concatenate([share, largest.ravel()]) & ~at.at_bound)


def class_scores(
    table: PatternTable, at: Parameters, free: NDArray[np.intp]
) -> Iterator[tuple[slice, Floats, list[tuple[NDArray[np.intp], Floats]]]]:
    """Some patterns at a time: which, their memberships (p, K), and for each class the free places and the scores.

    A class's scores (p, places) are the derivatives a pattern would give if it were known to be of that class; that of
    the class's own share stands as 1, for what is the same in every class drops out of all uses.
    """
    cells = len(at.log_probabilities)
    class_of, cell_of = places(free, at)
    own = [np.flatnonzero(class_of == k) for k in range(at.classes)]
    theta, item_of = at.probabilities, at.item_of_cell
    for first in range(0, len(table.weights), PATTERNS_AT_ONCE):
        some = slice(first, first + PATTERNS_AT_ONCE)
        answered = table.cells_of(some)
        answers = np.zeros((len(answered), cells + 1))
        answers[np.arange(len(answered))[:, None], answered] = 1.0
        seen = np.add.reduceat(answers[:, :cells], at.first_cells, axis=1)
        scores = []
        for k, mine in enumerate(own):
            cell = cell_of[mine]
            of_items = answers[:, cell] - seen[:, item_of[cell]] * theta[cell, k]
            of_items[:, cell < 0] = 1.0
            scores.append((mine, of_items))
        yield some, memberships(answered, at)[1], scores


def places(free: NDArray[np.intp], at: Parameters) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Class and cell of each free parameter (F,); cell -1 for a share."""
    of_share = free < at.classes
    class_of = np.where(of_share, free, (free - at.classes) % at.classes)
    return class_of, np.where(of_share, -1, (free - at.classes) // at.classes)


def scores(table: PatternTable, at: Parameters, free: NDArray[np.intp]) -> Iterator[tuple[slice, Floats]]:
    """Derivative of each pattern's log-likelihood by the free parameters (p, F), some patterns at a time."""
    of_share = places(free, at)[1] < 0
    for some, belongs, by_class in class_scores(table, at, free):
        score = np.empty((len(belongs), len(free)))
        for k, (mine, own) in enumerate(by_class):
            score[:, mine] = own * belongs[:, [k]]
        score[:, of_share] -= at.shares[free[of_share]]
        yield some, score


def information_unseen(table: PatternTable, at: Parameters, free: NDArray[np.intp]) -> Floats:
    """What is lost because the classes are not seen (F, F): the variance of the class scores given the patterns."""
    lost = np.zeros((len(free), len(free)))
    for some, belongs, by_class in class_scores(table, at, free):
        weights, root = table.weights[some], np.sqrt(table.weights[some])
        score = np.empty((len(belongs), len(free)))
        for k, (mine, own) in enumerate(by_class):
            lost[np.ix_(mine, mine)] += (own * (belongs[:, k] * weights)[:, None]).T @ own
            score[:, mine] = own * (belongs[:, k] * root)[:, None]
        lost -= score.T @ score
    return lost


def complete_information(point: Point, free: NDArray[np.intp]) -> Floats:
    """The information there would be if the classes were seen (F, F)."""
    at = point.at
    class_of, cell_of = places(free, at)
    item_of = np.where(cell_of < 0, -1, at.item_of_cell[cell_of])
    same = (item_of[:, None] == item_of) & ((cell_of[:, None] < 0) | (class_of[:, None] == class_of))
    probability = np.exp(at.flat()[free])
    rows = np.concatenate([np.full(at.classes, point.members.sum()), point.seen.ravel()])[free]
    return np.asarray(np.diag(rows * probability) - np.where(same, np.outer(rows * probability, probability), 0.0))


def complete_scale(point: Point, free: NDArray[np.intp]) -> Floats:
    """Square root of the information about each free parameter (F,) that there would be if the classes were seen."""
    probability = np.exp(point.at.flat()[free])
    return np.asarray(np.sqrt(np.maximum(point.fitted[free] * (1.0 - probability), 1e-300)))
