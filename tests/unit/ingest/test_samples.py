"""Other people's files, and ours with planted defects: what is set aside is exactly what is wrong in them.

What is wrong is worked out again here, from the files themselves with plain csv, lxml and calamine, and the catalogue's
codes. The fixture `shared` skips where the samples are absent.
"""

import csv
import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree
from python_calamine import CalamineWorkbook

from careloom.catalogue import Return, load_catalogue
from careloom.core import Code, Column
from careloom.engine import DuckDBEngine
from careloom.ingest import Delivery, Ingested, ingest
from careloom.synth import make_england

CATALOGUE = load_catalogue()
FILES = {  # of ssda903, and the table that each holds
    **{name: name for name in ("ad1", "episodes", "header", "missing", "oc2", "oc3", "reviews", "sw_episodes", "uasc")},
    "placed_for_adoption": "placed_adoption",
    "previous_permanence": "prev_perm",
}
Place = tuple[str, int, str]
"""Table, line and column of a cell."""

READ = "written otherwise than the code of yes_no_01, read as the code it means"
KEPT = "not a code of accommodation; it looks like one and is kept as written"


@dataclass(frozen=True)
class Cell:
    """One cell as it stands in a file."""

    table: str
    line: int
    column: Column
    text: str

    @property
    def place(self) -> Place:
        return self.table, self.line, self.column.name


def run(engine: DuckDBEngine, *files: Path, la: str = "998", return_name: str | None = None) -> Ingested:
    ingested = ingest(engine, CATALOGUE, deliveries=[Delivery(la, tuple(sorted(files)), return_name)])
    assert ingested.ledger.faults() == []
    assert engine.rows("SELECT file_name, message FROM delivery WHERE state = 'refused'") == []
    return ingested


def set_aside(engine: DuckDBEngine) -> list[tuple[str, int, str, bool, str]]:
    """Every cell that was set aside: table, line, column, whether it is used all the same, and why. No row may be."""
    assert engine.rows("SELECT count(*) FROM set_aside WHERE is_row") == [(0,)]
    return engine.rows("SELECT table_name, line, column_name, is_used, reason FROM set_aside ORDER BY ALL")


def is_of(column: Column, text: str, return_: Return) -> bool:
    """Say whether a cell is as its column asks, in any case: the slow and obvious way."""
    if column.type == "code":
        return text.casefold() in {code.code.casefold() for code in return_.codes[str(column.codes)].codes}
    if column.type == "date":
        return any(is_day(text, form) for form in return_.date_formats)
    return column.type == "text" or re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def is_day(text: str, form: str) -> bool:
    try:
        dt.datetime.strptime(text, form)
    except ValueError:
        return False
    return True


# --- children looked after --------------------------------------------------------------------------------------------


def care_cells(folder: Path) -> Iterator[Cell]:
    for name, table in FILES.items():
        columns = {column.name: column for column in CATALOGUE.returns["ssda903"].tables[table].columns}
        with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            for line, row in enumerate(csv.DictReader(file), start=2):
                yield from (Cell(table, line, columns[name], text) for name, text in row.items() if text)


def test_the_samples_of_children_looked_after(shared: Path, duck: DuckDBEngine) -> None:
    folder = shared / "samples" / "ssda903"
    cells = list(care_cells(folder))
    ssda903 = CATALOGUE.returns["ssda903"]
    wrong = [cell for cell in cells if not is_of(cell.column, cell.text, ssda903)]
    assert Counter((cell.column.name, cell.text) for cell in wrong) == {
        ("MOTHER", "1.0"): 1,
        ("ACCOM", "01"): 1,
        ("ACCOM", "02"): 1,
        ("REASON_PLACED_CEASED", "XXX"): 29,
        ("SW_REASON", "SWLAZY"): 1,
    }
    run(duck, *folder.iterdir(), return_name="ssda903")
    aside = set_aside(duck)
    assert Counter((table, line, column) for table, line, column, _, _ in aside) == Counter(
        cell.place for cell in wrong
    )
    reasons = {(column, is_used, reason) for _, _, column, is_used, reason in aside}
    assert reasons == {
        ("MOTHER", True, READ),
        ("ACCOM", True, KEPT),
        ("REASON_PLACED_CEASED", False, "not a code of reason_placed_ceased, nor like one"),
        ("SW_REASON", False, "not a code of social_worker_reason, nor like one"),
    }
    (mother,) = [cell.line for cell in wrong if cell.column.name == "MOTHER"]
    assert duck.rows(f"SELECT MOTHER FROM ssda903_header WHERE line = {mother}") == [("1",)]
    assert duck.rows("SELECT DISTINCT REASON_PLACED_CEASED FROM ssda903_placed_adoption") == [(None,)]
    assert duck.rows("SELECT SW_REASON FROM ssda903_sw_episodes") == [(None,)]


