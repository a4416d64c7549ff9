"""The case management system's own list of children: who each is, as it was last known there.

What the returns say of a child (birth, sex, ethnic group, pupil number) is said here too: they are made from this system.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from careloom.synth.aside import Aside, Trace
from careloom.synth.days import NEVER, Days, Flags, collection_year, year_ends
from careloom.synth.draws import uniform
from careloom.synth.files.table import dmy_text, write_csv
from careloom.synth.who.identity import Homes, Identities
from careloom.synth.who.recording import Recording, Returned, record, returned
from careloom.synth.who.slips import nicknames
from careloom.synth.who.written import home_rows
from careloom.synth.world import Rows, Texts, World

SYSTEM = "case_system"
_KNOWN_AS = 0.25  # children with a short form of their name for whom it is noted


def write_people(
    folder: Path, world: World, identities: Identities, homes: Homes, recording: Recording, seed: int
) -> Aside:
    """Write case_system/people.csv: one row per child known by the last 31 March; dates are DD/MM/YYYY."""
    people, ends = world.people, year_ends(world.years[1])
    child = np.flatnonzero(people.known_from <= ends)
    child = child[np.argsort(identities.child_id[child])]  # an order that tells nothing of who is whose
    on = np.minimum(people.known_until[child], ends)
    held = record("ssda903_cin", child, on, people, identities, homes, recording, seed, _looked_after(world, child, on))
    told, unborn = _as_returned(world, child, on, identities, recording, seed), held.is_expected
    columns = {
        "child_id": identities.child_id[child],
        "first_name": held.first_name,
        "surname": held.surname,
        "known_as": np.where(unborn, "", _known_as(identities.first_name[child], people.person[child], seed)),
        "date_of_birth": dmy_text(np.where(unborn, NEVER, told.born_on)),
        "expected_date_of_birth": dmy_text(np.where(unborn, people.due[child], NEVER)),
        "sex": np.where(unborn, "U", told.sex),
        "ethnicity": np.where(unborn, "NOBT", told.ethnicity),
        "upn": np.where(unborn, "", told.upn),
        "nhs_number": held.nhs_number,
        "address": held.address,
        "postcode": held.postcode,
        "former_postcode": _former(homes, child, on, people.known_from[child], held.postcode),
    }
    write_csv(folder / SYSTEM / "people.csv", columns)
    return Aside((Trace(SYSTEM, identities.child_id[child], people.person[child]),))


def _as_returned(
    world: World, child: Rows, on: Days, identities: Identities, recording: Recording, seed: int
) -> Returned:
    """What the last return said that held each child, in the order of `child`."""
    year = collection_year(on)
    years = np.unique(year) if year.size else np.array(world.years[1:])
    parts = [returned(int(y), child[year == y], world.people, identities, recording, seed) for y in years]
    order = np.argsort(np.concatenate([np.flatnonzero(year == y) for y in years]), kind="stable")
    columns = {name: np.concatenate([getattr(part, name) for part in parts])[order] for name in vars(parts[0])}
    return Returned(**columns)


def _looked_after(world: World, child: Rows, on: Days) -> Flags:
    """Whether each child is in care on a day, which is the child's own."""
    day = np.full(len(world.people), -NEVER)
    day[child] = on
    care = world.care
    of_care = day[care.child]
    in_care = np.zeros(day.size, dtype=bool)
    in_care[care.child[(care.starts_on <= of_care) & (of_care < care.ends_on)]] = True
    return in_care[child]


def _known_as(first_name: Texts, person: Rows, seed: int) -> Texts:
    """The short form a child goes by, where it is noted; "" for others."""
    short = nicknames(first_name, uniform(seed, person, "known as"))
    noted = uniform(seed, person, "known as is noted") < _KNOWN_AS
    return np.where(noted & (short != first_name), short, "")


def _former(homes: Homes, child: Rows, on: Days, known_from: Days, postcode: Texts) -> Texts:
    """The postcode before the last move, of children who moved while they were known here."""
    at, earlier = home_rows(child, on, homes)
    moved = (homes.from_on[at] > known_from) & (earlier != at)
    former = homes.postcode[earlier]
    return np.where(moved & (former != postcode), former, "")
