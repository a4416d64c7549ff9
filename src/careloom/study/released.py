"""The released tables of a finished run, read back as the report has them: the app shows these, and works nothing out anew."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from careloom.core import NotFoundError
from careloom.disclose import WITHHELD, Account, Released
from careloom.report.question import FOLDER, Answer, Question, read_question
from careloom.study.file import Study
from careloom.study.look import check_results

AGAIN = "an earlier Careloom made these results; run the study again with careloom run"


def released_answers(study: Study, names: Sequence[str]) -> dict[str, Answer]:
    """Read these tables of `tables/` in the results. One that the run did not make has no rows: its question says why.

    The account of what was withheld is in the report and is blank here. Raises NotFoundError without results of this
    study, or when another version of Careloom made them.
    """
    check_results(study)
    return {name: read_answer(study.out / "tables" / f"{name}.parquet", question_of(name)) for name in names}


@cache
def question_of(name: str) -> Question:
    return read_question(FOLDER / f"{name}.toml")


def read_answer(path: Path, question: Question) -> Answer:
    """One released table. Raises NotFoundError when it cannot be read, or its columns are not those of the question."""
    if not path.is_file():
        return Answer(question, None)
    try:
        rows = pq.read_table(path)
        rows.validate(full=True)
    except (OSError, pa.ArrowException):
        raise NotFoundError(f"{path}: this is not as a run wrote it; run the study again") from None
    if rows.column_names != [*(column.name for column in question.columns), WITHHELD]:
        raise NotFoundError(f"{path}: {AGAIN}")
    return Answer(question, Released(question.name, rows, Account(question.name, 0, 0, 0, 0, 0)))


def prices_of(study: Study) -> str:
    """Which prices the released costs rest on, such as `illustrative`; blank when nothing was costed."""
    path = study.out / "tables" / "cost_by_process.parquet"
    said: dict[bytes, bytes] = (pq.read_schema(path).metadata if path.is_file() else None) or {}
    return said.get(b"prices", b"").decode()
