"""A sheet of a workbook gives the cells and row numbers that Excel shows, and what a CSV file of it would give."""

import csv
import datetime as dt
import io
import struct
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from careloom.core import DeliveryError
from careloom.ingest import workbook
from careloom.ingest.raw import Grid
from careloom.ingest.survey import open_grids, survey

Rows = list[tuple[int, list[str | None]]]


def grids(path: Path) -> list[Grid]:
    return open_grids(path, survey(path))


def rows_below(grid: Grid, heading_line: int) -> Rows:
    found: Rows = []
    for cells in grid.rows(heading_line):
        columns = [column.to_pylist() for column in cells.columns]
        found.extend((line.as_py(), list(row)) for line, *row in zip(cells.lines, *columns, strict=True))
        assert cells.broken == ()
    return found


def write(path: Path, rows: list[list[Any]], first: tuple[int, int] = (0, 0), **options: Any) -> Path:
    with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy", **options}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows, start=first[0]):
            for place, value in enumerate(row, start=first[1]):
                if isinstance(value, str):
                    sheet.write_string(number, place, value)
                else:
                    sheet.write(number, place, value)
    return path


def rewrite(path: Path, part: str, data: bytes) -> Path:
    """Write a copy of a workbook with other bytes in one part."""
    copy = path.with_name("copy.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, data if name == part else old.read(name))
        if part not in old.namelist():
            new.writestr(part, data)
    return copy


@pytest.mark.parametrize("date_1904", [False, True])
def test_each_kind_of_cell_becomes_the_text_one_would_write(date_1904: bool, tmp_path: Path) -> None:
    cells: dict[Any, str | None] = {
        "0000007": "0000007",
        " a\u00a0b ": "a b",
        "NA": "NA",
        "#N/A": "#N/A",
        123: "123",
        1.5: "1.5",
        0.1: "0.1",
        -4.0: "-4",
        1e20: "1e+20",
        123456789012: "123456789012",
        dt.date(2021, 3, 31): "2021-03-31",
        dt.datetime(2021, 3, 31): "2021-03-31",
        dt.datetime(2021, 3, 31, 14, 5, 59): "2021-03-31T14:05:59",
        dt.time(12, 30): "12:30:00",
        True: "TRUE",
        False: "FALSE",
        None: None,
    }
    with xlsxwriter.Workbook(tmp_path / "book.xlsx", {"date_1904": date_1904}) as book:
        sheet = book.add_worksheet()
        formats = {
            dt.date: book.add_format({"num_format": "dd/mm/yyyy"}),
            dt.datetime: book.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
            dt.time: book.add_format({"num_format": "hh:mm"}),
        }
        sheet.write_row(0, 0, [f"C{n}" for n in range(len(cells))])
        for place, value in enumerate(cells):
            if isinstance(value, str):
                sheet.write_string(1, place, value)
            else:
                sheet.write(1, place, value, formats.get(type(value)))
    [grid] = grids(tmp_path / "book.xlsx")
    assert rows_below(grid, 1) == [(2, list(cells.values()))]


def test_lines_are_the_row_numbers_of_excel(tmp_path: Path) -> None:
    rows = [["A", "B"], ["1", "2"], ["", " "], ["3", ""]]
    [grid] = grids(write(tmp_path / "book.xlsx", rows, first=(4, 2)))
    assert grid.top() == [(5, ["", "", "A", "B"]), (6, ["", "", "1", "2"]), (8, ["", "", "3", ""])]
    assert rows_below(grid, 5) == [(6, [None, None, "1", "2"]), (8, [None, None, "3", None])]


def test_rows_below_a_title_and_of_a_long_sheet_are_all_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "ROWS_A_BATCH", 100)
    rows = [["A title of one cell"], [], ["N"], *([n] for n in range(1234))]
    [grid] = grids(write(tmp_path / "book.xlsx", rows))
    assert len(grid.top()) == 30
    assert grid.top()[:2] == [(1, ["A title of one cell"]), (3, ["N"])]
    assert rows_below(grid, 3) == [(n + 4, [str(n)]) for n in range(1234)]


def test_sheets_that_hold_something_are_read_hidden_ones_too(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        for name in "First", "Empty", "Hidden", "Very hidden", "Only formats":
            sheet = book.add_worksheet(name)
            if name == "Only formats":
                sheet.write_blank(99, 99, None, book.add_format({"bold": True}))
            elif name != "Empty":
                sheet.write(0, 0, name)
        book.get_worksheet_by_name("Hidden").hide()
        book.get_worksheet_by_name("Very hidden").very_hidden()
        chart = book.add_chart({"type": "bar"})
        chart.add_series({"values": "=First!$A$1:$A$2"})
        book.add_chartsheet("Chart").set_chart(chart)
    found = {grid.name: grid.top() for grid in grids(tmp_path / "book.xlsx")}
    assert found == {name: [(1, [name])] for name in ("First", "Hidden", "Very hidden")}


def test_excel_errors_are_blank_and_counted(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["A", "B", "C"])
        sheet.write_formula(1, 0, "=NA()", None, "#N/A")
        sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")
        sheet.write_formula(1, 2, '="a"&"b"', None, "ab")
    [grid] = grids(tmp_path / "book.xlsx")
    assert isinstance(grid, workbook.SheetGrid)
    assert rows_below(grid, 1) == [(2, [None, None, "ab"])]
    assert grid.errors == 2


def test_garbled_letters_in_a_sheet_are_mended(tmp_path: Path) -> None:
    [grid] = grids(write(tmp_path / "book.xlsx", [["A"], ["ZoÃ«"], ["Zoë"]]))
    assert rows_below(grid, 1) == [(2, ["Zoë"]), (3, ["Zoë"])]
    assert grid.repaired == 1


WORD = st.text(st.sampled_from('ab01,;|\t"\n é\u00a0\u2019'), max_size=5)
TABLES = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(WORD, min_size=width, max_size=width), max_size=8))
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])


