"""SSDA903 returns as CSV: each year holds every child looked after at any time in it, as known on 31 March."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from careloom.synth.days import Days, birthday, dmy, year_ends, year_starts
from careloom.synth.people import People
from careloom.synth.placements import Episode

COLUMNS = {
    "header": "CHILD SEX DOB ETHNIC UPN MOTHER MC_DOB",
    "episodes": "CHILD DECOM RNE LS CIN PLACE PLACE_PROVIDER DEC REC REASON_PLACE_CHANGE HOME_POST PL_POST URN",
    "reviews": "CHILD DOB REVIEW REVIEW_CODE",
    "uasc": "CHILD SEX DOB DUC",
    "oc2": "CHILD DOB SDQ_SCORE SDQ_REASON CONVICTED HEALTH_CHECK IMMUNISATIONS TEETH_CHECK HEALTH_ASSESSMENT"
    " SUBSTANCE_MISUSE INTERVENTION_RECEIVED INTERVENTION_OFFERED",
}
_LETTERS_FOR_SEX_FROM = 2025
_SCHOOL_AGE = 5
Row = tuple[str, ...]


@dataclass(frozen=True)
class CarePeriod:
    """One period of care ready to be returned: the child's row, episodes in order and review days."""

    child: int
    need_code: str
    home: str
    episodes: list[Episode]
    reviews: list[int]

    @property
    def starts_on(self) -> int:
        return self.episodes[0].starts_on

    @property
    def ends_on(self) -> int:
        return self.episodes[-1].ends_on


def draw_reviews(starts_on: int, ends_on: int, rng: np.random.Generator) -> list[int]:
    """Statutory reviews: within 20 working days, again within 3 months, then within every 6 months."""
    days, on = [], starts_on + int(rng.integers(14, 29))
    while on < ends_on:
        days.append(on)
        on += int(rng.integers(75, 92)) if len(days) == 1 else int(rng.integers(160, 184))
    return days


def upn_at(people: People, child: int, started_school: Days, on: int) -> str:
    """The UPN once the child is of school age, else why there is none."""
    if people.is_uasc[child]:
        return "UN2"
    return str(people.upn[child]) if started_school[child] <= on else "UN1"


def started_school(people: People) -> Days:
    """The fifth birthday, from which a pupil number is known."""
    return birthday(people.born, _SCHOOL_AGE)


def write_returns(folder: Path, year: int, people: People, periods: list[CarePeriod], rng: np.random.Generator) -> None:
    """Write the five files of one collection year into `folder`."""
    starts, ends = year_starts(year), year_ends(year)
    current = [p for p in periods if p.starts_on <= ends and p.ends_on >= starts]
    children = sorted({p.child for p in current}, key=lambda c: str(people.child_id[c]))
    schooled, adult = started_school(people), people.adult
    tables: dict[str, list[Row]] = {
        "header": [_header(people, c, schooled, year) for c in children],
        "episodes": sorted(
            _episodes(people, current, starts, ends), key=lambda r: (r[0], r[1][6:], r[1][3:5], r[1][:2])
        ),
        "reviews": [r for p in current for r in _reviews(people, p, starts, ends, rng)],
        "uasc": [_uasc(people, c, adult, year) for c in children if people.is_uasc[c]],
        "oc2": [
            _oc2(people, p.child, year, rng) for p in current if p.starts_on <= year_ends(year - 1) and p.ends_on > ends
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        _write(folder / f"{name}.csv", COLUMNS[name].split(), rows)


def _write(path: Path, columns: list[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _sex(people: People, child: int, year: int) -> str:
    male = bool(people.is_male[child])
    return ("M" if male else "F") if year >= _LETTERS_FOR_SEX_FROM else ("1" if male else "2")


def _header(people: People, child: int, schooled: Days, year: int) -> Row:
    upn = upn_at(people, child, schooled, year_ends(year))
    mother = "" if people.is_male[child] else "0"
    return (
        str(people.child_id[child]),
        _sex(people, child, year),
        dmy(int(people.born[child])),
        str(people.ethnicity[child]),
        upn,
        mother,
        "",
    )


def _episodes(people: People, periods: list[CarePeriod], starts: int, ends: int) -> Iterable[Row]:
    for period in periods:
        for e in period.episodes:
            if e.starts_on <= ends and e.ends_on >= starts:
                over = e.ends_on <= ends
                ended = (dmy(e.ends_on), e.reason_ceased, e.change) if over else ("", "", "")
                where = (period.home, e.carer.postcode, e.carer.urn)
                what = (e.reason_new, e.legal, period.need_code, e.carer.place, e.carer.provider)
                yield (str(people.child_id[period.child]), dmy(e.starts_on), *what, *ended, *where)


def _reviews(people: People, period: CarePeriod, starts: int, ends: int, rng: np.random.Generator) -> Iterable[Row]:
    born = int(people.born[period.child])
    fourth = int(birthday(np.array([born]), 4)[0])
    for on in period.reviews:
        if starts <= on <= ends:
            code = (
                "PN0"
                if on < fourth
                else f"PN{rng.choice([1, 2, 3, 4, 5, 6, 7], p=[0.5, 0.05, 0.03, 0.05, 0.07, 0.2, 0.1])}"
            )
            yield (str(people.child_id[period.child]), dmy(born), dmy(on), code)


def _uasc(people: People, child: int, adult: Days, year: int) -> Row:
    ceased = dmy(int(adult[child])) if adult[child] <= year_ends(year) else ""
    return (str(people.child_id[child]), _sex(people, child, year), dmy(int(people.born[child])), ceased)


def _oc2(people: People, child: int, year: int, rng: np.random.Generator) -> Row:
    """Outcomes of a child looked after throughout the year, each item only at the ages that are asked for."""
    born = people.born[[child]]
    turned = {age: int(birthday(born, age)[0]) for age in (4, 5, 10, 17)}
    starts, ends = year_starts(year), year_ends(year)
    score, reason = "", ""
    if turned[4] <= ends and turned[17] > starts:
        score = str(rng.binomial(40, 0.35)) if rng.random() < 0.8 else ""
        reason = "" if score else str(rng.choice(["SDQ2", "SDQ3", "SDQ4", "SDQ5"]))
    convicted = str(int(rng.random() < 0.04)) if turned[10] <= ends else ""
    checked = str(int(rng.random() < 0.9)) if turned[5] > ends else ""
    health = tuple(str(int(rng.random() < p)) for p in (0.88, 0.85, 0.92))
    misuse = turned[10] <= ends and rng.random() < 0.06
    received = str(int(rng.random() < 0.5)) if misuse else ""
    offered = str(int(rng.random() < 0.7)) if received == "0" else ""
    known = (str(people.child_id[child]), dmy(int(born[0])))
    return (*known, score, reason, convicted, checked, *health, str(int(misuse)), received, offered)
