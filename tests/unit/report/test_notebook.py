"""A run's results in a notebook show what the report shows, and only that; here of the made-up study that the report is tested with."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import lxml.html
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import careloom
from careloom.core import NotFoundError, RequestError
from careloom.study.notebook import Results

WITHHELD_SUM = "777777"
"""What the 3 children in secure placements cost: SECURE_COST of made_up."""


@pytest.fixture(scope="module")
def results(written: tuple[Path, Any]) -> Results:
    return careloom.open_results(written[0])


def text_of(shown: Any) -> str:
    return str(lxml.html.fromstring(shown._repr_html_()).text_content())


def test_a_notebook_is_told_what_there_is(results: Results, written: tuple[Path, Any]) -> None:
    assert set(results) == set(results.tables) == set(written[1].tables)
    said = text_of(results)
    assert all(name in said and title in said for name, title in results.tables.items())
    assert "disclosure control" in said
    assert "read_offs" in results
    assert "Anyshire" in repr(results)
    assert results.headlines["What does it cost?"]


def test_every_table_shows_what_its_file_holds(results: Results, written: tuple[Path, Any]) -> None:
    for name in results:
        table = results[name]
        assert table.arrow().equals(pq.read_table(written[0] / "tables" / f"{name}.parquet").replace_schema_metadata())
        assert table.title in text_of(table) or "Nothing can be shown" in text_of(table)
        assert "SECURE" not in table._repr_html_()
        assert WITHHELD_SUM not in re.sub("[ ,]", "", table._repr_html_())


def test_a_table_looks_as_in_the_report(results: Results, written: tuple[Path, Any]) -> None:
    """Cell by cell, c for what is withheld."""
    page = lxml.html.fromstring((written[0] / "report.html").read_text(encoding="utf-8"))
    for name in ("categories", "cost_by_placement", "rung_odds"):
        shown = lxml.html.fromstring(results[name]._repr_html_())
        rows = [[cell.text_content() for cell in row] for row in shown.xpath(".//tr")]
        captions = [c for c in page.iter("caption") if c.text_content() == shown.findtext(".//caption")]
        assert rows == [[cell.text_content() for cell in row] for row in captions[0].getparent().iter("tr")]
    assert any(cell.text == "c" for cell in lxml.html.fromstring(results["cost_by_placement"]._repr_html_()).iter("td"))


def test_illustrative_prices_are_said_so_in_a_notebook_too(results: Results) -> None:
    assert "Illustrative prices" in text_of(results["cost_by_placement"])
    assert "Illustrative prices" in text_of(results["cost_by_placement"].chart())
    assert "Illustrative prices" not in text_of(results["categories"])


def test_a_chart_is_the_figure_of_the_report(results: Results, written: tuple[Path, Any]) -> None:
    outcome = "Referred again after the case was closed"
    chart = results["curves"].only(outcome).chart()
    page = (written[0] / "report.html").read_text(encoding="utf-8")
    assert places(chart.svg) in {places(found) for found in re.findall("<svg.*?</svg>", page, re.S)}
    assert chart.words in page.replace("&#39;", "'")
    shown = lxml.html.fromstring(chart._repr_html_())
    drawing = shown.xpath(".//*[@role='img']")[0]
    assert shown.get_element_by_id(drawing.get("aria-describedby")).text == chart.words


def places(svg: str) -> str:
    """A drawing without the names of its parts, which Vega numbers anew in each."""
    return re.sub(r"clip\d+|gradient_\d+", "", svg)


def test_one_value_of_the_first_column_is_kept(results: Results) -> None:
    table = results["read_offs"]
    outcome = "Referred again after the case was closed"
    one = table.only(outcome)
    assert 0 < len(one) < len(table)
    assert set(one.arrow().column("outcome").to_pylist()) == {outcome}
    beside = results["local_demand"].only("Shire 2")
    assert set(beside.arrow().column("la").to_pylist()) == {"Shire 2", "All"}


def test_data_go_to_the_library_that_is_asked_for(results: Results) -> None:
    table = results["read_offs"]
    assert pa.table(table).equals(table.arrow())  # through the Arrow stream, as any library would take it
    frame = table.pandas()
    assert list(frame.columns) == table.arrow().column_names
    assert frame["at_risk"].tolist() == table.arrow().column("at_risk").to_pylist()
    assert table.polars().columns == table.arrow().column_names


def test_what_cannot_be_had_is_said_with_what_can(results: Results) -> None:
    with pytest.raises(RequestError, match='did you mean "read_offs"'):
        results["read_of"]
    with pytest.raises(RequestError, match="there are: Referred again"):
        results["read_offs"].only("no outcome")
    with pytest.raises(RequestError, match=r"drawn are .*curves"):
        results["followed"].chart()


def test_without_the_database_there_is_nothing_inside(written: tuple[Path, Any]) -> None:
    with pytest.raises(NotFoundError, match=r"study\.duckdb"):
        careloom.open_results(written[0]).inside("spell")


def test_results_of_another_careloom_are_refused(written: tuple[Path, Any], tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no results of a run"):
        careloom.open_results(tmp_path)
    told = json.loads((written[0] / "results.json").read_text(encoding="utf-8"))
    for changed in ({**told, "version": 0}, {**told, "tables": {"no_table": "x"}}, {}, []):
        (tmp_path / "results.json").write_text(json.dumps(changed))
        with pytest.raises(NotFoundError, match="earlier Careloom"):
            careloom.open_results(tmp_path)


def test_the_door_to_results_costs_nobody_anything_who_does_not_go_through_it() -> None:
    said = "import sys, careloom; print('careloom.study' in sys.modules, 'pyarrow' in sys.modules, callable(careloom.open_results), 'polars' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "True", "False"]
    with pytest.raises(AttributeError):
        careloom.no_such_name  # type: ignore[attr-defined]  # noqa: B018
