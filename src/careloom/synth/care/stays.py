"""What changes within a placement, the carer staying the same: it becomes long-term, or the child is away for some days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.synth.care.exits import ADOPTED, ADULT
from careloom.synth.care.moves import FOSTER, HOME_FOR_CHILDREN, KIN, SCHOOL, Placements
from careloom.synth.care.orders import Orders
from careloom.synth.care.periods import Periods, key
from careloom.synth.chance import happens
from careloom.synth.days import NEVER, Days, Flags
from careloom.synth.life.clocks import age_band
from careloom.synth.world import Rows, Texts

# Share of foster placements that can become long-term, and the wait
_SETTLES, _SETTLES_UNTIL_18 = 0.5, 0.95
_SETTLES_AFTER, _SETTLES_DAYS = 90, 300.0
# Temporary stays: hospital, holiday, the carer's own holiday (foster care only), a few days for any other reason
AWAY = np.array(["T1", "T2", "T3", "T4"])
_SHORTEST, _LONGEST = np.array([2, 3, 3, 2]), np.array([20, 14, 14, 7])
_CARERS_HOLIDAY = 2
_AWAY_A_YEAR = 0.12
_AWAY_FROM = (KIN, FOSTER, HOME_FOR_CHILDREN, SCHOOL)


@dataclass(frozen=True)
class Stays:
    """One row per placement; days are NEVER where it does not come about.

    settled_on : the day it becomes a long-term foster placement
    away_on, back_on : a temporary stay elsewhere; `away` is its placement type
    """

    settled_on: Days
    away_on: Days
    back_on: Days
    away: Texts


def draw_stays(periods: Periods, orders: Orders, placements: Placements, rng: np.random.Generator) -> Stays:
    """What changes within each placement. A temporary stay lies in a stretch in which nothing else changes."""
    settled_on = _settled_on(periods, orders, placements, rng)
    size, group = len(placements), placements.group
    sort = rng.integers(0, AWAY.size, size=size)
    sort = np.where((sort == _CARERS_HOLIDAY) & (group != FOSTER), 0, sort)
    room = placements.ends_on - placements.starts_on
    chance = -np.expm1(-_AWAY_A_YEAR * room / 365.25)
    away_on = placements.starts_on + 1 + (rng.random(size) * room).astype(np.int64)
    back_on = away_on + rng.integers(_SHORTEST[sort], _LONGEST[sort] + 1)
    crossed = _orders_between(orders, placements.period, away_on, back_on)
    crossed |= (settled_on >= away_on) & (settled_on <= back_on)
    comes = np.isin(group, _AWAY_FROM) & happens(rng, chance) & (back_on < placements.ends_on) & ~crossed
    return Stays(settled_on, np.where(comes, away_on, NEVER), np.where(comes, back_on, NEVER), AWAY[sort])


def _settled_on(periods: Periods, orders: Orders, placements: Placements, rng: np.random.Generator) -> Days:
    of, size = placements.period, len(placements)
    share = np.where(periods.exit[of] == ADULT, _SETTLES_UNTIL_18, _SETTLES)
    waited = _SETTLES_AFTER + rng.exponential(_SETTLES_DAYS, size=size).astype(np.int64)
    grown = age_band(periods.born[of], placements.starts_on) > 0
    drawn = np.where(happens(rng, share) & grown, placements.starts_on + waited, NEVER)
    by_order = np.full(len(periods), NEVER)
    by_order[orders.period[orders.settles]] = orders.starts_on[orders.settles]
    with_order = (placements.starts_on < by_order[of]) & (by_order[of] < placements.ends_on)
    on = np.where(with_order, by_order[of], drawn)
    can = np.isin(placements.group, (KIN, FOSTER)) & (periods.exit[of] != ADOPTED) & (on < placements.ends_on)
    return np.where(can, on, NEVER)


def _orders_between(orders: Orders, period: Rows, first: Days, last: Days) -> Flags:
    """Whether the legal status of a period changes from the first day to the last."""
    keys = orders.keys
    before = np.searchsorted(keys, key(period, first), side="left")
    return np.searchsorted(keys, key(period, last), side="right") > before
