"""How looked-after children and care leavers fare, as the authority reports it: all made up, some after a national figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from careloom.synth.days import Days, Flags, birthday, collection_year, year_ends, year_starts
from careloom.synth.draws import generator
from careloom.synth.files.care_records import at_last
from careloom.synth.life.factors import factor_by_kind
from careloom.synth.world import Floats, Rows, Texts, World

_WEEKS_13 = 91
_LEAVER_AGES = (17, 18, 19, 20, 21)
_APPRENTICESHIPS_FROM = 2022
_NO_LONGER_LEAVERS = ("E2", "E3")  # died, or another authority took over
_IN_TOUCH = {"YES": 0.925, "NO": 0.05, "REFU": 0.012, "NREQ": 0.008, "DIED": 0.002, "RHOM": 0.003}
_ACTIVITIES = {
    "F1": 0.06,
    "P1": 0.005,
    "F2": 0.21,
    "P2": 0.02,
    "F5": 0.2,
    "P5": 0.065,
    "F4": 0.03,
    "P4": 0.005,
    "G4": 0.11,
    "G5": 0.235,
    "G6": 0.06,
}
_BEFORE_APPRENTICESHIPS = {"F5": "F3", "P5": "P3", "F4": "F3", "P4": "P3"}
_AT_17 = {"B1": 0.35, "B2": 0.02, "D1": 0.3, "E1": 0.06, "C1": 0.08, "K1": 0.03, "U1": 0.05, "X2": 0.06, "Y1": 0.05}
_LATER = {
    "U1": 0.36,
    "D1": 0.18,
    "B1": 0.12,
    "Z1": 0.09,
    "K1": 0.06,
    "E1": 0.04,
    "C1": 0.03,
    "T1": 0.03,
    "X2": 0.03,
    "Y1": 0.02,
    "R2": 0.01,
    "S2": 0.01,
    "V1": 0.006,
    "W2": 0.004,
}


@dataclass(frozen=True)
class Outcomes:
    """One row per child in care on 31 March and for the twelve months before; codes as text, "" where not asked."""

    care: Rows
    sdq_score: Texts
    sdq_reason: Texts
    convicted: Texts
    health_check: Texts
    immunisations: Texts
    teeth_check: Texts
    health_assessment: Texts
    substance_misuse: Texts
    intervention_received: Texts
    intervention_offered: Texts


@dataclass(frozen=True)
class Leavers:
    """One row per care leaver and birthday from the 17th to the 21st, with its collection year."""

    child: Rows
    year: Rows
    birthday: Rows
    in_touch: Texts
    activity: Texts
    accommodation: Texts


def pick(rng: np.random.Generator, shares: dict[str, float], size: int) -> Texts:
    """Codes drawn by their shares, which may leave a crumb to 1."""
    weights = np.array(list(shares.values()))
    return rng.choice(np.array(list(shares)), size, p=weights / weights.sum())


def draw_outcomes(world: World, year: int, born: Days, seed: int) -> Outcomes:
    """The OC2 items of one year. `born` is each child's date of birth as that return has it: it decides what is asked."""
    rng = generator(seed, world.authority.position, f"outcomes {year}")
    ends_on = year_ends(year)
    care = np.flatnonzero((world.care.starts_on <= year_ends(year - 1)) & (world.care.ends_on > ends_on))
    kind, born, size = world.care.kind[care], born[world.care.child[care]], care.size
    score, reason = _sdq(rng, _factor(world, "4A", kind), born, year)
    has_ten, has_five = birthday(born, 10) <= ends_on, birthday(born, 5) <= ends_on
    misuses = has_ten & (rng.random(size) < 0.01 + 0.25 * _factor(world, "2A", kind))
    received = rng.random(size) < 0.5
    convicted = rng.random(size) < 0.008 + 0.18 * _factor(world, "14A", kind)
    return Outcomes(
        care=care,
        sdq_score=score,
        sdq_reason=reason,
        convicted=_asked(has_ten, convicted),
        health_check=_asked(~has_five, rng.random(size) < 0.89),
        immunisations=_flag(rng.random(size) < 0.86),
        teeth_check=_flag(rng.random(size) < 0.8),
        health_assessment=_flag(rng.random(size) < 0.9),
        substance_misuse=_flag(misuses),
        intervention_received=_asked(misuses, received),
        intervention_offered=_asked(misuses & ~received, rng.random(size) < 0.7),
    )


