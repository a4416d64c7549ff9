"""The measures of a made-up authority are those of what truly happened in it.

The truth knows days, people and words for what happened, and no return: no year's cut-off, no code, no row that is
missing. Then defects are planted in the returns, each listed: no figure may move for which the list has no reason.
"""

import csv
import datetime as dt
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import careloom
from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.study import read_study
from careloom.study.run import stages
from careloom.synth import make_england
from careloom.synth.defects.plant import Defect, plant_defects

YEARS = range(2018, 2024)
Figure = tuple[int, int | None]
Figures = dict[tuple[str, int], Figure]


def measure(folder: Path) -> Figures:
    """What a run takes from the returns in a folder, stage by stage as far as the measures."""
    engine, catalogue = DuckDBEngine(), load_catalogue()
    for stage, work in stages(read_study(folder / "study.toml", catalogue), catalogue, engine):
        assert work().faults() == []
        if stage == "taking the official measures":
            break
    rows = engine.rows("SELECT measure, year, numerator, denominator FROM measure")
    engine.close()
    return {(name, year): (number, of) for name, year, number, of in rows}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("true")
    make_england(folder, children=3000, years=(YEARS[0], YEARS[-1]), seed=5, systems=("ssda903", "cin_census"))
    return folder


@pytest.fixture(scope="module")
def taken(folder: Path) -> Figures:
    return measure(folder)


# --- the truth -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spell:
    """Something that held for a child from one day to the other, and what the truth calls it."""

    child: str
    starts_on: dt.date
    ends_on: dt.date
    what: str


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "truth" / "501" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def spells(folder: Path, name: str, starts: str, ends: str, what: str) -> list[Spell]:
    rows = rows_of(folder, name)
    return [Spell(row["child_id"], day_of(row[starts]), day_of(row[ends]), row[what]) for row in rows]


