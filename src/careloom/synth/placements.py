"""A period of care told as SSDA903 episodes: a new one at each change of legal status, placement or carer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from careloom.synth.days import day
from careloom.synth.lives import ADOPTED, ADULT, ARRANGEMENTS, GUARDIANSHIP, HOME, RELATIVES

_SUPPORTED_FROM = day(2023, 10, 28)  # semi-independent placements (H5) become registered supported accommodation (K3)
_SGO_SPLIT_YEAR = 2019
_MOVES_PER_DAY = 1.2 / 365.25
_KIN, _FOSTER = ("U1", "U2", "U3"), ("U1", "U2", "U3", "U4", "U5", "U6")
_LONG_TERM = {"U3": "U1", "U6": "U4"}
# Shortest and longest stay; T3 covers the foster carer's holiday
_TEMPORARY_DAYS = {"T1": (2, 20), "T2": (3, 14), "T3": (3, 14), "T4": (2, 7)}
_PROVIDERS = {  # shares of PR1, PR2, PR3, PR4, PR5
    "kin": (1.0, 0.0, 0.0, 0.0, 0.0),
    "U": (0.62, 0.02, 0.0, 0.32, 0.04),
    "K": (0.2, 0.03, 0.0, 0.72, 0.05),
    "S": (0.05, 0.1, 0.0, 0.6, 0.25),
    "H": (0.1, 0.0, 0.0, 0.65, 0.25),
    "A": (0.9, 0.05, 0.0, 0.0, 0.05),
}
_REASONS = ("CARPL", "CREQB", "CREQO", "LAREQ", "CHILD", "STAND", "CLOSE", "OTHER")
_REASON_SHARES = (0.34, 0.16, 0.14, 0.12, 0.08, 0.03, 0.05, 0.08)


@dataclass(frozen=True)
class Period:
    """What is known of one period of care before its episodes are told; dates are day numbers."""

    starts_on: int
    ends_on: int
    kind: int
    born: int
    sixteen_on: int
    end_year: int  # collection year of the end
    is_disabled: bool
    is_uasc: bool
    home: str


@dataclass(frozen=True)
class Carer:
    """Where the child lives: placement type, provider, Ofsted number and postcode."""

    place: str
    provider: str
    urn: str
    postcode: str


@dataclass(frozen=True)
class Episode:
    """One SSDA903 episode; `change` is the reason for placement change that ends it."""

    starts_on: int
    reason_new: str
    legal: str
    carer: Carer
    ends_on: int
    reason_ceased: str
    change: str


def made_up_postcode(rng: np.random.Generator) -> str:
    """A postcode of the right shape in an area (ZZ) that no real place has."""
    district, sector, a, b = rng.integers([1, 1, 0, 0], [21, 10, 20, 20])
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    return f"ZZ{district} {sector}{letters[a]}{letters[b]}"


def tell_period(period: Period, rng: np.random.Generator) -> list[Episode]:
    """The episodes of one period of care, first to last, joined day to day."""
    legal = "V2" if period.is_uasc or (period.kind != ADOPTED and rng.random() < 0.55) else "C1"
    episodes = [Episode(period.starts_on, "S", legal, _first_carer(period, rng), period.ends_on, "", "")]
    for on, what in _turning_points(period, legal, rng):
        last = episodes[-1]
        if last.starts_on < on < period.ends_on:
            episodes.extend(_next(last, on, what, period, rng, episodes))
    return _join(episodes, period, rng)


def _turning_points(period: Period, legal: str, rng: np.random.Generator) -> list[tuple[int, str]]:
    """Days on which something may change, in order: orders of the court, moves, and the fixed dates of the law."""
    length = min(period.ends_on - period.starts_on, 18 * 366)
    points = _orders(period, legal, length, rng)
    # A child placed for adoption moves no more.
    movable = int(length * 0.5) if period.kind == ADOPTED else length
    for offset in rng.integers(1, max(movable, 2), size=rng.poisson(movable * _MOVES_PER_DAY)):
        points.append((period.starts_on + int(offset), rng.choice(["move", "settle", "away"], p=[0.6, 0.15, 0.25])))
    if not period.is_uasc and rng.random() < 0.5:
        points.append((period.sixteen_on + int(rng.integers(30, 500)), "independent"))
    points.append((_SUPPORTED_FROM, "registered"))
    return sorted(points)


def _orders(period: Period, legal: str, length: int, rng: np.random.Generator) -> list[tuple[int, str]]:
    starts = period.starts_on
    if period.kind == ADOPTED:
        matched = starts + int(length * rng.uniform(0.65, 0.75))
        return [(starts + int(length * rng.uniform(0.4, 0.5)), "E1"), (matched, "adopters")]
    if legal == "C1":
        return [
            (
                starts + int(rng.integers(150, 240)),
                rng.choice(["C2", "C2 and move", "C2 and settle"], p=[0.7, 0.15, 0.15]),
            )
        ]
    if period.is_uasc or period.kind == HOME or rng.random() < 0.5:
        return []
    return [(starts + int(rng.integers(30, 120)), "C1"), (starts + int(rng.integers(200, 320)), "C2")]


def _next(
    last: Episode, on: int, what: str, period: Period, rng: np.random.Generator, told: list[Episode]
) -> list[Episode]:
    """The episode or two that a turning point brings, or none when it does not apply."""
    legal, carer, new = last.legal, last.carer, Episode(on, "", last.legal, last.carer, period.ends_on, "", "")
    if what == "registered":
        stays = carer.place != "H5"
        return [] if stays else [replace(new, reason_new="T", carer=replace(carer, place="K3", urn=_urn(rng)))]
    if what == "adopters":
        return [_adopters(new, carer, rng)]
    if what == "away":
        return _away(new, carer, period, told, rng)
    order = what.split(" ")[0]
    if order in ("C1", "C2", "E1"):
        legal = order
    moved = _moved(what, on, carer, period, rng)
    reason = {(True, ""): "L", (True, "P"): "B", (True, "T"): "U", (False, "P"): "P", (False, "T"): "T"}
    kind = "" if moved is carer else "T" if moved.postcode == carer.postcode else "P"
    changed = legal != last.legal
    return [replace(new, reason_new=reason[changed, kind], legal=legal, carer=moved)] if changed or kind else []


def _moved(what: str, on: int, carer: Carer, period: Period, rng: np.random.Generator) -> Carer:
    """Where the child lives after the turning point; the same object when nothing changes."""
    if what.endswith("settle"):
        return replace(carer, place=_LONG_TERM[carer.place]) if carer.place in _LONG_TERM else carer
    if what.endswith("move"):
        return _carer(_place(period, on, rng), on, rng)
    if what == "independent" and carer.place not in ("H5", "K3"):
        return _carer("H5", on, rng)
    return carer


def _adopters(new: Episode, carer: Carer, rng: np.random.Generator) -> Episode:
    """Placed for adoption: with the current foster carer (same carer, T) or with new people (P)."""
    if carer.place in _FOSTER and rng.random() < 0.15:
        return replace(new, reason_new="T", carer=replace(carer, place="A5"))
    return replace(new, reason_new="P", carer=_carer("A6", new.starts_on, rng))


def _away(new: Episode, carer: Carer, period: Period, told: list[Episode], rng: np.random.Generator) -> list[Episode]:
    """A temporary stay elsewhere and the return to the same carer; one in a period of care, never at its end."""
    place = str(rng.choice([t for t in _TEMPORARY_DAYS if t != "T3" or carer.place in _FOSTER]))
    back = new.starts_on + int(rng.integers(*_TEMPORARY_DAYS[place]))
    if back >= period.ends_on or any(e.carer.place.startswith("T") for e in told):
        return []
    there = replace(new, reason_new="P", carer=Carer(place, "", "", made_up_postcode(rng)))
    return [there, replace(new, starts_on=back, reason_new="P", carer=carer)]


def _first_carer(period: Period, rng: np.random.Generator) -> Carer:
    if period.is_uasc and period.starts_on >= period.sixteen_on:
        return _carer("H5", period.starts_on, rng)
    place = "U6" if period.kind == ADOPTED else _place(period, period.starts_on, rng)
    return _carer(place, period.starts_on, rng)


def _place(period: Period, on: int, rng: np.random.Generator) -> str:
    """A placement type by age; kept to foster care on the way to adoption."""
    age = (on - period.born) // 365
    if period.kind == ADOPTED or age < 8:
        return str(rng.choice(["U6", "U3"], p=[0.9, 0.1] if period.kind == ADOPTED else [0.72, 0.28]))
    if period.is_disabled and rng.random() < 0.15:
        return "S1"
    if on >= period.sixteen_on and rng.random() < 0.35:
        return "H5"
    return str(rng.choice(["U6", "U3", "K2"], p=[0.6, 0.15, 0.25]))


def _carer(place: str, on: int, rng: np.random.Generator) -> Carer:
    """A carer nobody has met before."""
    if place == "H5" and on >= _SUPPORTED_FROM:
        place = "K3"
    sort = "kin" if place in _KIN else "H" if place in ("H5", "K3") else place[0]
    provider = rng.choice(["PR1", "PR2", "PR3", "PR4", "PR5"], p=_PROVIDERS[sort])
    return Carer(place, str(provider), "" if place == "H5" else _urn(rng), made_up_postcode(rng))


def _urn(rng: np.random.Generator) -> str:
    return f"SC{rng.integers(10**5, 10**6)}"


def _join(episodes: list[Episode], period: Period, rng: np.random.Generator) -> list[Episode]:
    """End each episode where the next begins, with X1, and the last with the reason for leaving care."""
    joined = []
    for this, after in pairwise(episodes):
        moved = after.reason_new in "PTBU" and not (this.carer.place + after.carer.place).count("T")
        joined.append(
            replace(this, ends_on=after.starts_on, reason_ceased="X1", change=_change(after, rng) if moved else "")
        )
    return [*joined, replace(episodes[-1], reason_ceased=_reason_left(period, episodes[-1].carer.place, rng))]


def _change(after: Episode, rng: np.random.Generator) -> str:
    if after.reason_new in "TU":
        return "PLACE"
    return "CARPL" if after.carer.place.startswith("A") else str(rng.choice(_REASONS, p=_REASON_SHARES))


def _reason_left(period: Period, place: str, rng: np.random.Generator) -> str:
    """REC of the last episode, as that year's list has it."""
    if period.kind == HOME:
        return "E4A" if rng.random() < 0.85 else "E4B"
    if period.kind == GUARDIANSHIP:
        return _guardianship(period, place)
    if period.kind == ADOPTED:
        return "E12" if rng.random() < 0.85 else "E11"
    if period.kind == ADULT:
        return _reason_at_18(period, place, rng)
    return {RELATIVES: "E13", ARRANGEMENTS: "E41"}[period.kind]


def _guardianship(period: Period, place: str) -> str:
    if period.end_year < _SGO_SPLIT_YEAR:
        return "E43" if place in _FOSTER else "E44"
    return "E45" if place in _KIN else "E46" if place in _FOSTER else "E47"


def _reason_at_18(period: Period, place: str, rng: np.random.Generator) -> str:
    if place in _FOSTER and rng.random() < 0.5:
        return "E17"
    if period.is_disabled and rng.random() < 0.3:
        return "E7"
    return "E5" if rng.random() < 0.85 else "E6"
