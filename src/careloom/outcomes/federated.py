"""Hazards compared over several authorities that exchange sums: what is agreed, what is asked, what is answered.

Here are only the words of the messages and the numbers in them; who signs them and how they travel is not known here.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from careloom.catalogue import Outcome, SavedTypology
from careloom.core import RequestError
from careloom.core.parties import check_kinds, check_parties
from careloom.stats.survival.federated import MOST_ROUNDS, answer_at, length_of, spread_at
from careloom.stats.survival.risk_sets import RiskSets, checked_cox_rows, count_risk_sets

HAZARD_PLAN = "hazard plan"
VERSION = 1
TEXTS = ("name", "outcome", "outcome_fingerprint", "typology", "typology_fingerprint")
LEAST, LEAST_ROWS = 10, 100
MOST_QUESTIONS = MOST_ROUNDS + 3
"""The climb, and the counts before it, and the spread and the curves after it."""
CURVE_STEP = 30
"""Days: on a curve all that happens within so many days is placed on the last of them."""
CLASS = "class_no"
LEVELS = {
    "age_band": ("under 1", "1-4", "5-9", "10-15", "16-17"),
    "sex": ("F", "M", "U"),
    "ethnic_group": ("White", "Mixed", "Asian", "Black", "Other", "Unknown"),
}
"""Terms of the model beside the class, and all the levels that they can have, whether an authority has met them or not."""
PREFERRED = {"ethnic_group": "White"}
Floats = NDArray[np.float64]
Level = tuple[str, str]
"""A term and one of its levels."""


@dataclass(frozen=True)
class HazardPlan:
    """What all who take part agree on before the first question.

    ``typology`` is the saved typology whose classes are compared. An authority takes no part with fewer than
    ``least_rows`` stretches, and holds back those at a level with fewer than ``least`` children, or with the event.
    """

    name: str
    authorities: tuple[str, ...]
    outcome: str
    outcome_fingerprint: str
    typology: str
    typology_fingerprint: str
    levels: tuple[Level, ...]
    curve_days: tuple[int, ...]
    least: int = LEAST
    least_rows: int = LEAST_ROWS
    version: int = VERSION

    @property
    def classes(self) -> list[str]:
        return [level for term, level in self.levels if term == CLASS]


def make_hazard_plan(name: str, authorities: Sequence[str], outcome: Outcome, typology: SavedTypology) -> HazardPlan:
    """Make a plan. Raises RequestError for what cannot be agreed on."""
    classes = [(CLASS, str(number + 1)) for number in range(len(typology.classes))]
    others = [(term, level) for term, levels in LEVELS.items() for level in levels]
    plan = HazardPlan(
        name=name,
        authorities=tuple(authorities),
        outcome=outcome.name,
        outcome_fingerprint=fingerprint_of_outcome(outcome),
        typology=typology.name,
        typology_fingerprint=fingerprint_of_typology(typology),
        levels=tuple(classes + others),
        curve_days=tuple(range(CURVE_STEP, max(outcome.horizons_days) + CURVE_STEP, CURVE_STEP)),
    )
    check_hazard_plan(plan, outcome)
    return plan


def fingerprint_of_outcome(outcome: Outcome) -> str:
    return hashlib.sha256(repr(outcome).encode()).hexdigest()


def fingerprint_of_typology(typology: SavedTypology) -> str:
    parameters = [(each.share, each.probabilities) for each in typology.classes]
    return hashlib.sha256(repr((typology.items, parameters)).encode()).hexdigest()


def check_hazard_plan(plan: HazardPlan, outcome: Outcome) -> None:
    """Refuse a plan that is not safe, or not about the outcome as it is known here. Raises RequestError."""
    check_parties(plan.name, plan.authorities)
    if plan.least < LEAST or plan.least_rows < LEAST_ROWS:
        raise RequestError(f"the least counts must be {LEAST} and {LEAST_ROWS}, or more")
    if plan.outcome_fingerprint != fingerprint_of_outcome(outcome):
        raise RequestError(f"the plan's outcome {plan.outcome} is declared otherwise here: all need the same Careloom")
    steps = np.diff((0, *plan.curve_days))
    known = {(term, level) for term, levels in LEVELS.items() for level in levels}
    others = set(plan.levels) - {(CLASS, level) for level in plan.classes}
    if not plan.curve_days or steps.min() < CURVE_STEP or others != known or not plan.classes:
        raise RequestError(
            "the plan lacks levels, or names others than are known here, or would tell curves by less than so many days"
        )


def hazard_plan_as_message(plan: HazardPlan) -> dict[str, Any]:
    return {"kind": HAZARD_PLAN, **asdict(plan)}


def hazard_plan_of_message(body: Mapping[str, Any]) -> HazardPlan:
    """Read a plan. Raises RequestError for another version."""
    if body.get("kind") != HAZARD_PLAN or body.get("version") != VERSION:
        raise RequestError(f"this is no plan of version {VERSION}: all need the same Careloom")
    try:
        words = {field.name: body[field.name] for field in fields(HazardPlan)}
        check_kinds(words, TEXTS, ("least", "least_rows"))
        lists = {"authorities": tuple(words["authorities"]), "curve_days": tuple(map(int, words["curve_days"]))}
        levels = tuple((str(term), str(level)) for term, level in words["levels"])
        return HazardPlan(**{**words, **lists, "levels": levels})
    except (KeyError, TypeError, ValueError, OverflowError):
        raise RequestError("the plan lacks something: was it made by another Careloom?") from None


# --- questions ------------------------------------------------------------------------------------------------------------


def ask(number: int, plan: str, asks: str, columns: Sequence[Level] = (), beta: Floats | None = None) -> dict[str, Any]:
    """A question: "counts" or "curves", or the "sums" or "spread" of a model at some coefficients."""
    body = {"kind": "question", "number": number, "plan": plan, "asks": asks}
    if beta is None:
        return body
    return {**body, "columns": [list(each) for each in columns], "beta": [float(one) for one in beta]}


def is_same_question(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Do two questions ask the same, but for the last digits, in which two machines may differ?"""
    if (one.get("asks"), one.get("columns")) != (other.get("asks"), other.get("columns")):
        return False
    a, b = (np.asarray(question.get("beta", [])) for question in (one, other))
    return a.shape == b.shape and np.allclose(a, b, rtol=0, atol=1e-10)


