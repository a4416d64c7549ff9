"""Cox regression: for whom does the event come sooner, and by how much? (Cox 1972, ties after Efron 1977)"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from careloom.stats.survival.likelihood import Climb, Evaluation, Scaled, climb, scale
from careloom.stats.survival.risk_sets import RiskSets, checked_cox_rows, count_risk_sets
from careloom.stats.survival.robust import cluster_cross_products
from careloom.stats.survival.rows import Floats

Ties = Literal["efron", "breslow"]


@dataclass(frozen=True)
class HazardRatio:
    """One column's hazard ratio with its limits; `std_error` is of the log hazard ratio."""

    name: str
    hazard_ratio: float
    lower: float
    upper: float
    std_error: float
    p_value: float


@dataclass(frozen=True)
class Working:
    """The counts and sums behind a fit, for what comes after it: counts of single persons, never to be stored."""

    sets: RiskSets
    scaled: Scaled
    at: Evaluation


@dataclass(frozen=True)
class CoxFit:
    """A fitted Cox model; arrays follow `names`.

    A name in `monotone` has no finite estimate: the likelihood rises for ever in its direction, most often because a
    level has no event (if the reference level has none, all columns of its factor are named). Its coefficient is -inf
    or inf and its variances nan; the other columns are estimated as they stand at that limit. `wald_test` uses the
    robust covariance where there is one, leaves monotone columns out, and is nan with fewer clusters than columns.
    """

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    robust_covariance: Floats | None
    loglik_null: float
    loglik: float
    score_test: float
    wald_test: float
    iterations: int
    converged: bool
    monotone: tuple[str, ...]
    n: int
    events: int
    working: Working = field(repr=False)

    @property
    def likelihood_ratio_test(self) -> float:
        """Twice the gain in log likelihood over no covariates (chi-square, one degree of freedom per column)."""
        return 2 * (self.loglik - self.loglik_null)

    def hazard_ratios(self, level: float = 0.95) -> tuple[HazardRatio, ...]:
        """One row per column, from the robust covariance where there is one; limits are nan for monotone columns."""
        covariance = self.covariance if self.robust_covariance is None else self.robust_covariance
        errors = np.sqrt(np.diag(covariance))
        half = norm.ppf((1 + level) / 2) * errors
        b = self.coefficients
        with np.errstate(
            over="ignore", divide="ignore", invalid="ignore"
        ):  # a column in tiny units may have a ratio per unit beyond float64: inf
            columns = (np.exp(b), np.exp(b - half), np.exp(b + half), errors, 2 * norm.sf(np.abs(b) / errors))
        return tuple(HazardRatio(name, *map(float, row)) for name, *row in zip(self.names, *columns, strict=True))


def fit_cox(
    design: ArrayLike,
    pattern: ArrayLike,
    exit_days: ArrayLike,
    is_event: ArrayLike,
    *,
    names: Sequence[str],
    entry_days: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    ties: Ties = "efron",
    max_iterations: int = 50,
) -> CoxFit:
    """Fit a proportional hazards model by Newton's method.

    design: (patterns, columns) one row per distinct covariate pattern, no constant; `names` has one per column.
    pattern: (n,) which row of the design each row has. exit_days: (n,) any number >= 0; exactly equal days are ties.
    is_event: (n,) true where the exit is the event. entry_days: (n,) at risk on `entry < day <= exit`.
    stratum: (n,) labels; each stratum has its own baseline hazard. weights: (n,) case weights > 0.
    cluster: (n,) labels, for instance the child: adds the robust covariance (Lin and Wei 1989) summed by cluster.
    offset: (patterns,) a known part of the log hazard.
    Under Breslow a row of weight 2 is two rows; under Efron it is not, for ties are counted in rows.
    Raises ValueError for missing values, no events, or columns that cannot be estimated (by name). An infinite estimate
    is no error: see `CoxFit.monotone`. Nor is stopping at `max_iterations`: see `CoxFit.converged`.
    """
    x = np.asarray(design, dtype=np.float64)
    known = np.zeros(x.shape[0]) if offset is None else np.asarray(offset, dtype=np.float64)
    check_design(x, known, names, ties)
    rows = checked_cox_rows(
        pattern, exit_days, is_event, patterns=len(x), entry_days=entry_days, stratum=stratum, weights=weights
    )
    sets = count_risk_sets(rows, patterns=len(x), efron=ties == "efron")
    return fit_risk_sets(sets, x, known, names, cluster=cluster, max_iterations=max_iterations)


def fit_risk_sets(
    sets: RiskSets, x: Floats, offset: Floats, names: Sequence[str], *, cluster: ArrayLike | None, max_iterations: int
) -> CoxFit:
    """Fit to risk sets already counted; arguments and errors as `fit_cox`."""
    scaled = scale(x, offset, sets, names)
    found = climb(sets, scaled, names, max_iterations)
    return _summary(tuple(names), sets, scaled, found, cluster)


def _summary(
    names: tuple[str, ...], sets: RiskSets, scaled: Scaled, found: Climb[Evaluation], cluster: ArrayLike | None
) -> CoxFit:
    """Back to the columns' own units, with variances and tests."""
    top, null, infinite = found.top, found.null, found.infinite
    covariance, robust = _unscaled(found.covariance, scaled.width, infinite), None
    if cluster is not None:
        middle = cluster_cross_products(sets, scaled.x, top, cluster)
        robust = _unscaled(found.covariance @ middle @ found.covariance, scaled.width, infinite)
    beta = np.where(infinite, np.copysign(np.inf, top.beta), top.beta / scaled.width)
    return CoxFit(
        names=names,
        coefficients=beta,
        covariance=covariance,
        robust_covariance=robust,
        loglik_null=null.loglik,
        loglik=top.loglik,
        score_test=float(null.score @ np.linalg.solve(null.information, null.score)),
        wald_test=_wald(beta[~infinite], (covariance if robust is None else robust)[np.ix_(~infinite, ~infinite)]),
        iterations=found.iterations,
        converged=found.converged,
        monotone=tuple(name for name, flag in zip(names, infinite, strict=True) if flag),
        n=sets.n,
        events=int(sets.tied.sum()),
        working=Working(sets, scaled, top),
    )


def _wald(beta: Floats, covariance: Floats) -> float:
    """Test of all coefficients at once; nan where fewer clusters than columns leave the covariance without rank."""
    if beta.size == 0 or not (np.diag(covariance) > 0).all():
        return np.nan
    size = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(size, size)
    if np.linalg.matrix_rank(correlation, hermitian=True) < beta.size:
        return np.nan
    return float(beta / size @ np.linalg.solve(correlation, beta / size))


def _unscaled(covariance: Floats, width: Floats, infinite: NDArray[np.bool_]) -> Floats:
    out: Floats = covariance / np.outer(width, width)
    out[infinite, :] = out[:, infinite] = np.nan
    return out


def check_design(x: Floats, offset: Floats, names: Sequence[str], ties: str) -> None:
    if x.ndim != 2 or x.shape[1] == 0 or len(names) != x.shape[1] or len(set(names)) != len(names):
        raise ValueError("design must be (patterns, columns) with at least one column and one distinct name for each")
    if offset.shape != x.shape[:1] or not (np.isfinite(x).all() and np.isfinite(offset).all()):
        raise ValueError("design and offset must be known for every pattern")
    if ties not in ("efron", "breslow"):
        raise ValueError("ties must be 'efron' or 'breslow'")
