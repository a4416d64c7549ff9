"""Annex A as a workbook: eleven lists with their headings, all as known on the day, and in step with the returns."""

import csv
import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from hashlib import sha256
from zipfile import ZipFile

import numpy as np
import pytest
from lxml import etree

from careloom.catalogue import load_catalogue
from careloom.synth.care.carers import postcodes
from careloom.synth.days import year_ends, year_starts
from careloom.synth.files.annex_a import write_annex_a
from careloom.synth.files.annex_a_care import is_outside
from careloom.synth.files.annex_a_codes import ABUSE, CLOSURE, ETHNICITY, PLACEMENT_TYPE, SOURCE, second, spell
from careloom.synth.files.annex_a_lists import age_on
from careloom.synth.files.ssda903 import write_ssda903
from careloom.synth.files.workbook import write_workbook
from careloom.synth.life.authorities import draw_authorities
from careloom.synth.life.england import make_world
from careloom.synth.who.identity import draw_homes, draw_identities

YEARS = (2023, 2025)
SEED = 12
ON, HALF, YEAR = date(2025, 3, 31), date(2024, 10, 1), date(2024, 4, 1)
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
EXCEL_ZERO = date(1899, 12, 30)
WHO = ("Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age of Child (Years)")

# The headings of Ofsted's template, in its order (the four newer columns of list 9 included)
HEADINGS = {
    1: (
        *WHO,
        "Date of Contact",
        "Contact Source",
    ),
    2: (
        *WHO,
        "Assessment start date",
        "Assessment completion date",
        "Organisation completing assessment",
    ),
    3: (
        *WHO,
        "Date of referral",
        "Referral Source",
        "Referral NFA?",
        "Number of Referrals in Last 12 Months",
        "Allocated Team",
        "Allocated Worker",
    ),
    4: (
        *WHO,
        "Does the Child have a Disability",
        "Continuous Assessment Start Date",
        "Child Seen During Continuous Assessment",
        "Continuous Assessment Date of Authorisation",
        "Was the child assessed as requiring LA children's social care support?",
        "Allocated Team",
        "Allocated Worker",
    ),
    5: (
        *WHO,
        "Does the Child have a Disability",
        "Strategy discussion initiating Section 47 Enquiry Start Date",
        "Was an Initial Child Protection Conference deemed unnecessary?",
        "Date of Initial Child Protection Conference",
        "Did the Initial Child Protection Conference Result in a Child Protection Plan",
        "Number of Section 47 Enquiries in the last 12 months",
        "Number of ICPCs in the last 12 months",
        "Allocated Team",
        "Allocated Worker",
    ),
    6: (
        *WHO,
        "Does the Child have a Disability",
        "CIN Start Date",
        "Primary Need Code",
        "Date Child Was Last Seen",
        "CIN Closure Date",
        "Reason for Closure",
        "Case Status",
        "Allocated Team",
        "Allocated Worker",
    ),
    7: (
        *WHO,
        "Does the Child have a Disability",
        "Child Protection Plan Start Date",
        "Initial Category of Abuse",
        "Latest Category of Abuse",
        "Date of the Last Statutory Visit",
        "Was the Child Seen Alone?",
        "Date of latest review conference",
        "Child Protection Plan End Date",
        "Subject to Emergency Protection Order or Protected Under Police Powers in Last Six Months (Y/N)",
        "Number of Previous Child Protection Plans",
        "Allocated Team",
        "Allocated Worker",
    ),
    8: (
        *WHO,
        "Unaccompanied Asylum Seeking Child (UASC) within the Last 12 Months (Y/N)",
        "Does the Child have a Disability",
        "Date Started to be Looked After",
        "Child's Category of Need",
        "Is this a second or subsequent period of being a Looked After Child within the last 12 months (Y/N)",
        "Start date of current legal status",
        "Child's Legal Status",
        "Date of Latest Statutory Review",
        "Date of Last Social Work Visit",
        "What is the permanence plan for this child?",
        "Date of Last IRO Visit / Contact to the Child",
        "Date of Last Health Assessment",
        "Date of Last Dental Check",
        "Number of Placements in the Last 12 months",
        "Date Ceased to be Looked After",
        "Reason Ceased to be Looked After",
        "Start Date of Most Recent Placement",
        "Placement Type",
        "Placement Provider",
        "Placement postcode",
        "URN of Placement",
        "Placement Location",
        "LA of Placement",
        "Number of Episodes the Child has been 'Missing' from their Placement in the last 12 months",
        "Number of Episodes the Child has been 'Absent' from their Placement in the last 12 months",
        "Was the child offered a Return Interview after their last missing episode (Y/N)?",
        "Did the child accept a Return Interview after their last missing episode (Y/N)?",
        "Allocated Team",
        "Allocated Worker",
    ),
    9: (
        *WHO,
        "Unaccompanied Asylum Seeking Child (UASC), or formerly UASC if 18 or over (Y/N)",
        "Does the Child have a Disability",
        "Allocated Team",
        "Allocated Worker",
        "Allocated Personal Advisor",
        "Eligibility Category",
        "Latest Pathway Plan Review Date",
        "LA in Touch",
        "Latest Date of Contact",
        "Type of Accommodation",
        "Suitability of Accommodation",
        "Activity Status",
    ),
    10: (
        "Child Unique ID",
        "Family identifier",
        "Gender",
        "Ethnicity",
        "Date of Birth",
        "Age of Child (Years)",
        "Does the Child have a Disability",
        "Date the Child Entered Care",
        "Date of Decision that Child Should be Placed for Adoption",
        "Date of Placement Order",
        "Date of Matching Child and Prospective Adopters",
        "Date Placed for Adoption",
        "Date of Adoption Order",
        "Date of Decision that Child Should No Longer be Placed for Adoption",
        "Reason Why Child No Longer Placed for Adoption",
        "Date the child was placed for fostering in FFA or concurrent planning placement",
    ),
    11: (
        "Individual adopter identifier",
        "Family identifier",
        "Gender",
        "Ethnicity",
        "Disability",
        "Is the (prospective) adopter fostering for adoption?",
        "Date enquiry received",
        "Date Stage 1 started",
        "Date Stage 1 ended",
        "Date Stage 2 started",
        "Date Stage 2 ended",
        "Date application submitted",
        "Date application approved",
        "Date adopter matched with child(ren)",
        "Date child/children placed with adopter(s)",
        "No. of children placed",
        "Date of Adoption Order",
        "Date of leaving adoption process",
        "Reason for leaving adoption process",
    ),
}
DATED = re.compile(r"\bdate\b", re.IGNORECASE)


