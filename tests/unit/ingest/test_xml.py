"""XML returns: every row and item is found, as a slow and plain reading finds them; nothing hostile gets in or blows up."""

import gzip
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from careloom.catalogue import Return, load_catalogue
from careloom.core import Column, DeliveryError, Table
from careloom.ingest import xml_file
from careloom.ingest.raw import About
from careloom.ingest.xml_file import read_xml, root_of
from careloom.synth import make_england

CIN = load_catalogue().returns["cin_census"]
SSDA903 = load_catalogue().returns["ssda903"]
Row = dict[str, str | None]


def text_column(name: str, **more: Any) -> Column:
    return Column(name, more.pop("type", "text"), name, "personal", **more)


CARE = replace(
    SSDA903,
    tables={
        table.name: table
        for table in (
            Table("header", "", (text_column("CHILD", also=("CHILDID",)), text_column("DOB")), path="CHILD/HEADER"),
            Table(
                "uasc",
                "",
                (text_column("CHILD", also=("CHILDID",)), text_column("DOB"), text_column("DUC")),
                path="CHILD/HEADER",
                only_with=("UASC=1", "DUC"),
            ),
            Table(
                "reviews",
                "",
                (text_column("CHILD", also=("CHILDID",)), text_column("DOB"), text_column("REVIEW")),
                path="CHILD/HEADER/AREVIEW",
            ),
            Table(
                "episodes",
                "",
                (
                    text_column("CHILD", also=("CHILDID",)),
                    text_column("DECOM"),
                    text_column("PLACE", also=("PL",)),
                    text_column("number", type="ordinal"),
                ),
                path="CHILD/EPISODE",
            ),
            Table("flat", "", (text_column("CHILD"),)),
        )
    },
)


# --- what is read, against a slow and plain reading ------------------------------------------------------------------


def read(path: Path, return_: Return, about: About | None = None) -> dict[str, list[tuple[int, Row]]]:
    """All rows by table, with their lines."""
    found: dict[str, list[tuple[int, Row]]] = {}
    for rows in read_xml(path, return_, about or About()):
        cells = {name: array.to_pylist() for name, array in rows.cells.items()}
        for i, line in enumerate(rows.lines.to_pylist()):
            found.setdefault(rows.table, []).append((line, {name: column[i] for name, column in cells.items()}))
    return found


def read_slowly(path: Path, return_: Return) -> dict[str, list[tuple[int, Row]]]:
    """The same from the whole tree, each table and column by itself. Lines are right in files below 65,535 lines."""
    root = etree.parse(path, etree.XMLParser(remove_comments=True)).getroot()
    found: dict[str, list[tuple[int, Row]]] = {}
    for table in return_.tables.values():
        for element in root.iterfind(f".//{table.path}") if table.path else ():
            if not table.only_with or any(holds(element, asked) for asked in table.only_with):
                row = {column.name: slow_cell(element, column, return_) for column in table.columns}
                found.setdefault(table.name, []).append((element.sourceline, row))
    return found


def slow_cell(element: Any, column: Column, return_: Return) -> str | None:
    source = element
    if column.of and column.of != element.tag:
        source = next(element.iterancestors(column.of))
    if column.type == "ordinal":
        return str(len(list(source.itersiblings(source.tag, preceding=True))) + 1)
    if column.name == source.tag and not len(source):
        return slow_text(source)
    paths = (f"{block}{tag}" for block in ("", "ChildIdentifiers/", "ChildCharacteristics/") for tag in tags_of(column))
    places = [source]
    if return_.identity:
        places += next(element.iterancestors(str(return_.child))).findall(return_.identity)
    every = [slow_text(leaf) for path in paths for place in places for leaf in place.findall(path)]
    return next((text for text in every if text), None)


def tags_of(column: Column) -> tuple[str, ...]:
    return (column.name, *column.also)


def slow_text(element: Any) -> str | None:
    return "".join(element.itertext()).strip() or None


