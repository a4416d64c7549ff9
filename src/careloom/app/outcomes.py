"""Outcomes: choose a question, a category of demand and what is adjusted for; the released curves and ratios of the last run."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from careloom.app.words import Answered, Asked, Desk, Page
from careloom.report.hazard_figures import MODELS
from careloom.report.outcome_figures import ALL as EVERYONE
from careloom.report.question import Answer
from careloom.study.released import released_answers

TABLES = ("followed", "curves", "incidence", "hazard_ratios", "hazard_by_model", "adjusted_curves", "ph_tests")
MAIN_MODEL = "M2"
"""The model of which every term's ratio is released; of the others, those of the categories."""


def outcomes(desk: Desk, asked: Asked) -> Answered:
    """Show what was chosen of the released tables; what is not known is as if it was not asked."""
    study = desk.study
    answers = released_answers(study, TABLES)
    known = values_of(answers["followed"], "outcome")
    outcome = chosen(asked, "outcome", known) or (known[0] if known else "")
    of = {name: some(answer, outcome=[outcome]) for name, answer in answers.items()}
    categories = [name for name in values_of(of["curves"], "category") if name != EVERYONE]
    models, terms = values_of(of["hazard_by_model"], "model"), values_of(of["hazard_ratios"], "term")
    category, model = chosen(asked, "category", categories), chosen(asked, "model", models) or MAIN_MODEL
    term = chosen(asked, "term", terms)
    name = next((each for each in study.outcomes if desk.catalogue.outcomes[each].title == outcome), None)
    words = {
        "title": "Outcomes",
        "choices": {"outcome": (outcome, known), "category": (category, categories), "term": (term, terms)},
        "models": [(each, MODELS.get(each, each)) for each in models],
        "model": model,
        "is_main": model == MAIN_MODEL,
        "outcome": outcome,
        "name": name or "",
        "followed": of["followed"],
        "curves": of_category(of["curves"], "category", category),
        "incidence": of_category(of["incidence"], "category", category),
        "ratios": some(of["hazard_ratios"], term=[term]) if term else of["hazard_ratios"],
        "by_model": of_category(some(of["hazard_by_model"], model=[model]), "level", category),
        "adjusted": of_category(of["adjusted_curves"], "level", category),
        "tests": of["ph_tests"],
        "command": desk.command("outcomes", *(["--of", name] if name else [])),
    }
    return Page("outcomes.html", words)


def chosen(asked: Asked, name: str, known: Sequence[str]) -> str:
    """What was chosen, if it is known; blank for all."""
    value = asked.query.get(name, "")
    return value if value in known else ""


def values_of(answer: Answer, column: str) -> list[str]:
    """The different values of a released column, as they come."""
    return list(dict.fromkeys(str(row[column]) for row in answer.rows))


def of_category(answer: Answer, column: str, category: str) -> Answer:
    """The rows of a category, and of all children to compare with; all rows when none was chosen."""
    return some(answer, **{column: [category, EVERYONE]}) if category else answer


def some(answer: Answer, **wanted: Sequence[str]) -> Answer:
    """Of what was released, the rows with these values. Fewer rows tell no more than all of them did."""
    if answer.released is None:
        return answer
    rows: list[dict[str, Any]] = [
        row for row in answer.rows if all(str(row[column]) in values for column, values in wanted.items())
    ]
    if not rows:
        return Answer(answer.question, None)
    kept = pa.Table.from_pylist(rows, schema=answer.released.rows.schema)
    return Answer(answer.question, replace(answer.released, rows=kept))
