"""What share would have had the event by each month if every case had been of one class, all else as it was?

Standardised curves: the primary model's curve of every child followed, with the class set, averaged over the children -
not the curve of an average child, who does not exist. Each authority's children keep their authority's baseline. Source:
study method section 7 (adjusted curves by standardisation over the cohort, not at covariate means).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from careloom.catalogue import Outcome
from careloom.outcomes.hazards import Estimates, Row
from careloom.outcomes.risk_table import CLASS, Integers, RiskTable
from careloom.outcomes.terms import Design, Term, combinations
from careloom.stats.survival import CoxFit, Population, predict_across

Floats = NDArray[np.float64]

ADJUSTED = pa.schema(
    [("outcome", pa.string()), ("class_no", pa.string()), ("days", pa.int64())]
    + [(name, pa.float64()) for name in ("share", "lower", "upper")]
    + [(name, pa.int64()) for name in ("children", "children_with_event")]
)


def adjusted_curves(outcome: Outcome, primary: Estimates, risk: RiskTable) -> Iterator[Row]:
    """The rows of `adjusted_curve` of one outcome; none when the model has no classes, or infinite ratios.

    A day is left out when in some authority nobody was followed so long.
    """
    fit, term = primary.cox, next((each for each in primary.design.terms if each.name == CLASS), None)
    if fit is None or term is None or fit.monotone:
        return
    some = risk.of(primary.design.is_used[risk.pattern])
    last = np.full(int(some.la.max()) + 1, np.inf)
    last[some.la] = 0.0
    np.maximum.at(last, some.la, some.days)
    days = [day for day in outcome.horizons_days if day <= last.min()]
    kinds = kinds_of(primary.design, some)
    for level in (term.reference, *term.compared):
        if level == term.reference or primary.found(term, level) is not None:
            columns = primary.design.of_class(CLASS, level, kinds.pattern)
            for day, row in zip(days, shares(fit, columns, kinds, days), strict=True):
                number = term.levels.index(level)
                yield {"outcome": outcome.name, "class_no": level, "days": day, **row, **children_of(term, number)}


@dataclass(frozen=True, eq=False)
class Kinds:
    """Stretches that differ in nothing but their class are of one kind: a pattern of each (K,), and how many stretches there are of
    each kind in each authority (counted cells): the authority's number, the kind, and the count."""

    pattern: Integers
    la: Integers
    kind: Integers
    count: Integers

    @property
    def has_strata(self) -> bool:
        return bool((self.la != self.la[0]).any())


def kinds_of(design: Design, some: RiskTable) -> Kinds:
    others = [term for term in design.terms if term.name != CLASS]
    pattern, kind_of = combinations(others, design.row_of.size)
    cells, count = np.unique(some.la * pattern.size + kind_of[some.pattern], return_counts=True)
    return Kinds(pattern, cells // pattern.size, cells % pattern.size, count)


def shares(fit: CoxFit, columns: Floats, kinds: Kinds, days: Sequence[int]) -> Iterator[Row]:
    """The mean share with the event by each day; columns: (K, C) the covariates that every kind is given."""
    mean = predict_across(fit, list(populations(columns, kinds)), days)
    for free, upper, lower in zip(mean.survival, mean.lower, mean.upper, strict=True):
        yield {"share": float(1 - free), "lower": float(1 - lower), "upper": float(1 - upper)}


def populations(columns: Floats, kinds: Kinds) -> Iterator[Population]:
    """The stretches of each authority, with its own baseline."""
    las, start = np.unique(kinds.la, return_index=True)
    share = kinds.count / kinds.count.sum()
    for la, mine in zip(las, map(slice, start, [*start[1:], kinds.la.size]), strict=True):
        yield Population(la if kinds.has_strata else None, columns[kinds.kind[mine]], share[mine])


def children_of(term: Term, number: int) -> Row:
    """Of the class itself, for those who decide what may be shown."""
    of = term.counts
    return {"children": int(of.children[number]), "children_with_event": int(of.children_with_event[number])}
