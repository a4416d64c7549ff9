"""Logistic regression on grouped rows: how likely is it, for whom? With limits robust to several rows of one child.

Everything is asked of distinct covariate patterns and counts, so that its cost grows with the number of patterns and
not with the number of rows. McCullagh and Nelder 1989, chapter 4; the robust covariance is that of Liang and Zeger
1986 (working independence), without a small-sample factor.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, diags_array, eye_array, hstack
from scipy.special import expit, logit
from scipy.stats import norm

Floats = NDArray[np.float64]
CONSTANT = "constant"


class CannotFitBinomialError(ValueError):
    """A model without a finite answer; the message names the columns that stand in the way."""


@dataclass(frozen=True, eq=False)
class ClusterSums:
    """What the robust covariance needs of the clusters (the children), instead of the clusters themselves.

    One element for each ordered pair of patterns that share a cluster, a pattern with itself too: `pattern` and
    `other` are rows of the design. With n and y a cluster's trials and successes of a pattern, the rest are sums over
    clusters: of n x n of the other, of y x n of the other, of y x y of the other.
    """

    pattern: NDArray[np.intp]
    other: NDArray[np.intp]
    trials_trials: Floats
    successes_trials: Floats
    successes_successes: Floats


@dataclass(frozen=True)
class OddsRatio:
    """One column's odds ratio with its limits; `std_error` is of the log odds ratio."""

    name: str
    odds_ratio: float
    lower: float
    upper: float
    std_error: float
    p_value: float


@dataclass(frozen=True)
class Mean:
    """A mean predicted probability; `std_error` is by the delta method on its own scale.

    The limits are worked out on the log odds, so that they stay between 0 and 1; nan where the mean is 0 or 1.
    """

    probability: float
    std_error: float
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class BinomialFit:
    """A fitted model; arrays follow `names`, of which the first is the constant."""

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    robust_covariance: Floats | None
    trials: int
    successes: int

    @property
    def used_covariance(self) -> Floats:
        return self.covariance if self.robust_covariance is None else self.robust_covariance

    def odds_ratios(self, level: float = 0.95) -> tuple[OddsRatio, ...]:
        """One for each column but the constant, from the robust covariance where there is one."""
        b, errors = self.coefficients[1:], np.sqrt(np.diag(self.used_covariance))[1:]
        half = norm.ppf((1 + level) / 2) * errors
        columns = (np.exp(b), np.exp(b - half), np.exp(b + half), errors, 2 * norm.sf(np.abs(b) / errors))
        return tuple(OddsRatio(name, *map(float, row)) for name, *row in zip(self.names[1:], *columns, strict=True))

    def mean_probability(
        self, design: ArrayLike, weights: ArrayLike, known: ArrayLike | None = None, level: float = 0.95
    ) -> Mean:
        """Predict for every row of `design` (rows, columns; no constant) and take the mean, weighted.

        To answer "what if all had this level", give the design of all with the level's column set, everything else as
        it is. known: (rows,) a probability that is known without the model, and nan where the model is to say it.
        """
        x, w = _with_constant(design), np.asarray(weights, dtype=np.float64)
        given = np.full(w.shape, np.nan) if known is None else np.asarray(known, dtype=np.float64)
        said = np.isnan(given)
        p = np.where(said, expit(x @ self.coefficients), given)
        mean = float(w @ p / w.sum())
        slope = (w * p * (1 - p) * said) @ x / w.sum()
        error = float(np.sqrt(slope @ self.used_covariance @ slope))
        if not 0 < mean < 1:
            return Mean(mean, error, np.nan, np.nan)
        half = norm.ppf((1 + level) / 2) * error / (mean * (1 - mean))
        lower, upper = expit(logit(mean) + np.array([-half, half]))
        return Mean(mean, error, float(lower), float(upper))


def fit_binomial(
    design: ArrayLike,
    trials: ArrayLike,
    successes: ArrayLike,
    *,
    names: Sequence[str],
    clusters: ClusterSums | None = None,
) -> BinomialFit:
    """Fit log odds = constant + design @ coefficients, by maximum likelihood (statsmodels' GLM).

    design: (patterns, columns) one row per distinct covariate pattern, no constant; `names` has one per column.
    trials, successes: (patterns,) counts, 0 <= successes <= trials; a pattern without trials says nothing.
    clusters: adds the robust covariance.
    Raises ValueError for counts that cannot be, and CannotFitBinomialError where no finite answer exists: columns that
    the others determine, or combinations of columns beyond which everybody or nobody is a success (separation).
    """
    x, n, y = _with_constant(design), np.asarray(trials, dtype=np.float64), np.asarray(successes, dtype=np.float64)
    all_names = (CONSTANT, *names)
    if x.shape != (n.size, len(all_names)) or y.shape != n.shape or not np.isfinite(x).all():
        raise ValueError("design must be known, (patterns, columns), with a name per column and counts per pattern")
    if not ((y >= 0) & (y <= n)).all():
        raise ValueError("successes must be between 0 and trials")
    _check_estimable(x, n, y, all_names)
    fitted = _fit(x[n > 0], n[n > 0], y[n > 0])
    coefficients = np.asarray(fitted.params, dtype=np.float64)
    covariance = np.asarray(fitted.cov_params(), dtype=np.float64)
    robust = None
    if clusters is not None:
        robust = covariance @ _middle(x, expit(x @ coefficients), clusters) @ covariance
    return BinomialFit(all_names, coefficients, covariance, robust, round(n.sum()), round(y.sum()))


