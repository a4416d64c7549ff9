"""How far the second step's answers bend when the classes of the first are moved: its score by the first's parameters.

The first step enters by up to three ways: by the likelihood of the pattern in each class (two-step), by how a row is
shared out (proportional assignment; modal assignment stays as it is), and by the classification errors D (BCH and ML).
All of them hang on the log-probability of the pattern in each class, whose derivatives are the class scores.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.following.external import Evidence, External, Part, in_parts
from careloom.stats.latent_class.following.measured import Measured
from careloom.stats.latent_class.following.three_step import assign
from careloom.stats.latent_class.model.information import class_scores
from careloom.stats.latent_class.rows.pairs import Pairs
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable


def bend_of_first_step(model: External, known: Evidence, pairs: Pairs, at: Floats, first: Measured) -> Floats:
    """B (F, F1): derivative of the second step's score by the free log odds of the first."""
    free, codes, levels = first.free, first.table.codes, first.table.levels
    bend = np.zeros((len(at), len(free)))
    by_error = np.zeros((len(at), *known.error.shape))
    for part in in_parts(model, known, pairs, at):
        moved = moves(part, known)
        pattern = pairs.pattern[part.some]
        if moved is not None:
            of_rows = PatternTable(codes[pattern], pairs.weights[part.some], levels)
            for some, _, by_class in class_scores(of_rows, first.at, free):
                for k, (mine, own) in enumerate(by_class):
                    bend[:, mine] += moved[some, k].T @ own
        by_error += slope_by_error(part, known, pattern)
    if known.method == "two-step":
        bend[:, free < first.at.classes] = 0.0  # the shares of the first step are not used
    if by_error.any():
        bend += np.einsum("fks,kst->ft", by_error, slope_of_error(first, known))
    return bend


def moves(part: Part, known: Evidence) -> Floats | None:
    """How the score of some pairs moves with the log-probability of their patterns in each class (r, K, F).

    By way of the likelihood for two-step, of how rows are shared out for proportional assignment; modal assignment
    stays as it is.
    """
    by_assignment = part.by_assignment
    if known.method == "two-step":
        return np.asarray(part.belief[:, :, None] * (part.slopes - by_assignment))
    if known.by == "modal":
        return None
    mean = np.einsum("rs,rsf->rf", part.weights, by_assignment)
    total = part.weights.sum(axis=1)[:, None, None]
    return np.asarray(part.weights[:, :, None] * (by_assignment - mean[:, None, :] / np.where(total > 0, total, 1.0)))


def slope_by_error(part: Part, known: Evidence, pattern: NDArray[np.intp]) -> Floats:
    """Derivative of the score of some pairs by the classification errors D[k, s] (F, K, K)."""
    classes, parameters = part.slopes.shape[1:]
    if known.method.startswith("BCH"):
        return np.asarray(-np.einsum("ri,rjf->fij", part.belief, known.known @ part.slopes, optimize=True))
    total = np.zeros((classes, classes * parameters))
    if known.method.startswith("ML"):
        by_assignment = part.by_assignment
        for slot in range(part.weights.shape[1]):
            chance = part.weights[:, slot, None] * part.m[:, slot]
            apart = chance[:, :, None] * (part.slopes - by_assignment[:, [slot]])
            into = np.eye(classes)[known.assigned[pattern, slot]]
            total += into.T @ apart.reshape(len(into), -1)
    slope = total.reshape(classes, classes, parameters).transpose(2, 1, 0)
    return np.divide(slope, known.error, out=np.zeros_like(slope), where=known.error > 0)


def slope_of_error(first: Measured, known: Evidence) -> Floats:
    """Derivative of the classification errors by the free log odds of the first step (K, K, F1)."""
    classes, error = first.at.classes, known.error
    slope = np.zeros((classes * classes, len(first.free)))
    members = np.zeros(classes)
    for some, belongs, by_class in class_scores(first.table, first.at, first.free):
        weights = first.table.weights[some]
        members += belongs.T @ weights
        for k, (mine, own) in enumerate(by_class):
            slope[:, mine] += pulls(belongs, weights, error, known, k).T @ own
    return np.asarray(slope.reshape(classes, classes, -1) / members[:, None, None])


def pulls(belongs: Floats, weights: Floats, error: Floats, known: Evidence, k: int) -> Floats:
    """How the members of each class that are put into each move with the log-probability of class k (p, K K)."""
    moved = belongs * (np.eye(len(error))[k] - belongs[:, [k]])
    put = assign(belongs, known.by)
    pull = moved[:, :, None] * (put[:, None, :] - error)
    if known.by == "proportional":
        pull += belongs[:, :, None] * moved[:, None, :]
    return np.asarray((pull * weights[:, None, None]).reshape(len(belongs), -1))
