"""Errors of what is worked out from estimates (delta method), and Wald's test that combinations of them are nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from careloom.stats.latent_class.rows.patterns import Floats

HANGS_ON = 1e-3
ALIKE = 1e-10  # share of the largest eigenvalue below which combinations say the same twice


@dataclass(frozen=True)
class Wald:
    """Chi-square, its degrees of freedom, and the chance of one as large when all combinations are nothing."""

    statistic: float
    degrees_of_freedom: int
    p_value: float


def carry_over(values: Floats, slope: Floats, covariance: Floats) -> Floats:
    """Covariance (G, G) of G values whose derivative by F estimates is ``slope`` (G, F).

    nan where a value hangs on an estimate that has no error (nan in the covariance): where it would move by more than a
    thousandth of itself. A share that ran off to 0 has no error; those beside it keep theirs.
    """
    untold = np.isnan(np.diag(covariance))
    carried = slope @ np.nan_to_num(covariance, nan=0.0) @ slope.T
    lost = (np.abs(slope[:, untold]) > HANGS_ON * np.abs(values.ravel()[:, None])).any(axis=1)
    carried[lost, :] = carried[:, lost] = np.nan
    return np.asarray(carried)


def wald(estimates: Floats, covariance: Floats, contrasts: Floats) -> Wald:
    """Test that ``contrasts`` (C, F) of the estimates (F,) are all 0; combinations that repeat others do not count.

    nan when a combination has no standard error.

    >>> wald(np.array([2.0, 1.0]), np.eye(2), np.array([[1.0, -1.0]])).statistic  # 1 squared, over a variance of 2
    0.5
    """
    apart, spread = contrasts @ estimates, contrasts @ covariance @ contrasts.T
    if not np.isfinite(spread).all():
        return Wald(np.nan, len(contrasts), np.nan)
    values, vectors = np.linalg.eigh(spread)
    told = values > ALIKE * values.max(initial=0.0)
    statistic = float(((vectors[:, told].T @ apart) ** 2 / values[told]).sum())
    return Wald(statistic, int(told.sum()), float(chi2.sf(statistic, told.sum())))
