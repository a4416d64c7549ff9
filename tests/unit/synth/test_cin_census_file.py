"""The CIN census files of a few children made by hand: what is written, when, in which order, and read back whole."""

import xml.etree.ElementTree as ElementTree
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.load import OURS
from careloom.catalogue.population import read_population
from careloom.catalogue.recordings import read_recording
from careloom.check import run_rules
from careloom.engine import DuckDBEngine, value
from careloom.ingest import Delivery, ingest
from careloom.synth.days import NEVER, Days
from careloom.synth.files.blocks import dates, element, escaped, gathered, holding, write_blocks
from careloom.synth.files.cin_census import write_cin_census
from careloom.synth.life.authorities import draw_authorities
from careloom.synth.life.children import DISABILITIES
from careloom.synth.life.england import make_world
from careloom.synth.who.identity import Homes, Identities, draw_homes, draw_identities
from careloom.synth.world import (
    Assessments,
    Authority,
    Codes,
    Enquiries,
    Meetings,
    People,
    Plans,
    Referrals,
    Support,
    World,
)

YEARS = (2021, 2025)
AMY, BEN, CAL, DEE = range(4)  # a plan and a later referral; no further action; referred before birth; disabled
IDS = ("KZ4", "KB2", "KC3", "KA1")


def on(*days: str | None) -> Days:
    """Day numbers; None for a day that does not come."""
    return np.array([NEVER if d is None else date.fromisoformat(d).toordinal() - 719163 for d in days])


def world() -> World:
    """Seven cases of four children; the last rows lie outside the years of the returns."""
    zeros, yes = np.zeros(4, dtype=np.int64), np.zeros((4, len(DISABILITIES)), dtype=bool)
    yes[DEE, [DISABILITIES.index("AUT"), DISABILITIES.index("LD")]] = True
    yes[CAL, DISABILITIES.index("MOB")] = True  # but nobody knows before the birth
    people = People(
        person=np.arange(4),
        family=np.arange(4),
        identity=np.full(4, "own"),
        is_male=np.array([False, True, True, False]),
        is_uasc=np.zeros(4, dtype=bool),
        born=on("2012-03-04", "2010-01-31", "2022-05-20", "2014-09-01"),
        due=on("2012-03-06", "2010-01-31", "2022-05-17", "2014-09-01"),
        ethnicity=np.array(["WBRI", "MWBC", "ABAN", "WBRI"]),
        disabilities=yes,
        twin_of=zeros - 1,
        known_from=zeros,
        known_until=zeros,
    )
    referrals = Referrals(
        child=np.array([AMY, AMY, AMY, BEN, BEN, CAL, DEE]),
        starts_on=on("2015-02-01", "2020-06-01", "2023-05-02", "2020-04-01", "2021-04-01", "2022-02-01", "2019-01-10"),
        closes_on=on("2016-02-01", "2020-09-01", "2024-04-01", "2020-04-01", "2021-04-01", "2022-08-01", None),
        kind=np.zeros(7, dtype=np.int64),
        path=np.array([1, 1, 5, 0, 0, 2, 2]),
        need=np.array(["N1", "N1", "N1", "", "", "N4", "N2"]),
        source=np.array(["6", "6", "5D", "2A", "1A", "3B", "3A"]),
        reason=np.array(["RC7", "RC8", "RC7", "RC7", "RC7", "RC7", "RC6"]),
    )
    assessments = Assessments(
        referral=np.array([0, 1, 2, 2, 5, 6, 6]),
        starts_on=on("2015-02-02", "2020-06-03", "2023-05-03", "2024-03-20", "2022-02-03", "2019-01-11", "2021-12-01"),
        ends_on=on("2015-03-01", "2020-07-20", "2023-06-13", "2024-04-01", "2022-03-31", "2019-02-20", "2022-01-05"),
        factors=np.zeros((7, 34), dtype=bool),
        is_none=np.zeros(7, dtype=bool),
        is_left_out=np.array([False, False, False, False, False, False, True]),
    )
    return World(
        authority=Authority(0, "501", "Nowhere", 1.0, np.zeros(1), {}, np.zeros(1)),
        population=None,  # type: ignore[arg-type]  # no file asks which kinds of need were planted
        years=YEARS,
        people=people,
        referrals=referrals,
        assessments=assessments,
        codes=Codes(np.array([0, 1, 2, 2, 3, 4, 5]), np.array(["1A", "21", "16A", "3B", "16A", "4B", "6A"])),
        enquiries=Enquiries(
            referral=np.array([1, 2, 2]),
            starts_on=on("2020-06-04", "2023-05-08", "2024-03-25"),
            target_on=on("2020-06-25", "2023-05-30", "2024-04-15"),
            conference_on=on(None, "2023-05-26", "2024-04-01"),
        ),
        plans=Plans(
            child=np.array([AMY]),
            referral=np.array([2]),
            starts_on=on("2023-05-26"),
            ends_on=on("2024-04-01"),
            first_category=np.array(["NEG"]),
            latest_category=np.array(["EMO"]),
            before=np.array([1]),
        ),
        plan_reviews=Meetings(np.zeros(3, dtype=np.int64), on("2023-08-20", "2024-02-10", "2024-04-01")),
        support=Support(np.array([6, 6]), on("2019-02-21", "2022-04-10"), on("2021-12-31", None)),
        care=None,  # type: ignore[arg-type]
        placed=None,  # type: ignore[arg-type]
        left=np.array([], dtype=str),
        missing=None,  # type: ignore[arg-type]
        episodes=None,  # type: ignore[arg-type]
        care_reviews=Meetings(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)),
    )


