"""After a Cox fit: is the hazard ratio constant over time?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.stats import chi2

from careloom.stats.survival.cox import CoxFit
from careloom.stats.survival.kaplan_meier import kaplan_meier_of_counts
from careloom.stats.survival.likelihood import score_and_information
from careloom.stats.survival.risk_sets import RiskSets
from careloom.stats.survival.rows import Floats

Transform = Literal["km", "identity", "log", "rank"]


@dataclass(frozen=True)
class ProportionalHazards:
    """Does the effect of one term change over time? A small p-value says yes."""

    term: str
    chi_square: float
    degrees_of_freedom: int
    p_value: float


def proportional_hazards_test(
    fit: CoxFit, transform: Transform = "km", terms: Mapping[str, Sequence[str]] | None = None
) -> tuple[ProportionalHazards, ...]:
    """Test proportional hazards: the score test of x g(day), as R's `cox.zph` (after Grambsch and Therneau 1994).

    transform: g is 1 - Kaplan-Meier just before the day ("km"), the day, its log, or its rank among all rows' last days. terms: term -> its columns' names;
    default each column by itself. Returns one row per term, then one named GLOBAL for all columns together.
    Raises ValueError if the fit has monotone columns or a term names an unknown column.
    """
    if fit.monotone:
        raise ValueError(f"no test with infinite coefficients: {', '.join(fit.monotone)}; merge or drop the levels")
    groups = {name: [name] for name in fit.names} if terms is None else terms
    columns = {term: [fit.names.index(name) for name in members] for term, members in groups.items()}
    columns["GLOBAL"] = list(range(len(fit.names)))
    sets, x, at = fit.working.sets, fit.working.scaled.x, fit.working.at
    g = _transformed_days(sets, transform)
    g = g - np.average(g, weights=sets.tied)  # the test does not change, and fewer digits cancel
    score, across = score_and_information(sets, x, at, g)
    _, within = score_and_information(sets, x, at, g * g)
    variance = within - across @ np.linalg.solve(at.information, across)
    return tuple(_quadratic(term, score[j], variance[np.ix_(j, j)]) for term, j in columns.items())


def _transformed_days(sets: RiskSets, transform: Transform) -> Floats:
    """g at each slot's day."""
    day = sets.slots.day
    if transform == "identity":
        return day
    if transform == "log":
        return np.log(day)
    if transform == "rank":
        counts = sets.day_counts()
        left, place = np.concatenate(([0.0], np.cumsum(counts.left))), np.searchsorted(counts.days, day)
        return np.asarray((left[place] + left[place + 1] + 1) / 2.0)
    if transform != "km":
        raise ValueError(f"transform must be one of {', '.join(get_args(Transform))}")
    counts = sets.day_counts()
    curve = kaplan_meier_of_counts(counts.days, counts.events, counts.left, counts.entered)
    before = np.searchsorted(curve.days, day, side="left")
    return 1 - np.concatenate(([1.0], curve.survival))[before]


def _quadratic(term: str, score: Floats, variance: Floats) -> ProportionalHazards:
    chi_square = float(score @ np.linalg.solve(variance, score))
    return ProportionalHazards(term, chi_square, score.size, float(chi2.sf(chi_square, score.size)))
