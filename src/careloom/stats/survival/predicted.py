"""After a Cox fit: the baseline, and survival curves for given covariates or averaged over a population, with errors.

A curve is exp(-r A(t)), with A the cumulative baseline hazard and r the hazard ratio. Its error has two parts: chance in
A, and the coefficients' own error, which moves r and, through the mean covariates of those at risk, A as well.
Sources: Link (1984), Biometrics 40:601; Tsiatis (1981), Ann. Stat. 9:93; averages after Makuch (1982) by the delta method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from careloom.stats.survival.cox import CoxFit
from careloom.stats.survival.rows import Floats


@dataclass(frozen=True)
class BaselineHazard:
    """The cumulative hazard at covariates 0 and offset 0: one element per event day of a stratum, in that order."""

    stratum: NDArray[Any]
    days: Floats
    cumulative_hazard: Floats


def baseline_hazard(fit: CoxFit) -> BaselineHazard:
    """The baseline that goes with the fit and its way with ties (Efron's or Breslow's estimate)."""
    sets, scaled, at = fit.working.sets, fit.working.scaled, fit.working.at
    at_zero = np.exp(-(scaled.centre / scaled.width) @ at.beta - scaled.offset_centre)
    labels = sets.labels[sets.slots.stratum]
    return BaselineHazard(labels, sets.slots.day, at_zero * sets.slots.elapsed(at.a))


@dataclass(frozen=True)
class Predicted:
    """Survival on the days asked for (m,), its standard error, and limits on the log scale."""

    days: Floats
    survival: Floats
    std_error: Floats
    lower: Floats
    upper: Floats


def predict_survival(
    fit: CoxFit,
    x: ArrayLike,
    days: ArrayLike,
    *,
    shares: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    stratum: object = None,
    level: float = 0.95,
) -> Predicted:
    """Survival of one set of covariates, or averaged over a population.

    x: (columns,) covariates in the order and units of the fit, or (g, columns) with the share of each in a population,
    `shares` (g,) summing to 1. days: (m,). offset: (g,) default 0. stratum: whose baseline, when the fit has several.
    Beyond the last event day the curve stays level. Errors use the robust covariance where there is one.
    Raises ValueError for infinite coefficients, an unknown stratum or shapes that do not fit.
    """
    rows = np.atleast_2d(np.asarray(x, dtype=np.float64))
    share = np.ones(1) if shares is None else np.asarray(shares, dtype=np.float64)
    known = np.zeros(len(rows)) if offset is None else np.asarray(offset, dtype=np.float64)
    if known.shape != share.shape or abs(share.sum() - 1) > 1e-9:
        raise ValueError("x must have one column per coefficient, and shares one number per row of x, summing to 1")
    return predict_across(fit, [Population(stratum, rows, share, known)], days, level=level)


@dataclass(frozen=True)
class Population:
    """Some of a population with the baseline of one stratum: covariates x (g, columns), the share each has in the whole
    population (g,), and offset (g,)."""

    stratum: object
    x: Floats
    shares: Floats
    offset: Floats | None = None


def predict_across(
    fit: CoxFit, populations: Sequence[Population], days: ArrayLike, *, level: float = 0.95
) -> Predicted:
    """Survival averaged over a population in several strata, each part with its own baseline; shares sum to 1 over all.

    Baselines of different strata are estimated apart, the coefficients once for all: chance in the baselines adds up as
    squares, what an error of the coefficients does as it is. Otherwise, and errors, as `predict_survival`.
    """
    if fit.monotone:
        raise ValueError(f"no curve with infinite coefficients: {', '.join(fit.monotone)}; merge or drop the levels")
    if abs(sum(float(part.shares.sum()) for part in populations) - 1) > 1e-9:
        raise ValueError("the shares of all parts of the population must sum to 1")
    when = np.asarray(days, dtype=np.float64)
    parts = [_part(fit, part, when) for part in populations]
    survival, by_chance, moved = (np.sum(each, axis=0) for each in zip(*parts, strict=True))
    covariance = fit.covariance if fit.robust_covariance is None else fit.robust_covariance
    width = fit.working.scaled.width
    by_coefficients = np.einsum("ti,ij,tj->t", moved, covariance * np.outer(width, width), moved)
    error = np.sqrt(by_chance + by_coefficients)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = norm.ppf((1 + level) / 2) * error / survival
    return Predicted(when, survival, error, survival * np.exp(-half), np.minimum(survival * np.exp(half), 1.0))


def _part(fit: CoxFit, part: Population, when: Floats) -> tuple[Floats, Floats, Floats]:
    """What one part adds on each day: to survival (m,), to its variance by chance (m,), and how the coefficients move it."""
    if part.x.shape != (part.shares.size, len(fit.names)):
        raise ValueError("x must have one column per coefficient, and shares one number per row of x, summing to 1")
    scaled, at = fit.working.scaled, fit.working.at
    own = (part.x - scaled.centre) / scaled.width
    known = 0.0 if part.offset is None else part.offset
    ratio = np.exp(own @ at.beta + known - scaled.offset_centre)
    hazard, chance, used = _up_to(fit, when, part.stratum)
    free = np.exp(-np.outer(hazard, ratio))
    each = part.shares * ratio * free
    moved = hazard[:, None] * (each @ own) - each.sum(axis=1)[:, None] * used
    return np.asarray(free @ part.shares), np.asarray(each.sum(axis=1) ** 2 * chance), np.asarray(moved)


def _up_to(fit: CoxFit, days: Floats, stratum: object) -> tuple[Floats, Floats, Floats]:
    """By each day: cumulative baseline hazard (m,), its variance were the coefficients known, and mean x used up (m, columns)."""
    sets, at = fit.working.sets, fit.working.at
    labels = sets.labels
    if stratum is None and labels.size > 1:
        raise ValueError("a stratified fit has one curve per stratum: say which")
    which = 0 if stratum is None else int(np.flatnonzero(labels == stratum)[0]) if stratum in labels else -1
    if which < 0:
        raise ValueError("there is no such stratum in the fit")
    run = slice(sets.slots.edges[which], sets.slots.edges[which + 1])
    a, a2, b2 = at.a[run], at.a2[run], at.b2[run]
    used = a2[:, None] * at.s1[run] - b2[:, None] * at.d1[run]
    place = np.searchsorted(sets.slots.day[run], days, side="right")
    hazard, chance = (np.concatenate(([0.0], np.cumsum(step)))[place] for step in (a, a2))
    return hazard, chance, np.concatenate((np.zeros((1, used.shape[1])), np.cumsum(used, axis=0)))[place]