def identities() -> Identities:
    """Amy and Dee have gone to school; Ben never does, and Cal is too young."""
    return Identities(
        child_id=np.array(IDS),
        upn=np.array(["H801200001001", "", "", "B801200005001"]),
        upn_from=on("2016-09-01", "2014-09-01", "2026-09-01", "2018-09-01"),
        nhs_number=np.full(4, ""),
        first_name=np.full(4, ""),
        surname=np.full(4, ""),
    )


def write(folder: Path) -> Path:
    homes = Homes(np.zeros(0, dtype=np.int64), on(), np.array([], dtype=str), np.array([], dtype=str))
    as_it_is = read_recording(OURS / "recording" / "usual.toml").scaled(0)
    write_cin_census(folder, world(), identities(), homes, as_it_is, seed=1)
    return folder / "cin_census"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("census"))


def cases(files: Path, year: int, child: int) -> list[ElementTree.Element]:
    root = ElementTree.parse(files / f"cin_{year}.xml").getroot()
    return [
        case
        for each in root.iter("Child")
        if each.findtext("ChildIdentifiers/LAchildID") == IDS[child]
        for case in each.iter("CINdetails")
    ]


def who(files: Path, year: int, child: int) -> ElementTree.Element:
    root = ElementTree.parse(files / f"cin_{year}.xml").getroot()
    return next(each for each in root.iter("Child") if each.findtext("ChildIdentifiers/LAchildID") == IDS[child])


def test_a_year_as_it_stands_in_the_file(files: Path) -> None:
    """The whole of 2024 by hand: an open plan, an open assessment, a conference still to come, reviews so far."""
    assert (files / "cin_2024.xml").read_bytes().decode() == AS_BY_HAND


def test_who_is_in_which_year(files: Path) -> None:
    found = {
        year: [
            (each.findtext("ChildIdentifiers/LAchildID"), len(each.findall("CINdetails")))
            for each in ElementTree.parse(files / f"cin_{year}.xml").getroot().iter("Child")
        ]
        for year in range(YEARS[0], YEARS[1] + 1)
    }
    dee, cal, ben, amy = ("KA1", 1), ("KC3", 1), ("KB2", 1), ("KZ4", 1)
    assert found == {
        2021: [dee, ben, amy],
        2022: [dee, ben, cal],
        2023: [dee, cal],
        2024: [dee, amy],
        2025: [dee, amy],
    }


def test_closing_after_the_year_is_not_known_in_it(files: Path) -> None:
    (open_case,), (closed,) = cases(files, 2024, AMY), cases(files, 2025, AMY)
    assert open_case.find("CINclosureDate") is None
    assert closed.findtext("CINclosureDate") == "2024-04-01"
    assert closed.findtext("ReasonForClosure") == "RC7"
    assert closed.findtext("ChildProtectionPlans/CPPendDate") == "2024-04-01"
    assert [r.text for r in closed.iter("CPPreviewDate")] == ["2023-08-20", "2024-02-10", "2024-04-01"]
    # only the assessment and the enquiry that ended in the year come again, now with their ends
    assert [a.findtext("AssessmentAuthorisationDate") for a in closed.iter("Assessments")] == ["2024-04-01"]
    assert [s.findtext("DateOfInitialCPC") for s in closed.iter("Section47")] == ["2024-04-01"]


