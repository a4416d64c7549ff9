"""Who is at risk, and who has the event, on each event day: the counts that are all a Cox model needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from careloom.stats.survival.rows import Floats, Integers, checked_rows, count_upto, distinct_of

Sparse = Any  # scipy.sparse.csr_array; SciPy hands out no types
NO_EVENTS = "there are no events: no hazard ratio can be estimated"
MOST_CELLS = 8
"""So many cells to a row are summed in one table of all cells, which is quicker than to sort the rows by their cells."""


@dataclass(frozen=True)
class Rows:
    """The checked input, one element per row; `stratum` counts from 0 in the order of `labels`."""

    pattern: Integers
    exit_days: Floats
    entry_days: Floats | None
    is_event: NDArray[np.bool_]
    weight: Floats
    stratum: Integers
    labels: NDArray[Any]


@dataclass(frozen=True)
class Slots:
    """The event days of each stratum, ordered by stratum, then day; stratum s has slots `edges[s] : edges[s + 1]`."""

    stratum: Integers
    day: Floats
    edges: Integers

    def runs(self) -> Iterator[slice]:
        """Each stratum's slots."""
        return (slice(start, stop) for start, stop in pairwise(self.edges))

    def last_of(self, stratum: Integers) -> Integers:
        """One past the last slot of each stratum given."""
        return np.asarray(self.edges[stratum + 1])

    def remaining(self, values: Floats) -> Floats:
        """Sum from each slot to the end of its stratum: what is at risk, from what leaves."""
        out = np.empty_like(values)
        for run in self.runs():
            out[run] = values[run][::-1].cumsum(axis=0)[::-1]
        return out

    def elapsed(self, values: Floats) -> Floats:
        """Sum from the start of each slot's stratum up to the slot: a cumulative hazard, from hazards."""
        out = np.empty_like(values)
        for run in self.runs():
            out[run] = values[run].cumsum(axis=0)
        return out


@dataclass(frozen=True)
class Membership:
    """Rows that belong to each of K classes in part: row i to class k with weight `table[of[i], k]`, perhaps negative.

    A row stands for K rows, of pattern `pattern * K + k`, that are never made.
    """

    table: Floats  # (M, K)
    of: Integers  # (n,)

    def some(self, rows: NDArray[np.bool_] | Integers | slice) -> Membership:
        return Membership(self.table, self.of[rows])


@dataclass(frozen=True)
class Lingering:
    """Rows that stay at risk after something else ended them, with a weight that fades (Fine and Gray 1999).

    Row `rows[i]` counts `weight[i] * fading[slot]` in its stratum's slots from `first[i]` on, perhaps in none.
    """

    rows: Integers
    first: Integers
    weight: Floats
    coming: Sparse  # (slots, patterns): weight that lingers from this slot on
    fading: Floats  # (slots,)


@dataclass(frozen=True)
class DayCounts:
    """Rows, unweighted and of all strata, by day: those whose last day it is, with the event, and watched from then on."""

    days: Floats
    left: Floats
    events: Floats
    entered: Floats


