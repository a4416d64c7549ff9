"""Who each child truly is, and where she lives: the same in every authority's file, until she is adopted.

Every share here is made up. What goes with a true child or family is drawn from its number alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.core import RequestError
from careloom.synth.days import NEVER, Days, Flags, birthday, day, year_ends
from careloom.synth.draws import bits, uniform
from careloom.synth.life.authorities import FIRST_CODE, MOST
from careloom.synth.life.children import PERSON_STEP
from careloom.synth.who.names import draw_first_names, draw_groups, draw_surnames
from careloom.synth.who.numbers import nhs_capacity, nhs_numbers, opaque_ids, pupil_numbers
from careloom.synth.who.streets import SECTORS_EACH, addresses, places, postcodes
from careloom.synth.world import Authority, People, Rows, Texts

OTHER_FATHER = 0.15  # children who do not have the surname of the family
RENAMED = 0.5  # adopted children who also get another first name
ADOPTED_TOGETHER = 0.5  # children adopted into one home with their siblings who were
NEVER_AT_SCHOOL = 0.012  # independent schools and education at home
NEVER_AT_SCHOOL_ALONE = 0.35  # children who arrived alone, mostly at 16 and 17
MOVES = 0.12  # of a family, a year
STAYS_NEAR = 0.7  # moves within the postcode sector
_HISTORY_FROM = day(1980, 1, 1)
_MOST_STAYS = 24
_DAYS = 2**17  # more than there are days to be born on
_BEFORE_BIRTH = 300  # days before birth from which a home can matter
_SLOTS = 2**5  # numbers of a family's homes: more than it has
_ARRIVED = 10**14  # numbers of histories that are a child's own: past those of any family
_ADOPTIVE = 10**12  # numbers of adoptive families: past those of any family or person


@dataclass(frozen=True)
class Identities:
    """Who each child truly is, row for row with People, before any system writes it down.

    child_id : the authority's own identifier; a new one after adoption or a move, so one per row
    upn : permanent pupil number, the same for a person everywhere, new on adoption; "" for a child who never gets one
    upn_from : first day a school has given it (September after the fourth birthday)
    nhs_number : ten digits with its check digit; new on adoption
    first_name, surname : as on the birth certificate (or adoption certificate)
    """

    child_id: Texts
    upn: Texts
    upn_from: Days
    nhs_number: Texts
    first_name: Texts
    surname: Texts


@dataclass(frozen=True)
class Homes:
    """Where each child lived: one row per stay, ordered by child and day; the first begins before anything is known."""

    child: Rows
    from_on: Days
    address: Texts
    postcode: Texts


def draw_identities(people: People, authority: Authority, seed: int) -> Identities:
    """Name and number every child; row for row with `people`."""
    school_from = _school_from(people, seed)
    return Identities(
        child_id=opaque_ids(seed, row_numbers(people), f"child {authority.position}"),
        upn=np.where(_is_at_school(people, seed), upns(seed, people, school_from), ""),
        upn_from=np.where(people.is_uasc, np.maximum(school_from, people.known_from + 30), school_from),
        nhs_number=nhs_numbers(seed, _nhs_serial(people)),
        first_name=_first_names(people, seed),
        surname=_surnames(people, seed),
    )


def row_numbers(people: People) -> Rows:
    """A number for each child as one authority knows her: own, arrived or adopted."""
    numbers: Rows = 3 * people.person + (people.identity == "arrived") + 2 * (people.identity == "adopted")
    return numbers


def households(people: People, seed: int) -> Rows:
    """The number of the family each child lives in: her own, or the one that adopted her."""
    together = uniform(seed, people.person, "adopted together") < ADOPTED_TOGETHER
    adoptive: Rows = _ADOPTIVE + 2 * np.where(together, people.family, people.person) + together
    numbers: Rows = np.where(people.identity == "adopted", adoptive, people.family)
    return numbers


def family_surnames(people: People, seed: int, about: str = "surname") -> Texts:
    """The surname of each child's family (her mother's); of another parent, or another person, by `about`."""
    return draw_surnames(seed, households(people, seed), draw_groups(seed, people.family, people.ethnicity), about)


def upns(seed: int, people: People, given_on: Days) -> Texts:
    """A permanent pupil number for each child, of the authority she was born in and the year it is given."""
    origin, number = _born_in(people.person)
    year = given_on.astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970
    # No serial comes twice, in any year, while an authority has fewer than 2.5 million children.
    serial = 4 * number + 2 * (people.person < 0) + (people.identity == "adopted")
    return pupil_numbers(seed, FIRST_CODE + origin, year, serial)


def _born_in(numbers: Rows) -> tuple[Rows, Rows]:
    """The position of the authority that each person or family first belonged to, and her number there.

    Numbers below 0 are of neighbours, whom social care never knows: -1 for the child 0, and so on.
    """
    return np.divmod(np.where(numbers < 0, -1 - numbers, numbers), PERSON_STEP)


def _nhs_serial(people: People) -> Rows:
    """Numbers that differ between all children of the country. Raises RequestError where an authority has too many."""
    origin, number = _born_in(people.person)
    which = np.where(people.person < 0, 2, (people.identity == "adopted").astype(np.int64))
    part = nhs_capacity() // MOST
    if 3 * int(number.max(initial=0)) + 2 >= part:
        raise RequestError(
            f"children: there are NHS numbers for {part // 3:,} children of one authority, and here are more"
        )
    serial: Rows = origin * part + 3 * number + which
    return serial


def _school_from(people: People, seed: int) -> Days:
    """September after the fourth birthday; a child who arrived alone goes to school or college some time after 15."""
    fourth = birthday(people.born, 4).astype("M8[D]").astype("M8[M]").astype(np.int64)
    starts = ((fourth + 4) // 12 * 12 + 8).astype("M8[M]").astype("M8[D]").astype(np.int64)
    later = birthday(people.born, 15) + (uniform(seed, people.person, "school, alone") * 2.5 * 365.25).astype(np.int64)
    return np.where(people.is_uasc, later, starts)


def _is_at_school(people: People, seed: int) -> Flags:
    """Whether she ever goes to a state school."""
    never = np.where(people.is_uasc, NEVER_AT_SCHOOL_ALONE, NEVER_AT_SCHOOL)
    at_school: Flags = uniform(seed, people.person, "never at a state school") >= never
    return at_school


def _first_names(people: People, seed: int) -> Texts:
    group = draw_groups(seed, people.family, people.ethnicity)
    renamed = (people.identity == "adopted") & (uniform(seed, people.person, "renamed") < RENAMED)
    names, new = (
        draw_first_names(seed, people.person, group, people.is_male, f"{which}first name") for which in ("", "new ")
    )
    names = np.where(renamed, new, names)
    # Twins are not called the same: the second has another draw. She is known by her number, not by her row.
    twin = people.twin_of
    second = (twin >= 0) & (people.person > people.person[twin])
    about = "twin's first name"
    while (again := np.flatnonzero(second & (names == names[twin]))).size:
        names[again] = draw_first_names(seed, people.person[again], group[again], people.is_male[again], about)
        about += ", again"
    return names


def _surnames(people: People, seed: int) -> Texts:
    """The family's; some siblings have their own father's. Twins have the same, being of one family and day."""
    group = draw_groups(seed, people.family, people.ethnicity)
    birth = people.family * _DAYS + people.born
    other = (uniform(seed, birth, "other father") < OTHER_FATHER) & (people.identity != "adopted")
    return np.where(other, draw_surnames(seed, birth, group, "father's surname"), family_surnames(people, seed))


def draw_homes(people: People, years: tuple[int, int], seed: int) -> Homes:
    """Where every child lived, from before she was born to the end of the last year.

    A family moves by its own calendar, which every authority knows alike. A child who arrived moves here on the day she
    becomes known, and later moves are within this authority; an adopted child has the history of her new family.
    """
    arrived = people.identity == "arrived"
    household = households(people, seed)
    # Children of a family share a history, but each who arrived has a day of her own.
    history = np.where(arrived, _ARRIVED + np.arange(len(people)), household)
    _, first, of = np.unique(history, return_index=True, return_inverse=True)
    household, is_new = household[first], arrived[first]
    settled = np.where(is_new, people.known_from[first], NEVER)
    from_on = np.column_stack([_calendar(household, years, seed), settled])
    order = np.argsort(from_on, axis=1, kind="stable")
    from_on = np.take_along_axis(from_on, order, axis=1)
    until = np.column_stack([from_on[:, 1:], np.full(household.size, NEVER)])
    child, stay = np.nonzero((from_on < NEVER)[of] & (until[of] > people.born[:, None] - _BEFORE_BIRTH))
    used, home = np.unique(of[child] * order.shape[1] + stay, return_inverse=True)
    family, slot = np.divmod(used, order.shape[1])
    is_here = (from_on[family, slot] >= settled[family]) | (people.identity[first] == "adopted")[family]
    position = np.where(is_here, _here(people), _born_in(people.family[first])[0][family])
    number = household[family] * _SLOTS + order[family, slot]
    place = places(seed, number, position, _sector(household[family], number, seed))
    return Homes(child, from_on[of[child], stay], addresses(seed, number, place)[home], postcodes(place)[home])


def _calendar(household: Rows, years: tuple[int, int], seed: int) -> Days:
    """The days on which each family moves house: household x stays, NEVER once the years are over."""
    each = household[:, None] * _SLOTS + np.arange(1, _MOST_STAYS)
    gap = np.ceil(-np.log1p(-uniform(seed, each, "move")) * 365.25 / MOVES).astype(np.int64)
    on = _HISTORY_FROM + np.cumsum(gap, axis=1)
    on = np.column_stack([np.full(household.size, _HISTORY_FROM), on])
    return np.where(on <= year_ends(years[1]), on, NEVER)


def _here(people: People) -> int:
    """The position of the authority whose children these are: where those who did not move were born."""
    own = _born_in(people.family[people.identity == "own"])[0]
    return int(np.bincount(own).argmax()) if own.size else 0


def _sector(household: Rows, number: Rows, seed: int) -> Rows:
    near = uniform(seed, number, "stays near") < STAYS_NEAR
    sector: Rows = (bits(seed, np.where(near, household, number), "sector") % np.uint64(SECTORS_EACH)).astype(np.int64)
    return sector