def _factor(world: World, code: str, kind: Rows) -> Floats:
    return factor_by_kind(world.population, code)[kind]


def _flag(is_so: Flags) -> Texts:
    return np.where(is_so, "1", "0")


def _asked(of: Flags, is_so: Flags) -> Texts:
    return np.where(of, _flag(is_so), "")


def _sdq(rng: np.random.Generator, troubled: Floats, born: Days, year: int) -> tuple[Texts, Texts]:
    """Scores of children aged 4 to 16: 14 on average, higher in kinds of need of the mind; one in five has none."""
    asked = (birthday(born, 4) <= year_ends(year)) & (birthday(born, 17) > year_starts(year))
    score = np.rint(rng.normal(12.5 + 9 * troubled, 7.0)).astype(np.int64).clip(0, 40)
    scored = rng.random(born.size) < 0.79
    reason = pick(rng, {"SDQ2": 0.25, "SDQ3": 0.1, "SDQ4": 0.5, "SDQ5": 0.15}, born.size)
    return np.where(asked & scored, score.astype(np.str_), ""), np.where(asked & ~scored, reason, "")


def draw_leavers(world: World, seed: int) -> Leavers:
    """Who was looked after for 13 weeks after 14, some of it after 16, and had left by the birthday."""
    rng = generator(seed, world.authority.position, "care leavers")
    died = np.zeros(len(world.people), dtype=bool)
    parts = []
    for age in _LEAVER_AGES:
        child = np.flatnonzero(_has_left(world, age) & ~died)
        year = collection_year(birthday(world.people.born[child], age))
        touch, activity, home = _fare(rng, world.people.is_male[child], year, age)
        died[child[touch == "DIED"]] = True
        parts.append((child, year, np.full(child.size, age), touch, activity, home))
    columns: list[NDArray[Any]] = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Leavers(*columns)


def _has_left(world: World, age: int) -> Flags:
    """Of every child, whether she counts as a care leaver on that birthday."""
    care, born, many = world.care, world.people.born[world.care.child], len(world.people)
    on = birthday(born, age)
    ends_on = np.minimum(care.ends_on, on)
    days = np.bincount(care.child, (ends_on - np.maximum(care.starts_on, birthday(born, 14))).clip(0), many)
    after_16 = np.bincount(care.child, (ends_on > birthday(born, 16)) & (care.starts_on < on), many) > 0
    still = np.bincount(care.child, (care.starts_on <= on) & (care.ends_on > on), many) > 0
    reason = at_last(world, world.episodes.reason_ceased)
    gone = np.bincount(care.child, np.isin(reason, _NO_LONGER_LEAVERS) & (care.ends_on <= on), many) > 0
    return (days >= _WEEKS_13) & after_16 & ~still & ~gone


def _fare(rng: np.random.Generator, is_male: Flags, year: Rows, age: int) -> tuple[Texts, Texts, Texts]:
    """In touch, activity and accommodation of care leavers of one age; "0" where nobody is in touch."""
    touch = pick(rng, _IN_TOUCH, year.size)
    activity = pick(rng, _ACTIVITIES, year.size)
    activity = np.where(is_male & (activity == "G6"), "G5", activity)
    for now, before in _BEFORE_APPRENTICESHIPS.items():
        activity = np.where((year < _APPRENTICESHIPS_FROM) & (activity == now), before, activity)
    home = pick(rng, _AT_17 if age == _LEAVER_AGES[0] else _LATER, year.size)
    known = touch == "YES"
    return touch, np.where(known, activity, "0"), np.where(known, home, "0")