def test_no_further_action_has_no_more_than_the_referral(files: Path) -> None:
    (case,) = cases(files, 2021, BEN)
    assert [part.tag for part in case] == ["CINreferralDate", "ReferralSource", "ReferralNFA"]
    assert case.findtext("ReferralNFA") == "1"
    assert cases(files, 2022, BEN)[0].findtext("CINreferralDate") == "2021-04-01"


def test_an_unborn_child_is_expected_then_born(files: Path) -> None:
    before, after = who(files, 2022, CAL), who(files, 2023, CAL)
    assert before.findtext("ChildIdentifiers/ExpectedPersonBirthDate") == "2022-05-17"
    assert before.find("ChildIdentifiers/PersonBirthDate") is None
    assert before.findtext("ChildIdentifiers/GenderCurrent") == "0"
    assert before.findtext("ChildCharacteristics/Ethnicity") == "NOBT"
    assert before.find("ChildCharacteristics/Disabilities") is None
    assert after.findtext("ChildIdentifiers/PersonBirthDate") == "2022-05-20"
    assert after.find("ChildIdentifiers/ExpectedPersonBirthDate") is None
    assert after.findtext("ChildIdentifiers/GenderCurrent") == "1"
    assert [d.text for d in after.iter("Disability")] == ["MOB"]


def test_sex_disabilities_and_pupil_number(files: Path) -> None:
    dee = who(files, 2025, DEE)
    assert (dee.findtext("ChildIdentifiers/Sex"), dee.find("ChildIdentifiers/GenderCurrent")) == ("F", None)
    assert [d.text for d in dee.iter("Disability")] == ["LD", "AUT"]
    assert (dee.findtext("ChildIdentifiers/UPN"), dee.find("ChildIdentifiers/UPNunknown")) == ("B801200005001", None)
    ben = who(files, 2021, BEN)
    assert (ben.find("ChildIdentifiers/UPN"), ben.findtext("ChildIdentifiers/UPNunknown")) == (None, "UN2")
    assert [d.text for d in ben.iter("Disability")] == ["NONE"]


def test_child_in_need_plans_are_returned_from_2022(files: Path) -> None:
    def plans(year: int) -> list[tuple[str | None, str | None]]:
        (case,) = cases(files, year, DEE)
        return [(p.findtext("CINPlanStartDate"), p.findtext("CINPlanEndDate")) for p in case.iter("CINPlanDates")]

    assert plans(2021) == []
    assert plans(2022) == [("2019-02-21", "2021-12-31")]
    assert plans(2023) == plans(2025) == [("2022-04-10", None)]


def test_factors_left_out_make_no_empty_list(files: Path) -> None:
    (case,) = cases(files, 2022, DEE)
    assert [[part.tag for part in a] for a in case.iter("Assessments")] == [
        ["AssessmentActualStartDate", "AssessmentAuthorisationDate"]
    ]


def test_the_same_world_gives_the_same_bytes(files: Path, tmp_path: Path) -> None:
    again = write(tmp_path)
    assert {f.name: f.read_bytes() for f in files.iterdir()} == {f.name: f.read_bytes() for f in again.iterdir()}


def test_our_own_reader_and_rules_find_nothing_wrong(files: Path, duck: DuckDBEngine) -> None:
    catalogue = load_catalogue()
    delivery = Delivery("501", tuple(sorted(files.iterdir())), "cin_census")
    assert ingest(duck, catalogue, deliveries=[delivery]).ledger.balances
    run_rules(duck, catalogue)
    assert duck.rows("SELECT DISTINCT state FROM delivery") == [("read",)]
    assert value(duck, "SELECT count(*) AS n FROM set_aside") == 0
    assert duck.rows("SELECT * FROM finding") == []
    # every part of every case came through: each counted once in each year that returns it
    counts = {
        name: value(duck, f"SELECT count(*) AS n FROM cin_census_{name}")
        for name in (
            "CINdetails",
            "Assessments",
            "FactorsIdentifiedAtAssessment",
            "Section47",
            "Reviews",
            "CINPlanDates",
        )
    }
    assert counts == {
        "CINdetails": 12,
        "Assessments": 6,
        "FactorsIdentifiedAtAssessment": 5,
        "Section47": 4,
        "Reviews": 5,
        "CINPlanDates": 4,
    }


