"""The work a case leaves a trace of: assessments, enquiries, plans with their reviews, support, and why it was closed."""

from __future__ import annotations

import numpy as np

from careloom.catalogue import Population
from careloom.synth.care.exits import ADOPTED, ARRANGEMENTS, GUARDIANSHIP
from careloom.synth.chance import choose_by, draw_banded, happens
from careloom.synth.days import NEVER, Days, Flags, collection_year, weekday_from, working_days_after
from careloom.synth.life.cases import ASSESSMENT_DAYS, CONFERENCE, IN_NEED, NFA, NOT_IN_NEED, SECTION_47, Cases, Spells
from careloom.synth.world import Enquiries, Meetings, Plans, Rows, Support, Texts

_FRESH_DAYS = 60  # a plan or period of care this soon after referral rests on the first assessment
# Working days from the start of an enquiry to the conference, where the referral lies so far back: made up so that the
# mix comes near to that published for 2015 to 2024
_TO_CONFERENCE = ((3, 11, 16, 21, 40), (0.130, 0.645, 0.060, 0.165))
_ASSESSED_AGAIN = 0.17  # of each anniversary of a case still open
_TARGET_DAYS = 15  # working days from the decision to hold an enquiry within which a conference is due
_SHORTEST_SUPPORT = 14  # a shorter gap gets no child in need plan of its own
_HAS_SUPPORT_PLAN = 0.79  # of stretches in need long enough to have one
_SUPPORT_PLAN_DAYS = ((60, 240, 540, 1000, 2200), (0.05, 0.10, 0.25, 0.60))  # it ends then, or with the stretch
_EARLY_HELP_FROM = 2023  # RC9, closed after assessment and referred to early help
_TO_ADULT_SERVICES = 0.75  # of disabled children whose case is open at 18
_SAME_CATEGORY = 0.90  # plans whose latest category is the initial one
_FIRST_REVIEW, _NEXT_REVIEW = (70, 92), (150, 183)  # days: within 3 months, then within every 6

SOURCES = {
    "1A": 0.040, "1B": 0.020, "1C": 0.010, "1D": 0.010, "2A": 0.182, "2B": 0.024, "3A": 0.022, "3B": 0.050,
    "3C": 0.018, "3D": 0.016, "3E": 0.034, "3F": 0.008, "4": 0.013, "5A": 0.066, "5B": 0.031, "5C": 0.038,
    "6": 0.295, "7": 0.037, "8": 0.056, "9": 0.024, "10": 0.016,
}  # fmt: skip
_EARLY_HELP_SOURCE, _EARLY_HELP_SOURCE_SHARE = "5D", 0.05  # a code of its own from 2023


def draw_sources(starts_on: Days, rng: np.random.Generator) -> Texts:
    """Who referred each case, by the shares of the year ending March 2019."""
    shares = np.array(list(SOURCES.values()))
    drawn = rng.choice(list(SOURCES), size=starts_on.size, p=shares / shares.sum())
    early_help = collection_year(starts_on) >= _EARLY_HELP_FROM
    return np.where(early_help & (rng.random(starts_on.size) < _EARLY_HELP_SOURCE_SHARE), _EARLY_HELP_SOURCE, drawn)


def draw_by_kind(tables: list[dict[str, float]], kind: Rows, rng: np.random.Generator) -> Texts:
    """A code for each row, by the shares that its kind of need gives."""
    codes = sorted({code for table in tables for code in table})
    weights = np.array([[table.get(code, 0.0) for code in codes] for table in tables])
    return np.array(codes, dtype="U3")[choose_by(rng, weights[kind])]


def draw_closure(
    cases: Cases, care: Spells, adult: Days, disabled: Flags, moved: Flags, died: Flags, rng: np.random.Generator
) -> Texts:
    """The reason each case is closed, or would be; rows as in `cases`, the flags too."""
    quiet = led_to_nothing(cases, care)
    reason = np.full(cases.child.size, "RC7")
    handed_on = (cases.closes_on == adult) & disabled & happens(rng, np.full(reason.size, _TO_ADULT_SERVICES))
    reason[handed_on] = "RC6"
    to_early_help = (collection_year(cases.closes_on) >= _EARLY_HELP_FROM) & (rng.random(reason.size) < 0.3)
    reason = np.where(quiet, np.where(to_early_help, "RC9", "RC8"), reason)
    for way, code in ((ARRANGEMENTS, "RC3"), (GUARDIANSHIP, "RC4"), (ADOPTED, "RC1")):
        row, ended = care.case[care.exit == way], care.ends_on[care.exit == way]
        reason[row[cases.closes_on[row] - ended <= _FRESH_DAYS]] = code
    reason[moved & ~quiet] = "RC5"
    reason[died] = "RC2"
    return reason


