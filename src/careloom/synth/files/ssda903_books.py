"""What an authority keeps of its looked-after children over the years, and who belongs in the return of one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.catalogue.recordings import Recording
from careloom.synth.days import NEVER, Days, birthday, year_ends, year_starts
from careloom.synth.draws import generator, uniform
from careloom.synth.files.care_outcomes import Leavers, draw_leavers, pick
from careloom.synth.files.care_records import Decisions, Workers, draw_decisions, draw_workers
from careloom.synth.who.identity import Identities
from careloom.synth.who.recording import Returned, returned
from careloom.synth.world import Rows, Texts, World

_TAKES_PART = {"PN1": 0.5, "PN2": 0.05, "PN3": 0.03, "PN4": 0.05, "PN5": 0.07, "PN6": 0.2, "PN7": 0.1}
_PERMANENCE = {"P1": 0.006, "P2": 0.011, "P3": 0.004, "P4": 0.13, "Z1": 0.849}  # DfE: children who started in 2020
_DATED = ("P1", "P2", "P3")
_MOTHERS = 0.03  # of girls


@dataclass(frozen=True)
class Books:
    """All that an authority keeps of its looked-after children over the years, from which it fills in each return."""

    world: World
    identities: Identities
    recording: Recording
    seed: int
    decisions: Decisions
    workers: Workers
    leavers: Leavers
    permanence: Texts  # by period of care
    permanence_on: Days
    permanence_by: Texts
    takes_part: Texts  # by review
    mother_on: Days  # by child
    order: Rows  # place of each child when sorted by identifier


@dataclass(frozen=True)
class Return:
    """One return being filled in.

    child : the children in it, by row; care : the periods of care that touch the year
    told : who they are as this return has it, in the order of `child`
    born : date of birth as this return has it, by row of every child (true where not in the return)
    """

    books: Books
    year: int
    care: Rows
    child: Rows
    told: Returned
    born: Days

    @property
    def starts_on(self) -> int:
        return year_starts(self.year)

    @property
    def ends_on(self) -> int:
        return year_ends(self.year)


def open_books(world: World, identities: Identities, recording: Recording, seed: int) -> Books:
    """Draw once what every year's return is to agree on."""
    rng = generator(seed, world.authority.position, "ssda903")
    permanence, permanence_on, permanence_by = _permanence(world, rng)
    person, born = world.people.person, world.people.born
    is_mother = ~world.people.is_male & (uniform(seed, person, "is a mother") < _MOTHERS)
    gave_birth_on = birthday(born, 15) + (uniform(seed, person, "gave birth") * 1200).astype(np.int64)
    order = np.empty(len(world.people), dtype=np.int64)
    order[np.argsort(identities.child_id, kind="stable")] = np.arange(len(world.people))
    return Books(
        world=world,
        identities=identities,
        recording=recording,
        seed=seed,
        decisions=draw_decisions(world, seed),
        workers=draw_workers(world, seed),
        leavers=draw_leavers(world, seed),
        permanence=permanence,
        permanence_on=permanence_on,
        permanence_by=permanence_by,
        takes_part=pick(rng, _TAKES_PART, len(world.care_reviews.on)),
        mother_on=np.where(is_mother, gave_birth_on, NEVER),
        order=order,
    )


def _permanence(world: World, rng: np.random.Generator) -> tuple[Texts, Days, Texts]:
    """An order under which a child lived before care, for those who had one: children here come back from home only."""
    size, born = len(world.care.child), world.people.born[world.care.child]
    span = world.care.starts_on - born - 90
    code = np.where(span > 0, pick(rng, _PERMANENCE, size), "Z1")
    drawn_on = born + 60 + (rng.random(size) * span.clip(0)).astype(np.int64)
    on = np.where(np.isin(code, _DATED), drawn_on, NEVER)
    by = pick(rng, {world.authority.code: 0.9, "WAL": 0.06, "SCO": 0.04}, size)
    return code, on, np.where(on < NEVER, by, "")


def open_return(books: Books, year: int) -> Return:
    """Find who belongs in the return of one year, and what it says of who they are."""
    care, people = books.world.care, books.world.people
    rows = np.flatnonzero((care.starts_on <= year_ends(year)) & (care.ends_on >= year_starts(year)))
    leavers = books.leavers.child[books.leavers.year == year]
    child = np.union1d(care.child[rows], leavers)
    child = child[np.argsort(books.order[child])]
    told = returned(year, child, people, books.identities, books.recording, books.seed)
    born = people.born.copy()
    born[child] = told.born_on
    return Return(books, year, rows, child, told, born)
