"""The children of the made-up authority: who they are, and when they first come to notice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.synth.days import Days, Flags, birthday
from careloom.synth.plan import CLASSES, DISABILITIES, ETHNICITY

UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
_ID_SYMBOLS = np.array(list("BCDFGHJKLMNPQRSTVWXZ23456789"))  # no vowels, so no words; nothing that reads as a number
_ID_LENGTH = 9

# First referral falls this many days after birth, by the age groups of NeedClass.ages
_AGE_DAYS = ((-200, -13), (0, 365), (366, 1826), (1827, 3652), (3653, 5843), (5844, 6500))
_UASC_DAYS = (5660, 6450)


@dataclass(frozen=True)
class People:
    """One row per child; dates are day numbers. `due` is the expected date of birth, some days off from `born`."""

    child_id: NDArray[np.str_]
    upn: NDArray[np.str_]
    need: NDArray[np.int64]  # position in CLASSES
    is_male: Flags
    is_uasc: Flags
    born: Days
    due: Days
    first_referred: Days
    ethnicity: NDArray[np.str_]
    disabilities: Flags  # child x DISABILITIES

    def __len__(self) -> int:
        return len(self.born)

    @property
    def adult(self) -> Days:
        """The 18th birthday, on which observation ends."""
        return birthday(self.born, 18)


def check_letter(digits: NDArray[np.int64]) -> NDArray[np.str_]:
    """The UPN's first letter from its twelve digits: weights 2 to 13, remainder by 23."""
    letters: NDArray[np.str_] = np.array(list(UPN_LETTERS))[(digits * np.arange(2, 14)).sum(axis=1) % 23]
    return letters


def draw_people(count: int, first_day: int, last_day: int, authority: str, rng: np.random.Generator) -> People:
    """Draw `count` children first referred between two days, classes and ages as planned."""
    need = rng.choice(len(CLASSES), size=count, p=[c.share for c in CLASSES])
    is_male = rng.random(count) < np.array([c.male for c in CLASSES])[need]
    is_uasc = rng.random(count) < np.array([c.factors.get("9A", 0.0) for c in CLASSES])[need]
    first_referred = rng.integers(first_day, last_day + 1, size=count)
    born = first_referred - _draw_age(need, is_uasc, rng)
    return People(
        child_id=_draw_ids(count, rng),
        upn=_draw_upns(born, authority, rng),
        need=need,
        is_male=is_male,
        is_uasc=is_uasc,
        born=born,
        due=born + rng.integers(-10, 11, size=count),
        first_referred=first_referred,
        ethnicity=_draw_ethnicity(is_uasc, rng),
        disabilities=_draw_disabilities(need, rng),
    )


def _draw_age(need: Days, is_uasc: Flags, rng: np.random.Generator) -> Days:
    """Age in days at first referral; negative before birth."""
    upto = np.cumsum([c.ages for c in CLASSES], axis=1)
    group = (rng.random(need.size)[:, None] > upto[need]).sum(axis=1).clip(max=len(_AGE_DAYS) - 1)
    low, high = np.array(_AGE_DAYS).T
    low, high = np.where(is_uasc, _UASC_DAYS[0], low[group]), np.where(is_uasc, _UASC_DAYS[1], high[group])
    return rng.integers(low, high)


def _draw_ids(count: int, rng: np.random.Generator) -> NDArray[np.str_]:
    """Opaque identifiers, all different."""
    ids = np.empty(0, dtype=f"U{_ID_LENGTH + 1}")
    while np.unique(ids).size < count:
        symbols = _ID_SYMBOLS[rng.integers(0, _ID_SYMBOLS.size, size=(count, _ID_LENGTH))]
        ids = np.char.add("K", np.array(["".join(row) for row in symbols]))
    return ids


def _draw_upns(born: Days, authority: str, rng: np.random.Generator) -> NDArray[np.str_]:
    """Permanent pupil numbers: check letter, authority, year of starting school, and a number used once."""
    school_year = born.astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970 + 5
    # The multiplier shares no factor with ten million, so no number comes twice.
    serial = (int(rng.integers(10**7)) + 7_654_321 * np.arange(born.size)) % 10**7
    text = [f"{authority}{year % 100:02d}{number:07d}" for year, number in zip(school_year, serial, strict=True)]
    digits = np.array([[int(c) for c in row] for row in text], dtype=np.int64).reshape(-1, 12)
    return np.char.add(check_letter(digits), np.array(text, dtype="U12"))


def _draw_ethnicity(is_uasc: Flags, rng: np.random.Generator) -> NDArray[np.str_]:
    codes, shares = np.array(list(ETHNICITY)), np.array(list(ETHNICITY.values()))
    drawn = rng.choice(codes, size=is_uasc.size, p=shares / shares.sum())
    return np.where(is_uasc, rng.choice(["OOTH", "BAFR", "AOTH", "WOTH"], size=is_uasc.size), drawn)


def _draw_disabilities(need: Days, rng: np.random.Generator) -> Flags:
    """None for most; one to four codes for a disabled child."""
    disabled = rng.random(need.size) < np.array([c.disabled for c in CLASSES])[need]
    many = rng.integers(1, 5, size=need.size)
    rank = np.argsort(np.argsort(rng.random((need.size, len(DISABILITIES))), axis=1), axis=1)
    return disabled[:, None] & (rank < many[:, None])
