"""The stretches of an outcome made again from what a run has kept, for models that nobody asked the run for.

Who was followed, for how long and what ended it stands in the `time_to_event` that the run kept, and is taken from there: so every
fit is of the same children as the report's. Made again is only what models adjust for.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from careloom.catalogue import Outcome
from careloom.engine import Engine, text, with_names
from careloom.outcomes.follow import AT_RISK, MOST_ORDER
from careloom.outcomes.hazards import Estimates, Row, fit_hazards, rows_of
from careloom.outcomes.models import ph_tests
from careloom.outcomes.risk_table import RiskTable


def make_stretches_again(engine: Engine, outcome: Outcome, *, first_day: dt.date, end_day: dt.date) -> None:
    """Make `outcome_unit` and `time_to_event_{name}` as a run does, from its kept `time_to_event`, `spell` and `person`.

    Reads `code`, `pathway` and `care_episode`, too. Of the date of birth a run keeps the month only: a covariate that is an age is
    reckoned from the first of that month.
    """
    engine.make(
        "outcome_unit",
        f"""
        SELECT s.*, t.starts_on AS zero_on, DATE '{first_day}' AS window_starts_on, DATE '{end_day}' AS window_ends_on,
               p.birth_month AS born_on, p.died_on, p.sex, p.ethnic_group, p.is_disabled, CAST(NULL AS INTEGER) AS reason_no
        FROM spell AS s
        JOIN time_to_event AS t ON t.unit_id = s.spell_id AND t.outcome = {text(outcome.name)}
        LEFT JOIN person AS p ON p.person_id = s.person_id""",
    )
    engine.make(f"time_to_event_{outcome.name}", stretches_again(outcome))


def stretches_again(outcome: Outcome) -> str:
    """One row per stretch that was kept, with all that models may adjust for."""
    own = "".join(f", coalesce(d.{c.name}, 'Not known') AS {c.name}" for c in outcome.covariates)
    return with_names(
        {
            "at_risk": AT_RISK,
            "described": outcome.describe or "SELECT s.spell_id FROM at_risk AS s",
            "kept": f"SELECT * FROM time_to_event WHERE outcome = {text(outcome.name)}",
        },
        f"""
        SELECT t.unit_id, t.person_id, t.la, t.starts_on, t.days, t.ended_by, t.class_no, CAST(NULL AS VARCHAR) AS classed_by,
               t.age_band, t.sex, t.ethnic_group,
               CASE WHEN p.is_disabled THEN 'Yes' WHEN NOT p.is_disabled THEN 'No' ELSE 'Not known' END AS disability,
               CAST(year_ending(t.starts_on) AS VARCHAR) AS year,
               least(row_number() OVER (PARTITION BY t.person_id ORDER BY t.starts_on, t.unit_id), {MOST_ORDER}) AS place{own}
        FROM kept AS t
        LEFT JOIN person AS p ON p.person_id = t.person_id
        LEFT JOIN described AS d ON d.spell_id = t.unit_id""",
    )


def fit_stratified(risk: RiskTable, terms: Sequence[str], stratum: str | None) -> Estimates:
    """Fit Cox's model with these terms and a baseline for each authority, and each level of `stratum`. Raises CannotFitError."""
    return fit_hazards(with_baselines(risk, stratum), terms)


def with_baselines(risk: RiskTable, stratum: str | None) -> RiskTable:
    """The stretches, each level of a covariate taken for an authority of its own: models give it a baseline of its own."""
    if stratum is None:
        return risk
    levels = risk.levels[stratum]
    return replace(risk, la=risk.la * len(levels.names) + levels.of[risk.pattern])


def ratios_and_tests(outcome: Outcome, fit: Estimates, risk: RiskTable) -> tuple[list[Row], list[Row]]:
    """The rows of `hazard_ratio` and of `ph_test` that a fit says, but for which model it is."""
    return list(rows_of(fit)), list(ph_tests(outcome, fit, risk))
