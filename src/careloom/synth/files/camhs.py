"""Referrals to child and adolescent mental health services; and the neighbours, whom only systems outside social care know.

A kind of need leads here by how often its assessments show the child's mental health (4A) and self-harm (15A); any
child, known to social care or not, may be referred besides.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from careloom.catalogue import Population
from careloom.catalogue.recordings import Recording
from careloom.synth.aside import Aside, Trace
from careloom.synth.chance import choose_by, happens
from careloom.synth.days import NEVER, Days, Flags, birthday, weekday_from, year_ends, year_starts
from careloom.synth.draws import choose, generator
from careloom.synth.files.table import dmy_text, write_csv
from careloom.synth.who.identity import Homes, Identities
from careloom.synth.who.recording import MISSING, record
from careloom.synth.who.residents import Residents, draw_residents, latest_kind
from careloom.synth.world import Floats, Rows, World

A_YEAR = 0.025  # referrals a year of any child of these ages
AGES = (5, 18)
MENTAL_HEALTH, SELF_HARM = "4A", "15A"
AFTER_MENTAL_HEALTH, AFTER_SELF_HARM = 0.45, 0.65  # a referral here beside one to social care, by what is the matter
_AROUND = (-180, 365)  # days from the referral to social care
_ACCEPTED = 0.76
_TO_FIRST, _TO_SECOND, _REFUSED_AFTER, _LASTS = (14, 150), (14, 90), (3, 22), (0, 400)  # days
_HAS_SECOND = 0.78
_MORE_CONTACTS = 6.0
_PRACTICES = 40
_SOURCES = ("GP", "School", "Social Services", "A&E / Paediatric Liaison", "Parent / Carer / Self", "Paediatrician")
_SOURCE_SHARES = np.array([(0.50, 0.22, 0.02, 0.06, 0.12, 0.08), (0.26, 0.18, 0.34, 0.10, 0.05, 0.07)])
_REASONS = (
    "Self-harm",
    "Low mood / depression",
    "Anxiety",
    "Emotional dysregulation",
    "Behavioural difficulties",
    "Trauma / PTSD symptoms",
    "ASD assessment",
    "ADHD assessment",
    "Eating difficulties",
    "Suicidal ideation",
)
_REASON_SHARES = np.array([  # where it is self-harm, another matter of mental health, or neither is known
    (0.62, 0.10, 0.03, 0.07, 0.01, 0.03, 0.0, 0.0, 0.02, 0.12),
    (0.02, 0.22, 0.20, 0.16, 0.13, 0.14, 0.04, 0.04, 0.03, 0.02),
    (0.05, 0.18, 0.27, 0.07, 0.09, 0.02, 0.14, 0.11, 0.05, 0.02),
])  # fmt: skip


def born_text(born_on: Days) -> pa.Array:
    """DD/MM/YYYY of each day of birth as recorded, "" where it is not."""
    return dmy_text(np.where(born_on == MISSING, NEVER, born_on))


@dataclass(frozen=True)
class Referred:
    """One row per referral to these services, ordered by day; `child` is a row of Residents.

    matter : 0 self-harm, 1 another matter of mental health, 2 neither is known
    is_known : whether the child had been referred to social care by then
    """

    child: Rows
    on: Days
    matter: Rows
    is_known: Flags


def write_camhs(
    folder: Path, world: World, identities: Identities, homes: Homes, recording: Recording, seed: int
) -> Aside:
    """Write health/camhs_referrals.csv. Aside: whose each local patient ID is; a child adopted has another one."""
    rng = generator(seed, world.authority.position, "camhs")
    residents = draw_residents(world, identities, homes, seed)
    people = residents.people
    referred = _referred(world, residents, rng)
    child = referred.child
    told = record("health", child, referred.on, people, residents.identities, residents.homes, recording, seed)
    patient = (100_000 + rng.permutation(len(residents))).astype(str)
    practice = choose(seed, people.family, "practice", np.ones(_PRACTICES))
    practices = pa.array([f"Z{world.authority.code}{n:02d}" for n in range(_PRACTICES)])
    columns = {
        "NHS Number": pa.array(told.nhs_number),
        "Local Patient ID": pa.array(patient[child]),
        "Forename": pa.array(told.first_name),
        "Surname": pa.array(told.surname),
        "Date of Birth": born_text(told.born_on),
        "Postcode": pa.array(told.postcode),
        "GP Practice Code": practices.take(pa.array(practice[child])),
    }
    write_csv(folder / "health" / "camhs_referrals.csv", columns | _course(referred, year_ends(world.years[1]), rng))
    patients = np.unique(child)
    return Aside((Trace("health", patient[patients], people.person[patients]),))


def _referred(world: World, residents: Residents, rng: np.random.Generator) -> Referred:
    """Referrals that go with a kind of need, and those that any child may have; all while she lives here at these ages."""
    first_day, last_day = year_starts(world.years[0]), year_ends(world.years[1])
    cases = world.referrals
    self_harm, either = _chances(world.population)
    beside = np.flatnonzero(happens(rng, either[cases.kind]))
    matter = (~happens(rng, (self_harm / either)[cases.kind[beside]])).astype(np.int64)
    beside_on = weekday_from(cases.starts_on[beside] + rng.integers(*_AROUND, size=beside.size))
    any_child, any_on = _ordinary(residents, first_day, last_day, rng)
    child = np.concatenate([cases.child[beside], any_child])
    on = np.concatenate([beside_on, any_on])
    matter = np.concatenate([matter, np.full(any_child.size, 2)])
    born = residents.people.born[child]
    here = (on >= np.maximum(residents.from_on[child], first_day)) & (on < residents.until_on[child]) & (on <= last_day)
    kept = np.flatnonzero(here & (on >= birthday(born, AGES[0])) & (on < birthday(born, AGES[1])))
    kept = kept[np.lexsort((rng.random(kept.size), on[kept]))]  # among those of one day no order tells who is whose
    child, on = child[kept], on[kept]
    return Referred(child, on, matter[kept], latest_kind(world, child, on) >= 0)


def _chances(population: Population) -> tuple[Floats, Floats]:
    """By kind of need: the chance of a referral here for self-harm, and for that or another matter of mental health."""
    shown = [{**population.background, **kind.factors} for kind in population.kinds]
    self_harm = np.array([AFTER_SELF_HARM * factors[SELF_HARM] for factors in shown])
    other = np.array([AFTER_MENTAL_HEALTH * factors[MENTAL_HEALTH] for factors in shown])
    return self_harm, 1 - (1 - self_harm) * (1 - other)


def _ordinary(residents: Residents, first_day: int, last_day: int, rng: np.random.Generator) -> tuple[Rows, Days]:
    """Referrals at the same rate for any child from 5 to 17, known to social care or not."""
    low = np.maximum(birthday(residents.people.born, AGES[0]), np.maximum(residents.from_on, first_day))
    high = np.minimum(residents.until_on, last_day + 1)
    days = np.maximum(high - low, 0)
    child = np.repeat(np.arange(len(residents)), rng.poisson(A_YEAR * days / 365.25))
    return child, weekday_from(low[child] + (rng.random(child.size) * days[child]).astype(np.int64))


def _course(referred: Referred, last_day: int, rng: np.random.Generator) -> dict[str, pa.Array]:
    """What became of each referral; what comes after the last day is not known yet, and blank."""
    many, on = referred.on.size, referred.on
    accepted = rng.random(many) < _ACCEPTED
    first = np.where(accepted, _later(on, _TO_FIRST, rng), NEVER)
    second = np.where(
        accepted & (rng.random(many) < _HAS_SECOND), _later(np.where(accepted, first, on), _TO_SECOND, rng), NEVER
    )
    seen_last = np.where(second < NEVER, second, np.where(accepted, first, on))
    discharged = np.where(accepted, _later(seen_last, _LASTS, rng), _later(on, _REFUSED_AFTER, rng))
    first, second, discharged = (np.where(when <= last_day, when, NEVER) for when in (first, second, discharged))
    more = rng.poisson(_MORE_CONTACTS, size=many) * (second < NEVER)
    source = choose_by(rng, _SOURCE_SHARES[referred.is_known.astype(np.int64)])
    reason = choose_by(rng, _REASON_SHARES[referred.matter])
    return {
        "Referral Date": dmy_text(on),
        "Source of Referral": pa.array(_SOURCES).take(pa.array(source)),
        "Reason for Referral": pa.array(_REASONS).take(pa.array(reason)),
        "Accepted": pa.array(["N", "Y"]).take(pa.array(accepted.astype(np.int64))),
        "First Appointment": dmy_text(first),
        "Second Appointment": dmy_text(second),
        "Discharge Date": dmy_text(discharged),
        "Contacts": pa.array((first < NEVER).astype(np.int64) + (second < NEVER) + more),
    }


def _later(on: Days, within: tuple[int, int], rng: np.random.Generator) -> Days:
    """A weekday so many days later."""
    return weekday_from(on + rng.integers(*within, size=on.size))
