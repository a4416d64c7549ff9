"""Latent classes as a scikit-learn estimator: the same fit, for those who know ``fit`` and ``predict``.

Only this module imports scikit-learn, and ``careloom.stats`` imports this module only when the class is asked for.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from careloom.core.errors import RequestError
from careloom.stats.latent_class.choosing.criteria import aic, bic
from careloom.stats.latent_class.choosing.findings import called, find_in_fit, find_in_rows
from careloom.stats.latent_class.fitting.fit import fit_latent_classes, pattern_logliks, posterior
from careloom.stats.latent_class.rows.patterns import Floats, collapse


class LatentClassModel(DensityMixin, BaseEstimator):  # type: ignore[misc]
    """Latent class analysis of items with few answers, by full information maximum likelihood.

    Parameters
    ----------
    n_classes : how many classes.
    n_starts : random starts; the best end is kept, and ``modes_`` tells where all of them ended.
    random_state : whole number, RandomState or None. The same number gives the same fit on the same machine.
    categories : "auto", or for each item the answers it can have; "auto" takes those that occur in rows with a weight.
    handle_unknown : an answer met after the fit that is not among the categories: "missing" (with a warning) or "error".
    prior : rows added to every class and to every answer within it; 0 is maximum likelihood.
    n_jobs : threads; None is one, -1 one a core. The fit does not depend on it.

    Attributes
    ----------
    log_likelihood_, n_parameters_, aic_, bic_ : n of BIC is the weight of the rows with any item observed.
    class_prevalences_ : (n_classes,) in descending order, as everywhere below.
    item_probabilities_ : for each item an array (n_classes, categories).
    categories_ : for each item its answers, in ascending order or as given.
    modes_ : the distinct maxima that starts came to, highest first, each with how many found it.
    certificate_ : what is known for certain of the fit: certified, boundary-fixed, weakly identified or not converged.
    findings_ : what the rows were wanting in or cannot tell, each with its remedy.
    fit_ : the LatentClassFit that all this is of; it holds no rows.
    n_features_in_, feature_names_in_ : as in scikit-learn.

    X (n, items) holds codes, numbers from 0 up of which each is a category; NaN is missing. A negative number is refused,
    for it mostly is some other program's sign for missing. Also frames of pandas, Polars or PyArrow.

    >>> X = [[1, 1, 0], [1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 1]]
    >>> model = LatentClassModel(n_classes=2, n_starts=3).fit(X)
    >>> model.class_prevalences_.round(2).tolist(), model.predict([[0, np.nan, 1]]).tolist()
    ([0.6, 0.4], [1])
    """

    def __init__(
        self,
        n_classes: int = 3,
        *,
        n_starts: int = 100,
        random_state: int | np.random.RandomState | None = 1,
        categories: str | Sequence[ArrayLike] = "auto",
        handle_unknown: str = "missing",
        prior: float = 0.0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_classes = n_classes
        self.n_starts = n_starts
        self.random_state = random_state
        self.categories = categories
        self.handle_unknown = handle_unknown
        self.prior = prior
        self.n_jobs = n_jobs

    def fit(self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None) -> Self:
        """Find the classes. ``y`` is not used. ``sample_weight`` (n,) is 0 or more, and may be fractional.

        A weight of w is the same as the row w times, and one of 0 the same as no row. Raises RequestError, which is a
        ValueError, for what no fit can be made of; what a fit merely suffers from is in ``findings_``.
        """
        self._check_arguments()
        answers = self._answers(X, reset=True)
        weights = _check_sample_weight(sample_weight, answers, dtype=np.float64, ensure_non_negative=True)
        own = None if isinstance(self.categories, str) else self.categories
        weighed = weights > 0
        names = getattr(self, "feature_names_in_", None)
        unseen = np.flatnonzero(np.isnan(answers[weighed]).all(axis=0))
        if unseen.size and weighed.any():
            items = called(unseen, None if names is None else names.tolist())
            raise RequestError(f"no row has an answer to {items}: leave out what was never observed")
        try:
            table, _ = collapse(answers[weighed], weights[weighed], own)
            found = fit_latent_classes(
                table,
                classes=self.n_classes,
                starts=self.n_starts,
                seed=self._seed(),
                prior=self.prior,
                threads={None: 1, -1: None}.get(self.n_jobs, self.n_jobs),
            )
        except ValueError as fault:
            raise RequestError(str(fault)) from None
        self.fit_ = found
        self.categories_ = list(table.levels)
        self.findings_ = (*find_in_rows(table, None if names is None else names.tolist()), *find_in_fit(table, found))
        self.log_likelihood_, self.n_parameters_ = found.loglik, found.n_parameters
        self.aic_, self.bic_ = aic(found), bic(found)
        self.class_prevalences_, self.item_probabilities_ = found.shares, found.probabilities
        self.modes_, self.certificate_ = found.modes, found.certificate
        return self

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Probability of each class given each row (n, n_classes); the class prevalences where nothing is observed."""
        codes, row_of = self._patterns(X)
        return posterior(self.fit_.parameters, codes)[row_of]

    def predict(self, X: ArrayLike) -> NDArray[np.intp]:
        """The most probable class of each row (n,), from 0; of equals the more prevalent."""
        return np.asarray(self.predict_proba(X).argmax(axis=1))

    def score_samples(self, X: ArrayLike) -> Floats:
        """Log-likelihood of each row (n,); 0 where nothing is observed."""
        codes, row_of = self._patterns(X)
        return pattern_logliks(self.fit_.parameters, codes)[row_of]

    def score(self, X: ArrayLike, y: object = None) -> float:
        """Mean log-likelihood of the rows. ``y`` is not used."""
        return float(self.score_samples(X).mean())

    def sample(
        self, n_samples: int = 1, random_state: int | np.random.RandomState | None = None
    ) -> tuple[Floats, NDArray[np.intp]]:
        """Draw rows from the fitted model: X (n_samples, items) with nothing missing, and the class of each (n_samples,).

        Without a ``random_state`` the model's own is used: the same rows come again.
        """
        check_is_fitted(self)
        if n_samples < 1:
            raise RequestError(f"n_samples must be 1 or more; got {n_samples}")
        draws = check_random_state(self.random_state if random_state is None else random_state)
        classes = draws.choice(
            self.n_classes, size=n_samples, p=self.class_prevalences_ / self.class_prevalences_.sum()
        )
        columns = []
        for levels, probabilities in zip(self.categories_, self.item_probabilities_, strict=True):
            upto = probabilities.cumsum(axis=1)
            place = (draws.uniform(size=(n_samples, 1)) * upto[classes, -1:] >= upto[classes, :-1]).sum(axis=1)
            columns.append(levels[place])
        return np.column_stack(columns).astype(np.float64), classes

    def _answers(self, X: ArrayLike, *, reset: bool) -> Floats:
        """The rows as numbers (n, items), NaN where missing and otherwise 0 or more."""
        not_numbers = "X holds answers that are not numbers, such as text or dates: code them as whole numbers first"
        if holds_dates(X):
            raise RequestError(not_numbers)
        try:
            answers: Floats = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
        except (TypeError, ValueError) as fault:
            # The words of NumPy and scikit-learn would show the answer. Of other objects, such as dictionaries,
            # scikit-learn asks that its own TypeError be left as it is.
            if any(word in str(fault).lower() for word in ("could not convert", "date", "time")):
                raise RequestError(not_numbers) from None
            raise
        seen = answers[~np.isnan(answers)]
        if (seen < 0).any():
            raise RequestError(
                "Negative values in data passed to LatentClassModel: codes count from 0; write NaN for missing"
            )
        return answers

    def _patterns(self, X: ArrayLike) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        """The distinct patterns of rows that the model has not seen (P, items), and the pattern of each row (n,)."""
        check_is_fitted(self)
        answers = self._answers(X, reset=False)
        known = np.column_stack([np.isin(column, own) for column, own in zip(answers.T, self.categories_, strict=True)])
        unknown = ~known & ~np.isnan(answers)
        if unknown.any():
            names = getattr(self, "feature_names_in_", None)
            items = called(np.flatnonzero(unknown.any(axis=0)), None if names is None else names.tolist())
            many = int(unknown.sum())
            what = f"{'1 answer' if many == 1 else f'{many} answers'} to {items} {'is' if many == 1 else 'are'} not among the categories"
            if self.handle_unknown == "error":
                raise RequestError(f"{what}: code them as at the fit, or give all that there can be to categories=")
            warnings.warn(f"{what}: taken as missing. Are they coded as at the fit?", UserWarning, stacklevel=3)
        table, row_of = collapse(np.where(known, answers, np.nan), levels=self.categories_)
        return table.codes, row_of

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _check_arguments(self) -> None:
        if any(not isinstance(n, int | np.integer) or n < 1 for n in (self.n_classes, self.n_starts)):
            raise RequestError("n_classes and n_starts must be whole numbers, 1 or more")
        if self.handle_unknown not in ("error", "missing"):
            raise RequestError('handle_unknown must be "error" or "missing"')
        if isinstance(self.categories, str) and self.categories != "auto":
            raise RequestError('categories must be "auto" or a list with the answers of each item')
        if self.n_jobs is not None and (self.n_jobs == 0 or self.n_jobs < -1):
            raise RequestError("n_jobs must be None, -1 or a number of threads")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.positive_only = True
        tags.input_tags.allow_nan = True
        return tags


def holds_dates(X: object) -> bool:
    """Are there dates or durations in rows, an array or a frame? NumPy would count their days, or parts of seconds."""
    rows = np.asarray(X[:1], dtype=None) if isinstance(X, list) and X else X
    kinds = [rows.dtype] if isinstance(rows, np.ndarray) else getattr(rows, "dtypes", ())
    return any(getattr(kind, "kind", "") in tuple("mM") for kind in kinds)
