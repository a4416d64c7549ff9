"""Files spoilt in every way: nothing stops ingest, every row is accounted for, and no message says what a cell held.

Hypothesis spoils the cells, rows and bytes of files that were right. What became of the rows is held against a naive
count of the file's own lines. CARELOOM_FUZZ=20 looks twenty times as long, and at other files each time.
"""

import csv
import datetime as dt
import io
import os
import re
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.ingest import Delivery, ingest

OURS = load_catalogue()
# A few returns, for speed; those of which the same heading could be are among them
CATALOGUE = replace(
    OURS, returns={name: OURS.returns[name] for name in ("ssda903", "cin_census", "finance", "services")}
)
TIMES = int(os.environ.get("CARELOOM_FUZZ", "1"))
Cells = list[list[str]]

# No value of a cell is short or plain enough to stand in a message by chance
HEADER: Cells = [
    ["CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB"],
    ["Zebedee1", "1", "02/03/2010", "WBRI", "H801200001001", "", ""],
    ["Zebedee2", "2.0", "zz/05/2011", "wbri", "UN1", "1.0", "17/09/2018"],
    ["Zebedee3", "Female", "45291", "MWBC - Zebedee", "Zebedee4", "0", ""],
    ["Zebedee5", "9", "31/02/2012", "", "", "XZEBEDEE", ""],
    ["", "", "", "", "", "", "17/09/2018"],
]
FEES: Cells = [
    ["Payment Ref", "Child ID", "First Name", "Placement Type", "From", "To", "Amount", "Per"],
    ["Zebedee-1", "0004711", "Zebedee", "IFA", "01/04/2019", "30/06/2019", "£1,180.50", "week"],
    ["Zebedee-2", "4712.0", "Zoë Zebedee", "Zebedee's home", "2019-07-01", "", "1.2k", "pw"],
    ["Zebedee-3", "1.2E+12", "Zebedee", "Connected person", "01/10/2019", "", "about 40", "Zebedee"],
    ["", "", "", "", "", "", "", "Zebedee"],
]
HEALTH: Cells = [
    list(CATALOGUE.returns["ssda903"].tables["oc2"].column_names),
    ["Zebedee1", "02/03/2010", "12", "", "1", "0", "1", "1", "1", "0", "", ""],
    ["Zebedee2", "2010-03-02 00:00", "12.0", "SDQ4 Zebedee", "1.0", "01", "yes", "TRUE", "1", "0", "", ""],
    ["0004711", "02/03/2010", "Zebedee", "", "0", "0", "0", "0", "0", "0", "0", "0"],
    ["", "", "", "", "", "", "", "", "", "", "", "Zebedee"],
]
TABLES = {"header": HEADER, "oc2": HEALTH, "weekly_fees": FEES}
REVIEWS = b"CHILD,DOB,REVIEW,REVIEW_CODE\nGood1,01/02/2010,31/03/2019,PN1\nGood2,01/02/2011,30/03/2019,PN2\n"
CENSUS = """<?xml version="1.0" encoding="utf-8"?>
<Message>
<Header><CollectionDetails><Collection>CIN</Collection><Year>2019</Year></CollectionDetails></Header>
<Children>
<Child>
<ChildIdentifiers><LAchildID>Zebedee1</LAchildID><UPN>H801200001001</UPN>
<PersonBirthDate>2010-03-02</PersonBirthDate><GenderCurrent>1</GenderCurrent></ChildIdentifiers>
<ChildCharacteristics><Ethnicity>WBRI</Ethnicity>
<Disabilities><Disability>Zebedee</Disability><Disability>HEAR</Disability></Disabilities>
</ChildCharacteristics>
<CINdetails><CINreferralDate>2018-05-01</CINreferralDate><ReferralSource>1A</ReferralSource>
<Assessments><AssessmentActualStartDate>2018-05-02</AssessmentActualStartDate>
<FactorsIdentifiedAtAssessment><AssessmentFactors>2B</AssessmentFactors>
<AssessmentFactors>Zebedee</AssessmentFactors></FactorsIdentifiedAtAssessment></Assessments>
<ChildProtectionPlans><CPPstartDate>2018-05-20</CPPstartDate><Reviews><CPPreviewDate>2018-08-01</CPPreviewDate>
<CPPreviewDate>zz-01-2019</CPPreviewDate></Reviews></ChildProtectionPlans>
</CINdetails>
</Child>
<Child>
<ChildIdentifiers><LAchildID>Zebedee2</LAchildID><PersonBirthDate>Zebedee</PersonBirthDate></ChildIdentifiers>
</Child>
</Children>
</Message>
"""
CARE = """<EXPSSDA903>
<CHILD>
<HEADER><CHILD>Zebedee1</CHILD><SEX>1</SEX><DOB>02/03/2010</DOB><ETHNIC>WBRI</ETHNIC><UPN>UN1</UPN>
<AREVIEW><REVIEW>01/02/2019</REVIEW><REVIEW_CODE>PN1</REVIEW_CODE></AREVIEW>
<OC2><SDQ_SCORE>Zebedee</SDQ_SCORE></OC2></HEADER>
<EPISODE><DECOM>01/05/2018</DECOM><RNE>S</RNE><LS>C2</LS><CIN>N1</CIN><PL>U6</PL></EPISODE>
<EPISODE><DECOM>zz/06/2018</DECOM><RNE>P</RNE><LS>C2</LS><CIN>N1</CIN><PL>Zebedee</PL></EPISODE>
</CHILD>
<CHILD>
<HEADER><CHILD>Zebedee2</CHILD><SEX>2</SEX><DOB>Zebedee</DOB></HEADER>
</CHILD>
</EXPSSDA903>
"""
ODD = (
    *("", " ", "\u00a0", "-", "=1+1", "1.0", "31/02/2010", "9" * 18, "NULL"),
    *("Zebedee", "Zebedee, Zoë", "ZoÃ« Zebedee", 'Zebedee "Zoë"', "Zebedee\nZoë", "Zebedee\r\n\r\nZoë"),
)
SAID = re.compile(r"zebedee|zoë|zoã|\d\d/\d\d/20|20\d\d-\d\d-\d\d|h801|0004711|4712|1,180|mwbc|9{9}", re.IGNORECASE)
"""What some cell held. A message may name a column, a line and a form in which dates should be, such as 31/03/2021."""

