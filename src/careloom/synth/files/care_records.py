"""What the file of a looked-after child holds beside episodes and reviews: adoption plans and social workers.

Every law here is made up; where a national figure guided it, the line says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.synth.chance import scatter
from careloom.synth.days import NEVER, Days, Flags, birthday
from careloom.synth.draws import generator
from careloom.synth.world import Rows, Texts, World

_YEAR = 365.25
_PLACED = ("A3", "A4", "A5", "A6")
_WITH_CARER = ("A3", "A5")
_ADOPTED = ("E11", "E12")
_REVERSED = 0.06  # of young children who stay and are not adopted: a decision for adoption was made and given up
_REVERSED_UNDER = 6
_CHANGES_A_YEAR = 1.1  # of social worker
_CASES_A_WORKER = 12


@dataclass(frozen=True)
class Decisions:
    """One row per decision that a child should be placed for adoption, in order of the period of care.

    matched_on, placed_on, adopted_on, ceased_on : NEVER where it did not come to that
    ordered_on : the placement order
    """

    care: Rows
    on: Days
    ordered_on: Days
    matched_on: Days
    placed_on: Days
    adopted_on: Days
    ceased_on: Days
    reason_ceased: Texts
    by_carer: Flags
    adopters: Texts  # M1, F1, MM, FF, MF
    status: Texts  # legal status of the adopters


@dataclass(frozen=True)
class Workers:
    """One row per social worker of a case with care, ordered by child and day, each from the day the last one leaves."""

    child: Rows
    worker: Rows
    starts_on: Days
    ends_on: Days
    reason: Texts


def at_last(world: World, column: Texts) -> Texts:
    """A column of the last episode of each period of care; "" for one so long ago that it has no episodes."""
    upto = np.searchsorted(world.episodes.care, np.arange(len(world.care.child) + 1))
    found = np.zeros(len(world.care.child), dtype=column.dtype)
    has_some = np.diff(upto) > 0
    found[has_some] = column[upto[1:][has_some] - 1]
    return found


def first_day_of(world: World, is_such: Flags) -> Days:
    """The first day of each period of care with an episode of that sort; NEVER where there is none."""
    first = np.full(len(world.care.child), NEVER)
    np.minimum.at(first, world.episodes.care[is_such], world.episodes.starts_on[is_such])
    return first


def draw_decisions(world: World, seed: int) -> Decisions:
    """A decision before every placement order and placement for adoption, and some that were given up without either."""
    rng = generator(seed, world.authority.position, "decisions")
    care, episodes = world.care, world.episodes
    size, length = len(care.child), care.ends_on - care.starts_on
    ordered_on = first_day_of(world, episodes.legal == "E1")
    placed_on = first_day_of(world, np.isin(episodes.place, _PLACED))
    adopted = np.isin(at_last(world, episodes.reason_ceased), _ADOPTED)
    young = care.starts_on < birthday(world.people.born[care.child], _REVERSED_UNDER)
    planned = adopted | (ordered_on < NEVER) | (placed_on < NEVER)
    given_up = ~planned & young & (length > _YEAR) & (rng.random(size) < _REVERSED)
    latest = np.minimum(np.minimum(ordered_on, placed_on), care.starts_on + length * 2 // 5)
    on = np.maximum(latest - rng.integers(10, 60, size), care.starts_on)
    matched_on = np.maximum(np.minimum(placed_on, care.starts_on + length * 3 // 4) - rng.integers(3, 30, size), on)
    ceased_on = np.where(given_up, np.minimum(on + rng.integers(90, 400, size), care.ends_on), care.ends_on)
    reason = rng.choice(["RD1", "RD2", "RD3", "RD4"], size, p=[0.2, 0.35, 0.15, 0.3])
    adopters, status = _adopters(rng, size)
    matched = adopted | (placed_on < NEVER)
    every = Decisions(
        care=np.arange(size),
        on=on,
        ordered_on=ordered_on,
        matched_on=np.where(matched, matched_on, NEVER),
        placed_on=placed_on,
        adopted_on=np.where(adopted, care.ends_on, NEVER),
        ceased_on=np.where(adopted, NEVER, ceased_on),
        reason_ceased=np.where(planned & (reason == "RD2"), "RD4", reason),  # the court did make its order
        by_carer=np.isin(at_last(world, episodes.place), _WITH_CARER),
        adopters=adopters,
        status=status,
    )
    return Decisions(*(column[planned | given_up] for column in vars(every).values()))


def _adopters(rng: np.random.Generator, size: int) -> tuple[Texts, Texts]:
    adopters = rng.choice(["F1", "M1", "MF", "MM", "FF"], size, p=[0.11, 0.01, 0.72, 0.1, 0.06])
    drawn = rng.random(size)
    married = np.where(drawn < 0.75, "L11", "L3")
    same_sex = np.where(drawn < 0.55, "L12", np.where(drawn < 0.75, "L2", "L4"))
    alone = np.isin(adopters, ["F1", "M1"])
    return adopters, np.where(alone, "L0", np.where(adopters == "MF", married, same_sex))


def draw_workers(world: World, seed: int) -> Workers:
    """The social workers of each case with a period of care, from referral to closure."""
    rng = generator(seed, world.authority.position, "social workers")
    case, which = np.unique(world.care.referral, return_inverse=True)
    closes_on = world.referrals.closes_on[case].copy()
    np.maximum.at(closes_on, which, world.care.ends_on)
    starts_on = world.referrals.starts_on[case]
    years = (closes_on - starts_on) / _YEAR
    of, on = scatter(rng, rng.poisson(_CHANGES_A_YEAR * years), starts_on + 1, np.maximum(closes_on, starts_on + 2))
    of, on = np.concatenate([np.arange(case.size), of]), np.concatenate([starts_on, on])
    child = world.referrals.child[case[of]]
    order = np.lexsort((on, of, child))
    child, of, on = child[order], of[order], on[order]
    is_last = np.diff(of, append=-1) != 0
    is_first = np.diff(of, prepend=-1) != 0
    others = ["MANAGE", "LEFTRL", "ORGRST", "TSPROC", "ABSENC", "CHCHAN", "PCCHAN", "OTHERS"]
    reason = rng.choice(others, on.size, p=[0.2, 0.34, 0.06, 0.25, 0.05, 0.01, 0.02, 0.07])
    crew = max(case.size // _CASES_A_WORKER, 8)
    worker = np.cumsum(rng.integers(1, crew, on.size)) % crew  # never the one before
    ends_on = np.where(is_last, closes_on[of], np.append(on[1:], NEVER)[: on.size])
    return Workers(child, worker, on, ends_on, np.where(is_first, "FCONTA", reason))
