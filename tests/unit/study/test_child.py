"""One child's page from a kept database: what it says, who may see it, and that every access is written down."""

import json
import runpy
import shutil
import stat
import xml.etree.ElementTree as ET
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from careloom.catalogue import load_catalogue
from careloom.cli import main
from careloom.core import AuditError, NotFoundError, OutputError, RequestError
from careloom.govern import check_log, open_key
from careloom.study import Asked, look_at_child
from careloom.study.child_lanes import EVENTS, NOT_SHOWN, SPELLS, label

MADE = runpy.run_path(str(Path(__file__).with_name("kept.py")))
day, rows = MADE["day"], MADE["rows"]
CATALOGUE = load_catalogue()
NEW = "a" * 26
LONG = "b" * 26
QUIET = "c" * 26
STRANGE = "d" * 26


def life() -> dict[str, list[dict[str, Any]]]:
    """A child with everything, one long known, one of whom nothing is told, and one whose rows are odd in every way."""
    people = rows(
        "person_id sex ethnicity ethnic_group birth_month is_expected_birth is_uasc is_disabled",
        (NEW, "F", "WBRI", "White", day("2012-05-01"), False, False, True),
        (LONG, "M", "BAFR", "Black", day("2003-01-01"), False, True, None),
        (QUIET, "U", None, "Unknown", None, True, False, None),
        (STRANGE, "U", "XXXX", "Unknown", day("2010-01-01"), False, False, None),
    )
    spell = "spell_id person_id kind starts_on ends_on start_reason end_reason code detail within_id collection_year repairs delivery_id line"
    spells = rows(
        spell,
        ("e1", NEW, "cin_episode", day("2018-06-04"), day("2019-02-01"), "2A", "RC8", "N1", "0", None, 2019, "missing_closure", 1, 11),
        ("e2", NEW, "cin_episode", day("2020-01-10"), None, "6", None, "N1", "0", None, 2022, None, 1, 12),
        ("a1", NEW, "assessment", day("2018-06-10"), day("2018-07-21"), None, None, None, None, "e1", 2019, None, 1, 13),
        ("a2", NEW, "assessment", day("2020-01-15"), None, None, None, None, None, "e2", 2022, None, 1, 14),
        ("p1", NEW, "cp_plan", day("2020-03-01"), day("2021-01-05"), "1", None, "NEG", "EMO", "e2", 2021, None, 1, 15),
        ("c1", NEW, "period_of_care", day("2021-01-05"), None, "S", None, "N1", None, None, 2022, None, 2, 20),
        ("l1", NEW, "placement", day("2021-01-05"), day("2021-05-01"), "S", "X1", "U6", None, "c1", 2022, None, 2, 20),
        ("l2", NEW, "placement", day("2021-05-01"), None, "P", None, "K2", "CREQB", "c1", 2022, None, 2, 21),
        ("s1", NEW, "placement_segment", day("2021-01-05"), day("2021-05-01"), "S", "X1", "U6", "PR4", "l1", 2022, "two_open_episodes next_start_before_last_end two_open_episodes", 2, 20),
        ("s2", NEW, "placement_segment", day("2021-05-01"), None, "P", None, "K2", "PR4", "l2", 2022, None, 2, 21),
        ("g1", NEW, "legal_status", day("2021-01-05"), day("2021-06-01"), "S", "X1", "C1", None, "c1", 2022, None, 2, 20),
        ("g2", NEW, "legal_status", day("2021-06-01"), None, "L", None, "C2", None, "c1", 2022, None, 2, 22),
        ("m1", NEW, "missing", day("2021-07-01"), day("2021-07-01"), None, None, "M", None, None, 2022, None, 2, 30),
        ("h1", NEW, "talking_therapy", day("2021-07-01"), day("2021-09-01"), None, None, "weekly", None, None, 2022, None, 2, 31),
        ("x1", LONG, "cin_episode", day("2003-01-20"), day("2005-01-01"), None, "RC7", "N5", None, None, 2005, None, 1, 1),
        ("x2", LONG, "period_of_care", day("2006-01-20"), day("2021-01-31"), "S", "E17", "N5", None, None, 2021, None, 2, 2),
        ("o1", STRANGE, "cin_plan", day("2018-01-01"), day("2019-01-01"), None, None, None, None, None, 2019, None, 1, 1),
        ("o2", STRANGE, "cin_plan", day("2018-06-01"), None, None, None, None, None, None, 2019, None, 1, 2),
        ("o3", STRANGE, "cin_plan", day("2018-06-01"), day("2018-06-01"), None, None, None, None, None, 2019, None, None, None),
        ("o4", STRANGE, "cin_plan", day("1900-01-01"), day("2999-01-01"), None, None, None, None, None, 2019, "unheard_of", 9, 3),
        ("o5", STRANGE, "cin_episode", day("2019-01-01"), day("2018-01-01"), "2A", None, "\x1b[31m<N1>\n", "1", None, 2019, None, 1, 4),
        ("o6", STRANGE, "cin_plan", None, None, None, None, None, None, None, 2019, None, 1, 5),
    )  # fmt: skip
    events = rows(
        "person_id event happened_on code delivery_id line",
        (NEW, "referral", day("2018-06-04"), "2A", 1, 11),
        (NEW, "referral", day("2020-01-10"), "6", 1, 12),
        (NEW, "section_47", day("2020-02-01"), "1", 1, 16),
        (NEW, "review", day("2021-02-01"), "PN1", 2, 25),
        (LONG, "leaving_care", day("2022-01-17"), "YES", 2, 26),
    )
    care = rows(
        "episode_id person_id starts_on ends_on start_reason end_reason legal_status category_of_need placement_type placement_provider change_reason repairs delivery_id line",
        ("1", NEW, day("2021-01-05"), day("2021-05-01"), "S", "X1", "C1", "N1", "U6", "PR4", "CREQB", "two_open_episodes", 2, 20),
        ("2", NEW, day("2021-05-01"), day("2021-06-01"), "P", "X1", "C1", "N1", "K2", "PR4", None, None, 2, 21),
        ("3", NEW, day("2021-06-01"), None, "L", None, "C2", "N1", "K2", "PR4", None, None, 2, 22),
    )  # fmt: skip
    paths = rows(
        "episode_id person_id rung days has_assessment has_cin_plan has_section_47 has_conference has_cp_plan has_care",
        ("e1", NEW, "closed_after_assessment", 242, True, False, False, False, False, False),
        ("e2", NEW, "looked_after", None, True, False, True, False, True, True),
    )
    cost = rows(
        "person_id placement_id placement_code provider process process_name element kind basis quantity unit_cost subtotal fee_level is_imputed standing price_year",
        (NEW, "s1", "la_foster", "PR1", "LAC 3", "Maintaining the placement", "support while settling", "case_management", "night", Decimal(91), Decimal(10), Decimal(910), None, False, "illustrative", "2022/23"),
        (NEW, "s2", "childrens_home_agency", "PR4", "LAC 3", "Maintaining the placement", "support once settled", "case_management", "night", Decimal(274), Decimal("3.65055"), Decimal("1000.25"), None, False, "illustrative", "2022/23"),
        (NEW, "s2", "childrens_home_agency", "PR4", "LAC 3", "Maintaining the placement", "fee", "fee", "night", Decimal(165), Decimal("547.945205"), Decimal("90410.958825"), 1, False, "illustrative", "2022/23"),
        (NEW, "s2", "childrens_home_agency", "PR4", "LAC 3", "Maintaining the placement", "fee", "fee", "night", Decimal(200), Decimal("547.945205"), Decimal("109589.041175"), 1, False, "illustrative", "2022/23"),
        (NEW, None, None, None, "LAC 6", "Review", "review", "case_management", "event", Decimal(2), Decimal(400), Decimal(800), None, True, "illustrative", "2022/23"),
        (NEW, None, None, None, "LAC 6", "Review", "review", "case_management", "event", Decimal(1), Decimal(400), Decimal(400), None, False, "illustrative", "2022/23"),
    )  # fmt: skip
    time = rows(
        "person_id starts_on ends_on state",
        (NEW, day("2018-06-04"), day("2019-02-01"), "open_case"),
        (NEW, day("2021-01-05"), day("2022-04-01"), "looked_after"),
    )
    factors = rows("assessment_id person_id code", ("a1", NEW, "16A"), ("a1", NEW, "3B"))
    known = rows("assessment_id person_id class_no probability", ("a1", NEW, 2, 0.934))
    named = rows("class_no name", (1, "Other"), (2, "Domestic abuse and neglect"))
    return {"person": people, "spell": spells, "event": events, "care_episode": care, "pathway": paths, "cost": cost,
            "timeline": time, "factor": factors, "class_of": known, "demand_class": named}  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(MADE["write_study"](tmp_path_factory.mktemp("written"), CATALOGUE, life()))