fuzzed = settings(
    max_examples=25 * TIMES,
    deadline=None,
    derandomize=TIMES == 1,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Taken:
    """What became of one spoilt file among good ones."""

    engine: DuckDBEngine
    deliveries: list[dict[str, Any]]

    @property
    def is_read(self) -> bool:
        return any(row["state"] == "read" for row in self.deliveries)

    @property
    def rows_in(self) -> int:
        return sum(row["rows_in"] for row in self.deliveries)

    def lines(self) -> list[tuple[str, int]]:
        """The table and line of every row of the file: in a typed table, or set aside as a row."""
        numbers = ", ".join(str(row["delivery_id"]) for row in self.deliveries)
        told = {(row["return_name"], name) for row in self.deliveries for name in self.tables_of(row)}
        found: list[tuple[str, int]] = []
        for return_name, table in sorted(told):
            select = f"SELECT line FROM {return_name}_{table} WHERE delivery_id IN ({numbers})"
            found += [(table, line) for (line,) in self.engine.rows(select)]
        aside = f"SELECT table_name, line FROM set_aside WHERE is_row AND delivery_id IN ({numbers})"
        return found + self.engine.rows(aside)

    def tables_of(self, row: dict[str, Any]) -> list[str]:
        tables = CATALOGUE.returns[row["return_name"]].tables if row["state"] == "read" else []
        return [name for name in tables if self.engine.columns(f"{row['return_name']}_{name}")]


@cache
def an_engine() -> DuckDBEngine:
    """One engine for all files: to start one takes longer than to read a small file."""
    return DuckDBEngine()


PIECES = {
    "lines.BLOCK": 48,
    "csv_file.ROWS_A_BATCH": 2,
    "tidy.ROWS_A_BATCH": 2,
    "workbook.ROWS_A_BATCH": 2,
    "xml_file.BYTES_A_TIME": 256,
    "xml_file.ROWS_AT_ONCE": 2,
}
"""Pieces so small that rows lie across their edges, as they do in large files."""


def take(data: bytes, name: str, *, stated: tuple[str, int] | None, in_pieces: bool = False) -> Taken:
    """Read the file between two good ones, and hold what must be so however a file was spoilt."""
    with pytest.MonkeyPatch.context() as patch:
        for where, size in PIECES.items() if in_pieces else ():
            patch.setattr(f"careloom.ingest.{where}", size)
        return taken_whole(data, name, stated)


def taken_whole(data: bytes, name: str, stated: tuple[str, int] | None) -> Taken:
    engine = an_engine()
    for (table,) in engine.rows("SELECT table_name FROM information_schema.tables"):
        engine.drop(table)
    with tempfile.TemporaryDirectory() as folder:
        spoilt, first, last = (Path(folder, *where) for where in ((name,), ("a", "reviews.csv"), ("b", "reviews.csv")))
        for path, content in (spoilt, data), (first, REVIEWS), (last, REVIEWS.replace(b"Good", b"Fine")):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        good = [Delivery("998", (path,), "ssda903", 2019) for path in (first, last)]
        return_name, year = stated or (None, None)
        ingested = ingest(
            engine, CATALOGUE, deliveries=[good[0], Delivery("998", (spoilt,), return_name, year), good[1]]
        )
    assert ingested.ledger.faults() == []
    told = engine.arrow("SELECT * FROM delivery ORDER BY delivery_id").to_pylist()
    assert {row["state"] for row in told} <= {"read", "refused", "not used"}
    assert [(row["state"], row["rows_in"]) for row in told if row["file_name"] == "reviews.csv"] == [("read", 2)] * 2
    assert engine.rows("SELECT count(*) FROM ssda903_reviews WHERE CHILD LIKE 'Good%' OR CHILD LIKE 'Fine%'") == [(4,)]
    assert_nothing_is_said(engine, ingested.ledger.steps)
    mine = [row for row in told if row["file_name"].startswith(name)]
    assert mine
    assert all(row["message"] for row in mine if row["state"] != "read")
    taken = Taken(engine, mine)
    assert taken.rows_in == len(taken.lines())
    return taken


def assert_nothing_is_said(engine: DuckDBEngine, steps: object) -> None:
    said = [str(steps)]
    said += [text for (text,) in engine.rows("SELECT message FROM delivery")]
    said += [
        text for row in engine.rows("SELECT reason, table_name, column_name FROM set_aside") for text in row if text
    ]
    said += [str(row) for row in engine.rows("SELECT kind, scope, how FROM recognition")]
    for text in said:
        found = SAID.search(text.replace("31/03/2021", "").replace("2021-03-31", ""))
        assert not found, text


# --- how files are spoilt ---------------------------------------------------------------------------------------------


@st.composite
def spoilt_cells(draw: st.DrawFn, rows: Cells) -> Cells:
    """Drop, swap, double and insert rows, cells and columns. The heading stays above the rows."""
    rows = [list(row) for row in rows]
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(1, len(rows) - 1)) if len(rows) > 1 else 0
        place = draw(st.integers(0, max(0, len(rows[at]) - 1)))
        match draw(
            st.sampled_from(("drop", "double", "swap", "insert", "cell", "no cell", "more cells", "column", "blank"))
        ):
            case "drop" if len(rows) > 1:
                del rows[at]
            case "double":
                rows.insert(at, list(rows[at]) if at else [])
            case "swap" if at:
                other = draw(st.integers(1, len(rows) - 1))
                rows[at], rows[other] = rows[other], rows[at]
            case "insert":
                rows.insert(max(at, 1), draw(st.lists(st.sampled_from(ODD), max_size=9)))
            case "cell" if rows[at]:
                rows[at][place] = draw(st.sampled_from(ODD) | st.text("Zz0\u00a0é%'&<>= \t", max_size=4))
            case "no cell" if rows[at]:
                del rows[at][place]
            case "more cells":
                rows[at] += draw(st.lists(st.sampled_from(ODD), min_size=1, max_size=3))
            case "column":
                rows = draw(spoilt_column(rows, place))
            case "blank":
                rows.insert(max(at, 1), [""] * draw(st.integers(0, 9)))
    return rows


