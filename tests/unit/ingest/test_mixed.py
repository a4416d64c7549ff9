"""Files as they lie about: slips of dates, totals, siblings, authorities side by side, lists handed over again."""

import os
from pathlib import Path

import pytest
import xlsxwriter

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.ingest import Decisions, Delivery, ingest
from careloom.ingest.recognise import CodeReader

CATALOGUE = load_catalogue()
EPISODES = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n"
PEOPLE = "Person ID,First Name,Surname,Date of Birth,Gender\n"
SERVICES = "Child ID,Service,Start Date,End Date,Cost\n"
CENSUS = """<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>2023</Year></CollectionDetails>
<Source><LEA>{la}</LEA></Source></Header><Children><Child><ChildIdentifiers><LAchildID>100</LAchildID></ChildIdentifiers></Child></Children></Message>"""


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def read(duck: DuckDBEngine, folder: Path, la: str = "501") -> None:
    files = tuple(sorted(path for path in folder.rglob("*") if path.is_file()))
    assert ingest(duck, CATALOGUE, deliveries=[Delivery(la, files)]).ledger.faults() == []


def test_one_slip_of_a_date_does_not_move_a_year(duck: DuckDBEngine, tmp_path: Path) -> None:
    rows = [f"C{n},{1 + n % 28:02d}/06/2022,S,C2,N1,U1,PR1,,,,,," for n in range(30)]
    slip = "C99,01/06/2022,S,C2,N1,U1,PR1,01/05/2024,E4A,,,,"
    put(tmp_path / "2023" / "episodes.csv", EPISODES + "\n".join([*rows, slip]) + "\n")
    read(duck, tmp_path)
    [(year, message)] = duck.rows("SELECT collection_year, message FROM delivery")
    assert year == 2023
    assert "1 date after 31 March 2023" in message


def test_totals_footers_and_blank_words_are_no_children(duck: DuckDBEngine, tmp_path: Path) -> None:
    rows = "1,Ann,Lee,01/02/2010,F\nTotal,1,,,\nReport run on 01/04/2024,,,,\nNULL,NULL,NULL,NULL,NULL\n-----,,,,\n2,Bo,Null,02/03/2011,M\n"
    put(tmp_path / "people.csv", PEOPLE + rows)
    read(duck, tmp_path)
    assert duck.rows("SELECT child_id, surname FROM case_system_people ORDER BY child_id") == [
        ("1", "Lee"),
        ("2", "Null"),
    ]
    assert duck.rows("SELECT line FROM set_aside WHERE is_row ORDER BY line") == [(3,), (4,), (5,), (6,)]


def test_siblings_under_one_case_number_are_two(duck: DuckDBEngine, tmp_path: Path) -> None:
    heading = "Case Number,First Name,Surname,Date of Birth,Referral Date,Referred By,Closure Date\n"
    rows = "EH1,Ann,Lee,01/02/2010,05/05/2023,School,\nEH1,Bo,Lee,02/03/2012,05/05/2023,School,\n"
    put(tmp_path / "eh.csv", heading + rows)
    read(duck, tmp_path)
    assert duck.rows("SELECT first_name, standing FROM early_help_assessments ORDER BY first_name") == [
        ("Ann", "current"),
        ("Bo", "current"),
    ]


def test_a_list_without_numbers_handed_over_again_is_one_list(duck: DuckDBEngine, tmp_path: Path) -> None:
    """Open at first and ended in the next list; once as 900 and once as 900.00; and two alike on one day are two."""
    twice = "2,Taxi,01/05/2022,,50\n" * 2
    put(tmp_path / "a.csv", SERVICES + "1,Family support,01/04/2022,,900\n" + twice)
    put(tmp_path / "b.csv", SERVICES + "1,Family support,2022-04-01,31/03/2023,900.00\n" + twice)
    read(duck, tmp_path)
    now = "SELECT child_id, end_date IS NOT NULL FROM services_deliveries_joined ORDER BY child_id"
    assert duck.rows(now) == [("1", True), ("2", False), ("2", False)]


def test_a_service_that_nobody_knows_is_still_a_row(duck: DuckDBEngine, tmp_path: Path) -> None:
    heading = "Package ID,Child ID,Service,Start Date\n"
    rows = "P1,1,Taxi,01/04/2022\nP1,1,Family support,01/04/2022\nP2,1,Qwertyuiop asdf,01/04/2022\nP3,1,Taxi,\n"
    put(tmp_path / "a.csv", heading + rows)
    read(duck, tmp_path)
    assert duck.rows("SELECT count(*), count(service) FROM services_deliveries WHERE standing = 'current'") == [(4, 3)]
    assert duck.rows("SELECT line FROM set_aside WHERE is_row") == []


