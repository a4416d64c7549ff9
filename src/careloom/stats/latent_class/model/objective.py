"""What is to be made as large as possible, and what has to be known of it to climb it.

A climb asks an objective only for the E-step and, at the end, for the information. So the rows may lie in one table of
patterns, in several authorities that send only sums, or be split into groups with shares of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.model import compiled
from careloom.stats.latent_class.model.blocks import Blocks, gather_in_blocks
from careloom.stats.latent_class.model.halves import Halves, by_products, cut_in_halves
from careloom.stats.latent_class.model.information import complete_information, information_unseen
from careloom.stats.latent_class.model.likelihood import Point, by_logarithms, point_of
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable


class Objective(Protocol):
    """A log-likelihood, with a prior or without, of the parameters of a latent class model."""

    def expect(self, at: Parameters) -> Point:
        """The E-step at some parameters."""

    def information(self, point: Point, free: NDArray[np.intp]) -> Floats:
        """Minus the second derivative by the free parameters (F, F), as ``information.free_parameters`` counts them."""


@dataclass(frozen=True, eq=False)
class PatternObjective:
    """The log-likelihood of a table of patterns.

    ``prior`` rows are added to every class and to every cell of every class (a Dirichlet prior of 1 + prior); 0 is
    maximum likelihood. ``kernel``: compiled code or NumPy; *auto* is compiled code where it is there, unless the
    variable CARELOOM_KERNEL says numpy.
    """

    table: PatternTable
    prior: float = 0.0
    kernel: compiled.Kernel = "auto"

    @cached_property
    def blocks(self) -> Blocks | None:
        """The patterns as compiled code wants them; None where NumPy does the work."""
        return gather_in_blocks(self.table) if compiled.is_wanted(self.kernel) else None

    @cached_property
    def halves(self) -> Halves:
        return cut_in_halves(self.table)

    def expect(self, at: Parameters) -> Point:
        found = compiled.expect(self.blocks, at) if self.blocks else None
        found = found or by_products(self.halves, at) or by_logarithms(self.table, at)
        return point_of(at, *found, prior=self.prior)

    def information(self, point: Point, free: NDArray[np.intp]) -> Floats:
        return complete_information(point, free) - information_unseen(self.table, point.at, free)
