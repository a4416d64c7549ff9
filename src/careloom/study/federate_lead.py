"""`careloom federate lead`: ask the authorities of an exchange until the maximum of their joint likelihood is proved.

The lead begins the climb anew each time, and reads the answers that are there already up to the first that is not: what
was asked before is asked again in thought only, for the same answers lead to the same questions.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import careloom
from careloom.catalogue import Catalogue, read_typology
from careloom.catalogue.read_typologies import checksum
from careloom.core import OutputError, RequestError
from careloom.disclose import DEFAULT
from careloom.govern import os_user
from careloom.govern.messages import send
from careloom.stats.latent_class import LatentClassFit, Parameters
from careloom.stats.latent_class.apart.federated import FederatedObjective, fit_sites, starts_from_margins
from careloom.study.exchange import Exchange
from careloom.study.federate_answer import read_plan
from careloom.study.rounds import Rounds, wait_for_all
from careloom.typology.federated import (
    Plan,
    ask_margins,
    ask_sums,
    is_same_question,
    items_told,
    numbers_asked,
    plan_as_message,
    start_of,
    words_of,
)
from careloom.typology.found import yes_of
from careloom.typology.names import name_classes
from careloom.typology.saved import Origin, make_saved, typology_text
from careloom.typology.words import many

NO_AND_YES = (np.array([0.0, 1.0]),)


def lead(exchange: Exchange, catalogue: Catalogue, wait: Callable[[str], None]) -> tuple[LatentClassFit, int, Path]:
    """Ask until the maximum is proved; return the fit, the number of rounds, and the saved typology.

    ``wait`` is told what is waited for, and returns to look again or raises WaitingError to stop for now.
    """
    plan, about = read_plan(exchange, catalogue)
    wait_for_all(exchange, plan.authorities, wait)
    rounds = Rounds(exchange, plan.authorities, wait, is_same_question, lambda asked: numbers_asked(asked, plan))
    rows = rounds.ask(ask_margins(1, about))
    items = items_told(plan, rows)
    places = [plan.items.index(name) for name in items]
    own = np.concatenate([rows[:2], rows[2:].reshape(-1, 2)[places].ravel()])
    prevalence = own[3::2] / (own[2::2] + own[3::2])
    starts = [start_of(given, items, prevalence) for given in plan.given]
    levels = NO_AND_YES * len(items)
    starts += starts_from_margins(own, levels, classes=plan.classes, starts=plan.starts, seed=plan.seed)

    def ask(at: Parameters) -> NDArray[np.float64]:
        return rounds.ask(ask_sums(rounds.number + 1, about, items, at))

    fit = fit_sites(FederatedObjective(ask, plan.prior), starts, own)
    path = save(exchange, catalogue, plan, fit, items, prevalence)
    found = checksum(read_typology(path))
    if ended := exchange.finished(about):
        if ended.get("typology") != found:
            raise RequestError(f"{path}: this is not the typology that was found; take it away, and lead again")
    else:
        said = {**words_of(fit), "plan": about, "rounds": rounds.number, "typology": found}
        send(exchange.finished_file, said, exchange.key)
    return fit, rounds.number, path


def save(
    exchange: Exchange,
    catalogue: Catalogue,
    plan: Plan,
    fit: LatentClassFit,
    items: Sequence[str],
    prevalence: NDArray[np.float64],
) -> Path:
    """Write the parameters as a typology file in the folder. Raises RequestError when a class is too small for that."""
    path = exchange.folder / f"{plan.name}.toml"
    indicators = catalogue.indicator_sets[plan.indicators]
    labels = {item.name: item.label for item in indicators.indicators}
    yes = yes_of(fit.parameters)
    origin = Origin(
        source=f"Federated latent class analysis of the assessments of {len(plan.authorities)} authorities: {', '.join(plan.authorities)}.",
        made_by=f"careloom {careloom.__version__}, by {os_user()}",
        made_on=dt.date.today(),
        why=f"{many(plan.classes, 'category', 'categories')}, as agreed; {how_found(fit)}.",
    )
    saved = make_saved(
        plan.name,
        origin,
        indicators,
        items=items,
        names=name_classes([labels[name] for name in items], yes, prevalence),
        shares=fit.shares,
        probabilities=yes,
        assessments=fit.n,
        least=max(plan.least, DEFAULT.threshold),
        base=DEFAULT.base,
    )
    if path.exists():
        if read_typology(path).classes != saved.classes:
            raise RequestError(f"{path}: this is not the typology that was found; take it away, and lead again")
        return path
    try:
        path.write_text(typology_text(saved), encoding="utf-8")
    except OSError as fault:
        raise OutputError(f"{path}: the typology cannot be written there ({fault.strerror})") from None
    return path


def how_found(fit: LatentClassFit) -> str:
    """What is known of the maximum, and from how many starts it was found."""
    starts = "from one start" if fit.starts == 1 else f"best of {fit.starts} starts, found by {fit.starts_at_best}"
    return f"{fit.certificate.verdict}, {starts}"


def begin(exchange: Exchange, plan: Plan) -> None:
    """Write the plan. Raises OutputError when there is one already."""
    send(exchange.plan_file, plan_as_message(plan), exchange.key)
