"""The results of a run in a notebook: its released tables and figures, as the report shows them, and as data frames."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pyarrow as pa
import pyarrow.parquet as pq

from careloom.core import NotFoundError, RequestError, nearest
from careloom.engine import open_kept
from careloom.report.beside import VERSION
from careloom.report.figures import FIGURES
from careloom.report.question import Answer, read_questions
from careloom.report.showing import figure_html, figure_of, list_html, table_html
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

    def inside(self, name: str) -> InsideTable:
        """A table of study.duckdb, about single children: it stays inside, and nothing of it has gone through disclosure control.

        Raises NotFoundError where that file is not there, as it is not where results were handed on, and RequestError
        for a table that it does not hold.
        """
        with closing(open_kept(self.folder / "study.duckdb")) as engine:
            if not name.isidentifier() or not engine.columns(name):
                raise RequestError(f'study.duckdb holds no table "{name}"; docs/catalogue.md names the common tables')
            return InsideTable(engine.arrow(f"SELECT * FROM {name}"), name)

    def _repr_html_(self) -> str:
        study = self.told["study"]
        lines = [f"{study['period']}. {SAFE}", *self.told["notes"]]
        rows = [(name, title, "yes" if name in FIGURES else "") for name, title in self.tables.items()]
        return list_html(str(study["name"]), lines, ("Table", "What it says", "Figure"), rows)

    def __repr__(self) -> str:
        return f"<results of {self.told['study']['name']}: {len(self.told['tables'])} released tables>"


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
    except (ValueError, KeyError, TypeError):
        raise NotFoundError(f"{path}: {AGAIN}") from None
    if told.get("version") != VERSION or not names <= set(read_questions()):
        raise NotFoundError(f"{path}: {AGAIN}")
    return Results(Path(folder), told)