def read_workbook(path):
    """Headings and rows of every sheet, cells as they are stored: text, numbers, or None."""
    with ZipFile(path) as parts:
        names = [s.get("name") for s in etree.fromstring(parts.read("xl/workbook.xml")).iter(f"{SHEET}sheet")]
        strings = []
        if "xl/sharedStrings.xml" in parts.namelist():
            found = etree.fromstring(parts.read("xl/sharedStrings.xml")).iter(f"{SHEET}si")
            strings = ["".join(s.itertext()) for s in found]
        return {
            name: read_sheet(etree.fromstring(parts.read(f"xl/worksheets/sheet{number}.xml")), strings)
            for number, name in enumerate(names, start=1)
        }


def read_sheet(sheet, strings):
    rows = []
    for row in sheet.iter(f"{SHEET}row"):
        cells = {}
        for cell in row:
            column = re.match("[A-Z]+", cell.get("r")).group()
            kind, value = cell.get("t"), cell.findtext(f"{SHEET}v")  # a formula stands beside its value
            if kind == "inlineStr":
                cells[column] = "".join(cell.itertext())
            elif kind == "s":
                cells[column] = strings[int(value)]
            else:
                cells[column] = float(value) if value and kind in (None, "n") else value
        rows.append(cells)
    first = rows[0]
    return list(first.values()), [{first[c]: row.get(c) for c in first} for row in rows[1:]]


def day_of(cell):
    return None if cell is None else EXCEL_ZERO + timedelta(days=int(cell))


@pytest.fixture(scope="module")
def usual():
    catalogue = load_catalogue()
    return catalogue.populations["england"], catalogue.recordings["usual"]


@pytest.fixture(scope="module")
def world(usual):
    authority = draw_authorities(usual[0], 1, SEED)[0]
    return make_world(usual[0], authority, years=YEARS, births=1500, seed=SEED)


@pytest.fixture(scope="module")
def known(world, usual):
    identities = draw_identities(world.people, world.authority, SEED)
    return world, identities, draw_homes(world.people, YEARS, SEED), usual[1], SEED


@pytest.fixture(scope="module")
def folder(known, tmp_path_factory):
    made = tmp_path_factory.mktemp("inspected")
    write_annex_a(made, *known)
    write_ssda903(made, *known)
    return made


