"""Costs: the report's tables, how sure they are, and a what-if put together field by field."""

from careloom.app.words import Answered, Asked, Desk, GoTo, Page
from careloom.core import OutputError, RequestError
from careloom.study import AskedOfCost, look_at_cost
from careloom.study.cost import choose_scenario
from careloom.study.released import prices_of, released_answers
from careloom.study.what_if import LEAST, MOST, WhatIf, changeable, scenarios_of, words_of_changes, write_what_if

TABLES = ("children_costed", "cost_by_process", "cost_by_placement", "cost_by_need", "cost_by_age", "cost_by_category")
DRAWN = ("cost_by_placement", "cost_by_category")
FIELDS = (
    ("fee", "Placement fees", "placements"),
    ("rate", "What an hour of staff costs", "staff"),
    ("hours", "How long the work takes", "processes"),
    ("often", "How often the work is done", "processes"),
)
"""Groups of fields: the start of their names, what they are about, and what there is one for."""
EXACT = {"fee", "rate"}
"""Groups about money: number fields, as a price rises by 3.5%. The others are shares, and sliders."""
WHOLE, CHANGE = (0, 25, 50, 75, 100), (-100, -50, 0, 50, 100)
"""What is printed under a slider of a share, and of a change, in per cent."""
SLIDER_STEP = 5
SHARES = ("moved", "needs_moved", "fewer_back")


def costs(desk: Desk, asked: Asked) -> Answered:
    """Show the released costs and the form of a what-if. A form sent is shown again with its numbers, or written and asked."""
    study, trouble = desk.study, ""
    if asked.form.get("do") == "write":
        try:
            path = write_what_if(desk.study_file, study, what_if_in(asked))
            return GoTo(f"/costs/what-if?scenario={path.name}")
        except (RequestError, OutputError) as fault:
            trouble = str(fault)  # the form is shown again, as it was filled in
    could, numbers = changeable(study, desk.catalogue), numbers_in(asked)
    words = {
        "title": "Costs",
        "answers": list(released_answers(study, TABLES).values()),
        "drawn": DRAWN,
        "is_illustrative": prices_of(study) == "illustrative",
        "groups": [(start, title, getattr(could, what)) for start, title, what in FIELDS if getattr(could, what)],
        "exact": EXACT,
        "scales": {"share": WHOLE, "change": CHANGE},
        "step": SLIDER_STEP,
        "could": could,
        "scenarios": named(desk),
        "limits": (int(LEAST), int(MOST)),
        "said": {name: value for name, value in asked.form.items() if value.strip()},
        "numbers": numbers,
        "opened": {name.partition(":")[0] for name, value in numbers.items() if value},
        "is_looked_at": asked.is_sent,
        "trouble": trouble,
        "command": desk.command("cost"),
    }
    return Page("costs.html", words, status=422 if trouble else 200)


def numbers_in(asked: Asked) -> dict[str, float]:
    """The numbers of a form, by the names of its fields; 0 for what is blank. Raises RequestError for what is no number."""
    starts = tuple(f"{start}:" for start, _, _ in FIELDS)
    return {name: number(value) for name, value in asked.form.items() if name.startswith(starts) or name in SHARES}


def what_if(desk: Desk, asked: Asked) -> Answered:
    """What a what-if comes to, as `careloom cost --scenario` tells it; without one, how sure the costs are."""
    name = asked.query.get("scenario", "")
    known = {short: (path, title) for path, short, title in named(desk)}
    if name and name not in known:
        raise RequestError("there is no such what-if; choose one that the page of costs lists")
    path, title = known[name] if name else (None, "How sure the costs are")
    told = look_at_cost(desk.study, desk.catalogue, AskedOfCost(scenario=path))
    changes = words_of_changes(choose_scenario(path), changeable(desk.study, desk.catalogue)) if path else ()
    words = {"title": title, "told": told, "changes": changes}
    return Page("what_if.html", words | {"command": desk.command("cost", *(["--scenario", path] if path else []))})


def named(desk: Desk) -> list[tuple[str, str, str]]:
    """The what-ifs: as `--scenario` calls each, its file's name alone, and its title. Only these are ever opened."""
    return [
        (path, path.replace("\\", "/").rpartition("/")[2], title)
        for path, title in scenarios_of(desk.study_file).items()
    ]


def what_if_in(asked: Asked) -> WhatIf:
    """The what-if that a form describes. Raises RequestError for what is no number."""
    numbers = numbers_in(asked)
    fields = {
        start: {name.partition(":")[2]: value for name, value in numbers.items() if name.startswith(f"{start}:")}
        for start, _, _ in FIELDS
    }
    return WhatIf(
        title=asked.form.get("title", ""),
        why=asked.form.get("why", ""),
        fees=fields["fee"],
        hours=fields["hours"],
        often=fields["often"],
        rates=fields["rate"],
        moved=numbers.get("moved", 0.0),
        moved_from=asked.form.get("moved_from", ""),
        moved_to=asked.form.get("moved_to", ""),
        needs_moved=numbers.get("needs_moved", 0.0),
        needs_from=asked.form.get("needs_from", ""),
        needs_to=asked.form.get("needs_to", ""),
        fewer_back=numbers.get("fewer_back", 0.0),
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
