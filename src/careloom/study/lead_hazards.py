"""`careloom federate lead`, about hazards: ask until the joint model is at its top, then for the curves, and release both."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from careloom.catalogue import Catalogue, Outcome, SavedTypology
from careloom.core import OutputError, RequestError
from careloom.disclose import Column, Count, Estimate, Label, Points, Released, release, safe_points
from careloom.govern.messages import send
from careloom.outcomes.federated import (
    HazardPlan,
    ask,
    columns_told,
    days_of,
    hazard_plan_as_message,
    is_same_question,
    make_hazard_plan,
    numbers_asked,
)
from careloom.stats.survival.federated import FederatedCoxFit, fit_cox_federated
from careloom.stats.survival.kaplan_meier import kaplan_meier_of_counts
from careloom.study.exchange import Exchange
from careloom.study.federate_hazards import read_hazard_plan
from careloom.study.rounds import Rounds, Wait, wait_for_all

EVERYONE = "all"
Floats = NDArray[np.float64]
ON_CHILDREN = ("children_with_event", "children")
RATIO_COLUMNS: tuple[Column, ...] = (
    *(Label(name) for name in ("outcome", "term", "level", "reference")),
    *(Estimate(name, ON_CHILDREN, 3) for name in ("hazard_ratio", "lower", "upper")),
    *(Count(name, on) for name, on in (("stretches", "children"), ("events", "children_with_event"))),
    *(Count(name) for name in ON_CHILDREN),
)
CURVE_COLUMNS: tuple[Column, ...] = (
    *(Label(name) for name in ("outcome", "class_no", "days")),
    *(Estimate(name, ("at_risk",), 3) for name in ("survival", "lower", "upper")),
    Count("at_risk"),
)


@dataclass(frozen=True)
class Told:
    """What came of an exchange about hazards: the fit, how many questions it took, and the released tables' files."""

    fit: FederatedCoxFit
    rounds: int
    files: tuple[Path, ...]


def begin_hazards(
    exchange: Exchange, name: str, authorities: list[str], outcome: Outcome, typology: SavedTypology
) -> None:
    """Write the plan. Raises RequestError for one that is not safe, OutputError when there is one already."""
    plan = make_hazard_plan(name, authorities, outcome, typology)
    send(exchange.plan_file, hazard_plan_as_message(plan), exchange.key)


def lead_hazards(exchange: Exchange, catalogue: Catalogue, wait: Wait) -> Told:
    """Ask for counts, sums at each step, the spread and the curves; write what may be shown. Raises RequestError."""
    plan, about = read_hazard_plan(exchange, catalogue)
    wait_for_all(exchange, plan.authorities, wait)
    rounds = Rounds(exchange, plan.authorities, wait, is_same_question, lambda asked: numbers_asked(asked, plan))
    counts = rounds.ask(ask(1, about, "counts"))
    columns, references = columns_told(plan, counts)
    if not columns:
        raise RequestError("nothing differs between the stretches: there is no hazard to compare")

    def at(asks: str, beta: Floats) -> Floats:
        return rounds.ask(ask(rounds.number + 1, about, asks, columns, beta))

    try:
        fit = fit_cox_federated(
            lambda beta: at("sums", beta),
            [f"{term} {level}" for term, level in columns],
            float(counts[1]),
            ask_spread=lambda beta: at("spread", beta),
        )
    except (ValueError, np.linalg.LinAlgError) as fault:
        if isinstance(fault, RequestError):
            raise
        raise RequestError(f"the hazards cannot be compared: {fault}") from None
    curves = rounds.ask(ask(rounds.number + 1, about, "curves"))
    tables = {
        "hazard_ratios": release(ratio_table(plan, counts, references, fit), RATIO_COLUMNS, name="hazard_ratios"),
        "survival": release(curve_table(plan, curves, catalogue), CURVE_COLUMNS, name="survival"),
    }
    files = tuple(write(exchange.folder / f"{plan.name}_{name}.csv", table) for name, table in tables.items())
    finish(exchange, about, fit, rounds.number)
    return Told(fit, rounds.number, files)


def ratio_table(plan: HazardPlan, counts: Floats, references: dict[str, str], fit: FederatedCoxFit) -> pa.Table:
    """One row a level that somebody told of; the reference has ratio 1 and no limits."""
    ratios = dict(zip(fit.names, zip(*fit.hazard_ratios(), strict=True), strict=True))
    rows: list[dict[str, Any]] = []
    for (term, level), (stretches, events, children, with_event) in zip(
        plan.levels, counts[2:].reshape(-1, 4), strict=True
    ):
        if stretches:
            is_reference = references[term] == level
            ratio, lower, upper = (1.0, None, None) if is_reference else map(float, ratios[f"{term} {level}"])
            about = {"outcome": plan.outcome, "term": term, "level": level, "reference": references[term]}
            estimates = {"hazard_ratio": ratio, "lower": lower, "upper": upper}
            whole = {"stretches": round(stretches), "events": round(events)}
            rows.append(
                {**about, **estimates, **whole, "children": round(children), "children_with_event": round(with_event)}
            )
    return pa.Table.from_pylist(rows)


def curve_table(plan: HazardPlan, counts: Floats, catalogue: Catalogue) -> pa.Table:
    """The points of the curves of everyone and of each class that may be shown."""
    days = np.array(days_of(plan), dtype=np.float64)
    rows: list[dict[str, Any]] = []
    for class_no, (left, events) in zip((EVERYONE, *plan.classes), counts.reshape(-1, 2, days.size), strict=True):
        if left.sum():
            curve = kaplan_meier_of_counts(days, events, left)
            upto = np.searchsorted(curve.days, days, side="right") - 1
            for place, day in enumerate(days[:-1]):
                # After the day itself: who leaves on it is gone.
                after = round(left.sum() - left[: place + 1].sum())
                known = upto[place] >= 0
                point = {
                    name: finite(getattr(curve, name)[upto[place]]) if known else 1.0
                    for name in ("survival", "lower", "upper")
                }
                about = {"outcome": plan.outcome, "class_no": class_no, "days": int(day)}
                rows.append({**about, **point, "at_risk": after, "events": round(events[: place + 1].sum())})
    first = tuple(day - day % -min(plan.curve_days) for day in catalogue.outcomes[plan.outcome].horizons_days)
    points = Points(by=("class_no",), when="days", at_risk="at_risk", events="events", first=first)
    return safe_points(pa.Table.from_pylist(rows), points).drop_columns("events")


def finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def write(path: Path, table: Released) -> Path:
    try:
        pa.csv.write_csv(table.rows, path)
    except OSError as fault:
        raise OutputError(f"{path}: the table cannot be written there ({fault.strerror})") from None
    return path


def finish(exchange: Exchange, about: str, fit: FederatedCoxFit, rounds: int) -> None:
    """The last message: the model's own fit, which all have seen the coefficients of."""
    if not exchange.finished_file.exists():
        said = {"kind": "finished", "plan": about, "rounds": rounds, "log_likelihood": fit.loglik}
        send(exchange.finished_file, {**said, "log_likelihood_without": fit.loglik_null}, exchange.key)
