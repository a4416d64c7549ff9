"""Several completed data sets as one answer: Rubin's rules.

Where something is not known for sure, such as which records are of one child, it is drawn several times, everything is
estimated from each drawn set as if it were known, and the estimates are combined. How far they differ from set to set is what
not knowing does to the result.
Source: Rubin (1987), Multiple Imputation for Nonresponse in Surveys, chapter 3; degrees of freedom by Barnard and Rubin (1999),
Small-sample degrees of freedom with multiple imputation, Biometrika 86:948.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Combined:
    """Estimates of several sets as one; every array has the shape of one set's estimates.

    within : the mean variance, what there would be were nothing in doubt
    between : the variance of the estimates from set to set
    total : within + (1 + 1/M) between, of M sets
    share_of_doubt : what part of `total` comes of the doubt
    degrees_of_freedom : of the t distribution that the limits come from
    missing_information : the fraction of information that the doubt takes away
    """

    estimates: Floats
    within: Floats
    between: Floats
    total: Floats
    share_of_doubt: Floats
    degrees_of_freedom: Floats
    missing_information: Floats

    def limits(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """The lower and upper limits of the estimates, by the t distribution."""
        reach = t.ppf((1 + level) / 2, self.degrees_of_freedom) * np.sqrt(self.total)
        return self.estimates - reach, self.estimates + reach

    @property
    def p_values(self) -> Floats:
        """Two-sided, of the hypothesis that the true value is 0."""
        return np.asarray(2 * t.sf(np.abs(self.estimates) / np.sqrt(self.total), self.degrees_of_freedom))


def combine_sets(estimates: ArrayLike, variances: ArrayLike, complete_degrees: ArrayLike = np.inf) -> Combined:
    """Combine M sets of estimates (M, ...) with their variances (M, ...).

    `complete_degrees` are the degrees of freedom that the estimates would have were nothing in doubt. Estimates should be
    on a scale on which they are about normal: a hazard ratio as its logarithm. Raises ValueError for fewer than two sets,
    other shapes, and variances that are not above 0.

    >>> both = combine_sets([1.0, 3.0], [0.5, 0.5])
    >>> float(both.estimates), float(both.total)  # 0.5 + 1.5 times the variance 2
    (2.0, 3.5)
    """
    found, variance = np.asarray(estimates, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    sets = len(found) if found.ndim else 0
    if sets < 2 or found.shape != variance.shape:
        raise ValueError(f"two sets or more, each with its variances; got shapes {found.shape} and {variance.shape}")
    if not (variance > 0).all():
        raise ValueError("every variance should be above 0")
    within, between = variance.mean(axis=0), found.var(axis=0, ddof=1)
    added = (1 + 1 / sets) * between
    total = within + added
    doubt = added / total
    complete = np.asarray(complete_degrees, dtype=np.float64)
    with np.errstate(divide="ignore"):  # without doubt, and complete data being endless, there is no end to the degrees
        degrees = 1 / (doubt**2 / (sets - 1) + 1 / observed_degrees(complete, doubt))
    more = added / within
    missing = (more + 2 / (degrees + 3)) / (more + 1)
    return Combined(found.mean(axis=0), within, between, total, doubt, degrees, missing)


def observed_degrees(complete: Floats, doubt: Floats) -> Floats:
    """What the doubt leaves of the degrees of freedom of a set that is known (Barnard and Rubin 1999)."""
    finite = np.where(np.isfinite(complete), complete, 1.0)
    left = (finite + 1) / (finite + 3) * finite * (1 - doubt)
    return np.asarray(np.where(np.isfinite(complete), left, np.inf))
