"""What happens to each child: referrals, protection plans and periods of care, with re-starts at known hazards.

Three clocks run, each from its own time zero, each with the hazard planted in the population and nothing hidden:

- repeat plan, from the end of a protection plan, and re-entry, from a return home (exit "home"). Their times are drawn
  at time zero and always honoured, whether the case is open or closed by then.
- re-referral, from the closure of a case. A repeat plan or re-entry that falls due while the case is closed comes by
  way of a referral, so its hazard is a part of the re-referral hazard and is not added to it: other referrals are drawn
  with the remainder (thinning). The case stays open for months after a plan or return home, when those hazards are
  high, so that the remainder is never negative.

After the first, a plan or a period of care begins only by its clock. Follow-up ends at the 18th birthday and at death;
most adopted children are not seen again. The kind of need belongs to the referral: a later one may be of another kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from careloom.catalogue import Population
from careloom.synth.care.exits import ABROAD, ADOPTED, ADULT, DIED, HOME, draw_way_out
from careloom.synth.chance import draw_banded, happens, shifted
from careloom.synth.days import NEVER, Days, Flags, collection_year, weekday_from, working_days_after
from careloom.synth.life.children import CARE_BY_ETHNIC_GROUP, Children, age_group, draw_kind, in_year
from careloom.synth.life.clocks import Clock
from careloom.synth.world import Authority, Floats, Rows

# Highest rung that a case reaches by its own course
PATHS = ("no_further_action", "not_in_need", "in_need", "section_47", "conference", "protection_plan")
NFA, NOT_IN_NEED, IN_NEED, SECTION_47, CONFERENCE, PROTECTION = range(6)

# Working days of an assessment, and length of a plan in days, when neither a plan nor care cuts them short: made up so
# that the mixes come near to those published for 2015 to 2024
ASSESSMENT_DAYS = (
    (0, 1, 11, 21, 31, 41, 46, 51, 61, 110),
    (0.012, 0.120, 0.135, 0.145, 0.225, 0.175, 0.060, 0.054, 0.074),
)
PLAN_DAYS = ((20, 92, 183, 275, 365, 456, 548, 731, 1075), (0.162, 0.083, 0.335, 0.119, 0.143, 0.064, 0.055, 0.039))
# Days of support after the assessment of a child in need: most are closed within weeks
SUPPORT_DAYS = ((0, 15, 60, 150, 300, 600), (0.60, 0.16, 0.11, 0.08, 0.05))
LONG_TERM_YEARS = 8.0  # mean of the exponential time for which a long-term case stays open
PLAN_LEAD, CARE_LEAD = 28, 14  # from the decision (a referral, when the case is closed) to the start itself
# Days a case stays open afterwards: after a plan or a return home until the first, highest hazard of the next is over
AFTER_PLAN, AFTER_HOME, AFTER_CARE = (62, 150), (351, 390), (0, 60)
AFTER_BIRTH = (28, 84)  # the case of a child in need, referred before birth or just after, is not closed earlier
PLAN_AFTER_REFERRAL, CARE_IN_PLAN = (21, 63), (20, 250)
CARE_AFTER_REFERRAL = ((0, 3, 15, 60, 200), (0.30, 0.25, 0.25, 0.20))
SEEN_AGAIN_ADOPTED = 0.08  # share of adopted children who may be referred again, under their new name
DIES = 0.0022  # of cases in need that close


@dataclass(frozen=True)
class Cases:
    """One row per referral; assessment NEVER when there was no further action. Closure may lie after the last day."""

    child: Rows
    starts_on: Days
    closes_on: Days
    kind: Rows
    path: Rows
    assessment_starts_on: Days
    assessment_ends_on: Days


@dataclass(frozen=True)
class Spells:
    """Protection plans or periods of care: `case` is the row of the case it lies in, `exit` the way out of care."""

    child: Rows
    case: Rows
    starts_on: Days
    ends_on: Days
    exit: Rows


@dataclass(frozen=True)
class Lives:
    """Everything that happened. Days are NEVER for who did not move, was not adopted or did not die."""

    children: Children
    cases: Cases
    plans: Spells
    care: Spells
    is_disabled: Flags
    moves_on: Days
    adopted_on: Days
    dies_on: Days


class _Restart:
    """A spell that can come again: when it is next due, and its clock since the last one ended, per child."""

    def __init__(self, clock: Clock, lead: int, count: int) -> None:
        self.clock, self.lead = clock, lead
        self.due = np.full(count, NEVER)
        self.zero = np.full(count, -NEVER)
        self.log_ratio = np.zeros(count)
        self.ever = np.zeros(count, dtype=bool)
        self.rows: list[Sequence[Days]] = []

    def hazard(self, child: Rows, on: Floats) -> Floats:
        """Hazard per day of the decision to start again, `lead` days before the start itself; nil unless pending."""
        since = np.maximum(on + self.lead - self.zero[child], 0)
        pending = self.ever[child] & (self.due[child] < NEVER)
        return np.where(pending, self.clock.rate(since) * np.exp(self.log_ratio[child]), 0.0)

    def spells(self, leaves_on: Days) -> Spells:
        """All spells so far, less what would lie after the child left."""
        if not self.rows:
            return Spells(*(np.empty(0, dtype=np.int64) for _ in range(5)))
        child, case, starts, ends, way = (np.concatenate(column) for column in zip(*self.rows, strict=True))
        kept = starts < leaves_on[child]
        spells = Spells(child, case, starts, np.minimum(ends, leaves_on[child]), way)
        return Spells(*(column[kept] for column in vars(spells).values()))


class _Story:
    """The state of all children between events."""

    def __init__(
        self, population: Population, authority: Authority, children: Children, moves: bool, rng: np.random.Generator
    ) -> None:
        self.population, self.authority, self.children, self.rng = population, authority, children, rng
        count, kinds = len(children), population.kinds
        self.adult = children.adult
        self.leaves_on = self.adult.copy()
        self.moves_on, self.adopted_on, self.dies_on = (np.full(count, NEVER) for _ in range(3))
        self.moves = population.moves if moves else 0.0
        self.kind = children.kind.copy()
        self.proneness = rng.random(count)
        self.is_disabled = np.zeros(count, dtype=bool)
        self.plan = _Restart(Clock.of("repeat_plan", population), PLAN_LEAD, count)
        self.care = _Restart(Clock.of("re_entry", population), CARE_LEAD, count)
        self.re_referral = Clock.of("re_referral", population, authority.effects["re_referral"])
        self.overdrawn = 0  # candidates at which the restarts alone passed the planted re-referral hazard
        self.disabled = np.array([k.disabled for k in kinds])
        self.long_term = np.array([k.long_term for k in kinds])
        self.not_in_need = self._by_age("not_in_need", population.not_in_need_by_age)
        self.to_plan = self._by_age("plan", population.plan_by_age)
        self.to_care = self._by_age("care", population.care_by_age)
        self.care_by_group = np.log(CARE_BY_ETHNIC_GROUP)[children.ethnic_group]
        self.to_conference = np.array([k.conference for k in kinds])
        self.section_47 = shifted(np.array([k.section_47 for k in kinds]), authority.effects["section_47"])

    def _by_age(self, name: str, odds: Sequence[float]) -> Floats:
        """Kind x age group: a chance of each kind in this authority."""
        chance = np.array([getattr(kind, name) for kind in self.population.kinds])
        return shifted(chance[:, None], np.log(odds) + self.authority.effects[name])

    def _uniform(self, bounds: tuple[int, int], size: int) -> Days:
        return self.rng.integers(bounds[0], bounds[1] + 1, size=size)

    # -- one case -----------------------------------------------------------------------------------------------

    def open_case(self, child: Rows, on: Days, first_row: int) -> Cases:
        """Follow a case of each child from referral to closure."""
        kind = self.kind[child]
        self.is_disabled[child] |= self.proneness[child] < self.disabled[kind]
        path = self._choose_path(child, kind, on)
        self._schedule_firsts(child, kind, on, path)
        starts, ends = self._assess(child, on)
        closes = np.where(path == NFA, on, ends + self._base_duration(kind, path))
        seen_until = self.children.born[child] + self._uniform(AFTER_BIRTH, child.size)
        closes = np.where(path >= IN_NEED, np.maximum(closes, seen_until), closes)
        for spell in (self.plan, self.care):
            scheduled = (spell.due[child] < NEVER) & ~spell.ever[child]
            closes = np.where(scheduled, np.maximum(closes, spell.due[child]), closes)
        closes = self._run_spells(child, closes, first_row)
        closes = np.minimum(closes, self.leaves_on[child])
        starts, ends = (np.where(path == NFA, NEVER, column) for column in (starts, ends))
        return Cases(child, on, closes, kind, path, starts, ends)

    def _choose_path(self, child: Rows, kind: Rows, on: Days) -> Rows:
        """The rung the case reaches; a restart that is due decides it."""
        u, alone = self.rng.random(child.size), self.children.is_uasc[child] & ~self.care.ever[child]
        year, group = collection_year(on), age_group(self.children.born[child], on)
        section_47 = shifted(self.section_47[kind], np.log(in_year(self.population.section_47, year)))
        rungs = np.cumsum([self.to_plan[kind, group], self.to_conference[kind], section_47], axis=0)
        path = np.select(list(u < rungs), [PROTECTION, CONFERENCE, SECTION_47], IN_NEED)
        path = np.where((path == PROTECTION) & (self.plan.ever[child] | alone), IN_NEED, path)
        not_in_need = shifted(self.not_in_need[kind, group], np.log(in_year(self.population.not_in_need, year)))
        path = np.where(happens(self.rng, not_in_need), NOT_IN_NEED, path)
        nothing = in_year(self.population.no_further_action, year)
        nothing = shifted(nothing, self.authority.effects["no_further_action"])
        path = np.where(happens(self.rng, nothing), NFA, path)
        path = np.where(alone | (on == self.care.due[child] - self.care.lead), IN_NEED, path)
        return np.where(on == self.plan.due[child] - self.plan.lead, PROTECTION, path)

    def _schedule_firsts(self, child: Rows, kind: Rows, on: Days, path: Rows) -> None:
        """Set the start of a first plan or first period of care; later ones come only by their clocks."""
        size, alone = child.size, self.children.is_uasc[child]
        first_plan = (path == PROTECTION) & ~self.plan.ever[child]
        plan_on = weekday_from(on + self._uniform(PLAN_AFTER_REFERRAL, size))
        self.plan.due[child] = np.where(first_plan, plan_on, self.plan.due[child])
        to_care = self.to_care[kind, age_group(self.children.born[child], on)]
        to_care = shifted(to_care, self.care_by_group[child])
        wanted = alone | (happens(self.rng, to_care) & (path >= IN_NEED))
        soon = on + np.where(alone, 0, draw_banded(self.rng, *CARE_AFTER_REFERRAL, size))
        care_on = np.where(path == PROTECTION, self.plan.due[child] + self._uniform(CARE_IN_PLAN, size), soon)
        care_on = np.maximum(care_on, self.children.born[child] + self._uniform((0, 3), size))
        self.care.due[child] = np.where(wanted & ~self.care.ever[child], care_on, self.care.due[child])

    def _assess(self, child: Rows, on: Days) -> tuple[Days, Days]:
        """Start and end of the first assessment, which is over before any plan or care begins."""
        longest = np.minimum(np.minimum(self.plan.due[child], self.care.due[child]), self.adult[child])
        starts = np.minimum(weekday_from(on), self.adult[child] - 1)
        ends = working_days_after(starts, draw_banded(self.rng, *ASSESSMENT_DAYS, child.size))
        return starts, np.maximum(np.minimum(ends, longest), starts)

    def _base_duration(self, kind: Rows, path: Rows) -> Days:
        """Days a case stays open after its first assessment when nothing more happens."""
        support = draw_banded(self.rng, *SUPPORT_DAYS, path.size)
        years = self.rng.exponential(LONG_TERM_YEARS, size=path.size)
        support = np.where(happens(self.rng, self.long_term[kind]), (365.25 * years).astype(np.int64), support)
        return np.where(path == NOT_IN_NEED, self._uniform((0, 10), path.size), support)

    def _run_spells(self, child: Rows, closes: Days, first_row: int) -> Days:
        """Start each plan and period of care decided on while the case is open; each may keep it open longer."""
        row = first_row + np.arange(child.size)
        while True:
            due_plan = np.flatnonzero(self.plan.due[child] - self.plan.lead <= closes)
            closes[due_plan] = np.maximum(closes[due_plan], self._start_plan(child[due_plan], row[due_plan]))
            due_care = np.flatnonzero(self.care.due[child] - self.care.lead <= closes)
            closes[due_care] = np.maximum(closes[due_care], self._start_care(child[due_care], row[due_care]))
            if not due_plan.size and not due_care.size:
                return closes

    def _start_plan(self, child: Rows, row: Rows) -> Days:
        """Record a plan and set its clock; returns how long the case stays open for it."""
        starts, adult, into_care = self.plan.due[child], self.adult[child], self.care.due[child]
        ends = starts + draw_banded(self.rng, *PLAN_DAYS, child.size)
        # A plan is ended soon after the child comes into care.
        taken = (starts < into_care) & (into_care < ends)
        ends = np.where(taken, into_care + self._uniform((1, 28), child.size), ends)
        ends = np.minimum(ends, adult)
        self._record(self.plan, child, row, ends, np.zeros_like(child))
        next_due = weekday_from(self.plan.due[child])  # conferences are not held at weekends
        self.plan.due[child] = np.where(ends < adult, next_due, NEVER)
        until: Days = np.minimum(ends + self._uniform(AFTER_PLAN, child.size), adult)
        return until

    def _start_care(self, child: Rows, row: Rows) -> Days:
        """Record a period of care and, when it ends at home, its clock; returns how long the case stays open for it."""
        starts, adult = self.care.due[child], self.adult[child]
        people = self.children
        way, ends = draw_way_out(starts, people.born[child], people.is_uasc[child], self.is_disabled[child], self.rng)
        ends = np.minimum(ends, adult)
        way = np.where(ends >= adult, ADULT, way)
        self._record(self.care, child, row, ends, way)
        self.care.due[child] = np.where(way == HOME, self.care.due[child], NEVER)
        adopted = (way == ADOPTED) & (starts < adult)
        self.adopted_on[child] = np.where(adopted, ends, self.adopted_on[child])
        died = (way == DIED) & (starts < adult)
        self.dies_on[child] = np.where(died, ends, self.dies_on[child])
        gone = adopted & (self.rng.random(child.size) >= SEEN_AGAIN_ADOPTED) | died | (way == ABROAD)
        self.leaves_on[child] = np.where(gone, ends, self.leaves_on[child])
        # What was pending ends with the old identity; the case is closed on the day of the order.
        late = adopted & (self.plan.due[child] > ends)
        self.plan.due[child] = np.where(late, NEVER, self.plan.due[child])
        after = self._uniform(AFTER_CARE, child.size)
        after = np.select([way == HOME, adopted], [self._uniform(AFTER_HOME, child.size), 0], after)
        until: Days = np.minimum(ends + after, self.leaves_on[child])
        return until

    def _record(self, spell: _Restart, child: Rows, row: Rows, ends: Days, way: Rows) -> None:
        """Keep the spell (unless it would start at 18) and draw when the next is due."""
        kept = spell.due[child] < self.adult[child]
        columns = (child, row, spell.due[child], ends, way)
        spell.rows.append([column[kept] for column in columns])
        people = self.children
        log_ratio = spell.clock.log_ratio(self.kind[child], people.born[child], people.is_male[child], ends)
        spell.zero[child], spell.log_ratio[child], spell.ever[child] = ends, log_ratio, True
        spell.due[child] = ends + spell.clock.draw(self.rng, log_ratio)

    # -- the next case ------------------------------------------------------------------------------------------

    def close(self, cases: Cases) -> None:
        """What may happen as a case closes: the child dies, or the family moves to the next authority."""
        child, on, size = cases.child, cases.closes_on, cases.child.size
        in_need = (cases.path >= IN_NEED) & (on < self.leaves_on[child])
        dies = in_need & happens(self.rng, np.full(size, DIES))
        self.dies_on[child] = np.where(dies, on, self.dies_on[child])
        self.leaves_on[child] = np.where(dies, on, self.leaves_on[child])
        stays = (self.moves_on[child] < NEVER) | (self.adopted_on[child] < NEVER) | dies | (cases.path == NFA)
        moves = ~stays & happens(self.rng, np.full(size, self.moves))
        self.moves_on[child] = np.where(moves, on, self.moves_on[child])

    def next_referral(self, child: Rows, closed_on: Days) -> Days:
        """The day each closed case is referred again."""
        other = closed_on + self._days_to_other_referral(child, closed_on)
        by_plan, by_care = (spell.due[child] - spell.lead for spell in (self.plan, self.care))
        first: Days = np.minimum(other, np.minimum(by_plan, by_care))
        return first

    def change_kind(self, child: Rows, on: Days) -> None:
        """Settle the kind of each new referral: the same as before, or drawn anew where age or chance has it."""
        group = age_group(self.children.born[child], on)
        possible = np.array([k.ages for k in self.population.kinds])[self.kind[child], group] > 0
        same = possible & happens(self.rng, np.full(child.size, self.population.same_kind))
        if not self.population.same_kind < 1:
            same[:] = True
        anew = draw_kind(self.population, self.authority, group, self.children.is_male[child], self.rng)
        self.kind[child] = np.where(same, self.kind[child], anew)

    def _days_to_other_referral(self, child: Rows, closed_on: Days) -> Days:
        """Days to a referral that is no restart, at the planted hazard less that of pending restarts (thinning)."""
        people, clock = self.children, self.re_referral
        ratio = np.exp(clock.log_ratio(self.kind[child], people.born[child], people.is_male[child], closed_on))
        spent, days, todo = np.zeros(child.size), np.zeros(child.size), np.arange(child.size)
        while todo.size:
            spent[todo] += self.rng.exponential(size=todo.size) / ratio[todo]
            days[todo] = clock.when(spent[todo])
            when = closed_on[todo] + days[todo]
            restarts = self.plan.hazard(child[todo], when) + self.care.hazard(child[todo], when)
            share = restarts / (ratio[todo] * clock.rate(days[todo]))
            self.overdrawn += int((share > 1).sum())
            is_restart = self.rng.random(todo.size) < share
            todo = todo[is_restart & (when < self.adult[child[todo]])]
        return np.maximum(np.ceil(days), 1).astype(np.int64)


def live(
    population: Population, authority: Authority, children: Children, last_day: int, *, moves: bool,
    rng: np.random.Generator,
) -> Lives:  # fmt: skip
    """Live every child's cases in rounds: in each, all who are referred go from referral to closure at once.

    Cases are followed to their end even past `last_day`; no case is opened after it. `moves` says whether there is
    another authority to move to.
    """
    story = _Story(population, authority, children, moves, rng)
    rounds: list[Cases] = []
    child, on, rows = np.arange(len(children)), children.first_referred, 0
    while child.size or not rounds:  # once even for nobody, who has no cases
        cases = story.open_case(child, on, rows)
        rounds.append(cases)
        rows += child.size
        story.close(cases)
        shut = (cases.closes_on < story.leaves_on[child]) & (cases.closes_on <= last_day)
        on = story.next_referral(child[shut], cases.closes_on[shut])
        again = (on < story.leaves_on[child[shut]]) & (on <= last_day)
        child, on = child[shut][again], on[again]
        story.change_kind(child, on)
    cases = Cases(*(np.concatenate(column) for column in zip(*(vars(r).values() for r in rounds), strict=True)))
    plans, care = story.plan.spells(story.leaves_on), story.care.spells(story.leaves_on)
    return Lives(
        children, cases, plans, care, story.is_disabled, story.moves_on, story.adopted_on, story.dies_on
    )  # fmt: skip
