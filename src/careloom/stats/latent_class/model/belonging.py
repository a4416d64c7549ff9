"""Go through a pattern table some patterns at a time: how likely each is, and to which class it belongs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.model.likelihood import memberships
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable


def belonging(table: PatternTable, at: Parameters) -> Iterator[tuple[slice, Floats, Floats]]:
    """Some patterns at a time: which, their log-likelihoods (p,) and their memberships (p, K)."""
    for some in table.parts():
        yield some, *memberships(table.cells_of(some), at)


def logliks(table: PatternTable, at: Parameters) -> Floats:
    """Log-likelihood of each pattern (P,); 0 where nothing is observed."""
    return np.concatenate([own for _, own, _ in belonging(table, at)])


def modal_classes(table: PatternTable, at: Parameters) -> NDArray[np.intp]:
    """The likeliest class of each pattern (P,), from 0; of equals the first, the larger where classes go by share."""
    return np.concatenate([belongs.argmax(axis=1) for _, _, belongs in belonging(table, at)])
