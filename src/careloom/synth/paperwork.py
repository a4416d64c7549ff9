"""The records a case leaves behind: assessments and factors, enquiries, child in need plans, reasons for closure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.synth import plan
from careloom.synth.days import NEVER, Days, Flags, collection_year, weekday_from
from careloom.synth.lives import ADOPTED, ARRANGEMENTS, ASSESSED, CONFERENCE, GUARDIANSHIP, NFA, SECTION_47, Lives
from careloom.synth.people import People

_FRESH_DAYS = 60  # a plan or period of care this soon after referral rests on the first assessment
_SHORTEST_SUPPORT = 7  # a gap between plans shorter than this gets no child in need plan of its own


@dataclass(frozen=True)
class Assessments:
    """One row per assessment, in order within a case; `codes` are those written, as text, none for a block left out."""

    referral: Days
    starts_on: Days
    ends_on: Days
    codes: list[tuple[str, ...]]


@dataclass(frozen=True)
class Enquiries:
    """One row per section 47 enquiry; `conference_on` is NEVER when no conference was required."""

    referral: Days
    starts_on: Days
    conference_on: Days


@dataclass(frozen=True)
class Paperwork:
    """All that is written about the cases, each list keyed by the row of the referral."""

    assessments: Assessments
    enquiries: Enquiries
    support: tuple[Days, Days, Days]  # child in need plans: referral, first day, last day
    closure: NDArray[np.str_]  # reason per referral


def factor_probabilities() -> NDArray[np.float64]:
    """Class x indicator: the planted probability that an assessment of that class records the factor."""
    background = {
        i: 0.0 if i in plan.ONLY_IN_ITS_CLASS else plan.RARE if i in plan.RARE_FACTORS else plan.COMMON
        for i in plan.INDICATORS
    }
    return np.array([[c.factors.get(i, background[i]) for i in plan.INDICATORS] for c in plan.CLASSES])


def write_up(people: People, lives: Lives, rng: np.random.Generator) -> Paperwork:
    """Make the paperwork of all cases."""
    enquiries = _enquiries(lives, rng)
    quiet = _led_to_nothing(lives)
    assessments = _assessments(people, lives, quiet, rng)
    return Paperwork(assessments, enquiries, _support(lives), _closure(people, lives, quiet, rng))


def _led_to_nothing(lives: Lives) -> Flags:
    """Cases closed after assessment, with no enquiry, plan or care."""
    quiet: Flags = lives.referrals.path == ASSESSED
    quiet[lives.plans.referral] = False
    quiet[lives.care.referral] = False
    return quiet


def _assessments(people: People, lives: Lives, quiet: Flags, rng: np.random.Generator) -> Assessments:
    cases = lives.referrals
    first = np.flatnonzero(cases.path != NFA)
    rows, starts, ends = [first], [cases.assessment_starts_on[first]], [cases.assessment_ends_on[first]]
    for spells in (lives.plans, lives.care):
        opened = cases.starts_on[spells.referral]
        later = spells.starts_on - opened > _FRESH_DAYS
        row, due = spells.referral[later], spells.starts_on[later]
        rows.append(row)
        starts.append(np.maximum(due - rng.integers(15, 36, size=row.size), opened[later]))
        ends.append(due - rng.integers(0, 4, size=row.size))
    row, start, end = _one_at_a_time(*(np.concatenate(parts) for parts in (rows, starts, ends)))
    return Assessments(row, start, end, _factors(people, lives, row, end, quiet, rng))


def _one_at_a_time(row: Days, start: Days, end: Days) -> tuple[Days, Days, Days]:
    """Order assessments within cases; one that would overlap the last starts when it ends, or is not made."""
    order = np.lexsort((end, start, row))
    row, start, end = row[order], start[order].copy(), end[order]
    kept = np.ones(row.size, dtype=bool)
    last_row, last_end = -1, 0
    for i in range(row.size):
        if row[i] == last_row and start[i] <= last_end:
            start[i] = last_end + 1
            kept[i] = start[i] <= end[i]
        if kept[i]:
            last_row, last_end = row[i], end[i]
    return row[kept], start[kept], end[kept]


def _factors(
    people: People, lives: Lives, row: Days, ends: Days, quiet: Flags, rng: np.random.Generator
) -> list[tuple[str, ...]]:
    """The codes written on each assessment: drawn by class, then spelt as that year's list has them."""
    child = lives.referrals.child[row]
    year = collection_year(ends)
    present = _draw_factors(people, child, year, rng)
    none_found = quiet[row] & (rng.random(row.size) < plan.ONLY_NO_FACTORS)
    left_out = ~none_found & (rng.random(row.size) < plan.FACTORS_LEFT_OUT)
    old_code = rng.random(row.size) < np.select(
        [year < plan.SPLIT_YEAR, *(year == y for y in plan.OLD_CODE_SHARE)], [1.0, *plan.OLD_CODE_SHARE.values()], 0.0
    )
    by_child = rng.random(row.size) < plan.CHILD_ON_CHILD
    suffix = np.where(old_code, "A", np.where(by_child, "B", "C"))
    fostered = rng.choice(list("BCDEF"), size=row.size)
    codes: list[tuple[str, ...]] = []
    for i in range(row.size):
        if none_found[i] or left_out[i]:
            codes.append(("21",) if none_found[i] else ())
            continue
        end_of = {"18": suffix[i], "19": suffix[i], "8": fostered[i]}
        codes.append(
            tuple(f"{plan.INDICATORS[j]}{end_of.get(plan.INDICATORS[j], '')}" for j in np.flatnonzero(present[i]))
        )
    return codes