@st.composite
def spoilt_column(draw: st.DrawFn, rows: Cells, place: int) -> Cells:
    how = draw(st.sampled_from(("drop", "double", "swap", "index", "rename")))
    for number, row in enumerate(rows):
        if how == "index":
            row.insert(0, str(number) if number else "")
        elif place < len(row):
            if how == "drop":
                del row[place]
            elif how == "double":
                row.append(row[place])
            elif how == "swap":
                row[0], row[place] = row[place], row[0]
            elif number == 0:
                row[place] = f" {row[place].lower()} "
    return rows


@st.composite
def spoilt_bytes(draw: st.DrawFn, data: bytes) -> bytes:
    """Cut, flip, insert and double bytes: what a bad disk or a broken transfer leaves."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        few = draw(st.integers(1, 40))
        match draw(st.sampled_from(("cut", "cut above", "drop", "double", "flip", "insert", "nothing"))):
            case "cut":
                data = data[:at]
            case "cut above":
                data = data[at:]
            case "drop":
                data = data[:at] + data[at + few :]
            case "double":
                data = data[:at] + data[max(0, at - few) :]
            case "flip":
                data = data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
            case "insert":
                odd = st.sampled_from(
                    (b"\0", b'"', b"\r", b"\n", b"\r\n", b";", b"\xff\xfe", b"\x85", b"<", b"&", b"\x1a")
                )
                data = data[:at] + draw(odd | st.binary(max_size=8)) + data[at:]
    return data


@st.composite
def encoded(draw: st.DrawFn, rows: Cells) -> bytes:
    """Write rows as a CSV in one of the encodings and line ends of authorities, quoted where needed."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=draw(st.sampled_from(("\n", "\r\n", "\r")))).writerows(rows)
    encoding = draw(st.sampled_from(("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le")))
    return text.getvalue().encode(encoding, "replace")


