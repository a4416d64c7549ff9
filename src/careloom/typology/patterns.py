"""Distinct patterns of yes/no items with counts: all that the latent class analysis needs to see."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.engine import Engine

MISSING = -1
ITEM = {"0": 0, "1": 1, "-": MISSING}


@dataclass(frozen=True, eq=False)
class Patterns:
    """Distinct response patterns: texts (P,), items (P, J) of 1, 0 or -1 for missing, and weights (P,)."""

    texts: tuple[str, ...]
    items: NDArray[np.int8]
    weights: NDArray[np.float64]

    @property
    def varies(self) -> NDArray[np.bool_]:
        """Items (J,) that some assessments record and some do not: only these can tell classes apart."""
        varies: NDArray[np.bool_] = (self.items == 0).any(axis=0) & (self.items == 1).any(axis=0)
        return varies

    @property
    def varying(self) -> NDArray[np.int8]:
        return self.items[:, self.varies]

    @property
    def prevalence(self) -> NDArray[np.float64]:
        """Share of assessments that record each item (J,), of those that could; nan where none could."""
        recorded, observed = self.weights @ (self.items == 1), self.weights @ (self.items != MISSING)
        share: NDArray[np.float64] = np.divide(
            recorded, observed, out=np.full(recorded.shape, np.nan), where=observed > 0
        )
        return share


def read_patterns(engine: Engine, items: int) -> Patterns:
    """Collapse the assessments to patterns in the engine: only patterns and counts come out."""
    rows = sorted(engine.rows("SELECT pattern, count(*) AS n FROM assessment_indicator GROUP BY pattern"))
    codes = np.array([[ITEM[letter] for letter in pattern] for pattern, _ in rows], dtype=np.int8)
    weights = np.array([n for _, n in rows], dtype=np.float64)
    return Patterns(tuple(p for p, _ in rows), codes.reshape(len(rows), items), weights)