def led_to_nothing(cases: Cases, *spells: Spells) -> Flags:
    """Cases closed after an assessment that found no need, with no plan or care after all."""
    quiet: Flags = cases.path == NOT_IN_NEED
    for each in spells:
        quiet[each.case] = False
    return quiet


def draw_assessments(
    cases: Cases, plans: Spells, care: Spells, kept: Flags, rng: np.random.Generator
) -> tuple[Rows, Days, Days]:
    """Case, start and end of every assessment of the kept cases: the first, one before each later plan or period of
    care, and some a year or more on."""
    first = np.flatnonzero((cases.path != NFA) & kept)
    rows, starts, ends = [first], [cases.assessment_starts_on[first]], [cases.assessment_ends_on[first]]
    for spells in (plans, care):
        opened = cases.starts_on[spells.case]
        later = (spells.starts_on - opened > _FRESH_DAYS) & kept[spells.case]
        row, due = spells.case[later], spells.starts_on[later]
        rows.append(row)
        starts.append(np.maximum(due - rng.integers(15, 36, size=row.size), opened[later]))
        ends.append(due - rng.integers(0, 4, size=row.size))
    needed = np.concatenate(rows), np.concatenate(starts), np.concatenate(ends)
    yearly = _anniversaries(cases, needed, kept & (cases.path != NFA), rng)
    return one_at_a_time(*(np.concatenate(parts) for parts in zip(needed, yearly, strict=True)))


