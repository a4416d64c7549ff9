"""Who is in which class: multinomial regression of a class that is not seen on what else is known of the row.

    log (P(class k | x) / P(reference | x)) = x beta_k,  x beginning with a constant

The classes are held as they were found, by the method asked for (see ``external``); ``one_step`` estimates both at
once. The two-step method is the one to use; the naive ones are there to show what they cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit
from scipy.stats import norm

from careloom.stats.latent_class.fitting.proof import Certificate
from careloom.stats.latent_class.following.external import Method
from careloom.stats.latent_class.following.measured import Measured
from careloom.stats.latent_class.following.second_step import Kind, estimate
from careloom.stats.latent_class.following.wald import Wald, carry_over, wald
from careloom.stats.latent_class.rows.pairs import Pairs
from careloom.stats.latent_class.rows.patterns import Floats

CONSTANT = "constant"


@dataclass(frozen=True, eq=False)
class Logit:
    """The multinomial regression as a model outside the items: design (R, C), constant included, and K classes.

    Its parameters are the coefficients (K - 1, C) of all classes but the reference, in one row.
    """

    design: Floats
    classes: int
    reference: int

    @property
    def parameters(self) -> int:
        return (self.classes - 1) * int(self.design.shape[1])

    def logs(self, at: Floats, some: slice) -> Floats:
        odds = self.design[some] @ with_reference(at, self.classes, self.reference).T
        odds -= odds.max(axis=1, keepdims=True)
        return np.asarray(odds - np.log(np.exp(odds).sum(axis=1, keepdims=True)))

    def slopes(self, at: Floats, some: slice) -> Floats:
        x, shares = self.design[some], np.exp(self.logs(at, some))
        apart = np.delete(np.eye(self.classes) - shares[:, None, :], self.reference, axis=2)
        return np.asarray((apart[:, :, :, None] * x[:, None, None, :]).reshape(*shares.shape, -1))

    def bend(self, at: Floats, some: slice, weights: Floats) -> Floats:
        x, total = self.design[some], weights.sum(axis=1)
        shares = np.delete(np.exp(self.logs(at, some)), self.reference, axis=1)
        both = (shares[:, :, None] * x[:, None, :]).reshape(len(x), -1)
        bend = -(both * total[:, None]).T @ both
        for k, share in enumerate(shares.T):
            own = slice(k * x.shape[1], (k + 1) * x.shape[1])
            bend[own, own] += (x * (share * total)[:, None]).T @ x
        return np.asarray(bend)


def with_reference(flat: Floats, classes: int, reference: int) -> Floats:
    """Coefficients (K, C) with the zeros of the reference class put in."""
    return np.insert(flat.reshape(classes - 1, -1), reference, 0.0, axis=0)


@dataclass(frozen=True, eq=False)
class MeanShares:
    """Class shares (K,) averaged over rows, with standard errors and limits worked out on the log odds."""

    shares: Floats
    std_errors: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True, eq=False)
class MembershipFit:
    """Coefficients (K, C) against the reference class, whose own are 0; columns follow ``names``, the constant first.

    ``covariance`` is that of the coefficients of the other classes, class by class. ``loglik`` is nan for the methods
    that weigh instead of maximising a likelihood. ``weight`` is that of the rows.
    """

    method: str
    names: tuple[str, ...]
    reference: int
    coefficients: Floats
    covariance: Floats
    loglik: float
    weight: float
    certificate: Certificate

    @property
    def std_errors(self) -> Floats:
        """(K, C); nan for the reference and for what the data cannot tell."""
        own = np.sqrt(np.diag(self.covariance)).reshape(len(self.coefficients) - 1, -1)
        return np.insert(own, self.reference, np.nan, axis=0)

    def against(self, reference: int) -> MembershipFit:
        """The same fit with another class to compare with. Raises ValueError for a class that is not there."""
        classes, columns = self.coefficients.shape
        check_reference(reference, classes)
        to_all = np.delete(np.eye(classes), self.reference, axis=1)
        change = np.delete(to_all - to_all[reference], reference, axis=0)
        moved = self.coefficients - self.coefficients[reference]
        others = np.delete(moved, reference, axis=0)
        turned = carry_over(others, np.kron(change, np.eye(columns)), self.covariance)
        return replace(self, reference=reference, coefficients=moved, covariance=turned)

    def limits(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Lower and upper limits of the coefficients (K, C)."""
        half = norm.ppf((1.0 + level) / 2.0) * self.std_errors
        return self.coefficients - half, self.coefficients + half

    def test(self, names: Sequence[str]) -> Wald:
        """Wald test that these columns say nothing about membership, in any class."""
        unknown = [name for name in names if name not in self.names]
        if unknown:
            raise ValueError(f"the model has no columns {', '.join(unknown)}; it has {', '.join(self.names)}")
        picked = np.tile([name in names for name in self.names], len(self.coefficients) - 1)
        flat = np.delete(self.coefficients, self.reference, axis=0).ravel()
        # Each in units of its own error, so that what is counted in thousands weighs as much as a yes or no.
        covariance = self.covariance[np.ix_(picked, picked)]
        return wald(flat[picked], covariance, np.diag(1.0 / np.sqrt(np.diag(covariance))))

    def shares(self, values: ArrayLike) -> Floats:
        """Share of each class among rows with these values (R, C - 1): (R, K)."""
        x = with_constant(np.asarray(values, dtype=np.float64))
        model = Logit(x, len(self.coefficients), self.reference)
        return np.exp(model.logs(np.delete(self.coefficients, self.reference, axis=0).ravel(), slice(None)))

    def mean_shares(self, values: ArrayLike, weights: ArrayLike, level: float = 0.95) -> MeanShares:
        """Class shares averaged over rows with these values (R, C - 1) and weights (R,), by the delta method.

        To ask "what if all had this level", give the values of all with that level's column set.
        """
        x, w = with_constant(np.asarray(values, dtype=np.float64)), np.asarray(weights, dtype=np.float64)
        model = Logit(x, len(self.coefficients), self.reference)
        flat = np.delete(self.coefficients, self.reference, axis=0).ravel()
        shares = np.exp(model.logs(flat, slice(None)))
        mean = w @ shares / w.sum()
        slope = np.einsum("r,rk,rkf->kf", w, shares, model.slopes(flat, slice(None)), optimize=True) / w.sum()
        errors = np.sqrt(np.diag(carry_over(mean, slope, self.covariance)))
        return MeanShares(mean, errors, *share_limits(mean, errors, level))