def day_of(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@dataclass(frozen=True)
class Year:
    """A collection year: 1 April to 31 March, named by its end."""

    number: int

    def holds(self, on: dt.date) -> bool:
        return dt.date(self.number - 1, 4, 1) <= on <= dt.date(self.number, 3, 31)

    def touches(self, spell: Spell) -> bool:
        return spell.starts_on <= dt.date(self.number, 3, 31) and spell.ends_on >= dt.date(self.number - 1, 4, 1)

    def ends_in(self, spell: Spell) -> bool:
        """Whether it is going on at the end of 31 March."""
        return spell.starts_on <= dt.date(self.number, 3, 31) < spell.ends_on

    def is_two_years_at_end(self, spell: Spell) -> bool:
        return same_day(spell.starts_on, 2) <= dt.date(self.number, 3, 31)


def same_day(on: dt.date, years: int) -> dt.date:
    """The same day some years later; 1 March for a 29 February that is not there."""
    return dt.date(on.year + years, 3, 1) if (on.month, on.day) == (2, 29) else on.replace(year=on.year + years)


def children(found: Iterable[Spell]) -> int:
    return len({spell.child for spell in found})


def by_child(found: Iterable[Spell]) -> dict[str, list[Spell]]:
    mine = defaultdict(list)
    for spell in sorted(found, key=lambda each: each.starts_on):
        mine[spell.child].append(spell)
    return mine


# --- the measures, of the truth --------------------------------------------------------------------------------------


def true_referrals(folder: Path, year: Year) -> dict[str, Figure]:
    every = spells(folder, "referral", "referral_on", "closes_on", "path")
    came = [case for case in every if year.holds(case.starts_on)]
    mine = by_child(every)
    again = [
        case
        for case in came
        if any(before.starts_on < case.starts_on <= same_day(before.starts_on, 1) for before in mine[case.child])
    ]
    cases = [case for case in every if case.what != "no_further_action"]
    into_care = {(care.child, care.starts_on) for care in spells(folder, "care", "referral_on", "ends_on", "exit")}
    found = [case.what == "not_in_need" and (case.child, case.starts_on) not in into_care for case in cases]
    ended = [case for case, is_found in zip(cases, found, strict=True) if not is_found]
    # who is found not in need before 31 March was not in need; who is found so after it awaited assessment
    awaiting = [
        c for c, is_found in zip(cases, found, strict=True) if is_found and c.ends_on > dt.date(year.number, 3, 31)
    ]
    in_need = ended + awaiting
    still = [case for case in cases if year.ends_in(case)]
    return {
        "referrals": (len(came), None),
        "dfe_rereferral_12m": (len(again), len(came)),
        "cin_episodes_started": (sum(year.holds(case.starts_on) for case in in_need), None),
        "cin_episodes_ended": (sum(year.holds(case.ends_on) for case in ended), None),
        "cin_in_year": (children(case for case in in_need if year.touches(case)), None),
        "cin_at_31_march": (children(still), None),
        "cin_open_two_years": (children(case for case in still if year.is_two_years_at_end(case)), children(still)),
    }


def true_plans(folder: Path, year: Year) -> dict[str, Figure]:
    every = spells(folder, "plan", "starts_on", "ends_on", "class")
    mine = by_child(every)
    begun = [plan for plan in every if year.holds(plan.starts_on)]
    later = [plan for plan in begun if mine[plan.child][0].starts_on < plan.starts_on]
    ended = [plan for plan in every if year.holds(plan.ends_on)]
    long = [plan for plan in ended if same_day(plan.starts_on, 2) <= plan.ends_on]
    return {
        "cp_plans_started": (len(begun), None),
        "dfe_second_or_subsequent_plan": (len(later), len(begun)),
        "cp_plans_ended": (len(ended), None),
        "cp_plans_ended_after_two_years": (len(long), len(ended)),
        "on_cp_plan_in_year": (children(filter(year.touches, every)), None),
        "on_cp_plan_at_31_march": (children(filter(year.ends_in, every)), None),
    }


def true_care(folder: Path, year: Year) -> dict[str, Figure]:
    every = spells(folder, "care", "starts_on", "ends_on", "exit")
    mine = by_child(every)
    started = [care for care in every if year.holds(care.starts_on)]
    again = [
        care
        for care in started
        if any(before.ends_on <= care.starts_on <= same_day(before.ends_on, 1) for before in mine[care.child])
    ]
    return {
        "started_looked_after": (children(started), None),
        "started_looked_after_again_12m": (children(again), children(started)),
        "ceased_looked_after": (children(care for care in every if year.holds(care.ends_on)), None),
        "looked_after_in_year": (children(filter(year.touches, every)), None),
        "looked_after_at_31_march": (children(filter(year.ends_in, every)), None),
    }


def true_work(folder: Path, year: Year) -> dict[str, Figure]:
    papers = spells(folder, "assessment", "assessment_starts_on", "authorised_on", "class")
    done = [paper for paper in papers if year.holds(paper.ends_on)]
    enquiries = rows_of(folder, "enquiry")
    held = {(e["child_id"], e["conference_on"]) for e in enquiries if e["conference_on"]}
    return {
        "assessments_completed": (len(done), None),
        "assessments_within_45_working_days": (sum(working_days(paper) <= 45 for paper in done), len(done)),
        "section_47_enquiries": (sum(year.holds(day_of(e["starts_on"])) for e in enquiries), None),
        "initial_conferences": (sum(year.holds(day_of(on)) for _, on in held), None),
    }


def working_days(paper: Spell) -> int:
    """Days worked from the day after the start to the day it was authorised, counted one by one."""
    days = (paper.starts_on + dt.timedelta(n) for n in range(1, (paper.ends_on - paper.starts_on).days + 1))
    return sum(on.weekday() < 5 and on not in bank_holidays() for on in days)


@cache
def bank_holidays() -> frozenset[dt.date]:
    with (Path(careloom.__file__).parent / "catalogue" / "calendar" / "bank_holidays.csv").open(newline="") as file:
        return frozenset(day_of(row["on_day"]) for row in csv.DictReader(file))


def true_leaving(folder: Path, year: Year) -> dict[str, Figure]:
    ended = by_child(
        care for care in spells(folder, "care", "starts_on", "ends_on", "left") if year.holds(care.ends_on)
    )
    home = [mine[-1].what in ("home_planned", "home_unplanned") for mine in ended.values()]
    return {"ceased_returned_home": (sum(home), len(home))}


def true_missing(folder: Path, year: Year) -> dict[str, Figure]:
    incidents = list(filter(year.touches, spells(folder, "missing", "starts_on", "ends_on", "kind")))
    missing = [incident for incident in incidents if incident.what == "missing"]
    in_care = children(filter(year.touches, spells(folder, "care", "starts_on", "ends_on", "exit")))
    return {
        "missing_from_care": (children(missing), None),
        "missing_from_care_share": (children(missing), in_care),
        "missing_incidents": (len(missing), None),
        "away_without_authorisation": (children(i for i in incidents if i.what == "away"), None),
    }


@dataclass
class With:
    """With one carer, without a break, in one period of care; `came_to_adopters` when the child was placed to be adopted.

    Foster carers who go on to adopt are no new placement: theirs is the one before, which counts together with adoption.
    """

    starts_on: dt.date
    ends_on: dt.date
    carer: str
    came_to_adopters: bool


def lived(folder: Path) -> dict[tuple[str, str], list[With]]:
    """With whom each child lived in each period of care, in order."""
    found = defaultdict[tuple[str, str], list[With]](list)
    for row in rows_of(folder, "placement"):
        stays, to_adopters = found[row["child_id"], row["care_starts_on"]], row["type"] == "adoption"
        if stays and stays[-1].carer == row["carer"]:
            stays[-1].ends_on = day_of(row["ends_on"])
        else:
            stays.append(With(day_of(row["starts_on"]), day_of(row["ends_on"]), row["carer"], to_adopters))
    return found


def true_placements(folder: Path, year: Year) -> dict[str, Figure]:
    first_day, last_day = dt.date(year.number - 1, 4, 1), dt.date(year.number, 3, 31)
    born = {row["child_id"]: day_of(row["born_on"]) for row in rows_of(folder, "person")}
    every = lived(folder)
    still = [care for care in spells(folder, "care", "starts_on", "ends_on", "exit") if year.ends_in(care)]
    many, settled = 0, []
    for care in still:
        mine = [stay for (child, _), stays in every.items() if child == care.child for stay in stays]
        many += sum(stay.starts_on <= last_day and stay.ends_on > first_day for stay in mine) >= 3
        if same_day(born[care.child], 16) > last_day and care.starts_on <= dt.date(year.number - 3, 9, 30):
            upto = [s for s in every[care.child, care.starts_on.isoformat()] if s.starts_on <= last_day]
            since = upto[-2] if upto[-1].came_to_adopters and len(upto) > 1 else upto[-1]
            settled.append(same_day(since.starts_on, 2) <= last_day)
    return {
        "three_or_more_placements": (many, len(still)),
        "long_term_stability": (sum(settled), len(settled)),
    }


TRUE: tuple[Callable[[Path, Year], dict[str, Figure]], ...] = (
    *(true_referrals, true_work, true_plans),
    *(true_care, true_leaving, true_placements, true_missing),
)


def test_every_measure_is_judged_by_the_truth(folder: Path) -> None:
    judged = [name for of in TRUE for name in of(folder, Year(YEARS[-1]))]
    assert sorted(judged) == sorted(measure.name for measure in load_catalogue().measures)


def test_the_truth_has_some_of_all_that_is_measured(folder: Path) -> None:
    """Nought is found by whoever looks for nothing: over the years, each figure has something to count."""
    found = [item for number in YEARS for of in TRUE for item in of(folder, Year(number)).items()]
    counted = Counter[str]()
    for name, (number, _) in found:
        counted[name] += number
    assert min(counted.values()) >= 5, counted


def test_the_measures_are_those_of_the_truth(folder: Path, taken: Figures) -> None:
    for number in YEARS:
        for name, figure in [item for of in TRUE for item in of(folder, Year(number)).items()]:
            earlier = next(m.earlier_years for m in load_catalogue().measures if m.name == name)
            if number < YEARS[0] + earlier:
                assert (name, number) not in taken
            else:
                assert taken[name, number] == figure, f"{name} of {number}"


# --- with defects planted --------------------------------------------------------------------------------------------

ENDS_OF_CARE_MATTER = {
    "ceased_looked_after",
    "ceased_returned_home",
    "looked_after_at_31_march",
    "three_or_more_placements",
    "long_term_stability",
    "looked_after_in_year",
    "started_looked_after_again_12m",
    "missing_from_care_share",
}
"""Measures for which it matters when, or whether, a period of care ended."""

CLOSURES_MATTER = {"cin_episodes_ended", "cin_in_year", "cin_at_31_march", "cin_open_two_years"}
"""Measures for which it matters when a case was closed."""


@pytest.fixture(scope="module")
def planted(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Defect], Figures]:
    """The same returns with every defect that can be planted, fifteen of each breach of a rule, and what a run takes."""
    spoilt = tmp_path_factory.mktemp("spoilt") / "returns"
    shutil.copytree(folder, spoilt)
    return plant_defects(spoilt / "501", seed=5, per_rule=15, per_quirk=2), measure(spoilt)