def _fit(x: Floats, n: Floats, y: Floats) -> Any:
    """Return statsmodels' results."""
    # Imported here: statsmodels takes most of a second, which every command would wait for.
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    with warnings.catch_warnings():
        # It warns of a perfect prediction: a model with a column for every pattern; separation was looked for before.
        warnings.simplefilter("ignore")
        model = GLM(np.column_stack((y, n - y)), x, family=Binomial())
        found = model.fit(maxiter=100, tol=1e-10, tol_criterion="params")
    if not found.converged:
        raise CannotFitBinomialError("the model did not converge")
    return found


def _middle(x: Floats, p: Floats, sums: ClusterSums) -> Floats:
    """Sum over clusters of U U', where a cluster's score U is the sum over its patterns of x (y - n p).

    Multiplied out, (y - n p)(y' - n' p') has three kinds of product of counts, of which the sums over clusters are at
    hand; so this is exactly what going through the clusters one by one would give.
    """
    shape, place = (len(x), len(x)), (sums.pattern, sums.other)
    nn, yn, yy = (
        csr_array(coo_array((values, place), shape))
        for values in (sums.trials_trials, sums.successes_trials, sums.successes_successes)
    )
    by_p = diags_array(p)
    expected = yn @ by_p
    out: Floats = x.T @ ((yy - expected - expected.T + by_p @ nn @ by_p) @ x)
    return out


def _check_estimable(x: Floats, n: Floats, y: Floats, names: Sequence[str]) -> None:
    """Raise CannotFitBinomialError naming columns that have no finite estimate."""
    seen = n > 0
    x, n, y = x[seen], n[seen], y[seen]
    if doubled := _determined(x, names):
        raise CannotFitBinomialError(f"cannot be told apart from the other columns: {', '.join(doubled)}")
    if infinite := _separating(x, (y > 0) & (y < n), np.where(y > 0, 1.0, -1.0), names):
        raise CannotFitBinomialError(f"tell completely who does and who does not, together: {', '.join(infinite)}")


def _determined(x: Floats, names: Sequence[str]) -> list[str]:
    """Name the columns that those before them determine."""
    if np.linalg.matrix_rank(x) == x.shape[1]:
        return []
    found: list[str] = []
    kept = np.empty((len(x), 0))
    for j, name in enumerate(names):
        wider = np.column_stack((kept, x[:, j]))
        if np.linalg.matrix_rank(wider) == wider.shape[1]:
            kept = wider
        else:
            found.append(name)
    return found


def _separating(x: Floats, is_mixed: NDArray[np.bool_], sign: Floats, names: Sequence[str]) -> list[str]:
    """Name the columns of a direction along which the likelihood rises for ever; none when the estimate is finite.

    In such a direction no pattern of only successes goes down, none of only failures goes up, and those with both stay
    (Albert and Anderson 1984). Looked for by linear programming, after Konis 2007: as many patterns as can shall move.
    """
    if is_mixed.any() and np.linalg.matrix_rank(x[is_mixed]) == x.shape[1]:
        return []
    pure = sign[~is_mixed, None] * x[~is_mixed]
    moves = len(pure)
    found = linprog(
        np.concatenate((np.zeros(x.shape[1]), -np.ones(moves))),
        A_ub=hstack((csr_array(-pure), eye_array(moves)), format="csr"),
        b_ub=np.zeros(moves),
        A_eq=np.hstack((x[is_mixed], np.zeros((is_mixed.sum(), moves)))) if is_mixed.any() else None,
        b_eq=np.zeros(is_mixed.sum()) if is_mixed.any() else None,
        bounds=[(None, None)] * x.shape[1] + [(0, 1)] * moves,
    )
    if found.fun is None or found.fun > -0.5:
        return []
    return [name for name, step in zip(names, found.x, strict=False) if abs(step) > 1e-7]


def _with_constant(design: ArrayLike) -> Floats:
    x = np.asarray(design, dtype=np.float64)
    return np.column_stack((np.ones(len(x)), x))
