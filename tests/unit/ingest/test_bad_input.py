"""A file that is wrong says so in words a user can act on, holds no row's value, and does not stop the others."""

from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.ingest import Delivery, ingest

HEADER = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n"
GOOD = HEADER + "Zebedee1,1,02/03/2010,WBRI,UN1,,\n"
CIN = """<Message><Header><CollectionDetails><Year>2019</Year></CollectionDetails></Header><Children><Child>
<ChildIdentifiers><LAchildID>Zebedee1</LAchildID><GenderCurrent>1</GenderCurrent></ChildIdentifiers>
<ChildCharacteristics><Ethnicity>WBRI</Ethnicity></ChildCharacteristics></Child></Children></Message>"""

BAD_CSV = {
    "empty": (b"", "the file is empty"),
    "blank": (b" \n\n", "the file is empty"),
    "excel": (b"PK\x03\x04rest of a workbook", "this workbook is damaged"),
    "binary": (b"\x00\x01\x02\x03\x81\x8d" * 9, "not text"),
    "no heading": (b"Zebedee1,1,02/03/2010,WBRI,UN1,,\n", "line 1: this is not the heading of any table"),
    "another table": (b"a,b,c\n1,2,3\n", "line 1: this is not the heading of any table"),
    "column missing": (b"CHILD,SEX,ETHNIC,UPN,MOTHER,MC_DOB\nZebedee1,1,WBRI,UN1,,\n", "column DOB is missing"),
    "column twice": (b"CHILD,SEX,DOB,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n", "column DOB comes twice"),
    "quote never closed": (HEADER.encode() + b'Zebedee1,1,"02/03/2010,WBRI,UN1,,\n', "not well-formed CSV"),
}
BAD_XML = {
    "empty": (b"", "the file is empty"),
    "truncated": (CIN[:200].encode(), "not well-formed XML; was the file cut short?"),
    "another root": (b"<Menu><Child/></Menu>", "the outermost element should be <Message>"),
    "csv": (GOOD.encode(), "not the heading of any table of cin_census"),
    "broken": (CIN.replace("</Ethnicity>", "").encode(), "not well-formed XML"),
    "another collection": (
        CIN.replace("<Year>", "<Collection>SWF</Collection><Year>").encode(),
        "of another collection; CIN is expected",
    ),
    "doctype": (b'<!DOCTYPE Message [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + CIN.encode(), "has a DOCTYPE"),
    "entity bomb": (
        b'<!DOCTYPE Message [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><Message>&b;</Message>',
        "has a DOCTYPE",
    ),
}


def run(duck: DuckDBEngine, *deliveries: Delivery) -> list[tuple[str, str]]:
    ingested = ingest(duck, load_catalogue(), deliveries=deliveries)
    assert ingested.ledger.faults() == []
    return [
        (str(state), str(message))
        for state, message in duck.rows("SELECT state, message FROM delivery ORDER BY delivery_id")
    ]


@pytest.mark.parametrize("case", BAD_CSV)
def test_a_bad_csv_is_refused_and_a_good_one_still_read(case: str, duck: DuckDBEngine, tmp_path: Path) -> None:
    data, expected = BAD_CSV[case]
    (tmp_path / "bad.csv").write_bytes(data)
    (tmp_path / "good.csv").write_text(GOOD)
    bad, good = run(duck, Delivery("998", (tmp_path / "bad.csv", tmp_path / "good.csv"), "ssda903", 2019))
    assert bad[0] == "refused"
    assert "bad" not in bad[1]  # a file may be named after a child
    assert expected in bad[1]
    assert "Zebedee" not in bad[1]
    assert good[0] == "read"
    assert duck.rows("SELECT CHILD, standing FROM ssda903_header") == [("Zebedee1", "current")]


@pytest.mark.parametrize("case", BAD_XML)
def test_a_bad_xml_is_refused_and_a_good_one_still_read(case: str, duck: DuckDBEngine, tmp_path: Path) -> None:
    data, expected = BAD_XML[case]
    (tmp_path / "bad.xml").write_bytes(data)
    (tmp_path / "good.xml").write_text(CIN)
    bad, good = run(duck, Delivery("998", (tmp_path / "bad.xml", tmp_path / "good.xml"), "cin_census"))
    assert bad[0] == "refused"
    assert expected in bad[1]
    assert "Zebedee" not in bad[1]
    assert good[0] == "read"
    assert duck.rows("SELECT LAchildID, collection_year FROM cin_census_ChildIdentifiers") == [("Zebedee1", 2019)]


def test_a_file_that_is_not_there_is_refused(duck: DuckDBEngine, tmp_path: Path) -> None:
    [(state, message)] = run(duck, Delivery("998", (tmp_path / "gone.csv",), "ssda903", 2019))
    assert state == "refused"
    assert message == "the file cannot be opened (No such file or directory)"


@pytest.mark.parametrize(
    ("encoding", "found"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("cp1252", "cp1252")]
)
def test_the_encodings_authorities_send(encoding: str, found: str, duck: DuckDBEngine, tmp_path: Path) -> None:
    (tmp_path / "header.csv").write_bytes(GOOD.replace("Zebedee1", "Zoë1").replace("\n", "\r\n").encode(encoding))
    run(duck, Delivery("998", (tmp_path / "header.csv",), "ssda903", 2019))
    assert duck.rows("SELECT CHILD FROM ssda903_header") == [("Zoë1",)]
    assert duck.rows("SELECT encoding FROM delivery") == [(found,)]


def test_cells_and_rows_that_do_not_fit_are_set_aside_and_named(duck: DuckDBEngine, tmp_path: Path) -> None:
    rows = "A,1,31/02/2010,WBRI,UN1,,\n,1,02/03/2010,WBRI,UN1,,\nB,1,02/03/2010\n\nC,1,02/03/2010,wbri,UN1,,\n"
    (tmp_path / "header.csv").write_text(HEADER + rows)
    run(duck, Delivery("998", (tmp_path / "header.csv",), "ssda903", 2019))
    assert duck.rows("SELECT CHILD, DOB IS NULL, ETHNIC FROM ssda903_header ORDER BY CHILD") == [
        ("A", True, "WBRI"),
        ("C", False, "WBRI"),
    ]
    assert duck.rows("SELECT line, column_name, is_row, reason FROM set_aside ORDER BY line") == [
        (2, "DOB", False, "a day that does not exist"),
        (3, None, True, "CHILD is blank or unreadable, and it is part of the key"),
        (4, None, True, "the row has more or fewer cells than the heading"),
    ]


def test_a_record_over_several_lines_keeps_the_line_it_begins_on(duck: DuckDBEngine, tmp_path: Path) -> None:
    (tmp_path / "header.csv").write_text(HEADER + 'A,1,02/03/2010,WBRI,"UN\n1",,\nB,1,nonsense,WBRI,UN1,,\n')
    run(duck, Delivery("998", (tmp_path / "header.csv",), "ssda903", 2019))
    assert duck.rows("SELECT line FROM set_aside") == [(4,)]


def test_the_latest_return_wins_and_the_year_comes_from_the_content(duck: DuckDBEngine, tmp_path: Path) -> None:
    columns = "CHILD,DOB,REVIEW,REVIEW_CODE\n"
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "old" / "reviews.csv").write_text(columns + "A,01/01/2010,31/03/2018,PN1\n")
    (tmp_path / "new" / "reviews.csv").write_text(
        columns + "A,01/01/2010,31/03/2018,PN2\nA,01/01/2010,01/04/2018,PN3\nA,01/01/2010,01/04/2018,PN3\n"
    )
    run(duck, Delivery("998", tuple(tmp_path / year / "reviews.csv" for year in ("new", "old")), "ssda903"))
    found = duck.rows(
        "SELECT collection_year, REVIEW_CODE, standing FROM ssda903_reviews ORDER BY collection_year, line"
    )
    assert found == [
        (2018, "PN1", "superseded"),
        (2019, "PN2", "current"),
        (2019, "PN3", "duplicate"),
        (2019, "PN3", "current"),
    ]


