"""How far two groups stand apart on one thing, in units of its spread; and means and quantiles of values that were counted.

Source: Austin PC. Balance diagnostics for comparing the distribution of baseline covariates between treatment groups in
propensity-score matched samples. Statistics in Medicine 2009;28:3083-3107 (the two formulae of its section 3).
"""

from dataclasses import dataclass
from math import ceil, floor, inf, nan, sqrt

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Counted:
    """Different values, ascending (V,), and how often each occurs (V,), every count above nought."""

    values: NDArray[np.float64]
    counts: NDArray[np.int64]

    @property
    def size(self) -> int:
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """The mean; NaN of nothing."""
        return float(np.average(self.values, weights=self.counts)) if self.size else nan

    @property
    def variance(self) -> float:
        """The sample variance, divided by n - 1; NaN of fewer than two."""
        if self.size < 2:
            return nan
        return float((self.counts * (self.values - self.mean) ** 2).sum() / (self.size - 1))

    def quantile(self, share: float) -> float:
        """The value that a share (0 to 1) of all lies below, between two values in proportion (Hyndman and Fan's type 7); NaN of nothing."""
        if not self.size:
            return nan
        place = share * (self.size - 1)
        upto = np.cumsum(self.counts)
        low, high = (float(self.values[np.searchsorted(upto, at, side="right")]) for at in (floor(place), ceil(place)))
        return low + (place - floor(place)) * (high - low)


def difference_of_shares(share: float, other: float) -> float:
    """Return (p1 - p2) / sqrt((p1(1 - p1) + p2(1 - p2)) / 2); see `standardised`."""
    return standardised(share - other, share * (1 - share), other * (1 - other))


def difference_of_means(mine: Counted, other: Counted) -> float:
    """Return (m1 - m2) / sqrt((s1^2 + s2^2) / 2), s^2 the sample variances; see `standardised`."""
    return standardised(mine.mean - other.mean, mine.variance, other.variance)


def standardised(difference: float, variance: float, other_variance: float) -> float:
    """Return a difference in units of the mean spread of two groups.

    Where nothing varies it is 0 for no difference, else infinite; NaN where a group is too small to have a variance.
    """
    spread = (variance + other_variance) / 2
    if spread == 0:
        return 0.0 if difference == 0 else inf * difference
    return difference / sqrt(spread)
