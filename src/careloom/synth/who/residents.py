"""Who lives in an authority: the children social care knows, and neighbours it never will.

Schools and health services see both, so that a record of a child nobody knows is not a sign of anything.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np

from careloom.synth.days import NEVER, Days, birthday
from careloom.synth.draws import uniform
from careloom.synth.who.identity import Homes, Identities, draw_homes, draw_identities
from careloom.synth.world import People, Rows, World

T = TypeVar("T", People, Identities, Homes)

NEIGHBOURS = 1.0  # families never known to social care for each family that always lived here, at most 1
_APART = 200  # days, at most, between the births of a neighbour and of the child mirrored
_NEIGHBOUR_DISABLED = 0.4  # of the rate of the families they mirror


@dataclass(frozen=True)
class Residents:
    """The children of World (its rows, in order), then the neighbours; homes are ordered by child and day.

    source : row of World that a neighbour mirrors; of a child of World her own
    from_on, until_on : first day the child lives in the authority, and the first day she no longer does, or is 18
    """

    people: People
    identities: Identities
    homes: Homes
    source: Rows
    from_on: Days
    until_on: Days

    def __len__(self) -> int:
        return len(self.people)


def draw_residents(world: World, identities: Identities, homes: Homes, seed: int) -> Residents:
    """Add the neighbours, the same for every system. Person and family numbers below 0 are theirs, and only theirs."""
    known = world.people
    near, source = _neighbours(known, seed)
    theirs = draw_homes(near, world.years, seed)
    after = np.where(near.twin_of >= 0, near.twin_of + len(known), -1)
    people = _joined(known, replace(near, twin_of=after))
    comes = known.is_uasc | (known.identity != "own")
    gone = np.minimum(_next_row_of_same(people), _leaves(world, people))
    return Residents(
        people=people,
        identities=_joined(identities, draw_identities(near, world.authority, seed)),
        homes=_joined(homes, Homes(theirs.child + len(known), theirs.from_on, theirs.address, theirs.postcode)),
        source=np.concatenate([np.arange(len(known)), source]),
        from_on=np.concatenate([np.where(comes, known.known_from, known.born), near.born]),
        until_on=np.minimum(birthday(people.born, 18), gone),
    )


def latest_kind(world: World, child: Rows, on: Days) -> Rows:
    """Kind of each resident's latest referral to social care up to a day; -1 before the first, and for a neighbour."""
    cases = world.referrals
    at = np.searchsorted(cases.child * 100_000 + cases.starts_on, child * 100_000 + on, side="right") - 1
    found = (at >= 0) & (cases.child[at] == child)
    return np.where(found, cases.kind[at], -1)


def _neighbours(people: People, seed: int) -> tuple[People, Rows]:
    """A mirror of every family that has always lived here, born some months apart from it: siblings, twins and all."""
    mirrored = (people.identity == "own") & ~people.is_uasc & (uniform(seed, people.family, "mirrored") < NEIGHBOURS)
    source = np.flatnonzero(mirrored)
    columns = {each.name: getattr(people, each.name)[source] for each in fields(People)}
    person, family = -1 - columns["person"], -1 - columns["family"]
    apart = ((2 * uniform(seed, family, "neighbour") - 1) * _APART).astype(np.int64)
    row, twin = np.where(mirrored, np.cumsum(mirrored) - 1, -1), columns["twin_of"]
    disabled = uniform(seed, person, "neighbour disabled") < _NEIGHBOUR_DISABLED
    columns |= {"person": person, "family": family, "twin_of": np.where(twin >= 0, row[twin], -1)}
    columns |= {"is_male": uniform(seed, person, "neighbour boy") < 0.51}
    columns |= {"disabilities": columns["disabilities"] & disabled[:, None]}
    columns |= {"born": columns["born"] + apart, "due": columns["due"] + apart}
    return People(**columns), source


def _joined(first: T, second: T) -> T:
    columns = {each.name: (getattr(first, each.name), getattr(second, each.name)) for each in fields(first)}
    return type(first)(**{name: np.concatenate(both) for name, both in columns.items()})


def _next_row_of_same(people: People) -> Days:
    """The day a child is first known under her next row: adopted, she is another patient and pupil from then on."""
    order = np.lexsort((people.known_from, people.person))
    same = people.person[order][1:] == people.person[order][:-1]
    following = np.full(len(people), NEVER)
    following[order[:-1][same]] = people.known_from[order[1:][same]]
    return following


def _leaves(world: World, people: People) -> Days:
    """The day a case closes because the child has moved to another authority, or died."""
    cases = world.referrals
    gone = np.isin(cases.reason, ("RC2", "RC5"))
    leaves = np.full(len(people), NEVER)
    leaves[cases.child[gone]] = cases.closes_on[gone]
    return leaves
