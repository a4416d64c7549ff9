"""Each part of a record as the hands that key it leave it: names, birth, sex, ethnic group, home and numbers."""

from __future__ import annotations

import numpy as np

from careloom.synth.days import Days, Flags, birthday
from careloom.synth.who.identity import Homes, Identities, family_surnames, upns
from careloom.synth.who.keying import Keying
from careloom.synth.who.numbers import temporary
from careloom.synth.who.slips import has_nickname, misspelt, nicknames, restyled, wrong_digit, wrong_postcode
from careloom.synth.world import Floats, People, Rows, Texts

MISSING = -1
UNBORN = np.array(["Unborn", "Baby"])
NOT_OBTAINED = "NOBT"
_CODES = np.array([
    "ABAN", "AIND", "AOTH", "APKN", "BAFR", "BCRB", "BOTH", "CHNE", "MOTH", "MWAS", "MWBA", "MWBC", "OOTH", "WBRI", "WIRI",
    "WIRT", "WOTH", "WROM",
])  # fmt: skip
# 'Any other background' of the main group of each code
_COARSER = np.array(["AOTH" if code == "CHNE" else f"{code[0]}OTH" for code in _CODES])
_SPAN = 10**8  # more than any day, so that child and day make one number


def put(texts: Texts, rows: Rows, new: Texts) -> Texts:
    """The column with some of its rows replaced, and no text cut short."""
    wide = texts.astype(np.promote_types(texts.dtype, new.dtype))
    wide[rows] = new
    return wide


# --- names -----------------------------------------------------------------------------------------------------------


def names_written(
    key: Keying, child: Rows, unborn: Flags, people: People, identities: Identities
) -> tuple[Texts, Texts]:
    first_name, surname = identities.first_name[child], identities.surname[child]
    surname = _of_family(surname, child, unborn, people, key.seed, "surname")
    surname = _of_family(surname, child, key.has("other_surname"), people, key.seed, "other parent's surname")
    rows = np.flatnonzero(key.has("nickname") & has_nickname(first_name))
    first_name = put(first_name, rows, nicknames(first_name[rows], key.draw("which nickname")[rows]))
    first_name = _typed(key, first_name, key.has("first_name_typo"), "first name")
    surname = _typed(key, surname, key.has("surname_typo"), "surname")
    rows = np.flatnonzero(unborn)
    first_name = put(first_name, rows, UNBORN[(key.draw("unborn")[rows] * UNBORN.size).astype(np.int64)])
    rows, style = np.flatnonzero(key.has("name_style")), key.draw("style")
    first_name = put(first_name, rows, restyled(first_name[rows], style[rows]))
    surname = put(surname, rows, restyled(surname[rows], style[rows]))
    swapped = key.has("names_swapped") & ~unborn
    return np.where(swapped, surname, first_name), np.where(swapped, first_name, surname)


def _of_family(surname: Texts, child: Rows, which: Flags, people: People, seed: int, about: str) -> Texts:
    """The surname of the mother, or of another parent, for some of the children."""
    rows = np.flatnonzero(which)
    some = People(**{name: column[child[rows]] for name, column in vars(people).items()})
    return put(surname, rows, family_surnames(some, seed, about))


def _typed(key: Keying, names: Texts, which: Flags, about: str) -> Texts:
    rows = np.flatnonzero(which)
    kind = np.searchsorted(np.cumsum(key.recording.typos)[:-1], key.draw(f"{about} slip")[rows], side="right")
    place, other = (key.draw(f"{about} {what}")[rows] for what in ("place", "key"))
    return put(names, rows, misspelt(names[rows], kind, place, other))


# --- birth, sex, ethnicity -------------------------------------------------------------------------------------------


def birth_written(key: Keying, child: Rows, on: Days, unborn: Flags, people: People) -> Days:
    """The day of birth with at most one thing wrong; no system takes a birth that is still to come."""
    born = people.born[child]
    first = born.astype("M8[D]").astype("M8[M]")
    month, month_day = first.astype(np.int64) % 12 + 1, (born - first.astype("M8[D]").astype(np.int64)) + 1
    new = np.select(
        [key.has(error) for error in ("day_month_swapped", "day_off", "first_of_month", "year_off")],
        [
            _turned(born, month, month_day),
            born + _days_off(month_day, key.draw("which day")),
            born - month_day + 1,
            np.where(key.draw("which year") < 0.5, birthday(born, 1), birthday(born, -1)),
        ],
        born,
    )
    new = np.where(new > on, born, new)
    new = np.where(key.has("birth_missing"), MISSING, new)
    return np.where(unborn, people.due[child], new)


