"""How well do classes found in one part of the rows foretell the other part?

A class that is only there because of chance, or of one authority, makes the rows it was found in likelier and others
not. So: fit to some rows, and take the log-likelihood of the rest, for each row, beside that with one class fewer.
Fits to a part add 1/K of a row to every class and answer: an answer that the part never gave must stay possible.
Source: Smyth (2000), Statistics and Computing 10:63 (cross-validated likelihood for the number of classes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from careloom.stats.class_agreement import adjusted_rand_index
from careloom.stats.latent_class.fitting.refit import highest_from, random_starts, with_weights
from careloom.stats.latent_class.model.belonging import logliks, modal_classes
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable

STARTS = 5


@dataclass(frozen=True)
class SplitHalf:
    """Two random halves of the rows, each foretold by the other.

    ``loglik_per_row``: log-likelihood of a row under the classes of the half it is not in. ``fitted_per_row``: under
    those of its own half; the difference is what was made of chance. ``agreement``: adjusted Rand index of the classes
    that the two halves give to all rows with anything observed.
    """

    loglik_per_row: float
    fitted_per_row: float
    agreement: float


def split_half(table: PatternTable, whole: Parameters, *, starts: int = STARTS, seed: int = 1) -> SplitHalf:
    """Fit as many classes as ``whole`` to each half, from where the whole file's fit stands and from random starts.

    Rows are tossed one by one; of a weight that is not whole, the rest is tossed as one row. The same seed makes the
    same halves, whatever the number of classes. A child's several rows may fall into both halves: hold out authorities
    for rows that know nothing of each other. Raises ValueError when an item is not observed in both halves.
    """
    random = np.random.default_rng([seed, 0])
    first = toss(table.weights, random)
    halves = [first, table.weights - first]
    found = [fit_part(table, half, whole, starts, seed) for half in halves]
    likely = [logliks(table, at) for at in found]
    weights = np.where(table.observed, table.weights, 0.0)
    n = float(weights.sum())
    modal = [modal_classes(table, at) for at in found]
    return SplitHalf(
        float(halves[0] @ likely[1] + halves[1] @ likely[0]) / n,
        float(halves[0] @ likely[0] + halves[1] @ likely[1]) / n,
        adjusted_rand_index(modal[0], modal[1], weights),
    )


def toss(weights: Floats, random: np.random.Generator) -> Floats:
    """Weight that falls into the first half (P,) when each row is tossed."""
    rows = np.floor(weights)
    return random.binomial(rows.astype(np.int64), 0.5) + (weights - rows) * random.integers(0, 2, len(weights))


def fit_part(table: PatternTable, weights: Floats, whole: Parameters, starts: int, seed: int) -> Parameters:
    """The best fit to a part of the rows, with its small prior."""
    part = with_weights(table, weights)
    places = [whole, *random_starts(part, whole.classes, starts if whole.classes > 1 else 0, seed)]
    return highest_from(PatternObjective(part, prior=1.0 / whole.classes), places).point.at


@dataclass(frozen=True, eq=False)
class Foretold:
    """Log-likelihood of a row of each group (G,), and of all, under classes found without its group; NaN for no rows."""

    per_group: Floats
    loglik_per_row: float

    def groups_gaining(self, fewer: Foretold) -> float:
        """Share of the groups whose rows are likelier than with fewer classes."""
        some = np.isfinite(self.per_group)
        return float((self.per_group[some] > fewer.per_group[some]).mean())


def foretell_groups(
    table: PatternTable,
    by_group: csr_array,
    whole: Parameters,
    *,
    folds: int = 10,
    starts: int = 0,
    seed: int = 1,
) -> Foretold:
    """Foretell each group of rows, an authority say, by classes found in other groups.

    ``by_group`` (G, P) holds the weight of each pattern in each group; together they are the table's weights. Groups
    are dealt at random into ``folds`` (as many as groups: each alone), and each fold is foretold by all others, fitted
    from where the whole file's fit stands and from ``starts`` random ones. The same seed deals the same folds, whatever
    the number of classes. Raises ValueError for fewer than two groups or folds, or weights that do not add up to the
    table's.
    """
    groups = by_group.shape[0]
    weights = np.asarray(by_group.sum(axis=0)).ravel()
    if groups < 2 or weights.shape != table.weights.shape or not np.allclose(weights, table.weights, atol=1e-6):
        raise ValueError("two groups or more are needed, whose weights add up to those of the patterns")
    if folds < 2:
        raise ValueError(f"two folds or more are needed, so that there is another to find the classes in; got {folds}")
    fold_of = np.random.default_rng([seed, 1]).permutation(groups) % min(folds, groups)
    total = np.zeros(groups)
    for fold in range(int(fold_of.max()) + 1):
        left_out = by_group[np.flatnonzero(fold_of == fold)]
        rest = np.maximum(table.weights - np.asarray(left_out.sum(axis=0)).ravel(), 0.0)
        total[fold_of == fold] = left_out @ logliks(table, fit_part(table, rest, whole, starts, seed))
    rows = by_group @ table.observed.astype(np.float64)
    with np.errstate(invalid="ignore"):
        return Foretold(np.where(rows > 0, total / rows, np.nan), float(total.sum() / rows.sum()))
