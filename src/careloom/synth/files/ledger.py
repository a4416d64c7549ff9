"""What the authority paid for placements: the stays that finance knows of, cut into lines of its ledger."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from careloom.catalogue import load_catalogue
from careloom.synth.days import NEVER, Days, collection_year, year_ends, year_starts
from careloom.synth.world import Episodes, Floats, Rows, Texts, World

# Share of stays that finance knows the fee of, by cost code. Kinship allowances go through another system, and a child
# placed with parents or adopters brings no fee; agencies send invoices, own homes are paid from one budget.
COVERAGE = {
    "kin_foster": 0.0,
    "la_foster": 0.91,
    "ifa_foster": 0.96,
    "childrens_home_own": 0.75,
    "childrens_home_agency": 0.97,
    "secure": 0.90,
    "residential_other": 0.85,
    "supported_accommodation": 0.89,
    "other": 0.60,
}
SHORT_DAYS, SHORT_COVERAGE = 14, 0.6  # short stays are often settled outside the system
PARTS = ("allowance", "fee", "agency charge", "enhancement")
OURS, AGENCY = (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0)  # shares of the fee in each of PARTS
SPLIT = {"la_foster": (0.55, 0.45, 0.0, 0.0), "childrens_home_own": OURS, "other": OURS}  # anything else is an agency's
ENHANCED, ENHANCEMENT = 0.10, 0.12  # share of stays with an enhancement, and its share of their fee
# Shares of stays paid some days from too late or too early on, and until too late or too early
LATE_START, EARLY_START, LATE_END, EARLY_END = 0.05, 0.03, 0.08, 0.03
SLIP_DAYS = 7


@dataclass(frozen=True)
class Stays:
    """Stays with one carer on one fee: one row each; `code` is the cost code of the placement."""

    child: Rows
    carer: Rows
    code: Texts
    fee: Floats
    starts_on: Days
    ends_on: Days

    def take(self, rows: Rows) -> Stays:
        return Stays(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True)
class Lines:
    """Lines of the ledger: one a stay, part of the fee and financial year; `pence` is of a week."""

    stay: Rows
    part: Rows
    pence: Rows
    starts_on: Days
    ends_on: Days


def stays(world: World) -> Stays:
    """Every stay with one carer on one fee: a change of legal status, or a stay elsewhere for some days, does not end it."""
    usual = np.flatnonzero(~np.char.startswith(world.episodes.place, "T"))
    told = Episodes(*(getattr(world.episodes, field.name)[usual] for field in fields(Episodes)))
    same = [told.care, told.carer, told.place, told.provider, told.weekly_fee]
    new = np.ones(usual.size, dtype=bool)
    new[1:] = np.any([column[1:] != column[:-1] for column in same], axis=0)
    at = np.flatnonzero(new)
    last = np.append(at[1:], usual.size)[: at.size] - 1
    return Stays(
        child=world.care.child[told.care[at]],
        carer=told.carer[at],
        code=cost_codes(told.place[at], told.provider[at]),
        fee=told.weekly_fee[at],
        starts_on=told.starts_on[at],
        ends_on=told.ends_on[last],
    )


def cost_codes(place: Texts, provider: Texts) -> Texts:
    """The cost code of each placement, by the catalogue: its row of place and provider, else of place, else of all others."""
    rows = {(a, b): code for a, b, code in load_catalogue().placement_codes.rows}
    pairs, which = np.unique(np.char.add(np.char.add(place, "/"), provider), return_inverse=True)
    keys = [tuple(pair.split("/")) for pair in pairs]
    codes = [rows.get((a, b)) or rows.get((a, "")) or rows["", ""] for a, b in keys]
    return np.array(codes, dtype=str)[which]


def paid_stays(world: World, rng: np.random.Generator) -> Stays:
    """The stays that finance knows the fee of and that ran in the years of the world, from and to the days paid for."""
    every = stays(world)
    chance = np.append(list(COVERAGE.values()), 0.0)[position_of(every.code)]
    chance = chance * np.where(every.ends_on - every.starts_on < SHORT_DAYS, SHORT_COVERAGE, 1.0)
    known = (rng.random(chance.size) < chance) & (every.fee > 0)
    many = chance.size
    starts = every.starts_on + slips(LATE_START, EARLY_START, many, rng)
    starts = np.maximum(starts, world.people.born[every.child])
    ends = np.where(every.ends_on == NEVER, NEVER, every.ends_on + slips(LATE_END, EARLY_END, many, rng))
    first, last = year_starts(world.years[0]), year_ends(world.years[1])
    inside = (starts <= last) & (ends > first) & (starts < ends)
    paid = Stays(every.child, every.carer, every.code, every.fee, starts, ends)
    return paid.take(np.flatnonzero(known & inside))


def slips(late: float, early: float, many: int, rng: np.random.Generator) -> Days:
    """Days by which a date is late (or early, below 0); 0 for most."""
    draw, by = rng.random(many), rng.integers(1, SLIP_DAYS + 1, size=many)
    return np.select([draw < late, draw < late + early], [by, -by], 0)


def ledger(paid: Stays, world: World, rng: np.random.Generator) -> Lines:
    """The lines of the paid stays, by day: a new one for each part of the fee, and on each 1 April."""
    pence = parts_of(paid, rng)
    stay, part = np.nonzero(pence)
    opens = np.maximum(paid.starts_on[stay], year_starts(world.years[0]))
    closes = np.minimum(paid.ends_on[stay], year_ends(world.years[1]) + 1)
    pieces = collection_year(closes - 1) - collection_year(opens) + 1
    line = np.repeat(np.arange(stay.size), pieces)
    year = collection_year(opens)[line] + np.arange(line.size) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    starts_of_years = np.array([year_starts(each) for each in range(world.years[0], world.years[1] + 2)])
    starts = np.maximum(opens[line], starts_of_years[year - world.years[0]])
    next_year = starts_of_years[year - world.years[0] + 1]
    ends = np.where(year == world.years[1], paid.ends_on[stay[line]], np.minimum(closes[line], next_year))
    order = np.lexsort((rng.random(starts.size), starts))  # among those of one day no order tells who is whose
    line = line[order]
    return Lines(stay[line], part[line], pence[stay[line], part[line]], starts[order], ends[order])


def parts_of(paid: Stays, rng: np.random.Generator) -> Rows:
    """Stay x part: pence of a week, which add up to the fee to the penny."""
    shares = np.array([SPLIT.get(code, AGENCY) for code in COVERAGE])[position_of(paid.code)]
    enhanced = (rng.random(len(paid.child)) < ENHANCED) * ENHANCEMENT
    shares = shares * (1 - enhanced)[:, None]
    shares[:, -1] = enhanced
    upto = np.rint(np.cumsum(shares, axis=1) * np.rint(100 * paid.fee)[:, None]).astype(np.int64)
    parts: Rows = np.diff(upto, axis=1, prepend=0)
    return parts


def position_of(code: Texts) -> Rows:
    """Position of each cost code in COVERAGE, and one beyond for a code that is never paid for."""
    known = list(COVERAGE)
    order = np.argsort(known)
    at = np.searchsorted(np.array(known)[order], code).clip(max=len(known) - 1)
    found: Rows = np.where(np.array(known)[order][at] == code, order[at], len(known))
    return found
