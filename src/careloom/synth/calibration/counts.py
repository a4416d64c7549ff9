"""Counts that suffice to compare a made-up England with published figures: added up by authority, none kept of a child.

A statistic is a table of numerators and denominators, group by collection year. What is counted is what the returns
would show on each 31 March, and a child is one row of People, as the Department for Education goes by an authority's
own identifier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from careloom.synth.days import Days, Flags, year_ends
from careloom.synth.world import Floats, Rows, Texts

HORIZON = 2200  # days for which children are followed: a little over six years
SPREAD = (
    "referrals",
    "re_referrals_within_12_months",
    "no_further_action",
    "factors_per_case",
    "section_47_enquiries",
    "protection_plans_started",
    "children_in_need_at_31_march",
    "looked_after_at_31_march",
)  # statistics of which each authority's own value is kept


@dataclass(frozen=True)
class Table:
    """One statistic: numerators and denominators, both group x year."""

    groups: tuple[str, ...]
    over: Floats
    under: Floats

    def __add__(self, other: Table) -> Table:
        return Table(self.groups, self.over + other.over, self.under + other.under)


@dataclass(frozen=True)
class Counts:
    """What was counted in one authority, or in several together.

    years : first and last collection year
    tables : by name of the statistic
    leaving : by name of what is followed, the number of events and of censorings on each day since time zero,
        shape (2, HORIZON + 2); who is followed for longer stands in the last column, as a censoring
    authorities : for each authority its own value, as a ratio by year, of the statistics in SPREAD
    """

    years: tuple[int, int]
    tables: Mapping[str, Table]
    leaving: Mapping[str, Floats]
    authorities: tuple[Mapping[str, Floats], ...]

    def __add__(self, other: Counts) -> Counts:
        if self.years != other.years:
            raise ValueError("counts of different years cannot be added")
        return Counts(
            self.years,
            {name: table + other.tables[name] for name, table in self.tables.items()},
            {name: days + other.leaving[name] for name, days in self.leaving.items()},
            self.authorities + other.authorities,
        )

    def ratio(self, statistic: str, group: str, year: int | None) -> float:
        """Numerator by denominator in one year, or over all; nan when nothing of the kind was counted."""
        table = self.tables.get(statistic)
        if table is None or group not in table.groups:
            return float("nan")
        row = table.groups.index(group)
        at = slice(None) if year is None else slice(year - self.years[0], year - self.years[0] + 1)
        under = table.under[row, at].sum()
        return float(table.over[row, at].sum() / under) if under else float("nan")


class Tally:
    """Adds up the tables of one authority; `year` is always the collection year of each thing counted."""

    def __init__(self, years: tuple[int, int], population: Mapping[int, float]) -> None:
        self.years = np.arange(years[0], years[1] + 1)
        self.children = np.array([population[int(year)] for year in self.years], dtype=np.float64)
        self.last_day = year_ends(years[1])
        self.tables: dict[str, Table] = {}
        self.leaving: dict[str, Floats] = {}

    def rate(self, statistic: str, year: Days) -> None:
        """How many there were, for each child of the population."""
        self.tables[statistic] = Table(("",), self._count(year), self.children[None, :])

    def lifetime(self, statistic: str, groups: Mapping[str, Days]) -> None:
        """First events of a life, for each child of one year of age: the share who ever have one, were all years alike."""
        over = np.concatenate([self._count(year) for year in groups.values()])
        self.tables[statistic] = Table(tuple(groups), over, np.tile(self.children / 18, (len(groups), 1)))

    def share(self, statistic: str, year: Days, is_so: Flags, group: str = "") -> None:
        """The share of which something is true."""
        self.tables[statistic] = Table((group,), self._count(year[is_so]), self._count(year))

    def shares(self, statistic: str, year: Days, group: Rows, groups: Sequence[str]) -> None:
        """The share of each group; who is of none (-1) is left out of both parts."""
        over = self._count(year, group, len(groups))
        self.tables[statistic] = Table(tuple(groups), over, np.tile(over.sum(axis=0), (len(groups), 1)))

    def mean(self, statistic: str, year: Days, values: Rows) -> None:
        self.tables[statistic] = Table(("",), self._count(year, weights=values), self._count(year))

    def parts(self, statistic: str, year: Days, group: Rows, groups: Sequence[str], of_year: Days) -> None:
        """How many there were of each group, for each of other things of `of_year`: shares that need not add up."""
        under = np.tile(self._count(of_year), (len(groups), 1))
        self.tables[statistic] = Table(tuple(groups), self._count(year, group, len(groups)), under)

    def follow(self, name: str, days: Days, is_event: Flags) -> None:
        """How many left on each day since time zero, by event and by censoring."""
        cut = np.minimum(days, HORIZON + 1)
        event = is_event & (days <= HORIZON)
        self.leaving[name] = np.array([np.bincount(cut[flag], minlength=HORIZON + 2) for flag in (event, ~event)])

    def at_31_march(self, starts_on: Days, ends_on: Days) -> tuple[Days, Rows]:
        """Year and row of all that runs at the end of 31 March; what ended on that day does not."""
        open_at = [np.flatnonzero((starts_on <= year_ends(y)) & (ends_on > year_ends(y))) for y in self.years.tolist()]
        return np.repeat(self.years, [rows.size for rows in open_at]), np.concatenate(open_at)

    def counts(self) -> Counts:
        with np.errstate(divide="ignore", invalid="ignore"):
            own = {name: self.tables[name].over[0] / self.tables[name].under[0] for name in SPREAD}
        return Counts((int(self.years[0]), int(self.years[-1])), self.tables, self.leaving, (own,))

    def _count(self, year: Days, group: Rows | None = None, size: int = 1, weights: Rows | None = None) -> Floats:
        at = year - self.years[0]
        group = np.zeros_like(at) if group is None else group
        kept = (at >= 0) & (at < self.years.size) & (group >= 0)
        cell = group[kept] * self.years.size + at[kept]
        counted = np.bincount(cell, None if weights is None else weights[kept], size * self.years.size)
        return counted.astype(np.float64).reshape(size, self.years.size)


def position(codes: Texts, groups: Mapping[str, Sequence[str]]) -> Rows:
    """The position of the group that holds each code, -1 where none does."""
    group_of = sorted((code, at) for at, members in enumerate(groups.values()) for code in members)
    known = np.array([code for code, _ in group_of])
    found = np.searchsorted(known, codes).clip(max=known.size - 1)
    return np.where(known[found] == codes, np.array([at for _, at in group_of])[found], -1)


def whole_months(first: Days, last: Days) -> Days:
    """Calendar months completed from day to day, -1 or less when `last` comes before `first`."""
    (month, day), (last_month, last_day) = (_month_and_day(days) for days in (first, last))
    return last_month - month - (last_day < day)


def _month_and_day(on: Days) -> tuple[Days, Days]:
    days = on.astype("M8[D]")
    month = days.astype("M8[M]")
    return month.astype(np.int64), (days - month.astype("M8[D]")).astype(np.int64)


def once(year: Days, child: Rows, *, last: bool = False) -> Rows:
    """The rows that count when each child counts once a year: the first of them, or the last."""
    key = year * (int(child.max(initial=0)) + 1) + child
    rows: Rows = np.unique(key[::-1] if last else key, return_index=True)[1]
    return key.size - 1 - rows if last else rows
