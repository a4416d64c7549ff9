"""Counting referrals, episodes of need, assessments and child protection, as the national statistics define them.

The definitions are those of the measures in the catalogue; the words of a group are those of `national/targets.csv`.
"""

from __future__ import annotations

import numpy as np

from careloom.synth.calibration.counts import Tally, once, position, whole_months
from careloom.synth.days import NEVER, Days, Flags, birthday, collection_year
from careloom.synth.life.cases import NFA
from careloom.synth.world import Rows, World

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
SOURCES = {
    "individual": ["1A", "1B", "1C", "1D"],
    "schools": ["2A"],
    "education services": ["2B"],
    "health services": ["3A", "3B", "3C", "3D", "3E", "3F"],
    "housing": ["4"],
    "authority services": ["5A", "5B", "5C", "5D"],
    "police": ["6"],
    "other legal agency": ["7"],
    "other": ["8"],
    "anonymous": ["9"],
    "unknown": ["10"],
}
CLOSURES = {
    "adopted": ["RC1"],
    "died": ["RC2"],
    "child arrangements order": ["RC3"],
    "special guardianship": ["RC4"],
    "transferred to another authority": ["RC5"],
    "transferred to adult services": ["RC6"],
    "any other reason": ["RC7"],
}
NEEDS = {f"N{i}": [f"N{i}"] for i in range(1, 10)}
AGES = ("unborn", "under 1", "1 to 4", "5 to 9", "10 to 15", "16 and over")
ETHNIC_GROUPS = {
    "White": ["WBRI", "WIRI", "WIRT", "WROM", "WOTH"],
    "Mixed": ["MWBC", "MWBA", "MWAS", "MOTH"],
    "Asian": ["AIND", "APKN", "ABAN", "AOTH"],
    "Black": ["BCRB", "BAFR", "BOTH"],
    "Other": ["CHNE", "OOTH"],
}
LENGTHS = ("up to 3 months", "3 to 6 months", "6 to 12 months", "1 to 2 years", "over 2 years")
ASSESSMENT_BANDS = (
    "same day", "1 to 10", "11 to 20", "21 to 30", "31 to 40", "41 to 45", "46 to 50", "51 to 60", "61 and over",
)  # fmt: skip
CONFERENCE_BANDS = ("0 to 10", "11 to 15", "16 to 20", "21 and over")
CATEGORIES = {"neglect": ["NEG"], "physical": ["PHY"], "sexual": ["SAB"], "emotional": ["EMO"], "multiple": ["MUL"]}
NOT_IN_NEED = ("RC8", "RC9")
_CODES = (
    *(f"{number}{letter}" for number in range(1, 7) for letter in "ABC"),
    *(f"{number}A" for number in (7, *range(9, 18))),
    *(f"{number}{letter}" for number in (18, 19) for letter in "ABC"),
    *("20", "22A", "23A", "24A"),
)  # 21 says that there are no factors
COUNTED_AS = {code: [code] for code in _CODES} | {"8": ["8A", "8B", "8C", "8D", "8E", "8F"]}
_YEAR_STEP = 10_000  # leaves room for a year beside the number of a case


def age_group(born: Days, on: Days) -> Rows:
    """Position in AGES."""
    return np.digitize(whole_months(born, on), [0, 12, 60, 120, 192])


def length_band(starts_on: Days, ends_on: Days) -> Rows:
    """Position in LENGTHS; three months to the day are up to three months."""
    return np.digitize(whole_months(starts_on, ends_on - 1), [3, 6, 12, 24])


def year_end(year: Days) -> Days:
    """31 March of each year."""
    april: Days = ((year - 1970) * 12 + 3).astype("M8[M]").astype("M8[D]").astype(np.int64)
    return april - 1


