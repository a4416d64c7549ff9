"""The cumulative hazard: how many events a child always at risk would have had (Nelson 1972; Aalen 1978)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from careloom.stats.survival.kaplan_meier import kaplan_meier
from careloom.stats.survival.rows import Floats


@dataclass(frozen=True)
class CumulativeHazard:
    """One element per distinct exit day (days,): the hazard added up, and its standard error (Poisson's)."""

    days: Floats
    hazard: Floats
    std_error: Floats


def nelson_aalen(
    days: ArrayLike, is_event: ArrayLike, weights: ArrayLike | None = None, *, entry_days: ArrayLike | None = None
) -> CumulativeHazard:
    """Estimate the cumulative hazard of one group; arguments and errors as `kaplan_meier`."""
    curve = kaplan_meier(days, is_event, weights, entry_days=entry_days)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(curve.events > 0, curve.events / curve.at_risk, 0.0)
        square = np.where(curve.events > 0, curve.events / curve.at_risk**2, 0.0)
    return CumulativeHazard(curve.days, np.cumsum(step), np.sqrt(np.cumsum(square)))
