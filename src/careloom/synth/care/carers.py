"""Who the child lives with: carers, their providers, postcodes and weekly fees.

Relatives, parents and adopters have one child each here; foster carers and homes have one after another, some at a time.
Fees are made up, at constant prices, near the order of size of published unit costs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.synth.care.moves import (
    CARE_HOME,
    FAMILY_CENTRE,
    FOSTER,
    GROUPS,
    HOME_FOR_CHILDREN,
    HOSPITAL,
    KIN,
    OTHER_PLACE,
    PARENTS,
    PRISON,
    SCHOOL,
    SECURE,
    SUPPORTED,
    Placements,
)
from careloom.synth.care.periods import Periods
from careloom.synth.chance import choose_by
from careloom.synth.days import Flags
from careloom.synth.life.clocks import age_band
from careloom.synth.world import Floats, Rows, Texts

PROVIDERS = np.array(["PR0", "PR1", "PR2", "PR3", "PR4", "PR5", ""])
_PROVIDER_SHARES = np.array(
    [
        [0, 1.00, 0.00, 0.00, 0.00, 0.00, 0],  # kin
        [0, 0.59, 0.01, 0.00, 0.36, 0.04, 0],  # foster
        [1, 0.00, 0.00, 0.00, 0.00, 0.00, 0],  # parents
        [0, 0.20, 0.03, 0.00, 0.72, 0.05, 0],  # home
        [0, 0.20, 0.70, 0.00, 0.10, 0.00, 0],  # secure
        [0, 0.05, 0.05, 0.05, 0.70, 0.15, 0],  # care home
        [0, 0.00, 0.00, 1.00, 0.00, 0.00, 0],  # hospital
        [0, 0.15, 0.05, 0.00, 0.70, 0.10, 0],  # family centre
        [0, 0.00, 0.00, 0.70, 0.30, 0.00, 0],  # custody
        [0, 0.05, 0.10, 0.00, 0.60, 0.25, 0],  # school
        [0, 0.12, 0.01, 0.00, 0.65, 0.22, 0],  # supported
        [0, 0.00, 0.00, 0.00, 0.00, 0.00, 1],  # other
        [0, 0.80, 0.10, 0.00, 0.00, 0.10, 0],  # adoption
    ]
)
_WEEKLY = np.zeros(
    len(GROUPS)
)  # GBP for a child of 5 to 9 with the authority's own provision; none with parents or adopters
_WEEKLY[[KIN, FOSTER, HOME_FOR_CHILDREN, SECURE, CARE_HOME]] = 270, 450, 3300, 5500, 2600
_WEEKLY[[FAMILY_CENTRE, SCHOOL, SUPPORTED, OTHER_PLACE]] = 2600, 2400, 750, 700
_BOUGHT = {FOSTER: 1.9, HOME_FOR_CHILDREN: 1.15, SUPPORTED: 1.2}  # ratio of a fee paid to another provider
_FEE_BY_AGE = np.array([0.9, 0.9, 1.0, 1.15, 1.3])  # of relatives and foster carers
_FEE_SPREAD, _FEE_SPREAD_OF_AUTHORITY = 0.15, 0.08  # standard deviation of the log fee among carers, and authorities
# Children of one carer or home, and how many sets of carers follow each other
_SHARED = {FOSTER: (4, 3), HOME_FOR_CHILDREN: (8, 3), SUPPORTED: (8, 3), SECURE: (10, 1), CARE_HOME: (8, 1)} | {
    HOSPITAL: (20, 1), FAMILY_CENTRE: (10, 1), PRISON: (30, 1), SCHOOL: (8, 1),
}  # fmt: skip
# Share outside the authority by group: with its own carers and homes, and with those of others
_OUT_OWN = np.array([0.30, 0.25, 0.0, 0.10, 0.50, 0.10, 0.10, 0.10, 0.10, 0.10, 0.10, 0.10, 0.50])
_OUT_BOUGHT = np.array([0.30, 0.62, 0.0, 0.68, 0.95, 0.70, 0.30, 0.70, 0.95, 0.90, 0.35, 0.50, 0.60])
# Districts with a letter (ZZ1A to ZZ8Z) hold carers only, so that no placement shares a postcode with a family home
_INSIDE, _OUTSIDE = "1234", "5678"
_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
_POSTCODES_A_DISTRICT = 10 * 20 * 20
_STRIDE = 7919  # a prime, so that neighbouring numbers lie far apart and no two are the same


@dataclass(frozen=True)
class Carers:
    """One row per placement: its carer's number and what goes with it; with parents the postcode is "", the child's own.

    count : numbers given; the next free one
    """

    number: Rows
    provider: Texts
    postcode: Texts
    weekly_fee: Floats
    count: int


def draw_carers(periods: Periods, placements: Placements, rng: np.random.Generator) -> Carers:
    """The carer of every placement."""
    number, count = _numbers(placements)
    group = np.zeros(count, dtype=np.int64)
    group[number[::-1]] = placements.group[::-1]  # carers who adopt stay foster carers
    provider = choose_by(rng, _PROVIDER_SHARES[group])
    is_own = PROVIDERS[provider] == "PR1"
    outside = rng.random(count) < np.where(is_own, _OUT_OWN[group], _OUT_BOUGHT[group])
    code = np.where(group == PARENTS, "", postcodes(np.arange(count), outside))
    level = np.exp(rng.normal(0, _FEE_SPREAD, size=count) + rng.normal(0, _FEE_SPREAD_OF_AUTHORITY))
    fee = _fees(periods, placements, is_own[number]) * level[number]
    return Carers(number, PROVIDERS[provider][number], code[number], np.round(fee, 2), count)


def postcodes(number: Rows, outside: Flags) -> Texts:
    """A made-up postcode for each number, inside or outside the authority; up to 320,000 numbers have one each."""
    districts = np.array([f"ZZ{digit}{letter} " for digit in _INSIDE + _OUTSIDE for letter in _LETTERS])
    units = np.array([f"{digit}{a}{b}" for digit in range(10) for a in _LETTERS for b in _LETTERS])
    half = districts.size // 2
    district, unit = np.divmod(number * _STRIDE % (half * _POSTCODES_A_DISTRICT), _POSTCODES_A_DISTRICT)
    return np.char.add(districts[district + half * outside], units[unit])


def _numbers(placements: Placements) -> tuple[Rows, int]:
    """A number for the carer of each placement, and how many there are."""
    number, count = np.zeros(len(placements), dtype=np.int64), 0
    for group in range(len(GROUPS)):
        row = np.flatnonzero(placements.group == group)
        row = row[np.argsort(placements.starts_on[row], kind="stable")]
        number[row] = count + (_shared(row.size, *_SHARED[group]) if group in _SHARED else np.arange(row.size))
        count = max(count, int(number[row].max(initial=-1)) + 1)
    again = np.flatnonzero((number[1:] == number[:-1]) & (placements.period[1:] == placements.period[:-1])) + 1
    number[again] = count + np.arange(again.size)  # a move is a move to somebody else
    stays = np.flatnonzero(placements.stays)
    number[stays] = number[stays - 1]
    return number, count + again.size


def _shared(many: int, children: int, generations: int) -> Rows:
    """Carers of `many` placements in order of time: each in turn, until every one has had so many children.

    generations : how many sets of carers follow each other
    """
    rank = np.arange(many)
    at_once = max(many // (children * generations), 1)
    return rank // (children * at_once) * at_once + rank % at_once


def _fees(periods: Periods, placements: Placements, is_own: Flags) -> Floats:
    """Weekly fee in GBP before carers and authorities differ, by the child's age when the placement begins."""
    of, group = placements.period, placements.group
    bought = np.array([_BOUGHT.get(g, 1.0) for g in range(len(GROUPS))])[group]
    age = age_band(periods.born[of], placements.starts_on)
    by_age = np.where(np.isin(group, (KIN, FOSTER)), _FEE_BY_AGE[age], 1.0)
    fee: Floats = _WEEKLY[group] * np.where(is_own, 1.0, bought) * by_age * periods.fee[of]
    return fee
