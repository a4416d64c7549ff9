"""The restricted mean: how many of the first so many days pass without the event, on average (Irwin 1949)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from careloom.stats.survival.kaplan_meier import Curve


@dataclass(frozen=True)
class RestrictedMean:
    """Mean event-free days out of the first `horizon`, with Greenwood's standard error."""

    horizon: float
    mean: float
    std_error: float

    def less(self, other: RestrictedMean) -> tuple[float, float, float]:
        """Difference from an independent group over the same days, its standard error, and the p-value of none."""
        if self.horizon != other.horizon:
            raise ValueError("restricted means are compared over the same days")
        difference, error = self.mean - other.mean, float(np.hypot(self.std_error, other.std_error))
        return difference, error, float(2 * norm.sf(abs(difference) / error)) if error > 0 else float("nan")


def restricted_mean(curve: Curve, horizon: float) -> RestrictedMean:
    """The area under a Kaplan-Meier curve up to `horizon`; the curve is held flat after its last exit."""
    inside = curve.days < horizon
    edges = np.concatenate(([0.0], curve.days[inside], [horizon]))
    areas = np.diff(edges) * np.concatenate(([1.0], curve.survival[inside]))
    after = areas[::-1].cumsum()[::-1][1:]  # from each exit day to the horizon
    events, left = curve.events[inside], (curve.at_risk - curve.events)[inside]
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.where((events > 0) & (left > 0), after**2 * events / (curve.at_risk[inside] * left), 0.0)
    return RestrictedMean(horizon, float(areas.sum()), float(np.sqrt(steps.sum())))