def test_every_case_of_an_authority_is_told_as_one_by_one(tmp_path: Path) -> None:
    """The columns against a slow, obvious reading of the same world, case by case."""
    population = read_population(OURS / "populations" / "england.toml")
    recording = read_recording(OURS / "recording" / "usual.toml")
    (authority,) = draw_authorities(population, 1, 0)
    made = make_world(population, authority, years=(2021, 2023), births=120, seed=3)
    who = draw_identities(made.people, authority, 3)
    write_cin_census(tmp_path, made, who, draw_homes(made.people, made.years, 3), recording, seed=3)
    told = 0
    for year in (2021, 2022, 2023):
        expected = slowly(made, who.child_id, year)
        root = ElementTree.parse(tmp_path / "cin_census" / f"cin_{year}.xml").getroot()
        found = [
            (child.findtext("ChildIdentifiers/LAchildID"), *as_told(case))
            for child in root.iter("Child")
            for case in child.iter("CINdetails")
        ]
        assert found == expected
        told += len(found)
    assert told > 300


def as_told(case: ElementTree.Element) -> tuple[object, ...]:
    """What is compared of a case: its dates, and every date and code in its parts, in order."""
    parts = [part for part in case if len(part)]
    return (
        case.findtext("CINreferralDate"),
        case.findtext("CINclosureDate", ""),
        [[leaf.text for leaf in part.iter() if not len(leaf) and leaf.tag != "InitialCPCtarget"] for part in parts],
    )


def slowly(made: World, child_id: np.ndarray, year: int) -> list[tuple[object, ...]]:
    """The same from the world, case by case and part by part."""
    opens, ends = (int(n) for n in on(f"{year - 1}-04-01", f"{year}-03-31"))

    def iso(number: int) -> str:
        return date.fromordinal(int(number) + 719163).isoformat()

    def known(number: int) -> list[str]:
        return [iso(number)] if number <= ends else []

    def of_year(table: Any, row: int, ends_on: Days) -> list[int]:
        mine = [int(i) for i in np.flatnonzero(table.referral == row)]
        return [i for i in mine if table.starts_on[i] <= ends and ends_on[i] >= opens]

    found = []
    cases, papers, enquiries = made.referrals, made.assessments, made.enquiries
    for row in np.flatnonzero((cases.starts_on <= ends) & (cases.closes_on >= opens)):
        parts: list[list[str]] = []
        for i in of_year(papers, row, papers.ends_on):
            done = known(papers.ends_on[i])
            factors = [str(c) for c in made.codes.code[made.codes.assessment == i]] if done else []
            parts.append([iso(papers.starts_on[i]), *done, *factors])
        if year >= 2022:
            for i in of_year(made.support, row, made.support.ends_on):
                parts.append([iso(made.support.starts_on[i]), *known(made.support.ends_on[i])])
        over = np.where(enquiries.conference_on == NEVER, enquiries.starts_on, enquiries.conference_on)
        for i in of_year(enquiries, row, over):
            held = enquiries.conference_on[i]
            parts.append([iso(enquiries.starts_on[i]), *known(held), "1" if held == NEVER else "0"])
        for i in of_year(made.plans, row, made.plans.ends_on):
            plan = made.plans
            reviews = [iso(day) for day in made.plan_reviews.on[made.plan_reviews.of == i] if day <= ends]
            kinds = [str(plan.first_category[i]), str(plan.latest_category[i]), str(plan.before[i])]
            parts.append([iso(plan.starts_on[i]), *known(plan.ends_on[i]), *kinds, *reviews])
        closed = "" if made.referrals.path[row] == 0 else "".join(known(cases.closes_on[row]))
        found.append((str(child_id[cases.child[row]]), iso(cases.starts_on[row]), closed, parts))
    return sorted(found, key=lambda case: case[:2])


def test_blocks_join_rows_into_their_parents_in_order() -> None:
    lines = element(0, "a", pa.array(["1", "2", None, "4"]))
    joined = gathered(pa.array(["<a>1</a>", "<a>2</a>", "<a>3</a>"]), np.array([2, 0, 2]), 4)
    assert lines.to_pylist() == ["<a>1</a>\n", "<a>2</a>\n", None, "<a>4</a>\n"]
    assert joined.to_pylist() == ["<a>2</a>", "", "<a>1</a><a>3</a>", ""]
    assert holding(1, "b", pa.array([None, "x\n"]), pa.array(["", "y\n"])).to_pylist() == [
        None,
        "  <b>\nx\ny\n  </b>\n",
    ]


def test_text_is_escaped_and_blanks_are_left_out() -> None:
    assert escaped(np.array(["a<b & c>d", "&lt;", ""])).to_pylist() == ["a&lt;b &amp; c&gt;d", "&amp;lt;", None]
    assert dates(on("2020-02-29", None)).to_pylist() == ["2020-02-29", None]


