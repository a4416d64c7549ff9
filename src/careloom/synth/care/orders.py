"""The legal statuses of a period of care, one after the other: agreements, emergencies, remands and orders of the court.

Shares and waits are made up, and tuned to the published mix at the start and on 31 March. Short breaks (V3, V4) are none
of it: they are no periods of care.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.synth.care.exits import (
    ADOPTED,
    ADULT,
    ARRANGEMENTS,
    CUSTODY,
    GUARDIANSHIP,
    HOME,
    RELATIVES,
    REMAND_ENDED,
)
from careloom.synth.care.periods import Periods, at, key
from careloom.synth.chance import choose_by, happens
from careloom.synth.days import Days, Flags, birthday, day
from careloom.synth.life.clocks import age_band
from careloom.synth.world import Floats, Rows

LEGAL = np.array(["V2", "C1", "C2", "E1", "L1", "L2", "J1"])
V2, C1, C2, E1, L1, L2, J1 = range(7)
REMAND_FROM = 12  # years; nobody younger is remanded here

_SHORT = 28  # days; a stay this short began in an emergency more often than not
# Shares of V2, C1, C2, E1, L1, L2, J1 at the start
_FIRST = {
    "short": (0.56, 0.06, 0.01, 0.0, 0.32, 0.04, 0.02),
    "adopted": (0.22, 0.64, 0.00, 0.0, 0.10, 0.04, 0.00),
    "kin": (0.32, 0.55, 0.01, 0.0, 0.08, 0.03, 0.00),
    "adult": (0.49, 0.39, 0.02, 0.0, 0.08, 0.02, 0.02),
    "other": (0.55, 0.32, 0.01, 0.0, 0.08, 0.02, 0.05),
    "alone": (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "remand": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
    "custody": (0.15, 0.0, 0.05, 0.0, 0.0, 0.0, 0.80),
}
_GROUPS = list(_FIRST)
_AGREED_BY_AGE = np.array([0.75, 0.8, 0.9, 1.3, 2.2])  # weight of an agreement, by age at the start
_POLICE_DAYS, _EMERGENCY_DAYS, _REMAND_DAYS = (1, 3), (4, 15), (20, 240)
_AFTER_POLICE = np.array([0.50, 0.35, 0.0, 0.0, 0.0, 0.15, 0.0])
_ORDER_AFTER_EMERGENCY = 0.8
_APPLY_DAYS, _ADOPTION_APPLY_DAYS, _PROCEEDINGS_DAYS = (30, 200), (20, 80), (110, 260)
# After the courts' criticism of long agreements (2015): for this share of the children in care by then, authorities
# applied in the three years that followed, and not before
_CRITICISED_ON, _APPLIED_LATE, _LATE_DAYS = day(2016, 1, 1), 0.25, (0, 1095)
_PLACEMENT_ORDER_AT, _PLACEMENT_ORDER_AFTER = (0.22, 0.38), 120  # share of the period, and no sooner than these days
_CONSENT = 0.2  # of adoptions that began by agreement: the parents consent, and there is no placement order
_MOVED = {L1: 0.35, L2: 0.30, V2: 0.25, C1: 0.30, J1: 0.5}  # moved on the day this status ended
_SETTLED = 0.08  # of full care orders, the placement made a long-term one on the day


@dataclass(frozen=True)
class Orders:
    """One row per stretch of a legal status, ordered by period and day.

    with_move, settles : the child moves, or her placement becomes a long-term one, the day it begins
    """

    period: Rows
    starts_on: Days
    legal: Rows
    with_move: Flags
    settles: Flags

    @property
    def keys(self) -> Rows:
        return key(self.period, self.starts_on)

    def legal_on(self, period: Rows, on: Days) -> Rows:
        """The legal status of each period on a day."""
        return self.legal[at(self.keys, key(period, on))]


class _Course:
    """Where every period stands in law, and the steps it has taken."""

    def __init__(self, periods: Periods, legal: Rows, rng: np.random.Generator) -> None:
        self.periods, self.rng = periods, rng
        self.legal, self.on = legal, periods.starts_on.copy()
        no = np.zeros(len(periods), dtype=bool)
        self.steps = [(np.arange(len(periods)), self.on.copy(), legal.copy(), no, no)]

    def wait(self, bounds: tuple[int, int]) -> Days:
        """A day some days after each latest step."""
        waited: Days = self.on + self.rng.integers(bounds[0], bounds[1] + 1, size=len(self.periods))
        return waited

    def turn(self, where: Flags, on: Days, to: Rows | int) -> None:
        """Take the step on its day, unless the period has ended by then."""
        row = np.flatnonzero(where & (on < self.periods.ends_on))
        legal = np.broadcast_to(np.asarray(to), where.shape)[row]
        moved = np.array([_MOVED.get(status, 0.0) for status in range(len(LEGAL))])[self.legal[row]]
        with_move = happens(self.rng, np.where(legal == E1, 0.0, moved))
        settles = happens(self.rng, np.where(legal == C2, _SETTLED, 0.0)) & ~with_move
        self.legal[row], self.on[row] = legal, on[row]
        self.steps.append((row, on[row], legal, with_move, settles))

    def orders(self) -> Orders:
        columns = [np.concatenate(column) for column in zip(*self.steps, strict=True)]
        order = np.argsort(columns[0], kind="stable")  # steps were taken in time
        return Orders(*(column[order] for column in columns))


def draw_orders(periods: Periods, rng: np.random.Generator) -> Orders:
    """The legal statuses of every period, from its start to its end."""
    course = _Course(periods, _first(periods, rng), rng)
    size, adopted = len(periods), periods.exit == ADOPTED
    after_police = choose_by(rng, np.broadcast_to(_AFTER_POLICE, (size, len(LEGAL))))
    course.turn(course.legal == L1, course.wait(_POLICE_DAYS), after_police)
    after_emergency = np.where(rng.random(size) < _ORDER_AFTER_EMERGENCY, C1, V2)
    course.turn(course.legal == L2, course.wait(_EMERGENCY_DAYS), after_emergency)
    on_bail = (course.legal == J1) & (periods.exit != REMAND_ENDED) & (periods.exit != CUSTODY)
    course.turn(on_bail, course.wait(_REMAND_DAYS), V2)
    consented = adopted & (course.legal == V2) & (rng.random(size) < _CONSENT)
    applied = np.where(adopted, course.wait(_ADOPTION_APPLY_DAYS), course.wait(_APPLY_DAYS))
    late = (periods.starts_on < _CRITICISED_ON) & ~adopted & happens(rng, np.full(size, _APPLIED_LATE))
    applied = np.where(late, np.maximum(applied, _CRITICISED_ON + rng.integers(*_LATE_DAYS, size=size)), applied)
    course.turn((course.legal == V2) & happens(rng, _applied(periods)) & ~consented, applied, C1)
    ordered = (course.legal == C1) & ~adopted & happens(rng, np.where(periods.exit == HOME, 0.6, 0.95))
    course.turn(ordered, course.wait(_PROCEEDINGS_DAYS), C2)
    share = rng.uniform(*_PLACEMENT_ORDER_AT, size=size)
    placement_order = periods.starts_on + np.maximum((share * periods.days).astype(np.int64), _PLACEMENT_ORDER_AFTER)
    course.turn(adopted & ~consented, placement_order, E1)
    return course.orders()


def _first(periods: Periods, rng: np.random.Generator) -> Rows:
    """The status a period begins with."""
    shares = np.array([_FIRST[group] for group in _GROUPS])
    kin = np.isin(periods.exit, (RELATIVES, ARRANGEMENTS, GUARDIANSHIP))
    groups = [
        (periods.is_uasc, "alone"),
        (periods.exit == REMAND_ENDED, "remand"),
        (periods.exit == CUSTODY, "custody"),
        (periods.exit == ADOPTED, "adopted"),
        (periods.days < _SHORT, "short"),
        (kin, "kin"),
        (periods.exit == ADULT, "adult"),
    ]
    group = np.select(
        [where for where, _ in groups], [_GROUPS.index(name) for _, name in groups], _GROUPS.index("other")
    )
    weights = shares[group]
    weights[:, V2] *= _AGREED_BY_AGE[age_band(periods.born, periods.starts_on)]
    too_young = periods.starts_on < birthday(periods.born, REMAND_FROM)
    weights[:, J1] *= ~too_young
    return choose_by(rng, weights)


def _applied(periods: Periods) -> Floats:
    """Chance that the authority applies for an order over a child accommodated by agreement."""
    by_age = np.array([0.95, 0.95, 0.95, 0.85, 0.25])[age_band(periods.born, periods.starts_on)]
    kin = np.isin(periods.exit, (ARRANGEMENTS, GUARDIANSHIP, RELATIVES))
    by_exit = np.select([periods.exit == ADOPTED, kin, periods.exit == ADULT], [1.0, 0.85, by_age], 0.4)
    return np.where(periods.is_uasc, 0.0, by_exit)