def test_files_of_two_authorities_are_told_apart_by_their_folders(duck: DuckDBEngine, tmp_path: Path) -> None:
    for la in ("501", "502"):
        put(tmp_path / la / "cin.xml", CENSUS.format(la=la))
        put(tmp_path / la / "people.csv", PEOPLE + f"100,Ann,Lee{la},01/02/2010,F\n")
    put(tmp_path / "people.csv", PEOPLE + "300,Cy,Roe,01/02/2010,M\n")
    read(duck, tmp_path, la="")
    assert duck.rows("SELECT la, surname, standing FROM case_system_people ORDER BY la") == [
        ("501", "Lee501", "current"),
        ("502", "Lee502", "current"),
    ]
    [(message,)] = duck.rows("SELECT message FROM delivery WHERE state = 'refused'")
    assert "several authorities" in message


def test_a_hidden_sheet_is_not_used_and_no_message_names_a_sheet(duck: DuckDBEngine, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "people.xlsx")) as book:
        for name in ("Now", "Zebedee old"):
            sheet = book.add_worksheet(name)
            for at, line in enumerate(
                (PEOPLE.strip(), "1,Ann,Lee,2010-02-01,F" if name == "Now" else "2,Bo,Lee,2010-02-01,M")
            ):
                sheet.write_row(at, 0, line.split(","))
        book.get_worksheet_by_name("Zebedee old").hide()
        book.add_worksheet("Zebedee notes").write_row(0, 0, ["what", "who", "when", "why"])
    read(duck, tmp_path)
    assert duck.rows("SELECT child_id FROM case_system_people") == [("1",)]
    told = duck.rows("SELECT state, message FROM delivery ORDER BY delivery_id")
    assert [state for state, _ in told] == ["read", "not used", "not used"]
    assert not any("Zebedee" in message for _, message in told)


def test_a_list_of_another_kind_is_asked_about(duck: DuckDBEngine, tmp_path: Path) -> None:
    heading = "Person ID,Name,DOB,Referral Date,Referral Source,Primary Need,Outcome,Stage,Priority,Duty Officer,Screened By,Workflow,Eligibility"
    path = put(tmp_path / "referrals.csv", heading + "\n1,Ann Lee,01/02/2010,01/02/2023,1A,N1,,,,,,,\n")
    read(duck, tmp_path)
    [(state, message)] = duck.rows("SELECT state, message FROM delivery")
    assert state == "refused", path
    assert "--return" in message or "careloom map" in message


@pytest.mark.parametrize(("decision", "code"), [("NO", "NO"), ("no", "NO"), ("YES", "YES")])
def test_a_code_that_is_a_yes_or_a_no_can_be_decided_for(decision: str, code: str, tmp_path: Path) -> None:
    heading = "kind,scope,written,times,means,meaning,how,score,or_else,decision\n"
    row = f"value,ssda903 in_touch,Never rang,1,,,unknown,0,,{decision}\n"
    decisions = Decisions.load(put(tmp_path / "recognised.csv", heading + row), CATALOGUE.returns)
    reader = CodeReader(CATALOGUE.returns["ssda903"].codes["in_touch"], "ssda903 in_touch", decisions)
    assert reader.read("never rang").code == code


def test_a_column_of_names_is_not_listed_without_end() -> None:
    reader = CodeReader(CATALOGUE.returns["ssda903"].codes["ethnicity"], "ssda903 ethnicity", Decisions())
    for number in range(5_100):
        reader.read(f"{number:x} zz")
    assert len(reader.recognitions()) == 5_000
    assert reader.read("wbri").code == "WBRI"


def test_a_name_that_is_no_text_stops_nothing(duck: DuckDBEngine, tmp_path: Path) -> None:
    for name, text in ((b"caf\xe9.csv", PEOPLE + "1,Ann,Lee,01/02/2010,F\n"), (b"\xff.csv", "a,b,c\n1,2,3\n")):
        try:
            (tmp_path / os.fsdecode(name)).write_text(text, encoding="utf-8")
        except OSError:
            pytest.skip("this file system knows no such names")
    read(duck, tmp_path)
    assert duck.rows("SELECT state FROM delivery ORDER BY delivery_id") == [("read",), ("refused",)]
