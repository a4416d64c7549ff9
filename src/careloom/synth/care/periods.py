"""What is known of each period of care before it is told, and how to look things up in it by day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.catalogue import Population
from careloom.synth.days import Days, Flags, birthday
from careloom.synth.world import Care, Floats, People, Rows

_DAY_BITS = 22  # a day and the row it belongs to as one number, so that a sorted column finds both at once
_DAY_SHIFT = 1 << 20


@dataclass(frozen=True)
class Periods:
    """One row per period of care to be told, in the order of Care.

    care, child : rows of Care and of People
    exit : position in EXITS
    sixteen_on : birthday from which a child may live in supported accommodation
    moves, residential, fee : cost intensity of the kind, as ratios
    """

    care: Rows
    child: Rows
    starts_on: Days
    ends_on: Days
    exit: Rows
    born: Days
    sixteen_on: Days
    is_uasc: Flags
    is_disabled: Flags
    moves: Floats
    residential: Floats
    fee: Floats

    def __len__(self) -> int:
        return len(self.born)

    @property
    def days(self) -> Days:
        return self.ends_on - self.starts_on


def periods_of(people: People, care: Care, population: Population, from_on: int) -> Periods:
    """The periods of care that end on `from_on` or later."""
    row = np.flatnonzero(care.ends_on >= from_on)
    child, kind = care.child[row], care.kind[row]
    ratios = np.array([(k.placement_moves, k.residential, k.weekly_fee) for k in population.kinds])[kind]
    return Periods(
        care=row,
        child=child,
        starts_on=care.starts_on[row],
        ends_on=care.ends_on[row],
        exit=care.exit[row],
        born=people.born[child],
        sixteen_on=birthday(people.born[child], 16),
        is_uasc=people.is_uasc[child],
        is_disabled=people.disabilities[child].sum(axis=1) > 0,
        moves=ratios[:, 0],
        residential=ratios[:, 1],
        fee=ratios[:, 2],
    )


def key(row: Rows, on: Days) -> Rows:
    """Row and day as one number, ordered by row and then by day."""
    return (row << _DAY_BITS) + on + _DAY_SHIFT


def split(keys: Rows) -> tuple[Rows, Days]:
    """Row and day of each key."""
    return keys >> _DAY_BITS, (keys & ((1 << _DAY_BITS) - 1)) - _DAY_SHIFT


def at(keys: Rows, wanted: Rows) -> Rows:
    """Position of the last of the sorted keys that is not after each wanted one."""
    return np.searchsorted(keys, wanted, side="right") - 1
