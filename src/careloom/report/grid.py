"""A released table laid out for reading: headings, cells as text, withheld cells marked c."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from careloom.disclose import Amount, Column, Count, Estimate, Label
from careloom.report.question import Answer, Wide

PRICES = "prices"
"""The column that says which prices a row rests on."""
MARK = "c"
"""What stands in a withheld cell."""
NOTHING = "\u2013"
"""What stands where there is no number: a dash."""
LEAST_P = 0.001
"""A smaller p-value is only said to be smaller: its further digits rest on the tails of an approximation."""


@dataclass(frozen=True)
class Cell:
    """A cell as shown: its text and what it is (label, count, number, withheld or blank)."""

    text: str
    kind: str


@dataclass(frozen=True)
class Grid:
    """A table as shown; the first `heads` cells of a row say what the row is about.

    `once` is said under the table of a column that is the same in every row, and so left out of it: the prices.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    heads: int
    once: str = ""

    @property
    def has_withheld(self) -> bool:
        return any(cell.kind == "withheld" for row in self.rows for cell in row)


def lay_out(answer: Answer, only: str | None = None) -> Grid:
    """Lay an answer out for the page; `only` keeps the rows whose first column is so named.

    That column is dropped then, unless others stand beside them.
    """
    rows, columns, wide = answer.about(only), list(answer.question.columns), answer.question.wide
    if only is not None and not answer.question.beside:
        first = columns.pop(0).name
        wide = wide and replace(wide, rows=tuple(name for name in wide.rows if name != first))
    if wide:
        return _wide(answer, rows, wide)
    # a label that is blank in every row, such as the reason a step set nothing aside, would only take room
    columns = [c for c in columns if not (isinstance(c, Label) and all(row[c.name] in (None, "") for row in rows))]
    once, columns = _once(rows, columns)
    cells = tuple(tuple(show(answer, row, column) for column in columns) for row in rows)
    heads = next((n for n, column in enumerate(columns) if not isinstance(column, Label)), 1)
    return Grid(tuple(answer.question.headings[c.name].title for c in columns), cells, min(heads, 2), once)


def _once(rows: Sequence[dict[str, Any]], columns: list[Column]) -> tuple[str, list[Column]]:
    """What is said of the prices of the whole table, and the other columns; nothing when prices differ by row."""
    prices = {row[PRICES] for row in rows} if any(column.name == PRICES for column in columns) else set()
    if len(prices) != 1:
        return "", columns
    return f"Prices: {prices.pop()}.", [column for column in columns if column.name != PRICES]


def numbered(values: Iterable[Any]) -> list[Any]:
    """The different values: years and numbered categories by number, others after them as they come."""
    return sorted(dict.fromkeys(values), key=_number)


def _number(value: Any) -> float:
    start = str(value).partition(". ")[0]
    return int(start) if start.isdigit() else inf


def _wide(answer: Answer, rows: Sequence[dict[str, Any]], wide: Wide) -> Grid:
    named = {column.name: column for column in answer.question.columns}
    across = numbered(row[wide.spread] for row in rows)
    down: dict[tuple[Any, ...], dict[Any, Cell]] = {}
    for row in rows:
        down.setdefault(tuple(row[name] for name in wide.rows), {})[row[wide.spread]] = _with_interval(
            answer, row, wide, named
        )
    # a point of a curve that is not there was left out because it is too small
    blank = Cell(MARK, "withheld") if answer.question.points else Cell(NOTHING, "blank")
    cells = tuple(
        (*(Cell(str(part), "label") for part in key), *(down[key].get(value, blank) for value in across))
        for key in sorted(down, key=lambda key: _number(key[0]))
    )
    titles = [answer.question.headings[name].title for name in wide.rows]
    unit = f"{answer.question.headings[wide.spread].title} " if wide.spread == "month" else ""
    return Grid((*titles, *(f"{unit}{a}" for a in across)), cells, len(wide.rows))


def _with_interval(answer: Answer, row: dict[str, Any], wide: Wide, named: dict[str, Column]) -> Cell:
    """A cell such as 19.2% (15.0% to 23.4%)."""
    cell = show(answer, row, named[wide.show])
    limits = [show(answer, row, named[name]) for name in wide.between]
    if not limits or any(limit.kind != "number" for limit in [cell, *limits]):
        return cell
    return Cell(f"{cell.text} ({limits[0].text} to {limits[1].text})", "number")


def show(answer: Answer, row: dict[str, Any], column: Column) -> Cell:
    """One cell as people write it: 1,235 or £1,200 or 34% or <0.001; c when withheld; a dash when there is nothing."""
    value = row[column.name]
    if answer.is_withheld(row, column.name):
        return Cell(MARK, "withheld")
    if isinstance(column, Label):
        return Cell("" if value is None else str(value), "label")
    if value is None:
        return Cell(NOTHING, "blank")
    kind = "count" if isinstance(column, Count) else "number"
    digits = 0 if isinstance(column, Count | Amount) else column.digits
    return Cell(write(value, answer.question.headings[column.name].format, digits), kind)


def write(value: float, form: str, digits: int) -> str:
    """Write a number in one of the formats of a heading; digits below 0, such as hundreds, write a whole number."""
    digits = max(digits, 0)
    match form:
        case "pounds":
            return f"£{value:,.{digits}f}"
        case "share":
            return f"{100 * value:.{max(digits - 2, 0)}f}%"
        case "p":
            return f"{value:.3f}" if value >= LEAST_P else f"<{LEAST_P}"
        case _:
            return f"{value:,.{digits}f}"


def excel_format(answer: Answer, column: Column) -> str:
    """The number format of a column in the workbook, where cells hold real numbers."""
    digits = column.digits if isinstance(column, Estimate) else getattr(column, "digits", 0)
    form = answer.question.headings[column.name].format
    places = max(digits - 2, 0) if form == "share" else max(digits, 0)
    decimals = "." + "0" * places if places else ""
    formats = {"pounds": f"£#,##0{decimals}", "share": f"0{decimals}%", "p": f'[<{LEAST_P}]"<{LEAST_P}";0.000'}
    return formats.get(form, f"#,##0{decimals}")