@pytest.fixture
def study(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written.parent, tmp_path / "ours")) / written.name


def look(study: Path, who: str, **more: Any) -> str:
    return look_at_child(study, CATALOGUE, Asked(who, "case audit", **more))


def logged(study: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in study.with_name("access.jsonl").read_text().splitlines()]


# --- what the page says ----------------------------------------------------------------------------------------------


def part(words: str, heading: str) -> str:
    """One lane of the page, its lines joined."""
    found = next(part for part in words.split("\n\n") if part.startswith(heading))
    return " ".join(found.split())


def test_a_life_is_told_lane_by_lane_in_words_with_codes_repairs_and_sources(study: Path) -> None:
    words = look(study, NEW)
    assert max(map(len, words.splitlines())) <= 100
    assert "Born May 2012, female, ethnic group White" in words
    # plan: 1 Mar 2020 to 4 Jan 2021; case alone: 4 Jun 2018 to 31 Jan 2019, 10 Jan to 29 Feb 2020
    assert "looked after 451, on a child protection plan 310, case open, no plan 293" in " ".join(words.split())
    opened = part(words, "CASE OPEN (2)")
    assert "4 Jun 2018 1 Feb 2019 Abuse or neglect [N1] [1] line 11 referred by: Schools [2A]" in opened
    assert "came to: closed after assessment in 242 days in it: assessment repaired: A case that was closed" in opened
    assert (
        "came to: looked after, still open in it: assessment, section 47 enquiry, child protection plan, care" in opened
    )
    assessed = part(words, "ASSESSMENTS (2)")
    assert (
        "Domestic abuse and neglect (probability 0.93) [1] line 13 authorised 20 Jul 2018 factors: Neglect [16A]; Domestic"
        in assessed
    )
    assert assessed.endswith("15 Jan 2020 still open recorded [1] line 14")  # factors come at its end
    assert "latest category: Emotional abuse [EMO] plans before, as returned: 1" in part(words, "CHILD PROTECTION PLAN")
    placed = part(words, "PLACEMENTS (2)")
    assert (
        "Foster placement with other carer, other [U6] [2] line 20 Private provision [PR4] placement 1 of 2" in placed
    )
    assert "left: Carer requests end because of child's behaviour [CREQB]" in placed
    assert placed.count("repaired:") == 2  # each once, though one was made twice
    assert "Interim care order [C1]" in part(words, "LEGAL STATUS (2)")
    assert "1 Feb 2020 a conference was not required [1] line 16" in part(words, "SECTION 47 ENQUIRIES (1)")
    assert "weekly [2] line 31" in part(words, "TALKING THERAPY (1)")  # a kind that no lane was made for
    assert "RNE S LS C1 CIN N1 PLACE U6 PR4 REC X1 left CREQB [2] line 20" in part(words, "EPISODES OF CARE")
    assert part(words, "READ FROM").startswith(
        "READ FROM [1] cin 22.xml: cin_census 2022, authority 998 [2] episodes.csv"
    )