@pytest.fixture(scope="module")
def lists(folder):
    """The rows of each list by its number."""
    sheets = read_workbook(folder / "annex_a" / "annex_a_2025-03-31.xlsx")
    return {int(name.removeprefix("List ")): sheet[1] for name, sheet in sheets.items()}


@pytest.fixture(scope="module")
def returned(folder):
    def table(name, year=YEARS[1]):
        with (folder / "ssda903" / str(year) / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return table


def test_eleven_sheets_with_the_headings_of_the_template(folder):
    sheets = read_workbook(folder / "annex_a" / "annex_a_2025-03-31.xlsx")
    assert list(sheets) == [f"List {number}" for number in range(1, 12)]
    for number, headings in HEADINGS.items():
        assert tuple(sheets[f"List {number}"][0]) == headings
        assert sheets[f"List {number}"][1], number


def test_headings_are_those_that_an_authority_sent(folder, shared):
    """Somebody else's workbook has the same columns in the same order, once spelling is put aside."""

    def plain(heading):
        text = re.sub("[^a-z0-9]", "", heading.lower())
        return {"age": "ageofchildyears"}.get(text, text)

    ours = read_workbook(folder / "annex_a" / "annex_a_2025-03-31.xlsx")
    theirs = read_workbook(shared / "samples" / "annex_a" / "Annex_A_2024_Jan.xlsx")
    assert list(ours) == list(theirs)
    for name in ours:
        assert [plain(h) for h in ours[name][0]] == [plain(h) for h in theirs[name][0] if h], name


def test_dates_are_dates_and_none_is_after_the_day(lists):
    dated = 0
    for number, rows in lists.items():
        for heading in HEADINGS[number]:
            if not DATED.search(heading) or heading == "Date of Birth":
                continue
            days = [day_of(row[heading]) for row in rows if row[heading] is not None]
            dated += len(days)
            assert all(date(2000, 1, 1) < day <= ON for day in days), (number, heading)
    assert dated > 1000


def test_no_name_and_no_child_but_those_known(lists, known):
    ids = set(known[1].child_id.tolist())
    names = set(known[1].surname.tolist()) | set(known[1].first_name.tolist())
    for number, rows in lists.items():
        for row in rows:
            assert number == 11 or row["Child Unique ID"] in ids
            assert not names & {cell for cell in row.values() if isinstance(cell, str)}


def test_age_goes_with_the_date_of_birth_and_the_unborn_have_none(lists):
    unborn = 0
    for number in range(1, 11):
        for row in lists[number]:
            born, age = day_of(row["Date of Birth"]), row["Age of Child (Years)"]
            if age == -1:
                unborn += 1
                assert row["Gender"] == "c) Not stated/recorded"
                assert number < 8
            else:
                assert age == ON.year - born.year - ((ON.month, ON.day) < (born.month, born.day))
                assert row["Gender"] in ("a) Male", "b) Female")
    assert unborn


def test_each_list_keeps_to_its_months(lists):
    for number, heading in ((1, "Date of Contact"), (3, "Date of referral")):
        assert all(HALF <= day_of(row[heading]) <= ON for row in lists[number])
    started = "Strategy discussion initiating Section 47 Enquiry Start Date"
    assert all(day_of(row[started]) >= HALF for row in lists[5])
    ended = {
        4: "Continuous Assessment Date of Authorisation",
        6: "CIN Closure Date",
        7: "Child Protection Plan End Date",
        8: "Date Ceased to be Looked After",
    }
    for number, heading in ended.items():
        ends = [day_of(row[heading]) for row in lists[number]]
        assert all(end is None or end >= HALF for end in ends)
        assert None in ends
        assert any(ends)


def test_referrals_are_those_of_the_world(lists, world):
    """A slow count of what should be there."""
    table, last, half = world.referrals, year_ends(2025), year_ends(2025) - (ON - HALF).days
    assert len(lists[3]) == sum(half <= on <= last for on in table.starts_on.tolist())
    times = Counter()
    for child, on in zip(table.child.tolist(), table.starts_on.tolist(), strict=True):
        times[child] += year_starts(2025) <= on <= last
    told = Counter(int(row["Number of Referrals in Last 12 Months"]) for row in lists[3])
    here = (table.starts_on >= half) & (table.starts_on <= last)
    assert told == Counter(times[child] for child in table.child[here].tolist())


def test_a_child_has_one_row_where_the_template_says_so(lists):
    for number in (6, 7, 8, 9, 10):
        ids = [row["Child Unique ID"] for row in lists[number]]
        assert len(ids) == len(set(ids))


def test_case_status_is_the_highest_that_holds(lists, returned):
    in_care = {e["CHILD"] for e in returned("episodes") if not e["DEC"]}
    on_plan = {row["Child Unique ID"] for row in lists[7] if row["Child Protection Plan End Date"] is None}
    seen = Counter()
    for row in lists[6]:
        child, status = row["Child Unique ID"], row["Case Status"]
        seen[status] += 1
        assert (status == "e) Closed episode") == (row["CIN Closure Date"] is not None)
        assert (row["CIN Closure Date"] is None) == (row["Reason for Closure"] is None)
        if status != "e) Closed episode":
            assert (status == "a) Looked after child") == (child in in_care)
            assert (status == "b) Child Protection plan") == (child in on_plan - in_care)
    assert len(seen) == 5


def test_children_in_care_are_those_of_the_return(lists, returned):
    """List 8 and the SSDA903 return of the same authority tell one story."""
    mine = defaultdict(list)
    for e in returned("episodes"):
        mine[e["CHILD"]].append(e)
    now = {child for child, told in mine.items() if not told[-1]["DEC"]}
    assert {r["Child Unique ID"] for r in lists[8] if r["Date Ceased to be Looked After"] is None} == now
    gone = Counter(m["CHILD"] for m in returned("missing") if m["MISSING"] == "M")
    for row in lists[8]:
        last = mine[row["Child Unique ID"]][-1]
        assert row["Child's Legal Status"].startswith(last["LS"])
        assert f" {last['PLACE']}:" in row["Placement Type"]
        assert row["Placement postcode"] == last["PL_POST"]
        assert (row["Reason Ceased to be Looked After"] is None) == (last["REC"] == "")
        assert last["REC"] in (row["Reason Ceased to be Looked After"] or "")
        times = row["Number of Episodes the Child has been 'Missing' from their Placement in the last 12 months"]
        assert gone[row["Child Unique ID"]] - 1 <= times <= gone[row["Child Unique ID"]]  # one may have begun before
        offered = row["Was the child offered a Return Interview after their last missing episode (Y/N)?"]
        assert (offered is not None) == (times > 0)
        assert row["Number of Placements in the Last 12 months"] >= 1
        since = day_of(row["Date Started to be Looked After"])
        for heading in ("Start date of current legal status", "Start Date of Most Recent Placement"):
            assert since <= day_of(row[heading]) <= ON
        for heading in ("Date of Latest Statutory Review", "Date of Last Social Work Visit"):
            assert row[heading] is None or since <= day_of(row[heading])
    assert {row["Placement Location"] for row in lists[8]} == {"a) In", "b) Out"}


def test_care_leavers_are_those_of_the_return(lists, returned):
    told = {row["CHILD"]: row for row in returned("oc3") if row["IN_TOUCH"] != "DIED"}
    assert {row["Child Unique ID"] for row in lists[9]} == told.keys()
    for row in lists[9]:
        same = told[row["Child Unique ID"]]
        assert row["LA in Touch"].lower().endswith(same["IN_TOUCH"].lower())
        assert (row["Activity Status"] or "0")[: len(same["ACTIV"])] == same["ACTIV"]
        assert (row["Type of Accommodation"] or "0")[0] == same["ACCOM"][0]
        assert (row["Suitability of Accommodation"] == "b) Unsuitable") == same["ACCOM"].endswith("2")
        assert (row["Eligibility Category"] == "a) Relevant child") == (row["Age of Child (Years)"] < 18)


def test_adoption_is_in_step_with_the_return_and_in_order(lists, returned):
    decided = {row["CHILD"]: row for row in returned("placed_for_adoption")}
    adopted = {row["CHILD"] for row in returned("ad1")}
    assert {row["Child Unique ID"] for row in lists[10]} == decided.keys()
    assert {row["Child Unique ID"] for row in lists[10] if row["Date of Adoption Order"] is not None} == adopted
    steps = (
        *("Date the Child Entered Care", "Date of Decision that Child Should be Placed for Adoption"),
        *("Date of Matching Child and Prospective Adopters", "Date Placed for Adoption", "Date of Adoption Order"),
    )
    for row in lists[10]:
        days = [row[step] for step in steps if row[step] is not None]
        assert days == sorted(days)
        assert (row["Family identifier"] is None) == (row["Date of Matching Child and Prospective Adopters"] is None)


def test_adopters_share_a_family_with_the_child_and_go_through_the_stages_in_order(lists):
    families = Counter(row["Family identifier"] for row in lists[11])
    assert set(families.values()) <= {1, 2}
    assert {row["Family identifier"] for row in lists[10] if row["Family identifier"]} <= families.keys()
    assert len({row["Individual adopter identifier"] for row in lists[11]}) == len(lists[11])
    steps = HEADINGS[11][6:13] + HEADINGS[11][13:15]
    for row in lists[11]:
        days = [row[step] for step in steps if row[step] is not None]
        assert days == sorted(days)
        matched = row["Date adopter matched with child(ren)"] is not None
        assert not matched or row["Date application approved"] is not None
        left = row["Date of leaving adoption process"]
        assert (left is None) == (row["Reason for leaving adoption process"] is None)
        assert left is None or (max(days) <= left and not matched)


def test_conferences_and_plans_agree(lists):
    """A conference in the six months that led to a plan: the child is on list 7."""
    on_plan = {row["Child Unique ID"] for row in lists[7]}
    led = 0
    for row in lists[5]:
        held = row["Date of Initial Child Protection Conference"]
        result = row["Did the Initial Child Protection Conference Result in a Child Protection Plan"]
        assert (held is None) == (result is None)
        if row["Was an Initial Child Protection Conference deemed unnecessary?"] == "a) Yes":
            assert held is None
        if result == "a) Yes":
            led += 1
            assert row["Child Unique ID"] in on_plan
    assert led > 5


def test_same_children_same_bytes(known, folder, tmp_path):
    write_annex_a(tmp_path, *known)
    first, again = (p / "annex_a" / "annex_a_2025-03-31.xlsx" for p in (folder, tmp_path))
    assert sha256(first.read_bytes()).digest() == sha256(again.read_bytes()).digest()


def test_labels_stand_for_every_code_there_is():
    codes = load_catalogue().returns
    census, care = codes["cin_census"].codes, codes["ssda903"].codes
    assert ETHNICITY.keys() >= care["ethnicity"].valid_in(2025)
    assert PLACEMENT_TYPE.keys() >= care["placement_type"].valid_in(2025) | care["placement_type"].valid_in(2026)
    assert SOURCE.keys() >= census["referral_source"].valid_in(2025)
    assert CLOSURE.keys() >= census["reason_for_closure"].valid_in(2025)
    assert ABUSE.keys() >= census["category_of_abuse"].valid_in(2025)


def test_small_helpers():
    assert spell(np.array(["NEG", "", "XXX"]), ABUSE).tolist() == ["a) Neglect", "", "XXX"]
    assert second(np.array(["U1", "", "X2"])).tolist() == ["1", "", "2"]
    born = np.array([date(2009, 3, 31), date(2009, 4, 1), date(2008, 2, 29)], dtype="M8[D]").astype(np.int64)
    assert age_on(born, year_ends(2025)).tolist() == [16, 15, 17]
    number, outside = np.arange(400), np.arange(400) % 2 == 0
    assert np.array_equal(is_outside(postcodes(number * 97, outside)), outside)
    assert not is_outside(np.array(["ZZ5 1AA", "ZZ51 1AA", ""])).any()  # family homes


def test_a_workbook_holds_what_it_was_given(tmp_path):
    """Blanks of each kind, signs that XML keeps for itself, a column past Z, and a sheet without rows."""
    dates = np.array(["2024-02-29", "NaT"], dtype="M8[D]")
    wide = {f"c{n}": np.array([n, -n]) for n in range(30)}
    first = {"text": np.array(["a & <b>", ""]), "on": dates, **wide}
    write_workbook(tmp_path / "w.xlsx", {"One": first, "None": {"a": np.array([], dtype=np.str_)}})
    sheets = read_workbook(tmp_path / "w.xlsx")
    assert sheets["None"] == (["a"], [])
    headings, rows = sheets["One"]
    assert headings == ["text", "on", *wide]
    assert (rows[0]["text"], rows[1]["text"]) == ("a & <b>", None)
    assert (day_of(rows[0]["on"]), day_of(rows[1]["on"])) == (date(2024, 2, 29), None)
    assert [[row[f"c{n}"] for n in range(30)] for row in rows] == [list(range(30)), [-n for n in range(30)]]
