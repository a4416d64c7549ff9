"""Where a child lives in a period of care: one placement after the other, told in rounds, all children at once.

A placement ends by chance (a hazard that falls with time, and differs by type, child and kind of need), on a day that
something else decides (an order of the court, supported accommodation after 16, adopters), or with the period.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.synth.care.exits import ADOPTED, ARRANGEMENTS, CUSTODY, GUARDIANSHIP, HOME, RELATIVES, REMAND_ENDED
from careloom.synth.care.orders import C1, C2, J1, Orders
from careloom.synth.care.periods import Periods, key
from careloom.synth.chance import choose_by, happens
from careloom.synth.days import NEVER, Days, Flags
from careloom.synth.life.clocks import age_band
from careloom.synth.world import Floats, Rows

GROUPS = (
    *("kin", "foster", "parents", "home", "secure", "care_home", "hospital", "family_centre", "custody", "school"),
    *("supported", "other", "adoption"),
)
KIN, FOSTER, PARENTS, HOME_FOR_CHILDREN, SECURE, CARE_HOME, HOSPITAL, FAMILY_CENTRE, PRISON, SCHOOL = range(10)
SUPPORTED, OTHER_PLACE, ADOPTERS = range(10, 13)

# Weights of each group but adopters, by age (<1, 1-4, 5-9, 10-15, 16-17): the first placement, and any later one
_FIRST = np.array(
    [
        [0.15, 0.52, 0.22, 0.000, 0.000, 0.000, 0.080, 0.340, 0.0, 0.0000, 0.00, 0.005],
        [0.17, 0.62, 0.30, 0.002, 0.000, 0.001, 0.006, 0.070, 0.0, 0.0000, 0.00, 0.010],
        [0.16, 0.64, 0.30, 0.010, 0.000, 0.003, 0.003, 0.010, 0.0, 0.0002, 0.00, 0.020],
        [0.10, 0.60, 0.22, 0.055, 0.001, 0.015, 0.005, 0.000, 0.0, 0.0005, 0.00, 0.040],
        [0.05, 0.22, 0.05, 0.040, 0.001, 0.008, 0.005, 0.000, 0.0, 0.0005, 0.80, 0.060],
    ]
)
_LATER = np.array(
    [
        [0.14, 0.64, 0.08, 0.000, 0.000, 0.000, 0.002, 0.030, 0.0, 0.0000, 0.00, 0.005],
        [0.14, 0.66, 0.08, 0.004, 0.000, 0.001, 0.002, 0.010, 0.0, 0.0001, 0.00, 0.005],
        [0.11, 0.70, 0.08, 0.035, 0.000, 0.002, 0.002, 0.000, 0.0, 0.0003, 0.00, 0.012],
        [0.065, 0.57, 0.07, 0.145, 0.003, 0.005, 0.003, 0.000, 0.0, 0.0008, 0.00, 0.035],
        [0.035, 0.24, 0.06, 0.105, 0.003, 0.005, 0.004, 0.000, 0.0, 0.0006, 0.46, 0.060],
    ]
)
_ALONE = np.array([0.01, 0.40, 0.0, 0.02, 0.0, 0.01, 0.002, 0.0, 0.0, 0.0, 0.95, 0.06])  # unaccompanied children
_REMANDED = np.array([0.02, 0.15, 0.0, 0.20, 0.12, 0.0, 0.0, 0.0, 0.40, 0.0, 0.10, 0.02])
_TO_KIN, _TO_PARENTS = 2.8, 2.0  # weight of kin and of parents where the period ends with them
_ODDS_DISABLED = {CARE_HOME: 3.0, SCHOOL: 5.0, HOME_FOR_CHILDREN: 1.3, SUPPORTED: 0.4}
# Hazard of a move by group, against a foster placement
_RESTLESS = np.array([0.45, 1.0, 0.80, 0.4, 2.0, 1.5, 5.0, 3.5, 0.0, 0.4, 1.2, 3.5, 0.0])
_SHAPE, _SCALE = 0.7, 3400.0  # Weibull law of the length of a foster placement, in days
_HASTE, _EARLY = 4.0, 365  # hazard of moving on, against later, from a placement begun in the first days of care
_FRAILTY = 0.9  # shape of the gamma law by which children differ in moving: many settle for good, a few move for ever
# Leaving care for parents or relatives: share who live with them before, and for how many days
_PLANNED_HOME, _PLANNED_TO_KIN, _PLANNED_DAYS = 0.6, 0.45, (30, 270)
_KIN_EXITS = (RELATIVES, ARRANGEMENTS, GUARDIANSHIP)
_ADOPTERS_AT = (0.60, 0.68)  # share of the period
_STAYS_TO_ADOPT = 0.12  # of adopted children, the foster carers adopt
_SUPPORTED_AFTER, _TO_SUPPORTED, _TO_SUPPORTED_ALONE = (20, 500), 0.42, 0.60
_LEFT_FOR_SUPPORTED = np.isin(np.arange(len(GROUPS)), (FOSTER, HOME_FOR_CHILDREN, OTHER_PLACE))


@dataclass(frozen=True)
class Placements:
    """One row per stay with one carer, ordered by period and day; `stays` when adopters were the foster carers before."""

    period: Rows
    starts_on: Days
    ends_on: Days
    group: Rows
    stays: Flags

    def __len__(self) -> int:
        return len(self.period)

    @property
    def keys(self) -> Rows:
        return key(self.period, self.starts_on)


@dataclass(frozen=True)
class _Fates:
    """What is settled for each period before its moves are drawn.

    leaving_to, leaving_to_on : with whom the child will live after care, and the planned day of the move there
    """

    restless: Floats
    adopters_on: Days
    foster_carers_adopt: Flags
    supported_on: Days
    leaving_to_on: Days
    leaving_to: Rows
    remanded: Flags


def draw_placements(periods: Periods, orders: Orders, rng: np.random.Generator) -> Placements:
    """Every placement of every period, from its start to its end."""
    fates = _draw_fates(periods, orders, rng)
    row, on = np.arange(len(periods)), periods.starts_on
    group = _choose_group(periods, orders, fates, row, on, np.full(row.size, -1), rng)
    rounds = [(row[:0], on[:0], on[:0], group[:0], fates.foster_carers_adopt[:0])]
    while row.size:
        next_on = _next_move(periods, orders, fates, row, on, group, rng)
        stays = (group == ADOPTERS) & fates.foster_carers_adopt[row]
        rounds.append((row, on, np.minimum(next_on, periods.ends_on[row]), group, stays))
        goes_on = next_on < periods.ends_on[row]
        row, on, before = row[goes_on], next_on[goes_on], group[goes_on]
        group = _choose_group(periods, orders, fates, row, on, before, rng)
    columns = [np.concatenate(column) for column in zip(*rounds, strict=True)]
    order = np.argsort(columns[0], kind="stable")  # rounds follow each other in time
    return Placements(*(column[order] for column in columns))


def _draw_fates(periods: Periods, orders: Orders, rng: np.random.Generator) -> _Fates:
    size, adopted = len(periods), periods.exit == ADOPTED
    share = rng.uniform(*_ADOPTERS_AT, size=size)
    adopters_on = periods.starts_on + np.maximum((share * periods.days).astype(np.int64), 1)
    of_age = np.maximum(periods.sixteen_on, periods.starts_on) + rng.integers(*_SUPPORTED_AFTER, size=size)
    to_supported = happens(rng, np.where(periods.is_uasc, _TO_SUPPORTED_ALONE, _TO_SUPPORTED)) & ~periods.is_disabled
    leaving_to, leaving_to_on = _leaving_to(periods, orders, rng)
    first = orders.legal[np.searchsorted(orders.period, np.arange(size))]
    return _Fates(
        restless=periods.moves * rng.gamma(_FRAILTY, 1 / _FRAILTY, size=size),
        adopters_on=np.where(adopted, adopters_on, NEVER),
        foster_carers_adopt=adopted & (rng.random(size) < _STAYS_TO_ADOPT),
        supported_on=np.where(to_supported & ~adopted, of_age, NEVER),
        leaving_to_on=leaving_to_on,
        leaving_to=leaving_to,
        remanded=(first == J1) & np.isin(periods.exit, (CUSTODY, REMAND_ENDED)),
    )


def _leaving_to(periods: Periods, orders: Orders, rng: np.random.Generator) -> tuple[Rows, Days]:
    """With whom a child lives before leaving care to live with them, and from which day; NEVER where that is not planned."""
    row, size = np.arange(len(periods)), len(periods)
    on = periods.ends_on - rng.integers(_PLANNED_DAYS[0], _PLANNED_DAYS[1] + 1, size=size)
    goes_home, to_kin = periods.exit == HOME, np.isin(periods.exit, _KIN_EXITS)
    planned = happens(rng, np.select([goes_home, to_kin], [_PLANNED_HOME, _PLANNED_TO_KIN], 0.0))
    planned &= on > periods.starts_on
    ordered = np.isin(orders.legal_on(row, np.maximum(on, periods.starts_on)), (C1, C2))
    planned &= to_kin | ordered  # no placement with parents without a care order
    return np.where(goes_home, PARENTS, KIN), np.where(planned, on, NEVER)


def _next_move(
    periods: Periods, orders: Orders, fates: _Fates, row: Rows, on: Days, group: Rows, rng: np.random.Generator
) -> Days:
    """The day each placement ends by chance or by plan; the period may end before."""
    hazard = fates.restless[row] * _RESTLESS[group] * np.where(on - periods.starts_on[row] < _EARLY, _HASTE, 1.0)
    with np.errstate(divide="ignore"):
        waited = _SCALE * (rng.exponential(size=row.size) / hazard) ** (1 / _SHAPE)
    by_chance = on + np.ceil(np.minimum(waited, NEVER / 2)).astype(np.int64)
    supported_on, adopters_on = fates.supported_on[row], fates.adopters_on[row]
    by_age = np.where((supported_on > on) & _LEFT_FOR_SUPPORTED[group], supported_on, NEVER)
    by_order = np.where(group == ADOPTERS, NEVER, _next_order(orders, row, on))
    leaving_to_on = fates.leaving_to_on[row]
    by_plan = np.where((leaving_to_on > on) & (group != fates.leaving_to[row]), leaving_to_on, NEVER)
    by_adoption = np.where(adopters_on > on, adopters_on, NEVER)
    first: Days = np.minimum.reduce([by_chance, by_age, by_order, by_plan, by_adoption])
    return first


def _next_order(orders: Orders, row: Rows, on: Days) -> Days:
    """The next day of each period on which an order brings a move with it."""
    moved = np.flatnonzero(orders.with_move)
    keys = np.append(orders.keys[moved], np.iinfo(np.int64).max)
    found = np.searchsorted(keys, key(row, on), side="right")
    of, day = np.append(orders.period[moved], -1)[found], np.append(orders.starts_on[moved], NEVER)[found]
    return np.where(of == row, day, NEVER)


def _choose_group(
    periods: Periods, orders: Orders, fates: _Fates, row: Rows, on: Days, before: Rows, rng: np.random.Generator
) -> Rows:
    """The group each child goes to on a day, from the one before (-1 for none)."""
    age = age_band(periods.born[row], on)
    weights = np.where((before < 0)[:, None], _FIRST[age], _LATER[age])
    weights = np.where(periods.is_uasc[row][:, None], _ALONE, weights)
    weights = np.where(fates.remanded[row][:, None], _REMANDED, weights)
    _lean(weights, periods, row)
    in_order = np.isin(orders.legal_on(row, on), (C1, C2))
    weights[:, PARENTS] *= in_order & (before != PARENTS)  # no placement with parents without a care order
    weights[:, SUPPORTED] *= on >= periods.sixteen_on[row]
    adopted = periods.exit[row] == ADOPTED
    weights[np.ix_(adopted, [g for g in range(ADOPTERS) if g not in (KIN, FOSTER)])] = 0.0
    weights[adopted, KIN] *= 0.1
    drawn = choose_by(rng, weights)
    leaves = (on == fates.leaving_to_on[row]) & (before != fates.leaving_to[row])
    planned = [on == fates.adopters_on[row], on == fates.supported_on[row], leaves]
    return np.select(planned, [ADOPTERS, SUPPORTED, fates.leaving_to[row]], drawn)


def _lean(weights: Floats, periods: Periods, row: Rows) -> None:
    """Shift the weights by kind of need, disability and the way out of care."""
    for group in (HOME_FOR_CHILDREN, SECURE, CARE_HOME, SCHOOL):
        weights[:, group] *= periods.residential[row]
    for group, odds in _ODDS_DISABLED.items():
        weights[:, group] *= np.where(periods.is_disabled[row], odds, 1.0)
    exits = periods.exit[row]
    weights[:, KIN] *= np.where(np.isin(exits, _KIN_EXITS), _TO_KIN, 1.0)
    weights[:, PARENTS] *= np.where(exits == HOME, _TO_PARENTS, 1.0)