def test_costs_are_added_by_process_and_a_night_counts_once(study: Path) -> None:
    costs = part(look(study, NEW), "COSTS")
    assert "Care from 1 April 2021 to 31 March 2022, by process, at illustrative prices of 2022/23." in costs
    assert "3 Maintaining the placement 365 nights 1,910.25 200,000.00 201,910.25" in costs
    assert "6 Review 3 (2 by rule) 1,200.00 0.00 1,200.00" in costs
    assert costs.endswith("all 3,110.25 200,000.00 203,110.25")
    assert "Nothing is costed for this child" in look(study, LONG)


def test_costs_stand_by_placement_in_the_published_layout(study: Path) -> None:
    """(a) unit cost x (b) number, the cost of each process, and the total; placements in their order, then what is in none."""
    layout = look(study, NEW).split("COSTS BY PLACEMENT")[1].split("READ FROM")[0]
    words = " ".join(layout.split())
    first, second = (
        words.index(title) for title in ("la foster, provider PR1, 5 Jan 2021 to 1 May 2021", "childrens home agency")
    )
    assert first < second < words.index("Not in a placement")
    assert "support while settling 10.00 91 nights 910.00" in words
    assert "fee (the child's own fee) 547.95 365 nights 200,000.00" in words  # two stretches at one fee, added up
    assert "review (by rule) 400.00 2 times 800.00" in words
    assert "cost of the process 201,000.25" in words
    assert "total of the processes 910.00" in words
    assert max(map(len, layout.splitlines())) <= 100


