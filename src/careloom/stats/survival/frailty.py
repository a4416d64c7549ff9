"""Shared frailty: do authorities differ in ways that the covariates do not say?

Each group has a factor of its own on the hazard, drawn from a distribution with mean 1 (gamma) or of mean 0 on the log
scale (Gaussian) and variance theta. For a given theta the penalised partial likelihood is climbed over the coefficients
and the groups' factors at once; theta is the top of the profile: for the gamma of the likelihood with the factors
integrated out, for the Gaussian of its restricted (REML) equation.
Sources: Therneau, Grambsch and Pankratz (2003), J. Comput. Graph. Stat. 12:156; Klein (1992), Biometrics 48:795;
Ripatti and Palmgren (2000), Biometrics 56:1016.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.optimize import brentq, minimize_scalar
from scipy.special import gammaln
from scipy.stats import chi2

from careloom.stats.survival.cox import Ties
from careloom.stats.survival.likelihood import by_slot, exposure
from careloom.stats.survival.risk_sets import RiskSets, checked_cox_rows, count_risk_sets
from careloom.stats.survival.rows import Floats

Distribution = Literal["gamma", "gaussian"]
NO_GAIN = 1e-10
LEAST, MOST = 1e-6, 50.0  # variances between which the profile is searched


@dataclass(frozen=True)
class FrailtyFit:
    """Coefficients (p,) with their covariance at the estimated variance; log frailties (G,) of the groups in sorted order.

    `loglik` is the likelihood with the frailties integrated out (gamma: exact but for the baseline; Gaussian: Laplace),
    `loglik_without` that of the Cox model without frailty, and `p_value` the test of no variance (half a chi-square,
    since a variance cannot be negative).
    """

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    groups: NDArray[Any]
    log_frailty: Floats
    variance: float
    loglik: float
    loglik_without: float

    @property
    def p_value(self) -> float:
        return float(chi2.sf(max(2.0 * (self.loglik - self.loglik_without), 0.0), 1) / 2.0)


def fit_frailty(
    design: ArrayLike,
    pattern: ArrayLike,
    exit_days: ArrayLike,
    is_event: ArrayLike,
    group: ArrayLike,
    *,
    names: tuple[str, ...],
    distribution: Distribution = "gamma",
    entry_days: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    ties: Ties = "efron",
) -> FrailtyFit:
    """Fit a Cox model with a frailty shared within groups; group: (n,) labels; the others and errors as `fit_cox`."""
    x, own = np.asarray(design, dtype=np.float64), np.asarray(pattern)
    groups, member = np.unique(np.asarray(group), return_inverse=True)
    if groups.size < 2 or member.shape != own.shape:
        raise ValueError("group must have one label per row, and two labels at least")
    pairs, pair = np.unique(own.astype(np.int64) * groups.size + member, return_inverse=True)
    rows = checked_cox_rows(
        pair, exit_days, is_event, patterns=pairs.size, entry_days=entry_days, stratum=stratum, weights=None
    )
    sets = count_risk_sets(rows, patterns=pairs.size, efron=ties == "efron")
    centred = x[pairs // groups.size]
    scale = np.maximum(np.ptp(centred, axis=0), 1e-300)
    centred = (centred - centred.mean(axis=0)) / scale
    model = _Model(sets, centred, pairs % groups.size, groups.size, distribution)
    without = model.climb(0.0, np.zeros(model.size))
    theta, top = model.best()
    p = x.shape[1]
    return FrailtyFit(
        tuple(names),
        top.beta[:p] / scale,
        np.linalg.inv(top.information)[:p, :p] / np.outer(scale, scale),
        groups,
        top.beta[p:],
        theta,
        model.integrated(theta, top),
        without.loglik,
    )


@dataclass(frozen=True)
class _At:
    beta: Floats  # (p + G,) coefficients, then log frailties
    loglik: float
    value: float  # loglik less the penalty
    slope: Floats
    information: Floats


@dataclass(frozen=True)
class _Model:
    sets: RiskSets
    x: Floats  # (patterns, p)
    member: NDArray[np.int64]  # (patterns,) the group of each pattern
    groups: int
    distribution: Distribution

    @property
    def size(self) -> int:
        return int(self.x.shape[1]) + self.groups

    @property
    def events(self) -> Floats:
        """Events in each group (G,)."""
        return np.asarray(np.bincount(self.member, self.sets.events.sum(axis=0), self.groups), dtype=np.float64)

    def evaluate(self, theta: float, beta: Floats) -> _At:
        """The penalised partial likelihood with its derivatives; variance 0 stands for no frailty at all."""
        sets, p = self.sets, self.x.shape[1]
        eta = self.x @ beta[:p] + beta[p:][self.member]
        r = np.exp(eta)
        columns = np.column_stack((r, r[:, None] * self.x))
        of_groups = sparse.csr_array((r, (np.arange(r.size), self.member)), shape=(r.size, self.groups))
        s, d = (np.hstack((who @ columns, (who @ of_groups).toarray())) for who in (sets.leaving, sets.events))
        s = sets.slots.remaining(s)
        h = 1 / (s[sets.event_slot, 0] - sets.q * d[sets.event_slot, 0])
        qh = sets.q * h
        a, b, a2, b2, c2 = (by_slot(sets, term) for term in (h, qh, h * h, qh * h, qh * qh))
        expected = r * exposure(sets, a, b)
        gone = sets.events.sum(axis=0) - expected
        slope = np.concatenate((self.x.T @ gone, np.bincount(self.member, gone, self.groups)))
        s1, d1 = s[:, 1:], d[:, 1:]
        squares = s1.T @ (a2[:, None] * s1 - 2 * b2[:, None] * d1) + d1.T @ (c2[:, None] * d1)
        information = -(squares + squares.T) / 2
        across = np.zeros((p, self.groups))
        np.add.at(across.T, self.member, expected[:, None] * self.x)
        information[:p, :p] += (self.x * expected[:, None]).T @ self.x
        information[:p, p:] += across
        information[p:, :p] += across.T
        information[p:, p:] += np.diag(np.bincount(self.member, expected, self.groups))
        loglik = float(sets.events.sum(axis=0) @ eta + sets.mean_weight[sets.event_slot] @ np.log(h))
        return self._penalised(theta, beta, loglik, slope, information)

    def _penalised(self, theta: float, beta: Floats, loglik: float, slope: Floats, information: Floats) -> _At:
        p, z = self.x.shape[1], beta[self.x.shape[1] :]
        if theta == 0:
            slope[p:], information[p:, :], information[:, p:] = 0.0, 0.0, 0.0
            information[p:, p:] = np.eye(self.groups)
            return _At(beta, loglik, loglik, slope, information)
        if self.distribution == "gamma":
            penalty, pull, curve = (np.exp(z) - z).sum() / theta, (np.exp(z) - 1) / theta, np.exp(z) / theta
        else:
            penalty, pull, curve = (z @ z) / (2 * theta), z / theta, np.full(z.size, 1 / theta)
        slope[p:] -= pull
        information[p:, p:] += np.diag(curve)
        return _At(beta, loglik, loglik - float(penalty), slope, information)

    def climb(self, theta: float, start: Floats) -> _At:
        """Newton's method with halved steps, from `start`."""
        now = self.evaluate(theta, start)
        for _ in range(60):
            step = np.linalg.solve(now.information, now.slope)
            gain = float(step @ now.slope) / 2
            if gain < NO_GAIN:
                break
            for halving in range(40):
                with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                    then = self.evaluate(theta, now.beta + step / 2**halving)
                if np.isfinite(then.value) and then.value >= now.value - 1e-12 * abs(now.value):
                    break
            now = then
        return now

    def best(self) -> tuple[float, _At]:
        """The variance at the top of the profile, and the climb's end there."""
        start = np.zeros(self.size)
        if self.distribution == "gamma":
            found = minimize_scalar(
                lambda log: -self.integrated(np.exp(log), self.climb(np.exp(log), start)),
                bounds=(np.log(LEAST), np.log(MOST)),
                method="bounded",
                options={"xatol": 1e-6},
            )
            theta = float(np.exp(found.x))
        else:
            theta = self._reml(start)
        return theta, self.climb(theta, start)

    def _reml(self, start: Floats) -> float:
        """The variance that equals the mean square of the log frailties and of their errors."""

        def gap(log: float) -> float:
            theta, p = float(np.exp(log)), self.x.shape[1]
            at = self.climb(theta, start)
            z = at.beta[p:]
            return float(np.log((z @ z + np.trace(np.linalg.inv(at.information)[p:, p:])) / z.size) - log)

        low, high = np.log(1e-4), np.log(MOST)
        return LEAST if gap(low) <= 0 else float(np.exp(brentq(gap, low, high, xtol=1e-8)))

    def integrated(self, theta: float, at: _At) -> float:
        """Log-likelihood with the frailties integrated out."""
        if self.distribution == "gamma":
            nu, d = 1 / theta, self.events
            # As nu (log nu) drops out of two large terms, little is lost when the variance is small; at 0 the sum is 0.
            terms = nu + d - (nu + d) * np.log1p(d * theta) - d * np.log(nu) + gammaln(nu + d) - gammaln(nu)
            return at.value + float(terms.sum())
        frailties = at.information[self.x.shape[1] :, self.x.shape[1] :]
        return at.value - (float(np.linalg.slogdet(frailties)[1]) + self.groups * float(np.log(theta))) / 2
