"""Answer time-to-event questions: who was followed and for how long, read-offs and curves, and the hazard models."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from careloom.catalogue import Outcome
from careloom.core import Ledger
from careloom.engine import Engine
from careloom.outcomes.adjusted import ADJUSTED, adjusted_curves
from careloom.outcomes.curves import curves_of
from careloom.outcomes.follow import COMMON_COLUMNS, make_stretches
from careloom.outcomes.hazards import Row
from careloom.outcomes.models import AskedOfModels, Compared, as_tables, compare_hazards
from careloom.outcomes.read_offs import read_offs_of
from careloom.outcomes.risk_table import RiskTable, read_risk_table
from careloom.outcomes.units import add_flow, choose_units, drops_of

IN_VIEW = pa.schema(
    [
        ("return_name", pa.string()),
        ("la", pa.string()),
        ("starts_on", pa.date32()),
        ("ends_on", pa.date32()),
        ("is_last", pa.bool_()),
    ]
)
"""From when until when each authority's return can be read without a gap, and whether nothing comes after."""


@dataclass(frozen=True)
class AskedOfOutcomes:
    """What a study asks beyond the questions: `switches` turn drops of an outcome on or off, by outcome; and of the models."""

    switches: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    models: AskedOfModels = field(default_factory=AskedOfModels)


def time_outcomes(
    engine: Engine,
    outcomes: Sequence[Outcome],
    *,
    first_day: dt.date,
    end_day: dt.date,
    asked: AskedOfOutcomes | None = None,
) -> Ledger:
    """Follow every spell whose time zero is in [first_day, end_day) until the event, or the end of what can be seen.

    Reads `spell`, `person`, `class_of`, `episode_class` and `in_view` (when there is none, all is in view to `end_day`), and
    for covariates `pathway`, `care_episode` and `code`. Makes `time_to_event`, `outcome_flow`, `curve` (Kaplan-Meier, each
    class and all together), `read_off`, `hazard_ratio`, `ph_test` and `adjusted_curve`. A model that cannot be fitted leaves
    no hazard ratios, and the ledger says why.
    """
    ledger, asked = Ledger(), asked or AskedOfOutcomes()
    follow_all(engine, outcomes, asked, first_day=first_day, end_day=end_day, ledger=ledger)
    engine.load("curve", curves_of(engine, outcomes))
    engine.load("read_off", read_offs_of(engine, outcomes))
    compare_all(engine, outcomes, asked.models, ledger)
    return ledger


def follow_all(
    engine: Engine,
    outcomes: Sequence[Outcome],
    asked: AskedOfOutcomes,
    *,
    first_day: dt.date,
    end_day: dt.date,
    ledger: Ledger,
) -> None:
    """Make `time_to_event` and `outcome_flow`, and for each outcome `time_to_event_{name}` with all its covariates."""
    if not engine.columns("in_view"):
        engine.load("in_view", IN_VIEW.empty_table())
    for outcome in outcomes:
        drops = drops_of(outcome, asked.switches.get(outcome.name, {}))
        choose_units(engine, outcome, drops, first_day=first_day, end_day=end_day, ledger=ledger)
        add_flow(engine, outcome, drops)
        make_stretches(engine, outcome, ledger)
    engine.make("time_to_event", all_outcomes(outcomes))
    engine.make("outcome_flow", all_flows(outcomes))


def compare_all(engine: Engine, outcomes: Sequence[Outcome], asked: AskedOfModels, ledger: Ledger) -> None:
    """Fit the models of every outcome; make `hazard_ratio`, `ph_test` and `adjusted_curve`."""
    compared, adjusted = dict[str, Compared](), list[Row]()
    for outcome in outcomes:
        risk = read_risk_table(engine, outcome, unclassed=asked.unclassed, with_belonging=asked.doubts_classes)
        reads = classed_only(engine, outcome, risk, ledger) if not asked.unclassed else ""
        found = compared[outcome.name] = compare_hazards(outcome, risk, asked, ledger, reads=reads)
        if found.primary:
            adjusted += adjusted_curves(outcome, found.primary, risk)
            found.primary = None  # its working sums are large
    ratios, tests = as_tables(compared)
    engine.load("hazard_ratio", ratios)
    engine.load("ph_test", tests)
    engine.load("adjusted_curve", pa.Table.from_pylist(adjusted, schema=ADJUSTED))


def classed_only(engine: Engine, outcome: Outcome, risk: RiskTable, ledger: Ledger) -> str:
    """Note the stretches left out of the models because they have no class; return what those left are called."""
    table, made = f"time_to_event_{outcome.name}", f"classed stretches of {outcome.name}"
    everyone, left = int(engine.rows(f"SELECT count(*) AS n FROM {table}")[0][0]), risk.days.size
    ledger.note(
        f"choose stretches to compare for {outcome.name}", table, made, everyone, left, {"no class": everyone - left}
    )
    return made


def all_outcomes(outcomes: Sequence[Outcome]) -> str:
    """The rows of `time_to_event` of all outcomes; none when there are no outcomes."""
    # is_event comes last: Spark 4.2 cannot unite stored tables in which one column was worked out from another.
    columns = ", ".join(COMMON_COLUMNS)
    parts = [
        f"SELECT '{outcome.name}' AS outcome, {columns}, ended_by = 'event' AS is_event FROM time_to_event_{outcome.name}"
        for outcome in outcomes
    ]
    listed = (
        "outcome, unit_id, person_id, la, starts_on, days, is_event, ended_by, class_no, age_band, sex, ethnic_group"
    )
    return f"SELECT {listed} FROM ({' UNION ALL '.join(parts or [NO_STRETCH])}) AS every"


def all_flows(outcomes: Sequence[Outcome]) -> str:
    parts = [f"SELECT * FROM outcome_flow_{outcome.name}" for outcome in outcomes]
    return " UNION ALL ".join(parts or [NO_FLOW])


NO_STRETCH = """
    SELECT '' AS outcome, '' AS unit_id, '' AS person_id, '' AS la, DATE '2000-01-01' AS starts_on,
           CAST(0 AS DOUBLE) AS days, TRUE AS is_event, '' AS ended_by, 1 AS class_no, '' AS age_band,
           '' AS sex, '' AS ethnic_group
    WHERE FALSE"""
NO_FLOW = """
    SELECT '' AS outcome, 0 AS position, '' AS step, '' AS la, CAST(0 AS BIGINT) AS year, CAST(0 AS BIGINT) AS rows_dropped,
           CAST(0 AS BIGINT) AS rows_left, CAST(0 AS BIGINT) AS children_left, CAST(0 AS BIGINT) AS children_dropped
    WHERE FALSE"""