def test_a_day_made_from_the_date_of_birth_is_shown_as_its_month(study: Path) -> None:
    words = look(study, LONG)
    assert "1 Jan 2022 In touch [YES]" in part(words, "CARE LEAVER: IN TOUCH (1)")
    assert "17 Jan" not in words


def test_a_child_of_whom_nothing_is_told_has_a_page_that_says_so(study: Path) -> None:
    words = look(study, QUIET, svg=study.with_name("quiet.svg"))
    assert "Nothing recorded of this child could be used, or nothing was recorded." in words
    assert "Expected to be born in a month not recorded, sex not recorded, ethnic group Unknown" in words
    assert "Nothing recorded of this child could be used" in study.with_name("quiet.svg").read_text()
    assert "ledger.csv" not in words


LEDGER = "step_no step outcome reason rows"


@pytest.mark.parametrize(
    ("account", "is_said"),
    [
        ((5, "say as care_episode", "set aside", "it ends on or before the day it starts", 1), True),
        ((5, "say as care_episode", "set aside", "it ends on or before the day it starts", 0), False),
        ((5, "say as care_episode", "in", "", 7), False),
        ((9, "draw the timeline", "set aside", "another kind of spell", 3), False),
    ],
)
def test_that_rows_could_not_be_used_is_said_at_the_foot(
    tmp_path: Path, account: tuple[Any, ...], is_said: bool
) -> None:
    study = MADE["write_study"](tmp_path, CATALOGUE, {**life(), "ledger": rows(LEDGER, account)})
    for who in (NEW, QUIET):
        svg = study.with_name(f"{who}.svg")
        last = look(study, who, svg=svg).rstrip("\n").split("\n\n")[-1]
        foot = "Rows that could not be used are not on this page: ledger.csv counts those of all children, by reason."
        assert (" ".join(last.split()) == foot, foot in svg.read_text()) == (is_said, is_said)


# --- how far it is told ----------------------------------------------------------------------------------------------

