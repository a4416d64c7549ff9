"""The results of a run in a notebook: its released tables and figures, as the report shows them, and as data frames."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pyarrow as pa
import pyarrow.parquet as pq

from careloom.core import CareloomError, NotFoundError, RequestError, nearest
from careloom.engine import find_kept, open_kept
from careloom.govern import note_access
from careloom.report.beside import VERSION
from careloom.report.figures import FIGURES
from careloom.report.question import Answer, read_questions
from careloom.report.showing import figure_html, figure_of, list_html, table_html
from careloom.study.agreements import check_in_force
from careloom.study.file import Study, read_study
from careloom.study.look import log_of
from careloom.study.own_catalogue import catalogue_of
from careloom.study.released import AGAIN, question_of, read_answer

if TYPE_CHECKING:
    import pandas as pd

SAFE = "Every number here went through disclosure control: what is shown may be shared as the report may."
INSIDE = "Rows about single children: they stay inside the authority. Do not save a notebook that shows them."


@dataclass(frozen=True)
class Data:
    """Rows with named columns. No library is loaded but the one that is asked for."""

    rows: pa.Table

    def arrow(self) -> pa.Table:
        """The rows as an Arrow table."""
        return self.rows

    def pandas(self) -> pd.DataFrame:
        """The rows as a pandas data frame. Raises ModuleNotFoundError where pandas is not installed."""
        return nw.from_native(self.rows).to_pandas()

    def polars(self) -> Any:
        """The rows as a Polars data frame. Raises ModuleNotFoundError where Polars is not installed."""
        return nw.from_native(self.rows).to_polars()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Hand the rows to any library that takes Arrow data, such as `polars.DataFrame(table)`."""
        return self.rows.__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return int(self.rows.num_rows)


@dataclass(frozen=True)
class Chart:
    """A figure of the report: `svg`, and in `words` what it shows."""

    svg: str
    words: str
    html: str

    def _repr_html_(self) -> str:
        return self.html


@dataclass(frozen=True)
class ReleasedTable(Data):
    """A released table. A withheld number is blank, and the column `withheld` names the columns withheld in a row."""

    answer: Answer
    prices: str
    of: str | None = None

    @property
    def title(self) -> str:
        return self.answer.question.title

    @property
    def note(self) -> str:
        """How to read it."""
        return self.answer.question.note

    @property
    def headings(self) -> dict[str, str]:
        """What each column is called in the report."""
        return {name: heading.title for name, heading in self.answer.question.headings.items()}

    def only(self, value: str) -> ReleasedTable:
        """What is of one value of the first column, such as one outcome. Raises RequestError, naming the values, without any."""
        first = self.rows.column_names[0]
        known = list(dict.fromkeys(map(str, self.rows.column(first).to_pylist())))
        if value not in known:
            raise RequestError(f'"{value}" is no {first} here; there are: {"; ".join(known)}')
        rows = pa.Table.from_pylist(self.answer.about(value), schema=self.rows.schema)
        return replace(self, rows=rows, of=value)

    def chart(self) -> Chart:
        """The report's figure of this table. Raises RequestError where it has none, or nothing that can be drawn."""
        name = self.answer.question.name
        figure = figure_of(self.answer, self.of)
        if figure is None:
            drawn = "nothing of it can be drawn" if name in FIGURES else f"drawn are {', '.join(sorted(FIGURES))}"
            raise RequestError(f"there is no figure of {name}: {drawn}")
        html = figure_html(self.answer, figure, self.of, is_illustrative=self.is_illustrative)
        return Chart(figure.svg, figure.words, html)

    @property
    def is_illustrative(self) -> bool:
        return self.answer.question.is_priced and self.prices == "illustrative"

    def _repr_html_(self) -> str:
        return table_html(self.answer, self.of, is_illustrative=self.is_illustrative)


@dataclass(frozen=True)
class InsideTable(Data):
    """A table about single children, for work inside the authority: what is worked out from it has gone through no door."""

    name: str

    def _repr_html_(self) -> str:
        columns = [(column.name, str(column.type)) for column in self.rows.schema]
        lines = [INSIDE, f"{len(self):,} rows. Take them with .arrow(), .pandas() or .polars()."]
        return list_html(f"{self.name}: inside table", lines, ("Column", "Type"), columns)

    def __repr__(self) -> str:
        return f"<inside table {self.name}: {len(self):,} rows. {INSIDE}>"


