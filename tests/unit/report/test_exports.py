"""What other programs read: CSV, the star schema and results.json hold what was released, whole, and nothing more."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.report import Report, write_report
from careloom.report.question import read_questions
from careloom.report.star import DIMENSIONS

Written = tuple[Path, Report]


def test_every_table_is_there_as_csv_with_the_cells_of_the_parquet_file(written: Written) -> None:
    folder, report = written
    questions = read_questions()
    for name in report.tables:
        with (folder / "tables" / f"{name}.csv").open(newline="", encoding="utf-8-sig") as file:
            heading, *rows = list(csv.reader(file))
        table = pq.read_table(folder / "tables" / f"{name}.parquet").to_pylist()
        columns = [column.name for column in questions[name].columns]
        assert heading == [questions[name].headings[column].title for column in columns]
        assert len(rows) == len(table)
        for row, released in zip(rows, table, strict=True):
            withheld = (released["withheld"] or "").split(",")
            for cell, column in zip(row, columns, strict=True):
                value = released[column]
                assert cell == ("c" if column in withheld else "" if value is None else str(value))


def test_no_cell_of_a_csv_is_a_formula(duck: DuckDBEngine, made_up: dict[str, Any], tmp_path: Path) -> None:
    made_up["make_up"](duck)
    duck.make("delivery", "SELECT * REPLACE ('=1+1' AS la) FROM delivery")
    write_report(duck, load_catalogue(), folder=tmp_path, study=made_up["STUDY"])
    seen = False
    for path in (tmp_path / "tables").glob("*.csv"):
        with path.open(newline="", encoding="utf-8-sig") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not any(cell.startswith(("=", "+", "@")) for cell in cells), path.name
        seen = seen or "'=1+1" in cells
    assert seen


def test_facts_and_dimensions_give_the_released_tables_back(written: Written) -> None:
    folder, report = written
    dims = {path.stem.removeprefix("dim_"): path for path in (folder / "model").glob("dim_*.parquet")}
    labels = {
        name: {row[f"{name}_key"]: row[name] for row in pq.read_table(path).to_pylist()} for name, path in dims.items()
    }
    assert {"category", "authority", "year", "outcome"} <= labels.keys()
    assert all(len(set(of.values())) == len(of) for of in labels.values())
    dictionary = pq.read_table(folder / "model" / "dictionary.parquet").to_pylist()
    for name in report.tables:
        released = pq.read_table(folder / "tables" / f"{name}.parquet").to_pylist()
        facts = pq.read_table(folder / "model" / f"fact_{name}.parquet")
        points_to = {
            r["column"]: r["points_to"] for r in dictionary if r["table"] == f"fact_{name}" and r["role"] == "key"
        }
        assert [r["column"] for r in dictionary if r["table"] == f"fact_{name}"] == facts.column_names
        for fact, row in zip(facts.to_pylist(), released, strict=True):
            for (column, value), (own, told) in zip(fact.items(), row.items(), strict=True):
                if column in points_to:
                    assert own in DIMENSIONS
                    value = labels[points_to[column].removeprefix("dim_")][value]
                    told = "" if told is None else str(told)
                assert value == told or (value != value and told != told)


def test_the_results_say_what_was_found_how_and_by_what(written: Written) -> None:
    folder, report = written
    told = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert told["made_by"].startswith("careloom ")
    assert set(told["headlines"]) >= {"What does it cost?", "What becomes of the children?"}
    assert set(told["tables"]) == set(report.tables)
    rows = told["numbers"]["categories"]["rows"]
    assert rows == [
        {name: value for name, value in row.items() if name != "withheld"}
        | {"withheld": [each for each in (row["withheld"] or "").split(",") if each]}
        for row in pq.read_table(folder / "tables" / "categories.parquet").to_pylist()
    ]
    assert all(outcome["source"] for outcome in told["method"]["outcomes"].values())


@pytest.mark.parametrize("name", ["results.json", "model/dictionary.parquet"])
def test_with_nothing_found_they_are_written_all_the_same(name: str, written: Written) -> None:
    assert (written[0] / name).stat().st_size > 0
