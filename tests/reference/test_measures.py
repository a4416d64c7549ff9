"""The measures of a made-up authority are those of slow, obvious Python on its returns, read without Careloom.

As DfE does it: each year from that year's own return, and from those before it only what a measure looks back to.
Placements are told apart by the carer's postcode, which the software does not look at.
"""

import csv
import datetime as dt
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import careloom
from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.study import read_study
from careloom.study.run import stages
from careloom.synth import make_england

YEARS = range(2018, 2024)
Figure = tuple[int, int | None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("measured")
    make_england(folder, children=1500, years=(YEARS[0], YEARS[-1]), seed=3, systems=("ssda903", "cin_census"))
    return folder


@pytest.fixture(scope="module")
def taken(folder: Path) -> dict[str, dict[int, Figure]]:
    return take(folder)


def take(folder: Path) -> dict[str, dict[int, Figure]]:
    """What a run takes, stage by stage as far as the measures."""
    engine, catalogue = DuckDBEngine(), load_catalogue()
    for stage, work in stages(read_study(folder / "study.toml", catalogue), catalogue, engine):
        assert work().faults() == []
        if stage == "taking the official measures":
            break
    taken: dict[str, dict[int, Figure]] = {m.name: {} for m in catalogue.measures}
    for name, year, number, of in engine.rows("SELECT measure, year, numerator, denominator FROM measure"):
        taken[name][year] = number, of
    engine.close()
    return taken


# --- the returns, read slowly ----------------------------------------------------------------------------------------


@dataclass
class Census:
    """One year's CIN census: its cases, each with its child."""

    year: int
    cases: list[tuple[str, ET.Element]]

    def holds(self, on: str | None) -> bool:
        return on is not None and f"{self.year - 1}-04-01" <= on <= f"{self.year}-03-31"

    def days(self, path: str) -> list[tuple[str, str]]:
        """Every date at a path within a case, with its child, that lies in the year."""
        found = [(child, str(day.text)) for child, case in self.cases for day in case.findall(path)]
        return [(child, day) for child, day in found if self.holds(day)]

    def in_need(self) -> list[tuple[str, ET.Element]]:
        return [
            (child, case)
            for child, case in self.cases
            if case.findtext("ReferralNFA") == "0" and case.findtext("ReasonForClosure") not in ("RC8", "RC9")
        ]


def census(folder: Path, year: int) -> Census:
    tree = ET.parse(folder / "501" / "cin_census" / f"cin_{year}.xml")
    children = [(str(c.findtext("ChildIdentifiers/LAchildID")), c) for c in tree.iter("Child")]
    return Census(year, [(name, case) for name, child in children for case in child.findall("CINdetails")])


def day_of(text: str) -> dt.date:
    return dt.datetime.strptime(text, "%d/%m/%Y").date()


@dataclass(frozen=True)
class Stay:
    """An episode of an SSDA903 return."""

    child: str
    starts_on: dt.date
    ends_on: dt.date | None
    row: dict[str, str]


def stays(folder: Path, year: int) -> list[Stay]:
    with (folder / "501" / "ssda903" / str(year) / "episodes.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["LS"] not in ("V3", "V4")]
    return [Stay(r["CHILD"], day_of(r["DECOM"]), day_of(r["DEC"]) if r["DEC"] else None, r) for r in rows]


def births(folder: Path, year: int) -> dict[str, dt.date]:
    with (folder / "501" / "ssda903" / str(year) / "header.csv").open(newline="") as file:
        return {row["CHILD"]: day_of(row["DOB"]) for row in csv.DictReader(file)}


# --- the measures, worked out slowly ---------------------------------------------------------------------------------


def slow_census(folder: Path, year: int) -> dict[str, Figure]:
    now = census(folder, year)
    plans = [(child, plan) for child, case in now.cases for plan in case.findall("ChildProtectionPlans")]
    begun = [int(str(p.findtext("NumberOfPreviousCPP"))) for _, p in plans if now.holds(p.findtext("CPPstartDate"))]
    still_open = [(child, case) for child, case in now.in_need() if case.findtext("CINclosureDate") is None]
    open_cases = [child for child, _ in still_open]
    open_since = [(child, str(case.findtext("CINreferralDate"))) for child, case in still_open]
    return {
        "referrals": (len(now.days("CINreferralDate")), None),
        "cin_episodes_started": (sum(now.holds(case.findtext("CINreferralDate")) for _, case in now.in_need()), None),
        "cin_in_year": (len({child for child, _ in now.in_need()}), None),
        "cin_at_31_march": (len(set(open_cases)), None),
        "assessments_completed": (len(now.days("Assessments/AssessmentAuthorisationDate")), None),
        "section_47_enquiries": (len(now.days("Section47/S47ActualStartDate")), None),
        "initial_conferences": (
            len({*now.days("Section47/DateOfInitialCPC"), *now.days("DateOfInitialCPC")}),
            None,
        ),
        "cp_plans_started": (len(begun), None),
        "dfe_second_or_subsequent_plan": (sum(earlier >= 1 for earlier in begun), len(begun)),
        "on_cp_plan_at_31_march": (len({child for child, p in plans if p.findtext("CPPendDate") is None}), None),
        "cin_episodes_ended": (sum(now.holds(case.findtext("CINclosureDate")) for _, case in now.in_need()), None),
        "cin_open_two_years": (
            len({c for c, on in open_since if is_two_years(on, f"{year}-03-31")}),
            len(set(open_cases)),
        ),
        **slow_plans_in_year(now, plans),
        "assessments_within_45_working_days": slow_assessments(now),
    }


def slow_plans_in_year(now: Census, plans: list[tuple[str, ET.Element]]) -> dict[str, Figure]:
    days = [(child, str(p.findtext("CPPstartDate")), p.findtext("CPPendDate")) for child, p in plans]
    ended = [is_two_years(starts, str(ends)) for _, starts, ends in days if now.holds(ends)]
    there = {
        c for c, starts, ends in days if starts <= f"{now.year}-03-31" and (ends or "9") >= f"{now.year - 1}-04-01"
    }
    return {
        "cp_plans_ended": (len(ended), None),
        "cp_plans_ended_after_two_years": (sum(ended), len(ended)),
        "on_cp_plan_in_year": (len(there), None),
    }


def is_two_years(first: str, last: str) -> bool:
    return same_day(dt.date.fromisoformat(first), 2) <= dt.date.fromisoformat(last)


def slow_assessments(now: Census) -> Figure:
    """Day after day from the start to the authorisation: a day that is worked adds one."""
    with (Path(careloom.__file__).parent / "catalogue" / "calendar" / "bank_holidays.csv").open(newline="") as file:
        holidays = {dt.date.fromisoformat(row["on_day"]) for row in csv.DictReader(file)}
    taken = []
    for _, case in now.cases:
        for assessment in case.findall("Assessments"):
            if now.holds(done := assessment.findtext("AssessmentAuthorisationDate")):
                day = dt.date.fromisoformat(str(assessment.findtext("AssessmentActualStartDate")))
                days = 0
                while day < dt.date.fromisoformat(str(done)):
                    day += dt.timedelta(days=1)
                    days += day.strftime("%a") not in ("Sat", "Sun") and day not in holidays
                taken.append(days)
    return sum(days <= 45 for days in taken), len(taken)


def slow_re_referrals(folder: Path, year: int) -> Figure:
    before, now = (census(folder, each).days("CINreferralDate") for each in (year - 1, year))
    again = 0
    for child, day in now:
        on = dt.date.fromisoformat(day)
        days = [dt.date.fromisoformat(d) for c, d in before + now if c == child]
        again += any(d < on <= same_day(d, 1) for d in days)
    return again, len(now)


def same_day(on: dt.date, years: int) -> dt.date:
    """The same day some years later; 1 March for a 29 February that is not there."""
    return dt.date(on.year + years, 3, 1) if (on.month, on.day) == (2, 29) else on.replace(year=on.year + years)


def slow_care(folder: Path, year: int) -> dict[str, Figure]:
    now = stays(folder, year)
    first_day, last_day = dt.date(year - 1, 4, 1), dt.date(year, 3, 31)
    there = {stay.child for stay in now if stay.ends_on is None}
    started = {s.child for s in now if s.row["RNE"] == "S" and first_day <= s.starts_on <= last_day}
    left = [s for s in now if s.row["REC"].startswith("E") and s.ends_on and first_day <= s.ends_on <= last_day]
    last_left = {s.child: s.row["REC"] for s in sorted(left, key=lambda s: s.starts_on)}
    in_year = {s.child for s in now if s.starts_on <= last_day and (s.ends_on is None or s.ends_on >= first_day)}
    homes: dict[str, list[str]] = {child: [] for child in there}
    for stay in sorted(now, key=lambda s: s.starts_on):
        lasting = not stay.row["PLACE"].startswith("T") and (stay.ends_on is None or stay.ends_on > first_day)
        if lasting and stay.child in there and homes[stay.child][-1:] != [stay.row["PL_POST"]]:
            homes[stay.child].append(stay.row["PL_POST"])
    return {
        "looked_after_at_31_march": (len(there), None),
        "started_looked_after": (len(started), None),
        "ceased_looked_after": (len(last_left), None),
        "ceased_returned_home": (sum(reason in ("E4A", "E4B") for reason in last_left.values()), len(last_left)),
        "looked_after_in_year": (len(in_year), None),
        **slow_missing(folder, year, in_year),
        "three_or_more_placements": (sum(len(moves) >= 3 for moves in homes.values()), len(there)),
    }


def slow_missing(folder: Path, year: int, in_care: set[str]) -> dict[str, Figure]:
    first_day, last_day = dt.date(year - 1, 4, 1), dt.date(year, 3, 31)
    with (folder / "501" / "ssda903" / str(year) / "missing.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["CHILD"] in in_care and day_of(row["MIS_START"]) <= last_day]
    rows = [row for row in rows if not row["MIS_END"] or day_of(row["MIS_END"]) >= first_day]
    missing = [row["CHILD"] for row in rows if row["MISSING"] == "M"]
    return {
        "missing_incidents": (len(missing), None),
        "missing_from_care": (len(set(missing)), None),
        "missing_from_care_share": (len(set(missing)), len(in_care)),
        "away_without_authorisation": (len({row["CHILD"] for row in rows if row["MISSING"] == "A"}), None),
    }


def slow_returns_to_care(folder: Path, year: int) -> Figure:
    now = stays(folder, year)
    left = [s for s in stays(folder, year - 1) + now if s.ends_on and s.row["REC"].startswith("E")]
    started = [s for s in now if s.row["RNE"] == "S" and dt.date(year - 1, 4, 1) <= s.starts_on <= dt.date(year, 3, 31)]
    again = {
        new.child
        for new in started
        for old in left
        if old.child == new.child and old.ends_on and old.ends_on <= new.starts_on <= same_day(old.ends_on, 1)
    }
    return len(again), len({new.child for new in started})


def slow_stability(folder: Path, year: int) -> Figure:
    history = {(s.child, s.starts_on): s for each in (year - 2, year - 1, year) for s in stays(folder, each)}
    born, last_day = births(folder, year), dt.date(year, 3, 31)
    settled, of = 0, 0
    for child in {s.child for s in history.values() if s.ends_on is None}:
        chain = [s for s in sorted(history.values(), key=lambda s: s.starts_on, reverse=True) if s.child == child]
        for at in range(1, len(chain)):
            if chain[at].ends_on != chain[at - 1].starts_on or chain[at].row["REC"] != "X1":
                chain = chain[:at]
                break
        if same_day(born[child], 16) > last_day and chain[-1].starts_on <= dt.date(year - 3, 9, 30):
            of += 1
            settled += there_since(chain) <= dt.date(year - 2, 3, 31)
    return settled, of


def there_since(chain: list[Stay]) -> dt.date:
    """Since when the child has been with this carer, or, placed for adoption, with this one and the one before."""
    lasting = [s for s in chain if not s.row["PLACE"].startswith("T")]
    homes: list[list[Stay]] = []
    for stay in lasting:
        if homes and homes[-1][0].row["PL_POST"] == stay.row["PL_POST"]:
            homes[-1].append(stay)
        else:
            homes.append([stay])
    is_adoptive = chain[0].row["PLACE"] in ("A4", "A6") and len(homes) > 1
    return homes[1 if is_adoptive else 0][-1].starts_on


# --- and compared ----------------------------------------------------------------------------------------------------


def slowly(folder: Path) -> dict[str, dict[int, Figure]]:
    told: dict[str, dict[int, Figure]] = {}
    for year in YEARS:
        figures: dict[str, Any] = {**slow_census(folder, year), **slow_care(folder, year)}
        if year > YEARS[0]:
            figures["dfe_rereferral_12m"] = slow_re_referrals(folder, year)
            figures["started_looked_after_again_12m"] = slow_returns_to_care(folder, year)
        if year > YEARS[1]:
            figures["long_term_stability"] = slow_stability(folder, year)
        for name, figure in figures.items():
            told.setdefault(name, {})[year] = figure
    return told


def test_the_measures_are_those_of_the_returns(folder: Path, taken: dict[str, dict[int, Figure]]) -> None:
    expected = slowly(folder)
    assert set(expected) == set(taken)
    for name, figures in expected.items():
        assert taken[name] == figures, name
    # no figure is nought throughout: there was something to get wrong
    assert [name for name, figures in expected.items() if not sum(number for number, _ in figures.values())] == []


def test_no_child_missing_is_none_and_no_table_of_missing_children_is_no_year(tmp_path: Path) -> None:
    make_england(tmp_path, children=400, years=(2018, 2019), seed=2, systems=("ssda903",))
    first, second = (tmp_path / "501" / "ssda903" / year / "missing.csv" for year in ("2018", "2019"))
    first.write_text(first.read_text().splitlines()[0] + "\n")
    second.unlink()
    taken = take(tmp_path)
    for name in ("missing_from_care", "missing_incidents", "away_without_authorisation"):
        assert taken[name] == {2018: (0, None)}
    assert taken["missing_from_care_share"] == {2018: (0, taken["looked_after_in_year"][2018][0])}
    assert set(taken["looked_after_in_year"]) == {2018, 2019}