names = st.sampled_from(("spoilt.csv", "spoilt.xml", "spoilt.xlsx", "spoilt", "spoilt.pdf"))


tables = st.sampled_from(tuple(TABLES))


def stated_of(table: str) -> tuple[str, int] | None:
    """What the study says of a file: of a return its name and year, of an extract nothing."""
    return None if table == "weekly_fees" else ("ssda903", 2019)


# --- what must be so --------------------------------------------------------------------------------------------------


def lines_with_text(text: str) -> list[tuple[int, list[str]]]:
    """The records of a CSV that hold something, with the line each begins on; the slow and obvious way."""
    found, last = [], 0
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    for cells in reader:
        if any(cell.strip() for cell in cells):
            found.append((last + 1, cells))
        last = reader.line_num
    return found


@fuzzed
@given(data=st.data(), table=tables, in_pieces=st.booleans(), name=names)
def test_every_row_of_a_csv_is_accounted_for(data: st.DataObject, table: str, in_pieces: bool, name: str) -> None:
    rows = data.draw(spoilt_cells(TABLES[table]))
    content = data.draw(encoded(rows))
    taken = take(content, name, stated=stated_of(table), in_pieces=in_pieces)
    if taken.is_read:
        (row,) = taken.deliveries
        text = content.decode(row["encoding"])
        expected = [(row["table_name"], line) for line, _ in lines_with_text(text)[1:]]
        assert Counter(taken.lines()) == Counter(expected)


