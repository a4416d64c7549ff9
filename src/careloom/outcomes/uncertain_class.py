"""The primary model with the class as uncertain as it is: nobody saw it, the factors recorded only make it likely.

Comparing stretches by the likeliest class of their assessment takes that class for certain. Some of them are of another,
so that the classes look more alike than they are, and the limits are too narrow. Four ways to allow for it:

- pseudo_draws: each stretch's class is drawn 20 times by its membership, and the results are combined by Rubin's rules. The
  limits then show the uncertainty; the ratios are blurred no less, for the outcome has no part in the drawing (Bray, Lanza
  and Tan 2015).
- bch: weights that undo the errors of assignment (Bolck, Croon and Hagenaars 2004).
- three_step_ml: the errors of assignment are a part of the likelihood (Vermunt 2010).
- two_step: the memberships themselves are a part of the likelihood (Bakk and Kuha 2018).

All take the memberships for known. The last two also take a class for as common at one age, or in one authority, as at
another, given the factors; the weights of bch do not. Stretches without a class stay a level of their own, which is certain.
Source: study method section 5 (uncertainty of the class in what follows).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from careloom.outcomes.hazards import CannotFitError, Estimates, checked_design
from careloom.outcomes.risk_table import CLASS, UNCLASSED, Belonging, RiskTable
from careloom.outcomes.terms import Design, Term
from careloom.stats.distinct_rows import distinct_rows
from careloom.stats.latent_class.following.three_step import (
    assign,
    classification_error,
    combine_draws,
    draw_classes,
    undo,
)
from careloom.stats.survival import CoxFit, LatentCoxFit, fit_cox, fit_cox_latent, fit_cox_soft
from careloom.stats.survival.soft_classes import with_classes

DRAWS = 20
SEED = 1

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Case:
    """What a model of an uncertain class is fitted to: stretches (n,), covariates other than the class (R, C) with their
    `names` and the row of each stretch, and the `classes`, the last perhaps for stretches that have none.
    """

    some: RiskTable
    belonging: Belonging
    rows: Floats
    row_of: Integers
    names: tuple[str, ...]
    classes: tuple[str, ...]
    reference: int

    @property
    def member_of(self) -> Integers:
        """The row of `whole` that each stretch has (n,)."""
        assert self.some.member is not None
        return np.where(self.some.member < 0, len(self.belonging.memberships), self.some.member)

    def whole(self, table: Floats) -> Floats:
        """A table by pattern of factors and class (M, K), with a row and a class for stretches that have none."""
        out = np.zeros((len(table) + 1, len(self.classes)))
        out[:-1, : table.shape[1]] = table
        out[-1, -1] = 1.0
        return out if UNCLASSED in self.classes else out[:-1]

    @property
    def outcome(self) -> dict[str, Any]:
        return {
            "exit_days": self.some.days,
            "is_event": self.some.is_event,
            "entry_days": self.some.entry,
            "stratum": self.some.la if self.some.authorities > 1 else None,
            "cluster": self.some.child,
        }

    @property
    def covariates(self) -> dict[str, Any]:
        return {"design": self.rows, "pattern": self.row_of}

    @property
    def of_class(self) -> dict[str, Any]:
        columns = [f"{CLASS} {name}" for name in self.classes]
        return {"names": self.names, "classes": columns, "reference": self.reference}


Found = tuple[tuple[str, ...], Floats, Floats]
"""Names of the columns (C,), log hazard ratios (C,) and their covariance (C, C)."""


def pseudo_draws(case: Case) -> Found:
    """Each stretch's class drawn by its membership, many times over, combined by Rubin's rules."""
    both, names = with_classes(case.rows, *case.of_class.values())
    fits = [
        fit_cox(both, case.row_of * len(case.classes) + drawn, names=names, **case.outcome)
        for drawn in draw_classes(case.whole(case.belonging.memberships), case.member_of, DRAWS, SEED)
    ]
    each = [found_of(fit) for fit in fits]
    with np.errstate(invalid="ignore"):  # a column without an event in some draw has no finite ratio, and stays blank
        combined = combine_draws([fit[1] for fit in each], [fit[2] for fit in each])
    return names, combined.estimates, combined.covariance


def bch(case: Case) -> Found:
    """Weights that undo the errors of assignment to the likeliest class; many are negative."""
    modal = assign(case.belonging.memberships, "modal")
    weights = modal @ undo(classification_error(case.belonging.memberships, case.belonging.assessments, "modal"))
    known: dict[str, Any] = {"memberships": case.whole(weights), "member_of": case.member_of}
    return found_of(fit_cox_soft(**case.covariates, **case.outcome, **known, **case.of_class))


def three_step_ml(case: Case) -> Found:
    """What is known of a stretch's class is the likeliest class of its assessment, and how often that is which."""
    belongs, assessments = case.belonging.memberships, case.belonging.assessments
    error = classification_error(belongs, assessments, "modal")
    joint = assign(belongs, "modal") @ error.T * (assessments @ belongs)
    return latent(case, joint / joint.sum(axis=1, keepdims=True))


def two_step(case: Case) -> Found:
    """What is known of a stretch's class are its memberships."""
    return latent(case, case.belonging.memberships)


def latent(case: Case, prior: Floats) -> Found:
    known: dict[str, Any] = {"prior": case.whole(prior), "prior_of": case.member_of}
    return found_of(fit_cox_latent(**case.covariates, **case.outcome, **known, **case.of_class))


def found_of(fit: CoxFit | LatentCoxFit) -> Found:
    """Raises ValueError for a fit that did not come to an end."""
    if not fit.converged:
        raise ValueError("the model did not converge")
    assert fit.robust_covariance is not None
    return fit.names, fit.coefficients, fit.robust_covariance


UNCERTAIN: dict[str, Callable[[Case], Found]] = {
    "pseudo_draws": pseudo_draws,
    "bch": bch,
    "three_step_ml": three_step_ml,
    "two_step": two_step,
}


def fit_uncertain(risk: RiskTable, names: Sequence[str], way: str) -> Estimates:
    """Fit a model with these terms in which the class is uncertain. Raises CannotFitError, saying why."""
    design = checked_design(risk, names)
    term = next((each for each in design.terms if each.name == CLASS), None)
    if risk.belonging is None or risk.member is None or term is None:
        raise CannotFitError("there are no categories whose uncertainty is known")
    case = case_of(risk, risk.belonging, design, term)
    try:
        found, coefficients, covariance = UNCERTAIN[way](case)
    except (ValueError, np.linalg.LinAlgError) as fault:
        raise CannotFitError(str(fault)) from fault
    order = np.array([found.index(name) for name in design.names])
    return Estimates(design, coefficients[order], covariance[np.ix_(order, order)], case.some.days.size)


def case_of(risk: RiskTable, belonging: Belonging, design: Design, term: Term) -> Case:
    some = risk.of(design.is_used[risk.pattern])
    assert some.member is not None
    of_classes = set(map(term.column, term.levels))
    other = [place for place, name in enumerate(design.names) if name not in of_classes]
    rows, distinct_of = distinct_rows(design.rows[:, other])
    row_of = distinct_of[design.row_of]
    classes = (*belonging.classes, *([UNCLASSED] if (some.member < 0).any() else []))
    return Case(
        some=some,
        belonging=belonging,
        rows=rows,
        row_of=row_of[some.pattern],
        names=tuple(design.names[place] for place in other),
        classes=classes,
        reference=classes.index(term.reference),
    )
