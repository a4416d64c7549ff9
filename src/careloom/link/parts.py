"""What likeness is told by: names, birth dates, postcodes and numbers cut into parts, of which two records share some or none.

Only equality of parts is ever weighed, so that a part may stand there in clear or as a keyed hash, and the same rules hold on
every engine. Source: Office for National Statistics, Derive and Conquer (the method of derived match keys); parts are ours.
"""

import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

import pyarrow as pa

from careloom.catalogue.name_lists import read_name_lists

NO_NAMES = {"UNBORN", "BABY", "UNKNOWN", "UNBORNBABY", "BABYBOY", "BABYGIRL", "NOTKNOWN", "CHILD"}
"""Words that stand where the first name will be."""
UNSURE_DAYS = 45
"""Days by which a child may come before or after the expected day."""
SHORTEST = 3
"""Letters of a name from which one wrong letter still leaves it known."""
TEXTS = (
    "first_name", "first_three", "surname", "surname_sound", "surname_three", "both_names", "born_on", "born_turned", "born_month_day",
    "born_year_day", "born_year", "sex", "postcode", "sector", "district", "nhs_number", "upn",
)  # fmt: skip
LISTS = ("first_called", "first_near", "surname_near", "born_months")
PARTS = (*TEXTS, *LISTS)
_SOUND = {
    letter: digit
    for digit, letters in enumerate(("BFPV", "CGJKQSXZ", "DT", "L", "MN", "R"), start=1)
    for letter in letters
}
Parts = dict[str, str | list[str] | None]


def parts_of(told: Mapping[str, Any]) -> Parts:
    """The parts of one description: a row of `identity_row`. What is not told is None.

    A day that is only expected gives the months it may come to be, and no day; a word such as Unborn is no first name.
    """
    first, last = _names(told)
    number = "".join(sign for sign in told.get("nhs_number") or "" if sign.isdigit())
    return {
        **_name_parts(first, last),
        **_birth_parts(told.get("born_on"), bool(told.get("is_expected_birth"))),
        "sex": sex if (sex := told.get("sex")) in ("M", "F") else None,
        **_postcode_parts(told.get("postcode")),
        "nhs_number": number if len(number) == 10 else None,
        "upn": told.get("upn") or None,
    }


def parts_table(rows: list[Parts], **more: pa.Array) -> pa.Table:
    """Parts as a table, texts and lists of texts, with columns of the caller's before them."""
    columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in TEXTS}
    columns |= {name: pa.array([row[name] for row in rows], pa.list_(pa.string())) for name in LISTS}
    return pa.table({**more, **columns})


def _names(told: Mapping[str, Any]) -> tuple[str, str]:
    """First name and surname in capital letters; a whole name is `SURNAME, First` or ends with the surname."""
    first, last, whole = (told.get(name) or "" for name in ("first_name", "surname", "full_name"))
    if whole and not (first or last):
        if "," in whole:
            last, _, first = whole.partition(",")
        else:
            first, _, last = whole.strip().rpartition(" ")
    return fold(first), fold(last)


@cache
def fold(name: str) -> str:
    """A name in plain capital letters, without accents, spaces, hyphens and apostrophes.

    >>> fold("Zoë-Mae O'Neil")
    'ZOEMAEONEIL'
    """
    plain = unicodedata.normalize("NFKD", name).upper()
    return "".join(letter for letter in plain if "A" <= letter <= "Z")


def _name_parts(first: str, last: str) -> Parts:
    first = "" if first in NO_NAMES else first
    return {
        "first_name": first or None,
        "first_three": first[:3] or None,
        "first_called": called(first),
        "first_near": near(first),
        "surname": last or None,
        "surname_three": last[:3] or None,
        "surname_sound": sound(last),
        "surname_near": near(last),
        "both_names": " ".join(sorted((first, last))) if first and last else None,
    }


@cache
def _whole_names() -> dict[str, list[str]]:
    """By short form, the names that it is short for."""
    names: dict[str, list[str]] = {}
    for name, shorts in read_name_lists().nicknames.items():
        for short in shorts:
            names.setdefault(fold(short), []).append(fold(name))
    return names


@cache
def called(name: str) -> list[str] | None:
    """The name and, where it is a short form, all names it is short for: Tom and Thomas share one, Tom and Tim none."""
    return [name, *_whole_names().get(name, [])] if name else None


@cache
def near(name: str) -> list[str] | None:
    """The name and all it becomes when one letter goes: two names share one when a letter is wrong, lost, added or turned.

    >>> near("ANN")
    ['ANN', 'NN', 'AN']
    """
    if not name:
        return None
    shorter = [name[:at] + name[at + 1 :] for at in range(len(name))] if len(name) >= SHORTEST else []
    return list(dict.fromkeys([name, *shorter]))


@cache
def sound(name: str) -> str | None:
    """How a surname sounds: Soundex, as the United States National Archives describe it.

    >>> [sound(name) for name in ("ROBERT", "RUPERT", "TYMCZAK", "PFISTER", "HONEYMAN", "ASHCRAFT")]
    ['R163', 'R163', 'T522', 'P236', 'H555', 'A261']
    """
    if not name:
        return None
    digits, last = "", _SOUND.get(name[0])
    for letter in name[1:]:
        digit = _SOUND.get(letter)
        if digit and digit != last:
            digits += str(digit)
        if letter not in "HW":  # between two letters of one digit these do not part them; vowels do
            last = digit
    return (name[0] + digits + "000")[:4]


def _birth_parts(born: date | None, is_expected: bool) -> Parts:
    if born is None:
        return dict.fromkeys(("born_on", "born_turned", "born_month_day", "born_year_day", "born_year", "born_months"))
    if is_expected:
        days = (born + timedelta(days) for days in range(-UNSURE_DAYS, UNSURE_DAYS + 1, 15))
        none = dict.fromkeys(("born_on", "born_turned", "born_month_day", "born_year_day", "born_year"))
        return {**none, "born_months": list(dict.fromkeys(f"{day:%Y-%m}" for day in days))}
    return {
        "born_on": born.isoformat(),
        "born_turned": f"{born:%Y-%d-%m}",
        "born_month_day": f"{born:%m-%d}",
        "born_year_day": f"{born:%Y}--{born:%d}",
        "born_year": f"{born:%Y}",
        "born_months": [f"{born:%Y-%m}"],
    }


def _postcode_parts(postcode: str | None) -> Parts:
    """The postcode without its space, its sector (all but the last two letters) and its district (all but the last three)."""
    plain = "".join((postcode or "").upper().split())
    if len(plain) < 5:
        return dict.fromkeys(("postcode", "sector", "district"))
    return {"postcode": plain, "sector": plain[:-2], "district": plain[:-3]}