def test_a_slice_and_nothing_at_all_are_written_as_they_are(tmp_path: Path) -> None:
    write_blocks(tmp_path / "some", "<", pa.array(["one", "två", "three", "four"])[1:3], ">")
    write_blocks(tmp_path / "none", "<", pa.array([], pa.string()), ">")
    assert (tmp_path / "some").read_bytes() == "<tvåthree>".encode()
    assert (tmp_path / "none").read_bytes() == b"<>"


AS_BY_HAND = """\
<?xml version='1.0' encoding='utf-8'?>
<Message>
  <Header>
    <CollectionDetails>
      <Collection>CIN</Collection>
      <Year>2024</Year>
      <ReferenceDate>2024-03-31</ReferenceDate>
    </CollectionDetails>
    <Source>
      <SourceLevel>L</SourceLevel>
      <LEA>501</LEA>
      <SoftwareCode>Careloom synth</SoftwareCode>
      <Release>made-up children</Release>
      <SerialNo>001</SerialNo>
      <DateTime>2024-06-30T12:00:00</DateTime>
    </Source>
  </Header>
  <Children>
    <Child>
      <ChildIdentifiers>
        <LAchildID>KA1</LAchildID>
        <UPN>B801200005001</UPN>
        <PersonBirthDate>2014-09-01</PersonBirthDate>
        <GenderCurrent>2</GenderCurrent>
      </ChildIdentifiers>
      <ChildCharacteristics>
        <Ethnicity>WBRI</Ethnicity>
        <Disabilities>
          <Disability>LD</Disability>
          <Disability>AUT</Disability>
        </Disabilities>
      </ChildCharacteristics>
      <CINdetails>
        <CINreferralDate>2019-01-10</CINreferralDate>
        <ReferralSource>3A</ReferralSource>
        <PrimaryNeedCode>N2</PrimaryNeedCode>
        <CINPlanDates>
          <CINPlanStartDate>2022-04-10</CINPlanStartDate>
        </CINPlanDates>
        <ReferralNFA>0</ReferralNFA>
      </CINdetails>
    </Child>
    <Child>
      <ChildIdentifiers>
        <LAchildID>KZ4</LAchildID>
        <UPN>H801200001001</UPN>
        <PersonBirthDate>2012-03-04</PersonBirthDate>
        <GenderCurrent>2</GenderCurrent>
      </ChildIdentifiers>
      <ChildCharacteristics>
        <Ethnicity>WBRI</Ethnicity>
        <Disabilities>
          <Disability>NONE</Disability>
        </Disabilities>
      </ChildCharacteristics>
      <CINdetails>
        <CINreferralDate>2023-05-02</CINreferralDate>
        <ReferralSource>5D</ReferralSource>
        <PrimaryNeedCode>N1</PrimaryNeedCode>
        <Assessments>
          <AssessmentActualStartDate>2023-05-03</AssessmentActualStartDate>
          <AssessmentAuthorisationDate>2023-06-13</AssessmentAuthorisationDate>
          <FactorsIdentifiedAtAssessment>
            <AssessmentFactors>16A</AssessmentFactors>
            <AssessmentFactors>3B</AssessmentFactors>
          </FactorsIdentifiedAtAssessment>
        </Assessments>
        <Assessments>
          <AssessmentActualStartDate>2024-03-20</AssessmentActualStartDate>
        </Assessments>
        <Section47>
          <S47ActualStartDate>2023-05-08</S47ActualStartDate>
          <InitialCPCtarget>2023-05-30</InitialCPCtarget>
          <DateOfInitialCPC>2023-05-26</DateOfInitialCPC>
          <ICPCnotRequired>0</ICPCnotRequired>
        </Section47>
        <Section47>
          <S47ActualStartDate>2024-03-25</S47ActualStartDate>
          <InitialCPCtarget>2024-04-15</InitialCPCtarget>
          <ICPCnotRequired>0</ICPCnotRequired>
        </Section47>
        <ReferralNFA>0</ReferralNFA>
        <ChildProtectionPlans>
          <CPPstartDate>2023-05-26</CPPstartDate>
          <InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse>
          <LatestCategoryOfAbuse>EMO</LatestCategoryOfAbuse>
          <NumberOfPreviousCPP>1</NumberOfPreviousCPP>
          <Reviews>
            <CPPreviewDate>2023-08-20</CPPreviewDate>
            <CPPreviewDate>2024-02-10</CPPreviewDate>
          </Reviews>
        </ChildProtectionPlans>
      </CINdetails>
    </Child>
  </Children>
</Message>
"""
