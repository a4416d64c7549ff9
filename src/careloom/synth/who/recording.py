"""What a system has written down of who a child is, with the errors of its own hands; and what the returns say of her.

Dates that are missing are MISSING (no child here was born on that day), texts "". Errors stay until a record is keyed
anew: they are drawn for the child, the system and the keying, never for the row of a file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.catalogue.recordings import Recording
from careloom.synth.days import Days, Flags, birthday, collection_year, year_ends
from careloom.synth.draws import uniform
from careloom.synth.who.identity import Homes, Identities, row_numbers
from careloom.synth.who.keying import chance, circumstances, key_records, multiplied
from careloom.synth.who.written import (
    MISSING,
    NOT_OBTAINED,
    birth_written,
    ethnicity_written,
    home_written,
    names_written,
    nhs_number_written,
    put,
    second_upns,
    sex_written,
    upn_written,
)
from careloom.synth.world import People, Rows, Texts

__all__ = ["MISSING", "Recorded", "Recording", "Returned", "record", "returned"]

REFUSED = "REFU"
# Faults of the returns: the part of the record each is in, and the chance a year that settles it
_FAULTS = {
    "upn_not_found": ("upn", "upn_settled"),
    "upn_second": ("upn", "upn_settled"),
    "ethnicity_not_obtained": ("ethnicity", "ethnicity_settled"),
    "ethnicity_refused": ("ethnicity", ""),
    "birth_wrong": ("birth", "birth_settled"),
}
_SCHOOL_AGE = 6  # UN1 is for children below it
_GROWING_UP = 16  # from this birthday on no day of birth is wrong in a return, so that nobody is 18 too early


@dataclass(frozen=True)
class Recorded:
    """What a system holds of each child asked for, one row each.

    born_on : day of birth, or the expected one where `is_expected` (the child is not born yet); MISSING when not held
    sex : M, F, or U when not known
    ethnicity : a DfE code, NOBT when not asked
    upn, nhs_number : "" when not held, or when the child has none yet
    """

    first_name: Texts
    surname: Texts
    born_on: Days
    is_expected: Flags
    sex: Texts
    ethnicity: Texts
    address: Texts
    postcode: Texts
    upn: Texts
    nhs_number: Texts


@dataclass(frozen=True)
class Returned:
    """What both yearly returns of an authority say of who a child is, one row each.

    upn : "" when there is none to give; upn_unknown then says why (UN1, UN2 or UN5) and is "" otherwise
    sex : M or F; U for an unborn child
    born_on : day of birth, or the expected one where `is_expected`
    """

    upn: Texts
    upn_unknown: Texts
    sex: Texts
    ethnicity: Texts
    born_on: Days
    is_expected: Flags


def record(
    system: str,
    child: Rows,
    on: Days,
    people: People,
    identities: Identities,
    homes: Homes,
    recording: Recording,
    seed: int,
    looked_after: Flags | None = None,
) -> Recorded:
    """What `system` (one of catalogue SYSTEMS) holds of each child on a day.

    child, on : row in `people` and day, of each record
    looked_after : whether each is looked after then, where the system's records depend on it
    """
    key = key_records(system, child, on, people, recording, seed, looked_after)
    unborn = people.born[child] > on
    first_name, surname = names_written(key, child, unborn, people, identities)
    address, postcode = home_written(key, child, on, homes)
    return Recorded(
        first_name=first_name,
        surname=surname,
        born_on=birth_written(key, child, on, unborn, people),
        is_expected=unborn,
        sex=sex_written(key, child, unborn, people),
        ethnicity=ethnicity_written(key, people.ethnicity[child], unborn),
        address=address,
        postcode=postcode,
        upn=upn_written(key, child, on, people, identities),
        nhs_number=nhs_number_written(key, identities.nhs_number[child], unborn),
    )


def returned(
    year: int, child: Rows, people: People, identities: Identities, recording: Recording, seed: int
) -> Returned:
    """What SSDA903 and the CIN census of a year say of each child as known on 31 March: one system makes both.

    What is not known yet, or wrong at first, stays so until the year it is settled. No number given breaks its check.
    """
    ends, born = year_ends(year), people.born[child]
    unborn = born > ends
    at = {name: _unsettled(name, year, child, people, identities, recording, seed) for name in _FAULTS}
    days = 1 + (uniform(seed, row_numbers(people)[child], "returned: days off") * 9).astype(np.int64)
    early = at["birth_wrong"] & (birthday(born, _GROWING_UP) > ends)
    upn, why_not = _returned_upn(at, ends, child, people, identities, seed)
    ethnicity = np.where(at["ethnicity_refused"], REFUSED, people.ethnicity[child])
    return Returned(
        upn=upn,
        upn_unknown=why_not,
        sex=np.where(unborn, "U", np.where(people.is_male[child], "M", "F")),
        ethnicity=np.where(unborn | at["ethnicity_not_obtained"], NOT_OBTAINED, ethnicity),
        born_on=np.where(unborn, people.due[child], born - days * early),
        is_expected=unborn,
    )


def _unsettled(
    fault: str, year: int, child: Rows, people: People, identities: Identities, recording: Recording, seed: int
) -> Flags:
    """Whether a fault is there in the return of a year: it is as likely as its rate at first, and then settled or not."""
    part, settled = _FAULTS[fault]
    who, known = row_numbers(people)[child], np.maximum(people.known_from, people.born)[child]
    odds = multiplied(recording, circumstances(people, child, known))[part]
    if part == "upn":
        known = np.maximum(known, identities.upn_from[child])
    since = np.maximum(year - collection_year(known), 0)
    stays = (1 - recording.faults[settled] if settled else 1.0) ** since
    there = uniform(seed, who, f"returned: {fault}") < chance(recording.faults[fault], odds)
    unsettled: Flags = there & (uniform(seed, who, f"returned: {fault} stays") < stays)
    return unsettled


def _returned_upn(
    at: dict[str, Flags], ends: int, child: Rows, people: People, identities: Identities, seed: int
) -> tuple[Texts, Texts]:
    """The pupil number, and why there is none."""
    upn = np.where(identities.upn_from[child] <= ends, identities.upn[child], "")
    rows = np.flatnonzero((upn != "") & at["upn_second"])
    upn = put(upn, rows, second_upns(seed, child[rows], people, identities))
    below = birthday(people.born[child], _SCHOOL_AGE) > ends
    why_not = np.select([(upn != "") & at["upn_not_found"], upn != "", below], ["UN5", "", "UN1"], "UN2")
    return np.where(why_not == "", upn, ""), why_not