@dataclass(frozen=True)
class RiskSets:
    """Weights by slot and pattern, and ties by slot; row i is at risk in the slots `first[i] : last[i]`.

    Counts of a risk table have no rows, and no `first` and `last`: what needs rows is refused.
    """

    counted: Rows | DayCounts
    labels: NDArray[Any]  # of the strata
    pattern_weight: Floats  # (patterns,)
    slots: Slots
    first: Integers
    last: Integers
    leaving: Sparse  # (slots, patterns): weight last at risk here, less the weight that enters just after
    events: Sparse  # (slots, patterns): weight of the events
    tied: Integers  # (slots,) event rows, unweighted
    mean_weight: Floats  # (slots,) of the tied events
    event_slot: Integers  # (events,) sorted
    q: Floats  # (events,) the share of the slot's tied events already gone
    lingering: Lingering | None = None
    membership: Membership | None = None

    @property
    def rows(self) -> Rows:
        if isinstance(self.counted, DayCounts):
            raise ValueError("a risk table knows counts, not rows: clusters and residuals need the rows themselves")
        return self.counted

    @property
    def n(self) -> int:
        counted = self.counted
        return round(counted.left.sum()) if isinstance(counted, DayCounts) else counted.pattern.size

    def day_counts(self) -> DayCounts:
        """Who left, had the event and entered, by day."""
        if isinstance(self.counted, DayCounts):
            return self.counted
        rows = self.counted
        ends = rows.exit_days if rows.entry_days is None else np.concatenate((rows.exit_days, rows.entry_days))
        days, place = distinct_of(ends)
        out, own = place[: rows.pattern.size], place[: rows.pattern.size][rows.is_event]
        sums = (np.bincount(each, minlength=days.size) for each in (out, own, place[rows.pattern.size :]))
        return DayCounts(days, *(each.astype(np.float64) for each in sums))

    def sides(self, some: Integers) -> tuple[Integers, Floats]:
        """Pattern and weight of some rows (m, 1), or of them in each class that they belong to in part (m, K)."""
        rows, belongs = self.rows, self.membership
        pattern, weight = rows.pattern[some][:, None], rows.weight[some][:, None]
        if belongs is None:
            return pattern, weight
        classes = belongs.table.shape[1]
        return pattern * classes + np.arange(classes), weight * belongs.table[belongs.of[some]]

    def at_risk(self, values: Floats) -> Floats:
        """Sum of a value per pattern (patterns, ...) over the weight at risk in each slot (slots, ...)."""
        total = self.slots.remaining(self.leaving @ values)
        if self.lingering is not None:
            total = total + self.lingering.fading[:, None] * self.slots.elapsed(self.lingering.coming @ values)
        return total

    def over_time_at_risk(self, values: Floats) -> Floats:
        """Sum of a value per slot (slots,) over the slots in which each pattern's weight is at risk (patterns,)."""
        total: Floats = self.leaving.T @ self.slots.elapsed(values)
        if self.lingering is not None:
            total = total + self.lingering.coming.T @ self.slots.remaining(self.lingering.fading * values)
        return total


def checked_cox_rows(
    pattern: ArrayLike,
    exit_days: ArrayLike,
    is_event: ArrayLike,
    *,
    patterns: int,
    entry_days: ArrayLike | None,
    stratum: ArrayLike | None,
    weights: ArrayLike | None,
) -> Rows:
    """The rows as arrays of one length, or a ValueError that says which rule they break."""
    exits, event, weight, entry = checked_rows(exit_days, is_event, weights, entry_days)
    which = np.asarray(pattern)
    if which.shape != exits.shape or which.dtype.kind not in "iu" or which.min() < 0 or which.max() >= patterns:
        raise ValueError("pattern must be one whole number per row: the number of a row of the design, from 0")
    if stratum is None:
        labels, code = np.zeros(1, dtype=np.int64), np.broadcast_to(np.int64(0), exits.shape)
    else:
        labels, code = distinct_of(np.asarray(stratum))
    if code.shape != exits.shape:
        raise ValueError("stratum must have one label per row")
    return Rows(which.astype(np.int64, copy=False), exits, entry, event, weight, code, labels)


def weights_of(weight: Floats, membership: Membership | None) -> Iterator[Floats]:
    """The weights of rows: once, or in each class that they belong to in part."""
    if membership is None:
        yield weight
        return
    for column in membership.table.T:
        yield weight * column[membership.of]


