"""Cumulative incidence by age from stacked birth cohorts, with contacts before the window allowed for.

A window of a few years sees each birth cohort at some ages only. Put one on the other, the cohorts cover the whole of
childhood: of all child-years at age a (last birthday) in view, so many had their first contact,

    f(a) = first contacts at age a / child-years at age a,        F(a) = f(0) + ... + f(a),

which is the life table 1 - (1 - h(0)) ... (1 - h(a)) with h(a) = first contacts / child-years of children without one
before. Published for children in need (Jay and others 2025, doi 10.23889/ijpds.v10i1.2454, three cohorts put together,
"adjusting numerators to account for left-censoring"; Bilson and Martin 2016, doi 10.1093/bjsw/bcw054, one cohort to
age 5) and for care (Mc Grath-Lone and others 2016, cohorts seen from birth).

Left-censoring. A child not born in the window may have had a contact before it: what looks like a first contact in
year i of the window (i = 0, 1, ...) is a first one, or one that came after a quiet time longer than the window had
then been open. The second sort is what later years show: in them contacts are seen that follow a quiet time of j years
(from the end of what was open before to the new contact). With k(a, j) such contacts per child-year at age a,

    hidden(a) = sum over i of child-years(a, i) x [k(a, i) x part(a, i) + k(a, i+1) + k(a, i+2) + ...],
    first contacts(a) = contacts that look first(a) - hidden(a),  never below 0.

part(a, i) is the mean part of its last year that a quiet time of i years and more has run, as the window opened at the
start of year i or earlier in it. So a contact in year i is first with chance f / (f + hidden rate), by age and
look-back. Two things say more than that: a record that states whether there was one before is believed, and only the
rest is adjusted; and what was open when the window opened is seen, and is an earlier contact.

- k(a, j) is counted for j up to two less than the years in view (the last year in which a whole year of such quiet
  times is seen), from children seen long enough.
- Beyond, it is worked out. Of those whose contact ended at age b, the share still quiet after each year is a life table
  of what is seen. After the last year seen they are supposed to come back at the yearly rate that children of the same
  age show in the longest third of the years of quiet seen: the nearest in age and look-back. Rates are taken over five
  ages, two on either side.

Supposed: rates do not change over calendar time; nobody moves in or out (a child who moved in had the earlier contact
elsewhere, and looks first); nobody dies. Where children still come back ever less often after the longest quiet time
seen, too much is taken off, and the estimate is low: in made-up childhoods by 2 to 3 points in 37 with five years in
view, by less than 1 with six or more. With fewer than five there is no estimate.

Interval: 95%, from the 2.5th and 97.5th percentile of the whole working on counts each redrawn from a Poisson
distribution with the count seen as its mean. It holds chance only; not the suppositions, and not children who count
in two counts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

AGES = 18
GAPS = AGES + 1
"""Whole years quiet: 0 to 18, for a child may be known some months before birth."""
FEWEST_YEARS = 5
_SMOOTH = np.abs(np.subtract.outer(np.arange(AGES), np.arange(AGES))) <= 2


@dataclass(frozen=True)
class Seen:
    """What a window shows of one sort of contact; ages are 0 to 17, years those in view, counts are of contacts.

    child_years : (age, year)
    looks_first : (age,) nothing earlier is seen; known_first and known_later of them as the record states, if it does
    again : (age, year, gap) after so many whole years quiet; again_part : the same, sums of the part of a year beyond
    quiet : (age at end, years quiet, 2) quiet times by how they end: 0 out of view or at 18, 1 in a contact
    """

    child_years: Floats
    looks_first: Floats
    known_first: Floats
    known_later: Floats
    again: Floats
    again_part: Floats
    quiet: Floats

    @property
    def years(self) -> int:
        return int(self.child_years.shape[1])


@dataclass(frozen=True)
class Stacked:
    """One element per age 0 to 17. `contacts` are those that look first, but for those known not to be."""

    at_risk: Floats
    contacts: Floats
    first_contacts: Floats
    cumulative: Floats
    lower: Floats
    upper: Floats
    unadjusted: Floats


def stack(seen: Seen, *, draws: int = 400, seed: int = 1) -> Stacked | None:
    """Return the cumulative incidence by age; None when an age or enough years are not in view."""
    per_age = seen.child_years.sum(axis=1)
    if seen.years < FEWEST_YEARS or not (seen.child_years > 0).all():
        return None
    counts, drawn = (_Counts(seen, chance) for chance in (None, np.random.default_rng(seed)))
    first = _first_contacts(seen, counts, 1)[0]
    contacts = seen.looks_first - seen.known_later
    cumulative, unadjusted = (_rise(each / per_age) for each in (first, contacts))
    spread = _rise(_first_contacts(seen, drawn, draws) / per_age)
    lower, upper = np.percentile(spread, [2.5, 97.5], axis=0)
    before = np.concatenate([[0.0], cumulative[:-1]])
    return Stacked(per_age * (1 - before), contacts, first, cumulative, lower, upper, unadjusted)


def _rise(shares: Floats) -> Floats:
    """First contacts per child of each age, added up; no more than everybody."""
    total: Floats = np.minimum(np.cumsum(shares, axis=-1), 1.0)
    return total


class _Counts:
    """The counts as seen, or redrawn by chance; each comes with a leading axis of draws."""

    def __init__(self, seen: Seen, chance: np.random.Generator | None) -> None:
        self.chance = chance
        self.stated = seen.known_first + seen.known_later

    def of(self, counts: Floats, draws: int) -> Floats:
        shape = (draws, *counts.shape)
        if self.chance is None:
            return np.broadcast_to(counts, shape)
        return self.chance.poisson(counts, shape).astype(np.float64)


def _first_contacts(seen: Seen, counts: _Counts, draws: int) -> Floats:
    """Contacts taken to be first, (draw, age)."""
    unstated = seen.looks_first - counts.stated
    share = np.divide(unstated, seen.looks_first, out=np.zeros(AGES), where=seen.looks_first > 0)
    left = counts.of(unstated, draws) - share * _hidden(seen, counts, draws)
    first: Floats = counts.of(seen.known_first, draws) + np.maximum(left, 0.0)
    return first


def _hidden(seen: Seen, counts: _Counts, draws: int) -> Floats:
    """Contacts that look first and are expected not to be, (draw, age)."""
    rate = np.concatenate([_seen_again(seen, counts, draws), _worked_out_again(seen, counts, draws)], axis=2)
    part = _part(seen)
    hidden = np.zeros((draws, AGES))
    for year in range(min(seen.years, GAPS)):
        missed = rate[:, :, year] * part[:, year] + rate[:, :, year + 1 :].sum(axis=2)
        hidden += seen.child_years[:, year] * missed
    return hidden


def _last_gap(seen: Seen) -> int:
    """The first gap that no year in view shows whole."""
    return min(seen.years - 1, GAPS)


def _part(seen: Seen) -> Floats:
    """Mean part of the last year of quiet times, (age, year); a half where none is seen."""
    part = np.full((AGES, GAPS), 0.5)
    for gap in range(_last_gap(seen)):
        many = seen.again[:, gap + 1 :, gap].sum(axis=1)
        part[:, gap] = np.divide(seen.again_part[:, gap + 1 :, gap].sum(axis=1), many, out=part[:, gap], where=many > 0)
    return part


def _seen_again(seen: Seen, counts: _Counts, draws: int) -> Floats:
    """Contacts after each quiet time that is seen, per child-year, (draw, age, gap)."""
    gaps = range(_last_gap(seen))
    many = np.stack([seen.again[:, gap + 1 :, gap].sum(axis=1) for gap in gaps], axis=1)
    over = np.stack([seen.child_years[:, gap + 1 :].sum(axis=1) for gap in gaps], axis=1)
    rate: Floats = counts.of(many, draws) / over
    return rate


def _worked_out_again(seen: Seen, counts: _Counts, draws: int) -> Floats:
    """Contacts after longer quiet times than are seen, per child-year, (draw, age, gap from the last seen on)."""
    from_gap = _last_gap(seen)
    back, chance = _yearly(seen, counts, draws)
    longest = from_gap - max(1, from_gap // 3)
    late = _late(back[:, :, longest:from_gap], chance[:, :, longest:from_gap], longest)
    still = seen.quiet.sum(axis=(1, 2)) / seen.child_years.sum(axis=1)  # quiet times that begin, per child-year
    still = still * np.prod(1 - _share(back, chance)[:, :, :from_gap], axis=2)
    again = np.zeros((draws, AGES + 1, GAPS + 1 - from_gap))
    for gap in range(from_gap, GAPS):
        for ended in range(AGES - gap):
            comes = still[:, ended] * late[:, ended + gap]
            again[:, ended + gap, gap - from_gap] += comes / 2  # before the birthday in that year of quiet,
            again[:, ended + gap + 1, gap - from_gap] += comes / 2  # and after
            still[:, ended] = still[:, ended] - comes
    return again[:, :AGES]


def _yearly(seen: Seen, counts: _Counts, draws: int) -> tuple[Floats, Floats]:
    """Ends in a contact, and quiet times that had the chance, in each year of quiet, (draw, age at end, gap).

    A quiet time that goes out of view in a year had half of that year's chance.
    """
    cut, back = counts.of(seen.quiet[:, :, 0], draws), counts.of(seen.quiet[:, :, 1], draws)
    both = cut + back
    reach = np.cumsum(both[:, :, ::-1], axis=2)[:, :, ::-1]
    return back, reach - cut / 2


def _share(back: Floats, chance: Floats) -> Floats:
    """Share of the quiet that come back in each year, over five ages at the end; none where none had the chance."""
    back, chance = (np.einsum("ab,dbg->dag", _SMOOTH, each) for each in (back, chance))
    share: Floats = np.divide(back, chance, out=np.zeros_like(back), where=chance > 0)
    return share


def _late(back: Floats, chance: Floats, first_gap: int) -> Floats:
    """Share of the quiet that come back in a late year of quiet, by age when it begins, over five ages, (draw, age).

    `back` and `chance` are of those years of quiet, from `first_gap` on, by age at the end. The share of all ages where
    none of the five had the chance.
    """
    by_age = np.zeros((2, back.shape[0], AGES))
    for gap in range(back.shape[2]):
        later = first_gap + gap
        by_age[:, :, later:] += np.stack([back, chance])[:, :, : AGES - later, gap]
    came, had = by_age
    overall = came.sum(axis=1, keepdims=True) / np.maximum(had.sum(axis=1, keepdims=True), 1.0)
    share: Floats = np.broadcast_to(overall, came.shape).copy()
    np.divide(came @ _SMOOTH, had @ _SMOOTH, out=share, where=had @ _SMOOTH > 0)
    return share