def holds(element: Any, asked: str) -> bool:
    tag, _, value = asked.partition("=")
    texts = [slow_text(each) for each in element.findall(tag)]
    return any(text == value if value else text for text in texts)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up authority's files, with the quirks that files have."""
    folder = tmp_path_factory.mktemp("made") / "england"
    make_england(
        folder, children=400, years=(2023, 2024), systems=("ssda903", "ssda903_xml", "cin_census"), defects=True
    )
    return folder


@pytest.mark.parametrize("return_", [CIN, SSDA903, CARE], ids=["cin_census", "ssda903", "by hand"])
def test_every_row_and_item_is_found(return_: Return, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_file, "ROWS_AT_ONCE", 30)
    folder = "cin_census" if return_ is CIN else "ssda903_xml"
    paths = sorted(made.glob(f"*/{folder}/*.xml"))
    assert len(paths) == 2
    for path in paths:
        found = read(path, return_)
        assert found == read_slowly(path, return_)
        assert sum(map(len, found.values())) > 100


def test_other_peoples_files(shared: Path) -> None:
    for path in sorted((shared / "samples" / "cin_census").glob("*.xml")):
        about = About()
        assert read(path, CIN, about) == read_slowly(path, CIN)
        assert (about.year, about.encoding, about.remarks) == (2022, "utf-8", [])
        assert about.la in ("201", "975")


def test_rows_come_in_batches(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_file, "ROWS_AT_ONCE", 100)
    path = next(made.glob("*/cin_census/*2024.xml"))
    sizes = [len(rows.lines) for rows in read_xml(path, CIN, About()) if rows.table == "ChildIdentifiers"]
    assert len(sizes) > 3
    assert all(5 <= size <= 50 for size in sizes[:-1])


# --- one child by hand -----------------------------------------------------------------------------------------------


def census(children: str, header: str = "<CollectionDetails><Year>2024</Year></CollectionDetails>") -> str:
    return f"<Message>\n<Header>{header}</Header>\n<Children>\n{children}\n</Children>\n</Message>\n"


def child(inner: str, name: str = "Zebedee1") -> str:
    return f"<Child><ChildIdentifiers><LAchildID>{name}</LAchildID></ChildIdentifiers>{inner}</Child>"


def read_text(folder: Path, text: str | bytes, return_: Return = CIN) -> tuple[dict[str, list[Row]], About]:
    path = folder / "delivered.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    about = About()
    return {name: [row for _, row in rows] for name, rows in read(path, return_, about).items()}, about


