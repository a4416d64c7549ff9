"""The parameters of a latent class model: how common each class is, and how likely each answer is in it.

Every parameter is the logarithm of a probability: the shares of the classes sum to one, and so do the probabilities of
the answers to each item within each class. All are treated alike, whatever the number of answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from careloom.stats.latent_class.rows.patterns import Floats, Whole

# A probability of 1e-13 instead of 0 costs a million children 1e-7 of log-likelihood.
LEAST_LOG = -30.0


@dataclass(frozen=True, eq=False)
class Parameters:
    """log_shares (K,); log_probabilities (M, K), one row a cell (a level of an item), in the order of the items.

    ``first_cells`` (J,) says where each item's levels begin. No probability is below exp(-30).
    """

    log_shares: Floats
    log_probabilities: Floats
    first_cells: Whole

    @property
    def classes(self) -> int:
        return len(self.log_shares)

    @cached_property
    def shares(self) -> Floats:
        return np.asarray(np.exp(self.log_shares), dtype=np.float64)

    @cached_property
    def probabilities(self) -> Floats:
        """(M, K)."""
        return np.asarray(np.exp(self.log_probabilities), dtype=np.float64)

    @cached_property
    def item_of_cell(self) -> Whole:
        sizes = np.diff(np.append(self.first_cells, len(self.log_probabilities)))
        return np.repeat(np.arange(len(self.first_cells), dtype=np.int32), sizes)

    @cached_property
    def by_item(self) -> list[Floats]:
        """One array (K, levels) an item."""
        return [np.ascontiguousarray(cells.T) for cells in np.split(self.probabilities, self.first_cells[1:])]

    def flat(self) -> Floats:
        """All in one vector (K + M K,): the shares, then cell by cell."""
        return np.concatenate([self.log_shares, self.log_probabilities.ravel()])

    def like(self, flat: Floats) -> Parameters:
        """The parameters of the same shape held in one vector, made to sum to one and kept inside the bound."""
        shares, cells = flat[: self.classes], flat[self.classes :].reshape(self.log_probabilities.shape)
        top = np.maximum.reduceat(cells, self.first_cells)[self.item_of_cell]
        sums = np.add.reduceat(np.exp(cells - top), self.first_cells)[self.item_of_cell]
        log_shares = shares - shares.max()
        log_shares = log_shares - np.log(np.exp(log_shares).sum())
        log_cells = cells - top - np.log(sums)
        return Parameters(np.maximum(log_shares, LEAST_LOG), np.maximum(log_cells, LEAST_LOG), self.first_cells)

    def in_order(self, order: NDArray[np.intp]) -> Parameters:
        return Parameters(self.log_shares[order], self.log_probabilities[:, order], self.first_cells)

    @cached_property
    def at_bound(self) -> NDArray[np.bool_]:
        """Which of the flat vector stand at the least probability there is."""
        return np.asarray(self.flat() <= LEAST_LOG)


def from_probabilities(shares: ArrayLike, by_item: Sequence[ArrayLike]) -> Parameters:
    """Parameters from class shares (K,) and one array (K, levels) an item; each row is made to sum to one."""
    arrays = [np.asarray(item, dtype=np.float64) for item in by_item]
    own = np.asarray(shares, dtype=np.float64)
    wrong = [place for place, item in enumerate(arrays) if item.ndim != 2 or item.shape[0] != own.size]
    if own.ndim != 1 or not arrays or wrong:
        raise ValueError(f"shares must be (classes,) and every item (classes, levels); not so at items {wrong}")
    if any(
        (~np.isfinite(values) | (values < 0)).any() or (values.sum(axis=-1) <= 0).any() for values in (own, *arrays)
    ):
        raise ValueError("shares and probabilities must be finite, not negative, and not all zero")
    first = np.concatenate([[0], np.cumsum([item.shape[1] for item in arrays])[:-1]]).astype(np.int32)
    with np.errstate(divide="ignore"):
        logs = np.concatenate([np.log(own), np.log(np.vstack([item.T for item in arrays])).ravel()])
    cells = sum(item.shape[1] for item in arrays)
    blank = Parameters(np.zeros(own.size), np.zeros((cells, own.size)), first)
    return blank.like(logs)


def from_yes(shares: ArrayLike, probabilities: ArrayLike) -> Parameters:
    """Parameters of yes/no items from shares (K,) and probabilities of a yes (K, J); the levels are no, yes."""
    yes = np.asarray(probabilities, dtype=np.float64)
    return from_probabilities(shares, [np.column_stack([1.0 - column, column]) for column in yes.T])