def share_limits(shares: Floats, errors: Floats, level: float) -> tuple[Floats, Floats]:
    """Lower and upper limits of shares, worked out on the log odds so that they stay between 0 and 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        half = norm.ppf((1.0 + level) / 2.0) * errors / (shares * (1.0 - shares))
        return expit(logit(shares) - half), expit(logit(shares) + half)


def with_constant(values: Floats) -> Floats:
    return np.column_stack([np.ones(len(values)), values])


def fit_membership(
    first: Measured,
    pairs: Pairs,
    *,
    names: Sequence[str] = (),
    method: Method = "two-step",
    reference: int = 0,
    errors: Kind = "robust",
) -> MembershipFit:
    """Regress class membership on the values of the pairs.

    ``first`` is the first step, ``pairs`` from ``pair_up``: values (R, C - 1) without a constant, and without any column
    for class shares alone; ``names`` has one a column. Errors are robust, by cluster where the pairs have clusters,
    and owe to the first step what they do. Of the weighting methods *model* errors take the weights for counts.
    Raises ValueError for a reference that is no class, for columns that the others determine, and when the rows are not
    those of the first step.
    """
    check_reference(reference, first.at.classes)
    even, back = even_out(pairs)
    model = Logit(design_of(even, names), first.at.classes, reference)
    start = np.zeros((first.at.classes - 1, model.design.shape[1]))
    start[:, 0] = np.delete(first.at.log_shares - first.at.log_shares[reference], reference)
    found = estimate(model, first, even, start.ravel(), method=method, errors=errors)
    fit = MembershipFit(
        method=method,
        names=(CONSTANT, *names),
        reference=reference,
        coefficients=with_reference(found.at, first.at.classes, reference),
        covariance=found.covariance,
        loglik=found.loglik,
        weight=float(pairs.weights.sum()),
        certificate=found.certificate,
    )
    return bring_back(fit, back)


def even_out(pairs: Pairs) -> tuple[Pairs, Floats]:
    """The pairs with every column from 0 to 1, and what takes the coefficients (C,) of a class back (C, C).

    A year stands some 2,000 from its constant and an income in thousands: as they are, hardly anything would tell their
    coefficients apart. Columns of 0 and 1 stay as they are.
    """
    some = pairs.values[pairs.weights > 0]
    least, width = some.min(axis=0), np.ptp(some, axis=0)
    width = np.where(width > 0, width, 1.0)
    back = np.diag(np.concatenate([[1.0], 1.0 / width]))
    back[0, 1:] = -least / width
    return replace(pairs, values=(pairs.values - least) / width), back


def bring_back(fit: MembershipFit, back: Floats) -> MembershipFit:
    """A fit to evened pairs in terms of the values as they were."""
    others = len(fit.coefficients) - 1
    # Against values of 0, whatever hangs on a coefficient without an error has none.
    blocks: Floats = np.kron(np.eye(others), back).astype(np.float64)
    turned = carry_over(np.zeros(others * len(back)), blocks, fit.covariance)
    return replace(fit, coefficients=fit.coefficients @ back.T, covariance=turned)


def check_reference(reference: int, classes: int) -> None:
    if reference not in range(classes):
        raise ValueError(f"the reference must be a class from 0 to {classes - 1}; got {reference}")


def design_of(pairs: Pairs, names: Sequence[str]) -> Floats:
    """Constant and covariates (R, C). Raises ValueError naming the columns that those before them determine."""
    if len(names) != pairs.values.shape[1]:
        raise ValueError(f"{pairs.values.shape[1]} columns of values need as many names; got {len(names)}")
    design = with_constant(pairs.values)
    some = design[pairs.weights > 0]
    ranks = [np.linalg.matrix_rank(some[:, : place + 1]) for place in range(some.shape[1])]
    doubled = [name for place, name in enumerate(names, start=1) if ranks[place] == ranks[place - 1]]
    if doubled:
        raise ValueError(f"cannot be told apart from the other columns: {', '.join(doubled)}")
    return design
