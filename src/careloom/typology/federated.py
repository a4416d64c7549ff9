"""Classes of demand found over several authorities that exchange sums: what is agreed, what is asked, what is answered.

Here are only the words of the messages and the numbers in them; who signs them and how they travel is not known here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from careloom.catalogue import IndicatorSet, SavedTypology
from careloom.core import RequestError
from careloom.core.parties import check_kinds, check_parties
from careloom.stats.latent_class import LatentClassFit, Parameters, collapse, from_yes
from careloom.stats.latent_class.apart.federated import LEAST, LEAST_ROWS, Site, TooFewRowsError, length_of, take_part
from careloom.stats.latent_class.model.parameters import LEAST_LOG
from careloom.typology.classes import MOST_CLASSES
from careloom.typology.patterns import NO_AND_YES, Patterns

VERSION = 1
MOST_ROUNDS = 400
TEXTS = ("name", "indicators", "indicators_fingerprint")
WHOLE_NUMBERS = ("indicators_version", "classes", "starts", "seed", "least", "least_rows")
"""What a message says of a plan, by its kind."""


@dataclass(frozen=True)
class Given:
    """Parameters to start from: items by name (J,), shares (K,), probabilities of a yes (K, J)."""

    items: tuple[str, ...]
    shares: tuple[float, ...]
    yes: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Plan:
    """What all who take part agree on before the first question.

    The climb begins at ``given`` parameters and at so many random ``starts``. An authority takes no part with fewer
    than ``least_rows`` assessments, and holds back an indicator that fewer than ``least`` of them record, or do not.
    """

    name: str
    authorities: tuple[str, ...]
    indicators: str
    indicators_version: int
    indicators_fingerprint: str
    items: tuple[str, ...]
    classes: int
    given: tuple[Given, ...]
    starts: int
    seed: int
    prior: float = 0.0
    least: int = LEAST
    least_rows: int = LEAST_ROWS
    version: int = VERSION


def make_plan(
    name: str,
    authorities: Sequence[str],
    indicators: IndicatorSet,
    *,
    classes: int | None,
    start_from: Sequence[SavedTypology],
    starts: int,
    seed: int = 1,
    prior: float = 0.0,
) -> Plan:
    """Make a plan. Raises RequestError for what cannot be agreed on."""
    numbers = {len(saved.classes) for saved in start_from} | ({classes} if classes else set())
    if len(numbers) != 1:
        raise RequestError("say how many categories: --classes K, as many as every typology of --from has")
    other = [saved.name for saved in start_from if saved.indicators_fingerprint != indicators.fingerprint]
    if other:
        raise RequestError(f"the typology {other[0]} is of other indicators than {indicators.name}: start from another")
    if indicators.least_prevalence:
        raise RequestError(
            f"{indicators.name} leaves indicators out by how often they are recorded here: use another set"
        )
    plan = Plan(
        name=name,
        authorities=tuple(authorities),
        indicators=indicators.name,
        indicators_version=indicators.version,
        indicators_fingerprint=indicators.fingerprint,
        items=tuple(item.name for item in indicators.indicators),
        classes=numbers.pop(),
        given=tuple(given_by(saved) for saved in start_from),
        starts=starts,
        seed=seed,
        prior=prior,
    )
    check_plan(plan, indicators)
    return plan


def given_by(saved: SavedTypology) -> Given:
    return Given(saved.items, saved.shares, tuple(each.probabilities for each in saved.classes))


def check_plan(plan: Plan, indicators: IndicatorSet) -> None:
    """Refuse a plan that is not safe, or not about the indicators that are known here. Raises RequestError."""
    check_parties(plan.name, plan.authorities)
    if plan.least < LEAST or plan.least_rows < LEAST_ROWS:
        raise RequestError(f"the least counts must be {LEAST} and {LEAST_ROWS}, or more")
    if not 1 <= plan.classes <= MOST_CLASSES:
        raise RequestError(f"there must be 1 to {MOST_CLASSES} categories")
    if plan.starts < 0 or not plan.starts + len(plan.given):
        raise RequestError("there must be one start at least: give --from TYPOLOGY, or --starts N")
    if plan.items != tuple(item.name for item in indicators.indicators):
        raise RequestError(f"the plan does not name the indicators of {indicators.name} in their order")
    known = (indicators.name, indicators.version, indicators.fingerprint)
    if known != (plan.indicators, plan.indicators_version, plan.indicators_fingerprint):
        raise RequestError(
            f"the plan is about {plan.indicators} version {plan.indicators_version} ({plan.indicators_fingerprint}), and here "
            f"{indicators.name} is version {indicators.version} ({indicators.fingerprint}): all need the same Careloom"
        )


def plan_as_message(plan: Plan) -> dict[str, Any]:
    return {"kind": "plan", **asdict(plan)}


def numbers(told: Sequence[Any]) -> tuple[float, ...]:
    return tuple(map(float, told))


def plan_of_message(body: Mapping[str, Any]) -> Plan:
    """Read a plan. Raises RequestError for another kind of message, or another version."""
    if body.get("kind") != "plan" or body.get("version") != VERSION:
        raise RequestError(f"this is no plan of version {VERSION}: all need the same Careloom")
    try:
        words = {field.name: body[field.name] for field in fields(Plan)}
        given = tuple(
            Given(tuple(map(str, one["items"])), numbers(one["shares"]), tuple(map(numbers, one["yes"])))
            for one in body["given"]
        )
        check_kinds(words, TEXTS, WHOLE_NUMBERS)
        lists = {name: tuple(map(str, words[name])) for name in ("authorities", "items")}
        return Plan(**{**words, **lists, "given": given, "prior": float(words["prior"])})
    except (KeyError, TypeError, ValueError, OverflowError):
        raise RequestError("the plan lacks something: was it made by another Careloom?") from None


# --- questions ------------------------------------------------------------------------------------------------------------


def ask_margins(number: int, plan: str) -> dict[str, Any]:
    """The first question: how many assessments, and how many record each indicator? ``plan`` is its fingerprint."""
    return {"kind": "question", "number": number, "plan": plan, "asks": "margins"}


def ask_sums(number: int, plan: str, items: Sequence[str], at: Parameters) -> dict[str, Any]:
    """What do the assessments say at these parameters of these items?"""
    parameters = {"shares": at.log_shares.tolist(), "cells": at.log_probabilities.tolist()}
    return {
        "kind": "question",
        "number": number,
        "plan": plan,
        "asks": "sums",
        "items": list(items),
        "parameters": parameters,
    }


def parameters_asked(body: Mapping[str, Any], plan: Plan) -> tuple[tuple[int, ...], Parameters]:
    """Places of the items in the set, and the parameters asked about. Raises RequestError for what is no such question."""
    try:
        items = tuple(plan.items.index(name) for name in body["items"])
        shares = np.array(body["parameters"]["shares"], dtype=np.float64)
        cells = np.array(body["parameters"]["cells"], dtype=np.float64)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise RequestError("this question is not about the items of the plan") from None
    right = shares.shape == (plan.classes,) and cells.shape == (2 * len(items), plan.classes) and len(items) > 0
    if not right or len(set(items)) < len(items) or not all(np.isfinite(part).all() for part in (shares, cells)):
        raise RequestError("this question has not the shape that the plan says")
    first = np.arange(0, len(cells), 2, dtype=np.int32)
    at = Parameters(shares, cells, first)
    sums_to_one = np.abs(
        np.concatenate([[at.shares.sum() - 1.0], np.add.reduceat(at.probabilities, first).ravel() - 1.0])
    )
    if sums_to_one.max() > 1e-9 or min(shares.min(), cells.min()) < LEAST_LOG:
        raise RequestError("this question holds numbers that are no probabilities")
    return items, at


def is_same_question(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Do two questions ask the same, but for the last digits, in which two machines may differ?"""
    if one.get("asks") != other.get("asks") or one.get("items") != other.get("items"):
        return False
    both = [question.get("parameters", {}) for question in (one, other)]
    return all(
        np.shape(both[0].get(part)) == np.shape(both[1].get(part))
        and np.allclose(both[0].get(part, 0.0), both[1].get(part, 0.0), rtol=0, atol=1e-11)
        for part in ("shares", "cells")
    )