def _draw_factors(people: People, child: Days, year: Days, rng: np.random.Generator) -> Flags:
    """Assessment x indicator, independent given class; an empty draw is drawn again, so that each records something."""
    chance = factor_probabilities()[people.need[child]]
    chance[:, plan.INDICATORS.index("9A")] = people.is_uasc[child]
    chance[year < plan.FIRST_YEAR_OF_24A, plan.INDICATORS.index("24A")] = 0.0
    present = rng.random(chance.shape) < chance
    while (empty := np.flatnonzero(~present.any(axis=1))).size:
        present[empty] = rng.random((empty.size, chance.shape[1])) < chance[empty]
    return present


def _enquiries(lives: Lives, rng: np.random.Generator) -> Enquiries:
    """One enquiry before every plan, and those that led to no plan."""
    cases, plans = lives.referrals, lives.plans
    before_plan = plans.starts_on - rng.integers(9, 19, size=plans.child.size)
    before_plan = np.maximum(
        np.maximum(before_plan, cases.starts_on[plans.referral]), _previous_end(plans.child, plans.ends_on)
    )
    other = np.flatnonzero((cases.path == SECTION_47) | (cases.path == CONFERENCE))
    begun = np.minimum(cases.starts_on[other] + rng.integers(1, 9, size=other.size), cases.closes_on[other])
    held = weekday_from(begun + rng.integers(8, 21, size=other.size))
    held = np.where((cases.path[other] == CONFERENCE) & (held <= cases.closes_on[other]), held, NEVER)
    # An enquiry of its own is not opened while one that ends in a plan is under way.
    clear = ~np.isin(other, plans.referral[plans.starts_on - cases.starts_on[plans.referral] <= _FRESH_DAYS])
    row = np.concatenate([plans.referral, other[clear]])
    start, conference = np.concatenate([before_plan, begun[clear]]), np.concatenate([plans.starts_on, held[clear]])
    order = np.lexsort((start, row))
    return Enquiries(row[order], start[order], conference[order])


def _previous_end(child: Days, ends: Days) -> Days:
    """The end of the same child's spell before each spell, or long ago."""
    order = np.lexsort((ends, child))
    previous = np.full(child.size, -NEVER)
    same = child[order][1:] == child[order][:-1]
    previous[order[1:][same]] = ends[order[:-1][same]]
    return previous


def _support(lives: Lives) -> tuple[Days, Days, Days]:
    """Child in need plans: time after the first assessment with the child neither on a protection plan nor in care."""
    cases = lives.referrals
    busy: dict[int, list[tuple[int, int]]] = {}
    for spells in (lives.plans, lives.care):
        for row, start, end in zip(
            spells.referral.tolist(), spells.starts_on.tolist(), spells.ends_on.tolist(), strict=True
        ):
            busy.setdefault(row, []).append((start, end))
    rows: list[tuple[int, int, int]] = []
    for row in np.flatnonzero((cases.path > ASSESSED) | np.isin(np.arange(cases.child.size), list(busy))).tolist():
        free_from = int(cases.assessment_ends_on[row])
        for start, end in [*sorted(busy.get(row, [])), (int(cases.closes_on[row]) + 1, NEVER)]:
            if start - 1 - free_from >= _SHORTEST_SUPPORT:
                rows.append((row, free_from, start - 1))
            free_from = max(free_from, end + 1)
    return tuple(np.array(rows, dtype=np.int64).reshape(-1, 3).T)  # type: ignore[return-value]


def _closure(people: People, lives: Lives, quiet: Flags, rng: np.random.Generator) -> NDArray[np.str_]:
    """The reason each case is closed."""
    cases = lives.referrals
    reason = np.full(cases.child.size, "RC7")
    adult_disabled = (cases.closes_on == people.adult[cases.child]) & people.disabilities[cases.child].any(axis=1)
    reason[adult_disabled] = "RC6"
    to_early_help = (collection_year(cases.closes_on) >= 2023) & (rng.random(cases.child.size) < 0.3)
    reason = np.where(quiet, np.where(to_early_help, "RC9", "RC8"), reason)
    for kind, code in ((ARRANGEMENTS, "RC3"), (GUARDIANSHIP, "RC4"), (ADOPTED, "RC1")):
        row = lives.care.referral[lives.care.kind == kind]
        ended = lives.care.ends_on[lives.care.kind == kind]
        reason[row[cases.closes_on[row] - ended <= 60]] = code
    return reason
