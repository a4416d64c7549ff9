"""Lists 10 and 11 of Annex A: children with a decision for adoption, and adopters, as known on the day of inspection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.synth.days import NEVER, Days, Flags
from careloom.synth.draws import generator
from careloom.synth.files import annex_a_codes as codes
from careloom.synth.files.annex_a_codes import second, spell, yes_no
from careloom.synth.files.annex_a_lists import Inspection, List, dates, latest, who
from careloom.synth.files.care_records import first_day_of
from careloom.synth.world import Rows, Texts

_EARLY_PERMANENCE = ("U2", "U5")  # fostering for adoption
_WAITING = 1.2  # prospective adopters without a match, for each family with one
_LEFT = 0.25  # of those who wait
_BEFORE_MATCH = 700  # days from the enquiry to a match
_DISABLED = 0.04


def _decisions(seen: Inspection) -> Rows:
    """Each child's latest decision, if it held at any time in the twelve months."""
    table, care = seen.books.decisions, seen.books.world.care
    until = np.minimum(np.minimum(table.ceased_on, table.adopted_on), care.ends_on[table.care])
    rows = np.flatnonzero((table.on <= seen.on) & (until >= seen.year))
    return latest(seen, rows, care.child[table.care], table.on)


def _family(care: Rows) -> Texts:
    """The adopters' family of a match."""
    return np.char.add("AF", (1000 + care).astype(np.str_))


def adoption(seen: Inspection) -> List:
    table, world = seen.books.decisions, seen.books.world
    rows = _decisions(seen)
    care = table.care[rows]
    matched_on, over = seen.by(table.matched_on[rows]), table.ceased_on[rows] <= seen.on
    early = first_day_of(world, np.isin(world.episodes.place, _EARLY_PERMANENCE))[care]
    first = who(seen, world.care.child[care])
    return {
        "Child Unique ID": first.pop("Child Unique ID"),
        "Family identifier": np.where(matched_on < NEVER, _family(care), ""),
        **first,
        "Date the Child Entered Care": dates(world.care.starts_on[care]),
        "Date of Decision that Child Should be Placed for Adoption": dates(table.on[rows]),
        "Date of Placement Order": dates(seen.by(table.ordered_on[rows])),
        "Date of Matching Child and Prospective Adopters": dates(matched_on),
        "Date Placed for Adoption": dates(seen.by(table.placed_on[rows])),
        "Date of Adoption Order": dates(seen.by(table.adopted_on[rows])),
        "Date of Decision that Child Should No Longer be Placed for Adoption": dates(seen.by(table.ceased_on[rows])),
        "Reason Why Child No Longer Placed for Adoption": spell(
            np.where(over, table.reason_ceased[rows], ""), codes.NO_LONGER_PLACED
        ),
        "Date the child was placed for fostering in FFA or concurrent planning placement": dates(seen.by(early)),
    }


@dataclass(frozen=True)
class Families:
    """One row per family of adopters: those with a match in the twelve months, then others on their way.

    adopters : M1, F1, MM, FF or MF
    matched_on, placed_on, adopted_on, left_on : NEVER where it has not come to that
    """

    name: Texts
    adopters: Texts
    is_early: Flags
    asked_on: Days
    matched_on: Days
    placed_on: Days
    adopted_on: Days
    left_on: Days