def numbers_asked(body: Mapping[str, Any], plan: Plan) -> int:
    """How many numbers the answer to a question has."""
    return 2 + 2 * len(plan.items) if body["asks"] == "margins" else length_of(parameters_asked(body, plan)[1])


# --- what authorities and the lead know -------------------------------------------------------------------------------------


def site_of(patterns: Patterns, plan: Plan) -> Site:
    """The assessments of one authority as they take part. Raises RequestError when there are too few."""
    table, _ = patterns.table(np.ones(len(plan.items), dtype=np.bool_))
    try:
        return take_part(table, least=plan.least, least_rows=plan.least_rows)
    except TooFewRowsError as fault:
        raise RequestError(str(fault)) from None


def by_items(site: Site, items: Sequence[int]) -> Site:
    """The site as it is seen by some of the items alone."""
    chosen = list(items)
    table, _ = collapse(site.table.codes[:, chosen], site.table.weights, [NO_AND_YES] * len(chosen))
    return Site(table, site.held)


def items_told(plan: Plan, rows: NDArray[np.float64]) -> list[str]:
    """The indicators that can tell classes apart: enough of all assessments record them, and enough do not.

    ``rows`` (2 + M,) are the margins of all. Raises RequestError when there are none.
    """
    by_answer = rows[2:].reshape(-1, 2)
    told = [name for name, counts in zip(plan.items, by_answer, strict=True) if counts.min() >= plan.least]
    if not told:
        raise RequestError("no indicator is recorded often enough in any authority: there are no classes to find")
    return told


def start_of(given: Given, items: Sequence[str], prevalence: NDArray[np.float64]) -> Parameters:
    """Given parameters for these items (J,); one that they do not know is as common in every class as in all."""
    yes = np.tile(prevalence, (len(given.shares), 1))
    for place, name in enumerate(items):
        if name in given.items:
            yes[:, place] = [row[given.items.index(name)] for row in given.yes]
    least = 0.5e-4  # a probability rounded to 4 digits may be written as 0
    return from_yes(np.maximum(given.shares, least), np.clip(yes, least, 1.0 - least))


def words_of(fit: LatentClassFit) -> dict[str, Any]:
    """The last message: what came of it."""
    return {
        "kind": "finished",
        "log_likelihood": fit.loglik,
        "verdict": fit.certificate.verdict,
        "gain_left": fit.certificate.gain_left,
        "starts": fit.starts,
        "starts_at_best": fit.starts_at_best,
    }