def _anniversaries(
    cases: Cases, others: tuple[Rows, Days, Days], kept: Flags, rng: np.random.Generator
) -> tuple[Rows, Days, Days]:
    """Assessments on some of the yearly days of a case long open, unless another would begin before they are done."""
    whole_years = np.where(kept, (cases.closes_on - cases.starts_on - _FRESH_DAYS) // 365, 0).clip(0, 18)
    row = np.repeat(np.arange(kept.size), whole_years)
    first = np.repeat(np.cumsum(whole_years) - whole_years, whole_years)
    starts = weekday_from(cases.starts_on[row] + 365 * (np.arange(row.size) - first + 1))
    ends = working_days_after(starts, draw_banded(rng, *ASSESSMENT_DAYS, row.size))
    day = row * NEVER  # cases are laid end to end, so that one search finds the next assessment of each
    known = np.sort(others[0] * NEVER + others[1])
    clear = np.searchsorted(known, day + starts) == np.searchsorted(known, day + ends, side="right")
    held = clear & (ends <= cases.closes_on[row]) & happens(rng, np.full(row.size, _ASSESSED_AGAIN))
    return row[held], starts[held], ends[held]


def one_at_a_time(row: Rows, start: Days, end: Days) -> tuple[Rows, Days, Days]:
    """Order assessments within cases; one that would overlap the last starts when it ends, or is not made."""
    order = np.lexsort((end, start, row))
    row, start, end = row[order], start[order].copy(), end[order]
    is_first = np.concatenate([[True], row[1:] != row[:-1]])[: row.size]
    place = np.arange(row.size) - np.maximum.accumulate(np.where(is_first, np.arange(row.size), 0))
    kept = np.ones(row.size, dtype=bool)
    until = np.full(int(row.max(initial=0)) + 1, -NEVER)  # end of the last one kept, by case
    for n in range(int(place.max(initial=-1)) + 1):
        at = np.flatnonzero(place == n)
        start[at] = np.maximum(start[at], until[row[at]] + 1)
        kept[at] = start[at] <= end[at]
        until[row[at]] = np.where(kept[at], end[at], until[row[at]])
    return row[kept], start[kept], end[kept]


def draw_enquiries(cases: Cases, plans: Spells, kept: Flags, rng: np.random.Generator) -> Enquiries:
    """One enquiry before every plan, and those that led to no plan."""
    mine = np.flatnonzero(kept[plans.case])
    held = plans.starts_on[mine]
    lead = draw_banded(rng, *_TO_CONFERENCE, mine.size)
    earliest = np.maximum(cases.starts_on[plans.case[mine]], previous_end(plans.child, plans.ends_on)[mine])
    before_plan = np.maximum(working_days_after(held, -lead), earliest)
    other = np.flatnonzero(((cases.path == SECTION_47) | (cases.path == CONFERENCE)) & kept)
    begun = np.minimum(cases.starts_on[other] + rng.integers(1, 9, size=other.size), cases.closes_on[other])
    then = working_days_after(begun, draw_banded(rng, *_TO_CONFERENCE, other.size))
    then = np.where((cases.path[other] == CONFERENCE) & (then <= cases.closes_on[other]), then, NEVER)
    # An enquiry of its own is not opened while one that ends in a plan is under way.
    soon = plans.case[plans.starts_on - cases.starts_on[plans.case] <= _FRESH_DAYS]
    clear = ~np.isin(other, soon)
    row = np.concatenate([plans.case[mine], other[clear]])
    start, conference = np.concatenate([before_plan, begun[clear]]), np.concatenate([held, then[clear]])
    order = np.lexsort((start, row))
    start = start[order]
    return Enquiries(row[order], start, working_days_after(start, _TARGET_DAYS), conference[order])


def previous_end(child: Rows, ends: Days) -> Days:
    """The end of the same child's spell before each spell, or long ago."""
    order = np.lexsort((ends, child))
    previous = np.full(child.size, -NEVER)
    same = child[order][1:] == child[order][:-1]
    previous[order[1:][same]] = ends[order[:-1][same]]
    return previous


def draw_plans(population: Population, cases: Cases, plans: Spells, rng: np.random.Generator) -> Plans:
    """Categories of abuse, and how many plans each child had before."""
    kind = cases.kind[plans.case]
    tables = [dict(k.abuse) for k in population.kinds]
    first, other = draw_by_kind(tables, kind, rng), draw_by_kind(tables, kind, rng)
    latest = np.where(happens(rng, np.full(kind.size, _SAME_CATEGORY)), first, other)
    order = np.lexsort((plans.starts_on, plans.child))
    of_child = plans.child[order]
    before = np.empty_like(plans.child)
    before[order] = np.arange(of_child.size) - np.searchsorted(of_child, of_child, side="left")
    return Plans(plans.child, plans.case, plans.starts_on, plans.ends_on, first, latest, before)


def draw_plan_reviews(plans: Plans, rng: np.random.Generator) -> Meetings:
    """Review conferences of each plan, up to the day it ends."""
    longest = int((plans.ends_on - plans.starts_on).max(initial=0))
    many = 1 + longest // _NEXT_REVIEW[0]
    gaps = rng.integers(*_NEXT_REVIEW, size=(plans.starts_on.size, many))
    gaps[:, 0] = rng.integers(*_FIRST_REVIEW, size=plans.starts_on.size)
    on = plans.starts_on[:, None] + np.cumsum(gaps, axis=1)
    of, place = np.nonzero(on <= plans.ends_on[:, None])
    return Meetings(of, on[of, place])


def draw_support(cases: Cases, plans: Spells, care: Spells, kept: Flags, rng: np.random.Generator) -> Support:
    """Child in need plans: time after the first assessment with the child neither on a protection plan nor in care."""
    busy = np.concatenate([plans.case, care.case])
    in_need = (cases.path >= IN_NEED) | np.isin(np.arange(cases.child.size), busy)
    helped: Rows = np.flatnonzero(in_need & kept & (cases.path != NFA))
    mine = np.isin(busy, helped)
    row = np.concatenate([busy[mine], helped])  # a case's stretches end with its closure
    start = np.concatenate([np.concatenate([plans.starts_on, care.starts_on])[mine], cases.closes_on[helped] + 1])
    end = np.concatenate([np.concatenate([plans.ends_on, care.ends_on])[mine], cases.closes_on[helped]])
    order = np.lexsort((start, row))
    row, start, end = row[order], start[order], end[order]
    is_first = np.concatenate([[True], row[1:] != row[:-1]])[: row.size]
    apart = 2 * NEVER  # cases are laid end to end, so that one running maximum serves them all
    until = np.maximum.accumulate(end + 1 + row * apart) - row * apart
    free_from = np.where(is_first, cases.assessment_ends_on[row], np.concatenate([[0], until[:-1]])[: row.size])
    free_from = np.maximum(free_from, cases.assessment_ends_on[row])
    long_enough = start - 1 - free_from >= _SHORTEST_SUPPORT
    drawn = long_enough & happens(rng, np.full(row.size, _HAS_SUPPORT_PLAN))
    row, begun, free_until = row[drawn], free_from[drawn], start[drawn] - 1
    return Support(row, begun, np.minimum(free_until, begun + draw_banded(rng, *_SUPPORT_PLAN_DAYS, row.size)))
