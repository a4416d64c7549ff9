"""Distinct patterns of yes/no items with counts: all that the latent class analysis needs to see."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_array

from careloom.engine import Engine
from careloom.stats.latent_class import PatternTable, collapse
from careloom.stats.latent_class.rows.clusters import Clusters
from careloom.stats.latent_class.rows.grouped_patterns import Sparse

MISSING = -1
ITEM = {"0": 0, "1": 1, "-": MISSING}
NO_AND_YES = (0, 1)


@dataclass(frozen=True, eq=False)
class Patterns:
    """Distinct response patterns: texts (P,), items (P, J) of 1, 0 or -1 for missing, and weights (P,)."""

    texts: tuple[str, ...]
    items: NDArray[np.int8]
    weights: NDArray[np.float64]

    @cached_property
    def varies(self) -> NDArray[np.bool_]:
        """Items (J,) that some assessments record and some do not: only these can tell classes apart."""
        varies: NDArray[np.bool_] = (self.items == 0).any(axis=0) & (self.items == 1).any(axis=0)
        return varies

    @cached_property
    def prevalence(self) -> NDArray[np.float64]:
        """Share of assessments that record each item (J,), of those that could; nan where none could."""
        recorded, observed = self.weights @ (self.items == 1), self.weights @ (self.items != MISSING)
        share: NDArray[np.float64] = np.divide(
            recorded, observed, out=np.full(recorded.shape, np.nan), where=observed > 0
        )
        return share

    def table(self, told: NDArray[np.bool_]) -> tuple[PatternTable, NDArray[np.intp]]:
        """The patterns by some of the items (J,) alone, yes or no, as the statistics know them; and each one's place."""
        return collapse(self.items[:, told], self.weights, [NO_AND_YES] * int(told.sum()))


def read_patterns(engine: Engine, items: int) -> Patterns:
    """Collapse the assessments to patterns in the engine: only patterns and counts come out."""
    rows = sorted(engine.rows("SELECT pattern, count(*) AS n FROM assessment_indicator GROUP BY pattern"))
    codes = np.array([[ITEM[letter] for letter in pattern] for pattern, _ in rows], dtype=np.int8)
    weights = np.array([n for _, n in rows], dtype=np.float64)
    return Patterns(tuple(p for p, _ in rows), codes.reshape(len(rows), items), weights)


def read_children(engine: Engine, patterns: Patterns, place: NDArray[np.intp]) -> Clusters | None:
    """Which patterns each child's assessments make, so that standard errors know they are one child's.

    `place` (P,) is each pattern's place in a pattern table. None when they are all of one child.
    """
    number_patterns(engine, patterns, place)
    made = engine.arrow("""
        SELECT dense_rank() OVER (ORDER BY a.person_id) AS child_no, n.pattern_no
        FROM assessment_indicator AS a JOIN pattern_number AS n ON n.pattern = a.pattern""")
    child, pattern = (made.column(name).to_numpy() for name in ("child_no", "pattern_no"))
    return Clusters(child, pattern) if len(np.unique(child)) > 1 else None


def read_groups(engine: Engine, patterns: Patterns, place: NDArray[np.intp], by: str) -> tuple[list[str], Sparse]:
    """Names of the groups (G,), in order, and how many assessments of each stand at each place, sparse (G, places).

    `by` is `la`, or `year`, in which the assessment was authorised (it ends 31 March). `place` (P,) as above.
    """
    number_patterns(engine, patterns, place)
    group = {"la": "a.la", "year": "CAST(year_ending(a.assessed_on) AS VARCHAR)"}[by]
    made = engine.arrow(f"""
        SELECT {group} AS group_name, n.pattern_no, count(*) AS assessments
        FROM assessment_indicator AS a JOIN pattern_number AS n ON n.pattern = a.pattern
        GROUP BY {group}, n.pattern_no""")
    names, group_no = np.unique(made.column("group_name").to_numpy(zero_copy_only=False), return_inverse=True)
    at = (group_no, made.column("pattern_no").to_numpy())
    counts = made.column("assessments").to_numpy().astype(np.float64)
    return [str(name) for name in names], coo_array((counts, at), shape=(len(names), int(place.max()) + 1)).tocsr()


def number_patterns(engine: Engine, patterns: Patterns, place: NDArray[np.intp]) -> None:
    numbers = pa.table({"pattern": list(patterns.texts), "pattern_no": np.asarray(place, dtype=np.int64)})
    engine.load("pattern_number", numbers)