DELIVERY = "delivery_id return_name table_name la collection_year file_name rows_in state message"
REACH = rows(
    DELIVERY,
    (1, "cin_census", "all", "998", 2021, "cin 21.xml", 9, "read", ""),
    (2, "cin_census", "all", "998", 2023, "cin 23.xml", 9, "read", ""),
    (3, "ssda903", "episodes", "998", 2021, "episodes.csv", 9, "read", ""),
    (4, "ssda903", "header", "998", 2023, "header.csv", 9, "read", ""),  # tells of no day in care
    (5, "cin_census", "all", "998", 2024, "cin 24.xml", 0, "refused", "broken"),
    (6, "cin_census", "all", "997", 2024, "cin 24 of another.xml", 9, "read", ""),
    (7, "annex_a", "list_3", "998", 2024, "list.xlsx", 9, "read", ""),
)


def reaching(folder: Path, *cells: tuple[Any, ...]) -> Path:
    """A study to 31 March 2023 that is cut to 2021 by its SSDA903, with these spells of one child."""
    names = "spell_id person_id kind starts_on ends_on delivery_id line"
    person = rows("person_id birth_month is_expected_birth", (NEW, day("2012-05-01"), False))
    told = {"person": person, "delivery": REACH, "spell": rows(names, *cells)}
    return Path(MADE["write_study"](folder, CATALOGUE, told))


def test_a_census_that_reaches_further_is_drawn_and_counted_to_its_own_last_day(tmp_path: Path) -> None:
    study = reaching(
        tmp_path,
        ("e1", NEW, "cin_episode", day("2020-04-01"), None, 1, 1),
        ("c1", NEW, "period_of_care", day("2021-01-01"), None, 3, 1),
        ("p1", NEW, "cp_plan", day("2022-01-01"), day("2022-02-01"), 2, 1),
    )
    words = look(study, NEW, svg=study.with_name("c.svg"))
    told = " ".join(words.split())
    # care: 1 Jan to 31 Mar 2021; case: 1 Apr 2020 to 31 Mar 2023 (1,095 days) less 90 in care and 31 on a plan
    assert "looked after 90, on a child protection plan 31, case open, no plan 974." in told
    said = "on the last day that its return tells of: cin_census 31 March 2023, ssda903 31 March 2021."
    assert said in told
    assert "> still open when last told" in words
    chart = {row[:22].strip(): row[23:] for row in words.split("\n\n")[3].splitlines()[1:]}
    assert chart[""].split() == ["2020", "2021", "2022", "2023"]
    cell = 1461 / 76  # days, from 1 Jan 2020 to 31 Dec 2023
    assert chart["Case open"].index(">") == pytest.approx(1186 / cell, abs=1)
    assert chart["Looked after"].index(">") == pytest.approx(456 / cell, abs=1)
    assert "still open when last told" in study.with_name("c.svg").read_text()


def test_one_last_day_is_named_and_another_authoritys_is_its_own(tmp_path: Path) -> None:
    words = look(reaching(tmp_path, ("e1", NEW, "cin_episode", day("2023-04-01"), None, 6, 1)), NEW)
    assert "> still open on 31 Mar 2024" in words
    assert "case open, no plan 366." in words


def test_an_extract_reaches_to_the_end_of_the_study_or_its_own_last_day_but_never_to_days_to_come(
    tmp_path: Path,
) -> None:
    spells = [
        ("e1", NEW, "cin_episode", day("2023-03-01"), None, 7, 1),
        ("p1", NEW, "cp_plan", day("2999-01-01"), None, 7, 2),
    ]
    (tmp_path / "one").mkdir()
    assert "> still open on 31 Mar 2023" in look(reaching(tmp_path / "one", *spells), NEW)
    (tmp_path / "two").mkdir()
    later = ("m1", NEW, "missing", day("2023-06-01"), day("2023-06-11"), 7, 3)
    words = look(reaching(tmp_path / "two", *spells, later), NEW)
    assert "> still open on 10 Jun 2023" in words
    assert "case open, no plan 102." in words  # 1 March to 10 June


