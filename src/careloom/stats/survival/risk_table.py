"""Counts of who was at risk that add: chunks of a file, partitions of a cluster, authorities. A Cox model needs no more.

Day by day in each stratum, and by covariate pattern: the weight of those watched until then, of those with the event
then, and of those watched from then on. Tables of other rows add, and the sum is the table of all rows at once. One
table serves many models, for each of which it need not be counted again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from careloom.stats.survival.cox import CoxFit, Ties, check_design, fit_risk_sets
from careloom.stats.survival.risk_sets import (
    NO_EVENTS,
    DayCounts,
    RiskSets,
    Slots,
    Sparse,
    checked_cox_rows,
    sum_into,
    ties_of,
)
from careloom.stats.survival.rows import Floats, Integers, distinct_of


@dataclass(frozen=True, eq=False)
class RiskTable:
    """Counts by stratum and day (lines, in that order) and by pattern: of single persons, and never to leave the building.

    Matrices are of weights, (lines, patterns); `rows` (lines, 3) are unweighted: left, with the event, entered.
    """

    strata: NDArray[Any]  # (lines,) labels
    days: Floats  # (lines,)
    left: Sparse  # last at risk on this day, with the event or without
    events: Sparse
    entered: Sparse  # at risk from the end of this day on; nobody where all were watched from the start
    rows: Floats

    @classmethod
    def from_rows(
        cls,
        pattern: ArrayLike,
        exit_days: ArrayLike,
        is_event: ArrayLike,
        *,
        patterns: int,
        entry_days: ArrayLike | None = None,
        stratum: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        counts: ArrayLike | None = None,
    ) -> RiskTable:
        """Count rows; without events too, for a chunk may have none.

        pattern: (n,) which of so many `patterns` each row has: a row of every design to come, the same in all tables
        that are to be added. counts: (n,) how many rows each one stands for, as a query that groups by the other
        columns tells. Other arguments and errors as `fit_cox`.
        """
        rows = checked_cox_rows(
            pattern, exit_days, is_event, patterns=patterns, entry_days=entry_days, stratum=stratum, weights=weights
        )
        count = np.ones(rows.weight.shape) if counts is None else np.asarray(counts, dtype=np.float64)
        if count.shape != rows.weight.shape or not ((count >= 1) & (count % 1 == 0)).all():
            raise ValueError("counts must be whole numbers above 0, one per row")
        weight = rows.weight * count
        ends = rows.exit_days if rows.entry_days is None else np.concatenate((rows.exit_days, rows.entry_days))
        days, place = distinct_of(ends)
        lines, line = distinct_of(np.resize(rows.stratum, ends.size) * days.size + place)
        out, own = line[: weight.size], rows.is_event
        inward = line[weight.size :]
        who = rows.pattern[: inward.size]

        def by_line(at: Integers, of: Integers, values: Floats) -> Sparse:
            return sum_into((lines.size, patterns), at, of, values)

        ended = ((out, count), (out[own], count[own]), (inward, count[: inward.size]))
        return cls(
            strata=rows.labels[lines // days.size],
            days=days[lines % days.size],
            left=by_line(out, rows.pattern, weight),
            events=by_line(out[own], rows.pattern[own], weight[own]),
            entered=by_line(inward, who, weight[: inward.size]),
            rows=np.column_stack([np.bincount(at, values, lines.size) for at, values in ended]),
        )

    def __add__(self, other: RiskTable) -> RiskTable:
        """The table of the rows of both. Raises ValueError for tables of other patterns or another kind of strata."""
        if not isinstance(other, RiskTable):
            return NotImplemented
        if self.left.shape[1] != other.left.shape[1] or self.strata.dtype.kind != other.strata.dtype.kind:
            raise ValueError("tables add when they have the same patterns and the same kind of strata")
        strata, stratum = np.unique(np.concatenate((self.strata, other.strata)), return_inverse=True)
        days, day = np.unique(np.concatenate((self.days, other.days)), return_inverse=True)
        lines, line = np.unique(stratum * days.size + day, return_inverse=True)
        own, others = line[: self.days.size], line[self.days.size :]
        rows = np.zeros((lines.size, 3))
        rows[own] += self.rows
        rows[others] += other.rows

        def both(mine: Sparse, theirs: Sparse) -> Sparse:
            return _at_lines(mine, own, lines.size) + _at_lines(theirs, others, lines.size)

        return RiskTable(
            strata=strata[lines // days.size],
            days=days[lines % days.size],
            left=both(self.left, other.left),
            events=both(self.events, other.events),
            entered=both(self.entered, other.entered),
            rows=rows,
        )

    def risk_sets(self, *, efron: bool) -> RiskSets:
        """What a Cox model stands on, made once. Raises ValueError when there are no events."""
        sets = self._risk_sets
        return sets if efron else replace(sets, q=np.zeros_like(sets.q))

    @cached_property
    def _risk_sets(self) -> RiskSets:
        with_event = self.rows[:, 1] > 0
        if not with_event.any():
            raise ValueError(NO_EVENTS)
        labels, stratum = np.unique(self.strata, return_inverse=True)
        upto = np.cumsum(with_event)
        edges = np.concatenate(([0], upto[np.searchsorted(stratum, np.arange(labels.size), side="right") - 1]))
        slots = Slots(stratum[with_event], self.days[with_event], edges)
        # Who leaves between two event days is last at risk on the first of them, or on none.
        kept = np.flatnonzero(upto > edges[stratum])
        snapped = sum_into((slots.day.size, self.days.size), upto[kept] - 1, kept, np.ones(kept.size))
        tied = self.rows[with_event, 1].astype(np.int64)
        event_slot, q = ties_of(tied, efron=True)
        events = self.events[with_event]
        return RiskSets(
            counted=self._day_counts(),
            labels=labels,
            pattern_weight=np.asarray(self.left.sum(axis=0), dtype=np.float64),
            slots=slots,
            first=np.zeros(0, dtype=np.int64),
            last=np.zeros(0, dtype=np.int64),
            leaving=snapped @ (self.left - self.entered),
            events=events,
            tied=tied,
            mean_weight=events.sum(axis=1) / tied,
            event_slot=event_slot,
            q=q,
        )

    def _day_counts(self) -> DayCounts:
        days, day = np.unique(self.days, return_inverse=True)
        return DayCounts(days, *(np.bincount(day, column, days.size).astype(np.float64) for column in self.rows.T))


def fit_cox_table(
    table: RiskTable,
    design: ArrayLike,
    *,
    names: Sequence[str],
    offset: ArrayLike | None = None,
    ties: Ties = "efron",
    max_iterations: int = 50,
) -> CoxFit:
    """Fit a Cox model to a risk table: what `fit_cox` would find in its rows. Arguments and errors as there.

    Standard errors are the model's: which rows are of one child, counts do not say.
    """
    x = np.asarray(design, dtype=np.float64)
    known = np.zeros(x.shape[0]) if offset is None else np.asarray(offset, dtype=np.float64)
    check_design(x, known, names, ties)
    if len(x) != table.left.shape[1]:
        raise ValueError(f"the design must have a row for each of the table's {table.left.shape[1]} patterns")
    sets = table.risk_sets(efron=ties == "efron")
    return fit_risk_sets(sets, x, known, names, cluster=None, max_iterations=max_iterations)


def _at_lines(matrix: Sparse, lines: Integers, size: int) -> Sparse:
    """The matrix with its lines at other places, in the same order, and empty lines between."""
    lengths = np.zeros(size, dtype=np.int64)
    lengths[lines] = np.diff(matrix.indptr)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    return sparse.csr_array((matrix.data, matrix.indices, starts), shape=(size, matrix.shape[1]))