def cells(rows: list[Row], *names: str) -> list[tuple[str | None, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def test_enclosing_elements_lend_their_items_wherever_these_stand(tmp_path: Path) -> None:
    case = "<CINdetails><Assessments><AssessmentActualStartDate>{0}</AssessmentActualStartDate></Assessments>"
    case += "<Assessments/><CINreferralDate> {0} </CINreferralDate></CINdetails>"
    found, _ = read_text(tmp_path, census(child(case.format("2024-01-01") + case.format("2024-02-02"))))
    names = ("LAchildID", "CINreferralDate", "CINdetailsID", "AssessmentID", "AssessmentActualStartDate")
    assert cells(found["Assessments"], *names) == [
        ("Zebedee1", "2024-01-01", "1", "1", "2024-01-01"),
        ("Zebedee1", "2024-01-01", "1", "2", None),
        ("Zebedee1", "2024-02-02", "2", "1", "2024-02-02"),
        ("Zebedee1", "2024-02-02", "2", "2", None),
    ]


def test_empty_blocks_stray_text_and_repeated_elements(tmp_path: Path) -> None:
    inner = """<ChildCharacteristics/><CINdetails>see the case notes
        <ReferralSource>1A</ReferralSource><ReferralSource>10</ReferralSource><ReferralSource>1A</ReferralSource>
        <PrimaryNeedCode/><PrimaryNeedCode>N1</PrimaryNeedCode>
        <Assessments><FactorsIdentifiedAtAssessment/></Assessments>more
        <Assessments><FactorsIdentifiedAtAssessment><AssessmentFactors> 2A
        </AssessmentFactors><AssessmentFactors/></FactorsIdentifiedAtAssessment></Assessments>
        <Hobby>chess</Hobby><Hobby>go</Hobby><Pet><Name>Rex</Name></Pet><Nothing/></CINdetails>"""
    found, about = read_text(tmp_path, census(child(inner) + child("") + "<Child/>"))
    assert cells(found["CINdetails"], "ReferralSource", "PrimaryNeedCode") == [("1A", "N1")]
    assert cells(found["FactorsIdentifiedAtAssessment"], "AssessmentID", "AssessmentFactors") == [
        ("2", "2A"),
        ("2", None),
    ]
    assert cells(found["ChildIdentifiers"], "LAchildID") == [("Zebedee1",), ("Zebedee1",), (None,)]
    assert about.remarks == [
        "kinds of element that are not known and were not used: 2",
        "items that stand twice in one row with another value, of which the first was used: 1",
        "texts between elements, which were not used: 2",
    ]


def test_an_item_of_the_row_comes_before_one_in_a_block(tmp_path: Path) -> None:
    inner = "<CINdetails><New><DateOfInitialCPC>2</DateOfInitialCPC></New><DateOfInitialCPC>1</DateOfInitialCPC>"
    inner += "<Section47><DateOfInitialCPC>3</DateOfInitialCPC></Section47></CINdetails>"
    found, about = read_text(tmp_path, census(child(inner)))
    assert cells(found["CINdetails"], "DateOfInitialCPC") == [("1",)]
    assert cells(found["Section47"], "DateOfInitialCPC") == [("3",)]
    assert len(about.remarks) == 1


def test_comments_cdata_and_escapes(tmp_path: Path) -> None:
    name = "<![CDATA[A</Child>]]><!-- <Child> -->&amp;&#x42;<?x <Child>?>"
    found, about = read_text(tmp_path, census(child("", name)))
    assert cells(found["ChildIdentifiers"], "LAchildID") == [("A</Child>&B",)]
    assert about.remarks == []


@pytest.mark.parametrize("start", ['<Message xmlns="urn:a">', '<x:Message xmlns:x="urn:a">'])
def test_a_namespace_makes_no_difference(start: str, tmp_path: Path) -> None:
    text = census(child("<CINdetails><CINreferralDate>2024-01-01</CINreferralDate><Assessments/></CINdetails>"))
    plain, _ = read_text(tmp_path, text)
    if ":Message" in start:
        text = text.replace("</", "\0").replace("<", "<x:").replace("\0", "</x:")
    found, about = read_text(tmp_path, text.replace("<Message>", start).replace("<x:Message>", start))
    assert found == plain
    assert about.year == 2024
    assert root_of(tmp_path / "delivered.xml") == "Message"


CARE_XML = """<EXPSSDA903>
<CHILD>
<EPISODE><DECOM>01/05/2023</DECOM><PL>U3</PL></EPISODE>
<HEADER><CHILDID>K1</CHILDID><DOB>01/01/2010</DOB><UASC>{0}</UASC><DUC>{1}</DUC>
<AREVIEW><REVIEW>01/06/2023</REVIEW></AREVIEW><AREVIEW><DOB>02/02/2012</DOB></AREVIEW></HEADER>
<EPISODE><CHILD>K9</CHILD><PLACE>H5</PLACE></EPISODE>
</CHILD>
<CHILD><EPISODE/></CHILD>
</EXPSSDA903>"""


def test_rows_borrow_from_the_identity_of_their_child_only(tmp_path: Path) -> None:
    found, about = read_text(tmp_path, CARE_XML.format("0", ""), CARE)
    assert cells(found["episodes"], "CHILD", "DECOM", "PLACE", "number") == [
        ("K1", "01/05/2023", "U3", "1"),
        ("K9", None, "H5", "2"),
        (None, None, None, "1"),
    ]
    assert cells(found["reviews"], "CHILD", "DOB", "REVIEW") == [
        ("K1", "01/01/2010", "01/06/2023"),
        ("K1", "02/02/2012", None),
    ]
    assert (about.year, about.la, about.remarks) == (None, None, [])


@pytest.mark.parametrize(
    ("uasc", "until", "rows"), [("1", "", 1), ("0", "", 0), ("0", "03/03/2024", 1), (" 1 ", " ", 1)]
)
def test_a_row_only_with_an_item(uasc: str, until: str, rows: int, tmp_path: Path) -> None:
    found, _ = read_text(tmp_path, CARE_XML.format(uasc, until), CARE)
    assert len(found.get("uasc", [])) == rows
    assert len(found["header"]) == 1


def test_a_header_inside_a_child_says_nothing_of_the_file(tmp_path: Path) -> None:
    inner = "<Header><CollectionDetails><Year>1999</Year></CollectionDetails></Header>"
    assert read_text(tmp_path, census(child(inner)))[1].year == 2024


def test_a_child_delivered_twice_has_two_rows(tmp_path: Path) -> None:
    found, _ = read_text(tmp_path, census(child("<CINdetails/>") + child("<CINdetails/>")))
    assert cells(found["CINdetails"], "LAchildID", "CINdetailsID") == [("Zebedee1", "1")] * 2


def test_lines_are_right_far_down(tmp_path: Path) -> None:
    inner = "<CINdetails>\n\n<Section47/>\n<Section47>\n\n<S47ActualStartDate>1</S47ActualStartDate></Section47></CINdetails>"
    path = tmp_path / "long.xml"
    path.write_text(census("\n" * 70_000 + child("\n" + inner)))
    found = read(path, CIN)
    assert {name: [line for line, _ in rows] for name, rows in found.items()} == {
        "ChildIdentifiers": [70_004],
        "CINdetails": [70_005],
        "Section47": [70_007, 70_008],
    }


# --- what a file says of itself --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "year"),
    [
        ("<CollectionDetails><Collection>cin</Collection><Year> 2021</Year></CollectionDetails>", 2021),
        ("<CollectionDetails><ReferenceDate>2020-03-31</ReferenceDate></CollectionDetails>", 2020),
        ("<CollectionDetails><Year>this year</Year></CollectionDetails>", None),
        ("", None),
    ],
)
def test_year(header: str, year: int | None, tmp_path: Path) -> None:
    assert read_text(tmp_path, census(child(""), header))[1].year == year


def test_another_collection_is_refused(tmp_path: Path) -> None:
    header = "<CollectionDetails><Collection>SWF</Collection></CollectionDetails>"
    with pytest.raises(DeliveryError, match=r"^delivered\.xml: .* another collection; CIN is expected here"):
        read_text(tmp_path, census(child(""), header))


NAMED = census(child("", "Zoë"))


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (NAMED.encode(), "utf-8"),
        (NAMED.encode("utf-8-sig"), "utf-8"),
        (NAMED.encode("utf-16"), "utf-16"),
        (f'<?xml version="1.0" encoding="UTF-16"?>{NAMED}'.encode("utf-16-le").join([b"\xff\xfe", b""]), "utf-16"),
        (f'<?xml version="1.0" encoding="windows-1252"?>{NAMED}'.encode("cp1252"), "windows-1252"),
        (f'<?xml version="1.0" encoding="ISO-8859-1"?>{NAMED}'.encode("latin-1"), "iso-8859-1"),
    ],
)
def test_encodings(data: bytes, encoding: str, tmp_path: Path) -> None:
    found, about = read_text(tmp_path, data)
    assert cells(found["ChildIdentifiers"], "LAchildID") == [("Zoë",)]
    assert about.encoding == encoding