def count_referrals(tally: Tally, world: World) -> None:
    cases = world.referrals
    year = collection_year(cases.starts_on)
    again = _is_re_referral(cases.child, cases.starts_on)
    by_child = once(year, cases.child)
    tally.rate("referrals", year)
    tally.rate("children_referred", year[by_child])
    tally.share("re_referrals_within_12_months", year, again)
    came_back = once(year[again], cases.child[again])
    tally.parts("children_re_referred", year[again][came_back], np.zeros_like(came_back), ("",), year[by_child])
    tally.share("no_further_action", year, cases.path == NFA)
    tally.share("assessed_not_in_need", year, _found_not_in_need_in_year(world))
    tally.shares("source_of_referral", year, position(cases.source, SOURCES), tuple(SOURCES))
    month = cases.starts_on.astype("M8[D]").astype("M8[M]").astype(np.int64) % 12
    tally.shares("referrals_by_month", year, month, MONTHS)


def _is_re_referral(child: Rows, on: Days) -> Flags:
    """Whether an earlier referral of the child lies within 12 months, the same day a year later included."""
    key = child * NEVER + on  # referrals are ordered by child and day
    before = np.searchsorted(key, key) - 1  # the last one on an earlier day
    same = (before >= 0) & (child[before] == child)
    again: Flags = same & (birthday(on[before], 1) >= on)
    return again


def _found_not_in_need_in_year(world: World) -> Flags:
    """Whether a referral was closed, for want of need, by the 31 March after it."""
    cases = world.referrals
    is_closed = collection_year(cases.closes_on) == collection_year(cases.starts_on)
    found: Flags = (cases.path != NFA) & np.isin(cases.reason, NOT_IN_NEED) & is_closed
    return found


def count_need(tally: Tally, world: World) -> None:
    """Episodes of need; one that ends because the assessment found no need is none in the year it ends."""
    cases = world.referrals
    is_started = (cases.path != NFA) & ~_found_not_in_need_in_year(world)
    is_ended = (cases.path != NFA) & ~np.isin(cases.reason, NOT_IN_NEED)
    started, ended = collection_year(cases.starts_on), collection_year(cases.closes_on)
    tally.rate("episodes_of_need_started", started[is_started])
    row = np.flatnonzero(is_ended)
    tally.rate("episodes_of_need_ended", ended[row])
    length = length_band(cases.starts_on[row], cases.closes_on[row])
    tally.shares("length_of_ended_episodes", ended[row], length, LENGTHS)
    tally.shares("reason_for_closure", ended[row], position(cases.reason[row], CLOSURES), tuple(CLOSURES))
    in_need = [
        np.unique(cases.child[is_started & (started <= y) & ((ended > y) | (is_ended & (ended == y)))]).size
        for y in tally.years.tolist()
    ]
    tally.rate("children_in_need_in_year", np.repeat(tally.years, in_need))
    _count_at_31_march(tally, world)
    _count_support(tally, world)


def _count_at_31_march(tally: Tally, world: World) -> None:
    """Who the children in need at 31 March are; an open case counts even when it is found later that there is no need."""
    cases, people = world.referrals, world.people
    is_case = np.flatnonzero(cases.path != NFA)
    year, row = tally.at_31_march(cases.starts_on[is_case], cases.closes_on[is_case])
    row = is_case[row]
    tally.shares("length_of_open_episodes", year, length_band(cases.starts_on[row], year_end(year)), LENGTHS)
    kept = once(year, cases.child[row])
    year, row = year[kept], row[kept]
    child, need = cases.child[row], cases.need[row]
    tally.rate("children_in_need_at_31_march", year)
    tally.shares("primary_need_at_31_march", year, position(need, NEEDS), tuple(NEEDS))
    tally.share("primary_need_not_stated", year, np.isin(need, ("N0", "")))
    is_disabled: Flags = np.isin(child, np.flatnonzero(people.disabilities.sum(axis=1)))
    tally.share("disabled_at_31_march", year, is_disabled)
    age = age_group(people.born[child], year_end(year))
    oldest = len(AGES) - 1
    tally.shares("children_in_need_by_age", year, np.where(age < oldest, age, -1), AGES[:oldest])
    tally.share("children_in_need_16_and_over", year, age == oldest)
    is_born = np.flatnonzero(people.born[child] <= year_end(year))
    tally.share("children_in_need_by_sex", year[is_born], people.is_male[child[is_born]], "male")
    ethnic = position(people.ethnicity, ETHNIC_GROUPS)[child]
    tally.shares("children_in_need_by_ethnic_group", year, ethnic, tuple(ETHNIC_GROUPS))