def test_odd_rows_neither_break_the_page_nor_steer_the_screen(study: Path) -> None:
    words = look(study, STRANGE, svg=study.with_name("strange.svg"))
    assert "\x1b" not in words
    assert "Not shown: 1 rows without a first day." in words
    plans = part(words, "CHILD IN NEED PLAN (4)")
    assert "1 Jan 1900 1 Jan 2999 repaired: unheard_of" in plans  # a repair and a file that are not known any more
    ET.parse(study.with_name("strange.svg"))


def test_an_svg_says_the_same_and_nothing_of_it_needs_more_than_the_file(study: Path) -> None:
    svg = study.with_name("child.svg")
    look(study, NEW, svg=svg)
    drawn = svg.read_text()
    root = ET.fromstring(drawn)
    name = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{name}title").text == f"Timeline of child {NEW}"  # type: ignore[union-attr]
    told = root.find(f"{name}desc").text or ""  # type: ignore[union-attr]
    assert (
        "Placements: 5 Jan 2021 to 30 Apr 2021, Foster placement with other carer, other [U6]; 1 May 2021, still open"
        in told
    )
    assert not {element.tag for element in root.iter()} & {f"{name}script", f"{name}style", f"{name}image", f"{name}a"}
    assert "href" not in drawn
    assert "INSIDE THE AUTHORITY ONLY" in drawn
    assert stat.S_IMODE(svg.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("return_name", "code_set", "code", "year", "said"),
    [
        ("cin_census", "primary_need", "N1", 2025, "Abuse or neglect [N1]"),
        ("cin_census", "primary_need", "N1", 2026, "Abuse, neglect and exploitation [N1]"),
        ("ssda903", "placement_type", "K3", 2019, "Registered supported accommodation [K3]"),  # not valid, yet meant
        ("ssda903", "placement_type", "XX", 2019, "XX"),
        ("ssda903", "primary_need", "N1", 2019, "N1"),
        ("nowhere", "primary_need", "N1", None, "N1"),
    ],
)
def test_a_code_is_said_as_its_return_of_that_year_has_it(
    return_name: str, code_set: str, code: str, year: int | None, said: str
) -> None:
    assert label(CATALOGUE, return_name, code_set, code, year) == said


def test_every_declared_kind_has_a_lane_and_every_code_set_of_a_lane_is_one_of_some_return() -> None:
    declared = [(said.makes, said.name) for made in CATALOGUE.returns.values() for said in made.declarations]
    declared += [(said.makes, said.name) for said in CATALOGUE.spells]
    assert {name for makes, name in declared if makes == "spell"} - set(NOT_SHOWN) == set(SPELLS)
    assert {name for makes, name in declared if makes == "event"} == set(EVENTS)
    known = {name for made in CATALOGUE.returns.values() for name in made.codes}
    asked = {code_set for kind in (*SPELLS.values(), *EVENTS.values()) for *_, code_set in kind.spoken if code_set}
    assert asked - known == set()


# --- who may see it --------------------------------------------------------------------------------------------------


