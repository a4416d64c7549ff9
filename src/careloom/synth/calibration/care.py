"""Counting children looked after, as the national statistics define them.

A child who comes into care twice in a year counts by the first time, one who leaves twice by the last, as in the
published tables. A placement is a stay with the same carer; temporary stays elsewhere are none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.synth.calibration.cases import AGES, ETHNIC_GROUPS, NEEDS, age_group, year_end
from careloom.synth.calibration.counts import Tally, once, position, whole_months
from careloom.synth.days import Days, birthday, collection_year, day, year_starts
from careloom.synth.world import Rows, Texts, World

LEGAL = {
    "care order": ["C1", "C2"],
    "placement order": ["E1"],
    "section 20": ["V2"],
    "detained for protection": ["L1", "L2", "L3"],
    "youth justice": ["J1", "J2", "J3"],
}
PLACES = {
    "foster carer": ["U4", "U5", "U6"],
    "relative or friend": ["U1", "U2", "U3"],
    "placed for adoption": ["A3", "A4", "A5", "A6"],
    "with parents": ["P1"],
    "secure or children's home": ["K1", "K2"],
    "independent or supported": ["H5", "K3", "P2"],
    "other residential": ["R1", "R2", "R3", "R5"],
    "residential school": ["S1"],
    "other": ["P3", "T0", "T1", "T2", "T3", "T4", "Z1"],
}
FOSTER = ("foster carer", "relative or friend")
REASONS = {
    "adopted": ["E11", "E12"],
    "died": ["E2"],
    "care taken by another authority": ["E3"],
    "home, planned": ["E4A"],
    "home, not planned": ["E4B"],
    "to relatives or others": ["E13"],
    "child arrangements order": ["E41"],
    "special guardianship": ["E43", "E44", "E45", "E46", "E47", "E48"],
    "independent living": ["E5", "E6"],
    "adult residential care": ["E7"],
    "custody": ["E9"],
    "remand ended": ["E14"],
    "age assessed as 18": ["E15"],
    "moved abroad": ["E16"],
    "stayed with carers at 18": ["E17"],
    "any other reason": ["E8"],
}
AGES_LEFT = ("under 1", "1 to 4", "5 to 9", "10 to 15", "16", "17", "18th birthday")
LENGTHS_OF_CARE = (
    "under 2 weeks", "2 to 8 weeks", "8 weeks to 6 months", "6 months to 1 year", "1 to 2 years", "2 to 3 years",
    "3 to 5 years", "5 to 10 years", "10 years and over",
)  # fmt: skip
_LOOKED_AFTER_AGES = AGES[1:]  # nobody is looked after before birth
_ADOPTED = tuple(REASONS).index("adopted")


@dataclass(frozen=True)
class Stays:
    """One row per placement, a stay with the same carer, by period of care and day; `place` is where it began."""

    care: Rows
    starts_on: Days
    ends_on: Days
    place: Texts


def count_care(tally: Tally, world: World) -> None:
    stays = find_stays(world)
    _count_starts(tally, world)
    _count_ends(tally, world, stays)
    _count_at_31_march(tally, world)
    _count_stays(tally, world, stays)
    _count_stability(tally, world, stays)


def reason_left(world: World) -> Texts:
    """The reason for leaving care of each period; "" where a period, long past, has left no episodes."""
    reason = np.full(world.care.child.size, "", dtype=world.episodes.reason_ceased.dtype)
    reason[world.episodes.care] = world.episodes.reason_ceased  # the last episode of a period is written last
    return reason


def _first_legal_status(world: World) -> Texts:
    legal = np.full(world.care.child.size, "", dtype=world.episodes.legal.dtype)
    legal[world.episodes.care[::-1]] = world.episodes.legal[::-1]
    return legal


def find_stays(world: World) -> Stays:
    """The placements of every period of care; a temporary stay belongs to the placement that the child comes back to."""
    episodes = world.episodes
    row = np.flatnonzero(np.strings.slice(episodes.place, 1) != "T")
    care, carer = episodes.care[row], episodes.carer[row]
    begins = np.ones(row.size, dtype=bool)
    begins[1:] = (care[1:] != care[:-1]) | (carer[1:] != carer[:-1])
    row, care = row[begins], care[begins]
    ends = world.care.ends_on[care]
    same = care[1:] == care[:-1]
    ends[:-1][same] = episodes.starts_on[row[1:]][same]
    return Stays(care, episodes.starts_on[row], ends, episodes.place[row])


def _count_starts(tally: Tally, world: World) -> None:
    care, people = world.care, world.people
    year = collection_year(care.starts_on)
    row = once(year, care.child)
    year, child = year[row], care.child[row]
    tally.rate("started_looked_after", year)
    age = np.maximum(age_group(people.born[child], care.starts_on[row]) - 1, 0)
    tally.shares("started_by_age", year, age, _LOOKED_AFTER_AGES)
    legal = position(_first_legal_status(world)[row], LEGAL)
    tally.shares("started_by_legal_status", year, legal, tuple(LEGAL))
    tally.shares("started_by_need", year, position(care.need[row], NEEDS), tuple(NEEDS))
    tally.share("started_by_sex", year, people.is_male[child], "male")
    tally.share("started_unaccompanied", year, people.is_uasc[child])


def _count_ends(tally: Tally, world: World, stays: Stays) -> None:
    care, people = world.care, world.people
    year = collection_year(care.ends_on)
    row = once(year, care.child, last=True)
    year, child, starts, ends = year[row], care.child[row], care.starts_on[row], care.ends_on[row]
    reason = position(reason_left(world)[row], REASONS)
    tally.rate("ceased_looked_after", year)
    tally.rate("adopted", year[reason == _ADOPTED])
    tally.shares("ceased_by_reason", year, reason, tuple(REASONS))
    age = np.digitize(whole_months(people.born[child], ends), [12, 60, 120, 192, 204, 216])
    tally.shares("ceased_by_age", year, age, AGES_LEFT)
    months = np.digitize(whole_months(starts, ends), [6, 12, 24, 36, 60, 120])
    band = np.select([ends - starts < 14, ends - starts < 56], [0, 1], 2 + months)
    tally.shares("ceased_by_length", year, band, LENGTHS_OF_CARE)
    tally.mean("ceased_length_in_days", year, ends - starts)
    period = row - np.searchsorted(care.child, child)  # earlier periods of the child: rows are ordered by child
    tally.shares("ceased_by_periods_of_care", year, np.minimum(period, 3), ("1", "2", "3", "4 or more"))
    many = np.bincount(stays.care, minlength=care.child.size)[row]
    tally.shares("ceased_by_placements", year, np.minimum(many, 5) - 1, ("1", "2", "3", "4", "5 or more"))


def _count_at_31_march(tally: Tally, world: World) -> None:
    care, people, episodes = world.care, world.people, world.episodes
    year, row = tally.at_31_march(care.starts_on, care.ends_on)
    kept = once(year, care.child[row])
    year, row = year[kept], row[kept]
    child = care.child[row]
    tally.rate("looked_after_at_31_march", year)
    tally.share("looked_after_by_sex", year, people.is_male[child], "male")
    age = np.maximum(age_group(people.born[child], year_end(year)) - 1, 0)
    tally.shares("looked_after_by_age", year, age, _LOOKED_AFTER_AGES)
    ethnic = position(people.ethnicity, ETHNIC_GROUPS)[child]
    tally.shares("looked_after_by_ethnic_group", year, ethnic, tuple(ETHNIC_GROUPS))
    tally.shares("looked_after_by_need", year, position(care.need[row], NEEDS), tuple(NEEDS))
    alone = people.is_uasc[child]
    tally.rate("unaccompanied_at_31_march", year[alone])
    tally.share("unaccompanied_by_age", year[alone], (age == len(_LOOKED_AFTER_AGES) - 1)[alone], AGES[-1])
    tally.share("unaccompanied_by_sex", year[alone], people.is_male[child[alone]], "male")
    year, row = tally.at_31_march(episodes.starts_on, np.minimum(episodes.ends_on, care.ends_on[episodes.care]))
    tally.shares("looked_after_by_legal_status", year, position(episodes.legal[row], LEGAL), tuple(LEGAL))
    place = position(episodes.place[row], PLACES)
    foster = np.isin(place, [tuple(PLACES).index(name) for name in FOSTER])
    twice = np.concatenate([place, np.full(int(foster.sum()), len(PLACES))])  # foster care has a line of its own too
    groups = (*PLACES, "foster care, all")
    tally.parts("looked_after_by_placement", np.concatenate([year, year[foster]]), twice, groups, year)


def _count_stays(tally: Tally, world: World, stays: Stays) -> None:
    """Placements in the year, over all periods of care in it, of the children looked after at its end."""
    care, size = world.care, len(world.people)
    child, years, many = care.child[stays.care], [], []
    for year in tally.years.tolist():
        first, last = year_starts(year), int(year_end(np.array(year)))
        in_year = (stays.starts_on <= last) & (stays.ends_on > first)
        of_child = np.bincount(child[in_year], minlength=size)
        still = np.unique(care.child[(care.starts_on <= last) & (care.ends_on > last)])
        many.append(of_child[still])
        years.append(np.full(still.size, year))
    placements = np.minimum(np.concatenate(many), 3) - 1
    tally.shares("placements_in_year", np.concatenate(years), placements, ("1", "2", "3 or more"))


def _count_stability(tally: Tally, world: World, stays: Stays) -> None:
    """Children under 16, in care for two and a half years, in the same placement for two (or on the way to adoption)."""
    year, row = tally.at_31_march(stays.starts_on, stays.ends_on)
    care = stays.care[row]
    since = np.array([day(y - 3, 9, 30) for y in tally.years.tolist()])[year - tally.years[0]]
    young = birthday(world.people.born[world.care.child[care]], 16) > year_end(year)
    kept = young & (world.care.starts_on[care] <= since)
    year, row = year[kept], row[kept]
    has_earlier = (row > 0) & (stays.care[row - 1] == stays.care[row])
    to_adopt = np.strings.slice(stays.place[row], 1) == "A"
    there_since = stays.starts_on[np.where(to_adopt & has_earlier, row - 1, row)]
    tally.share("long_term_stability", year, birthday(there_since, 2) <= year_end(year))
