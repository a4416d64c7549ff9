"""What happens to each child: referrals, protection plans and periods of care, with re-starts at known hazards.

Three clocks run, each from its own time zero, each with the hazard planted in plan.py and nothing hidden:

- repeat plan, from the end of a protection plan, and re-entry, from a return home (exit kind "home"). Their times are
  drawn at time zero and always honoured, whether the case is open or closed by then.
- re-referral, from the closure of a case. A repeat plan or re-entry that falls due while the case is closed comes by
  way of a referral, so its hazard is a part of the re-referral hazard and is not added to it: other referrals are drawn
  with the remainder (thinning). The case stays open STEP_DOWN_DAYS after a plan or return home, when those hazards are
  high, so that the remainder is never negative.

After the first, a plan or a period of care begins only by its clock. Follow-up ends at the 18th birthday, at the last
31 March, and at adoption, all of which depend on nothing but observed class, age and dates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.synth import plan
from careloom.synth.clocks import Clock, age_band
from careloom.synth.days import NEVER, Days, weekday_from
from careloom.synth.people import People

# Highest rung that a case reaches by its own course
PATHS = ("no_further_action", "assessed", "in_need", "section_47", "conference", "protection_plan")
NFA, ASSESSED, IN_NEED, SECTION_47, CONFERENCE, PROTECTION = range(6)

# Ways out of care
EXITS = ("home", "relatives", "arrangements_order", "special_guardianship", "adopted", "adult")
HOME, RELATIVES, ARRANGEMENTS, GUARDIANSHIP, ADOPTED, ADULT = range(6)
# Shares of exits by age band at entry, made up like the rest; "adult" stays until 18
_EXIT_SHARES = np.array(
    [
        [0.50, 0.04, 0.04, 0.16, 0.20, 0.06],
        [0.58, 0.05, 0.05, 0.14, 0.10, 0.08],
        [0.66, 0.05, 0.04, 0.08, 0.00, 0.17],
        [0.68, 0.05, 0.03, 0.03, 0.00, 0.21],
        [0.58, 0.06, 0.00, 0.00, 0.00, 0.36],
    ]
)
_EXIT_MEDIAN_DAYS = np.array([130, 200, 350, 450, 620, NEVER])
_EXIT_SPREAD = np.array([0.8, 0.7, 0.4, 0.3, 0.2, 0.0])  # standard deviation of log days
_SHORTEST_ADOPTION = 400


@dataclass(frozen=True)
class Referrals:
    """One row per referral; assessment NEVER when there was no further action. Closure may lie after the window."""

    child: Days
    starts_on: Days
    closes_on: Days
    path: Days
    assessment_starts_on: Days
    assessment_ends_on: Days


@dataclass(frozen=True)
class Spells:
    """Protection plans or periods of care: `referral` is the row of the case it lies in, `kind` the way out of care."""

    child: Days
    referral: Days
    starts_on: Days
    ends_on: Days
    kind: Days


@dataclass(frozen=True)
class Lives:
    """Everything that happened, for the writers to put into records. `leaves_on` is the 18th birthday or adoption."""

    referrals: Referrals
    plans: Spells
    care: Spells
    leaves_on: Days


class _Restart:
    """A spell that can come again: when it is next due, and its clock since the last one ended, per child."""

    def __init__(self, clock: Clock, lead: int, count: int) -> None:
        self.clock, self.lead = clock, lead
        self.due = np.full(count, NEVER)
        self.zero = np.full(count, -NEVER)
        self.log_ratio = np.zeros(count)
        self.ever = np.zeros(count, dtype=bool)
        self.rows: list[Sequence[Days]] = []

    def hazard(self, child: Days, on: NDArray[np.float64]) -> NDArray[np.float64]:
        """Hazard per day of the decision to start again, `lead` days before the start itself; nil unless pending."""
        since = np.maximum(on + self.lead - self.zero[child], 0)
        pending = self.ever[child] & (self.due[child] < NEVER)
        return np.where(pending, self.clock.rate(since) * np.exp(self.log_ratio[child]), 0.0)

    def spells(self, leaves_on: Days) -> Spells:
        """All spells so far, less what would lie after the child left."""
        child, referral, starts, ends, kind = (np.concatenate(column) for column in zip(*self.rows, strict=True))
        kept = starts < leaves_on[child]
        spells = Spells(child, referral, starts, np.minimum(ends, leaves_on[child]), kind)
        return Spells(*(column[kept] for column in vars(spells).values()))


class _World:
    """The state of all children between events."""

    def __init__(self, people: People, rng: np.random.Generator) -> None:
        self.people, self.rng = people, rng
        self.adult = people.adult
        self.leaves_on = self.adult.copy()
        self.plan = _Restart(plan.REPEAT_PLAN, plan.PLAN_LEAD_DAYS, len(people))
        self.care = _Restart(plan.RE_ENTRY, plan.CARE_LEAD_DAYS, len(people))
        self.to_plan = np.array([c.to_plan for c in plan.CLASSES])[people.need]
        self.to_care = np.array([c.to_care for c in plan.CLASSES])[people.need]

    def _uniform(self, low: int, high: int, size: int) -> Days:
        return self.rng.integers(low, high + 1, size=size)

    # -- one case -----------------------------------------------------------------------------------------------

    def open_case(self, child: Days, on: Days, first_row: int) -> Referrals:
        """Follow a case of each child from referral to closure."""
        path = self._choose_path(child, on)
        self._schedule_firsts(child, on, path)
        starts, ends = self._assess(child, on)
        closes = np.where(path == NFA, on, ends + self._base_duration(path))
        for spell in (self.plan, self.care):
            scheduled = (spell.due[child] < NEVER) & ~spell.ever[child]
            closes = np.where(scheduled, np.maximum(closes, spell.due[child]), closes)
        closes = self._run_spells(child, closes, first_row)
        closes = np.minimum(closes, self.leaves_on[child])
        starts, ends = (np.where(path == NFA, NEVER, column) for column in (starts, ends))
        return Referrals(child, on, closes, path, starts, ends)

    def _choose_path(self, child: Days, on: Days) -> Days:
        """The rung the case reaches; a restart that is due decides it."""
        to_plan = np.where(self.plan.ever[child] | self.people.is_uasc[child], 0.0, self.to_plan[child])
        rest = self.rng.choice([ASSESSED, SECTION_47, CONFERENCE, IN_NEED], size=child.size, p=_shares_of_rest())
        path = np.where(self.rng.random(child.size) < to_plan, PROTECTION, rest)
        path = np.where(self.rng.random(child.size) < plan.NO_FURTHER_ACTION, NFA, path)
        path = np.where(self.people.is_uasc[child] | (on == self.care.due[child] - self.care.lead), IN_NEED, path)
        return np.where(on == self.plan.due[child] - self.plan.lead, PROTECTION, path)

    def _schedule_firsts(self, child: Days, on: Days, path: Days) -> None:
        """Set the start of a first plan or first period of care; later ones come only by their clocks."""
        size = child.size
        first_plan = (path == PROTECTION) & ~self.plan.ever[child]
        plan_on = weekday_from(on + self._uniform(21, 42, size))
        self.plan.due[child] = np.where(first_plan, plan_on, self.plan.due[child])
        chance = self.to_care[child] * np.where(path == PROTECTION, plan.CARE_AFTER_PLAN_TIMES, 1.0)
        wanted = self.people.is_uasc[child] | ((self.rng.random(size) < chance) & (path >= IN_NEED))
        in_plan = self.plan.due[child] + self._uniform(20, 200, size)
        care_on = np.where(path == PROTECTION, in_plan, on + self._uniform(14, 60, size))
        care_on = np.maximum(care_on, self.people.born[child] + self._uniform(0, 3, size))
        self.care.due[child] = np.where(wanted & ~self.care.ever[child], care_on, self.care.due[child])

    def _assess(self, child: Days, on: Days) -> tuple[Days, Days]:
        """Start and end of the first assessment: most within 45 working days, and before any plan or care."""
        longest = np.minimum(np.minimum(self.plan.due[child], self.care.due[child]), self.adult[child])
        starts = np.minimum(on + self._uniform(0, 4, child.size), self.adult[child] - 1)
        duration = np.ceil(self.rng.gamma(4.0, 10.0, size=child.size)).astype(np.int64).clip(5, 120)
        return starts, np.maximum(np.minimum(starts + duration, longest), starts)

    def _base_duration(self, path: Days) -> Days:
        """Days a case stays open after its first assessment when nothing more happens."""
        support = 60 + np.ceil(self.rng.gamma(1.5, 80.0, size=path.size)).astype(np.int64)
        return np.where(path == ASSESSED, self._uniform(0, 10, path.size), support)

    def _run_spells(self, child: Days, closes: Days, first_row: int) -> Days:
        """Start each plan and period of care decided on while the case is open; each may keep it open longer."""
        row = first_row + np.arange(child.size)
        while True:
            due_plan = np.flatnonzero(self.plan.due[child] - self.plan.lead <= closes)
            closes[due_plan] = np.maximum(closes[due_plan], self._start_plan(child[due_plan], row[due_plan]))
            due_care = np.flatnonzero(self.care.due[child] - self.care.lead <= closes)
            closes[due_care] = np.maximum(closes[due_care], self._start_care(child[due_care], row[due_care]))
            if not due_plan.size and not due_care.size:
                return closes

    def _start_plan(self, child: Days, row: Days) -> Days:
        """Record a plan and set its clock; returns how long the case stays open for it."""
        starts, adult, into_care = self.plan.due[child], self.adult[child], self.care.due[child]
        ends = starts + 60 + np.ceil(self.rng.gamma(2.5, 75.0, size=child.size)).astype(np.int64)
        # A plan is ended soon after the child comes into care.
        taken = (starts < into_care) & (into_care < ends)
        ends = np.where(taken, into_care + self._uniform(1, 28, child.size), ends)
        ends = np.minimum(ends, adult)
        self._record(self.plan, child, row, ends, np.zeros_like(child))
        next_due = weekday_from(self.plan.due[child])  # conferences are not held at weekends
        self.plan.due[child] = np.where(ends < adult, next_due, NEVER)
        until: Days = np.minimum(ends + self._hold(child.size), adult)
        return until

    def _start_care(self, child: Days, row: Days) -> Days:
        """Record a period of care and, when it ends at home, its clock; returns how long the case stays open for it."""
        starts, adult = self.care.due[child], self.adult[child]
        kind = self._choose_exit(child, starts)
        noise = np.exp(_EXIT_SPREAD[kind] * self.rng.normal(size=child.size))
        days = np.ceil(_EXIT_MEDIAN_DAYS[kind] * noise).clip(3, NEVER).astype(np.int64)
        ends = starts + np.where(kind == ADOPTED, np.maximum(days, _SHORTEST_ADOPTION), days)
        kind = np.where(ends >= adult, ADULT, kind)
        ends = np.minimum(ends, adult)
        self._record(self.care, child, row, ends, kind)
        self.care.due[child] = np.where(kind == HOME, self.care.due[child], NEVER)
        self.leaves_on[child] = np.where(kind == ADOPTED, ends, self.leaves_on[child])
        after = np.where(kind == HOME, self._hold(child.size), self._uniform(0, 60, child.size))
        until: Days = np.minimum(ends + after, self.leaves_on[child])
        return until

    def _record(self, spell: _Restart, child: Days, row: Days, ends: Days, kind: Days) -> None:
        """Keep the spell (unless it would start at 18) and draw when the next is due."""
        kept = spell.due[child] < self.adult[child]
        columns = (child, row, spell.due[child], ends, kind)
        spell.rows.append([column[kept] for column in columns])
        band = age_band(self.people.born[child], ends)
        log_ratio = spell.clock.log_ratio(self.people.need[child], band, self.people.is_male[child])
        spell.zero[child], spell.log_ratio[child], spell.ever[child] = ends, log_ratio, True
        spell.due[child] = ends + spell.clock.draw(self.rng, log_ratio)

    def _choose_exit(self, child: Days, on: Days) -> Days:
        """The way out of this period of care, by age at entry; unaccompanied children stay until 18."""
        upto = np.cumsum(_EXIT_SHARES, axis=1)[age_band(self.people.born[child], on)]
        drawn = (self.rng.random(child.size)[:, None] > upto).sum(axis=1).clip(max=ADULT)
        return np.where(self.people.is_uasc[child], ADULT, drawn)

    def _hold(self, size: int) -> Days:
        return plan.STEP_DOWN_DAYS + self._uniform(0, plan.STEP_DOWN_SPREAD, size)

    # -- the next case ------------------------------------------------------------------------------------------

    def next_referral(self, child: Days, closed_on: Days) -> Days:
        """The day each closed case is referred again."""
        other = closed_on + self._days_to_other_referral(child, closed_on)
        by_plan, by_care = (spell.due[child] - spell.lead for spell in (self.plan, self.care))
        first: Days = np.minimum(other, np.minimum(by_plan, by_care))
        return first

    def _days_to_other_referral(self, child: Days, closed_on: Days) -> Days:
        """Days to a referral that is no restart, at the planted hazard less that of pending restarts (thinning)."""
        band = age_band(self.people.born[child], closed_on)
        clock = plan.RE_REFERRAL
        ratio = np.exp(clock.log_ratio(self.people.need[child], band, self.people.is_male[child]))
        spent, days, todo = np.zeros(child.size), np.zeros(child.size), np.arange(child.size)
        while todo.size:
            spent[todo] += self.rng.exponential(size=todo.size) / ratio[todo]
            days[todo] = clock.when(spent[todo])
            when = closed_on[todo] + days[todo]
            restarts = self.plan.hazard(child[todo], when) + self.care.hazard(child[todo], when)
            is_restart = self.rng.random(todo.size) < restarts / (ratio[todo] * clock.rate(days[todo]))
            todo = todo[is_restart & (when < self.adult[child[todo]])]
        return np.maximum(np.ceil(days), 1).astype(np.int64)


def _shares_of_rest() -> list[float]:
    """Shares of paths among cases that do not lead to a plan."""
    shares = [plan.ASSESSED_ONLY, plan.SECTION_47_ONLY, plan.CONFERENCE_ONLY]
    return [*shares, 1 - sum(shares)]


def live(people: People, last_day: int, rng: np.random.Generator) -> Lives:
    """Live every child's cases in rounds: in each, all who are referred go from referral to closure at once.

    Cases are followed to their end even past `last_day`; no case is opened after it.
    """
    world = _World(people, rng)
    rounds: list[Referrals] = []
    child, on, rows = np.arange(len(people)), people.first_referred, 0
    while child.size:
        cases = world.open_case(child, on, rows)
        rounds.append(cases)
        rows += child.size
        shut = (cases.closes_on < world.leaves_on[child]) & (cases.closes_on <= last_day)
        on = world.next_referral(child[shut], cases.closes_on[shut])
        again = (on < world.adult[child[shut]]) & (on <= last_day)
        child, on = child[shut][again], on[again]
    referrals = Referrals(*(np.concatenate(column) for column in zip(*(vars(r).values() for r in rounds), strict=True)))
    leaves_on = world.leaves_on
    return Lives(referrals, world.plan.spells(leaves_on), world.care.spells(leaves_on), leaves_on)
