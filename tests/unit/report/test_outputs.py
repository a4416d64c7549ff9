"""What reaches the disk: every page, nothing from outside, nothing small, and prices marked for what they are."""

import dataclasses
import re
import zipfile
from pathlib import Path
from typing import Any

import lxml.etree
import lxml.html
import pyarrow.parquet as pq
import pytest

from careloom.catalogue import load_catalogue
from careloom.disclose import Count
from careloom.engine import DuckDBEngine
from careloom.report import Report, StudyWords, write_report
from careloom.report.question import read_questions

Written = tuple[Path, Report]
SVG_NAMES = re.compile(r'xmlns(:xlink)?="http://www\.w3\.org/[^"]*"')


def page(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def sheets(folder: Path) -> dict[str, str]:
    with zipfile.ZipFile(folder / "workbook.xlsx") as book:
        return {name: book.read(name).decode() for name in book.namelist()}


def everything(folder: Path) -> str:
    """The text of all that was written."""
    tables = [str(pq.read_table(path).to_pydict()) for path in sorted((folder / "tables").glob("*.parquet"))]
    return "\n".join([page(folder), *sheets(folder).values(), *tables])


def test_every_question_is_answered_and_every_page_is_there(written: Written) -> None:
    folder, report = written
    assert set(report.tables) == set(read_questions())
    assert {path.stem for path in (folder / "tables").glob("*.parquet")} == set(report.tables)
    tree = lxml.html.fromstring(page(folder))
    for declared in load_catalogue().pages:
        section = tree.get_element_by_id(declared.name)
        assert section.findtext("h2") == declared.title
        assert bool(section.xpath(".//table")) == ("{{ table(" in declared.text)


def test_nothing_comes_from_outside_and_nothing_runs(written: Written) -> None:
    html = SVG_NAMES.sub("", page(written[0]))
    for sign in ("http://", "https://", "url(", "<script", "<iframe", "<link", "@import", "javascript:", "onload"):
        assert sign not in html.lower(), sign


def test_the_page_is_made_for_every_reader(written: Written) -> None:
    tree = lxml.html.fromstring(page(written[0]))
    assert tree.get("lang") == "en-GB"
    assert len(tree.xpath("//h1")) == 1
    assert tree.xpath("//a[@class='skip']/@href") == ["#main"]
    drawings = tree.xpath("//figure//*[@role='img']")
    assert len(drawings) >= 8
    words = [tree.get_element_by_id(drawing.get("aria-describedby")).text for drawing in drawings]
    assert all(drawing.get("aria-label") for drawing in drawings)
    assert all(len(said) > 30 for said in words)
    assert all(table.xpath("./caption") and table.xpath(".//th[@scope='col']") for table in tree.xpath("//table"))


def test_no_small_count_is_shown(written: Written) -> None:
    folder, _ = written
    tree = lxml.html.fromstring(page(folder))
    shown = [int(cell.text.replace(",", "")) for cell in tree.xpath("//td[@class='count']")]
    assert len(shown) > 50
    assert all(number == 0 or number >= 10 for number in shown)
    for name, question in read_questions().items():
        rows = pq.read_table(folder / "tables" / f"{name}.parquet")
        for column in (column.name for column in question.columns if isinstance(column, Count)):
            assert all(n is None or (n % 5 == 0 and n not in range(1, 10)) for n in rows[column].to_pylist()), name


def test_the_planted_small_cells_are_withheld(written: Written, made_up: dict[str, Any]) -> None:
    folder, _ = written
    placements = {r["placement"]: r for r in pq.read_table(folder / "tables" / "cost_by_placement.parquet").to_pylist()}
    secure = placements["Secure children's home"]  # 3 children
    assert (secure["children"], secure["nights"], secure["cost"], secure["per_week"]) == (None,) * 4
    assert "children" in secure["withheld"]
    # the money of the 3 is not the total less the other parts either: at least 6 children are behind what is missing
    hidden = sum(row["cost"] or 0 for name, row in placements.items() if name != "All")
    assert placements["All"]["cost"] - hidden > made_up["SECURE_COST"] + 10_000
    # one child among others in supported accommodation bears nearly all: its money is withheld, not its count
    dearest = placements["Supported accommodation"]
    assert dearest["children"] is not None
    assert (dearest["cost"], dearest["per_child"], dearest["per_week"], dearest["share"]) == (None,) * 4
    rules = {row["rule"]: row for row in pq.read_table(folder / "tables" / "rules.parquet").to_pylist()}
    assert rules["ssda903 103"]["rows_found"] is None  # 4 rows
    assert rules["cin_census 8510"]["rows_found"] == 0


def test_no_person_and_no_planted_amount_is_anywhere(written: Written) -> None:
    text = everything(written[0])
    # the 3 secure children's cost, its rounding to 100 with and without commas, and one child's third of it; the dearest child
    for sign in ("1234567", "1,234,567", "1,234,600", "1234600"):
        assert sign not in text, sign
    for sign in ("PERSON0", "ID17", "777777", "777,777", "777,800", "777800", "259259", "259,259", "259,300"):
        assert sign not in text, sign


def test_the_workbook_holds_real_numbers_a_frozen_heading_and_c(written: Written) -> None:
    folder, report = written
    parts = sheets(folder)
    assert len([name for name in parts if name.startswith("xl/worksheets/sheet")]) == len(report.tables) + 2
    assert "<t>c</t>" in parts["xl/sharedStrings.xml"]
    first = parts["xl/worksheets/sheet3.xml"]  # availability, after contents and notes
    assert '<pane ySplit="1"' in first
    assert re.search(r'<c r="E2"[^>]*><v>\d+</v>', first)


def test_every_sheet_is_an_excel_table_with_its_headings_in_the_first_row(written: Written) -> None:
    folder, report = written
    parts = {name: text for name, text in sheets(folder).items() if name.startswith("xl/tables/")}
    assert len(parts) == len(report.tables)
    for text in parts.values():
        (table,) = lxml.etree.fromstring(text.encode()).xpath("/*[local-name()='table']")
        question = read_questions()[table.get("name")]
        assert table.get("ref").startswith("A1:")
        assert table.xpath("count(./*[local-name()='autoFilter'])") == 1
        named = table.xpath(".//*[local-name()='tableColumn']/@name")
        assert named == [question.headings[column.name].title for column in question.columns]


def test_headings_differ_also_for_a_reader_who_ignores_case() -> None:
    for question in read_questions().values():
        titles = [heading.title.lower() for heading in question.headings.values()]
        assert len(titles) == len(set(titles)), question.name
        assert not question.is_priced or "prices" in question.headings, question.name


def test_every_share_lies_between_0_and_1(written: Written) -> None:
    folder, _ = written
    seen = 0
    for name, question in read_questions().items():
        for column in (column for column, heading in question.headings.items() if heading.format == "share"):
            shares = pq.read_table(folder / "tables" / f"{name}.parquet")[column].drop_null().to_pylist()
            assert all(0 <= share <= 1 for share in shares), (name, column)
            seen += len(shares)
    assert seen > 100
    assert "97%" in page(folder)  # PrimaryNeedCode: 388 and 389 of 400
    assert '"0%"' in sheets(folder)["xl/styles.xml"]


def test_no_file_name_is_anywhere(written: Written, made_up: dict[str, Any]) -> None:
    assert made_up["CHILD_IN_FILE_NAME"] not in everything(written[0])
    assert not any("file_name" in question.select for question in read_questions().values())


def test_short_tables_come_before_the_list_of_files_and_steps(written: Written) -> None:
    captions = lxml.html.fromstring(page(written[0])).get_element_by_id("came_in").xpath(".//caption")
    order = [caption.text_content() for caption in captions]
    asked = read_questions()
    names = ["children_by_return", "rules", "set_aside", "step_reasons", "deliveries", "steps"]
    places = [order.index(asked[name].title) for name in names]
    assert places == sorted(places)


def test_rounding_and_blanks_are_explained_where_they_are_met(written: Written) -> None:
    tree = lxml.html.fromstring(page(written[0]))
    assert "6 and 7 are shown as 10" in tree.xpath("string(//p[@class='note'][1])")
    assert "the hazard ratios" in tree.get_element_by_id("disclosure").text_content()


def test_illustrative_prices_are_marked_in_every_output(written: Written) -> None:
    folder, _ = written
    tree = lxml.html.fromstring(page(folder))
    costs = tree.get_element_by_id("costs")
    captions = [caption.text_content() for caption in costs.xpath(".//caption | .//figcaption")]
    assert len(captions) >= 14
    assert (
        sum("illustrative prices" in caption.lower() for caption in captions) == len(captions) - 1
    )  # all but the children costed
    assert "illustrative" in tree.xpath("string(//section[@class='answers'])")
    for name in ("cost_by_placement", "cost_by_process", "cost_by_category"):
        table = pq.read_table(folder / "tables" / f"{name}.parquet")
        assert table.schema.metadata[b"prices"] == b"illustrative"
        assert set(table["prices"].to_pylist()) == {"illustrative, 2013/14"}
    assert "ILLUSTRATIVE PRICES" in sheets(folder)["xl/sharedStrings.xml"]


def test_local_prices_are_not_called_illustrative(made_up: dict[str, Any], tmp_path: Path, duck: DuckDBEngine) -> None:
    made_up["make_up"](duck, children=100)
    duck.make("cost", "SELECT * REPLACE ('local' AS standing) FROM cost")
    write_report(
        duck, load_catalogue(), folder=tmp_path, study=dataclasses.replace(made_up["STUDY"], prices_standing="local")
    )
    assert "illustrative" not in everything(tmp_path).lower()


OF_EACH_OUTCOME = {
    *("curves", "incidence", "adjusted_curves", "ph_tests"),
    *("hazard_ratios", "hazard_by_model", "hazard_by_method", "hazard_by_period"),
}
"""Tables that stand under the heading of an outcome: with no outcome there is no place to say that they are empty."""


def test_with_nothing_to_report_every_page_says_so(made_up: dict[str, Any], tmp_path: Path, duck: DuckDBEngine) -> None:
    report = write_report(duck, load_catalogue(), folder=tmp_path, study=made_up["STUDY"])
    assert report.tables == ()
    tree = lxml.html.fromstring(page(tmp_path))
    assert not tree.xpath("//figure")
    said = tree.text_content()
    for question in read_questions().values():
        assert question.otherwise in said or question.name in OF_EACH_OUTCOME, question.name


@pytest.mark.parametrize("empty", ["cost", "class_of", "time_to_event", "curve", "hazard_ratio", "delivery"])
def test_an_empty_table_is_a_sentence(empty: str, made_up: dict[str, Any], tmp_path: Path, duck: DuckDBEngine) -> None:
    made_up["make_up"](duck, children=60)
    duck.make(empty, f"SELECT * FROM {empty} WHERE 1 = 0")
    write_report(duck, load_catalogue(), folder=tmp_path, study=made_up["STUDY"])
    assert lxml.html.fromstring(page(tmp_path)).xpath("//p[@class='nothing']")


def test_what_data_says_is_text_and_nothing_else(made_up: dict[str, Any], tmp_path: Path, duck: DuckDBEngine) -> None:
    """A file name or a class name cannot become markup, a picture or a formula."""
    made_up["make_up"](duck, children=60)
    nasty = "=1+1<script>alert(1)</script>![x](//evil)"
    duck.make("demand_class", f"SELECT class_no, '{nasty}' AS name, share, share_error FROM demand_class")
    study: StudyWords = dataclasses.replace(made_up["STUDY"], title=nasty, notes=(nasty,))
    write_report(duck, load_catalogue(), folder=tmp_path, study=study)
    assert "<script" not in page(tmp_path)
    assert "<img" not in page(tmp_path)
    assert not any("<f>" in sheet for name, sheet in sheets(tmp_path).items() if name.startswith("xl/worksheets/"))
