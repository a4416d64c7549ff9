"""The children of an authority who ever come to notice: who they are, their families, and when they are first referred."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from careloom.catalogue import Population
from careloom.catalogue.population import AGE_GROUPS
from careloom.synth.chance import choose_by, happens
from careloom.synth.days import Days, Flags, birthday, collection_year
from careloom.synth.world import Authority, Floats, Rows, Texts

DISABILITIES = ("LD", "AUT", "BEH", "COMM", "MOB", "PC", "INC", "HAND", "HEAR", "VIS", "CON", "DDA")
PERSON_STEP = 10_000_000  # person numbers of one authority leave room for this many
MALE = 0.53  # boys come to notice a little more often than they are born
# Age in days at first referral, by AGE_GROUPS
_AGE_DAYS = np.array([(-180, -20), (0, 366), (366, 1827), (1827, 3653), (3653, 5844), (5844, 6560)])
_ARRIVAL_DAYS = ((5100, 5844, 6210, 6540), (0.17, 0.45, 0.38))  # UASC by age: bounds in days, shares
_ARRIVAL_MALE = 0.94
_UNBORN_SEEN = 180  # days before birth from which a referral can come
# Shares of families by how many of their children come to notice; twins are extra
_FAMILY_SIZES = (0.46, 0.28, 0.16, 0.10)
_TWIN = 0.015
_SIBLING_GAP = (300, 1700)
# Made up from the mix of children in need at 31 March 2019 by main group, codes within it by judgement
ETHNICITY = {
    "WBRI": 0.640, "WOTH": 0.058, "WIRI": 0.006, "WIRT": 0.006, "WROM": 0.008, "MWBC": 0.033, "MWBA": 0.012,
    "MWAS": 0.014, "MOTH": 0.026, "AIND": 0.012, "APKN": 0.030, "ABAN": 0.014, "AOTH": 0.019, "BCRB": 0.021,
    "BAFR": 0.046, "BOTH": 0.019, "CHNE": 0.002, "OOTH": 0.028, "REFU": 0.006,
}  # fmt: skip
MAIN_GROUPS = ("White", "Mixed", "Asian", "Black", "Other")
_MAIN_GROUP = {"W": 0, "M": 1, "A": 2, "B": 3}  # by first letter of the code
# Odds of a first period of care against those of the kind, by MAIN_GROUPS: made up so that the mix of children looked
# after comes near to that published (DfE, Children looked after in England, 2020 to 2024), given that of children in need
CARE_BY_ETHNIC_GROUP = np.array([1.09, 1.27, 0.45, 0.65, 0.48])
# Unaccompanied children by main group, as those looked after on 31 March 2020
ARRIVED_FROM = {"OOTH": 0.37, "BAFR": 0.30, "AOTH": 0.20, "WOTH": 0.08, "ABAN": 0.04, "MOTH": 0.01}


@dataclass(frozen=True)
class Children:
    """One row per true child, before anything has happened; `kind` is that of the first referral."""

    person: Rows
    family: Rows
    is_male: Flags
    is_uasc: Flags
    born: Days
    due: Days
    ethnicity: Texts
    twin_of: Rows
    first_referred: Days
    kind: Rows

    def __len__(self) -> int:
        return len(self.born)

    @property
    def ethnic_group(self) -> Rows:
        """Position in MAIN_GROUPS of each child."""
        letter = np.strings.slice(self.ethnicity, 1)
        return np.select([letter == first for first in _MAIN_GROUP], list(_MAIN_GROUP.values()), len(_MAIN_GROUP))

    @property
    def adult(self) -> Days:
        """The 18th birthday, on which observation ends."""
        return birthday(self.born, 18)


def draw_children(
    population: Population,
    authority: Authority,
    births: float,
    span: tuple[int, int],
    rng: np.random.Generator,
) -> Children:
    """Every child born in the authority, or arrived there alone, who is referred before 18 and under 18 within `span`.

    births : children born a year in an authority of mean size
    span : first and last day of interest
    """
    kinds = population.kinds
    rate = births * authority.size * population.ever_referred * np.exp(authority.effects["referral_rate"])
    most = max(population.referrals.values()) * max(population.by_month)
    born, family, twin_of = _families(rng, rate * most, span)  # more than come, to be thinned by year and month
    is_male = rng.random(born.size) < MALE
    group = rng.choice(len(AGE_GROUPS), size=born.size, p=population.first_ages)
    referred = born + rng.integers(_AGE_DAYS[group, 0], _AGE_DAYS[group, 1])
    kind = draw_kind(population, authority, group, is_male, rng)
    alone = _arrivals(population, rate, span, rng)
    many = alone.size
    uasc = next((i for i, each in enumerate(kinds) if each.is_uasc), 0)
    age = _arrival_age(rng, many)
    is_uasc = np.arange(born.size + many) >= born.size
    drawn = Children(
        person=authority.position * PERSON_STEP + np.arange(born.size + many),
        family=authority.position * PERSON_STEP + np.concatenate([family, born.size + np.arange(many)]),
        is_male=np.concatenate([is_male, rng.random(many) < _ARRIVAL_MALE]),
        is_uasc=is_uasc,
        born=np.concatenate([born, alone - age]),
        due=np.concatenate([born, alone - age]) + rng.integers(-10, 11, size=born.size + many),
        ethnicity=_ethnicity(np.concatenate([family, born.size + np.arange(many)]), is_uasc, rng),
        twin_of=np.concatenate([twin_of, np.full(many, -1)]),
        first_referred=np.concatenate([referred, alone]),
        kind=np.concatenate([kind, np.full(many, uasc)]),
    )
    return _only(drawn, _comes(population, drawn, most, span[1], rng))


def draw_kind(
    population: Population, authority: Authority, group: Rows, is_male: Flags, rng: np.random.Generator
) -> Rows:
    """The kind of need of each referral by age group and sex; children who arrive alone have a kind of their own."""
    kinds = population.kinds
    size = np.array([0.0 if k.is_uasc else k.share for k in kinds]) * np.exp(authority.mix)
    by_age = np.array([k.ages for k in kinds])  # kind x group
    by_sex = np.array([(1 - k.male, k.male) for k in kinds])  # kind x sex
    weights: Floats = (size * by_age.T[group]) * by_sex.T[is_male.astype(np.int64)]
    return choose_by(rng, weights)


def age_group(born: Days, on: Days) -> Rows:
    """Position in AGE_GROUPS of each child on a day."""
    group: Rows = (on >= born).astype(np.int64)
    for age in (1, 5, 10, 16):
        group += on >= birthday(born, age)
    return group


def in_year(values: Mapping[int, float], year: Days) -> Floats:
    """The value of each collection year; a year before the first or after the last takes the nearest."""
    years = np.array(sorted(values))
    nearest = np.searchsorted(years, year).clip(max=years.size - 1)
    found: Floats = np.array([values[int(y)] for y in years])[nearest]
    return found


def _families(rng: np.random.Generator, rate: float, span: tuple[int, int]) -> tuple[Days, Rows, Rows]:
    """Births, `rate` a year, with the family of each; siblings are born months or years apart, twins on one day."""
    from_day, to_day = span[0] - 18 * 366, span[1] + _UNBORN_SEEN
    mean_size = float(np.dot(_FAMILY_SIZES, np.arange(1, len(_FAMILY_SIZES) + 1))) * (1 + _TWIN)
    families = rng.poisson(rate * (to_day - from_day) / 365.25 / mean_size)
    size = rng.choice(len(_FAMILY_SIZES), size=families, p=_FAMILY_SIZES) + 1
    family = np.repeat(np.arange(families), size)
    gap = rng.integers(*_SIBLING_GAP, size=family.size)
    is_first = np.concatenate([[True], family[1:] != family[:-1]])[: family.size]
    since = np.cumsum(np.where(is_first, 0, gap))
    since -= np.repeat(since[is_first], size)
    # Families run past both ends of the span and come back at the other, so that births are even over it.
    born = from_day + (rng.integers(0, to_day - from_day, size=families)[family] + since) % (to_day - from_day)
    twins = np.flatnonzero(rng.random(family.size) < _TWIN)
    twin_of = np.concatenate([np.full(family.size, -1), twins])
    return np.concatenate([born, born[twins]]), np.concatenate([family, family[twins]]), twin_of


def _arrivals(population: Population, rate: float, span: tuple[int, int], rng: np.random.Generator) -> Days:
    """Days on which children arrive alone, from early enough that some are still here when the span opens."""
    if not any(kind.is_uasc for kind in population.kinds):
        return np.empty(0, dtype=np.int64)
    from_day, to_day = span[0] - 4 * 365, span[1]
    most = max(population.arrivals.values())
    expected = rate * population.arrivals_per_1000_first_referrals / 1000 * (to_day - from_day) / 365.25
    days = rng.integers(from_day, to_day + 1, size=rng.poisson(expected * most))
    return days[happens(rng, in_year(population.arrivals, collection_year(days)) / most)]


def _arrival_age(rng: np.random.Generator, many: int) -> Days:
    bounds, shares = _ARRIVAL_DAYS
    band = rng.choice(len(shares), size=many, p=shares)
    return rng.integers(np.array(bounds)[band], np.array(bounds)[band + 1])


def _comes(population: Population, children: Children, most: float, last_day: int, rng: np.random.Generator) -> Flags:
    """Whether the first referral comes about: by year and month, and never after the span, nor at 18 or older."""
    on = children.first_referred
    month = on.astype("M8[D]").astype("M8[M]").astype(np.int64) % 12
    weight = in_year(population.referrals, collection_year(on)) * np.array(population.by_month)[month]
    comes = children.is_uasc | happens(rng, weight / most)
    kept: Flags = comes & (on <= last_day) & (on < children.adult)
    return kept


def _ethnicity(family: Rows, is_uasc: Flags, rng: np.random.Generator) -> Texts:
    """One ethnic group to a family."""
    codes, shares = np.array(list(ETHNICITY)), np.array(list(ETHNICITY.values()))
    of_family = rng.choice(codes, size=int(family.max(initial=-1)) + 1, p=shares / shares.sum())
    arrived = rng.choice(list(ARRIVED_FROM), size=family.size, p=list(ARRIVED_FROM.values()))
    return np.where(is_uasc, arrived, of_family[family])


def _only(children: Children, kept: Flags) -> Children:
    """Some of the children; a twin whose other is left out is no twin."""
    columns = {name: column[kept] for name, column in vars(children).items()}
    new_row = np.where(kept, np.cumsum(kept) - 1, -1)
    columns["twin_of"] = np.where(columns["twin_of"] >= 0, new_row[columns["twin_of"]], -1)
    return Children(**columns)
