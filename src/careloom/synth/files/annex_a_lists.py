"""Lists 1 to 7 of Annex A: children from first contact to a child protection plan, as known on the day of inspection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from careloom.synth.days import NEVER, Days, Flags, birthday
from careloom.synth.draws import generator, uniform
from careloom.synth.files import annex_a_codes as codes
from careloom.synth.files.annex_a_codes import spell, yes_no
from careloom.synth.files.ssda903_books import Books
from careloom.synth.files.ssda903_tables import FIRST_WORKER
from careloom.synth.life.cases import NFA, NOT_IN_NEED
from careloom.synth.who.recording import Returned
from careloom.synth.world import Rows, Texts

List: TypeAlias = dict[str, NDArray[Any]]  # text, whole numbers, or dates (NaT is blank), by heading

_CASES_A_WORKER = 15
_EARLY_HELP_FIRST = 0.6  # of children referred for the first time, as in the early help system
_EARLY_HELP_AFTER = {"RC8": 0.25, "RC9": 1.0}
_EARLY_HELP_DAYS = 250
_CONTACTS_A_REFERRAL = 1.4  # contacts that become no referral, for each that does
_SEEN, _SEEN_ALONE = 0.96, 0.8
_ALONE_FROM = 4
_PROTECTED = ("L1", "L2")  # police protection, emergency protection order
_ORGANISATIONS = ("Early Help Service", "School", "Health visiting", "Family hub", "Voluntary sector")


@dataclass(frozen=True)
class Inspection:
    """What the lists are made from: `on` is the day, `half` and `year` the first of the 6 and 12 months up to it.

    told : who every child is, as recorded by that day
    """

    books: Books
    told: Returned
    on: int
    half: int
    year: int

    def by(self, day: Days) -> Days:
        """What lies after the day of inspection is not yet known."""
        return np.where(day <= self.on, day, NEVER)

    def draw(self, child: Rows, about: str) -> NDArray[np.float64]:
        """A chance that goes with the child, in any list."""
        return uniform(self.books.seed, self.books.world.people.person[child], f"annex a {about}")


def dates(on: Days) -> NDArray[Any]:
    """Days as dates; NEVER is blank."""
    return np.where(on == NEVER, np.datetime64("NaT"), on.astype("M8[D]"))


def who(seen: Inspection, child: Rows, *, disability: bool = True, alone: List | None = None) -> List:
    """The first columns of every list: an unborn child has her expected date of birth, age -1 and no sex.

    alone : whether she came to the country alone, where the list has that before her disability
    """
    people, told = seen.books.world.people, seen.told
    unborn, born = told.is_expected[child], told.born_on[child]
    columns: List = {
        "Child Unique ID": seen.books.identities.child_id[child],
        "Gender": spell(told.sex[child], codes.SEX),
        "Ethnicity": spell(told.ethnicity[child], codes.ETHNICITY),
        "Date of Birth": dates(born),
        "Age of Child (Years)": np.where(unborn, -1, age_on(born, seen.on)),
        **(alone or {}),
    }
    if disability:
        columns["Does the Child have a Disability"] = yes_no(people.disabilities[child].any(axis=1) & ~unborn)
    return columns


def age_on(born: Days, on: int) -> Rows:
    """Completed years of age on a day."""
    birth, today = born.astype("M8[D]"), np.datetime64(on, "D")
    months = (today.astype("M8[M]") - birth.astype("M8[M]")).astype(np.int64)
    day_of_month = (birth - birth.astype("M8[M]")).astype(np.int64)
    today_of_month = (today - today.astype("M8[M]")).astype(np.int64)
    years: Rows = (months - (today_of_month < day_of_month)) // 12
    return years


def allocated(seen: Inspection, child: Rows, team: str) -> List:
    """Team and worker: the same worker for a child in every list of her case."""
    crew = max(len(seen.books.world.people) // (10 * _CASES_A_WORKER), 6)
    number = (seen.draw(child, "worker") * crew).astype(np.int64)
    first = FIRST_WORKER + 500 * seen.books.world.authority.position
    return {
        "Allocated Team": np.char.add(f"{team} ", (number % 4 + 1).astype(np.str_)),
        "Allocated Worker": np.char.add("SW", (first + number).astype(np.str_)),
    }


def ordered(seen: Inspection, rows: Rows, child: Rows, on: Days) -> Rows:
    """Rows by identifier of the child and day."""
    return rows[np.lexsort((on[rows], seen.books.order[child[rows]]))]


def latest(seen: Inspection, rows: Rows, child: Rows, on: Days) -> Rows:
    """The last row of each child."""
    rows = ordered(seen, rows, child, on)
    last: Rows = rows[np.diff(child[rows], append=-1) != 0]
    return last


def within(seen: Inspection, on: Days) -> Rows:
    """Rows dated in the six months."""
    return np.flatnonzero((on >= seen.half) & (on <= seen.on))


def last_of(of: Rows, on: Days, upto: Days) -> Days:
    """The last meeting of each row that is not after its day; NEVER where there was none."""
    last = np.full(upto.size, -1)
    held = on <= upto[of]
    np.maximum.at(last, of[held], on[held])
    return np.where(last < 0, NEVER, last)


def in_year(seen: Inspection, child: Rows, on: Days) -> Rows:
    """How often each child has had one in the twelve months."""
    counted = child[(on >= seen.year) & (on <= seen.on)]
    times: Rows = np.bincount(counted, minlength=len(seen.books.world.people))
    return times


def contacts(seen: Inspection) -> List:
    """Every referral came as a contact; other contacts with children known came to nothing."""
    people, table = seen.books.world.people, seen.books.world.referrals
    rng = generator(seen.books.seed, seen.books.world.authority.position, "contacts")
    came = within(seen, table.starts_on)
    known = np.flatnonzero((people.known_from <= seen.on) & (birthday(people.born, 18) > seen.on))
    extra = int(_CONTACTS_A_REFERRAL * came.size) if known.size else 0
    child = np.concatenate([table.child[came], rng.choice(known, extra) if extra else known[:0]])
    on = np.concatenate([table.starts_on[came], rng.integers(seen.half, seen.on + 1, extra)])
    source = np.concatenate([table.source[came], rng.choice(table.source[came], extra) if extra else table.source[:0]])
    rows = ordered(seen, np.arange(on.size), child, on)
    return {
        **who(seen, child[rows], disability=False),
        "Date of Contact": dates(on[rows]),
        "Contact Source": spell(source[rows], codes.SOURCE),
    }


def early_help(seen: Inspection) -> List:
    """Assessments before many a first referral, and after cases that close into early help."""
    table, people = seen.books.world.referrals, seen.books.world.people
    rng = generator(seen.books.seed, seen.books.world.authority.position, "early help assessments")
    is_first = np.diff(table.child, prepend=-1) != 0
    before = np.flatnonzero(is_first & (rng.random(is_first.size) < _EARLY_HELP_FIRST) & ~people.is_uasc[table.child])
    share = np.select([table.reason == code for code in _EARLY_HELP_AFTER], list(_EARLY_HELP_AFTER.values()), 0.0)
    after = np.flatnonzero(rng.random(share.size) < share)
    child = table.child[np.concatenate([before, after])]
    apart = rng.integers(7, _EARLY_HELP_DAYS, child.size)
    on = np.concatenate([table.starts_on[before], table.closes_on[after]])
    on += np.where(np.arange(on.size) < before.size, -apart, apart // 25)
    done = on + rng.integers(10, 60, on.size)
    rows = np.flatnonzero((on <= seen.on) & (done >= seen.half) & (on >= people.born[child]))
    rows = ordered(seen, rows, child, on)
    return {
        **who(seen, child[rows], disability=False),
        "Assessment start date": dates(on[rows]),
        "Assessment completion date": dates(seen.by(done[rows])),
        "Organisation completing assessment": rng.choice(_ORGANISATIONS, rows.size, p=[0.5, 0.25, 0.1, 0.1, 0.05]),
    }


def referrals(seen: Inspection) -> List:
    table = seen.books.world.referrals
    rows = ordered(seen, within(seen, table.starts_on), table.child, table.starts_on)
    child = table.child[rows]
    return {
        **who(seen, child, disability=False),
        "Date of referral": dates(table.starts_on[rows]),
        "Referral Source": spell(table.source[rows], codes.SOURCE),
        "Referral NFA?": yes_no(table.path[rows] == NFA),
        "Number of Referrals in Last 12 Months": in_year(seen, table.child, table.starts_on)[child],
        **allocated(seen, child, "Assessment Team"),
    }


def assessments(seen: Inspection) -> List:
    table, cases = seen.books.world.assessments, seen.books.world.referrals
    of = cases.child[table.referral]
    rows = np.flatnonzero((table.starts_on <= seen.on) & (table.ends_on >= seen.half))
    rows = ordered(seen, rows, of, table.starts_on)
    child, over = of[rows], table.ends_on[rows] <= seen.on
    in_need = cases.path[table.referral[rows]] != NOT_IN_NEED
    return {
        **who(seen, child),
        "Continuous Assessment Start Date": dates(table.starts_on[rows]),
        "Child Seen During Continuous Assessment": yes_no(seen.draw(child, "seen") < _SEEN),
        "Continuous Assessment Date of Authorisation": dates(seen.by(table.ends_on[rows])),
        "Was the child assessed as requiring LA children's social care support?": np.where(over, yes_no(in_need), ""),
        **allocated(seen, child, "Assessment Team"),
    }


def enquiries(seen: Inspection) -> List:
    table, cases = seen.books.world.enquiries, seen.books.world.referrals
    plans, of = seen.books.world.plans, cases.child[table.referral]
    rows = ordered(seen, within(seen, table.starts_on), of, table.starts_on)
    child, conference_on = of[rows], table.conference_on[rows]
    led_to_plan = np.isin(table.referral[rows] * NEVER + conference_on, plans.referral * NEVER + plans.starts_on)
    return {
        **who(seen, child),
        "Strategy discussion initiating Section 47 Enquiry Start Date": dates(table.starts_on[rows]),
        "Was an Initial Child Protection Conference deemed unnecessary?": yes_no(conference_on == NEVER),
        "Date of Initial Child Protection Conference": dates(seen.by(conference_on)),
        "Did the Initial Child Protection Conference Result in a Child Protection Plan": np.where(
            conference_on <= seen.on, yes_no(led_to_plan), ""
        ),
        "Number of Section 47 Enquiries in the last 12 months": in_year(seen, of, table.starts_on)[child],
        "Number of ICPCs in the last 12 months": in_year(seen, of, table.conference_on)[child],
        **allocated(seen, child, "Safeguarding Team"),
    }


def children_in_need(seen: Inspection) -> List:
    """One row per child with a case that was more than a referral: the latest."""
    table = seen.books.world.referrals
    rows = np.flatnonzero((table.path != NFA) & (table.starts_on <= seen.on) & (table.closes_on >= seen.half))
    rows = latest(seen, rows, table.child, table.starts_on)
    child, closed = table.child[rows], table.closes_on[rows] <= seen.on
    upto = np.minimum(table.closes_on[rows], seen.on)
    last_seen = np.maximum(upto - (30 * seen.draw(child, "last seen")).astype(np.int64), table.starts_on[rows])
    return {
        **who(seen, child),
        "CIN Start Date": dates(table.starts_on[rows]),
        "Primary Need Code": spell(np.where(table.need[rows] == "", "N0", table.need[rows]), codes.PRIMARY_NEED),
        "Date Child Was Last Seen": dates(last_seen),
        "CIN Closure Date": dates(seen.by(table.closes_on[rows])),
        "Reason for Closure": spell(np.where(closed, table.reason[rows], ""), codes.CLOSURE),
        "Case Status": _status(seen, rows, closed),
        **allocated(seen, child, "Safeguarding Team"),
    }


def _status(seen: Inspection, rows: Rows, closed: Flags) -> Texts:
    """The first of the template's list that holds on the day."""
    world, child = seen.books.world, seen.books.world.referrals.child[rows]
    open_care = world.care.child[(world.care.starts_on <= seen.on) & (world.care.ends_on > seen.on)]
    open_plans = world.plans.child[(world.plans.starts_on <= seen.on) & (world.plans.ends_on > seen.on)]
    assessed = world.assessments.referral[world.assessments.ends_on <= seen.on]
    holds = [closed, np.isin(child, open_care), np.isin(child, open_plans), np.isin(rows, assessed)]
    return np.select(holds, [codes.CASE_STATUS[at] for at in (4, 0, 1, 2)], codes.CASE_STATUS[3])


