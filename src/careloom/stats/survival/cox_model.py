"""The Cox model as one object: rows in, a table of hazard ratios out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from careloom.stats.distinct_rows import distinct_rows
from careloom.stats.survival.concordance import Concordance, concordance
from careloom.stats.survival.cox import CoxFit, Ties, fit_cox
from careloom.stats.survival.predicted import Predicted, predict_survival
from careloom.stats.survival.proportional_hazards import Transform, proportional_hazards_test
from careloom.stats.survival.residuals import Kind, residuals_of
from careloom.stats.survival.rows import Floats

if TYPE_CHECKING:
    import pandas as pd


class CoxModel:
    """Cox's proportional hazards model, fitted to rows.

    After ``fit``: ``feature_names_``; ``coef_``, ``standard_errors_`` and, with clusters, ``robust_standard_errors_``
    (p,); ``log_likelihood_`` (without covariates, at the fit); ``n_``, ``n_events_``; ``fit_``, all there is to know.
    Rows that are alike are counted together, so a million rows of a few factors take well under a second.

    >>> model = CoxModel().fit([[0.0], [1.0], [0.0], [1.0]], time=[4, 1, 3, 3], event=[1, 1, 0, 1])
    >>> model.coef_.round(3).tolist(), model.n_events_
    ([1.268], 3)
    """

    feature_names_: tuple[str, ...]
    coef_: Floats
    standard_errors_: Floats
    robust_standard_errors_: Floats | None
    log_likelihood_: tuple[float, float]
    n_: int
    n_events_: int
    fit_: CoxFit

    def __init__(self, ties: Ties = "efron", *, max_iterations: int = 50) -> None:
        self.ties = ties
        self.max_iterations = max_iterations

    def fit(
        self,
        X: Any,
        *,
        time: ArrayLike,
        event: ArrayLike,
        entry: ArrayLike | None = None,
        strata: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        cluster: ArrayLike | None = None,
    ) -> Self:
        """Fit to rows; return the model.

        X: (n, p) numbers, a frame (whose column names are kept) or an array. time: (n,) any number >= 0. event: (n,)
        true where the row ends with the event. entry: (n,) at risk on `entry < day <= time`. strata, cluster: (n,)
        labels. weights: (n,) case weights > 0. offset: (n,) a known part of the log hazard. A row may be one stretch of
        a child's time among several: that is how covariates that change, and events that recur, are told.
        Raises ValueError, naming columns, for missing values, for columns that cannot be told apart, and as `fit_cox`.
        """
        names, x = numbers_of(X)
        known = np.zeros(len(x)) if offset is None else np.asarray(offset, dtype=np.float64)
        if known.shape != x.shape[:1] or not np.isfinite(known).all():
            raise ValueError("offset must be one known number per row")
        distinct, pattern = distinct_rows(np.column_stack((x, known)))
        self.fit_ = fit_cox(
            distinct[:, :-1],
            pattern,
            time,
            event,
            names=names,
            entry_days=entry,
            stratum=strata,
            weights=weights,
            cluster=cluster,
            offset=distinct[:, -1],
            ties=self.ties,
            max_iterations=self.max_iterations,
        )
        return self._told()

    @classmethod
    def from_formula(
        cls, formula: str, data: pd.DataFrame, *, weights: str | None = None, ties: Ties = "efron"
    ) -> CoxModel:
        """Fit what a formula says to the columns of a frame.

        On the left `Surv(time, event)` or `Surv(entry, time, event)`; on the right terms as in R, with `strata(column)`,
        `cluster(column)` and `offset(column)` among them. The reference of a factor is its first level. ``weights``
        names a column. The model remembers which columns belong to which term. Raises ValueError for columns that are
        not in the frame or have missing values, with their number.
        """
        from careloom.stats.survival.formula import read_formula

        read = read_formula(formula, data, weights)
        model = cls(ties).fit(
            read.columns,
            time=read.time,
            event=read.event,
            entry=read.entry,
            strata=read.strata,
            weights=read.weights,
            offset=read.offset,
            cluster=read.cluster,
        )
        model._terms = read.terms
        return model

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """One row a coefficient: term, coef, std_error, robust_std_error, hazard_ratio, lower, upper, p_value.

        Limits and p-values come from the robust errors where there are any; they are blank where there is no finite
        estimate.
        """
        import pandas as pd

        rows = self.fit_.hazard_ratios(level)
        return pd.DataFrame(
            {
                "term": self.feature_names_,
                "coef": self.coef_,
                "std_error": self.standard_errors_,
                "robust_std_error": np.nan if self.robust_standard_errors_ is None else self.robust_standard_errors_,
                "hazard_ratio": [row.hazard_ratio for row in rows],
                "lower": [row.lower for row in rows],
                "upper": [row.upper for row in rows],
                "p_value": [row.p_value for row in rows],
            }
        )

    def test_proportional_hazards(
        self, transform: Transform = "km", terms: Mapping[str, Sequence[str]] | None = None
    ) -> pd.DataFrame:
        """Does the effect of a term change over time? One row a term, and one for all: term, chi_square, df, p_value.

        terms: which columns belong together; by default those of the formula, or each column by itself.
        """
        import pandas as pd

        found = proportional_hazards_test(self.fit_, transform, terms or self._terms or None)
        columns = ("term", "chi_square", "df", "p_value")
        return pd.DataFrame(
            [(row.term, row.chi_square, row.degrees_of_freedom, row.p_value) for row in found], columns=columns
        )

    def predict_survival(self, X: Any, days: ArrayLike, *, stratum: object = None) -> list[Predicted]:
        """A curve with errors and limits for each row of X (m, p); ``stratum`` says whose baseline, if several."""
        return [predict_survival(self.fit_, row, days, stratum=stratum) for row in numbers_of(X)[1]]

    def residuals(self, kind: Kind) -> Floats:
        """Residuals of a kind, a row each (Schoenfeld's: an event each): see ``residuals_of``."""
        return residuals_of(self.fit_, kind)

    def concordance(self) -> Concordance:
        """How often the one who had the event sooner was the one of whom the model said so."""
        return concordance(self.fit_)

    def _told(self) -> Self:
        fit = self.fit_
        self._terms: dict[str, list[str]] = {}
        self.feature_names_ = fit.names
        self.coef_ = fit.coefficients
        self.standard_errors_ = np.sqrt(np.diag(fit.covariance))
        robust = fit.robust_covariance
        self.robust_standard_errors_ = None if robust is None else np.sqrt(np.diag(robust))
        self.log_likelihood_ = (fit.loglik_null, fit.loglik)
        self.n_, self.n_events_ = fit.n, fit.events
        return self


def numbers_of(X: Any) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Names and numbers (n, p) of a frame or an array; ValueError names the columns with anything missing, and how many."""
    columns = getattr(X, "columns", None)
    try:
        x = np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError("X must hold numbers: code categories as 0/1 columns, or use CoxModel.from_formula") from None
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"X must be (rows, columns) and not empty; got shape {x.shape}")
    names = tuple(f"x{j}" for j in range(x.shape[1])) if columns is None else tuple(map(str, columns))
    missing = (~np.isfinite(x)).sum(axis=0)
    if missing.any():
        told = ", ".join(f"{name} ({n} rows)" for name, n in zip(names, missing, strict=True) if n)
        raise ValueError(
            f"missing or infinite values in {told}: leave those rows out, or give them a level of their own"
        )
    return names, x
