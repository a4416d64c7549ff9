"""Early help and CAF episodes, kept in a system of their own; and the neighbours, whom only such systems know.

About 60% of children later referred had an episode in the year before; some begin one when their case closes; and as
many children again have one and never reach social care.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from careloom.catalogue import Population
from careloom.catalogue.recordings import Recording
from careloom.synth.aside import Aside, Trace
from careloom.synth.chance import choose_by, happens
from careloom.synth.days import NEVER, Days, Flags, birthday, weekday_from, year_ends, year_starts
from careloom.synth.draws import generator
from careloom.synth.files.camhs import born_text
from careloom.synth.files.education import LAST_GROUP, Schools, draw_schools, year_group
from careloom.synth.files.table import dmy_text, write_csv
from careloom.synth.who.identity import Homes, Identities
from careloom.synth.who.recording import Recorded, record
from careloom.synth.who.residents import Residents, draw_residents
from careloom.synth.world import Floats, Rows, Texts, World

SYSTEM = "early_help"

BEFORE_REFERRAL = 0.60  # of children ever referred, born 7 days or more before it
STEPPED_DOWN = {"RC9": 1.0, "RC8": 0.25, "RC7": 0.08}  # by the reason a case closes; RC9 is: referred to early help
_UPN_KNOWN = 0.5  # of cases of children who have one: the form seldom asks
_ASSESSED = 0.85
_LASTS = (28, 300)  # days, when nothing comes between
_ENDINGS = {
    "Needs met": 0.58,
    "Disengaged": 0.17,
    "Consent withdrawn": 0.10,
    "Moved out of area": 0.06,
    "Closed to universal services": 0.09,
}
_STEPPED_UP, _SOCIAL_CARE = "Stepped up to social care", "Children's social care (step down)"
_REFERRERS = {
    "School": 0.38,
    "Health visitor": 0.17,
    "Parent / self": 0.12,
    "Police": 0.09,
    "GP": 0.07,
    "School nurse": 0.06,
    "Housing": 0.05,
    "Voluntary sector": 0.06,
}
_LEADS = ("Health Visitor", "School SENCO", "School Pastoral Lead", "Family Support Worker", "Early Help Practitioner")
_LEADS_BY_AGE = np.array([(0.35, 0.0, 0.0, 0.4, 0.25), (0.0, 0.2, 0.2, 0.35, 0.25), (0.0, 0.1, 0.3, 0.3, 0.3)])
_SEX = {"M": "Male", "F": "Female"}
_STANDS_FOR = 2.0  # what a factor that is always there adds, against the weights below
_SCHOOL_AGES = (5, 11)  # first birthday of the second and third of these stages

# What an episode is about: each phrase, how often it stands without a factor behind it, and the factors it may stand for
NEEDS: dict[str, tuple[float, tuple[str, ...]]] = {
    "Parenting - routines and boundaries": (0.50, ()),
    "Behaviour at home": (0.40, ("14A",)),
    "School attendance": (0.32, ("10A",)),
    "Behaviour at school": (0.22, ("14A", "13A")),
    "Child emotional wellbeing": (0.30, ("4A",)),
    "Self harm": (0.03, ("15A",)),
    "Parental mental health": (0.20, ("4B",)),
    "Domestic abuse": (0.14, ("3A", "3B", "3C")),
    "Parental substance misuse": (0.06, ("1B", "2B")),
    "Young person substance misuse": (0.03, ("1A", "2A")),
    "Housing / homelessness": (0.16, ()),
    "Debt and finance": (0.15, ()),
    "Family conflict": (0.18, ("17A",)),
    "Separation / contact disputes": (0.14, ()),
    "Neglect - home conditions": (0.05, ("16A",)),
    "SEND": (0.16, ("5A",)),
    "Child disability": (0.06, ("6A",)),
    "Parental learning needs": (0.03, ("5B", "6B")),
    "Young carer": (0.04, ("7A",)),
    "Risk of exploitation": (0.02, ("11A", "12A", "13A", "24A")),
    "Missing from home": (0.01, ("10A",)),
    "Speech, language and development": (0.12, ()),
}
# Ethnic groups as this system's own list of choices has them; a code that is not here is not known
_ETHNICITY = {
    "WBRI": "White - British",
    "WIRI": "White - Irish",
    "WIRT": "Traveller - Irish Heritage",
    "WOTH": "White - Other",
    "WROM": "Gypsy / Roma",
    "MWBC": "Mixed - White and Black Caribbean",
    "MWBA": "Mixed - White and Black African",
    "MWAS": "Mixed - White and Asian",
    "MOTH": "Mixed - Other",
    "AIND": "Asian - Indian",
    "APKN": "Asian - Pakistani",
    "ABAN": "Asian - Bangladeshi",
    "AOTH": "Asian - Other",
    "BCRB": "Black - Caribbean",
    "BAFR": "Black - African",
    "BOTH": "Black - Other",
    "CHNE": "Chinese",
    "OOTH": "Other ethnic group",
    "REFU": "Refused",
}


@dataclass(frozen=True)
class Episodes:
    """One row per episode, ordered by day of referral; `child` is a position in Residents.

    kind : of need, -1 for a neighbour
    is_step_up : the child is referred to social care before it would have ended; is_step_down : a case closed into it
    """

    child: Rows
    on: Days
    closes_on: Days
    kind: Rows
    is_step_up: Flags
    is_step_down: Flags


def write_early_help(
    folder: Path, world: World, identities: Identities, homes: Homes, recording: Recording, seed: int
) -> Aside:
    """Write early_help/early_help.csv. Aside: whose each case number is."""
    rng = generator(seed, world.authority.position, SYSTEM)
    residents = draw_residents(world, identities, homes, seed)
    episodes = _episodes(world, residents, rng)
    child, people = episodes.child, residents.people
    told = record(SYSTEM, child, episodes.on, people, residents.identities, residents.homes, recording, seed)
    number = pc.utf8_lpad(pa.array(np.arange(1, child.size + 1)).cast(pa.string()), 6, "0")
    case = pc.binary_join_element_wise("EH", number, "")
    columns = {"Case Number": case} | _who(residents, episodes, told, rng)
    columns["School"] = _school(draw_schools(world, residents), residents, episodes, seed)
    write_csv(folder / SYSTEM / "early_help.csv", columns | _what(world, residents, episodes, rng))
    return Aside((Trace(SYSTEM, np.array(case.to_pylist(), dtype=str), people.person[child]),))


def _episodes(world: World, residents: Residents, rng: np.random.Generator) -> Episodes:
    """Before a first referral, after a case, and neighbours as many as the first.

    An episode still open when the child is referred closes as stepped up, within a fortnight.
    """
    cases, people = world.referrals, residents.people
    before, before_on = _before_referral(world, rng)
    after = np.flatnonzero(happens(rng, sum((cases.reason == code) * share for code, share in STEPPED_DOWN.items())))
    near, near_on = _of_neighbours(world, residents, cases.child[before], before_on, rng)
    following = np.append(np.where(cases.child[1:] == cases.child[:-1], cases.starts_on[1:], NEVER), NEVER)
    way = np.repeat(np.arange(3), (before.size, after.size, near.size))
    child = np.concatenate([cases.child[before], cases.child[after], near])
    on = np.concatenate([before_on, cases.closes_on[after] + rng.integers(0, 11, size=after.size), near_on])
    referred = np.concatenate(
        [cases.starts_on[before], following[: cases.child.size][after], np.full(near.size, NEVER)]
    )
    on = weekday_from(on)
    ends = on + rng.integers(*_LASTS, size=on.size)
    found = Episodes(
        child=child,
        on=on,
        closes_on=weekday_from(np.minimum(ends, referred + rng.integers(0, 11, size=on.size))),
        kind=np.concatenate([cases.kind[before], cases.kind[after], np.full(near.size, -1)]),
        is_step_up=referred <= ends,
        is_step_down=way == 1,
    )
    in_years = (on >= year_starts(world.years[0])) & (on <= year_ends(world.years[1]))
    kept = np.flatnonzero(in_years & (on >= people.born[child]) & (on < residents.until_on[child]) & (on < referred))
    kept = kept[np.lexsort((rng.random(kept.size), on[kept]))]  # among those of one day no order tells who is whose
    return Episodes(**{name: column[kept] for name, column in vars(found).items()})


def _before_referral(world: World, rng: np.random.Generator) -> tuple[Rows, Days]:
    """First referrals that early help came before, and the day it began."""
    cases, people = world.referrals, world.people
    native = (people.identity == "own") & ~people.is_uasc
    is_first = np.append(True, cases.child[1:] != cases.child[:-1])[: cases.child.size]
    low = np.maximum(people.born[cases.child], cases.starts_on - 365)
    high = cases.starts_on - 7
    on = low + (rng.random(low.size) * (high - low + 1)).astype(np.int64)
    had_one = is_first & native[cases.child] & (low <= high) & (rng.random(low.size) < BEFORE_REFERRAL)
    rows = np.flatnonzero(had_one & (on >= year_starts(world.years[0])) & (on <= year_ends(world.years[1])))
    return rows, on[rows]


def _of_neighbours(
    world: World, residents: Residents, child: Rows, on: Days, rng: np.random.Generator
) -> tuple[Rows, Days]:
    """The neighbours that mirror some children, and a day like theirs that is neither before the years nor after them."""
    first_day, last_day = year_starts(world.years[0]), year_ends(world.years[1])
    many = len(world.people)
    mirror = np.full(many, -1)
    mirror[residents.source[many:]] = np.arange(many, len(residents))
    has_mirror = mirror[child] >= 0
    child, on = child[has_mirror], on[has_mirror]
    near = mirror[child]
    born = residents.people.born
    then = on + born[near] - born[child] + rng.integers(0, 61, size=on.size)
    then = np.where(then < first_day, 2 * first_day - then, then)
    return near, np.where(then > last_day, 2 * last_day - then, then)


def _who(residents: Residents, episodes: Episodes, told: Recorded, rng: np.random.Generator) -> dict[str, pa.Array]:
    """The columns that say who the child is, as this system has them; most have no pupil number."""
    known = rng.random(episodes.on.size) < _UPN_KNOWN
    known &= residents.identities.upn_from[episodes.child] <= episodes.on
    return {
        "First Name": pa.array(told.first_name),
        "Surname": pa.array(told.surname),
        "Date of Birth": born_text(told.born_on),
        "Gender": in_words(told.sex, _SEX, "Not known"),
        "Ethnicity": in_words(told.ethnicity, _ETHNICITY, "Not known"),
        "UPN": pa.array(np.where(known, told.upn, "")),
        "Postcode": pa.array(told.postcode),
    }


def _school(schools: Schools, residents: Residents, episodes: Episodes, seed: int) -> pa.Array:
    """The name of the school, blank before Reception and after year 11."""
    group = year_group(residents.people.born[episodes.child], episodes.on)
    school = schools.of(residents.people.family[episodes.child], group, seed)
    at_school = (group >= 0) & (group <= LAST_GROUP)
    return pa.array(["", *schools.name]).take(pa.array(np.where(at_school, 1 + school, 0)))


def _what(world: World, residents: Residents, episodes: Episodes, rng: np.random.Generator) -> dict[str, pa.Array]:
    """The columns that say what happened; a day after the last of the years is not known yet, and blank."""
    last_day, many = year_ends(world.years[1]), episodes.on.size
    assessed = weekday_from(episodes.on + rng.integers(1, 45, size=many))
    is_assessed = (rng.random(many) < _ASSESSED) & (assessed < np.minimum(episodes.closes_on, last_day + 1))
    is_closed = episodes.closes_on <= last_day
    referrer = np.where(
        episodes.is_step_down, 0, 1 + rng.choice(len(_REFERRERS), size=many, p=list(_REFERRERS.values()))
    )
    ending = np.where(episodes.is_step_up, 1, 2 + rng.choice(len(_ENDINGS), size=many, p=list(_ENDINGS.values())))
    stage = sum(episodes.on >= birthday(residents.people.born[episodes.child], age) for age in _SCHOOL_AGES)
    lead = choose_by(rng, _LEADS_BY_AGE[stage])
    return {
        "Referral Date": dmy_text(episodes.on),
        "Referred By": pa.array([_SOCIAL_CARE, *_REFERRERS]).take(pa.array(referrer)),
        "Assessment Date": dmy_text(np.where(is_assessed, assessed, NEVER)),
        "Presenting Needs": _presenting(world.population, episodes.kind, rng),
        "Lead Professional": pa.array(_LEADS).take(pa.array(lead)),
        "Closure Date": dmy_text(np.where(is_closed, episodes.closes_on, NEVER)),
        "Closure Reason": pa.array(["", _STEPPED_UP, *_ENDINGS]).take(pa.array(np.where(is_closed, ending, 0))),
    }


def need_weights(population: Population) -> Floats:
    """How much each of NEEDS weighs in each kind of need, and last among neighbours: [kind, need]."""
    plain = np.array([weight for weight, _ in NEEDS.values()])
    weights = np.tile(plain, (len(population.kinds) + 1, 1))
    for row, kind in enumerate(population.kinds):
        found: dict[str, float] = {**population.background, **kind.factors}
        weights[row] += [
            _STANDS_FOR * max((found.get(code, 0.0) for code in codes), default=0.0) for _, codes in NEEDS.values()
        ]
    return weights


def _presenting(population: Population, kind: Rows, rng: np.random.Generator) -> pa.Array:
    """Two or three different needs to an episode, drawn by weight one after the other (the Gumbel way of doing so)."""
    keys = np.log(need_weights(population))[kind] + rng.gumbel(size=(kind.size, len(NEEDS)))
    first = np.argsort(-keys, axis=1)[:, :3]
    names = pa.array(list(NEEDS))
    one, two, three = (names.take(pa.array(each)) for each in first.T)
    has_three = pa.array(rng.random(kind.size) < 0.5)
    return pc.binary_join_element_wise(one, two, pc.if_else(has_three, three, None), "; ", null_handling="skip")


def in_words(codes: Texts, words: dict[str, str], unknown: str) -> pa.Array:
    """The words that stand for each code."""
    found, position = np.unique(codes, return_inverse=True)
    return pa.array([words.get(str(code), unknown) for code in found]).take(pa.array(position))
