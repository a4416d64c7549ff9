"""Released tables are read back as the report has them, and only when this version of Careloom wrote them."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from careloom.catalogue import load_catalogue
from careloom.core import NotFoundError
from careloom.disclose import release
from careloom.report.grid import lay_out
from careloom.study import Study, read_study
from careloom.study.released import prices_of, question_of, released_answers

RULES = [
    {"rule": "ssda903 1", "message": "Much", "state": "found", "why": "", "rows_checked": 103, "rows_found": 51},
    {"rule": "ssda903 2", "message": "Little", "state": "found", "why": "", "rows_checked": 103, "rows_found": 3},
]


@pytest.fixture
def study(tmp_path: Path, anyshire: Path) -> Study:
    """A study with results in which one table was released."""
    tables = tmp_path / "results" / "tables"
    tables.mkdir(parents=True)
    (tmp_path / "results" / "manifest.json").write_text(json.dumps({"study": "Anyshire", "key_id": "none"}))
    released = release(pa.Table.from_pylist(RULES), question_of("rules").columns, name="rules")
    pq.write_table(released.rows, tables / "rules.parquet")
    return read_study(anyshire, load_catalogue())


def test_a_table_is_laid_out_as_it_was_released(study: Study) -> None:
    answer = released_answers(study, ["rules"])["rules"]
    cells = [[cell.text for cell in row] for row in lay_out(answer).rows]
    assert cells == [
        ["ssda903 1", "Much", "found", "105", "50", "47.6%"],
        ["ssda903 2", "Little", "found", "105", "c", "c"],
    ]


def test_a_table_that_the_run_did_not_make_has_no_rows(study: Study) -> None:
    answer = released_answers(study, ["curves"])["curves"]
    assert answer.released is None
    assert answer.question.otherwise.startswith("No share can be shown")
    assert prices_of(study) == ""


def test_a_table_of_another_version_is_not_read(study: Study) -> None:
    path = study.out / "tables" / "rules.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["share"]), path)
    with pytest.raises(NotFoundError, match="an earlier Careloom made these results"):
        released_answers(study, ["rules"])


def test_results_of_another_study_are_not_read(study: Study) -> None:
    (study.out / "manifest.json").write_text(json.dumps({"study": "Elsewhere", "key_id": "none"}))
    with pytest.raises(NotFoundError, match="results of another study"):
        released_answers(study, ["rules"])


def test_which_prices_costs_rest_on_is_read_back(study: Study) -> None:
    costs = pa.table({"cost": [1]}).replace_schema_metadata({"prices": "illustrative"})
    pq.write_table(costs, study.out / "tables" / "cost_by_process.parquet")
    assert prices_of(study) == "illustrative"
