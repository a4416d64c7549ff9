"""Which services children were given and when: by stage of the case, and by what their kind of need calls for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from careloom.catalogue import Population
from careloom.synth.days import Days, weekday_from, year_ends, year_starts
from careloom.synth.files.spoken import rows_of
from careloom.synth.world import Floats, Rows, World

STAGES = ("assessed", "in_need", "protection", "care")
AFTER_ASSESSMENT_DAYS = 90  # how long what an assessment sets off may take to begin
WAIT_DAYS = 25  # mean time from the start of a stage to the start of a service
PACKAGE_DAYS = 182  # what lasts longer is agreed anew, on a new line


@dataclass(frozen=True)
class Stages:
    """Stretches of a case within which services come: one row each; `stage` is a position in STAGES."""

    child: Rows
    kind: Rows
    stage: Rows
    starts_on: Days
    ends_on: Days


@dataclass(frozen=True)
class Deliveries:
    """One row per line of the sheet; `service` is a row of the catalogue's services."""

    child: Rows
    stage: Rows
    service: Rows
    starts_on: Days
    ends_on: Days


def deliveries(world: World, rng: np.random.Generator) -> Deliveries:
    """Draw who got which service when, in order of start; long ones in packages, only those that ran in the years."""
    first, last = year_starts(world.years[0]), year_ends(world.years[1])
    during = stages(world, first, last)
    row, service = np.nonzero(rng.random((len(during.child), len(column("price")))) < chances(during, world.population))
    wait = rng.exponential(WAIT_DAYS, row.size)
    starts = weekday_from(during.starts_on[row] + 3 + wait.astype(np.int64))
    length = np.ceil(7 * column("weeks")[service] * rng.exponential(size=row.size)).astype(np.int64)
    ends = np.minimum(starts + np.maximum(length, 1), during.ends_on[row])
    born = world.people.born[during.child[row]]
    age = (starts - born) / 365.25
    fits = (starts < ends) & (age >= column("from_age")[service]) & (age < column("to_age")[service] + 1)
    row, service, starts, ends = row[fits], service[fits], starts[fits], ends[fits]
    line, starts, ends = packages(starts, ends)
    kept = np.flatnonzero((starts <= last) & (ends > first))
    kept = kept[np.lexsort((rng.random(kept.size), starts[kept]))]  # among those of one day no order tells who is whose
    row, service = row[line[kept]], service[line[kept]]
    return Deliveries(during.child[row], during.stage[row], service, starts[kept], ends[kept])


def stages(world: World, first: int, last: int) -> Stages:
    """Assessments and what they set off, child in need plans, protection plans and periods of care, in the years."""
    referrals, care = world.referrals, world.care
    assessed, plans = world.assessments, world.plans
    referral = np.concatenate([assessed.referral, world.support.referral, plans.referral, care.referral])
    starts = np.concatenate([assessed.ends_on, world.support.starts_on, plans.starts_on, care.starts_on])
    soon = assessed.ends_on + AFTER_ASSESSMENT_DAYS
    ends = np.concatenate([soon, world.support.ends_on, plans.ends_on, care.ends_on])
    many = (len(assessed.referral), len(world.support.referral), len(plans.referral), len(care.referral))
    kept = (starts <= last) & (ends > first)
    referral, stage = referral[kept], np.repeat(np.arange(len(STAGES)), many)[kept]
    return Stages(referrals.child[referral], referrals.kind[referral], stage, starts[kept], ends[kept])


def chances(during: Stages, population: Population) -> Floats:
    """Chance of each service (column) in each stage (row): its uptake there, times that the kind has what it answers."""
    uptake = np.array([column(stage) for stage in STAGES])
    chance: Floats = uptake[during.stage] * answered(population)[during.kind]
    return chance


def answered(population: Population) -> Floats:
    """Chance that a case of each kind (row) has any of the indicators each service (column) answers; 1 when it is for all."""
    services = rows_of("services_spoken", "services")
    result = np.ones((len(population.kinds), len(services)))
    for at, kind in enumerate(population.kinds):
        factors = dict(population.background) | dict(kind.factors)
        for position, service in enumerate(services):
            if service["answers"]:
                wanted = service["answers"].split(";")
                result[at, position] = 1 - np.prod([1 - factors.get(name, 0.0) for name in wanted])
    return result


def packages(starts: Days, ends: Days) -> tuple[Rows, Days, Days]:
    """Cut each stretch into packages; return the row each comes from, its start and its end."""
    pieces = -(-(ends - starts) // PACKAGE_DAYS)
    line = np.repeat(np.arange(starts.size), pieces)
    piece = np.arange(line.size) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    begins = starts[line] + PACKAGE_DAYS * piece
    return line, begins, np.minimum(begins + PACKAGE_DAYS, ends[line])


@cache
def column(name: str) -> Floats:
    """A column of numbers of the catalogue's services."""
    return np.array([float(row[name]) for row in rows_of("services_spoken", "services")])