def child_protection(seen: Inspection) -> List:
    """One row per child on a plan in the six months: the latest."""
    world, table = seen.books.world, seen.books.world.plans
    rows = np.flatnonzero((table.starts_on <= seen.on) & (table.ends_on >= seen.half))
    rows = latest(seen, rows, table.child, table.starts_on)
    child, upto = table.child[rows], np.minimum(table.ends_on, seen.on)
    visited = np.maximum(upto[rows] - (14 * seen.draw(child, "visit")).astype(np.int64), table.starts_on[rows])
    alone = (seen.draw(child, "seen alone") < _SEEN_ALONE) & (age_on(seen.told.born_on[child], seen.on) >= _ALONE_FROM)
    spells = world.episodes
    recent = np.isin(spells.legal, _PROTECTED) & (spells.starts_on <= seen.on) & (spells.ends_on >= seen.half)
    return {
        **who(seen, child),
        "Child Protection Plan Start Date": dates(table.starts_on[rows]),
        "Initial Category of Abuse": spell(table.first_category[rows], codes.ABUSE),
        "Latest Category of Abuse": spell(table.latest_category[rows], codes.ABUSE),
        "Date of the Last Statutory Visit": dates(visited),
        "Was the Child Seen Alone?": yes_no(alone),
        "Date of latest review conference": dates(last_of(world.plan_reviews.of, world.plan_reviews.on, upto)[rows]),
        "Child Protection Plan End Date": dates(seen.by(table.ends_on[rows])),
        "Subject to Emergency Protection Order or Protected Under Police Powers in Last Six Months (Y/N)": yes_no(
            np.isin(child, world.care.child[spells.care[recent]])
        ),
        "Number of Previous Child Protection Plans": table.before[rows],
        **allocated(seen, child, "Safeguarding Team"),
    }
