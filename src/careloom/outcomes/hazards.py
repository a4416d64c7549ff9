"""One hazard model: for which classes, ages, sexes ... does the event come sooner, all else alike?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from careloom.outcomes.risk_table import CLASS, UNCLASSED, RiskTable
from careloom.outcomes.terms import Design, Term, design_of
from careloom.stats.distinct_rows import distinct_rows
from careloom.stats.survival import CoxFit, fit_cox, fit_fine_gray, fit_frailty

FEWEST_EVENTS = 20
MEAN = "mean of all"
"""What the classes are compared with beside the largest: their own mean, each class weighing as many stretches as it has."""

Row = dict[str, object]
Floats = NDArray[np.float64]


class CannotFitError(Exception):
    """A hazard model that cannot be fitted; the message says why."""


@dataclass(frozen=True, eq=False)
class Estimates:
    """Log hazard ratios (C,) of the design's columns and their covariance (C, C); nan where there is no finite estimate.

    `cox` is the fit they come from, for what is asked of it afterwards; None when it is of another kind.
    """

    design: Design
    coefficients: Floats
    covariance: Floats
    used: int
    cox: CoxFit | None = None

    def found(self, term: Term, level: str) -> int | None:
        """The column of a level, when it has a finite estimate."""
        name = term.column(level)
        place = self.design.names.index(name) if name in self.design.names else None
        return place if place is not None and np.isfinite(self.covariance[place, place]) else None


Method = Callable[[RiskTable, Floats, NDArray[np.int64], Sequence[str]], CoxFit | tuple[Floats, Floats]]
"""From some stretches, the distinct rows of the design, the row of each stretch, and the names of the columns, to a fit."""


def fit_hazards(risk: RiskTable, names: Sequence[str], method: "Method | None" = None) -> Estimates:
    """Fit a model with these terms. Raises CannotFitError, saying why, when there is nothing to fit or no answer."""
    design = checked_design(risk, names)
    some = risk.of(design.is_used[risk.pattern])
    rows, distinct_of = distinct_rows(design.rows)
    row_of = distinct_of[design.row_of]
    try:
        fit = (method or cause_specific)(some, rows, row_of[some.pattern], design.names)
    except (ValueError, np.linalg.LinAlgError) as fault:
        raise CannotFitError(str(fault)) from fault
    used = some.days.size
    if not isinstance(fit, CoxFit):
        return Estimates(design, *fit, used)
    if not fit.converged:
        raise CannotFitError("the model did not converge")
    covariance = fit.covariance if fit.robust_covariance is None else fit.robust_covariance
    return Estimates(design, fit.coefficients, covariance, used, fit)


def checked_design(risk: RiskTable, names: Sequence[str]) -> Design:
    """The design of a model with these terms. Raises CannotFitError when there is nothing to fit."""
    if risk.is_event.sum() < FEWEST_EVENTS:
        raise CannotFitError(f"fewer than {FEWEST_EVENTS} events")
    design = design_of(risk, names)
    if not design.names:
        raise CannotFitError("nothing differs between the stretches")
    return design


# --- methods: how authorities, repeated stretches and competing events are dealt with ------------------------------


def cause_specific(
    risk: RiskTable, rows: Floats, row_of: NDArray[np.int64], names: Sequence[str], *, by_place: bool = False
) -> CoxFit:
    """Cox's model with a baseline for each authority, errors robust to several stretches of a child.

    Whatever came instead of the event is a censoring. With `by_place`, a child's first stretch, second and so on have
    baselines of their own, too: the model of Prentice, Williams and Peterson (1981) on the clock that starts anew.
    """
    stratum = risk.la * (risk.place.max() + 1) + risk.place if by_place else risk.la
    return fit_cox(
        rows,
        row_of,
        risk.days,
        risk.is_event,
        names=names,
        entry_days=risk.entry,
        stratum=stratum if np.unique(stratum).size > 1 else None,
        cluster=risk.child,
    )


def gap_time(risk: RiskTable, rows: Floats, row_of: NDArray[np.int64], names: Sequence[str]) -> CoxFit:
    return cause_specific(risk, rows, row_of, names, by_place=True)


def first_only(risk: RiskTable) -> RiskTable:
    """Each child's first stretch in the study period."""
    return risk.of(risk.place == 1)


def subdistribution(risk: RiskTable, rows: Floats, row_of: NDArray[np.int64], names: Sequence[str]) -> CoxFit:
    """Fine and Gray's model: ratios of what makes the cumulative incidence, children whom something else met staying in."""
    stratum = risk.la if risk.authorities > 1 else None
    return fit_fine_gray(
        rows, row_of, risk.days, risk.cause, names=names, stratum=stratum, cluster=risk.child, errors="robust"
    )


