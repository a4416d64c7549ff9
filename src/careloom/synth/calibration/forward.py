"""Counting forward: how many children ever come to notice, and how soon they come back.

Published for cohorts followed over years. A child is followed until 18, the last 31 March, or the closure with which
she leaves this authority's sight: adopted, moved, or dead. Children who came from elsewhere have a past that is not
seen here, so nothing that happens to them counts as their first.
"""

from __future__ import annotations

import numpy as np

from careloom.synth.calibration.care import reason_left
from careloom.synth.calibration.cases import NOT_IN_NEED
from careloom.synth.calibration.counts import Tally, once
from careloom.synth.days import NEVER, Days, Flags, birthday, collection_year, year_starts
from careloom.synth.life.cases import NFA
from careloom.synth.world import Rows, World

_OUT_OF_SIGHT = ("RC1", "RC2", "RC5")
_HOME = ("E4A", "E4B")
_NO_WAY_BACK = ("E11", "E12", "E2", "E3", "E9", "E15", "E16")
_FIFTH_BIRTHDAY = 5


def count_forward(tally: Tally, world: World) -> None:
    _count_firsts(tally, world)
    cases, plans, care = world.referrals, world.plans, world.care
    seen_until = _seen_until(tally, world)
    year = collection_year(cases.starts_on)
    index = once(year, cases.child)
    _follow(tally, "re_referred", cases.child[index], cases.starts_on[index], cases.child, cases.starts_on, seen_until)
    shut = (cases.path != NFA) & ~np.isin(cases.reason, _OUT_OF_SIGHT)
    closed = cases.child[shut], cases.closes_on[shut]
    _follow(tally, "re_referred_after_closure", *closed, cases.child, cases.starts_on, seen_until)
    _follow(tally, "second_plan_after_plan", plans.child, plans.ends_on, plans.child, plans.starts_on, seen_until)
    reason = reason_left(world)
    for name, may_return in (
        ("re_entered_care", ~np.isin(reason, _NO_WAY_BACK)),
        ("re_entered_care_from_home", np.isin(reason, _HOME)),
    ):
        left = care.child[may_return], care.ends_on[may_return]
        _follow(tally, name, *left, care.child, care.starts_on, seen_until)


def _count_firsts(tally: Tally, world: World) -> None:
    """First events of true children, by year."""
    cases, people = world.referrals, world.people
    in_need = (cases.path != NFA) & ~np.isin(cases.reason, NOT_IN_NEED)
    events = {
        "referred": (cases.child, cases.starts_on),
        "assessed": (cases.child[cases.path != NFA], cases.starts_on[cases.path != NFA]),
        "in need": (cases.child[in_need], cases.starts_on[in_need]),
        "on a protection plan": (world.plans.child, world.plans.starts_on),
        "looked after": (world.care.child, world.care.starts_on),
    }
    person = np.unique(people.person, return_inverse=True)[1]
    came_from_elsewhere = np.zeros(person.size, dtype=bool)
    came_from_elsewhere[person[people.identity == "arrived"]] = True
    firsts = {}
    for name, (child, on) in events.items():
        first = np.full(person.size, NEVER)
        np.minimum.at(first, person[child], on)
        firsts[name] = np.where(came_from_elsewhere, NEVER, first)
    tally.lifetime("ever_before_18", {name: collection_year(on[on < NEVER]) for name, on in firsts.items()})
    born = np.zeros(person.size, dtype=np.int64)
    born[person] = people.born
    early = firsts["referred"] < birthday(born, _FIFTH_BIRTHDAY)
    tally.lifetime("referred_before_5", {"": collection_year(firsts["referred"][early])})


def _seen_until(tally: Tally, world: World) -> Days:
    """The last day on which each child would be seen here, were something to happen."""
    cases = world.referrals
    until = np.minimum(birthday(world.people.born, 18) - 1, tally.last_day)
    gone = np.isin(cases.reason, _OUT_OF_SIGHT)
    np.minimum.at(until, cases.child[gone], cases.closes_on[gone])
    return until


def _follow(
    tally: Tally, name: str, child: Rows, zero: Days, child_again: Rows, again_on: Days, seen_until: Days
) -> None:
    """Days from each time zero within the years to the child's next start, or to the end of sight."""
    until = seen_until[child]
    inside: Flags = (zero >= year_starts(int(tally.years[0]))) & (zero < until)
    child, zero, until = child[inside], zero[inside], until[inside]
    following = _next_start(child, zero, child_again, again_on)
    tally.follow(name, np.minimum(following, until) - zero, following <= until)


def _next_start(child: Rows, zero: Days, child_again: Rows, again_on: Days) -> Days:
    """The first start later than the day itself, NEVER when there is none."""
    key = np.sort(child_again * NEVER + again_on)
    at = np.searchsorted(key, child * NEVER + zero, side="right")
    found = key[at.clip(max=max(key.size - 1, 0))] if key.size else np.full(at.shape, -1)
    return np.where((at < key.size) & (found // NEVER == child), found % NEVER, NEVER)
