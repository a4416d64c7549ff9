"""What schools know: the January pupil roll, two terms of attendance, and suspensions and permanent exclusions.

The roll holds the children of World and as many neighbours again, whom social care never knew. A census reaches as far
as the collection year: attendance and exclusions are of the autumn term and of the spring term up to 31 March.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from careloom.catalogue import Population
from careloom.catalogue.recordings import Recording
from careloom.synth.aside import Aside, Trace
from careloom.synth.days import NEVER, Days, day, weekday_from
from careloom.synth.draws import choose, generator, uniform
from careloom.synth.files.table import iso_text, write_csv
from careloom.synth.who.identity import Homes, Identities, upns
from careloom.synth.who.numbers import temporary
from careloom.synth.who.recording import MISSING, Recorded, record
from careloom.synth.who.residents import Residents, draw_residents, latest_kind
from careloom.synth.world import Floats, People, Rows, Texts, World

SYSTEM = "education"

ABSENT = 0.047  # share of sessions missed by a child not known to social care
ABSENT_BY_FACTOR = 0.25  # and this much more of it for each factor that the kind of need has on average
ABSENT_BY_EXPLOITATION = 0.10  # on top, as a share of sessions, where the kind is sure to hold exploitation or missing
UNAUTHORISED = 0.25  # share of absence, which exploitation raises to
UNAUTHORISED_IF_EXPLOITED = 0.75
EXPLOITATION = ("10A", "11A", "12A", "13A", "24A")
TERMS = ("Autumn", "Spring")
LAST_OF_PRIMARY, LAST_GROUP = 6, 11  # year groups; Reception is 0

# Suspensions in two terms of a girl at secondary school not known to social care, and what multiplies them
SUSPENDED = 0.025
_PRIMARY, _BOY, _SUSPENDED_BY_FACTOR, _SUSPENDED_BY_EXPLOITATION = 0.2, 2.2, 0.35, 6.0
_PERMANENT = 0.03  # of a pupil's last exclusions of the year
_REASONS = {"DB": 0.36, "VA": 0.17, "PP": 0.18, "PA": 0.08, "VP": 0.05, "DA": 0.05, "BU": 0.02, "TH": 0.01, "OT": 0.08}
_SUSPENSION_SINCE = 2022  # what was FIXD is SUSP

_RESIDENTS_A_PRIMARY, _RESIDENTS_A_SECONDARY = 600, 1500  # residents of any age for each school of the stage
_PLACES = ("Fen", "Lark", "Thorn", "Quill", "Hob", "Pell", "Wren", "Brack", "Sel", "Dun", "Orr", "Tarn", "Moss", "Yew")
_ENDINGS = ("wick", "combe", "stead", "hythe", "mere", "garth", "low", "den", "by", "ford", "well", "holt")
_LANGUAGE = {"ABAN": "BNG", "APKN": "URD", "AIND": "PNJ", "WOTH": "POL", "BAFR": "SOM", "CHNE": "CHI", "OOTH": "ARA"}
_SPEAKS_IT = 0.45
_FREE_MEALS, _FREE_MEALS_BY_FACTOR = 0.15, 0.08
_SEN = ((0.025, 0.11), (0.05, 0.22), (0.55, 0.30))  # shares of E and K: unknown to social care, known, disabled
_HAD_TEMPORARY_UPN = 0.03


@dataclass(frozen=True)
class Schools:
    """The schools of an authority: seven digits that stand for them, and their names; primaries come first."""

    laestab: Texts
    name: Texts
    primaries: int

    def of(self, family: Rows, group: Rows, seed: int) -> Rows:
        """The school of each child: brothers and sisters go to the same primary, and the same secondary."""
        primary = choose(seed, family, "primary school", np.ones(self.primaries))
        secondary = choose(seed, family, "secondary school", np.ones(self.laestab.size - self.primaries))
        return np.where(group <= LAST_OF_PRIMARY, primary, self.primaries + secondary)


def draw_schools(world: World, residents: Residents) -> Schools:
    """Enough schools for the children, with made-up names."""
    many = len(residents)
    primaries, secondaries = max(2, many // _RESIDENTS_A_PRIMARY), max(2, many // _RESIDENTS_A_SECONDARY)
    number = [*(2001 + i for i in range(primaries)), *(4001 + i for i in range(secondaries))]
    places = [_PLACES[i % len(_PLACES)] + _ENDINGS[i // len(_PLACES) % len(_ENDINGS)] for i in range(len(number))]
    stage = np.where(np.arange(len(number)) < primaries, " Primary School", " Academy")
    return Schools(
        laestab=np.array([f"{world.authority.code}{n}" for n in number]),
        name=np.char.add(np.array(places), stage),
        primaries=primaries,
    )


def year_group(born: Days, on: Days) -> Rows:
    """National curriculum year on a day, which changes on 1 September; 0 is Reception, negative before it."""
    # Months since 1970 moved on by four: years that begin in September, named by the August in which they end.
    cohort, year = ((days.astype("M8[D]").astype("M8[M]").astype(np.int64) + 4) // 12 for days in (born, on))
    group: Rows = year - cohort - 5
    return group


def mean_factors(population: Population) -> Floats:
    """Mean number of factors at an assessment of each kind, and 0 last for a child with no referral."""
    background = population.background
    return np.array([*(sum({**background, **kind.factors}.values()) for kind in population.kinds), 0.0])


def exploited(population: Population) -> Floats:
    """Chance that an assessment of each kind shows exploitation or missing, and 0 last for a child with no referral."""
    background = population.background
    chances = [[{**background, **kind.factors}.get(code, 0.0) for code in EXPLOITATION] for kind in population.kinds]
    return np.append(1 - np.prod(1 - np.array(chances), axis=1), 0.0)


@dataclass(frozen=True)
class Pupils:
    """One row per child on the roll of one January, ordered by January and StudentID, and what the census says of her.

    child, school, kind : positions in Residents, Schools and the kinds of need (-1 for a child not yet referred)
    entered : first day at the school
    """

    year: Rows
    child: Rows
    school: Rows
    kind: Rows
    group: Rows
    entered: Days
    student: Texts
    recorded: Recorded

    def of(self, year: int) -> slice:
        """Rows of one January."""
        return slice(int(np.searchsorted(self.year, year)), int(np.searchsorted(self.year, year + 1)))


def write_education(
    folder: Path, world: World, identities: Identities, homes: Homes, recording: Recording, seed: int
) -> Aside:
    """Write the pupil roll, attendance and exclusions of each year; Aside: whose each StudentID of the roll is."""
    rng = generator(seed, world.authority.position, SYSTEM)
    residents = draw_residents(world, identities, homes, seed)
    schools = draw_schools(world, residents)
    pupils = _on_roll(world, residents, schools, recording, seed, rng)
    roll = _roll(world, residents, pupils, schools, seed)
    rows, attendance = _attendance(world, residents, pupils, schools, seed, rng)
    whose, exclusions = _exclusions(world, residents, pupils, schools, rng)
    for year in range(world.years[0], world.years[1] + 1):
        tables = (("pupil_roll", pupils.year, roll), ("attendance", pupils.year[rows], attendance))
        for name, of_year, columns in (*tables, ("exclusions", pupils.year[whose], exclusions)):
            here = pa.array(np.flatnonzero(of_year == year))
            write_csv(folder / SYSTEM / f"{name}_{year}.csv", {k: column.take(here) for k, column in columns.items()})
    children, first = np.unique(pupils.child, return_index=True)
    return Aside((Trace(SYSTEM, pupils.student[first], residents.people.person[children]),))


def census_day(year: int) -> int:
    """The third Thursday of January: day 0 was a Thursday."""
    return -(-day(year, 1, 1) // 7) * 7 + 14


def _on_roll(
    world: World, residents: Residents, schools: Schools, recording: Recording, seed: int, rng: np.random.Generator
) -> Pupils:
    """Children from Reception to year 11 who live here on census day, have a pupil number and have begun school."""
    years = np.arange(world.years[0], world.years[1] + 1)
    on = np.array([census_day(int(year)) for year in years])
    number = 100_000 + rng.permutation(len(residents))
    student = np.char.add("S", number.astype(str))
    position, child = (each.ravel() for each in np.meshgrid(np.arange(years.size), np.argsort(number), indexing="ij"))
    group = year_group(residents.people.born[child], on[position])
    entered = _entered(residents, child, group, years[position])
    has_upn = (residents.identities.upn[child] != "") & (residents.identities.upn_from[child] <= on[position])
    here = (residents.from_on[child] <= on[position]) & (on[position] < residents.until_on[child])
    kept = (group >= 0) & (group <= LAST_GROUP) & here & has_upn & (entered <= on[position])
    position, child, group = position[kept], child[kept], group[kept]
    people, identities = residents.people, residents.identities
    return Pupils(
        year=years[position],
        child=child,
        school=schools.of(people.family[child], group, seed),
        kind=latest_kind(world, child, on[position]),
        group=group,
        entered=entered[kept],
        student=student[child],
        recorded=record(SYSTEM, child, on[position], people, identities, residents.homes, recording, seed),
    )


def _entered(residents: Residents, child: Rows, group: Rows, year: Rows) -> Days:
    """September of Reception or of year 7, or two weeks after a later arrival."""
    first_year = np.where(group <= LAST_OF_PRIMARY, 0, 7)
    september = (year - 1 - (group - first_year) - 1970).astype("M8[Y]").astype("M8[M]") + 8
    opens = september.astype("M8[D]").astype(np.int64)
    return weekday_from(np.maximum(opens, residents.from_on[child] + 14))


def _roll(world: World, residents: Residents, pupils: Pupils, schools: Schools, seed: int) -> dict[str, pa.Array]:
    """The columns of the pupil roll, named as in the school census and the common transfer file."""
    people, told, child = residents.people, pupils.recorded, pupils.child
    draws = {
        about: uniform(seed, people.person, about)[child] for about in ("known as", "sen", "fsm", "dual", "language")
    }
    surname = pa.array(told.surname)
    other = residents.identities.surname[(people.person[child] * 7919) % len(residents)]
    known_as = pc.if_else(pa.array(draws["known as"] < 0.03), pa.array(other), surname)
    return {
        "StudentID": pa.array(pupils.student),
        "UPN": pa.array(told.upn),
        "FormerUPN": _former_upn(residents, pupils, seed),
        "Surname": surname,
        "Forename": pa.array(told.first_name),
        "PreferredSurname": known_as,
        "DOB": iso_text(np.where(told.born_on == MISSING, NEVER, told.born_on)),
        "Gender": pa.array(told.sex),
        "Ethnicity": pa.array(told.ethnicity),
        "Language": _language(people, child, draws["language"]),
        "PostCode": pa.array(told.postcode),
        "LAESTAB": pa.array(schools.laestab).take(pa.array(pupils.school)),
        "SchoolName": pa.array(schools.name).take(pa.array(pupils.school)),
        "NCyearActual": pa.array(["R", *(str(n) for n in range(1, 12))]).take(pa.array(pupils.group)),
        "EnrolStatus": pa.array(["C", "M"]).take(pa.array((draws["dual"] < 0.015).astype(np.int64))),
        "EntryDate": iso_text(pupils.entered),
        "FSMeligible": _free_meals(world, pupils, draws["fsm"]),
        "SENprovision": _sen(people, pupils, draws["sen"]),
    }


def _former_upn(residents: Residents, pupils: Pupils, seed: int) -> pa.Array:
    """The temporary number that some pupils had before; none leads back from an adopted child to who she was."""
    people, given_on = residents.people, residents.identities.upn_from
    had_one = (uniform(seed, people.person, "temporary upn") < _HAD_TEMPORARY_UPN) & (people.identity != "adopted")
    # A number that would have been given the year before is nobody's.
    return pa.array(np.where(had_one, temporary(upns(seed, people, given_on - 365)), "")[pupils.child])


def _language(people: People, child: Rows, drawn: Floats) -> pa.Array:
    """Home language: of the ethnic group, where the family speaks it and always where a child arrived alone."""
    names = ["ENG", "OTH", *sorted(set(_LANGUAGE.values()))]
    groups, group = np.unique(people.ethnicity[child], return_inverse=True)
    own = np.array([names.index(_LANGUAGE.get(str(each), "ENG")) for each in groups], dtype=np.int64)[group]
    alone = people.is_uasc[child]
    own = np.where(alone & (own == 0), names.index("OTH"), own)
    return pa.array(names).take(pa.array(np.where(alone | (drawn < _SPEAKS_IT), own, 0)))


def _free_meals(world: World, pupils: Pupils, drawn: Floats) -> pa.Array:
    chance = _FREE_MEALS + _FREE_MEALS_BY_FACTOR * mean_factors(world.population)[pupils.kind]
    return pa.array(["N", "Y"]).take(pa.array((drawn < chance).astype(np.int64)))


def _sen(people: People, pupils: Pupils, drawn: Floats) -> pa.Array:
    """N, K (SEN support) or E (education, health and care plan), far more often for disabled children."""
    disabled = np.any(people.disabilities[pupils.child], axis=1)
    group = np.where(disabled, 2, (pupils.kind >= 0).astype(np.int64))
    has_plan, has_support = np.array(_SEN)[group].T
    return pa.array(["N", "K", "E"]).take(
        pa.array((drawn < has_plan + has_support) + (drawn < has_plan).astype(np.int64))
    )


def school_days(year: int) -> tuple[Days, Days]:
    """School days of the autumn term before the January of `year`, and of the spring term up to 31 March."""
    ranges = (((9, 3), (10, 27), (11, 3), (12, 20)), ((1, 5), (2, 15), (2, 22), (3, 31)))
    terms = []
    for of, dates in zip((year - 1, year), ranges, strict=True):
        starts, half, resumes, ends = (day(of, *each) for each in dates)
        days = np.arange(starts, ends + 1)
        terms.append(days[np.is_busday(days.astype("M8[D]")) & ((days < half) | (days >= resumes))])
    return terms[0], terms[1]


def _attendance(
    world: World, residents: Residents, pupils: Pupils, schools: Schools, seed: int, rng: np.random.Generator
) -> tuple[Rows, dict[str, pa.Array]]:
    """Pupil and columns of each term attended: see ABSENT for who misses how much."""
    possible = np.zeros((pupils.year.size, len(TERMS)), dtype=np.int64)
    for year in range(world.years[0], world.years[1] + 1):
        of_year = pupils.of(year)
        for place, days in enumerate(school_days(year)):
            possible[of_year, place] = 2 * (days.size - np.searchsorted(days, pupils.entered[of_year]))
    rows, term = np.nonzero(possible)
    sessions, kind = possible[rows, term], pupils.kind[rows]
    at_risk = exploited(world.population)[kind]
    share = ABSENT * (1 + ABSENT_BY_FACTOR * mean_factors(world.population)[kind]) + ABSENT_BY_EXPLOITATION * at_risk
    often = -np.log1p(-uniform(seed, residents.people.person, "absence"))[
        pupils.child[rows]
    ]  # mean 1, the same all years
    absent = np.minimum(rng.poisson(sessions * share * often), sessions)
    unauthorised = rng.binomial(absent, UNAUTHORISED + (UNAUTHORISED_IF_EXPLOITED - UNAUTHORISED) * at_risk)
    ends = pupils.year[rows]
    return rows, {
        "UPN": pa.array(pupils.recorded.upn).take(pa.array(rows)),
        "LAESTAB": pa.array(schools.laestab).take(pa.array(pupils.school[rows])),
        "SchoolName": pa.array(schools.name).take(pa.array(pupils.school[rows])),
        "AcademicYear": pa.array([f"{y - 1}/{y % 100:02d}" for y in range(1990, 2100)]).take(pa.array(ends - 1990)),
        "Term": pa.array(list(TERMS)).take(pa.array(term)),
        "SessionsPossible": pa.array(sessions),
        "SessionsAttended": pa.array(sessions - absent),
        "SessionsAuthorised": pa.array(absent - unauthorised),
        "SessionsUnauthorised": pa.array(unauthorised),
    }


def _exclusions(
    world: World, residents: Residents, pupils: Pupils, schools: Schools, rng: np.random.Generator
) -> tuple[Rows, dict[str, pa.Array]]:
    """Pupil and columns of each suspension; the last of a pupil's year is now and then a permanent exclusion."""
    risk = 1 + _SUSPENDED_BY_FACTOR * mean_factors(world.population)[pupils.kind]
    risk += _SUSPENDED_BY_EXPLOITATION * exploited(world.population)[pupils.kind]
    risk *= np.where(pupils.group <= LAST_OF_PRIMARY, _PRIMARY, 1.0)
    risk *= np.where(residents.people.is_male[pupils.child], _BOY, 1.0)
    many = rng.poisson(SUSPENDED * risk * rng.exponential(size=risk.size))
    rows = np.repeat(np.arange(many.size), many)
    on = _school_day_of(world, pupils, rows, rng)
    order = np.lexsort((on, rows))
    rows, on = rows[order], on[order]
    is_last = np.append(rows[1:] != rows[:-1], True)[: rows.size]
    for_good = is_last & (rng.random(rows.size) < _PERMANENT)
    sessions = 1 + rng.poisson(3, size=rows.size)
    category = np.where(for_good, 0, np.where(pupils.year[rows] >= _SUSPENSION_SINCE, 1, 2))
    reason = rng.choice(len(_REASONS), size=rows.size, p=list(_REASONS.values()))
    return rows, {
        "UPN": pa.array(pupils.recorded.upn).take(pa.array(rows)),
        "LAESTAB": pa.array(schools.laestab).take(pa.array(pupils.school[rows])),
        "ExclusionStartDate": iso_text(on),
        "ExclusionCategory": pa.array(["PERM", "SUSP", "FIXD"]).take(pa.array(category)),
        "ExclusionReason": pa.array(list(_REASONS)).take(pa.array(reason)),
        "SessionsExcluded": pa.array(sessions, mask=for_good),
    }


def _school_day_of(world: World, pupils: Pupils, rows: Rows, rng: np.random.Generator) -> Days:
    """A day of the two terms on which each pupil was at the school, all as likely."""
    years = range(world.years[0], world.years[1] + 1)
    days = np.concatenate([term for year in years for term in school_days(year)])
    opens, ends = np.array([(day(year - 1, 9, 1), day(year, 3, 31)) for year in years])[pupils.year[rows] - years[0]].T
    low = np.searchsorted(days, np.maximum(opens, pupils.entered[rows]))
    high = np.searchsorted(days, ends, side="right")
    on: Days = days[low + (rng.random(rows.size) * (high - low)).astype(np.int64)]
    return on
