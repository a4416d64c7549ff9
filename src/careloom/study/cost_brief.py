"""What a person wants to know first of costs: the total and how sure it is, a week in care, the largest lines, what is not costed.

All of it is read off released tables; a screen is 100 letters wide, so ranges stand in thousands of pounds.
"""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import shorten
from typing import Any

from careloom.catalogue import Process
from careloom.catalogue.costing import SYSTEMS
from careloom.report.question import Answer
from careloom.study.cost_tables import ALL, BY_CHILDREN, BY_PRICES, CENTRAL, HIGHEST, LOWEST
from careloom.study.listings import Listing
from careloom.study.outcome_tables import cell

ASKED = ("cost_sure_by_process", "cost_by_placement", "children_costed")
LARGEST = 5
WIDE = 40
WITHHELD = "c"
LOW, HIGH, OTHER = SIDES = ("lowest", "highest", "other convention")
RANGES = ((LOWEST, HIGHEST), BY_PRICES, BY_CHILDREN)
HEADING = ("cost", "lowest-highest", "95%: prices", "95%: children")
USUAL = ": case management"
"""The kind that is left unsaid."""
MORE = (
    "More: careloom cost STUDY.toml --of process, placement, years or moves (what moves the cost most); --all for all of it; "
    "--scenario NAME for a what-if; --outturn CSV against spending. c: withheld."
)
By = dict[str, Mapping[str, Any]]


def in_brief(answers: Mapping[str, Answer], processes: Sequence[Process], found: set[str]) -> Iterator[str | Listing]:
    """Tell costs in a few lines. `found` are the keys of the processes that have any line."""
    sure = answers["cost_sure_by_process"]
    by_group = groups(sure)
    yield total(sure, by_group[ALL])
    yield from week_in_care(answers["cost_by_placement"])
    yield largest(sure, by_group)
    yield from not_costed(answers["children_costed"], processes, found)
    yield MORE


def groups(answer: Answer) -> dict[str, By]:
    """The rows of a table of ranges: of each group, by what they say."""
    found: dict[str, By] = {}
    for row in answer.rows:
        found.setdefault(row["group_value"], {})[row["what"]] = row
    return found


def total(answer: Answer, said: By) -> str:
    def range_of(ends: tuple[str, str]) -> str:
        return " to ".join(cell(answer, dict(said[end]), "cost") for end in ends)

    whole = dict(said[CENTRAL])
    if answer.is_withheld(whole, "cost"):
        return "The total is withheld: it rests on too few children."
    return (
        f"In all {cell(answer, whole, 'cost')}, of about {cell(answer, whole, 'children')} children. 95% intervals: for what things "
        f"cost, {range_of(BY_PRICES)}; for which children came, {range_of(BY_CHILDREN)}."
    )


def week_in_care(answer: Answer) -> Iterator[str]:
    for row in answer.rows:
        if row["placement"] == ALL and row["per_week"] is not None and not answer.is_withheld(row, "per_week"):
            cost, children, week = (cell(answer, row, name) for name in ("cost", "children", "per_week"))
            yield f"Of this, looking after about {children} children: {cost}, or {week} for a child for a week."


def largest(answer: Answer, by_group: Mapping[str, By]) -> Listing:
    """The largest lines that may be told, with their share of what is told of the whole."""
    whole = by_group[ALL][CENTRAL]
    told = [
        dict(said[CENTRAL])
        for group, said in by_group.items()
        if group != ALL and said[CENTRAL]["cost"] is not None and not answer.is_withheld(dict(said[CENTRAL]), "cost")
    ]
    told.sort(key=lambda row: (-row["cost"], row["group_value"]))
    rows = tuple(
        (
            narrow(row["group_value"], WIDE + 20),
            cell(answer, row, "children"),
            cell(answer, row, "cost"),
            f"{row['cost'] / whole['cost']:.0%}" if whole["cost"] else "",
        )
        for row in told[:LARGEST]
    )
    return Listing(f"The largest {len(rows)} of {len(by_group) - 1} lines", ("line", "children", "cost", "share"), rows)


def not_costed(answer: Answer, processes: Sequence[Process], found: set[str]) -> Iterator[str]:
    """Who was left out, and which work nothing on record shows."""
    for row in answer.rows:
        if row["what"].startswith("Not costed") and row["children"] != 0:
            children = cell(answer, row, "children")
            yield f"Not costed: the care of about {children} children, whose placements overlap, so that what was paid cannot be told."
    missing = [process for process in processes if process.key not in found]
    if missing:
        by_list = {
            title: [process.name[0].lower() + process.name[1:] for process in missing if process.system == system]
            for system, title in SYSTEMS.items()
        }
        said = "; ".join(f"{title.lower()}: {', '.join(names)}" for title, names in by_list.items() if names)
        yield f"Nothing on record shows, so that it costs nothing here: {said}."
    yield "Work and services that no return tells of are not here."


def ranges(answer: Answer, title: str) -> Listing:
    """Every group with its cost and ranges, in thousands of pounds."""
    rows = tuple(
        (
            narrow(group, WIDE),
            thousands(answer, said[CENTRAL]),
            *(between(answer, said[low], said[high]) for low, high in RANGES),
        )
        for group, said in groups(answer).items()
    )
    first = answer.question.headings["group_value"].title
    return Listing(f"{title}, in thousands of pounds", (first, *HEADING), rows)


def moves(answer: Answer, title: str) -> Listing:
    """What moves the cost, or a difference, the most first: at its lowest, at its highest, or by the other convention."""
    bars: dict[str, By] = {}
    for row in answer.rows:
        bars.setdefault(row["bar"], {})[row["side"]] = row
    rows = [
        (
            narrow(bar, WIDE + 6),
            cell(answer, dict(next(iter(sides.values()))), "children"),
            *(cell(answer, dict(sides[side]), "cost") if side in sides else "" for side in SIDES),
        )
        for bar, sides in sorted(bars.items(), key=lambda each: (-furthest(each[1]), each[0]))
    ]
    return Listing(title, ("what", "children", *SIDES), tuple(rows))


def furthest(sides: By) -> float:
    """GBP by which a bar moves at most; one that is withheld comes last."""
    return max(abs(float(row["cost"] or 0.0)) for row in sides.values())


def between(answer: Answer, low: Mapping[str, Any], high: Mapping[str, Any]) -> str:
    said = [thousands(answer, row) for row in (low, high)]
    return WITHHELD if WITHHELD in said else " to ".join(said)


def thousands(answer: Answer, row: Mapping[str, Any]) -> str:
    if row["cost"] is None or answer.is_withheld(dict(row), "cost"):
        return WITHHELD
    return f"{row['cost'] / 1000:,.0f}" if abs(row["cost"]) >= 1000 else f"{row['cost'] / 1000:.1f}"


def narrow(name: str, most: int) -> str:
    return shorten(name.removesuffix(USUAL), most, placeholder=" ...")
