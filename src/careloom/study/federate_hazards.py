"""`careloom federate`, about hazards: the plan, and what a run has kept of an authority's children as it takes part."""

import numpy as np

from careloom.catalogue import Catalogue
from careloom.core import NotFoundError, RequestError
from careloom.engine import text
from careloom.govern.messages import fingerprint, receive
from careloom.outcomes.federated import (
    CLASS,
    LEVELS,
    HazardPlan,
    Stretches,
    check_hazard_plan,
    fingerprint_of_typology,
    hazard_plan_of_message,
    hazard_site,
    numbers_for,
)
from careloom.study.exchange import Exchange, Part
from careloom.study.file import Study
from careloom.study.kept_demand import kept


def read_hazard_plan(exchange: Exchange, catalogue: Catalogue) -> tuple[HazardPlan, str]:
    """The plan, held against the catalogue, and its fingerprint. Raises RequestError."""
    body = receive(exchange.plan_file, exchange.key)
    plan = hazard_plan_of_message(body)
    if plan.outcome not in catalogue.outcomes:
        raise RequestError(f"the outcome {plan.outcome} is not here: all need the same Careloom")
    check_hazard_plan(plan, catalogue.outcomes[plan.outcome])
    return plan, fingerprint(body)


def hazard_part(study: Study, plan: HazardPlan) -> Part:
    """The stretches that the study's last run has kept. Raises RequestError for classes of another typology."""
    saved = study.demand.saved
    if saved is None or fingerprint_of_typology(saved) != plan.typology_fingerprint:
        raise RequestError(
            f"the exchange compares the classes of the typology {plan.typology}: name it in [typology] as use = ..., and run"
        )
    stretches = read_stretches(study, plan)
    site = hazard_site(stretches, plan)
    own = site.stretches
    columns = (own.la, own.person, own.days, own.is_event, *own.levels.values())
    names = ", ".join(f"{term} {level}" for term, level in site.held)
    few = f"held back, as fewer than {plan.least} children with the event are there: {names}" if names else ""
    return Part(
        data=b"|".join("\n".join(map(str, column.tolist())).encode() for column in columns),
        held=few,
        numbers=lambda question: numbers_for(question, plan, site),
    )


def read_stretches(study: Study, plan: HazardPlan) -> Stretches:
    """Stretches of the outcome whose assessment has a class. Raises NotFoundError when there are none."""
    terms = [CLASS, *LEVELS]
    with kept(study, "time_to_event") as engine:
        table = engine.arrow(f"""
            SELECT la, person_id, days, is_event, CAST(class_no AS VARCHAR) AS class_no, {", ".join(LEVELS)}
            FROM time_to_event WHERE outcome = {text(plan.outcome)} AND class_no IS NOT NULL ORDER BY unit_id""")
    if not table.num_rows:
        raise NotFoundError(f"{study.out}: nobody was followed for {plan.outcome}, or none has a class")
    la, person, days, is_event, *levels = (np.array(column.to_pylist()) for column in table.columns)
    values = {term: column.astype(str) for term, column in zip(terms, levels, strict=True)}
    return Stretches(la, person, days.astype(np.float64), is_event.astype(bool), values)