def test_planted_defects_move_no_figure_without_a_reason(taken: Figures, planted: tuple[list[Defect], Figures]) -> None:
    """Of all that is planted, three things take away what no repair can bring back.

    An end of care without its day or its reason (rule 148) is no leaving, and without its day the child is in care on
    31 March: one child each, in the year of that return. An enquiry dated a day late (rule 8615) may fall into another
    year. A case whose closure no census tells is closed on its last assessment, or is taken to go on to that 31 March.
    Everything else is repaired, or touches nothing that is counted, so every other figure stays as it was.
    """
    defects, spoilt = planted
    assert len({defect.finds for defect in defects}) > 20
    assert set(spoilt) == set(taken)
    no_end = Counter(defect.year for defect in defects if defect.finds == "ssda903 148")
    enquiries = sum(defect.finds == "cin_census 8615" for defect in defects)
    closures = Counter(defect.year for defect in defects if defect.finds == "closures left out")
    assert sum(no_end.values()) == enquiries == 15
    assert sum(closures.values()) == 4
    moved = Counter[str]()
    for (name, year), (number, of) in taken.items():
        off = max(abs(spoilt[name, year][0] - number), abs((spoilt[name, year][1] or 0) - (of or 0)))
        may_be_off = no_end[year] if name in ENDS_OF_CARE_MATTER else enquiries if name == "section_47_enquiries" else 0
        if name in CLOSURES_MATTER:  # a case that goes on to 31 March ends, or is there, in the year that then begins
            may_be_off = closures[year] + closures[year - 1]
        assert off <= may_be_off, f"{name} of {year}"
        moved[name] = max(moved[name], off)
    print({name: off for name, off in moved.items() if off})
    moving = {"ceased_looked_after", "looked_after_at_31_march", "cin_episodes_ended", "cin_at_31_march"}
    assert {name for name, off in moved.items() if off} >= moving


