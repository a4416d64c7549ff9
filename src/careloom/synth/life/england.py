"""A made-up England, one authority at a time: everything one authority knows, drawn from the population's laws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from careloom.catalogue import Population
from careloom.synth.care.missing import draw_missing
from careloom.synth.care.tell import tell_care
from careloom.synth.days import Flags, birthday, year_ends, year_starts
from careloom.synth.draws import generator
from careloom.synth.life.cases import NFA, Lives, live
from careloom.synth.life.casework import (
    draw_assessments,
    draw_by_kind,
    draw_closure,
    draw_enquiries,
    draw_plan_reviews,
    draw_plans,
    draw_sources,
    draw_support,
    led_to_nothing,
)
from careloom.synth.life.children import DISABILITIES, PERSON_STEP, draw_children
from careloom.synth.life.factors import draw_factors, spell
from careloom.synth.life.known import Known, know
from careloom.synth.who.identity import draw_homes
from careloom.synth.world import Authority, Care, People, Referrals, Texts, World

_PAPERS_FROM = 400  # days before the first year from which cases leave more than their dates behind
_NEED_IN_CARE = {"N9": "N1", "N0": "N1"}  # SSDA903 knows N1 to N8 only
_NEED_ALONE = "N8"


def make_world(
    population: Population,
    authority: Authority,
    *,
    years: tuple[int, int],
    births: float,
    seed: int,
    before: Authority | None = None,
) -> World:
    """Everything one authority knows: its own children until they move, and those who came from the one before.

    births : children born a year in an authority of mean size
    before : the authority from which children move here; None when there is no other, and nobody moves
    """
    moves = before is not None
    own = live_in(population, authority, years, births, seed, moves=moves)
    there = live_in(population, before, years, births, seed, moves=moves) if before is not None else None
    known = know(own, there, year_starts(years[0]))
    return _tell(population, authority, years, known, seed)


def live_in(
    population: Population, authority: Authority, years: tuple[int, int], births: float, seed: int, *, moves: bool
) -> Lives:
    """The lives of every child first known in the authority: the same whoever asks, so that her next home can ask too."""
    span = year_starts(years[0]), year_ends(years[1])
    rng = generator(seed, authority.position, "lives")
    children = draw_children(population, authority, births, span, rng)
    return _numbered(live(population, authority, children, span[1], moves=moves, rng=rng), authority, span[0])


def _numbered(lives: Lives, authority: Authority, first_day: int) -> Lives:
    """Number the children whose cases reach the years first, so that numbers made from theirs are soon used up by nobody."""
    seen = np.zeros(len(lives.children), dtype=bool)
    seen[lives.cases.child[lives.cases.closes_on >= first_day]] = True
    number = np.empty(seen.size, dtype=np.int64)
    number[np.argsort(~seen, kind="stable")] = np.arange(seen.size)
    return replace(lives, children=replace(lives.children, person=authority.position * PERSON_STEP + number))


def _tell(population: Population, authority: Authority, years: tuple[int, int], known: Known, seed: int) -> World:
    rng = generator(seed, authority.position, "world")
    cases, plans, care = known.cases, known.plans, known.care
    people = _people(known, rng)
    kept = cases.closes_on >= year_starts(years[0]) - _PAPERS_FROM
    papers = draw_assessments(cases, plans, care, kept, rng)
    quiet = led_to_nothing(cases, plans, care)
    factors = draw_factors(population, authority, cases.kind[papers[0]], quiet[papers[0]], papers, rng)
    need = draw_by_kind([dict(k.needs) for k in population.kinds], cases.kind, rng)
    told_plans = draw_plans(population, cases, plans, rng)
    told_care = _care(known, people, need)
    homes = draw_homes(people, years, seed)
    lived = tell_care(people, told_care, homes, population, years, rng)
    return World(
        authority=authority,
        population=population,
        years=years,
        people=people,
        referrals=_referrals(known, people, need, rng),
        assessments=factors,
        codes=spell(population, factors, rng),
        enquiries=draw_enquiries(cases, plans, kept, rng),
        plans=told_plans,
        plan_reviews=draw_plan_reviews(told_plans, rng),
        support=draw_support(cases, plans, care, kept, rng),
        care=told_care,
        placed=lived.placed,
        left=lived.left,
        missing=draw_missing(authority, population, people, told_care, years, seed),
        episodes=lived.episodes,
        care_reviews=lived.reviews,
    )


def _people(known: Known, rng: np.random.Generator) -> People:
    children, row, cases = known.lives.children, known.child, known.cases
    first = np.searchsorted(cases.child, np.arange(row.size))
    until = np.full(row.size, 0)
    np.maximum.at(until, cases.child, cases.closes_on)
    new_row = np.full(len(children), -1)
    new_row[row[::-1]] = np.arange(row.size)[::-1]  # the row as born, where there are two
    twin = children.twin_of[row]
    return People(
        person=children.person[row],
        family=children.family[row],
        identity=known.identity,
        is_male=children.is_male[row],
        is_uasc=children.is_uasc[row],
        born=children.born[row],
        due=children.due[row],
        ethnicity=children.ethnicity[row],
        disabilities=_disabilities(known.lives.is_disabled[row], rng),
        twin_of=np.where(twin >= 0, new_row[twin], -1),
        known_from=cases.starts_on[first],
        known_until=until,
    )


def _disabilities(is_disabled: Flags, rng: np.random.Generator) -> Flags:
    """None for most; one to four codes for a disabled child."""
    rank = np.argsort(np.argsort(rng.random((is_disabled.size, len(DISABILITIES))), axis=1), axis=1)
    return is_disabled[:, None] & (rank < rng.integers(1, 5, size=is_disabled.size)[:, None])


def _referrals(known: Known, people: People, need: Texts, rng: np.random.Generator) -> Referrals:
    cases = known.cases
    adult, disabled = birthday(people.born, 18)[cases.child], np.any(people.disabilities, axis=1)[cases.child]
    return Referrals(
        child=cases.child,
        starts_on=cases.starts_on,
        closes_on=cases.closes_on,
        kind=cases.kind,
        path=cases.path,
        need=np.where(cases.path == NFA, "", need),
        source=draw_sources(cases.starts_on, rng),
        reason=draw_closure(cases, known.care, adult, disabled, known.moved, known.died, rng),
    )


def _care(known: Known, people: People, need: Texts) -> Care:
    care = known.care
    given = need[care.case]
    for code, instead in _NEED_IN_CARE.items():
        given = np.where(given == code, instead, given)
    return Care(
        child=care.child,
        referral=care.case,
        kind=known.cases.kind[care.case],
        starts_on=care.starts_on,
        ends_on=care.ends_on,
        exit=care.exit,
        need=np.where(people.is_uasc[care.child], _NEED_ALONE, given),
    )
