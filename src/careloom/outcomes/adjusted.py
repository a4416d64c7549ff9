"""What share would have had the event by each month if every case had been of one class, all else as it was?

Standardised curves: the primary model's curve of every child followed, with the class set, averaged over the children -
not the curve of an average child, who does not exist. Each authority's children keep their authority's baseline. Source:
study method section 7 (adjusted curves by standardisation over the cohort, not at covariate means).
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from careloom.catalogue import Outcome
from careloom.outcomes.hazards import Estimates, Row
from careloom.outcomes.risk_table import CLASS, RiskTable
from careloom.outcomes.terms import Term
from careloom.stats.distinct_rows import distinct_rows
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
    last = min(float(some.days[some.la == la].max()) for la in np.unique(some.la))
    days = [day for day in outcome.horizons_days if day <= last]
    for level in (term.reference, *term.compared):
        if level == term.reference or primary.found(term, level) is not None:
            columns = primary.design.of_class(CLASS, level)
            for day, row in zip(days, shares(fit, columns, some, days), strict=True):
                number = term.levels.index(level)
                yield {"outcome": outcome.name, "class_no": level, "days": day, **row, **children_of(term, number)}


def shares(fit: CoxFit, columns: Floats, some: RiskTable, days: Sequence[int]) -> Iterator[Row]:
    """The mean share with the event by each day; columns: (P, C) the covariates that every pattern is given."""
    mean = predict_across(fit, list(populations(columns, some)), days)
    for free, upper, lower in zip(mean.survival, mean.lower, mean.upper, strict=True):
        yield {"share": float(1 - free), "lower": float(1 - lower), "upper": float(1 - upper)}


def populations(columns: Floats, some: RiskTable) -> Iterator[Population]:
    """The stretches of each authority, with its own baseline."""
    for la in np.unique(some.la):
        met, count = np.unique(some.pattern[some.la == la], return_counts=True)
        rows, row_of = distinct_rows(columns[met])
        share = np.bincount(row_of, count) / some.pattern.size
        yield Population(la if some.authorities > 1 else None, rows, share)


def children_of(term: Term, number: int) -> Row:
    """Of the class itself, for those who decide what may be shown."""
    of = term.counts
    return {"children": int(of.children[number]), "children_with_event": int(of.children_with_event[number])}
