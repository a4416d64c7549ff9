"""Costs: the report's tables, how sure they are, and a what-if put together field by field."""

from careloom.app.words import Answered, Asked, Desk, GoTo, Page
from careloom.core import RequestError
from careloom.study import AskedOfCost, look_at_cost
from careloom.study.released import prices_of, released_answers
from careloom.study.what_if import LEAST, MOST, WhatIf, changeable, scenarios_of, write_what_if

TABLES = ("children_costed", "cost_by_process", "cost_by_placement", "cost_by_need", "cost_by_age", "cost_by_category")
DRAWN = ("cost_by_placement", "cost_by_category")
FIELDS = (
    ("fee", "Placement fees", "placements"),
    ("hours", "How long the work takes", "processes"),
    ("often", "How often the work is done", "processes"),
)
"""Groups of fields: the start of their names, what they are about, and what there is one for."""


def costs(desk: Desk, asked: Asked) -> Answered:
    """Show the released costs; with `how=sure`, how sure they are. A form sent writes a what-if, and goes to what it comes to."""
    study = desk.study
    if asked.is_sent:
        path = write_what_if(desk.study_file, study, what_if_in(asked))
        return GoTo(f"/costs/what-if?scenario={path.name}")
    could = changeable(study, desk.catalogue)
    words = {
        "title": "Costs",
        "answers": list(released_answers(study, TABLES).values()),
        "drawn": DRAWN,
        "is_illustrative": prices_of(study) == "illustrative",
        "groups": [(start, title, getattr(could, what)) for start, title, what in FIELDS],
        "placements": could.placements,
        "scenarios": named(desk),
        "limits": (int(LEAST), int(MOST)),
        "command": desk.command("cost"),
    }
    return Page("costs.html", words)


def what_if(desk: Desk, asked: Asked) -> Answered:
    """What a what-if comes to, as `careloom cost --scenario` tells it; without one, how sure the costs are."""
    name = asked.query.get("scenario", "")
    known = {short: (path, title) for path, short, title in named(desk)}
    if name and name not in known:
        raise RequestError("there is no such what-if; choose one that the page of costs lists")
    path, title = known[name] if name else (None, "How sure the costs are")
    told = look_at_cost(desk.study, desk.catalogue, AskedOfCost(scenario=path))
    words = {"title": title, "told": told, "is_what_if": bool(name)}
    return Page("what_if.html", words | {"command": desk.command("cost", *(["--scenario", path] if path else []))})


def named(desk: Desk) -> list[tuple[str, str, str]]:
    """The what-ifs: as `--scenario` calls each, its file's name alone, and its title. Only these are ever opened."""
    return [
        (path, path.replace("\\", "/").rpartition("/")[2], title)
        for path, title in scenarios_of(desk.study_file).items()
    ]


def what_if_in(asked: Asked) -> WhatIf:
    """The what-if that a form describes. Raises RequestError for what is no number."""
    fields = {
        start: {
            name.partition(":")[2]: number(value) for name, value in asked.form.items() if name.startswith(f"{start}:")
        }
        for start, _, _ in FIELDS
    }
    return WhatIf(
        title=asked.form.get("title", ""),
        why=asked.form.get("why", ""),
        fees=fields["fee"],
        hours=fields["hours"],
        often=fields["often"],
        moved=number(asked.form.get("moved", "")),
        moved_from=asked.form.get("moved_from", ""),
        moved_to=asked.form.get("moved_to", ""),
    )


def number(text: str) -> float:
    """A number of per cent; blank is 0."""
    try:
        found = float(text.strip() or 0)
    except ValueError:
        raise RequestError("a change is a number of per cent, such as 10 or -5") from None
    if found != found or abs(found) == float("inf"):
        raise RequestError("a change is a number of per cent, such as 10 or -5")
    return found