def test_every_cell_of_the_samples_of_children_looked_after_is_kept(shared: Path, duck: DuckDBEngine) -> None:
    """Every row is there, and of every column as many cells as the files have, less those not used."""
    folder = shared / "samples" / "ssda903"
    run(duck, *folder.iterdir(), return_name="ssda903")
    unused = {"REASON_PLACED_CEASED": 29, "SW_REASON": 1}
    filled = Counter((cell.table, cell.column.name) for cell in care_cells(folder))
    for (table, column), cells in filled.items():
        kept = duck.rows(f'SELECT count("{column}") FROM ssda903_{table}')
        assert kept == [(cells - unused.get(column, 0),)], (table, column)
    for name, table in FILES.items():
        rows = len((folder / f"{name}.csv").read_text(encoding="utf-8-sig").splitlines()) - 1
        assert duck.rows(f"SELECT rows_in FROM delivery WHERE table_name = '{table}'") == [(rows,)]


def test_what_is_open_in_the_samples_is_asked_and_the_answer_remembered(shared: Path, duck: DuckDBEngine) -> None:
    found = run(duck, *(shared / "samples" / "ssda903").iterdir(), return_name="ssda903").recognitions
    assert {(each.scope, each.written, each.times, each.means, each.how) for each in found} == {
        ("ssda903 yes_no_01", "1.0", 1, "1", "normalised"),
        ("ssda903 accommodation", "01", 1, "01", "kept as written"),
        ("ssda903 accommodation", "02", 1, "02", "kept as written"),
        ("ssda903 reason_placed_ceased", "XXX", 29, "", "unknown"),
        ("ssda903 social_worker_reason", "SWLAZY", 1, "", "unknown"),
    }


# --- children in need -------------------------------------------------------------------------------------------------


def census_cells(path: Path) -> Iterator[Cell]:
    """Every cell of a census: the elements that go by the name of a column."""
    columns = {
        column.name: column for table in CATALOGUE.returns["cin_census"].tables.values() for column in table.columns
    }
    for child in etree.parse(str(path)).iter("Child"):
        for element in child.iter():
            text = (element.text or "").strip()
            if element.tag in columns and text and not len(element):
                yield Cell("", int(element.sourceline or 0), columns[element.tag], text)


def census_rows(path: Path) -> Counter[str]:
    """How many rows each table should have: one for each element at its path, and for a code or date that is one."""
    top = etree.parse(str(path)).getroot()
    tables = [table for table in CATALOGUE.returns["cin_census"].tables.values() if table.path]
    return +Counter({table.name: len(top.findall(f"Children/{table.path}")) for table in tables})


@pytest.mark.parametrize(
    ("name", "la", "children"), [("fake_CIN_data.xml", "975", 332), ("BAR_cin_2022.xml", "201", 1)]
)
def test_the_samples_of_children_in_need(name: str, la: str, children: int, shared: Path, duck: DuckDBEngine) -> None:
    path = shared / "samples" / "cin_census" / name
    census = CATALOGUE.returns["cin_census"]
    cells = list(census_cells(path))
    assert len(cells) > 12 * children
    wrong = [cell for cell in cells if not is_of(cell.column, cell.text, census)]
    run(duck, path, la="")
    assert wrong == []
    assert set_aside(duck) == []
    expected = census_rows(path)
    assert expected["ChildIdentifiers"] == children
    assert duck.rows("SELECT la, collection_year, rows_in, message FROM delivery") == [(la, 2022, expected.total(), "")]
    kept = {table: duck.rows(f"SELECT count(*) FROM cin_census_{table}") for table in expected}
    assert kept == {table: [(rows,)] for table, rows in expected.items()}


def test_every_cell_of_a_census_is_kept(shared: Path, duck: DuckDBEngine) -> None:
    path = shared / "samples" / "cin_census" / "fake_CIN_data.xml"
    run(duck, path, la="")
    filled = Counter(cell.column.name for cell in census_cells(path))
    for column in ("UPN", "PersonBirthDate", "GenderCurrent", "Ethnicity"):
        assert duck.rows(f"SELECT count({column}) FROM cin_census_ChildIdentifiers") == [(filled[column],)]
    for column in (
        "CINreferralDate",
        "ReferralSource",
        "PrimaryNeedCode",
        "CINclosureDate",
        "ReasonForClosure",
        "DateOfInitialCPC",
        "ReferralNFA",
    ):
        assert duck.rows(f"SELECT count({column}) FROM cin_census_CINdetails") == [(filled[column],)]


# --- Annex A ----------------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    return re.sub(r"\W", "", text.casefold())