@dataclass(frozen=True)
class Results:
    """The results of one run, as its folder has them: `results["read_offs"]` is a table of the report."""

    folder: Path
    told: dict[str, Any]

    @property
    def tables(self) -> dict[str, str]:
        """The released tables that there are, and what each says."""
        return {name: question_of(name).title for name in self.told["tables"]}

    @property
    def headlines(self) -> dict[str, list[str]]:
        """The answers in short, under each of the report's questions."""
        return dict(self.told["headlines"])

    def table(self, name: str) -> ReleasedTable:
        """One released table. Raises RequestError with the nearest name when there is none of that name."""
        if name not in self.told["tables"]:
            raise RequestError(f'there is no table "{name}"{nearest(name, list(self.told["tables"]))}')
        path = self.folder / "tables" / f"{name}.parquet"
        answer = read_answer(path, question_of(name))
        if answer.released is None:
            raise NotFoundError(f"{path}: this file of the results is missing; {AGAIN}")
        said = pq.read_schema(path).metadata or {}
        return ReleasedTable(answer.released.rows, answer, said.get(b"prices", b"").decode())

    __getitem__ = table

    def __iter__(self) -> Iterator[str]:
        return iter(self.told["tables"])

    def __contains__(self, name: object) -> bool:
        return name in self.told["tables"]

    def inside(self, name: str, *, purpose: str = "", study_file: str | Path | None = None) -> InsideTable:
        """A table of study.duckdb, about single children: it stays inside, and nothing of it has gone through disclosure control.

        That it was taken, by whom, when and why, is written into the study's access.jsonl first; `purpose` is the study's own where
        none is given. The study file is found from where the results lie; `study_file` names it where they were moved. Raises
        NotFoundError where study.duckdb is not there, as it is not where results were handed on, or the study file is not;
        RequestError for a table that there is not; and AuditError when it cannot be written down: no rows are returned then.
        """
        study = study_of(self.folder, Path(study_file) if study_file else None)
        log, why = log_of(study.file, study), purpose.strip() or study.governed.purpose
        about = {"study": study.name, "command": "notebook", "purpose": why, "wrote": []}
        try:
            check_in_force(study.governed, dt.date.today())
            found = read_inside(self.folder, name)
        except CareloomError as fault:
            note_access(log, {**about, "outcome": "refused", "why": str(fault)})
            raise
        note_access(log, {**about, "table": name, "outcome": "shown"})
        return found

    def _repr_html_(self) -> str:
        study = self.told["study"]
        lines = [f"{study['period']}. {SAFE}", *self.told["notes"]]
        rows = [(name, title, "yes" if name in FIGURES else "") for name, title in self.tables.items()]
        return list_html(str(study["name"]), lines, ("Table", "What it says", "Figure"), rows)

    def __repr__(self) -> str:
        return f"<results of {self.told['study']['name']}: {len(self.told['tables'])} released tables>"


def read_inside(folder: Path, name: str) -> InsideTable:
    """A table of study.duckdb. What was asked for is not repeated: it might be anything."""
    with closing(open_kept(folder / "study.duckdb")) as engine:
        if not name.isidentifier() or not engine.columns(name):
            raise RequestError("study.duckdb holds no table of this name; docs/catalogue.md names the common tables")
        return InsideTable(engine.arrow(f"SELECT * FROM {name}"), name)


def study_of(folder: Path, study_file: Path | None) -> Study:
    """The study whose results these are, found by what their manifest says. Raises NotFoundError when it is not there."""
    if find_kept(folder) is None:
        raise NotFoundError(
            f"{folder / 'study.duckdb'}: there are no rows of single children here; a run keeps them with it"
        )
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        name, place = manifest["study"], study_file or folder / manifest["study_file"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise NotFoundError(f"{folder / 'manifest.json'}: {AGAIN}") from None
    if not place.is_file():
        why = "the study file of these results is not there, and beside it is written down who takes rows of single children"
        raise NotFoundError(f"{place}: {why}; name it: inside(table, study_file=...)")
    study = read_study(place, catalogue_of(place))
    if study.name != name:
        raise NotFoundError(
            f"{place}: these are the results of another study; name theirs: inside(table, study_file=...)"
        )
    return study


def open_results(folder: str | Path) -> Results:
    """Open the results folder of a run, or a copy of its released files.

    Needs `results.json` and `tables/`, which may be shared; `study.duckdb` only for `inside`. Raises NotFoundError where
    the folder holds no results, or those of another Careloom.

    >>> results = careloom.open_results("results")  # doctest: +SKIP
    >>> results["read_offs"].only("Referred again after the case was closed").chart()  # doctest: +SKIP
    """
    path = Path(folder) / "results.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        names = set(told["tables"])
    except OSError:
        raise NotFoundError(f"{path}: there are no results of a run here; make them with careloom run") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotFoundError(f"{path}: {AGAIN}") from None
    if told.get("version") != VERSION or not names <= set(read_questions()):
        raise NotFoundError(f"{path}: {AGAIN}")
    return Results(Path(folder), told)
