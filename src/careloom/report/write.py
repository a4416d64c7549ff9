"""Write the report of a study: one HTML file, one workbook, and a Parquet file for each released table."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from careloom.catalogue import Catalogue
from careloom.disclose import DEFAULT, Account
from careloom.engine import Engine
from careloom.report.asking import answer_all
from careloom.report.page import write_page
from careloom.report.question import Answer
from careloom.report.words import StudyWords
from careloom.report.workbook import write_workbook


@dataclass(frozen=True)
class Report:
    """What was written: the names of the released tables, and what was withheld and rounded in each."""

    tables: tuple[str, ...]
    accounts: tuple[Account, ...]


def write_report(engine: Engine, catalogue: Catalogue, *, folder: Path, study: StudyWords) -> Report:
    """Write `report.html`, `workbook.xlsx` and `tables/<name>.parquet` into `folder`, which must exist.

    Everything in them comes from tables released by disclosure control. A working table that no room made gives a
    sentence in the report. Raises CatalogueError when a page names a table or figure that is not there.
    """
    answers = answer_all(engine, catalogue, study)
    made = {name: answer.released for name, answer in answers.items() if answer.released}
    accounts = tuple(released.account for released in made.values())
    (folder / "report.html").write_text(write_page(answers, catalogue.pages, study, accounts), encoding="utf-8")
    write_workbook(folder / "workbook.xlsx", answers, study, accounts)
    (folder / "tables").mkdir(exist_ok=True)
    for name in made:
        _write_parquet(folder / "tables" / f"{name}.parquet", answers[name], study)
    return Report(tuple(made), accounts)


def _write_parquet(path: Path, answer: Answer, study: StudyWords) -> None:
    assert answer.released is not None
    said = {"title": answer.question.title, "note": answer.question.note, "disclosure": DEFAULT.name}
    if answer.question.is_priced:
        said["prices"] = study.prices_standing
    pq.write_table(answer.released.rows.replace_schema_metadata(said), path)