def fixed_effects(risk: RiskTable, rows: Floats, row_of: NDArray[np.int64], names: Sequence[str]) -> CoxFit:
    """One baseline for all, with a ratio for each authority; the largest is the reference."""
    if risk.authorities < 2:
        raise ValueError("there is one authority")
    las, la = np.unique(risk.la, return_inverse=True)
    others = [k for k in range(las.size) if k != int(np.bincount(la).argmax())]
    pairs, pair = np.unique(row_of * las.size + la, return_inverse=True)
    with_la = np.hstack([rows[pairs // las.size], np.equal.outer(pairs % las.size, others).astype(float)])
    all_names = [*names, *(f"la {las[k]}" for k in others)]
    fit = fit_cox(with_la, pair, risk.days, risk.is_event, names=all_names, entry_days=risk.entry, cluster=risk.child)
    return some_columns(fit, len(names))


def some_columns(fit: CoxFit, count: int) -> CoxFit:
    """The first columns of a fit, adjusted for the others."""
    robust = None if fit.robust_covariance is None else fit.robust_covariance[:count, :count]
    return replace(
        fit,
        names=fit.names[:count],
        coefficients=fit.coefficients[:count],
        covariance=fit.covariance[:count, :count],
        robust_covariance=robust,
    )


def frailty(risk: RiskTable, rows: Floats, row_of: NDArray[np.int64], names: Sequence[str]) -> tuple[Floats, Floats]:
    """One baseline for all, times a gamma frailty that the children of an authority share; errors of the model."""
    fit = fit_frailty(rows, row_of, risk.days, risk.is_event, risk.la, names=tuple(names), entry_days=risk.entry)
    return fit.coefficients, fit.covariance


# --- what is said of each level ---------------------------------------------------------------------------------------


def rows_of(estimates: Estimates, level: float = 0.95) -> Iterator[Row]:
    """One row per level met: the reference has ratio 1 and no limits; a level that was not estimated is blank."""
    z = float(norm.ppf((1 + level) / 2))
    for term in estimates.design.terms:
        for number, name in enumerate(term.levels):
            if term.counts.rows[number]:
                place = estimates.found(term, name)
                log, error = (None, None) if place is None else at(estimates, unit(estimates, place))
                yield {
                    **counts_of(term, number),
                    "reference": term.reference,
                    **(ratio(log, error, z) if name != term.reference else REFERENCE),
                }


def rows_against_mean(estimates: Estimates, level: float = 0.95) -> Iterator[Row]:
    """Each class against the mean of all classes, by their sizes, so that no class is privileged."""
    term = next((each for each in estimates.design.terms if each.name == CLASS), None)
    if term is None:
        return
    z = float(norm.ppf((1 + level) / 2))
    own = {name: n for n, name in enumerate(term.levels) if name != UNCLASSED and term.counts.rows[n]}
    places = {name: estimates.found(term, name) for name in own if name != term.reference}
    known = [name for name in own if name == term.reference or places[name] is not None]
    sizes = {name: float(term.counts.rows[own[name]]) for name in known}
    mean = np.zeros(len(estimates.design.names))
    for name in known:
        if (place := places.get(name)) is not None:
            mean[place] += sizes[name] / sum(sizes.values())
    for name, number in own.items():
        place = places.get(name)
        contrast = (np.zeros_like(mean) if place is None else unit(estimates, place)) - mean
        log, error = at(estimates, contrast) if name in known and len(known) > 1 else (None, None)
        yield {**counts_of(term, number), "reference": MEAN, **ratio(log, error, z)}


REFERENCE: Row = {"hazard_ratio": 1.0, "lower": None, "upper": None, "p_value": None}


def unit(estimates: Estimates, place: int) -> Floats:
    out = np.zeros(len(estimates.design.names))
    out[place] = 1.0
    return out


def at(estimates: Estimates, contrast: Floats) -> tuple[float, float]:
    """A sum of log hazard ratios, times a contrast (C,), and its standard error."""
    of = np.flatnonzero(contrast)
    c = contrast[of]
    variance = float(c @ estimates.covariance[np.ix_(of, of)] @ c)
    return float(c @ estimates.coefficients[of]), float(np.sqrt(max(variance, 0.0)))


def ratio(log: float | None, error: float | None, z: float) -> Row:
    """A hazard ratio with limits and Wald test; blank where there is none, or it lies beyond what a number can hold."""
    if log is None or error is None:
        return dict.fromkeys(REFERENCE)
    with np.errstate(over="ignore"):
        all_three = np.exp([log, log - z * error, log + z * error])
    if not np.isfinite(all_three).all() or error == 0:
        return dict.fromkeys(REFERENCE)
    p_value = float(2 * norm.sf(abs(log) / error))
    return {**dict(zip(("hazard_ratio", "lower", "upper"), map(float, all_three), strict=True)), "p_value": p_value}


def counts_of(term: Term, number: int) -> Row:
    of = term.counts
    return {
        "term": term.name,
        "level": term.levels[number],
        "rows": int(of.rows[number]),
        "events": int(of.events[number]),
        "children": int(of.children[number]),
        "children_with_event": int(of.children_with_event[number]),
    }
