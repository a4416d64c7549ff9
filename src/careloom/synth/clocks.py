"""A clock with a known hazard: piecewise constant in time, proportional in class, age band and sex."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.synth.days import Days, birthday

Floats = NDArray[np.float64]

AGE_BANDS = ("<1", "1-4", "5-9", "10-15", "16-17")
_FIRST_BIRTHDAY_OF_BAND = (1, 5, 10, 16)
_YEAR = 365.25
_LAST_KNOT = 100 * _YEAR  # the last rate holds from its start for ever; a century is ever enough


def age_band(born: Days, on: Days) -> NDArray[np.int64]:
    """Position in AGE_BANDS of each child on a day; a child not yet born counts as under one."""
    band = np.zeros(born.size, dtype=np.int64)
    for age in _FIRST_BIRTHDAY_OF_BAND:
        band += on >= birthday(born, age)
    return band


@dataclass(frozen=True)
class Clock:
    """One planted time-to-event law.

    rate(t | class, age band, sex) = baseline(t) * exp(by_class + by_age + male), all taken at time zero.

    from_day : days since time zero at which each baseline piece starts (first is 0)
    per_year : baseline events per child-year in each piece
    by_class, by_age : log hazard ratios by class key and age band; the reference level is 0
    male : log hazard ratio of boys against girls
    """

    outcome: str
    from_day: tuple[int, ...]
    per_year: tuple[float, ...]
    by_class: Mapping[str, float]
    by_age: Mapping[str, float]
    male: float

    def log_ratio(self, need: NDArray[np.int64], band: NDArray[np.int64], is_male: NDArray[np.bool_]) -> Floats:
        """The planted log hazard ratio of each child against the reference child."""
        by_class = np.array(list(self.by_class.values()))
        by_age = np.array([self.by_age[name] for name in AGE_BANDS])
        total: Floats = by_class[need] + by_age[band] + self.male * is_male
        return total

    def rate(self, days: Floats) -> Floats:
        """Baseline events per day, `days` after time zero."""
        piece = np.searchsorted(self.from_day, days, side="right") - 1
        per_day: Floats = np.array(self.per_year)[piece] / _YEAR
        return per_day

    def when(self, cumulative: Floats) -> Floats:
        """Days after time zero at which the baseline cumulative hazard reaches each value."""
        knots = np.array([*self.from_day, _LAST_KNOT])
        reached = np.concatenate([[0.0], np.cumsum(np.diff(knots) * np.array(self.per_year) / _YEAR)])
        days: Floats = np.interp(cumulative, reached, knots)
        return days

    def draw(self, rng: np.random.Generator, log_ratio: Floats) -> Days:
        """Whole days until the event, one or more."""
        times = self.when(rng.exponential(size=log_ratio.size) / np.exp(log_ratio))
        return np.maximum(np.ceil(times), 1).astype(np.int64)