@fuzzed
@given(data=st.data(), table=tables, is_stated=st.booleans(), in_pieces=st.booleans(), name=names)
def test_a_csv_with_spoilt_bytes_stops_nothing(
    data: st.DataObject, table: str, is_stated: bool, in_pieces: bool, name: str
) -> None:
    content = data.draw(spoilt_bytes(data.draw(encoded(TABLES[table]))))
    taken = take(content, name, stated=stated_of(table) if is_stated else None, in_pieces=in_pieces)
    if taken.is_read and b'"' not in content and b"\0" not in content and len(taken.deliveries) == 1:
        (row,) = taken.deliveries
        found = [line for _, line in taken.lines()]
        filled = [
            n
            for n, line in enumerate(re.split("\r\n|\r|\n", content.decode(row["encoding"], "replace")), 1)
            if line.strip(" ,;\t|\ufeff\xa0")
        ]
        assert len(set(found)) == len(found)
        below = [line for line in filled if line >= min(found)] if found else []
        assert set(found) <= set(filled)
        assert set(below) == set(found), "a line between the first row and the last is not accounted for"
        assert len(filled) - len(below) <= 1 or "not in the first row" in row["message"]


def naive_children(content: bytes, root: str, child: str, identity: str) -> int | None:
    """How many children an XML file tells who they are of; None when it is not in order."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        top = etree.fromstring(content, parser)
    except (etree.LxmlError, ValueError):
        return None
    if top.tag != root or top.getroottree().docinfo.doctype:
        return None
    every = list(top.iter(child))
    if any(next(each.iterancestors(child), None) is not None for each in every):
        return None  # a child within a child: no return is so
    return sum(len(each.findall(identity)) for each in every)


@st.composite
def spoilt_xml(draw: st.DrawFn, text: str) -> bytes:
    """Drop, double, swap and insert lines and elements, in an encoding; perhaps spoil bytes, too."""
    parts = re.findall(r"<[^>]*>|[^<]+", text)
    for _ in range(draw(st.integers(0, 3))):
        at, other = (draw(st.integers(1, len(parts) - 1)) for _ in range(2))
        match draw(st.sampled_from(("drop", "double", "swap", "element", "text", "block", "void"))):
            case "drop":
                del parts[at]
            case "double":
                parts.insert(at, parts[at])
            case "swap":
                parts[at], parts[other] = parts[other], parts[at]
            case "text":
                parts.insert(
                    at,
                    draw(
                        st.sampled_from(
                            ("Zebedee", "&amp;", "&#233;", "<!-- Zebedee -->", "<?Zebedee x?>", "<![CDATA[<Zebedee>]]>")
                        )
                    ),
                )
            case "void":
                parts.insert(
                    at,
                    draw(
                        st.sampled_from(
                            ("<Zebedee/>", "<Reviews/>", "<CINdetails/>", "<EPISODE/>", "<HEADER/>", "<Child/>")
                        )
                    ),
                )
            case how:  # an element with its end, once more or not at all
                ends = [n for n in range(at, len(parts)) if parts[n] == parts[at].replace("<", "</", 1)]
                if parts[at].startswith("<") and ends:
                    whole = parts[at : ends[0] + 1]
                    parts[at : ends[0] + 1] = whole * 2 if how == "block" else []
    content = (
        "".join(parts)
        .replace("\n", draw(st.sampled_from(("\n", "\r\n", ""))))
        .encode(draw(st.sampled_from(("utf-8", "utf-8-sig"))))
    )
    return draw(spoilt_bytes(content)) if draw(st.booleans()) else content


@fuzzed
@given(data=st.data(), is_census=st.booleans(), is_stated=st.booleans(), in_pieces=st.booleans(), name=names)
def test_every_child_of_an_xml_is_accounted_for(
    data: st.DataObject, is_census: bool, is_stated: bool, in_pieces: bool, name: str
) -> None:
    content = data.draw(spoilt_xml(CENSUS if is_census else CARE))
    whose = "cin_census" if is_census else "ssda903"
    taken = take(content, name, stated=(whose, 2019) if is_stated else None, in_pieces=in_pieces)
    asked = ("Message", "Child", ".") if is_census else ("EXPSSDA903", "CHILD", "HEADER")
    children = naive_children(content, *asked)
    if taken.is_read and children is not None:
        table = "ChildIdentifiers" if is_census else "header"
        assert sum(name == table for name, _ in taken.lines()) == children


@fuzzed
@given(data=st.data(), table=tables, in_pieces=st.booleans(), name=names)
def test_every_row_of_a_workbook_is_accounted_for(data: st.DataObject, table: str, in_pieces: bool, name: str) -> None:
    rows = data.draw(spoilt_cells(TABLES[table]))
    first = data.draw(st.integers(0, 3))
    content = workbook(rows, first)
    is_whole = data.draw(st.booleans())
    taken = take(
        content if is_whole else data.draw(spoilt_bytes(content)),
        name,
        stated=stated_of(table),
        in_pieces=in_pieces,
    )
    if is_whole and taken.is_read:
        filled = [first + number for number, row in enumerate(rows, 1) if any(cell.strip() for cell in row)]
        used = next(row for row in taken.deliveries if row["state"] == "read")
        assert Counter(taken.lines()) == Counter((used["table_name"], line) for line in filled[1:])


def workbook(rows: Cells, first: int) -> bytes:
    """A workbook with a sheet of guidance and one of these rows, numbers as numbers."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.set_properties({"created": dt.datetime(2021, 3, 31)})  # the same bytes each time
        book.add_worksheet("Guidance").write(0, 0, "How Zebedee fills this in")
        sheet = book.add_worksheet("Table")
        for number, row in enumerate(rows, start=first):
            for place, cell in enumerate(row):
                if re.fullmatch(r"[1-9]\d{0,5}(\.\d+)?", cell):
                    sheet.write_number(number, place, float(cell))
                else:
                    sheet.write_string(number, place, cell)
    return file.getvalue()


