"""Costing done the slow, obvious way: live through every child's days one at a time, and write down the work done.

It reads SSDA903 episodes, not spells, and was written from the method's text without looking at the room's SQL.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

ONE_DAY = timedelta(days=1)
TEMPORARY = ("T0", "T1", "T2", "T3", "T4")
REVIEWS_DUE = {28, *range(28 + 91, 8000, 182)}
ORDERS = {"C1": "interim care order", "C2": "full care order", "E1": "placement order"}
DESTINATIONS = {
    "home": ("E4A", "E4B", "E13"),
    "adoption": ("E11", "E12"),
    "guardianship": ("E41", "E43", "E44", "E45", "E46", "E47", "E48"),
    "adulthood": ("E5", "E6", "E7", "E17"),
    "other": ("E8", "E9", "E14", "E15", "E16", ""),
}


@dataclass(frozen=True)
class Episode:
    """One SSDA903 episode; blanks are empty texts. `change` is REASON_PLACE_CHANGE."""

    decom: date
    dec: date | None
    rne: str
    rec: str
    ls: str
    place: str
    provider: str
    change: str = ""


@dataclass(frozen=True)
class Child:
    person_id: str
    la: str
    born_on: date
    episodes: tuple[Episode, ...]
    reviews: tuple[date, ...]


class Work(NamedTuple):
    """One piece of work on one day, borne by the stretch of placement that began on `segment`."""

    person_id: str
    segment: date
    placement_code: str
    process: str
    element: str
    variation: str
    is_imputed: bool


@dataclass
class Now:
    """What is so for a child today."""

    in_care: bool = False
    since: date = date.min
    placed_since: date = date.min
    segment: date = date.min
    place: tuple[str, str] = ("", "")
    away: bool = False
    legal_status: str = ""
    reviews: int = 0
    has_passed_to_leaving_care: bool = False
    last_change: str = ""
    done: list[tuple[int, str, str, bool]] = field(default_factory=list)

    def do(self, process: int, element: str, variation: str = "", is_imputed: bool = False) -> None:
        self.done.append((process, element, variation, is_imputed))


def slow_costs(children: Sequence[Child], first_day: date, end_day: date) -> Counter[Work]:
    """Count every piece of work of [first_day, end_day); a night is a piece of work too."""
    with_reviews = {child.la for child in children if child.reviews}
    return Counter(
        work
        for child in children
        for day, work in live(child, end_day, imputes=child.la not in with_reviews)
        if day >= first_day
    )


def live(child: Child, end_day: date, imputes: bool) -> Iterator[tuple[date, Work]]:
    now, day = Now(), child.episodes[0].decom
    while day < end_day:
        yield from ((day, work) for work in live_a_day(child, now, day, imputes))
        day += ONE_DAY


def live_a_day(child: Child, now: Now, day: date, imputes: bool) -> Iterator[Work]:
    left_today = False
    for episode in child.episodes:
        if episode.dec == day:
            now.last_change = episode.change
            if episode.rec != "X1":
                left_today, now.in_care = True, False
                leave(now, episode.rec)
    yield from written_down(child, now)
    for episode in child.episodes:
        if episode.decom == day:
            begin(now, episode, day)
    if now.in_care and not now.has_passed_to_leaving_care and day >= month_of_sixteenth_birthday(child.born_on):
        now.has_passed_to_leaving_care = True
        now.do(8, "transition to leaving care")
    if (now.in_care or left_today) and day in child.reviews:
        review(now, is_imputed=False)
    if now.in_care and imputes and (day - now.since).days in REVIEWS_DUE:
        review(now, is_imputed=True)
    if now.in_care:
        settled = (day - now.placed_since).days >= 91
        now.do(3, "support once settled" if settled else "support while settling")
        now.do(3, "placement fee")
    yield from written_down(child, now)


def written_down(child: Child, now: Now) -> Iterator[Work]:
    for process, element, variation, is_imputed in now.done:
        yield Work(
            child.person_id, now.segment, cost_code(*now.place), f"LAC {process}", element, variation, is_imputed
        )
    now.done.clear()


def leave(now: Now, rec: str) -> None:
    if rec not in ("E2", "E3"):
        destination = next(name for name, codes in DESTINATIONS.items() if rec in codes)
        now.do(4, "leaving care", destination, is_imputed=rec == "")


def begin(now: Now, episode: Episode, day: date) -> None:
    here = (episode.place, episode.provider)
    came_in = not now.in_care
    if came_in:
        now.in_care, now.since, now.legal_status, now.reviews, now.away = True, day, "", 0, False
        now.placed_since, now.segment, now.place = day, day, here
    if episode.rne == "S":
        now.do(1, "decision and first placement")
        now.do(2, "first care plan")
    if episode.rne in ("P", "B"):
        move(now, episode, here, day, came_in)
    if episode.rne in ("T", "U") and here != now.place:
        now.segment, now.place = day, here
    # The first episode returned may begin with a move of placement alone: its legal status is older than the record.
    known_before = came_in and episode.rne in ("P", "T")
    if episode.ls != now.legal_status and not known_before:
        if episode.ls in ORDERS:
            now.do(7, ORDERS[episode.ls])
        elif episode.ls[0] in "JL":
            now.do(7, "other order")
    now.legal_status = episode.ls


def move(now: Now, episode: Episode, here: tuple[str, str], day: date, came_in: bool) -> None:
    if episode.place in TEMPORARY:
        now.away = True
    elif now.away:
        now.away = False
    else:
        now.placed_since, now.segment, now.place = day, day, here
        if came_in or now.last_change != "PLACE":
            now.do(5, "new placement found")


def review(now: Now, is_imputed: bool) -> None:
    now.reviews += 1
    now.do(6, "review", is_imputed=is_imputed)
    if now.reviews >= 2:
        now.do(2, "care plan revised", is_imputed=is_imputed)


def month_of_sixteenth_birthday(born_on: date) -> date:
    return date(born_on.year + 16, born_on.month, 1)


def cost_code(place: str, provider: str) -> str:
    """Section by section of the method's table: type of placement first, then who provides it."""
    own, agency = provider in ("PR1", "PR2", "PR3"), provider in ("PR4", "PR5")
    if place in ("U4", "U5", "U6"):
        return "la_foster" if own else "ifa_foster" if agency else "other"
    if place == "K2":
        return "childrens_home_own" if own else "childrens_home_agency" if agency else "other"
    if place in ("U1", "U2", "U3"):
        return "kin_foster"
    if place[0] == "A":
        return "placed_for_adoption"
    known = {
        "K1": "secure",
        "R5": "custody",
        "P1": "with_parents",
        "H5": "supported_accommodation",
        "R1": "residential_other",
    }
    return known.get(place, "other")


def slow_price(sheet: Path, work: Work) -> Decimal:
    """GBP for one event or night, to a millionth: the row with both keys, else one of them, else neither."""
    with sheet.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if (row["process"], row["element"]) == (work.process, work.element)]
    for keys in ((work.placement_code, work.variation), (work.placement_code, ""), ("", work.variation), ("", "")):
        for row in rows:
            if (row["placement_code"], row["variation"]) == keys:
                hours, rate, fixed = (Decimal(row[name] or 0) for name in ("hours", "hourly_rate", "fixed"))
                amount = hours * rate + fixed
                return (amount / 7 if row["unit"] == "week" else amount).quantize(Decimal("0.000001"))
    raise LookupError("no price")
