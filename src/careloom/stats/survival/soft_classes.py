"""A Cox model with a class that is known in part only: each row belongs to every class, more or less.

Weights may be memberships (proportional assignment), or those that undo the errors of assignment (Bolck, Croon and
Hagenaars), many of them negative. The likelihood is that of a file in which each row stands once for each class, with
that weight; the file is never made. Ties are counted in children, and all copies of a child are one cluster.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from careloom.stats.survival.cox import CoxFit, Ties, check_design, fit_risk_sets
from careloom.stats.survival.risk_sets import Membership, checked_cox_rows, count_risk_sets
from careloom.stats.survival.rows import Floats


def fit_cox_soft(
    design: ArrayLike,
    pattern: ArrayLike,
    exit_days: ArrayLike,
    is_event: ArrayLike,
    memberships: ArrayLike,
    member_of: ArrayLike | None = None,
    *,
    names: Sequence[str],
    classes: Sequence[str],
    reference: int = 0,
    entry_days: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    ties: Ties = "breslow",
    max_iterations: int = 50,
) -> CoxFit:
    """Fit a Cox model of covariates and of a class that rows belong to in part.

    memberships: (n, K), or (M, K) with `member_of` (n,) saying which of them each row has, for instance that of its
    response pattern; rows of them sum to one. classes: K names; a column stands for each but the `reference`.
    design: (patterns, columns) of the other covariates, perhaps of no columns. cluster: (n,) by default each row: the
    errors must not take the copies of a row for independent. The others and errors as `fit_cox`. With negative weights
    the likelihood need not have a top: see `CoxFit.converged`.
    """
    x = np.asarray(design, dtype=np.float64)
    table = np.asarray(memberships, dtype=np.float64)
    own = np.arange(np.shape(pattern)[0]) if member_of is None else np.asarray(member_of)
    check_memberships(table, own, len(np.asarray(pattern)), len(classes))
    rows = checked_cox_rows(
        pattern, exit_days, is_event, patterns=len(x), entry_days=entry_days, stratum=stratum, weights=weights
    )
    both, all_names = with_classes(x, names, classes, reference)
    check_design(both, np.zeros(len(both)), all_names, ties)
    sets = count_risk_sets(rows, patterns=len(x), efron=ties == "efron", membership=Membership(table, own))
    who = np.arange(own.size) if cluster is None else cluster
    return fit_risk_sets(sets, both, np.zeros(len(both)), all_names, cluster=who, max_iterations=max_iterations)


def with_classes(
    x: Floats, names: Sequence[str], classes: Sequence[str], reference: int
) -> tuple[Floats, tuple[str, ...]]:
    """The design of patterns and classes (patterns * K, columns + K - 1), pattern by pattern, and its columns' names."""
    shown = [k for k in range(len(classes)) if k != reference]
    of_class = np.tile(np.eye(len(classes))[:, shown], (len(x), 1))
    both = np.hstack((np.repeat(x, len(classes), axis=0), of_class))
    return both, (*names, *(classes[k] for k in shown))


def check_memberships(table: Floats, own: ArrayLike, rows: int, classes: int) -> None:
    which = np.asarray(own)
    if table.ndim != 2 or table.shape[1] != classes or classes < 2 or not np.isfinite(table).all():
        raise ValueError(f"memberships must be known, with one column for each of the {classes} classes")
    if which.shape != (rows,) or which.dtype.kind not in "iu" or which.min() < 0 or which.max() >= len(table):
        raise ValueError("there must be memberships for every row")
    if np.abs(table.sum(axis=1) - 1).max() > 1e-6:
        raise ValueError("the memberships of a row must sum to one")
