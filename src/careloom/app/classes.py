"""The categories of demand: their profiles, and the names that people settle for them together."""

from careloom.app.words import Answered, Asked, Desk, GoTo, Page
from careloom.core import RequestError
from careloom.study import list_classes, name_class
from careloom.study.released import released_answers
from careloom.typology.decisions import read_decisions

TABLES = ("categories", "profile", "profile_lift")


def classes(desk: Desk, asked: Asked) -> Answered:
    """Show the categories and all decisions about their names; with a form sent, settle one name."""
    study = desk.study
    if asked.is_sent:
        name_class(study, number_in(asked), asked.form.get("name", ""))
        return GoTo("/classes")
    listing = list_classes(study)
    words = {
        "title": "Categories of demand",
        "answers": released_answers(study, TABLES),
        "listing": listing,
        "rows": [dict(zip(listing.heading, row, strict=True)) for row in listing.rows],
        "decisions": read_decisions(study.demand.names),
        "kept_in": study.demand.names.name,
        "command": desk.command("classes list"),
    }
    return Page("classes.html", words)


def number_in(asked: Asked) -> int:
    """The number of the category that a form names. Raises RequestError for none."""
    number = asked.form.get("number", "")
    if not (number.isascii() and number.isdigit() and len(number) < 4):
        raise RequestError("say which category: its number in the last run")
    return int(number)
