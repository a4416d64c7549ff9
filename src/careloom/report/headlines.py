"""The answers in sentences, for the first screen: from released tables only."""

from collections.abc import Mapping
from typing import Any

from careloom.report.grid import write
from careloom.report.question import Answer
from careloom.report.words import StudyWords

NO_CATEGORIES = ("All", "No factors recorded", "No category")
"""Rows of the table of categories that are none."""
Answers = Mapping[str, Answer]
Row = dict[str, Any]


def headlines(answers: Answers, study: StudyWords) -> dict[str, list[str]]:
    """Return, under each of the report's questions, the sentences that answer it."""
    return {
        "What came in?": _came_in(answers, study),
        "What kinds of need come?": _demand(answers),
        "What becomes of the children?": _outcomes(answers),
        "What does it cost?": _costs(answers, study),
    }


def _came_in(answers: Answers, study: StudyWords) -> list[str]:
    said = [*_files(answers, study), *_children(answers), *_rules(answers)]
    return said or [answers["deliveries"].question.otherwise]


def _files(answers: Answers, study: StudyWords) -> list[str]:
    """How many files there were, and whatever kept any of them from being used whole."""
    states = [row["state"] for row in answers["deliveries"].rows]
    if not states:
        return []
    refused, empty = states.count("refused"), states.count("no rows")
    aside = [row for row in answers["rows_read"].rows if row["return_title"] == "All" and row["rows_aside"] != 0]
    faults = [f"{refused} refused"] * bool(refused) + [f"{empty} held no rows"] * bool(empty)
    handed = "One file was handed over" if len(states) == 1 else f"{len(states):,} files were handed over"
    if aside:
        faults.append(f"{_about(aside[0]['rows_aside'], study, 'row')} were set aside while reading")
    return [f"{handed}; {', '.join(faults) or 'all could be used'}."]


def _about(count: int | None, study: StudyWords, what: str, plural: str = "") -> str:
    """A released count in words; a withheld one is only said to be small."""
    what = plural or f"{what}s"
    return f"fewer than {study.disclosure.threshold} {what}" if count is None else f"about {count:,} {what}"


def _children(answers: Answers) -> list[str]:
    linked = answers["children_linked"].rows
    children = [row["children"] for row in linked if row["found_in"] == "All" and row["children"]]
    both = sum(row["children"] for row in linked if " and " in row["found_in"] and row["children"])
    more = f", {both:,} of them in more than one return" if both else ""
    return [f"They describe about {children[0]:,} children{more}."] if children else []


def _rules(answers: Answers) -> list[str]:
    states = [row["state"] for row in answers["rules"].rows]
    could_not = states.count("could not run")
    rest = f"; {could_not} could not run" if could_not else ""
    said = f"{states.count('found')} of the {len(states)} validation rules found rows to look at{rest}."
    return [said] if states else []


def _demand(answers: Answers) -> list[str]:
    rows = [row for row in answers["categories"].rows if row["category"] != "All" and row["share"] is not None]
    if not rows:
        return [answers["categories"].question.otherwise]
    kinds = "one category" if len(rows) == 1 else f"{len(rows)} categories"
    first = max(rows, key=lambda row: row["share"])
    said = [f"The factors that social workers recorded fall into {kinds} of demand."]
    return [*said, f"The largest is “{_bare(first['category'])}”, {write(first['share'], 'share', 2)} of assessments."]


def _bare(category: str) -> str:
    """A category's name without its number."""
    return category.partition(". ")[2] or category


def _outcomes(answers: Answers) -> list[str]:
    rows = [row for row in answers["read_offs"].rows if row["month"] == 12 and row["share"] is not None]
    categories = {row["category"] for row in answers["categories"].rows if row["category"] not in NO_CATEGORIES}
    said = []
    for outcome in dict.fromkeys(row["outcome"] for row in rows):
        said += _outcome(outcome, {r["category"]: r["share"] for r in rows if r["outcome"] == outcome}, categories)
    if not said and answers["read_offs"].rows:
        return ["No share within 12 months can be shown: too few children were followed so long, or came back."]
    return said or [answers["read_offs"].question.otherwise]


def _outcome(outcome: str, shares: Mapping[str, float], categories: set[str]) -> list[str]:
    """The share of all children; the range over the categories only when it is that of every category."""
    if "All children" not in shares:
        return []
    said = f"{outcome}: {write(shares['All children'], 'share', 2)} within 12 months"
    if len(categories) < 2 or not categories <= set(shares):
        return [f"{said}."]
    low, high = (of(sorted(categories), key=lambda c: shares[c]) for of in (min, max))
    return [f"{said}; by category from {_of(shares, low)} to {_of(shares, high)}."]


def _of(shares: Mapping[str, float], category: str) -> str:
    return f"{write(shares[category], 'share', 2)} (“{_bare(category)}”)"


def _costs(answers: Answers, study: StudyWords) -> list[str]:
    rows = answers["cost_by_placement"].rows
    whole = [row for row in rows if row["placement"] == "All" and row["cost"] is not None]
    if not whole:
        return _no_costs(answers, study)
    illustrative = (
        " at illustrative prices, which are not this authority's own" if study.prices_standing == "illustrative" else ""
    )
    children, cost = f"about {whole[0]['children']:,} children", f"about {pounds(whole[0]['cost'])}{illustrative}"
    said = [f"Looking after {children} from {study.cost_period} cost {cost}."]
    if whole[0]["per_week"]:
        said.append(f"That is about {write(whole[0]['per_week'], 'pounds', 0)} for a child for a week.")
    kinds = [row for row in rows if row["placement"] != "All" and row["cost"]]
    if kinds and whole[0]["cost"]:
        most = max(kinds, key=lambda row: row["cost"])
        said.append(f"The largest part, {100 * most['cost'] / whole[0]['cost']:.0f}%, is “{most['placement']}”.")
    return said + _not_costed(answers, study)


def _no_costs(answers: Answers, study: StudyWords) -> list[str]:
    """Why there is no cost: no return, no day, nobody looked after, nobody who can be costed, or too few to show."""
    counts = {row["what"]: row["children"] for row in answers["children_costed"].rows}
    if not counts:
        return [answers["children_costed"].question.otherwise]
    if not study.has_cost_period:
        return [f"Care is costed for {study.cost_period}."]
    if counts["All children"] == 0:
        return ["Nobody was looked after in the period costed."]
    return _not_costed(answers, study) or ["No cost can be shown: too few children were looked after."]


def _not_costed(answers: Answers, study: StudyWords) -> list[str]:
    counts = [row["children"] for row in answers["children_costed"].rows if row["what"].startswith("Not costed")]
    if not counts or counts[0] == 0:
        return []
    children = _about(counts[0], study, "child", "children")
    return [f"{children[0].upper()}{children[1:]} could not be costed, because their placements overlap."]


def pounds(amount: float) -> str:
    """Write a large sum as people say it: £1.2 million."""
    return f"£{amount / 1e6:,.1f} million" if amount >= 1e6 else f"£{amount:,.0f}"