def _count_support(tally: Tally, world: World) -> None:
    support = world.support
    tally.rate("child_in_need_plans_started", collection_year(support.starts_on))
    tally.rate("child_in_need_plans_ended", collection_year(support.ends_on))
    tally.rate("child_in_need_plans_at_31_march", tally.at_31_march(support.starts_on, support.ends_on)[0])


def count_assessments(tally: Tally, world: World) -> None:
    done = world.assessments
    year = collection_year(done.ends_on)
    tally.rate("assessments_completed", year)
    days = _working_days(done.starts_on, done.ends_on)
    band = np.digitize(days, [1, 11, 21, 31, 41, 46, 51, 61])
    tally.shares("assessments_by_working_days", year, band, ASSESSMENT_BANDS)
    _count_factors(tally, world, year)


def _working_days(first: Days, last: Days) -> Days:
    """Working days from day to day, Monday to Friday (bank holidays are not known here)."""
    days: Days = np.busday_count(first.astype("M8[D]"), last.astype("M8[D]"))
    return days


def _count_factors(tally: Tally, world: World, year: Days) -> None:
    """Shares of the cases with a factor recorded in the year; a factor counts once for a case, however many assessments."""
    row, code = world.codes.assessment, position(world.codes.code, COUNTED_AS)
    kept = (year[row] >= tally.years[0]) & (year[row] <= tally.years[-1]) & (code >= 0)
    row, code = row[kept], code[kept]
    case = world.assessments.referral[row] * _YEAR_STEP + year[row]
    of_year = np.unique(case) % _YEAR_STEP
    recorded = np.unique(case * len(COUNTED_AS) + code)
    code, recorded_in = recorded % len(COUNTED_AS), recorded // len(COUNTED_AS) % _YEAR_STEP
    groups = tuple(dict.fromkeys(map(factor_group, COUNTED_AS)))
    group_of = np.array([groups.index(factor_group(name)) for name in COUNTED_AS])
    tally.parts("factors", recorded_in, group_of[code], groups, of_year)
    tally.parts("factors_per_case", recorded_in, np.zeros_like(code), ("",), of_year)


def factor_group(code: str) -> str:
    """Codes of which the shares are added up stand under their number: 18A, 18B and 18C under 18."""
    return code[:2] if code[:2] in ("18", "19") else code


def count_protection(tally: Tally, world: World) -> None:
    enquiries, plans = world.enquiries, world.plans
    tally.rate("section_47_enquiries", collection_year(enquiries.starts_on))
    held = np.flatnonzero(enquiries.conference_on < NEVER)
    child, on = world.referrals.child[enquiries.referral[held]], enquiries.conference_on[held]
    tally.rate("initial_conferences", collection_year(on[once(on, child)]))
    days = _working_days(enquiries.starts_on[held], on)
    band = np.digitize(days, [11, 16, 21])
    tally.shares("section_47_to_conference", collection_year(on), band, CONFERENCE_BANDS)
    started, ended = collection_year(plans.starts_on), collection_year(plans.ends_on)
    tally.rate("protection_plans_started", started)
    tally.rate("protection_plans_ended", ended)
    tally.share("second_or_subsequent_plans", started, plans.before > 0)
    tally.shares("length_of_ended_plans", ended, length_band(plans.starts_on, plans.ends_on), LENGTHS)
    tally.shares("category_of_plan", started, position(plans.first_category, CATEGORIES), tuple(CATEGORIES))
    year, row = tally.at_31_march(plans.starts_on, plans.ends_on)
    tally.shares("length_of_open_plans", year, length_band(plans.starts_on[row], year_end(year)), LENGTHS)
    kept = once(year, plans.child[row])
    year, child = year[kept], plans.child[row[kept]]
    tally.rate("protection_plans_at_31_march", year)
    tally.shares("protection_plans_by_age", year, age_group(world.people.born[child], year_end(year)), AGES)
