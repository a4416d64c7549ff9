"""Made-up populations: kinds of need with known factors, hazards and costs, and how their cases run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from careloom.core import CatalogueError, Keys, read_toml

AGE_GROUPS = ("unborn", "<1", "1-4", "5-9", "10-15", "16-17")
AGE_BANDS = ("<1", "1-4", "5-9", "10-15", "16-17")
CLOCKS = ("re_referral", "repeat_plan", "re_entry")
CHANCES = ("not_in_need", "section_47", "conference", "plan", "care", "long_term", "disabled")
COSTS = ("placement_moves", "residential", "weekly_fee")
TOLERANCE = 1e-6  # shares are written with few decimals and have to add up as written
VARIES = (
    "referral_rate",
    "class_mix",
    "no_further_action",
    "not_in_need",
    "section_47",
    "plan",
    "care",
    "re_referral",
    "recording",
    "factor",
)


@dataclass(frozen=True)
class Kind:
    """One planted kind of need: an attribute of a referral and of every assessment made under it.

    key, name : as the truth files spell it, and for people
    share : of referrals, before authorities differ
    ages : shares of its referrals by AGE_GROUPS
    male : share of boys among them
    is_uasc : children who arrive alone; they enter care at once, and no other kind does so
    factors : probability of each indicator of the picture, independent given the kind; others are at background level
    not_in_need : chance that an assessment finds no need, the case then closing
    section_47, conference, plan : chances, when in need, that the highest rung at referral is an enquiry without a
        conference, a conference without a plan, a child protection plan; the rest are children in need only
    care : chance, when in need, of a first period of care
    long_term : chance, when in need only, that the case stays open for years (disabled children, mostly)
    disabled : share with a recorded disability
    needs, abuse : shares of primary need code and of the category of a plan
    hazards : log hazard ratio on each of CLOCKS against the reference kind
    placement_moves, residential, weekly_fee : cost intensity, as ratios to the common level of moves a year, of the odds
        of a children's home or other residential placement, and of the weekly fee
    """

    key: str
    name: str
    share: float
    ages: tuple[float, ...]
    male: float
    is_uasc: bool
    factors: Mapping[str, float]
    not_in_need: float
    section_47: float
    conference: float
    plan: float
    care: float
    long_term: float
    disabled: float
    needs: Mapping[str, float]
    abuse: Mapping[str, float]
    hazards: Mapping[str, float]
    placement_moves: float
    residential: float
    weekly_fee: float


@dataclass(frozen=True)
class PlantedClock:
    """A planted hazard: piecewise constant since time zero, proportional in kind, age band, sex and year of time zero.

    from_day : days since time zero at which each piece starts (the first is 0)
    per_year : events per child-year in each piece, for a girl of the reference kind and age band
    by_age : log hazard ratio by AGE_BANDS; the reference band has 0
    male : log hazard ratio of boys
    by_year : log hazard ratio by the collection year of time zero; years not named have 0
    """

    name: str
    from_day: tuple[int, ...]
    per_year: tuple[float, ...]
    by_age: Mapping[str, float]
    male: float
    by_year: Mapping[int, float]


@dataclass(frozen=True)
class Population:
    """A made-up country.

    ever_referred : share of children referred before 18
    first_ages : shares of age at first referral by AGE_GROUPS
    not_in_need_by_age, plan_by_age, care_by_age : odds, by AGE_GROUPS at referral, against those of the kind: that no
        need is found, of a first protection plan, of a first period of care
    same_kind : chance that a later referral is of the same kind as the one before; else it is drawn anew by age and sex
    background : probability of each indicator outside a kind's picture, in the order of the truth files
    referrals, arrivals : by collection year, first referrals and arrivals of unaccompanied children against the usual
    no_further_action : by collection year, share of referrals that lead to no assessment
    not_in_need, section_47 : by collection year, odds of these chances of every kind against the usual
    by_month : referrals by calendar month (January first) against the mean
    varies : how authorities differ: standard deviation on the log or logit scale, by VARIES
    moves : chance, each time a case closes, that the child's family has moved to another authority
    """

    name: str
    title: str
    why: str
    source: str
    reference: str
    ever_referred: float
    first_ages: tuple[float, ...]
    arrivals_per_1000_first_referrals: float
    not_in_need_by_age: tuple[float, ...]
    plan_by_age: tuple[float, ...]
    care_by_age: tuple[float, ...]
    same_kind: float
    background: Mapping[str, float]
    referrals: Mapping[int, float]
    arrivals: Mapping[int, float]
    no_further_action: Mapping[int, float]
    not_in_need: Mapping[int, float]
    section_47: Mapping[int, float]
    by_month: tuple[float, ...]
    varies: Mapping[str, float]
    moves: float
    kinds: tuple[Kind, ...]
    clocks: Mapping[str, PlantedClock]


def read_population(path: Path) -> Population:
    """Read a population. Raises CatalogueError for a share that is none, or a kind, clock or indicator that is not there."""
    keys = read_toml(path, CatalogueError)
    background = within(keys.table("background").numbers_by_name(), f"{keys.where} [background]", 0, 1)
    kinds = tuple(read_kind(item, background) for item in keys.tables("kind"))
    result = Population(
        name=path.stem,
        title=keys.text("title"),
        why=keys.text("why"),
        source=keys.text("source"),
        reference=keys.text("reference"),
        ever_referred=chance(keys, "ever_referred"),
        first_ages=shares(keys, "first_ages", len(AGE_GROUPS)),
        arrivals_per_1000_first_referrals=rate(keys, "arrivals_per_1000_first_referrals"),
        not_in_need_by_age=odds_by_age(keys, "not_in_need_by_age"),
        plan_by_age=odds_by_age(keys, "plan_by_age"),
        care_by_age=odds_by_age(keys, "care_by_age"),
        same_kind=chance(keys, "same_kind"),
        background=background,
        referrals=rates_by_year(keys, "referrals"),
        arrivals=rates_by_year(keys, "arrivals"),
        no_further_action=rates_by_year(keys, "no_further_action", most=1),
        not_in_need=odds_by_year(keys, "not_in_need"),
        section_47=odds_by_year(keys, "section_47"),
        by_month=months(keys, "by_month"),
        varies=within(by_names(keys, "varies", VARIES), f"{keys.where} [varies]", 0),
        moves=chance(keys, "moves"),
        kinds=kinds,
        clocks={name: read_clock(name, keys.table("clock").table(name)) for name in CLOCKS},
    )
    keys.done()
    if result.reference not in {kind.key for kind in kinds}:
        raise CatalogueError(f'{path.name}: "reference" names no kind; write one of {", ".join(k.key for k in kinds)}')
    if abs(sum(kind.share for kind in kinds) - 1) > TOLERANCE:
        raise CatalogueError(f'{path.name}: the "share" of all kinds should add up to 1')
    return result


def read_kind(keys: Keys, background: Mapping[str, float]) -> Kind:
    kind = Kind(
        key=keys.text("key"),
        name=keys.text("name"),
        share=chance(keys, "share"),
        ages=shares(keys, "ages", len(AGE_GROUPS)),
        male=chance(keys, "male"),
        is_uasc=keys.flag("is_uasc"),
        factors=within(keys.table("factors").numbers_by_name(), f"{keys.where} [factors]", 0, 1),
        **{name: chance(keys, name) for name in CHANCES},
        needs=mixed(keys, "needs"),
        abuse=mixed(keys, "abuse"),
        hazards=by_names(keys, "hazards", CLOCKS),
        **{name: rate(keys, name) for name in COSTS},
    )
    keys.done()
    for name in kind.factors.keys() - background.keys():
        raise CatalogueError(f'{keys.where} [factors]: "{name}" has no line under [background]')
    if kind.section_47 + kind.conference + kind.plan > 1:
        raise CatalogueError(f"{keys.where}: section_47, conference and plan together should not pass 1")
    return kind


def read_clock(name: str, keys: Keys) -> PlantedClock:
    clock = PlantedClock(
        name=name,
        from_day=tuple(int(day) for day in keys.numbers("from_day")),
        per_year=keys.numbers("per_year"),
        by_age=by_names(keys, "by_age", AGE_BANDS),
        male=keys.number("male"),
        by_year=by_year(keys, "by_year"),
    )
    keys.done()
    within(dict(enumerate(clock.per_year)), f"{keys.where}: per_year", 0)
    if len(clock.from_day) != len(clock.per_year) or clock.from_day[0] != 0:
        raise CatalogueError(f"{keys.where}: from_day should start at 0 and have as many days as per_year has rates")
    return clock


def within(values: dict[Any, float], where: str, low: float, high: float = math.inf) -> dict[Any, float]:
    """The values, each of which has to be a number from `low` to `high`."""
    for name, value in values.items():
        if not (low <= value <= high and math.isfinite(value)):
            raise CatalogueError(
                f'{where}: "{name}" should be {low} or more{f" and {high} or less" if high < math.inf else ""}'
            )
    return values


def chance(keys: Keys, key: str) -> float:
    return within({key: keys.number(key)}, keys.where, 0, 1)[key]


def rate(keys: Keys, key: str) -> float:
    return within({key: keys.number(key)}, keys.where, 0)[key]


def rates_by_year(keys: Keys, key: str, most: float = math.inf) -> dict[int, float]:
    """Take a table of rates, one year at least, not all of them nil."""
    values = within(by_year(keys, key), f"{keys.where} [{key}]", 0, most)
    if not any(values.values()):
        raise CatalogueError(f"{keys.where} [{key}]: there should be a year with more than 0")
    return values


def months(keys: Keys, key: str) -> tuple[float, ...]:
    values = keys.numbers(key)
    if len(values) != 12 or not (min(values) >= 0 and 0 < sum(values) < math.inf):
        raise CatalogueError(f'{keys.where}: "{key}" should be 12 numbers, January first, none below 0')
    return values


def shares(keys: Keys, key: str, many: int) -> tuple[float, ...]:
    """Take a list of `many` shares that add up to 1."""
    values = keys.numbers(key)
    if len(values) != many or min(values) < 0 or not abs(sum(values) - 1) <= TOLERANCE:
        raise CatalogueError(f'{keys.where}: "{key}" should be {many} shares that add up to 1')
    return values


def odds_by_age(keys: Keys, key: str) -> tuple[float, ...]:
    """Take a list of odds ratios by AGE_GROUPS; all are 1 where none is written."""
    values = keys.numbers(key) if key in keys.values else (1.0,) * len(AGE_GROUPS)
    if len(values) != len(AGE_GROUPS) or min(values) <= 0:
        raise CatalogueError(f'{keys.where}: "{key}" should be {len(AGE_GROUPS)} odds ratios, each more than 0')
    return values


def odds_by_year(keys: Keys, key: str) -> dict[int, float]:
    """Take a table of odds ratios by collection year; all are 1 where none is written."""
    values = by_year(keys, key) if key in keys.values else {0: 1.0}
    if not values or min(values.values()) <= 0:
        raise CatalogueError(f"{keys.where} [{key}]: there should be odds ratios, each more than 0")
    return values


def mixed(keys: Keys, key: str) -> dict[str, float]:
    """Take a table of shares that add up to 1."""
    values = keys.table(key).numbers_by_name()
    if not abs(sum(values.values()) - 1) <= TOLERANCE:
        raise CatalogueError(f"{keys.where} [{key}]: the shares should add up to 1")
    return values


def by_names(keys: Keys, key: str, names: tuple[str, ...]) -> dict[str, float]:
    """Take a table with a number for each of `names`, in their order."""
    inner = keys.table(key)
    values = {name: inner.number(name) for name in names}
    inner.done()
    return values


def by_year(keys: Keys, key: str) -> dict[int, float]:
    """Take a table of numbers by collection year."""
    values = keys.table(key).numbers_by_name()
    if any(not year.isdigit() for year in values):
        raise CatalogueError(f"{keys.where} [{key}]: the keys should be years")
    return {int(year): value for year, value in values.items()}
