"""What a person wants to know first: who was followed, how many came back and how soon, and for whom it was sooner."""

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Any

from careloom.report.question import Answer
from careloom.study.listings import Listing
from careloom.study.outcome_tables import EVERYONE, cell, number_of, of_outcome, ratio, short, with_limits
from careloom.study.planted import Comparison

SOONER, LATER = 12, 60
"""The months whose shares are shown."""
CHANGES_BELOW = 0.05
HOW = (
    "Shares: 1 - Kaplan-Meier. Hazard ratios: Cox's model M2, each category against the largest, adjusted for age, sex, "
    "ethnic group, disability, year and what was known at the time. Both with limits of 95%; c: withheld."
)
MORE = "More, with every hazard ratio, model and test: careloom outcomes STUDY.toml --of NAME (such as re_referral), or --all."
ENDINGS = (("Had the event", "had the event"), ("Still followed at the end", "still followed"))


def in_brief(answers: Mapping[str, Answer], comparisons: Sequence[Comparison]) -> Iterator[str | Listing]:
    """One table of all outcomes, then for each outcome one table of its categories and a line on change over time."""
    yield followed(answers["followed"])
    yield HOW
    for outcome in dict.fromkeys(row["outcome"] for row in answers["followed"].rows):
        known = {c.level: c for c in comparisons if c.outcome == outcome and c.about == "Category"}
        table = categories(answers, outcome, known)
        if table.rows:
            yield table
            yield proportional(answers["ph_tests"], outcome)
        else:
            yield f"{outcome}: {answers['incidence'].question.otherwise}"
    yield MORE


def followed(answer: Answer) -> Listing:
    """For each outcome how many children were followed, and what ended it."""
    by_outcome: dict[str, dict[str, str]] = {}
    for row in answer.rows:
        by_outcome.setdefault(row["outcome"], {})[row["ended_by"]] = cell(answer, row, "children")
    rows = [
        (outcome, ends.get("All", ""), *(ends.get(ended_by, "") for ended_by, _ in ENDINGS))
        for outcome, ends in by_outcome.items()
    ]
    return Listing("Children followed", ("outcome", "children", *(said for _, said in ENDINGS)), tuple(rows))


def categories(answers: Mapping[str, Answer], outcome: str, known: Mapping[str, Comparison]) -> Listing:
    """Shares with the event by 12 and by 60 months, and the hazard ratio of the primary model, by category."""
    points = {
        (row["category"], int(row["month"])): row
        for row in of_outcome(answers["incidence"], outcome)
        if row["of_whom"] == EVERYONE
    }
    ratios = {row["level"]: row for row in of_outcome(answers["hazard_ratios"], outcome) if row["term"] == "Category"}
    heading = ("category", f"by {SOONER} months", f"by {LATER} months", "hazard ratio", "p")
    rows = []
    for category in sorted(dict.fromkeys([*(name for name, _ in points), *ratios]), key=in_order):
        times = [share(answers["incidence"], points.get((category, month))) for month in (SOONER, LATER)]
        told = [*times, *hazard(answers["hazard_ratios"], ratios.get(category))]
        if known:
            told.append(known[category].planted if category in known else "")
        rows.append((short(category), *told))
    title = f"{outcome}: share with the event, and hazard ratio"
    return Listing(title, (*heading, "planted") if known else heading, tuple(rows))


def in_order(category: str) -> float:
    """All children, then the categories by number, then what has none."""
    number = number_of(category)
    return number if number is not None else 0 if category == EVERYONE else inf


def share(answer: Answer, row: dict[str, Any] | None) -> str:
    return with_limits(answer, row, ("share", "lower", "upper")) if row else "c"


def hazard(answer: Answer, row: dict[str, Any] | None) -> tuple[str, str]:
    """The hazard ratio with its limits, and its p; blank where there is none to show, as for all children together."""
    if row is None:
        return "", ""
    said = ratio(answer, row)
    return said, cell(answer, row, "p_value") if row["lower"] is not None else ""


def proportional(answer: Answer, outcome: str) -> str:
    """One line: do the hazard ratios stay the same over time?"""
    tested = [row for row in of_outcome(answer, outcome) if not answer.is_withheld(row, "p_value")]
    together = next((row for row in tested if row["term"].lower() == "all together"), None)
    if together is None or together["p_value"] is None:
        return "Whether these ratios stay the same over time could not be tested."
    said = (
        f"Do the hazard ratios stay the same over time? All together p = {cell(answer, together, 'p_value')}".replace(
            "= <", "< "
        )
    )
    changing = [
        row["term"]
        for row in tested
        if row is not together and row["p_value"] is not None and row["p_value"] < CHANGES_BELOW
    ]
    if not changing:
        return f"{said}; no sign that they change."
    return f"{said}; those of {', '.join(changing)} change (p < {CHANGES_BELOW}); --of shows the first 12 months and after apart."