def _families(seen: Inspection, rng: np.random.Generator) -> Families:
    table, world = seen.books.decisions, seen.books.world
    matched = _decisions(seen)
    matched = matched[table.matched_on[matched] <= seen.on]
    many = int(np.ceil(_WAITING * matched.size))
    nothing = np.full(many, NEVER)
    early = first_day_of(world, np.isin(world.episodes.place, _EARLY_PERMANENCE))[table.care[matched]] <= seen.on
    asked_on = rng.integers(seen.year - 200, seen.on, many)
    left_on = np.maximum(asked_on, seen.year) + rng.integers(1, 200, many)
    return Families(
        name=np.concatenate(
            [_family(table.care[matched]), np.char.add("AW", (1000 + np.arange(many)).astype(np.str_))]
        ),
        adopters=np.concatenate([table.adopters[matched], rng.choice(["MF", "MF", "F1", "MM"], many)]),
        is_early=np.concatenate([early, np.zeros(many, dtype=bool)]),
        asked_on=np.concatenate([table.matched_on[matched] - _BEFORE_MATCH, asked_on]),
        matched_on=np.concatenate([table.matched_on[matched], nothing]),
        placed_on=np.concatenate([seen.by(table.placed_on[matched]), nothing]),
        adopted_on=np.concatenate([seen.by(table.adopted_on[matched]), nothing]),
        left_on=np.concatenate(
            [np.full(matched.size, NEVER), np.where(rng.random(many) < _LEFT, seen.by(left_on), NEVER)]
        ),
    )


def adopters(seen: Inspection) -> List:
    """One row per adopter: of the families matched, and of others on their way; the two of a couple share a family."""
    rng = generator(seen.books.seed, seen.books.world.authority.position, "adopters")
    families = _families(seen, rng)
    many = len(families.name)
    ethnicity = rng.choice(["WBRI", "WOTH", "AIND", "BCRB", "MOTH"], many, p=[0.84, 0.06, 0.04, 0.03, 0.03])
    reason = rng.choice(codes.LEFT_PROCESS, many, p=[0.6, 0.3, 0.1])
    columns: List = {
        "Family identifier": families.name,
        "Ethnicity": spell(ethnicity, codes.ETHNICITY),
        "Disability": yes_no(rng.random(many) < _DISABLED),
        "Is the (prospective) adopter fostering for adoption?": yes_no(families.is_early),
        **_steps(seen, families, rng),
        "Date adopter matched with child(ren)": dates(families.matched_on),
        "Date child/children placed with adopter(s)": dates(families.placed_on),
        "No. of children placed": (families.placed_on < NEVER).astype(np.int64),
        "Date of Adoption Order": dates(families.adopted_on),
        "Date of leaving adoption process": dates(families.left_on),
        "Reason for leaving adoption process": np.where(families.left_on < NEVER, reason, ""),
    }
    return _each_adopter(columns, families.adopters)


def _steps(seen: Inspection, families: Families, rng: np.random.Generator) -> List:
    """Enquiry, two stages and approval, in order, as far as they have come; all of it takes less than _BEFORE_MATCH."""
    least, most = np.array([(20, 80), (50, 90), (0, 30), (80, 130), (0, 10), (10, 40)]).T[:, :, None]
    steps = np.cumsum(rng.integers(least, most, (len(least), len(families.name))), axis=0)
    names = (
        "Date Stage 1 started",
        "Date Stage 1 ended",
        "Date Stage 2 started",
        "Date Stage 2 ended",
        "Date application submitted",
        "Date application approved",
    )
    reached = {name: families.asked_on + days for name, days in zip(names, steps, strict=True)}
    came = {name: np.where(on < families.left_on, seen.by(on), NEVER) for name, on in reached.items()}
    return {"Date enquiry received": dates(families.asked_on)} | {name: dates(on) for name, on in came.items()}


def _each_adopter(columns: List, kind: Texts) -> List:
    """A family's row once for each of its adopters."""
    alone = np.char.endswith(kind, "1")
    of = np.repeat(np.arange(kind.size), np.where(alone, 1, 2))
    is_second = np.diff(of, prepend=-1) == 0
    letter = np.where(is_second, second(kind[of]), kind[of].astype("U1"))
    person = np.char.add(columns["Family identifier"][of], np.where(is_second, "-2", "-1"))
    first: List = {
        "Individual adopter identifier": person,
        "Family identifier": columns["Family identifier"][of],
        "Gender": np.where(letter == "M", codes.SEX["M"], codes.SEX["F"]),
    }
    return first | {name: column[of] for name, column in columns.items() if name not in first}