def model_asked(body: Mapping[str, Any], plan: HazardPlan) -> tuple[list[Level], Floats]:
    """The columns and the coefficients of a question. Raises RequestError for what is no such question."""
    try:
        columns = [(str(term), str(level)) for term, level in body["columns"]]
        beta = np.array(body["beta"], dtype=np.float64)
    except (KeyError, TypeError, ValueError):
        raise RequestError("this question is not about a model") from None
    known = len(set(columns)) == len(columns) and set(columns) <= set(plan.levels)
    if not known or beta.shape != (len(columns),) or not (beta.size and np.isfinite(beta).all()):
        raise RequestError("this question is not about levels of the plan, once each, with a number for each")
    if np.abs(beta).max() > 10.0:
        raise RequestError("this question is about hazard ratios beyond 20,000: none such is answered")
    return columns, beta


def numbers_asked(body: Mapping[str, Any], plan: HazardPlan) -> int:
    """How many numbers the answer to a question has. Raises RequestError for a question of another kind."""
    asks = body.get("asks")
    if asks == "counts":
        return 2 + 4 * len(plan.levels)
    if asks == "curves":
        return 2 * (1 + len(plan.classes)) * len(days_of(plan))
    p = len(model_asked(body, plan)[0])
    if asks in ("sums", "spread"):
        return length_of(p) if asks == "sums" else p * (p + 1) // 2
    raise RequestError("this question asks for something that is not answered")


# --- what an authority answers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Stretches:
    """Stretches at risk as a run has kept them, one element each (n,); the levels by term, the class among them."""

    la: NDArray[np.str_]
    person: NDArray[np.str_]
    days: Floats
    is_event: NDArray[np.bool_]
    levels: dict[str, NDArray[np.str_]]

    def of(self, mine: NDArray[np.bool_]) -> "Stretches":
        levels = {term: values[mine] for term, values in self.levels.items()}
        return Stretches(self.la[mine], self.person[mine], self.days[mine], self.is_event[mine], levels)


@dataclass(frozen=True, eq=False)
class HazardSite:
    """The stretches of one authority as they take part, without those held back; their patterns (P,) and risk sets."""

    stretches: Stretches
    held: tuple[Level, ...]
    patterns: dict[str, NDArray[np.str_]]
    sets: RiskSets


