"""The rows of a survival analysis, checked: who left when, with the event or without, and from when they were watched."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
EXACT = 2**50
"""Below it a float tells each half from the next."""


def checked_rows(
    days: ArrayLike, is_event: ArrayLike, weights: ArrayLike | None, entry_days: ArrayLike | None
) -> tuple[Floats, NDArray[np.bool_], Floats, Floats | None]:
    """The rows of a survival analysis as arrays of one length, or a ValueError that says which rule they break."""
    exits = np.asarray(days, dtype=np.float64)
    event = np.asarray(is_event)
    # One number seen n times, where all weigh the same: no memory.
    weight = np.broadcast_to(1.0, exits.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    entry = None if entry_days is None else np.asarray(entry_days, dtype=np.float64)
    if exits.ndim != 1 or exits.size == 0:
        raise ValueError("days must be one non-empty column")
    if any(a.shape != exits.shape for a in (event, weight) + (() if entry is None else (entry,))):
        raise ValueError("days, is_event, weights and entry_days must have the same length")
    if not (known := (event == 0) | (event == 1)).all():
        raise ValueError(f"is_event must be true or false (1 or 0), with none missing: {told(~known)} neither")
    if not (known := np.isfinite(exits) & (exits >= 0)).all():
        raise ValueError(f"days must be known and not negative: {told(~known)} not; leave them out and count them")
    if not (known := np.isfinite(weight) & (weight > 0)).all():
        raise ValueError(f"weights must be known and above 0; leave out rows of weight 0: {told(~known)} not")
    if entry is not None and not (known := entry < exits).all():
        raise ValueError(
            f"entry_days must be known and before the exit; place a same-day exit at, say, half a day: {told(~known)} not"
        )
    return exits, event.astype(bool), weight, entry


def told(broken: NDArray[np.bool_]) -> str:
    """How many rows break a rule, in words that go before what they are (not)."""
    count = int(broken.sum())
    return f"{count:,} of {broken.size:,} rows {'is' if count == 1 else 'are'}"


def checked_causes(cause: ArrayLike) -> NDArray[np.int64]:
    """Causes as whole numbers, or a ValueError."""
    which = np.asarray(cause)
    if which.ndim != 1 or not np.isin(which.astype(np.float64) % 1, 0).all() or (which.size and which.min() < 0):
        raise ValueError("cause must be a whole number per row: 0 for a censoring, 1, 2 ... for what happened")
    return which.astype(np.int64)


def distinct_of(values: NDArray[Any]) -> tuple[NDArray[Any], Integers]:
    """The distinct values in order, and which of them each value is."""
    if (found := _on_a_grid(values)) is None:
        distinct, which = np.unique(values, return_inverse=True)
        return distinct, np.asarray(which)
    grid, place = found
    there = np.zeros(grid.size, dtype=bool)
    there[place] = True
    return grid[there], (np.cumsum(there) - 1)[place]


def count_upto(ordered: NDArray[Any], values: NDArray[Any]) -> Integers:
    """How many of the distinct `ordered` values are at or below each value."""
    if (found := _on_a_grid(values)) is None:
        return np.searchsorted(ordered, values, side="right")
    grid, place = found
    return np.searchsorted(ordered, grid, side="right")[place]


def _on_a_grid(values: NDArray[Any]) -> tuple[NDArray[Any], Integers] | None:
    """A grid from the least value to the greatest, and each value's place on it: then none need be sorted or searched for.

    Its steps are of one, or of half for floats: days are whole, but for a same-day exit that was placed at half a day.
    None where some value is not on such a grid, or the grid would be longer than there are values.
    """
    if values.ndim != 1 or values.size == 0 or values.dtype.kind not in "if":
        return None
    steps = 2 if values.dtype.kind == "f" else 1
    low, high = float(values.min()), float(values.max())
    if not (steps * (high - low) < values.size and max(-low, high) < EXACT):  # nor where one is not a number
        return None
    counted = values * steps
    place = counted.astype(np.int64, copy=False)
    if not np.array_equal(place, counted):
        return None
    first = int(place.min())
    place = place - first
    return ((np.arange(int(place.max()) + 1) + first) / steps).astype(values.dtype), place


def sum_by(where: NDArray[np.int64], weight: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(where, weight, size), dtype=np.float64)


def weight_at_or_after(distinct: Floats, days: Floats, weight: Floats) -> Floats:
    """For each distinct day, the weight of the rows whose day is that day or later."""
    return sum_by(count_upto(distinct, days), weight, distinct.size + 1)[::-1].cumsum()[::-1][1:]
