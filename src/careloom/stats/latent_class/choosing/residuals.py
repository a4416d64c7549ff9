"""Where the classes do not explain the data: pairs of items that go together more, or less, than the classes say.

In a class the items are taken to be independent. The bivariate residual of a pair is Pearson's chi-squared of its
two-way table, observed against expected, for each degree of freedom. Parameters are fitted, so it has no chi-squared
distribution and is not a test: it shows where to look. It grows with the rows; the effect size does not.
Sources: Vermunt and Magidson (2016), Latent GOLD Technical Guide; Oberski, van Kollenburg and Vermunt (2013),
Advances in Data Analysis and Classification 7:267 (why it is not a test); Cohen (1988), ch. 7 (effect size w).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.model.belonging import belonging, logliks
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import MISSING, Floats, PatternTable, distinct

WORST = 20
ROWS_A_CELL = 5.0  # fewer, and the chi-squared distribution of G2 and X2 is not to be trusted


@dataclass(frozen=True, eq=False)
class PairResidual:
    """Two items (positions from 0) among the rows where both are observed: their two-way table (levels, levels)."""

    first: int
    second: int
    observed: Floats
    expected: Floats

    @property
    def standardised(self) -> Floats:
        """Pearson residual of each combination: above 0 where it is commoner than the classes say."""
        apart = self.observed - self.expected
        return np.asarray(np.divide(apart, np.sqrt(self.expected), out=np.zeros_like(apart), where=self.expected > 0))

    @property
    def df(self) -> int:
        return int((self.observed.shape[0] - 1) * (self.observed.shape[1] - 1))

    @property
    def residual(self) -> float:
        """Pearson's chi-squared for each degree of freedom; 0 where an item has one level."""
        return float((self.standardised**2).sum()) / self.df if self.df else 0.0

    @property
    def effect(self) -> float:
        """Cohen's w: the root of chi-squared for each row; 0.1 is small, 0.3 medium, 0.5 large."""
        n = float(self.observed.sum())
        return float(np.sqrt((self.standardised**2).sum() / n)) if n else 0.0


def bivariate_residuals(table: PatternTable, at: Parameters) -> list[PairResidual]:
    """All pairs of items, the worst first.

    Where answers are missing, expected is what the classes of the rows with both items observed would give: the classes
    are told by everything those rows answered (full information). With nothing missing it is n times the model's own.
    """
    observed, expected = pair_tables(table, at)
    ends = np.cumsum(table.sizes)
    of = [slice(first, end) for first, end in zip(table.first_cells, ends, strict=True)]
    pairs = [
        PairResidual(a, b, observed[of[a], of[b]], expected[of[a], of[b]])
        for a in range(table.items)
        for b in range(a + 1, table.items)
    ]
    return sorted(pairs, key=lambda pair: -pair.residual)


def pair_tables(table: PatternTable, at: Parameters) -> tuple[Floats, Floats]:
    """Observed and expected weight of every pair of cells (M, M), among rows with both items observed."""
    cells = len(at.log_probabilities)
    seen, group = missing_groups(table)
    observed, members = np.zeros((cells, cells)), np.zeros((len(seen), at.classes))
    for some, belongs, answers in answered(table, at):
        observed += answers.T @ (answers * table.weights[some, None])
        np.add.at(members, group[some], belongs * table.weights[some, None])
    expected, theta, item_of = np.zeros((cells, cells)), at.probabilities, at.item_of_cell
    for k in range(at.classes):
        both_seen = seen.T @ (seen * members[:, [k]])  # (J, J) weight of the class with both items observed
        expected += both_seen[np.ix_(item_of, item_of)] * np.outer(theta[:, k], theta[:, k])
    return observed, expected


def missing_groups(table: PatternTable) -> tuple[Floats, NDArray[np.intp]]:
    """The distinct sets of items observed (U, J), 1 where observed, and the set of each pattern (P,)."""
    seen = (table.codes != MISSING).astype(np.int32)
    first, group = distinct(seen)
    return seen[first].astype(np.float64), group


def answered(table: PatternTable, at: Parameters) -> Iterator[tuple[slice, Floats, Floats]]:
    """Some patterns at a time: which, their memberships (p, K) and their answers (p, M), 1 where a cell is chosen."""
    cells = len(at.log_probabilities)
    for some, _, belongs in belonging(table, at):
        chosen = table.cells_of(some)
        answers = np.zeros((len(chosen), cells + 1))
        answers[np.arange(len(chosen))[:, None], chosen] = 1.0
        yield some, belongs, answers[:, :cells]


@dataclass(frozen=True)
class TableFit:
    """The whole table of patterns against the model: likelihood-ratio G2, Pearson's X2, degrees of freedom.

    Parameters at 0 or 1 are counted; some programs leave them out. ``df`` is None where the model has as many
    parameters as the table has cells, or more. ``caution`` says why a chi-squared distribution is not to be trusted;
    empty where it is.
    """

    g2: float
    x2: float
    df: int | None
    caution: str


def table_fit(table: PatternTable, at: Parameters) -> TableFit | None:
    """G2 and X2; None where answers are missing, for then the patterns are not the cells of one table."""
    if (table.codes == MISSING).any():
        return None
    first, number = distinct(table.codes)
    observed = np.bincount(number, table.weights).astype(np.float64)
    expected = table.total * np.exp(logliks(PatternTable(table.codes[first], observed, table.levels), at))
    some = observed > 0
    g2 = 2.0 * float(observed[some] @ np.log(observed[some] / expected[some]))
    # Patterns that nobody has add their expected count each, and all expected counts add up to n.
    x2 = float(((observed - expected) ** 2 / expected).sum()) + table.total - float(expected.sum())
    cells = int(np.prod(table.sizes.astype(object)))
    df = cells - 1 - (at.classes - 1 + at.classes * (len(at.log_probabilities) - table.items))
    caution = ""
    if df <= 0:
        caution = "the model has as many parameters as the table has cells, or more"
    elif table.total < ROWS_A_CELL * cells:
        caution = f"{table.total:,.0f} rows are too few for {cells:,} possible patterns"
    return TableFit(g2, x2, df if df > 0 else None, caution)
