"""Hazard ratios: for which classes, ages, sexes and ethnic groups does the event come sooner, all else alike?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from careloom.catalogue import Outcome
from careloom.core import Ledger
from careloom.engine import Engine, text
from careloom.outcomes.terms import Term, design_of, terms_of
from careloom.stats.survival.cox import HazardRatio, fit_cox

FEWEST_EVENTS = 20
NUMBER, WHOLE = pa.float64(), pa.int32()
HAZARD_RATIO = pa.schema(
    [
        ("outcome", pa.string()),
        ("term", pa.string()),
        ("level", pa.string()),
        ("reference", pa.string()),
        ("hazard_ratio", NUMBER),
        ("lower", NUMBER),
        ("upper", NUMBER),
        ("p_value", NUMBER),
        ("rows", WHOLE),
        ("events", WHOLE),
    ]
)


class CannotFitError(Exception):
    """A hazard model that cannot be fitted; the message says why."""


@dataclass(frozen=True, eq=False)
class Stretches:
    """Stretches at risk of one outcome: every array has one element per stretch, `levels` an array per term."""

    la: NDArray[np.str_]
    person: NDArray[np.str_]
    days: NDArray[np.float64]
    is_event: NDArray[np.bool_]
    levels: dict[str, NDArray[np.str_]]


def hazard_ratios_of(engine: Engine, outcomes: Sequence[Outcome], ledger: Ledger) -> pa.Table:
    """Return the rows of `hazard_ratio`; where a model cannot be fitted there are none, and the ledger says why."""
    rows: list[dict[str, object]] = []
    for outcome in outcomes:
        stretches = read_stretches(engine, outcome)
        step = f"compare hazards of {outcome.name}"
        tables = (f"time_to_event_{outcome.name}", f"hazard model of {outcome.name}")
        everyone = stretches.days.size
        try:
            found, used = fit_hazards(stretches)
        except CannotFitError as fault:
            ledger.note(f"{step}: none, {fault}", *tables, everyone, 0, {f"no hazard ratios: {fault}": everyone})
            continue
        rows += [{"outcome": outcome.name, **row} for row in found]
        ledger.note(step, *tables, everyone, used, {"has a level without any event": everyone - used})
    return pa.Table.from_pylist(rows, schema=HAZARD_RATIO)


def read_stretches(engine: Engine, outcome: Outcome) -> Stretches:
    table = engine.arrow(f"""
        SELECT la, person_id, days, is_event, coalesce(CAST(class_no AS VARCHAR), 'unclassed') AS class_no,
               age_band, sex, ethnic_group
        FROM time_to_event WHERE outcome = {text(outcome.name)} ORDER BY unit_id""")
    la, person, days, is_event, *levels = (np.array(column.to_pylist()) for column in table.columns)
    terms = dict(zip(table.column_names[4:], levels, strict=True))
    return Stretches(la, person, days.astype(float), is_event.astype(bool), terms)


def fit_hazards(stretches: Stretches) -> tuple[list[dict[str, object]], int]:
    """Fit the model; return one row per level, and how many stretches say something.

    A stretch whose level has no event at all has no hazard to compare: the level's ratio stays blank, and leaving the
    stretch out gives the other levels the very estimates that the likelihood has at that limit.
    """
    if stretches.is_event.sum() < FEWEST_EVENTS:
        raise CannotFitError(f"fewer than {FEWEST_EVENTS} events")
    terms = terms_of(stretches.levels, stretches.is_event)
    used = np.all([term.has_event_at_level() for term in terms], axis=0)
    design, pattern, names = design_of(terms, used)
    if not names:
        raise CannotFitError("nothing differs between the stretches")
    la = stretches.la[used]
    try:
        fit = fit_cox(
            design,
            pattern,
            stretches.days[used],
            stretches.is_event[used],
            names=names,
            stratum=la if np.unique(la).size > 1 else None,
            cluster=stretches.person[used],
        )
    except (ValueError, np.linalg.LinAlgError) as fault:
        raise CannotFitError(str(fault)) from fault
    if not fit.converged:
        raise CannotFitError("the model did not converge")
    estimated = {h.name: h for h in fit.hazard_ratios() if h.name not in fit.monotone}
    return list(rows_of(terms, estimated)), int(used.sum())


def rows_of(terms: Sequence[Term], estimated: dict[str, HazardRatio]) -> Iterator[dict[str, object]]:
    """One row per level: the reference has ratio 1 and no limits; a level that was not estimated is blank."""
    for term in terms:
        for level, rows, events in zip(term.levels, term.rows, term.events, strict=True):
            found = estimated.get(term.column(level))
            sound = found is not None and np.isfinite([found.lower, found.upper]).all()
            yield {
                "term": term.name,
                "level": level,
                "reference": term.reference,
                "hazard_ratio": 1.0 if level == term.reference else found.hazard_ratio if found and sound else None,
                "lower": found.lower if found and sound else None,
                "upper": found.upper if found and sound else None,
                "p_value": found.p_value if found and sound else None,
                "rows": int(rows),
                "events": int(events),
            }
