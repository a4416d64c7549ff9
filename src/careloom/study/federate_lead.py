"""`careloom federate lead`: ask the authorities of an exchange until the maximum of their joint likelihood is proved.

The lead begins the climb anew each time, and reads the answers that are there already up to the first that is not: what
was asked before is asked again in thought only, for the same answers lead to the same questions.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import careloom
from careloom.catalogue import Catalogue
from careloom.core import OutputError, RequestError
from careloom.disclose import DEFAULT
from careloom.govern import os_user
from careloom.govern.hidden_sums import add_up
from careloom.govern.messages import fingerprint, is_whole, receive, send
from careloom.stats.latent_class import LatentClassFit, Parameters
from careloom.stats.latent_class.federated import FederatedObjective, fit_sites, starts_from_margins
from careloom.study.exchange import Exchange
from careloom.study.federate_answer import read_plan
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

NO_AND_YES = (np.array([0.0, 1.0]),)


class Rounds:
    """The lead's side of an exchange: asks one question after the other, and reads the answers that are there."""

    def __init__(self, exchange: Exchange, plan: Plan, about: str, wait: Callable[[str], None]) -> None:
        self.exchange, self.plan, self.about, self.wait = exchange, plan, about, wait
        self.number = 0

    def ask(self, question: dict[str, Any]) -> NDArray[np.float64]:
        """The sum of all answers to a question that may have been asked before."""
        number = self.number = self.number + 1
        path = self.exchange.question_file(number)
        if path.exists():
            asked = receive(path, self.exchange.key)
            if not is_same_question(asked, question):
                raise RequestError(f"{path}: the climb would ask something else here: begin anew in another folder")
        else:
            send(path, question, self.exchange.key)
            asked = question
        return self.answers(number, asked)

    def answers(self, number: int, asked: dict[str, Any]) -> NDArray[np.float64]:
        files = {name: self.exchange.answer_file(number, name) for name in self.plan.authorities}
        while missing := [name for name, path in files.items() if not is_whole(path)]:
            self.wait(f"question {number} is to be answered by {', '.join(missing)}")
        which, hidden = fingerprint(asked), []
        for name, path in files.items():
            body = receive(path, self.exchange.key)
            if (body.get("kind"), body.get("question"), body.get("authority")) != ("answer", which, name):
                raise RequestError(f"{path}: this answers another question, or is of another authority")
            hidden.append(str(body["hidden"]))
        return np.array(add_up(hidden, numbers_asked(asked, self.plan)))


def lead(exchange: Exchange, catalogue: Catalogue, wait: Callable[[str], None]) -> tuple[LatentClassFit, int, Path]:
    """Ask until the maximum is proved; return the fit, the number of rounds, and the saved typology.

    ``wait`` is told what is waited for, and returns to look again or raises WaitingError to stop for now.
    """
    plan, about = read_plan(exchange, catalogue)
    while missing := [name for name in plan.authorities if not is_whole(exchange.joined_file(name))]:
        wait(f"still to join: {', '.join(missing)}")
    rounds = Rounds(exchange, plan, about, wait)
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
    if not exchange.finished_file.exists():
        send(exchange.finished_file, {**words_of(fit), "plan": about, "rounds": rounds.number}, exchange.key)
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
    if path.exists():
        return path
    indicators = catalogue.indicator_sets[plan.indicators]
    labels = {item.name: item.label for item in indicators.indicators}
    yes = yes_of(fit.parameters)
    origin = Origin(
        source=f"Federated latent class analysis of the assessments of {len(plan.authorities)} authorities: {', '.join(plan.authorities)}.",
        made_by=f"careloom {careloom.__version__}, by {os_user()}",
        made_on=dt.date.today(),
        why=f"{plan.classes} classes, as agreed; {fit.certificate.verdict}, best of {fit.starts} starts, found by {fit.starts_at_best}.",
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
    try:
        path.write_text(typology_text(saved), encoding="utf-8")
    except OSError as fault:
        raise OutputError(f"{path}: the typology cannot be written there ({fault.strerror})") from None
    return path


def begin(exchange: Exchange, plan: Plan) -> None:
    """Write the plan. Raises OutputError when there is one already."""
    send(exchange.plan_file, plan_as_message(plan), exchange.key)
