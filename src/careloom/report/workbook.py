"""The workbook: contents, notes, and one released table a sheet, as an Excel table with its headings in row 1."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from careloom.disclose import Account, Label
from careloom.report.grid import MARK, excel_format
from careloom.report.question import Answer
from careloom.report.words import StudyWords

OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""Text stays text: a value that begins with = is not a formula."""
CONTENTS_ROW = 2
ILLUSTRATIVE = "ILLUSTRATIVE PRICES: not this authority's own; do not use these amounts for decisions."
STYLE = "Table Style Light 1"


def write_workbook(path: Path, answers: Mapping[str, Answer], study: StudyWords, accounts: Sequence[Account]) -> None:
    """Write every released table into a new workbook."""
    made = {name: answer for name, answer in answers.items() if answer.released}
    with xlsxwriter.Workbook(str(path), OPTIONS) as book:
        bold = book.add_format({"bold": True, "font_size": 14})
        head = book.add_format({"bold": True, "text_wrap": True, "bottom": 1, "valign": "top"})
        _contents(book, made, study, bold, head)
        _notes(book, study, accounts, bold, head)
        for name, answer in made.items():
            _sheet(book, name, answer, head)


def _contents(book: Any, made: Mapping[str, Answer], study: StudyWords, bold: Any, head: Any) -> None:
    """What each sheet holds and how to read it: the sheets themselves are left to their tables."""
    sheet, wrap = book.add_worksheet("Contents"), book.add_format({"text_wrap": True, "valign": "top"})
    for column, width in enumerate((24, 50, 90, 40)):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, study.title, bold)
    sheet.write_row(CONTENTS_ROW, 0, ["Sheet", "What it holds", "How to read it", "Prices"], head)
    rows = [("Notes", "How to read the tables, and what was withheld", "", "")]
    for name, answer in made.items():
        rows.append((name, answer.question.title, answer.question.note, _prices(answer, study)))
    for at, (name, *texts) in enumerate(rows, start=CONTENTS_ROW + 1):
        sheet.write_url(at, 0, f"internal:'{sheet_name(name)}'!A1", string=name)
        sheet.write_row(at, 1, texts, wrap)
    sheet.freeze_panes(CONTENTS_ROW + 1, 0)


def _prices(answer: Answer, study: StudyWords) -> str:
    if not answer.question.is_priced:
        return ""
    return ILLUSTRATIVE if study.prices_standing == "illustrative" else study.prices_standing


def _notes(book: Any, study: StudyWords, accounts: Sequence[Account], bold: Any, head: Any) -> None:
    sheet = book.add_worksheet("Notes")
    sheet.set_column(0, 0, 60)
    lines = [
        f"Period: {study.period}. Costs: {study.cost_period}.",
        f"Made on {study.made_on:%Y-%m-%d} by Careloom {study.careloom_version}.",
        f"{study.disclosure.in_words} Amounts go with the count of children they rest on.",
        "Ratios are worked out from the rounded numbers; curves, hazard ratios and categories are estimated from exact "
        "records, and withheld where few children are behind them.",
        "Shares are kept as numbers between 0 and 1 and shown as percentages.",
        "Totals are rounded from exact totals, so parts need not add up to them.",
        *([ILLUSTRATIVE] if study.prices_standing == "illustrative" else []),
        *study.notes,
    ]
    sheet.write_string(0, 0, "Notes", bold)
    for at, line in enumerate(lines, start=1):
        sheet.write_string(at, 0, line)
    at = len(lines) + 2
    sheet.write_row(
        at,
        0,
        [
            "Table",
            "Cells",
            "Withheld: few children",
            "Withheld: would tell of them",
            "Withheld: rests on them",
            "Cells rounded",
        ],
        head,
    )
    for row, account in enumerate(accounts, start=at + 1):
        sheet.write_row(
            row, 0, [account.table, account.cells, account.small, account.hiding, account.resting, account.rounded]
        )


def _sheet(book: Any, name: str, answer: Answer, head: Any) -> None:
    """One released table, and nothing else, so that Excel and Power BI read its first row as the headings."""
    question = answer.question
    sheet, titles = book.add_worksheet(sheet_name(name)), [question.headings[c.name].title for c in question.columns]
    sheet.add_table(
        0,
        0,
        len(answer.rows),
        len(titles) - 1,
        {"name": name, "style": STYLE, "columns": [{"header": title, "header_format": head} for title in titles]},
    )
    for at, column in enumerate(question.columns):
        is_label = isinstance(column, Label)
        style = None if is_label else book.add_format({"num_format": excel_format(answer, column)})
        sheet.set_column(at, at, 32 if is_label else 14)
        for number, row in enumerate(answer.rows, start=1):
            value = MARK if answer.is_withheld(row, column.name) else row[column.name]
            sheet.write(number, at, value, style)
    sheet.freeze_panes(1, 0)


def sheet_name(name: str) -> str:
    """Excel takes at most 31 characters."""
    return name[:31]