def count_risk_sets(rows: Rows, *, patterns: int, efron: bool, membership: Membership | None = None) -> RiskSets:
    """Reduce the rows to counts by slot and pattern; with classes belonged to in part, by slot, pattern and class.

    Ties are counted in rows, whatever classes they belong to.
    """
    if not rows.is_event.any():
        raise ValueError(NO_EVENTS)
    slots, first, last = find_slots(rows)

    def parts_of(some: NDArray[np.bool_]) -> Iterator[Floats]:
        return weights_of(rows.weight[some], None if membership is None else membership.some(some))

    def summed(some: NDArray[np.bool_], one_past: Integers) -> Sparse:
        where = one_past[some] - 1, rows.pattern[some]
        return side_by_side(sum_each_into((slots.day.size, patterns), *where, parts_of(some)))

    at_risk = last > first
    late = at_risk & (first > slots.edges[rows.stratum])
    leaving, events = summed(at_risk, last), summed(rows.is_event, last)
    never = [np.bincount(rows.pattern[~at_risk], part, patterns) for part in parts_of(~at_risk)]
    pattern_weight = np.column_stack(never).ravel() + leaving.sum(axis=0)
    if late.any():
        leaving = leaving - summed(late, first)
    tied = np.bincount(last[rows.is_event] - 1)
    event_slot, q = ties_of(tied, efron=efron)
    return RiskSets(
        counted=rows,
        labels=rows.labels,
        pattern_weight=pattern_weight,
        slots=slots,
        first=first,
        last=last,
        leaving=leaving,
        events=events,
        tied=tied,
        mean_weight=events.sum(axis=1) / tied,
        event_slot=event_slot,
        q=q,
        membership=membership,
    )


def ties_of(tied: Integers, *, efron: bool) -> tuple[Integers, Floats]:
    """The slot of each event (events,), and the share of the slot's tied events already gone."""
    event_slot = np.repeat(np.arange(tied.size), tied)
    gone = np.arange(event_slot.size) - np.repeat(np.cumsum(tied) - tied, tied)
    return event_slot, gone / tied[event_slot] if efron else np.zeros(event_slot.size)


def sum_into(shape: tuple[int, int], row: Integers, column: Integers, weight: Floats) -> Sparse:
    """A sparse matrix of the weights summed by (row, column)."""
    return sum_each_into(shape, row, column, [weight])[0]


def sum_each_into(shape: tuple[int, int], row: Integers, column: Integers, weights: Iterable[Floats]) -> list[Sparse]:
    """The same for several weights of the same rows and columns."""
    if shape[0] * shape[1] > MOST_CELLS * row.size:
        return [sparse.csr_array(sparse.coo_array((weight, (row, column)), shape=shape)) for weight in weights]
    cell, cells = row * shape[1] + column, shape[0] * shape[1]
    return [sparse.csr_array(np.bincount(cell, weight, cells).reshape(shape)) for weight in weights]


def side_by_side(of_classes: Sequence[Sparse]) -> Sparse:
    """One matrix from one per class, with the classes of a pattern in adjoining columns."""
    if len(of_classes) == 1:
        return of_classes[0]
    stacked = sparse.hstack(of_classes, format="csr")
    shape, classes = of_classes[0].shape, len(of_classes)
    k, pattern = np.divmod(stacked.indices, shape[1])
    return sparse.csr_array((stacked.data, pattern * classes + k, stacked.indptr), shape=(shape[0], shape[1] * classes))


def find_slots(rows: Rows) -> tuple[Slots, Integers, Integers]:
    """The slots, and each row's first slot and the one past its last; a censoring snaps to the event day before it."""
    days = np.unique(rows.exit_days[rows.is_event])
    # A slot's key orders by stratum, then day; a row's own keys cut out its run of slots.
    stratum_key = rows.stratum * days.size
    exit_key = stratum_key + count_upto(days, rows.exit_days)
    keys = distinct_of(exit_key[rows.is_event] - 1)[0]
    slots = Slots(
        stratum=keys // days.size,
        day=days[keys % days.size],
        edges=np.searchsorted(keys, np.arange(rows.labels.size + 1) * days.size),
    )
    last = count_upto(keys, exit_key - 1)
    if rows.entry_days is None:
        return slots, slots.edges[rows.stratum], last
    entry_key = stratum_key + count_upto(days, rows.entry_days)
    return slots, count_upto(keys, entry_key - 1), last
