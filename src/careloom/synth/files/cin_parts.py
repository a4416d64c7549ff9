"""The parts of a case as one year's CIN census has them: one text per case and kind of part, "" where it has none.

A completed assessment, plan or conference is returned in the year it ended, an open one in each year it is open, and
nothing that happens after 31 March is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.synth.days import NEVER, Days, Flags, year_ends, year_starts
from careloom.synth.files.blocks import Column, codes, dates, element, gathered, holding
from careloom.synth.world import Rows, World


@dataclass(frozen=True)
class Census:
    """One year's census: `cases` are the rows of world.referrals in it, in order; `place` of a row there, -1 outside."""

    world: World
    year: int
    cases: Rows
    place: Rows

    @property
    def starts_on(self) -> int:
        return year_starts(self.year)

    @property
    def ends_on(self) -> int:
        return year_ends(self.year)

    def known(self, on: Days) -> Column:
        """Dates up to 31 March; null for later ones."""
        return dates(np.where(on > self.ends_on, NEVER, on))

    def returned(self, referral: Rows, starts_on: Days, ends_on: Days) -> Rows:
        """The rows of a table of parts that begin by 31 March and do not end before the year."""
        now: Flags = (starts_on <= self.ends_on) & (ends_on >= self.starts_on) & (self.place[referral] >= 0)
        return np.flatnonzero(now)

    def by_case(self, lines: Column, referral: Rows) -> Column:
        return gathered(lines, self.place[referral], len(self.cases))


def assessments(census: Census) -> Column:
    """Each with the factors that it found, once it is authorised."""
    table = census.world.assessments
    rows = census.returned(table.referral, table.starts_on, table.ends_on)
    lines = holding(
        4,
        "Assessments",
        element(5, "AssessmentActualStartDate", dates(table.starts_on[rows])),
        element(5, "AssessmentAuthorisationDate", census.known(table.ends_on[rows])),
        holding(5, "FactorsIdentifiedAtAssessment", _factors(census, rows)),
    )
    return census.by_case(lines, table.referral[rows])


def _factors(census: Census, rows: Rows) -> Column:
    """The factors of the assessments in `rows`."""
    written, table = census.world.codes, census.world.assessments
    place = np.full(len(table.ends_on), -1)
    place[rows] = np.where(table.ends_on[rows] <= census.ends_on, np.arange(len(rows)), -1)
    of = place[written.assessment]
    lines = element(6, "AssessmentFactors", codes(written.code[of >= 0]))
    return gathered(lines, of[of >= 0], len(rows))


def support(census: Census) -> Column:
    """Child in need plans."""
    table = census.world.support
    rows = census.returned(table.referral, table.starts_on, table.ends_on)
    lines = holding(
        4,
        "CINPlanDates",
        element(5, "CINPlanStartDate", dates(table.starts_on[rows])),
        element(5, "CINPlanEndDate", census.known(table.ends_on[rows])),
    )
    return census.by_case(lines, table.referral[rows])


def enquiries(census: Census) -> Column:
    """Section 47 enquiries, each with its conference; it is over when the conference was held, or none was required."""
    table = census.world.enquiries
    required = table.conference_on != NEVER
    rows = census.returned(table.referral, table.starts_on, np.where(required, table.conference_on, table.starts_on))
    lines = holding(
        4,
        "Section47",
        element(5, "S47ActualStartDate", dates(table.starts_on[rows])),
        element(5, "InitialCPCtarget", dates(np.where(required, table.target_on, NEVER)[rows])),
        element(5, "DateOfInitialCPC", census.known(table.conference_on[rows])),
        element(5, "ICPCnotRequired", codes(np.where(required, "0", "1")[rows])),
    )
    return census.by_case(lines, table.referral[rows])


def protection_plans(census: Census) -> Column:
    """Child protection plans with all their reviews so far."""
    table = census.world.plans
    rows = census.returned(table.referral, table.starts_on, table.ends_on)
    lines = holding(
        4,
        "ChildProtectionPlans",
        element(5, "CPPstartDate", dates(table.starts_on[rows])),
        element(5, "CPPendDate", census.known(table.ends_on[rows])),
        element(5, "InitialCategoryOfAbuse", codes(table.first_category[rows])),
        element(5, "LatestCategoryOfAbuse", codes(table.latest_category[rows])),
        element(5, "NumberOfPreviousCPP", codes(table.before[rows])),
        holding(5, "Reviews", _reviews(census, rows)),
    )
    return census.by_case(lines, table.referral[rows])


def _reviews(census: Census, rows: Rows) -> Column:
    """The reviews held by 31 March of the plans in `rows`."""
    meetings = census.world.plan_reviews
    place = np.full(len(census.world.plans.starts_on), -1)
    place[rows] = np.arange(len(rows))
    of = place[meetings.of]
    held = (of >= 0) & (meetings.on <= census.ends_on)
    return gathered(element(6, "CPPreviewDate", dates(meetings.on[held])), of[held], len(rows))
