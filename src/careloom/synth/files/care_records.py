"""What the file of a looked-after child holds beside episodes and reviews: days missing, adoption plans, social workers.

Every law here is made up; where a national figure guided it, the line says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.catalogue import Population
from careloom.synth.chance import happens, shifted
from careloom.synth.days import NEVER, Days, Flags, birthday, year_ends, year_starts
from careloom.synth.draws import generator, uniform
from careloom.synth.world import Floats, Rows, Texts, World

_YEAR = 365.25
_ABSCONDED = 0.16  # of incidents: away without authorisation, whereabouts known (DfE 2018-2022)
_MISSING_BY_AGE = np.array([0.002, 0.03, 0.20, 0.26])  # chance in a year at 0-9, 10-12, 13-15, 16-17
_MISSING_AGES = (10, 13, 16)
_TYPICAL_MISSING = 0.02  # chance of factor 10A (going missing) at which a child's chance is that of the ages above
_MOST_INCIDENTS = 60
_PLACED = ("A3", "A4", "A5", "A6")
_WITH_CARER = ("A3", "A5")
_ADOPTED = ("E11", "E12")
_REVERSED = 0.06  # of young children who stay and are not adopted: a decision for adoption was made and given up
_REVERSED_UNDER = 6
_CHANGES_A_YEAR = 1.1  # of social worker
_CASES_A_WORKER = 12


@dataclass(frozen=True)
class Missing:
    """One row per incident, ordered by period of care and day, never two at once; all end before the period does."""

    care: Rows
    starts_on: Days
    ends_on: Days
    kind: Texts  # M missing, A away without authorisation


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


def factor_by_kind(population: Population, code: str) -> Floats:
    """The chance of one factor in each kind of need."""
    otherwise = population.background.get(code, 0.0)
    return np.array([kind.factors.get(code, otherwise) for kind in population.kinds])


def care_years(world: World) -> tuple[Rows, Rows]:
    """Every period of care with each year of the returns that it touches."""
    care, pairs = world.care, []
    for year in range(world.years[0], world.years[1] + 1):
        rows = np.flatnonzero((care.starts_on <= year_ends(year)) & (care.ends_on >= year_starts(year)))
        pairs.append((rows, np.full(rows.size, year)))
    rows, years = (np.concatenate(column) for column in zip(*pairs, strict=True))
    return rows, years


def ages_on(born: Days, on: Days, birthdays: tuple[int, ...]) -> Rows:
    """How many of the birthdays each child has had by a day."""
    reached: Rows = np.sum([on >= birthday(born, age) for age in birthdays], axis=0, dtype=np.int64)
    return reached


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


def scatter(rng: np.random.Generator, count: Rows, from_on: Days, until_on: Days) -> tuple[Rows, Days]:
    """`count` days in each [from_on, until_on): the row and the day, in order; days drawn twice are kept once."""
    of = np.repeat(np.arange(count.size), count)
    on = from_on[of] + (rng.random(of.size) * (until_on - from_on)[of]).astype(np.int64)
    order = np.lexsort((on, of))
    of, on = of[order], on[order]
    is_new = (np.diff(of, prepend=-1) != 0) | (np.diff(on, prepend=-1) != 0)
    return of[is_new], on[is_new]


def draw_missing(world: World, seed: int) -> Missing:
    """About one looked-after child in nine a year, most of them adolescents; the median incident lasts a day."""
    rng = generator(seed, world.authority.position, "missing")
    care, year = care_years(world)
    first, last = np.array([(year_starts(y), year_ends(y)) for y in range(world.years[0], world.years[1] + 1)]).T
    from_on = np.maximum(world.care.starts_on[care], first[year - world.years[0]])
    until_on = np.minimum(world.care.ends_on[care] - 1, last[year - world.years[0]] + 1)
    goes = happens(rng, _chance_missing(world, care, from_on, until_on - from_on, seed))
    care, from_on, until_on = care[goes], from_on[goes], until_on[goes]
    # Of those who go, a third go once, the mean is about 6.5 incidents (DfE 2020)
    often = np.ceil(np.exp(rng.normal(0.75, 1.65, care.size))).clip(1, _MOST_INCIDENTS).astype(np.int64)
    of, on = scatter(rng, np.minimum(often, (until_on - from_on) // 3 + 1), from_on, until_on)
    return _incidents(world, care[of], on, rng)


def _chance_missing(world: World, care: Rows, from_on: Days, days: Days, seed: int) -> Floats:
    """By age, by how often the kind of need has the factor, and by the child: some go again and again."""
    child = world.care.child[care]
    by_age = _MISSING_BY_AGE[ages_on(world.people.born[child], from_on, _MISSING_AGES)]
    factor = factor_by_kind(world.population, "10A")[world.care.kind[care]]
    chance = shifted(by_age, np.log((factor + _TYPICAL_MISSING) / (2 * _TYPICAL_MISSING)).clip(-1.5, 1.5))
    restless = 2 * (1 - uniform(seed, world.people.person[child], "goes missing"))
    return np.where(days > 0, chance * restless * (1 - np.exp(-days.clip(0) / 60)), 0.0)


def _incidents(world: World, care: Rows, on: Days, rng: np.random.Generator) -> Missing:
    order = np.lexsort((on, care))
    care, on = care[order], on[order]
    drawn = rng.random(care.size)
    days = np.where(drawn < 0.25, 0, np.where(drawn < 0.7, 1, 1 + rng.geometric(0.15, care.size)))
    next_on = np.append(np.where(np.diff(care) == 0, on[1:], NEVER), NEVER) if care.size else on
    ends_on = np.minimum(np.minimum(on + days, next_on - 1), world.care.ends_on[care] - 1)
    kind = np.where(rng.random(care.size) < _ABSCONDED, "A", "M")
    return Missing(care, on, np.maximum(ends_on, on), kind)


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
