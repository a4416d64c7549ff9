"""What happened to the children one authority knows, as columns of numbers: the truth that every writer tells in part.

Days count from 1 January 1970; NEVER stands for a day that does not come. Positions are row numbers of the table named.
Everything is kept whole: what lies before or after the years of the returns is left out by the writers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.catalogue import Population
from careloom.synth.days import Days, Flags

Rows = NDArray[np.int64]
Texts = NDArray[np.str_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Authority:
    """One made-up authority and how it differs from the country; every effect is 0 in the typical authority.

    code : three digits that no English authority has
    size : its children, against the mean of all authorities
    mix : log odds-like weight of each kind of need
    effects : by name of catalogue VARIES, on the log or logit scale
    factors : shift of each indicator's log odds, its recording habit included
    """

    position: int
    code: str
    name: str
    size: float
    mix: Floats
    effects: dict[str, float]
    factors: Floats


@dataclass(frozen=True)
class People:
    """One row per child as one authority knows her: a child adopted, or come from elsewhere, has a new row.

    person : number of the true child, the same in every row and authority
    family : number of the true family; children of one family share surname, address and ethnic group
    identity : "own", "arrived" (from the authority before) or "adopted" (a new name, and nothing carried over)
    due : expected date of birth, some days off from `born`
    twin_of : row of the twin, -1 for most
    known_from, known_until : first day with a case here, and the last day a case was open here
    """

    person: Rows
    family: Rows
    identity: Texts
    is_male: Flags
    is_uasc: Flags
    born: Days
    due: Days
    ethnicity: Texts
    disabilities: Flags  # child x DISABILITIES
    twin_of: Rows
    known_from: Days
    known_until: Days

    def __len__(self) -> int:
        return len(self.born)


@dataclass(frozen=True)
class Referrals:
    """One row per referral, ordered by child and day. A case without further action closes the day it opens.

    kind : position in population.kinds
    path : position in PATHS, the highest rung of its own course
    need : primary need code; "" without an assessment
    source : code of the referral source
    reason : code of the reason for closure, whenever that comes
    """

    child: Rows
    starts_on: Days
    closes_on: Days
    kind: Rows
    path: Rows
    need: Texts
    source: Texts
    reason: Texts


@dataclass(frozen=True)
class Assessments:
    """One row per assessment, in order within a case. `ends_on` is the day it is authorised, after its first.

    factors : assessment x indicator of the population
    is_none : code 21, no factors identified; is_left_out : the factors block is not returned at all
    """

    referral: Rows
    starts_on: Days
    ends_on: Days
    factors: Flags
    is_none: Flags
    is_left_out: Flags


@dataclass(frozen=True)
class Codes:
    """The factor codes as written, one row each, ordered by assessment."""

    assessment: Rows
    code: Texts


@dataclass(frozen=True)
class Enquiries:
    """One row per section 47 enquiry, in order within a case; `conference_on` is NEVER when none was required."""

    referral: Rows
    starts_on: Days
    target_on: Days
    conference_on: Days


@dataclass(frozen=True)
class Plans:
    """One row per child protection plan, in order within a case; `before` counts the child's earlier plans here."""

    child: Rows
    referral: Rows
    starts_on: Days
    ends_on: Days
    first_category: Texts
    latest_category: Texts
    before: Rows


@dataclass(frozen=True)
class Meetings:
    """Reviews of plans, or of periods of care: one row each, ordered by `of` (the row of the plan or period)."""

    of: Rows
    on: Days


@dataclass(frozen=True)
class Support:
    """One row per child in need plan, in order within a case."""

    referral: Rows
    starts_on: Days
    ends_on: Days


@dataclass(frozen=True)
class Care:
    """One row per period of care, ordered by child and day; `exit` is a position in EXITS, of the way it ends."""

    child: Rows
    referral: Rows
    kind: Rows
    starts_on: Days
    ends_on: Days
    exit: Rows
    need: Texts  # category of need N1 to N8


@dataclass(frozen=True)
class Placed:
    """One row per stay with one carer, ordered by period of care and day; some days elsewhere do not end it.

    group : position in care.moves.GROUPS
    provider : code of who provides it; "" for other places
    carer : number of the carer, as in Episodes; foster carers who adopt the child have a second row of the same number
    """

    care: Rows
    starts_on: Days
    ends_on: Days
    group: Rows
    provider: Texts
    carer: Rows


@dataclass(frozen=True)
class Missing:
    """One row per incident in the years of the returns, ordered by period of care and day, never two at once.

    ends_on : the day the child is back, before the period ends
    kind : M missing, A away without authorisation
    """

    care: Rows
    starts_on: Days
    ends_on: Days
    kind: Texts


@dataclass(frozen=True)
class Episodes:
    """One row per SSDA903 episode, ordered by period of care and day, each beginning the day the one before ends.

    carer : number of the carer, the same wherever a child goes back to the same one
    weekly_fee : true fee of the placement in GBP, before anyone records it
    """

    care: Rows
    starts_on: Days
    ends_on: Days
    reason_new: Texts
    legal: Texts
    place: Texts
    provider: Texts
    reason_ceased: Texts
    change: Texts
    urn: Texts
    home_postcode: Texts
    placement_postcode: Texts
    carer: Rows
    weekly_fee: Floats


@dataclass(frozen=True)
class World:
    """One authority: who its children are and everything that happened to them.

    left : how each period of care ended, one of care.leaving.WAYS_OUT; "" for one so long over that only its days are kept
    """

    authority: Authority
    population: Population
    years: tuple[int, int]
    people: People
    referrals: Referrals
    assessments: Assessments
    codes: Codes
    enquiries: Enquiries
    plans: Plans
    plan_reviews: Meetings
    support: Support
    care: Care
    placed: Placed
    left: Texts
    missing: Missing
    episodes: Episodes
    care_reviews: Meetings
