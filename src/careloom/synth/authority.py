"""One made-up authority: its children, what happened to them, the returns it sent, and the truth kept aside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from careloom.core import OutputError
from careloom.synth.cin_census import gather, write_census
from careloom.synth.days import Days, Flags, birthday, collection_year, iso, year_ends, year_starts
from careloom.synth.lives import HOME, NFA, Lives, Referrals, Spells, live
from careloom.synth.paperwork import write_up
from careloom.synth.people import People, draw_people
from careloom.synth.placements import Period, made_up_postcode, tell_period
from careloom.synth.plan import CLASSES
from careloom.synth.ssda903 import CarePeriod, draw_reviews, write_returns
from careloom.synth.truth import write_truth

_STOCK_DAYS = 365  # first referrals begin this long before the window, so that it opens with cases under way
_KNOWN_YEARS = (2016, 2026)


@dataclass(frozen=True)
class AuthorityMade:
    """What was written. Counts are of the period of the study: closures, plans ended and returns home within it,
    and how many of each were followed, within it, by the event that the outcome waits for."""

    out: Path
    study: Path
    children: int
    looked_after: int
    referrals: int
    assessments: int
    closures: int
    re_referrals: int
    plans_ended: int
    repeat_plans: int
    returns_home: int
    re_entries: int


def make_authority(
    out: Path,
    *,
    children: int = 6000,
    years: tuple[int, int] = (2016, 2024),
    seed: int = 2,
    authority: str = "998",
    name: str = "Careloom-on-Sea",
) -> AuthorityMade:
    """Write the SSDA903 returns and CIN censuses of one made-up authority, a study file, and the truth aside.

    children : how many appear in the returns
    years : first and last collection year; the default goes past 2022, when child in need plans were first returned
    seed : the same seed writes the same bytes (with the same version of NumPy)
    authority : three digits; 998 is no real authority

    Writes ssda903/YEAR/*.csv, cin_census/cin_YEAR.xml, study.toml and truth/*.csv under `out`.
    Raises ValueError for years outside 2016 to 2026, no children, or an authority that is not three digits, and
    OutputError when `out` holds files that were not made here, which are never written over.
    """
    _check(children, years, authority)
    _check_ours(out)
    first_day, last_day = year_starts(years[0]), year_ends(years[1])
    rng = np.random.default_rng(seed)
    people, lives = make_lives(children, first_day, last_day, authority, rng)
    papers = write_up(people, lives, rng)
    cases, periods = gather(people, lives, papers, rng), _tell_care(people, lives, rng)
    for year in range(years[0], years[1] + 1):
        write_returns(out / "ssda903" / str(year), year, people, periods, rng)
        write_census(out / "cin_census" / f"cin_{year}.xml", year, authority, people, cases)
    write_truth(out / "truth", people, lives, papers.assessments, last_day)
    study = out / "study.toml"
    study.write_text(_study(name, authority, years), encoding="utf-8", newline="\n")
    done = int(((papers.assessments.ends_on >= first_day) & (papers.assessments.ends_on <= last_day)).sum())
    return AuthorityMade(out, study, len(people), assessments=done, **_counts(lives, first_day, last_day))


def _check(children: int, years: tuple[int, int], authority: str) -> None:
    if children < 1:
        raise ValueError("children: write a number of 1 or more")
    if not _KNOWN_YEARS[0] <= years[0] <= years[1] <= _KNOWN_YEARS[1]:
        raise ValueError(f"years: write a first and a last year between {_KNOWN_YEARS[0]} and {_KNOWN_YEARS[1]}")
    if not (len(authority) == 3 and authority.isascii() and authority.isdigit()):
        raise ValueError('authority: write three digits, such as "998"')


def _check_ours(out: Path) -> None:
    if out.exists() and any(out.iterdir()) and not (out / "truth" / "hazards.csv").exists():
        raise OutputError(f"{out}: this holds files that synth did not make; name another folder with --out")


def make_lives(
    children: int, first_day: int, last_day: int, authority: str, rng: np.random.Generator
) -> tuple[People, Lives]:
    """The lives of exactly `children` children whose cases are open, or referred, between two days.

    Some cases end before the window opens; more children are lived than asked for, and those never seen are left out.
    """
    drawn = children + children // 5 + 50
    people = draw_people(drawn, first_day - _STOCK_DAYS, last_day, authority, rng)
    lives = live(people, last_day, rng)
    seen = np.zeros(drawn, dtype=bool)
    seen[lives.referrals.child[lives.referrals.closes_on >= first_day]] = True
    kept = np.zeros(drawn, dtype=bool)
    kept[np.flatnonzero(seen)[:children]] = True
    return People(**{key: column[kept] for key, column in vars(people).items()}), _only(lives, kept)


def _only(lives: Lives, kept: Flags) -> Lives:
    """The lives of some of the children, rows numbered anew."""
    cases = lives.referrals
    new_child: Days = np.cumsum(kept) - 1
    kept_case: Flags = kept[cases.child]
    new_case: Days = np.cumsum(kept_case) - 1

    def spells(theirs: Spells) -> Spells:
        mine = Spells(*(column[kept[theirs.child]] for column in vars(theirs).values()))
        return Spells(new_child[mine.child], new_case[mine.referral], mine.starts_on, mine.ends_on, mine.kind)

    referrals = {key: column[kept_case] for key, column in vars(cases).items()}
    referrals["child"] = new_child[referrals["child"]]
    return Lives(Referrals(**referrals), spells(lives.plans), spells(lives.care), lives.leaves_on[kept])


def _tell_care(people: People, lives: Lives, rng: np.random.Generator) -> list[CarePeriod]:
    """Every period of care as episodes and reviews, in order of child and date."""
    care, told = lives.care, []
    homes = [made_up_postcode(rng) for _ in range(len(people))]
    sixteen, end_years = birthday(people.born, 16), collection_year(care.ends_on)
    disabled = np.asarray(people.disabilities.any(axis=1))
    for i in np.lexsort((care.starts_on, care.child)).tolist():
        child, starts, ends = int(care.child[i]), int(care.starts_on[i]), int(care.ends_on[i])
        is_uasc = bool(people.is_uasc[child])
        home = "" if is_uasc else homes[child]
        born, at_16 = int(people.born[child]), int(sixteen[child])
        period = Period(
            starts, ends, int(care.kind[i]), born, at_16, int(end_years[i]), bool(disabled[child]), is_uasc, home
        )
        need = "N8" if is_uasc else CLASSES[people.need[child]].need_code
        told.append(CarePeriod(child, need, home, tell_period(period, rng), draw_reviews(starts, ends, rng)))
    return told


def _counts(lives: Lives, first_day: int, last_day: int) -> dict[str, int]:
    cases, plans, care = lives.referrals, lives.plans, lives.care

    def within(on: Days) -> Flags:
        return (on >= first_day) & (on <= last_day)

    closed = within(cases.closes_on) & (cases.path != NFA)
    ended, home = within(plans.ends_on), within(care.ends_on) & (care.kind == HOME)
    looked_after = care.child[(care.starts_on <= last_day) & (care.ends_on >= first_day)]
    return {
        "looked_after": np.unique(looked_after).size,
        "referrals": int(within(cases.starts_on).sum()),
        "closures": int(closed.sum()),
        "re_referrals": _followed(cases.child, cases.starts_on, closed, last_day),
        "plans_ended": int(ended.sum()),
        "repeat_plans": _followed(plans.child, plans.starts_on, ended, last_day),
        "returns_home": int(home.sum()),
        "re_entries": _followed(care.child, care.starts_on, home, last_day),
    }


def _followed(child: Days, starts: Days, counted: Flags, last_day: int) -> int:
    """How many of the counted rows have a later row of the same child that starts by the last day."""
    order = np.lexsort((starts, child))
    child, starts, counted = child[order], starts[order], counted[order]
    again = (child[1:] == child[:-1]) & (starts[1:] <= last_day)
    return int((again & counted[:-1]).sum())


def _study(name: str, authority: str, years: tuple[int, int]) -> str:
    """The study file for the main job; paths are relative to it."""
    first, last = years
    lines = [
        "[study]",
        f"name = {json.dumps(name, ensure_ascii=False)}",
        f"from = {iso(year_starts(first))}",
        f"to = {iso(year_ends(last))}",
        'out = "results"',
        "",
    ]
    for year in range(first, last + 1):
        lines += ["[[delivery]]", 'return = "ssda903"', f'authority = "{authority}"']
        lines += [f"year = {year}", f'files = ["ssda903/{year}/*.csv"]', ""]
    lines += ["[[delivery]]", 'return = "cin_census"', f'authority = "{authority}"', 'files = ["cin_census/*.xml"]', ""]
    lines += ["[typology]", "most_classes = 7", "starts = 20", "seed = 1", ""]
    lines += ["[outcomes]", 'questions = ["re_referral", "repeat_plan", "re_entry"]', ""]
    lines += ["[costs]", f"from = {iso(year_starts(last))}", f"to = {iso(year_ends(last))}", 'prices = "illustrative"']
    return "\n".join([*lines, ""])