# --- bad and hostile files -------------------------------------------------------------------------------------------

SECRET = "only-for-this-machine"
BOMB = "<!DOCTYPE Message [" + '<!ENTITY a0 "aaaaaaaaaa">'
BOMB += "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12)) + "]>"
PARAMETERS = '<!DOCTYPE Message [<!ENTITY % p SYSTEM "file:///SECRET"><!ENTITY % q "<!ENTITY x SYSTEM \'file:///SECRET\'>">%p;%q;]>'
DOCTYPES = {
    "billion laughs": BOMB,
    "local file": '<!DOCTYPE Message [<!ENTITY a11 SYSTEM "file:///SECRET">]>',
    "external DTD": '<!DOCTYPE Message SYSTEM "http://127.0.0.1:9/evil.dtd">',
    "public DTD": '<!DOCTYPE Message PUBLIC "-//x//y" "http://127.0.0.1:9/evil.dtd">',
    "parameter entities": PARAMETERS,
    "after a comment": f"<!-- {'x' * 100_000} -->\n\n<?style x?>{BOMB}",
    "after space": "\n" * 200_000 + BOMB,
    "not closed": "<!DOCTYPE Message [",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("case", DOCTYPES)
def test_a_doctype_is_refused_unread(case: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    start = DOCTYPES[case].replace("file:///SECRET", (tmp_path / "secret").as_uri())
    if encoding == "utf-16-be":
        start = "\ufeff" + start
    path = tmp_path / "delivered.xml"
    path.write_bytes((start + census(child("", "&a11;"))).encode(encoding))
    for reading in (root_of, lambda path: list(read_xml(path, CIN, About()))):
        with pytest.raises(
            DeliveryError, match="the file has a DOCTYPE, which a return never has; it is refused unread"
        ) as refused:
            reading(path)
        assert SECRET not in str(refused.value)


def test_a_doctype_that_the_first_look_misses_is_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text(SECRET)
    monkeypatch.setattr(xml_file, "outermost", lambda path: ("Message", "", 1))
    start = DOCTYPES["local file"].replace("file:///SECRET", (tmp_path / "secret").as_uri())
    with pytest.raises(DeliveryError) as refused:
        read_text(tmp_path, start + census(child("", "&a11;")))
    assert SECRET not in str(refused.value)


BROKEN = "not well-formed XML; was the file cut short?"
GOOD = census(child("<CINdetails/>"))
BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "the file is empty"),
    "blank": (b" \n\n", "the file is empty"),
    "text": (b"CHILD,SEX\n1,2\n", "this is not XML"),
    "another root": (b"<Menu><Child/></Menu>", "the outermost element should be <Message>"),
    "no elements": (b"<?xml version='1.0'?><!-- nothing -->", BROKEN),
    "truncated": (GOOD[:-20].encode(), f"line 5: this is {BROKEN}"),
    "truncated in the first tag": (b"<Mess", f"line 1: this is {BROKEN}"),
    "two roots": ((GOOD + GOOD).encode(), BROKEN),
    "text after the end": ((GOOD + "the end").encode(), BROKEN),
    "end tag missing": (GOOD.replace("</LAchildID>", "").encode(), f"line 4: this is {BROKEN}"),
    "undeclared entity": (GOOD.replace("Zebedee1", "&secret;").encode(), BROKEN),
    "undeclared prefix": (GOOD.replace("Message", "x:Message").encode(), BROKEN),
    "gzip": (gzip.compress(GOOD.encode()), "this is not XML"),
    "zip": (b"PK\x03\x04<rest of a workbook", "this is not XML"),
    "bytes that are not UTF-8": (GOOD.replace("Zebedee1", "Zoë").encode("cp1252"), BROKEN),
    "declared wrongly": (b'<?xml version="1.0" encoding="utf-8"?>' + GOOD.encode("utf-16"), BROKEN),
    "unknown encoding": (b'<?xml version="1.0" encoding="x-nonsense"?>' + GOOD.encode(), BROKEN),
    "a codec that is no encoding": (b'<?xml version="1.0" encoding="base64"?>' + GOOD.encode(), BROKEN),
    "null byte": (GOOD.replace("Zebedee1", "Zeb\0edee").encode(), BROKEN),
    "100,000 deep": (b"<Message>" + b"<Child>" * 100_000, BROKEN),
    "100,000 deep below a child": (census(child("<a>" * 100_000 + "</a>" * 100_000)).encode(), BROKEN),
    "a text of 20 MB": (GOOD.replace("Zebedee1", "Zebedee1" * 2_500_000).encode(), "line 4: "),
    "2 MB before the first element": (b"<!--" + b"x" * 2_000_000 + b"-->" + GOOD.encode(), "no element begins"),
    "20 MB between children": (GOOD.replace("<Child>", "<Junk/>" * 3_000_000 + "<Child>").encode(), "without the end"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_in_words(case: str, tmp_path: Path) -> None:
    data, expected = BAD[case]
    with pytest.raises(DeliveryError) as refused:
        read_text(tmp_path, data)
    assert str(refused.value).startswith("delivered.xml")
    assert expected in str(refused.value)
    assert "Zebedee" not in str(refused.value)


def test_200_blocks_within_each_other_are_read(tmp_path: Path) -> None:
    found, _ = read_text(tmp_path, census(child("<a>" * 200 + "<UPN>A1</UPN>" + "</a>" * 200)))
    assert cells(found["ChildIdentifiers"], "UPN") == [("A1",)]


def test_a_flood_of_attributes_and_of_tags_is_read(tmp_path: Path) -> None:
    attributes = " ".join(f'a{i}="1"' for i in range(20_000))
    tags = "".join(f"<t{i}>1</t{i}>" for i in range(20_000))
    found, about = read_text(tmp_path, census(child(tags).replace("<Child>", f"<Child {attributes}>")))
    assert cells(found["ChildIdentifiers"], "LAchildID") == [("Zebedee1",)]
    assert about.remarks == ["kinds of element that are not known and were not used: 1,000"]


def mutations(text: bytes) -> Iterator[bytes]:
    """Whatever may happen to a file on its way: cut, doubled, swapped, overwritten and re-encoded parts."""
    for at in range(1, len(text), 37):
        yield text[:at]
        yield text[:at] + text[at + 11 :]
        yield text[:at] + text[max(0, at - 60) :]
        yield text[:at] + b"\xff<!]]>&"[at % 7 :] + text[at:]
    for encoding in ("utf-16", "utf-32", "cp1252", "cp037"):
        yield text.decode().encode(encoding)


def test_no_exception_but_ours_escapes(tmp_path: Path) -> None:
    text = census(child("<CINdetails><Assessments><x a='1'>é</x></Assessments><!-- c --></CINdetails>") * 3).encode()
    refused = 0
    for data in mutations(text.replace("é".encode(), b"&#233;")):
        try:
            read_text(tmp_path, data)
        except DeliveryError:
            refused += 1
    assert refused > 30


MEMORY = """
import re, sys
from pathlib import Path
from careloom.catalogue import load_catalogue
from careloom.ingest.raw import About
from careloom.ingest.xml_file import read_xml
rows = sum(len(rows.lines) for rows in read_xml(Path(sys.argv[1]), load_catalogue().returns["cin_census"], About()))
print(rows, re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text()).group(1))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells the peak of one process on Linux only")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    case = "<CINdetails><CINreferralDate>2024-01-01</CINreferralDate><Junk>1</Junk></CINdetails>\n"
    found = []
    for many in (2_000, 20_000):
        path = tmp_path / f"{many}.xml"
        path.write_text(census(child(case * 2) * many).replace("</Child>", "</Child><Junk/>"))
        told = subprocess.run([sys.executable, "-c", MEMORY, path], check=True, capture_output=True, text=True)
        found.append([int(number) for number in told.stdout.split()])
    assert [rows for rows, _ in found] == [6_000, 60_000]
    assert found[1][1] - found[0][1] < 30_000  # kilobytes; the longer file has 5 MB
