"""A clock with a known hazard: piecewise constant in time, proportional in all that is known at time zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.catalogue import Population
from careloom.catalogue.population import AGE_BANDS, PlantedClock
from careloom.synth.days import Days, Flags, birthday, collection_year
from careloom.synth.world import Floats, Rows

_FIRST_BIRTHDAY_OF_BAND = (1, 5, 10, 16)
_YEAR = 365.25
_LAST_KNOT = 100 * _YEAR  # the last rate holds from its start for ever; a century is ever enough


def age_band(born: Days, on: Days) -> Rows:
    """Position in AGE_BANDS of each child on a day; a child not yet born counts as under one."""
    band = np.zeros(born.size, dtype=np.int64)
    for age in _FIRST_BIRTHDAY_OF_BAND:
        band += on >= birthday(born, age)
    return band


@dataclass(frozen=True)
class Clock:
    """One planted time-to-event law.

    rate(t | kind, age band, sex, year, authority) = baseline(t) * exp(the sum of their effects), all taken at time zero.

    by_kind : log hazard ratio of each kind of the population
    authority : log hazard ratio of the authority
    """

    planted: PlantedClock
    by_kind: Floats
    authority: float

    @classmethod
    def of(cls, name: str, population: Population, authority: float = 0.0) -> Clock:
        """The clock of that name, in an authority with that effect."""
        by_kind = np.array([kind.hazards[name] for kind in population.kinds])
        return cls(population.clocks[name], by_kind, authority)

    def log_ratio(self, kind: Rows, born: Days, is_male: Flags, zero: Days) -> Floats:
        """The planted log hazard ratio of each child against the reference child, from what is known at time zero."""
        law, years = self.planted, collection_year(zero)
        by_age = np.array([law.by_age[band] for band in AGE_BANDS])[age_band(born, zero)]
        total: Floats = self.by_kind[kind] + by_age + law.male * is_male + self.authority
        for year, effect in law.by_year.items():
            total = total + effect * (years == year)
        return total

    def rate(self, days: Floats) -> Floats:
        """Baseline events per day, `days` after time zero."""
        piece = np.searchsorted(self.planted.from_day, days, side="right") - 1
        per_day: Floats = np.array(self.planted.per_year)[piece] / _YEAR
        return per_day

    def when(self, cumulative: Floats) -> Floats:
        """Days after time zero at which the baseline cumulative hazard reaches each value."""
        knots = np.array([*self.planted.from_day, _LAST_KNOT])
        reached = np.concatenate([[0.0], np.cumsum(np.diff(knots) * np.array(self.planted.per_year) / _YEAR)])
        days: Floats = np.interp(cumulative, reached, knots)
        return days

    def draw(self, rng: np.random.Generator, log_ratio: Floats) -> Days:
        """Whole days until the event, one or more."""
        times = self.when(rng.exponential(size=log_ratio.size) / np.exp(log_ratio))
        return np.maximum(np.ceil(times), 1).astype(np.int64)