def test_an_end_of_care_without_its_day_keeps_the_child_in_care_up_to_that_31_march(
    taken: Figures, planted: tuple[list[Defect], Figures]
) -> None:
    defects, spoilt = planted
    for year in YEARS:
        columns = Counter(d.column for d in defects if (d.finds, d.year) == ("ssda903 148", year))
        still = spoilt["looked_after_at_31_march", year][0] - taken["looked_after_at_31_march", year][0]
        gone = taken["ceased_looked_after", year][0] - spoilt["ceased_looked_after", year][0]
        assert (still, gone) == (columns["DEC"], columns["DEC"] + columns["REC"]), year


def test_a_case_whose_closure_was_left_out_is_open_on_the_31_march_of_its_last_census(
    taken: Figures, planted: tuple[list[Defect], Figures]
) -> None:
    """Without a reason too it ends in no year. With one it ends on its last assessment, or on the 1 April that follows."""
    defects, spoilt = planted
    left_out = [defect for defect in defects if defect.finds == "closures left out"]
    for_a_reason = Counter(defect.year for defect in left_out if "reason" in defect.what)
    never_again = Counter(defect.year for defect in left_out if "never again" in defect.what)
    assert for_a_reason.total() == never_again.total() == 2
    late = 0
    for year in YEARS:
        still = spoilt["cin_at_31_march", year][0] - taken["cin_at_31_march", year][0]
        fewer = taken["cin_episodes_ended", year][0] - spoilt["cin_episodes_ended", year][0]
        before, late = late, still - never_again[year]
        assert 0 <= late <= for_a_reason[year]
        assert fewer == never_again[year] + late - before
        assert spoilt["cin_episodes_started", year] == taken["cin_episodes_started", year]
