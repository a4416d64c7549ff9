"""The first step as the second meets it: the classes as found, and how sure they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.errors.standard_errors import inverted
from careloom.stats.latent_class.model.information import complete_scale, free_parameters
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.pairs import Pairs
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable

FirstStep = Literal["same rows", "other rows", "known"]


@dataclass(frozen=True, eq=False)
class Measured:
    """The first step: the table the classes were found from, the parameters found, the prior they were found with.

    ``rows`` says how the second step's rows stand to it: the *same rows*, all of them; *other rows* (some of them
    count as others: what the two steps share is then left out); or the parameters are *known*, with no error.
    """

    table: PatternTable
    at: Parameters
    rows: FirstStep = "same rows"
    prior: float = 0.0

    def check(self, pairs: Pairs) -> None:
        if pairs.pattern.max() >= len(self.table.weights):
            raise ValueError("the pairs name patterns that the table does not have")
        if self.rows == "same rows" and not pairs.are_rows_of(self.table):
            raise ValueError(
                "the pairs do not add up to the table: if they are other or fewer rows, say rows='other rows'"
            )

    @property
    def free(self) -> NDArray[np.intp]:
        return free_parameters(self.at)

    def covariance(self) -> Floats:
        """Inverse of the information about what is free (F1, F1)."""
        objective = PatternObjective(self.table, self.prior)
        point = objective.expect(self.at)
        return inverted(objective.information(point, self.free), complete_scale(point, self.free))[0]
