"""Residuals of a Cox fit: what each row, or each event, adds that the model did not expect.

Sources: Therneau, Grambsch and Fleming (1990), Biometrika 77:147; Schoenfeld (1982), Biometrika 69:239; Cain and Lange (1984).
With tied events after Efron each of them expects its own part of the tie, as in R's `coxph`.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from careloom.stats.survival.cox import CoxFit
from careloom.stats.survival.robust import score_sums
from careloom.stats.survival.rows import Floats

Kind = Literal["martingale", "deviance", "score", "dfbeta", "dfbetas", "schoenfeld", "scaled schoenfeld"]


def residuals_of(fit: CoxFit, kind: Kind) -> Floats:
    """Residuals of a kind, in the order of the rows.

    "martingale" and "deviance" (n,): events less expected events, and the same made symmetric. "score" (n, p): each
    row's part in the derivative; "dfbeta" (n, p): about how much the coefficients would change without the row, times
    its weight; "dfbetas": the same in standard errors. "schoenfeld" (events, p): covariates of the one who had the
    event less what was expected, by stratum, day and row; "scaled schoenfeld": the same in units of the coefficient,
    about which it is then spread when the effect is constant. Raises ValueError for infinite coefficients.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"residuals are of the kinds {', '.join(get_args(Kind))}")
    if fit.monotone:
        raise ValueError(
            f"no residuals with infinite coefficients: {', '.join(fit.monotone)}; merge or drop the levels"
        )
    if kind == "martingale":
        return _martingale(fit)
    if kind == "deviance":
        return _deviance(fit)
    if kind in ("schoenfeld", "scaled schoenfeld"):
        found = _schoenfeld(fit)
        return found if kind == "schoenfeld" else fit.coefficients + len(found) * found @ fit.covariance
    score = _score(fit)
    if kind == "score":
        return score
    moved = score * fit.working.sets.rows.weight[:, None] @ fit.covariance
    return moved if kind == "dfbeta" else moved / np.sqrt(np.diag(fit.covariance))


def _martingale(fit: CoxFit) -> Floats:
    sets, at = fit.working.sets, fit.working.at
    rows, hazard = sets.rows, np.concatenate(([0.0], np.cumsum(at.a)))
    expected = at.r[rows.pattern] * (hazard[sets.last] - hazard[sets.first])
    own = np.flatnonzero(rows.is_event)
    expected[own] -= at.r[rows.pattern[own]] * at.b[sets.last[own] - 1]
    return np.asarray(rows.is_event - expected)


def _deviance(fit: CoxFit) -> Floats:
    martingale = _martingale(fit)
    event = fit.working.sets.rows.is_event
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.where(event, np.log(np.where(event, 1.0 - martingale, 1.0)), 0.0)
    return np.asarray(np.sign(martingale) * np.sqrt(np.maximum(-2.0 * (martingale + log), 0.0)))


def _score(fit: CoxFit) -> Floats:
    sets, scaled, at = fit.working.sets, fit.working.scaled, fit.working.at
    every = np.arange(sets.rows.pattern.size)
    weighted = np.concatenate(list(score_sums(sets, scaled.x, at, every, every.size)))
    return np.asarray(weighted * scaled.width / sets.rows.weight[:, None])


def _schoenfeld(fit: CoxFit) -> Floats:
    sets, scaled, at = fit.working.sets, fit.working.scaled, fit.working.at
    own = events_in_order(fit)
    slot = sets.last[own] - 1
    mean = (at.a[:, None] * at.s1 - at.b[:, None] * at.d1) / (sets.tied * sets.mean_weight)[:, None]
    return np.asarray((scaled.x[sets.rows.pattern[own]] - mean[slot]) * scaled.width)


def events_in_order(fit: CoxFit) -> NDArray[np.int64]:
    """The rows that ended with the event, by stratum and day; of one day in the order of the rows."""
    sets = fit.working.sets
    own = np.flatnonzero(sets.rows.is_event)
    return np.asarray(own[np.argsort(sets.last[own], kind="stable")])
