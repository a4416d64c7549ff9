"""Write the report of a study: one HTML file, one workbook, the released tables as Parquet and CSV, a star schema, and JSON."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from careloom.catalogue import Catalogue
from careloom.disclose import Account
from careloom.engine import Engine
from careloom.report.asking import answer_all
from careloom.report.grid import MARK
from careloom.report.page import write_page
from careloom.report.question import Answer
from careloom.report.results import write_results
from careloom.report.star import write_star
from careloom.report.words import StudyWords
from careloom.report.workbook import write_workbook

REVIEWED = (
    "File",
    "What it holds",
    "Rows",
    "Numbers",
    "Withheld: few children",
    "Withheld: would tell of them",
    "Withheld: rests on them",
    "Rounded",
    "Smallest count shown",
    "Rule",
)


@dataclass(frozen=True)
class Report:
    """What was written: the names of the released tables, and what was withheld and rounded in each."""

    tables: tuple[str, ...]
    accounts: tuple[Account, ...]


def write_report(engine: Engine, catalogue: Catalogue, *, folder: Path, study: StudyWords) -> Report:
    """Write `report.html`, `workbook.xlsx`, `results.json`, `tables/` and `model/` into `folder`, which must exist.

    Everything in them comes from tables released by disclosure control. A working table that no room made gives a
    sentence in the report. Raises CatalogueError when a page names a table or figure that is not there.
    """
    answers = answer_all(engine, catalogue, study)
    made = {name: answer.released for name, answer in answers.items() if answer.released}
    accounts = tuple(released.account for released in made.values())
    (folder / "report.html").write_text(write_page(answers, catalogue.pages, study, accounts), encoding="utf-8")
    write_workbook(folder / "workbook.xlsx", answers, study, accounts)
    write_results(folder / "results.json", answers, catalogue, study, accounts)
    for place in ("tables", "model"):
        (folder / place).mkdir(exist_ok=True)
    for name in made:
        _write_parquet(folder / "tables" / f"{name}.parquet", answers[name], study)
        _write_csv(folder / "tables" / f"{name}.csv", answers[name])
    write_star(folder / "model", answers)
    _write_for_review(folder / "for_review.csv", answers, study)
    return Report(tuple(made), accounts)


def _write_parquet(path: Path, answer: Answer, study: StudyWords) -> None:
    assert answer.released is not None
    said = {"title": answer.question.title, "note": answer.question.note, "disclosure": study.disclosure.name}
    if answer.question.is_priced:
        said["prices"] = study.prices_standing
    pq.write_table(answer.released.rows.replace_schema_metadata(said), path)


def _write_csv(path: Path, answer: Answer) -> None:
    """Headings are the column titles; a withheld number is marked as on the page, and no text is taken for a formula."""
    question = answer.question
    with path.open("w", newline="", encoding="utf-8-sig") as file:  # Excel tells UTF-8 by the mark at its beginning
        writer = csv.writer(file)
        writer.writerow([question.headings[column.name].title for column in question.columns])
        for row in answer.rows:
            withheld = {c.name for c in question.columns if answer.is_withheld(row, c.name)}
            writer.writerow([MARK if c.name in withheld else _plain(row[c.name]) for c in question.columns])


def _write_for_review(path: Path, answers: Mapping[str, Answer], study: StudyWords) -> None:
    """What somebody must know who lets the tables out: of each, what it is, what was withheld and why, and by which rule."""
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(REVIEWED)
        for name, answer in answers.items():
            if answer.released:
                told = answer.released.account
                numbers = (told.cells, told.small, told.hiding, told.resting, told.rounded, told.smallest)
                rest = (answer.question.title, answer.released.rows.num_rows, *numbers, study.disclosure.in_words)
                writer.writerow([f"tables/{name}.csv", *map(_plain, rest)])


def _plain(value: object) -> object:
    """Text that a spreadsheet would run, with an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
