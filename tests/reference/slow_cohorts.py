"""Whole childhoods, made up one by one, and the slow count of what a window of a few years shows of them."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

YEAR = 365.25


@dataclass(frozen=True)
class Childhood:
    """One child: born on a day, with spells [starts, ends) in order, none open when another starts."""

    born: dt.date
    spells: tuple[tuple[dt.date, dt.date], ...]


def live(chance: random.Random, born: dt.date, first: list[float], open_days: float, again: list[float]) -> Childhood:
    """Draw one childhood. `first`: chance of a first contact at each age; `again`: yearly rate by years quiet, the last for ever."""
    spells: list[tuple[dt.date, dt.date]] = []
    for age, share in enumerate(first):
        if chance.random() < share:
            starts = birthday(born, age) + dt.timedelta(days=int(chance.random() * YEAR))
            while starts < birthday(born, 18):
                ends = starts + dt.timedelta(days=int(chance.expovariate(1 / open_days)))
                spells.append((starts, ends))
                starts = ends + dt.timedelta(days=1 + int(YEAR * wait(chance, again)))
            break
    return Childhood(born, tuple(spells))


def wait(chance: random.Random, again: list[float]) -> float:
    """Years quiet until the next contact."""
    left = chance.expovariate(1.0)
    for rate in again[:-1]:
        if left < rate:
            return (again[:-1].index(rate)) + left / rate
        left -= rate
    return len(again) - 1 + left / again[-1] if again[-1] else 1000.0


def birthday(born: dt.date, age: int) -> dt.date:
    """The birthday of that age; for 29 February, 1 March in other years."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return dt.date(born.year + age, 3, 1)


def whole_years(earlier: dt.date, later: dt.date) -> int:
    return later.year - earlier.year - ((later.month, later.day) < (earlier.month, earlier.day))


def first_shares(childhoods: Iterable[Childhood]) -> list[float]:
    """The truth: by each age, the share of all children who had a contact before the next birthday."""
    ages = [0] * 18
    everybody = 0
    for child in childhoods:
        everybody += 1
        if child.spells:
            ages[max(0, whole_years(child.born, child.spells[0][0]))] += 1
    return [sum(ages[: age + 1]) / everybody for age in range(18)]


# --- what a window shows, counted slowly -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """One spell as a return tells it."""

    spell_id: str
    person: str
    la: str
    contact: str
    starts: dt.date
    ends: dt.date | None
    start_reason: str | None


View = tuple[dt.date, dt.date]
Cells = Counter[tuple[object, ...]]


def count_slowly(
    told: list[Told], born: dict[str, dt.date | None], views: dict[tuple[str, str], View]
) -> tuple[Cells, Cells]:
    """Contacts by (contact, place, age, year in view, years quiet before, said), with the days beyond as `days`; quiet times."""
    contacts, quiet = Counter[tuple[object, ...]](), Counter[tuple[object, ...]]()
    lives: dict[tuple[str, str, str], list[Told]] = {}
    for each in told:
        view, day = views.get((each.contact, each.la)), born[each.person]
        if view is None or day is None or each.starts >= birthday(day, 18) or not is_seen(each, view):
            continue
        for place in (each.la, ""):
            lives.setdefault((each.contact, place, each.person), []).append(each)
    for (contact, place, person), spells in lives.items():
        day = born[person]
        assert day is not None
        spells.sort(key=lambda each: (each.starts, each.spell_id))
        since: dt.date | None = None
        for number, each in enumerate(spells):
            view = views[contact, each.la]
            if is_contact(each, view):
                gap = -1 if since is None else min(18, max(0, whole_years(since, each.starts)))
                cell = contact, place, max(0, whole_years(day, each.starts)), whole_years(view[0], each.starts), gap
                said = stated(each) if since is None else ""
                contacts[*cell, said] += 1
                if since is not None and since < each.starts:
                    contacts[*cell, said, "days"] += (each.starts - birthday(since, gap)).days
            ended = max(each.starts, min(each.ends or view[1], view[1]))
            since = ended if since is None else max(since, ended)
            after = spells[number + 1] if number + 1 < len(spells) else None
            until = min(view[1], birthday(day, 18))
            if since >= until or (after and after.starts < since):
                continue
            is_back = after is not None and after.starts < until and is_contact(after, views[contact, after.la])
            last = min(until, after.starts) if after else until
            quiet[contact, place, max(0, whole_years(day, since)), min(18, whole_years(since, last)), is_back] += 1
    return contacts, quiet


def is_seen(each: Told, view: View) -> bool:
    return each.starts < view[1] and (each.starts >= view[0] or each.ends is None or each.ends > view[0])


def is_contact(each: Told, view: View) -> bool:
    return each.starts >= view[0] and (each.contact != "care" or each.start_reason in (None, "S"))


def stated(each: Told) -> str:
    if each.contact != "cp_plan" or not each.start_reason:
        return ""
    return "first" if each.start_reason == "0" else "later"
