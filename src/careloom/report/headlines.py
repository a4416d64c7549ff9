"""The answers in sentences, for the first screen: from released tables only."""

from collections.abc import Mapping
from typing import Any

from careloom.report.grid import write
from careloom.report.question import Answer
from careloom.report.words import StudyWords

Answers = Mapping[str, Answer]


def headlines(answers: Answers, study: StudyWords) -> dict[str, list[str]]:
    """Return, under each of the report's questions, the sentences that answer it."""
    return {
        "What came in?": _came_in(answers),
        "What kinds of need come?": _demand(answers),
        "What becomes of the children?": _outcomes(answers),
        "What does it cost?": _costs(answers, study),
    }


def _came_in(answers: Answers) -> list[str]:
    files, linked = answers["deliveries"].rows, answers["children_linked"].rows
    refused = sum(row["state"] == "refused" for row in files)
    said = (
        [f"{_files(len(files))} handed over; {'all could be used' if not refused else f'{refused} refused'}."]
        if files
        else []
    )
    children = [row["children"] for row in linked if row["found_in"] == "All" and row["children"]]
    both = [row["children"] for row in linked if " and " in row["found_in"] and row["children"]]
    if children:
        said.append(
            f"They describe about {children[0]:,} children"
            + (f", {sum(both):,} of them in more than one return." if both else ".")
        )
    broken = [row for row in answers["rules"].rows if row["state"] == "found"]
    if answers["rules"].rows:
        could_not = sum(row["state"] == "could not run" for row in answers["rules"].rows)
        rest = f"; {could_not} could not run." if could_not else "."
        said.append(f"{len(broken)} of the {len(answers['rules'].rows)} validation rules found rows to look at{rest}")
    return said or [answers["deliveries"].question.otherwise]


def _files(number: int) -> str:
    return "One file was" if number == 1 else f"{number} files were"


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
    categories = sum(row["category"] != "All" for row in answers["categories"].rows)
    said = []
    for outcome in dict.fromkeys(row["outcome"] for row in rows):
        said.append(_outcome(outcome, [row for row in rows if row["outcome"] == outcome], categories))
    return said or [answers["read_offs"].question.otherwise]


def _outcome(outcome: str, rows: list[dict[str, Any]], categories: int) -> str:
    whole = [row for row in rows if row["category"] == "All children"]
    kinds = sorted((row for row in rows if row not in whole), key=lambda row: row["share"])
    within = f"{write(whole[0]['share'], 'share', 2)} within 12 months" if whole else "within 12 months"
    if len(kinds) < 2:
        return f"{outcome}: {within}."
    low, high = kinds[0], kinds[-1]
    among = "" if len(kinds) == categories else ", of those that can be shown,"
    return (
        f"{outcome}: {within}; by category{among} from {write(low['share'], 'share', 2)} (“{_bare(low['category'])}”) "
        f"to {write(high['share'], 'share', 2)} (“{_bare(high['category'])}”)."
    )


def _costs(answers: Answers, study: StudyWords) -> list[str]:
    rows = answers["cost_by_placement"].rows
    whole = [row for row in rows if row["placement"] == "All" and row["cost"] is not None]
    if not whole:
        return [answers["cost_by_placement"].question.otherwise]
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
    return said


def pounds(amount: float) -> str:
    """Write a large sum as people say it: £1.2 million."""
    return f"£{amount / 1e6:,.1f} million" if amount >= 1e6 else f"£{amount:,.0f}"