def hazard_site(stretches: Stretches, plan: HazardPlan) -> HazardSite:
    """Hold back what few are behind. Raises RequestError for levels that the plan does not know, or too few stretches."""
    for term, values in stretches.levels.items():
        known = [level for each, level in plan.levels if each == term]
        if odd := int((~np.isin(values, known)).sum()):
            raise RequestError(f"{odd} stretches have a {term} that is not in the plan: all need the same Careloom")
    kept, held = hold_back(stretches, plan)
    if kept.days.size < plan.least_rows or not kept.is_event.any():
        raise RequestError(f"with fewer than {plan.least_rows} stretches one takes no part: join with another")
    terms = list(kept.levels)
    patterns, pattern = np.unique(np.column_stack([kept.levels[term] for term in terms]), axis=0, return_inverse=True)
    rows = checked_cox_rows(
        pattern.ravel(), kept.days, kept.is_event,
        patterns=len(patterns), entry_days=None, stratum=kept.la, weights=None,
    )  # fmt: skip
    sets = count_risk_sets(rows, patterns=len(patterns), efron=True)
    return HazardSite(kept, held, dict(zip(terms, patterns.T, strict=True)), sets)


def hold_back(stretches: Stretches, plan: HazardPlan) -> tuple[Stretches, tuple[Level, ...]]:
    """Leave out the stretches at levels with too few children, or too few with the event, until none is left with so few."""
    held: list[Level] = []
    while True:
        counts = {level: count_children(stretches, level) for level in plan.levels if level not in held}
        few = [level for level, (children, with_event) in counts.items() if children and with_event < plan.least]
        held += few
        if not few:
            return stretches, tuple(level for level in plan.levels if level in held)
        stays = np.all([stretches.levels[term] != level for term, level in few], axis=0)
        stretches = stretches.of(stays)


def count_children(stretches: Stretches, level: Level) -> tuple[int, int]:
    """Different children at a level, and those of them with the event there."""
    mine = stretches.levels[level[0]] == level[1]
    return np.unique(stretches.person[mine]).size, np.unique(stretches.person[mine & stretches.is_event]).size


def numbers_for(question: Mapping[str, Any], plan: HazardPlan, site: HazardSite) -> list[float]:
    """The answer to a question. Raises RequestError for one that must not be answered."""
    if int(question.get("number", 0)) > MOST_QUESTIONS:
        raise RequestError(
            f"more than {MOST_QUESTIONS} questions are not answered: so many could be meant to find children out"
        )
    if question.get("asks") == "counts":
        return [float(one) for one in counts_of(site, plan)]
    if question.get("asks") == "curves":
        return [float(one) for one in curve_counts(site, plan)]
    numbers_asked(question, plan)
    columns, beta = model_asked(question, plan)
    design = np.column_stack([site.patterns[term] == level for term, level in columns]).astype(np.float64)
    if question["asks"] == "sums":
        return [float(one) for one in answer_at(site.sets, design, beta)]
    return [float(one) for one in spread_at(site.sets, design, beta, site.stretches.person)]


def counts_of(site: HazardSite, plan: HazardPlan) -> Floats:
    """Stretches and events; then of each level stretches, events, children, children with the event."""
    own = site.stretches
    parts = [[own.days.size, own.is_event.sum()]]
    for term, level in plan.levels:
        mine = own.levels[term] == level
        parts.append([mine.sum(), (mine & own.is_event).sum(), *count_children(own, (term, level))])
    return np.concatenate(parts).astype(np.float64)


def days_of(plan: HazardPlan) -> tuple[int, ...]:
    """The days of a curve; the last stands for all after the plan's."""
    return (*plan.curve_days, plan.curve_days[-1] + CURVE_STEP)


def curve_counts(site: HazardSite, plan: HazardPlan) -> Floats:
    """For everyone, then each class: who left, then the events, by day of the curve. An event after them all is a censoring."""
    own, days = site.stretches, days_of(plan)
    place = np.minimum(np.searchsorted(days, own.days), len(days) - 1)
    is_event = own.is_event & (place < len(days) - 1)
    members = [np.full(place.shape, True), *(own.levels[CLASS] == level for level in plan.classes)]
    counts = [np.bincount(place[mine], minlength=len(days)) for each in members for mine in (each, each & is_event)]
    return np.concatenate(counts).astype(np.float64)


# --- what the lead makes of it ------------------------------------------------------------------------------------------------


def columns_told(plan: HazardPlan, counts: Floats) -> tuple[list[Level], dict[str, str]]:
    """The columns of the model, and the reference of each term: the census's own first group, or the most common level.

    ``counts`` are those of all. Levels that nobody has, or all held back, are not in the model, nor is a term of one level.
    """
    rows = dict(zip(plan.levels, counts[2::4], strict=True))
    met = [level for level, n in rows.items() if n > 0]
    references: dict[str, str] = {}
    for term in dict.fromkeys(term for term, _ in met):
        own = [level for each, level in met if each == term]
        preferred = PREFERRED.get(term)
        references[term] = preferred if preferred in own else max(own, key=lambda level: rows[term, level])
    return [(term, level) for term, level in met if level != references[term]], references
