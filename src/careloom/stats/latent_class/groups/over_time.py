"""How the classes grow and shrink over calendar time, and whether they stay the same classes.

Sizes are free in each period while the classes are held as found in all periods together (two-step, see ``external``):
the shares of the periods are not averages of memberships, which the sizes of all periods would draw together. What the
classes look like is then asked of each period by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from careloom.stats.latent_class.fitting.proof import Certificate
from careloom.stats.latent_class.following.measured import Measured
from careloom.stats.latent_class.following.membership import Logit, share_limits
from careloom.stats.latent_class.following.second_step import Kind, estimate
from careloom.stats.latent_class.following.wald import Wald, carry_over, wald
from careloom.stats.latent_class.groups.congruence import Likeness, likeness
from careloom.stats.latent_class.groups.groups import LEAST_ROWS, fit_groups
from careloom.stats.latent_class.rows.grouped_patterns import group_weights
from careloom.stats.latent_class.rows.pairs import Pairs
from careloom.stats.latent_class.rows.patterns import Floats


@dataclass(frozen=True, eq=False)
class SharesOverTime:
    """Class shares in each period (T, K), their covariance (T K, T K) period by period, and the rows of each (T,).

    ``periods`` (T,) ascend. Errors are nan for a class that a period does not have.
    """

    periods: Floats
    rows: Floats
    shares: Floats
    covariance: Floats
    certificate: Certificate

    @property
    def std_errors(self) -> Floats:
        return np.sqrt(np.diag(self.covariance)).reshape(self.shares.shape)

    @property
    def numbers(self) -> Floats:
        """Expected rows of each class in each period (T, K)."""
        return self.rows[:, None] * self.shares

    def limits(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Lower and upper limits of the shares (T, K)."""
        return share_limits(self.shares, self.std_errors, level)

    def change(self, begin: int = 0, end: int = -1) -> tuple[Floats, Floats]:
        """Change of each class's share between two periods (places, from 0) and its standard error: (K,) and (K,)."""
        places = np.eye(len(self.periods))
        turn = np.kron(places[[end]] - places[[begin]], np.eye(self.shares.shape[1])).astype(np.float64)
        change = self.shares[end] - self.shares[begin]
        variance = np.diag(carry_over(change, turn, self.covariance))
        return change, np.sqrt(np.maximum(variance, 0.0))  # rounding may leave a nought below nought

    def test(self) -> Wald:
        """Wald test that all periods have the same shares."""
        periods, classes = self.shares.shape
        from_first = np.delete(np.eye(periods) - np.eye(periods)[0], 0, axis=0)
        return wald(self.shares.ravel(), self.covariance, np.kron(from_first, np.eye(classes)))


def shares_over_time(first: Measured, pairs: Pairs, *, errors: Kind = "robust") -> SharesOverTime:
    """Class shares in each period; the period, a number, is the one column of the values of ``pairs``.

    Errors are by cluster where the pairs have clusters, so that children assessed in several periods count as what they
    are. Raises ValueError for more columns, and when the rows are not those of the first step.
    """
    periods, of_pair = periods_of(pairs)
    classes = first.at.classes
    model = Logit(np.eye(len(periods))[of_pair], classes, 0)
    start = np.repeat(first.at.log_shares[1:] - first.at.log_shares[0], len(periods))
    found = estimate(model, first, pairs, start, method="two-step", errors=errors)
    alone = Logit(np.eye(len(periods)), classes, 0)
    shares = np.exp(alone.logs(found.at, slice(None)))
    slope = (shares[:, :, None] * alone.slopes(found.at, slice(None))).reshape(shares.size, -1)
    rows = np.bincount(of_pair, pairs.weights).astype(np.float64)
    return SharesOverTime(periods, rows, shares, carry_over(shares, slope, found.covariance), found.certificate)


def periods_of(pairs: Pairs) -> tuple[Floats, NDArray[np.intp]]:
    """The distinct periods (T,), ascending, and the place of each pair's (R,)."""
    if pairs.values.shape[1] != 1:
        raise ValueError(f"the period is the one column of values; the pairs have {pairs.values.shape[1]}")
    periods, place = np.unique(pairs.values[:, 0], return_inverse=True)
    return periods, place


@dataclass(frozen=True, eq=False)
class ClassesByPeriod:
    """What the classes look like in each period by itself, refitted from the common classes.

    ``periods`` (T,) are those with enough rows; ``congruence`` (T, K) of each class with the common one; ``largest``
    (T, K) its largest difference in the probability of an answer; ``kappa`` (T,), agreement beyond chance of the rows
    as the period's own classes sort them with the rows as the common ones do.
    """

    periods: Floats
    congruence: Floats
    largest: Floats
    kappa: Floats

    @property
    def likeness(self) -> list[Likeness]:
        """The verdict on each class (K,), by the period that is worst for it."""
        return [likeness(value) for value in self.congruence.min(axis=0)]


def classes_by_period(first: Measured, pairs: Pairs, *, least: float = LEAST_ROWS) -> ClassesByPeriod:
    """Ask each period with at least ``least`` rows whether its own classes are the common ones.

    Raises ValueError when no period has as many, and for more columns of values than the period.
    """
    periods, place = periods_of(pairs)
    shape = (len(periods), len(first.table.weights))
    grouped = group_weights(first.table, coo_array((pairs.weights, (place, pairs.pattern)), shape=shape))
    fits = fit_groups(grouped, first.at, starts=0, least=least)
    own = [fit.near.parameters.probabilities for fit in fits.fits]
    return ClassesByPeriod(
        periods=periods[[fit.group for fit in fits.fits]],
        congruence=fits.congruence(near=True),
        largest=np.array([np.abs(probabilities - first.at.probabilities).max(axis=0) for probabilities in own]),
        kappa=np.array([fit.near.kappa for fit in fits.fits]),
    )