def test_files_of_several_years_in_one_folder_are_refused_unless_the_study_says_the_year(
    duck: DuckDBEngine, tmp_path: Path
) -> None:
    columns = "CHILD,DOB,REVIEW,REVIEW_CODE\n"
    (tmp_path / "a.csv").write_text(columns + "A,01/01/2010,31/03/2018,PN1\n")
    (tmp_path / "b.csv").write_text(columns + "B,01/01/2010,01/04/2018,PN1\n")
    files = (tmp_path / "a.csv", tmp_path / "b.csv")
    found = run(duck, Delivery("998", files, "ssda903"))
    assert all(state == "refused" and "several files of reviews in this folder" in why for state, why in found)
    assert [state for state, _ in run(duck, Delivery("998", files, "ssda903", 2019))] == ["read", "read"]


def test_a_file_that_contradicts_the_study_is_refused(duck: DuckDBEngine, tmp_path: Path) -> None:
    (tmp_path / "cin.xml").write_text(
        CIN.replace("</CollectionDetails>", "</CollectionDetails><Source><LEA>998</LEA></Source>")
    )
    files = (tmp_path / "cin.xml",)
    assert run(duck, Delivery("998", files, "cin_census", 2019))[0][0] == "read"
    assert run(duck, Delivery("Careloom-on-Sea", files, "cin_census"))[0][0] == "read"
    said = "the file says it is of 2019, the study says year = 2020"
    assert run(duck, Delivery("998", files, "cin_census", 2020)) == [("refused", said)]
    said = 'the file says it is of another authority than authority = "997"'
    assert run(duck, Delivery("997", files, "cin_census")) == [("refused", said)]