def _turned(born: Days, month: Days, month_day: Days) -> Days:
    """Day and month in each other's place, where that is a date."""
    year = born.astype("M8[D]").astype("M8[Y]").astype(np.int64)
    turned = (12 * year + month_day - 1).astype("M8[M]").astype("M8[D]").astype(np.int64) + month - 1
    return np.where(month_day <= 12, turned, born)


def _days_off(month_day: Days, which: Floats) -> Days:
    """Days to add for one digit of the day to be wrong, staying within the month."""
    off = np.array([1, -1, 10, -10])[(which * 4).astype(np.int64)]
    outside = (month_day + off < 1) | (month_day + off > 28)
    return np.where(outside, np.where((off == -10) | (month_day > 1), -off, 1), off)


def sex_written(key: Keying, child: Rows, unborn: Flags, people: People) -> Texts:
    is_male = people.is_male[child] ^ key.has("sex_wrong")
    return np.where(unborn | key.has("sex_missing"), "U", np.where(is_male, "M", "F"))


def ethnicity_written(key: Keying, code: Texts, unborn: Flags) -> Texts:
    """The group asked for, a coarser one, another, or none; a code that says nothing cannot be made wrong."""
    place = np.searchsorted(_CODES, code).clip(max=_CODES.size - 1)
    is_known = _CODES[place] == code
    step = 1 + (key.draw("which ethnicity") * (_CODES.size - 1)).astype(np.int64)
    found = [unborn | key.has("ethnicity_missing")]
    found += [is_known & key.has(error) for error in ("ethnicity_different", "ethnicity_coarser")]
    missing = np.full(code.size, NOT_OBTAINED)
    return np.select(found, [missing, _CODES[(place + step) % _CODES.size], _COARSER[place]], code)


# --- home and numbers ------------------------------------------------------------------------------------------------


def home_rows(child: Rows, on: Days, homes: Homes) -> tuple[Rows, Rows]:
    """Row in `homes` of where each child lived on a day, and of where she lived before (the same, at the first)."""
    at = np.searchsorted(homes.child * _SPAN + homes.from_on, child * _SPAN + on, side="right") - 1
    earlier = np.maximum(at - 1, 0)
    return at, np.where(homes.child[earlier] == child, earlier, at)


def home_written(key: Keying, child: Rows, on: Days, homes: Homes) -> tuple[Texts, Texts]:
    at, earlier = home_rows(child, on, homes)
    at = np.where(key.has("old_address", homes.from_on[at]), earlier, at)
    postcode = homes.postcode[at]
    rows = np.flatnonzero(key.has("postcode_typo"))
    place, which = key.draw("postcode place")[rows], key.draw("postcode key")[rows]
    postcode = put(postcode, rows, wrong_postcode(postcode[rows], place, which))
    return homes.address[at], np.where(key.has("postcode_missing"), "", postcode)


def upn_written(key: Keying, child: Rows, on: Days, people: People, identities: Identities) -> Texts:
    upn = np.where(on >= identities.upn_from[child], identities.upn[child], "")
    upn = np.where(key.has("upn_missing"), "", upn)
    held = upn != ""
    rows = np.flatnonzero(held & key.has("upn_second"))
    upn = put(upn, rows, second_upns(key.seed, child[rows], people, identities))
    rows = np.flatnonzero(held & key.has("upn_temporary"))
    upn = put(upn, rows, temporary(upn[rows]))
    permanent = np.ones(upn.size, dtype=bool)
    permanent[rows] = False
    rows = np.flatnonzero(held & permanent & key.has("upn_typo"))
    return put(upn, rows, wrong_digit(upn[rows], 1, key.draw("upn place")[rows], key.draw("upn digit")[rows]))


def second_upns(seed: int, child: Rows, people: People, identities: Identities) -> Texts:
    """Another valid pupil number for each child, given two years after the first."""
    some = People(**{name: column[child] for name, column in vars(people).items()})
    return upns(seed, some, identities.upn_from[child] + 730)


def nhs_number_written(key: Keying, numbers: Texts, unborn: Flags) -> Texts:
    rows = np.flatnonzero(key.has("nhs_number_typo"))
    place, which = key.draw("nhs_number place")[rows], key.draw("nhs_number digit")[rows]
    # The first three say that the number is a test number, and stay.
    wrong = put(numbers, rows, wrong_digit(numbers[rows], 3, place, which))
    return np.where(unborn | key.has("nhs_number_missing"), "", wrong)