@settings(max_examples=100, deadline=None)
@given(TABLES, ENCODINGS, st.sampled_from(",;\t|"), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_the_same_table_as_csv_and_as_a_workbook_gives_the_same(
    table: list[list[str]], encoding: str, separator: str, quoting: int
) -> None:
    heading = [f"COLUMN {n}" for n in range(len(table[0]) if table else 1)]
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, quoting=quoting).writerows([heading, *table])
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder, "file.csv")
        text.write_bytes(f"sep={separator}\r\n{file.getvalue()}".encode(encoding))
        [plain] = grids(text)
        [sheet] = grids(write(Path(folder, "file.xlsx"), [heading, *table]))
        assert [cells for _, cells in plain.top()[1:]] == [cells for _, cells in sheet.top()][:29]
        assert [cells for _, cells in rows_below(plain, 2)] == [cells for _, cells in rows_below(sheet, 1)]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write(tmp_path / "good.xlsx", [["A", "B"], ["1", "2"]])


def test_a_workbook_that_unpacks_to_far_too_much_is_refused(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "RATIO_FROM", 1 << 20)
    bomb = rewrite(good, "xl/worksheets/sheet1.xml", b"<worksheet>" + bytes(32 << 20))
    with pytest.raises(DeliveryError, match="unpacks to far more than a return holds"):
        grids(bomb)
    # The same, with a size in the list of parts that is untrue.
    size = struct.pack("<I", 11 + (32 << 20))
    data = bomb.read_bytes()
    assert data.count(size) == 2
    bomb.write_bytes(data.replace(size, struct.pack("<I", 1000)))
    with pytest.raises(DeliveryError, match="unpacks to far more than a return holds"):
        grids(bomb)


@pytest.mark.parametrize("cell", ['<c r="XFD1048576" s="0">', "<c\tr='XFD1048576'>", '<x:c r="XFD1048576">'])
def test_a_stray_cell_in_the_last_corner_is_refused_before_it_fills_the_memory(good: Path, cell: str) -> None:
    with zipfile.ZipFile(good) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
    corner = f'<row r="1048576">{cell}<v>1</v></c></row></sheetData>'
    far = rewrite(good, "xl/worksheets/sheet1.xml", sheet.replace("</sheetData>", corner).encode())
    with pytest.raises(DeliveryError, match="reaches to row 1048576 and column 16384; clear the cells far from"):
        grids(far)
    # A cell that only has a format reaches nowhere.
    blank = corner.replace("><v>1</v></c>", "/>")
    near = rewrite(good, "xl/worksheets/sheet1.xml", sheet.replace("</sheetData>", blank).encode())
    assert rows_below(grids(near)[0], 1) == [(2, ["1", "2"])]


def test_a_doctype_inside_a_workbook_is_refused(good: Path) -> None:
    entity = b'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><sst><si><t>&b;</t></si></sst>'
    with pytest.raises(DeliveryError, match="has a DOCTYPE"):
        grids(rewrite(good, "xl/sharedStrings.xml", entity))


def test_a_link_to_another_file_is_not_followed(good: Path) -> None:
    link = (
        b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        b'<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath"'
        b' Target="file:///etc/hostname" TargetMode="External"/></Relationships>'
    )
    [grid] = grids(rewrite(good, "xl/externalLinks/_rels/externalLink1.xml.rels", link))
    assert rows_below(grid, 1) == [(2, ["1", "2"])]


def test_a_password_is_said(good: Path) -> None:
    data = bytearray(good.read_bytes())
    for mark, offset in (b"PK\x03\x04", 6), (b"PK\x01\x02", 8):
        data[data.index(mark) + offset] |= 1
    good.write_bytes(data)
    with pytest.raises(DeliveryError, match="protected by a password"):
        grids(good)


def test_too_many_sheets_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_SHEETS", 3)
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        for _ in range(4):
            book.add_worksheet().write(0, 0, "x")
    with pytest.raises(DeliveryError, match="over 3 sheets"):
        grids(tmp_path / "book.xlsx")


PARTS = ["", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/sharedStrings.xml"]


@settings(max_examples=150, deadline=None)
@given(
    part=st.sampled_from([*PARTS, "xl/worksheets/sheet1.xml"]),
    place=st.floats(0, 1, exclude_max=True),
    length=st.integers(0, 9),
    instead=st.sampled_from([b"", b"\xff", b"<", b"9", b"</row>", b"cut off"]),
)
def test_a_damaged_workbook_is_refused_or_read_and_nothing_else(
    part: str, place: float, length: int, instead: bytes
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = [["A", "B"], ["1", 2.5], ["x", dt.date(2021, 3, 31)]]
        good = write(Path(folder, "good.xlsx"), rows)
        whole = zipfile.ZipFile(good).read(part) if part else good.read_bytes()
        at = int(place * len(whole))
        damaged = whole[:at] + (instead + whole[at + length :] if instead != b"cut off" else b"")
        path = rewrite(good, part, damaged) if part else Path(folder, "damaged.xlsx")
        if not part:
            path.write_bytes(damaged)
        try:
            for grid in grids(path) if survey(path).kind != "xml" else []:
                for line, _ in grid.top():
                    rows_below(grid, line)
        except DeliveryError as fault:
            assert str(fault).startswith(path.name)  # noqa: PT017 - reading without a fault is right as well