def annex_a_cells(path: Path) -> Iterator[Cell]:
    """Every cell of a coded column of the eleven lists, whose headings are the column's label or a known spelling."""
    book = CalamineWorkbook.from_path(str(path))
    tables = CATALOGUE.returns["annex_a"].tables
    for number in range(1, 12):
        table = tables[f"list_{number}"]
        names = {plain(way): column for column in table.columns for way in (column.name, column.label, *column.also)}
        rows = list(book.get_sheet_by_name(f"List {number}").to_python(skip_empty_area=False))
        heading = next(at for at, row in enumerate(rows) if sum(plain(str(cell)) in names for cell in row) > 3)
        columns = [names.get(plain(str(cell))) for cell in rows[heading]]
        for line, row in enumerate(rows[heading + 1 :], start=heading + 2):
            for column, cell in zip(columns, row, strict=True):
                if column and column.type == "code" and str(cell).strip():
                    # a whole number as Excel shows it
                    yield Cell(table.name, line, column, str(cell).removesuffix(".0"))


def says(code: Code, text: str) -> bool:
    """Say whether a cell is a code, its label, a known spelling, or begins or ends with the code: `PR4 - Private`."""
    text = re.sub(r"^[a-z]\) ", "", text.strip())
    ways = {plain(way) for way in (code.code, code.label, *code.also)}
    return plain(text) in ways or plain(re.split(r"[:-]", text)[0]) == plain(code.code)


def test_the_samples_of_annex_a(shared: Path, duck: DuckDBEngine) -> None:
    path = shared / "samples" / "annex_a" / "Annex_A_2024_Jan.xlsx"
    codes = CATALOGUE.returns["annex_a"].codes
    cells = list(annex_a_cells(path))
    assert len({cell.column.codes for cell in cells}) >= 20
    wrong = [c for c in cells if not any(says(code, c.text) for code in codes[str(c.column.codes)].codes)]
    assert {(cell.column.name, cell.text) for cell in wrong} == {
        ("needs_support", "CS Assessment Updated"),
        ("primary_need", "PSRMEM - Support with memory and cognition"),
    }
    run(duck, path)
    aside = set_aside(duck)
    assert Counter((table, line, column) for table, line, column, _, _ in aside) == Counter(
        cell.place for cell in wrong
    )
    assert not any(is_used for _, _, _, is_used, _ in aside)
    for table, column in {(cell.table, cell.column.name) for cell in cells}:
        filled = sum((cell.table, cell.column.name) == (table, column) for cell in cells)
        unused = sum((cell.table, cell.column.name) == (table, column) for cell in wrong)
        assert duck.rows(f"SELECT count({column}) FROM annex_a_{table}") == [(filled - unused,)], (table, column)


# --- our own, with planted defects ------------------------------------------------------------------------------------

OF_NO_YEAR = {"a code of other years", "not a code of the year"}
"""Breaches of rules: before 2025, codes that no year has, which are kept as written; later, codes of years before."""

NOT_USED = {"day not known", "a day that no calendar has"}
NOTED = {
    "as Excel counts days",
    "day first, in a return that has the year first",
    "as a decimal",
    "a zero in front",
    "glued to its label",
    "its label after it",
}
"""Cells read as what they were, and noted; what else was planted is read without a word, or is about no cell."""


def test_what_is_planted_is_what_is_set_aside(duck: DuckDBEngine, tmp_path: Path) -> None:
    """Of a whole authority of which nothing is said, in files with titles, odd encodings, old headings and index columns."""
    make_england(tmp_path, children=600, years=(2021, 2025), seed=3, defects=True, systems=("ssda903", "cin_census"))
    with (tmp_path / "truth" / "501" / "defects.csv").open(encoding="utf-8", newline="") as listed:
        defects = list(csv.DictReader(listed))
    assert {defect["what"] for defect in defects} >= NOTED | NOT_USED
    planted = [defect for defect in defects if defect["what"] in NOTED | NOT_USED]
    files = tuple(sorted(path for path in (tmp_path / "501").rglob("*") if path.is_file()))
    run(duck, *files, la="501")
    place = {number: file.relative_to(tmp_path / "501").as_posix() for number, file in enumerate(files, start=1)}
    rows = duck.rows("SELECT delivery_id, table_name, line, column_name, is_used FROM set_aside WHERE NOT is_row")
    aside = {(place[number], table, line, column): is_used for number, table, line, column, is_used in rows}
    assert duck.rows("SELECT count(*) FROM set_aside") == [(len(aside),)]
    wrong = {(d["file"], d["table"], int(d["line"]), d["column"]): d for d in planted}
    kept = {
        (d["file"], d["table"], int(d["line"]), d["column"])
        for d in defects
        if d["what"] in OF_NO_YEAR and int(d["year"]) < 2025
    }
    assert kept
    assert aside == {where: defect["what"] in NOTED for where, defect in wrong.items()} | dict.fromkeys(kept, True)
    for (file, table, line, column), defect in wrong.items():
        number = next(number for number, path in place.items() if path == file)
        name = f"{file.split('/')[0]}_{table}"
        ((cell,),) = duck.rows(f'SELECT "{column}" FROM {name} WHERE delivery_id = {number} AND line = {line}')
        was = f"{cell:%d/%m/%Y}" if isinstance(cell, dt.date) and "/" in defect["was"] else str(cell)
        assert (was if cell is not None else None) == (defect["was"] if defect["what"] in NOTED else None)