@fuzzed
@given(content=st.binary(max_size=300) | st.text(max_size=200).map(str.encode), in_pieces=st.booleans(), name=names)
def test_any_bytes_at_all_stop_nothing(content: bytes, in_pieces: bool, name: str) -> None:
    take(content, name, stated=None, in_pieces=in_pieces)


# --- what was found here ----------------------------------------------------------------------------------------------

HUGE = ("9223372036854775808", "9" * 400, "1e19", "-1e300")


def health(score: str) -> bytes:
    return f"{','.join(HEALTH[0])}\nZebedee1,02/03/2010,{score},,1,1,1,1,1,0,,\n".encode()


@pytest.mark.parametrize("number", HUGE)
def test_a_number_beyond_all_measure_is_set_aside(number: str) -> None:
    taken = take(health(number), "oc2.csv", stated=("ssda903", 2019))
    assert taken.engine.rows("SELECT column_name, is_used FROM set_aside") == [("SDQ_SCORE", False)]


@pytest.mark.parametrize("number", HUGE)
def test_a_number_beyond_all_measure_in_xml_is_set_aside(number: str) -> None:
    plan = "<CPPstartDate>2018-05-20</CPPstartDate>"
    content = CENSUS.replace(plan, f"{plan}<NumberOfPreviousCPP>{number}</NumberOfPreviousCPP>")
    taken = take(content.encode(), "cin.xml", stated=None)
    assert taken.engine.rows("SELECT is_used FROM set_aside WHERE column_name = 'NumberOfPreviousCPP'") == [(False,)]


def test_a_row_above_the_heading_is_accounted_for() -> None:
    heading, first, *others = HEADER
    rows = [first, heading, *others]
    content = "".join(",".join(row) + "\n" for row in rows).encode()
    taken = take(content, "header.csv", stated=("ssda903", 2019))
    assert ("header", 1) in taken.lines()


def test_an_xml_file_without_a_child_is_said_to_hold_no_rows() -> None:
    content = CENSUS.replace("<Child>", "<child>").replace("</Child>", "</child>").encode()
    taken = take(content, "cin.xml", stated=None)
    assert taken.rows_in == 0
    assert all(row["message"] for row in taken.deliveries)