def test_an_access_is_written_down_and_the_page_names_its_line(study: Path) -> None:
    words = look(study, NEW, out=study.with_name("child.txt"), svg=study.with_name("child.svg"))
    (entry,) = logged(study)
    assert {name: entry[name] for name in ("study", "command", "by", "purpose", "person_id", "outcome")} == {
        "study": "Anyshire",
        "command": "child",
        "by": "ID",
        "purpose": "case audit",
        "person_id": NEW,
        "outcome": "shown",
    }
    assert entry["wrote"] == [str(study.with_name("child.txt")), str(study.with_name("child.svg"))]
    assert f"by {entry['user']}: case audit" in words
    last = check_log(study.with_name("access.jsonl")).fingerprint
    assert f"Access 1 of access.jsonl, fingerprint {last[:16]}" in words
    assert study.with_name("child.txt").read_text() == words
    assert stat.S_IMODE(study.with_name("child.txt").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("asked", "error", "said", "kept"),
    [
        (Asked(NEW, "  "), RequestError, "say why you look", NEW),
        (Asked("z" * 26, "audit"), NotFoundError, "holds no child of that ID", "z" * 26),
        (Asked("12345", "audit"), RequestError, "this is not the ID of a child", None),
        (Asked("Jo Bloggs", "audit"), RequestError, "this is not the ID of a child", None),
        (Asked(None, "audit"), RequestError, "name one child", None),
        (Asked(NEW, "audit", child_id="12345"), RequestError, "name one child", NEW),
        (Asked(None, "audit", child_id="12345"), RequestError, "--child-id needs --authority", None),
        (Asked(None, "audit", child_id="12345", authority="998"), NotFoundError, "known first by this number", None),
        (Asked(NEW, "audit", svg=Path("results/x.svg")), OutputError, "every run replaces", NEW),
        (Asked(NEW, "audit", svg=Path("study.toml")), OutputError, "there already", NEW),
        (Asked(NEW, "audit", out=Path("nowhere/x")), OutputError, "no such folder", NEW),
        (Asked(NEW, "audit", out=Path("x"), svg=Path("x")), OutputError, "cannot be one file", NEW),
    ],
)
def test_what_is_refused_is_written_down_too_and_no_message_repeats_a_childs_number(
    study: Path, asked: Asked, error: type[Exception], said: str, kept: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(study.parent)
    with pytest.raises(error, match=said) as fault:
        look_at_child(study, CATALOGUE, asked)
    (entry,) = logged(study)
    assert (entry["outcome"], entry["why"], entry["person_id"]) == ("refused", str(fault.value), kept)
    log = study.with_name("access.jsonl").read_text()
    assert not [word for word in ("12345", "Bloggs") if word in str(fault.value) or word in log]


def test_a_fault_of_our_own_is_written_down_without_its_words(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("a row's value")

    monkeypatch.setattr("careloom.study.look.gather_child", fail)
    with pytest.raises(ValueError, match="value"):
        look(study, NEW)
    assert logged(study)[0]["why"] == "a fault in Careloom itself: ValueError"


def test_nothing_is_shown_while_the_log_does_not_hold_together(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    look(study, NEW)
    look(study, NEW)
    log, svg = study.with_name("access.jsonl"), study.with_name("child.svg")
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[1])
    left = log.read_bytes()
    for asked in ([NEW, "--purpose", "audit", "--svg", str(svg)], [NEW]):  # one to be shown, one to be refused
        assert main(["child", str(study), *asked]) == 9
        said = capsys.readouterr()
        assert "move the file aside and keep it" in " ".join(said.err.split())
        assert (said.out, svg.exists(), log.read_bytes()) == ("", False, left)
    log.rename(log.with_name("access.old.jsonl"))
    assert main(["child", str(study), NEW, "--purpose", "audit"]) == 0


def test_results_of_somebody_else_are_said_to_be_theirs(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_text

    def forbid(path: Path, *how: Any, **more: Any) -> str:  # as permissions do, which bind root nowhere
        if path.name == "manifest.json":
            raise PermissionError
        return read(path, *how, **more)

    monkeypatch.setattr(Path, "read_text", forbid)
    with pytest.raises(NotFoundError, match="only who ran the study can read these results"):
        look(study, NEW)


def test_what_cannot_be_written_down_is_not_shown(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study.with_name("access.jsonl").mkdir()
    with pytest.raises(AuditError, match="nothing was shown"):
        look(study, NEW, svg=study.with_name("child.svg"))
    assert not study.with_name("child.svg").exists()
    assert main(["child", str(study), NEW, "--purpose", "audit"]) == 9
    assert NEW not in capsys.readouterr().out


def test_a_child_is_found_by_the_authoritys_number_which_is_kept_nowhere(tmp_path: Path) -> None:
    name = open_key(tmp_path / "study.key").pseudonymise("person|Anyshire")
    first, other = name(["998|cin_census|777001", "998|ssda903|777002"])
    people = [
        {"person_id": person, "birth_month": date(2012, 5, 1), "is_expected_birth": False} for person in (first, other)
    ]
    study = MADE["write_study"](tmp_path, CATALOGUE, {"person": people})

    def find(number: str, **more: Any) -> str:
        return look_at_child(study, CATALOGUE, Asked(None, "complaint", child_id=number, authority="998", **more))

    assert f"Child {first}" in find("777001")
    assert "found by the number in cin_census" in find("777001")
    assert f"Child {other}" in find("777002", return_name="ssda903")
    assert logged(study)[0]["person_id"] == first
    assert logged(study)[0]["by"] == "the authority's number"
    log = study.with_name("access.jsonl").read_text()  # three figures alone may come up in a fingerprint
    assert "777001" not in log
    assert "777002" not in log
    study.with_name("study.key").unlink()
    with pytest.raises(NotFoundError, match="not the key"):
        find("777001")
    assert not study.with_name("study.key").exists()  # looking makes no key


def test_a_number_that_is_two_children_is_asked_about(tmp_path: Path) -> None:
    name = open_key(tmp_path / "study.key").pseudonymise("person|Anyshire")
    people = [
        {"person_id": person, "is_expected_birth": False} for person in name(["998|cin_census|7", "998|ssda903|7"])
    ]
    study = MADE["write_study"](tmp_path, CATALOGUE, {"person": people})
    with pytest.raises(RequestError, match=r"say which with --return: .*cin_census"):
        look_at_child(study, CATALOGUE, Asked(None, "complaint", child_id="7", authority="998"))


# --- results that are not there --------------------------------------------------------------------------------------


def test_results_that_are_none_or_anothers_or_of_another_version_are_refused(study: Path) -> None:
    results = study.with_name("results")
    manifest = json.loads((results / "manifest.json").read_text())
    (results / "manifest.json").write_text(json.dumps({**manifest, "study": "Othershire"}))
    with pytest.raises(NotFoundError, match="results of another study"):
        look(study, NEW)
    (results / "manifest.json").unlink()
    with pytest.raises(NotFoundError, match="no results of a run here"):
        look(study, NEW)
    (results / "manifest.json").write_text(json.dumps(manifest))
    (results / "study.duckdb").unlink()
    MADE["write_database"](results / "study.duckdb", {"person": MADE["pa"].table({"person_id": [NEW]})})
    with pytest.raises(NotFoundError, match="does not hold the table person"):
        look(study, NEW)
    assert [entry["outcome"] for entry in logged(study)] == ["refused"] * 3


# --- as typed --------------------------------------------------------------------------------------------------------


def test_the_command_shows_writes_refuses_and_checks(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    svg, out = study.with_name("c.svg"), study.with_name("c.txt")
    assert main(["child", str(study), NEW, "--purpose", "audit"]) == 0
    assert "PLACEMENTS (2)" in capsys.readouterr().out
    assert main(["child", str(study), NEW, "--purpose", "audit", "--svg", str(svg), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"Text: {out}\nDrawing: {svg}\n"
    assert main(["child", str(study), NEW]) == 2
    assert "say why you look" in capsys.readouterr().err
    assert main(["child", str(study), "z" * 26, "--purpose", "audit"]) == 8
    assert capsys.readouterr().out == ""
    assert main(["audit", "verify", str(study)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("4 lines, whole and in order.")
    assert main(["audit", "verify", str(study), said.split()[-1]]) == 0
    log = study.with_name("access.jsonl")
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[1:]))
    assert main(["audit", "verify", str(study)]) == 9
    assert "line 1: it does not follow" in capsys.readouterr().err