def test_the_same_file_twice_counts_once(duck: DuckDBEngine, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD)
    (tmp_path / "b.csv").write_text(GOOD)
    delivery = Delivery("998", (tmp_path / "a.csv", tmp_path / "b.csv"), "ssda903", 2019)
    assert run(duck, delivery)[1] == ("refused", "it is the same, byte for byte, as file 1")
    two_years = (
        Delivery("998", (tmp_path / name,), "ssda903", year) for name, year in (("a.csv", 2019), ("b.csv", 2020))
    )
    assert [state for state, _ in run(duck, *two_years)] == ["read", "read"]


def test_xml_reads_every_review_of_a_plan_and_does_not_confuse_same_names_in_other_blocks(
    duck: DuckDBEngine, tmp_path: Path
) -> None:
    details = """<CINdetails><CINreferralDate>2018-05-01</CINreferralDate><ReferralSource>1A</ReferralSource>
      <Section47><S47ActualStartDate>2018-05-03</S47ActualStartDate><DateOfInitialCPC>2018-05-20</DateOfInitialCPC><ICPCnotRequired>false</ICPCnotRequired></Section47>
      <ReferralNFA>false</ReferralNFA>
      <ChildProtectionPlans><CPPstartDate>2018-05-20</CPPstartDate><InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse>
      <LatestCategoryOfAbuse>NEG</LatestCategoryOfAbuse><NumberOfPreviousCPP>0</NumberOfPreviousCPP>
      <Reviews><CPPreviewDate>2018-08-01</CPPreviewDate><CPPreviewDate>2019-01-30</CPPreviewDate></Reviews></ChildProtectionPlans></CINdetails>"""
    (tmp_path / "cin.xml").write_text(CIN.replace("</Child>", details + "</Child>"))
    run(duck, Delivery("998", (tmp_path / "cin.xml",), "cin_census"))
    assert duck.rows("SELECT CAST(CPPreviewDate AS VARCHAR), LAchildID FROM cin_census_Reviews ORDER BY 1") == [
        ("2018-08-01", "Zebedee1"),
        ("2019-01-30", "Zebedee1"),
    ]
    assert duck.rows("SELECT DateOfInitialCPC FROM cin_census_CINdetails") == [(None,)]
