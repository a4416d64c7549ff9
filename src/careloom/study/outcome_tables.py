"""Released answers about outcomes as narrow tables: a screen is 100 letters wide, and a category's name may be longer.

Categories stand in tables by number and as much of the name as there is room for; the whole names are listed once.
"""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from careloom.report.grid import lay_out, show
from careloom.report.question import Answer
from careloom.study.listings import Listing

SHORT, ABOUT = 26, 24
MOST_ACROSS = 3
"""Columns of a ratio or share with its limits that fit side by side."""
EVERYONE = "All children"
Row = dict[str, Any]


def short(name: str, most: int = SHORT) -> str:
    """As much of a long name as fits, in whole words.

    >>> short("12. Going or being missing, child's drug misuse and gangs")
    '12. Going or being ...'
    """
    return (
        name
        if len(name) <= SHORT
        else textwrap.shorten(name.rstrip("."), SHORT, placeholder=" ...").replace(", ...", " ...")
    )


def number_of(name: str) -> int | None:
    """The number of a category; None for what has none."""
    number, dot, _ = name.partition(". ")
    return int(number) if dot and number.isdigit() else None


def legend(answers: Sequence[Answer]) -> Listing:
    """The whole names of the categories; no rows when all names are short."""
    names = {str(row[column]) for answer in answers for row in answer.rows for column in NAMED if column in row}
    of_number = {number: name.partition(". ")[2] for name in names if (number := number_of(name)) is not None}
    is_needed = any(short(name) != name for name in names if number_of(name) is not None)
    return Listing("Categories of demand", ("no.", "name"), tuple(sorted(of_number.items())) if is_needed else ())


NAMED = ("category", "level")


def cell(answer: Answer, row: Row, name: str) -> str:
    """One cell as people write it; c when withheld."""
    column = next(column for column in answer.question.columns if column.name == name)
    return show(answer, row, column).text


def with_limits(answer: Answer, row: Row, names: tuple[str, str, str]) -> str:
    """A number and its 95% limits, such as 0.82 (0.70-0.94) or 32.5% (31.4-33.6)."""
    value, lower, upper = (cell(answer, row, name) for name in names)
    has_limits = all(row[name] is not None and not answer.is_withheld(row, name) for name in names)
    return tight(f"{value} ({lower} to {upper})") if has_limits else value


def ratio(answer: Answer, row: Row) -> str:
    if row["level"] == row.get("reference"):
        return "compared with"
    return with_limits(answer, row, ("hazard_ratio", "lower", "upper"))


def of_outcome(answer: Answer, outcome: str) -> list[Row]:
    return [row for row in answer.rows if row["outcome"] == outcome]


# --- whole tables, as `--of` and `--all` show them -------------------------------------------------------------------


def flow(answer: Answer, outcome: str) -> Iterator[Listing]:
    columns = ("step", "rows_dropped", "rows_left", "children_left")
    yield listing(answer, outcome, columns, ("step", "left out", "left", "children"), answer.question.title)


def ratios(answer: Answer, outcome: str) -> Iterator[Listing]:
    """Every hazard ratio of the primary model."""
    rows = [
        (
            short(row["term"], ABOUT),
            short(row["level"]),
            ratio(answer, row),
            *(cell(answer, row, name) for name in COUNTED),
        )
        for row in of_outcome(answer, outcome)
    ]
    heading = ("about", "level", "hazard ratio", "p", "children", "event")
    yield Listing(f"{outcome}: {answer.question.title}", heading, tuple(rows))


COUNTED = ("p_value", "children", "children_with_event")


def shares(answer: Answer, outcome: str) -> Iterator[Listing]:
    """Kaplan-Meier beside cumulative incidence: a table for all children, one for those who cannot turn 18 before."""
    rows = of_outcome(answer, outcome)
    heading = ("category", "month", "followed", "with event", "1 - Kaplan-Meier", "incidence")
    for whom in dict.fromkeys(row["of_whom"] for row in rows):
        told = [
            (
                short(row["category"]),
                *(cell(answer, row, name) for name in ("month", "at_risk", "events")),
                with_limits(answer, row, ("share", "lower", "upper")),
                with_limits(answer, row, ("incidence", "incidence_lower", "incidence_upper")),
            )
            for row in rows
            if row["of_whom"] == whom
        ]
        yield Listing(f"{outcome}: share with the event, {whom[0].lower()}{whom[1:]}", heading, tuple(told))


def tests(answer: Answer, outcome: str) -> Iterator[Listing]:
    columns = ("term", "chi_square", "degrees_of_freedom", "p_value")
    yield listing(answer, outcome, columns, ("about", "chi-square", "degrees of freedom", "p"), answer.question.title)


def listing(answer: Answer, outcome: str, columns: Sequence[str], heading: tuple[str, ...], title: str) -> Listing:
    rows = [tuple(cell(answer, row, name) for name in columns) for row in of_outcome(answer, outcome)]
    return Listing(f"{outcome}: {title}", heading, tuple(rows))


def across(answer: Answer, outcome: str) -> Iterator[Listing]:
    """A table as the page has it, so many columns at a time."""
    grid = lay_out(answer, outcome)
    for start in range(grid.heads, len(grid.headings), MOST_ACROSS):
        some = slice(start, start + MOST_ACROSS)
        rows = [
            (*(short(each.text) for each in row[: grid.heads]), *(tight(each.text) for each in row[some]))
            for row in grid.rows
        ]
        more = "" if start == grid.heads else ", continued"
        heading = (*grid.headings[: grid.heads], *grid.headings[some])
        yield Listing(f"{outcome}: {answer.question.title}{more}", heading, tuple(rows))


def tight(text: str) -> str:
    """Limits written closer than on the page.

    >>> tight("32.5% (31.4% to 33.6%)")
    '32.5% (31.4-33.6)'
    """
    return text.replace("% to ", "-").replace(" to ", "-").replace("%)", ")")


def endings(answer: Answer, outcome: str) -> Iterator[Listing]:
    yield listing(answer, outcome, ("ended_by", "children"), ("following ended by", "children"), "children followed")
