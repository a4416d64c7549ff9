"""The chance that something is written down wrongly: by error, and higher for some children than for others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.catalogue.recordings import CIRCUMSTANCES, ERRORS, PARTS, Recording
from careloom.synth.days import Days, Flags, birthday
from careloom.synth.draws import uniform
from careloom.synth.who.identity import row_numbers
from careloom.synth.world import Floats, People, Rows

_MAIN_GROUPS = {"mixed": "M", "asian": "AC", "black": "B", "other": "O"}  # by the first letter of the ethnicity code
_SPELLS = 2**8  # keyings of one record: more than there are
_FIRST_SPELL = 2**5  # of them before birth
_OCCASIONS = 2**15  # more than there are days in the life of a record


@dataclass(frozen=True)
class Keying:
    """One keying of each of some records; a record that is keyed once has the same errors however often it is asked for.

    system : whose records they are
    number : of each keying, the same wherever that keying is met
    odds : by PARTS, what the odds of an error are multiplied by for each record
    """

    recording: Recording
    system: str
    seed: int
    number: Rows
    odds: dict[str, Floats]

    def draw(self, about: str) -> Floats:
        """A draw in [0, 1) for each record."""
        return uniform(self.seed, self.number, f"{self.system} {about}")

    def has(self, error: str, occasion: Rows | int = 0) -> Flags:
        """Whether each record has the error; on another `occasion` (a whole number) it is another draw."""
        drawn = uniform(self.seed, self.number * _OCCASIONS + occasion % _OCCASIONS, f"{self.system} {error}")
        return drawn < chance(self.recording.rates[error][self.system], self.odds[ERRORS[error]])


def chance(rate: float, odds: Floats) -> Floats:
    """A rate whose odds are multiplied; it stays between 0 and 1, and odds of 0 leave nothing."""
    more = rate * odds
    return np.divide(more, 1 - rate + more, out=np.zeros_like(more), where=more > 0)


def key_records(
    system: str, child: Rows, on: Days, people: People, recording: Recording, seed: int, looked_after: Flags | None
) -> Keying:
    """The keying that holds on a day for each child's record in a system."""
    who = row_numbers(people)[child]
    years = (on - people.born[child]) / 365.25
    keyed = np.floor(years * recording.rekeyed[system] + uniform(seed, who, f"{system} keyed")).astype(np.int64)
    number = who * _SPELLS + np.clip(keyed + _FIRST_SPELL, 0, _SPELLS - 1)
    return Keying(
        recording, system, seed, number, multiplied(recording, circumstances(people, child, on, looked_after))
    )


def multiplied(recording: Recording, found: dict[str, Flags]) -> dict[str, Floats]:
    """What the odds of an error in each part are multiplied by, all circumstances of a child taken together."""
    odds = {}
    for part in PARTS:
        product = np.full(len(next(iter(found.values()))), recording.level)
        for name in CIRCUMSTANCES:
            product[found[name]] *= recording.differs[name][part]
        odds[part] = product
    return odds


def circumstances(people: People, child: Rows, on: Days, looked_after: Flags | None = None) -> dict[str, Flags]:
    """Which of CIRCUMSTANCES each child is in on a day; children not said to be looked after are not."""
    born, code, identity = people.born[child], people.ethnicity[child], people.identity[child]
    letter = code.astype("<U1")
    groups = {name: np.isin(letter, list(letters)) for name, letters in _MAIN_GROUPS.items()}
    return {
        "under_1": on < birthday(born, 1),
        "aged_1_to_4": (on >= birthday(born, 1)) & (on < birthday(born, 5)),
        "aged_13_and_over": on >= birthday(born, 13),
        "white_other": (letter == "W") & (code != "WBRI"),
        **groups,
        "arrived": identity == "arrived",
        "adopted": identity == "adopted",
        "looked_after": np.zeros(child.size, dtype=bool) if looked_after is None else looked_after,
        "uasc": people.is_uasc[child],
    }
