"""The numbers that stand for a child: pupil number, NHS number, and an authority's own identifier."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from careloom.synth.draws import bits, shuffled
from careloom.synth.world import Rows, Texts

UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
_YEARS_APART = 99_991
SERIALS = 10**7  # seven digits after authority and year
NHS_FIRST = (8, 9)  # no patient in England has a number that begins with one of these
_ID_SYMBOLS = "BCDFGHJKLMNPQRSTVWXZ23456789"  # no vowels, so no words; nothing that reads as a number
_ID_LENGTH = 9
_SPARE = 9  # of the ten digits the last before the check digit can be, at least nine give one


def spelt(characters: NDArray[np.uint32]) -> Texts:
    """Texts from their characters, one row each; a row may end in zeros."""
    plain = np.ascontiguousarray(characters, dtype=np.uint32)
    texts: Texts = plain.view(f"<U{plain.shape[1]}")[:, 0]
    return texts


def digits_of(numbers: Rows, many: int) -> Rows:
    """The last `many` digits of each number, the highest first."""
    digits: Rows = numbers[:, None] // 10 ** np.arange(many - 1, -1, -1) % 10
    return digits


def check_letter(digits: Rows) -> NDArray[np.uint32]:
    """The UPN's first letter from its twelve digits: weights 2 to 13, remainder by 23."""
    letters: NDArray[np.uint32] = _points(UPN_LETTERS)[(digits * np.arange(2, 14)).sum(axis=1) % len(UPN_LETTERS)]
    return letters


def pupil_numbers(seed: int, code: Rows, year: Rows, serial: Rows) -> Texts:
    """Permanent pupil numbers of an authority's schools and a year: one number for each `serial` below SERIALS."""
    apart = (serial + year * _YEARS_APART) % SERIALS  # so that numbers of two years have nothing in common
    digits = digits_of((code * 100 + year % 100) * SERIALS + shuffled(seed, apart, SERIALS, "UPN"), 12)
    return spelt(np.column_stack([check_letter(digits), digits + ord("0")]).astype(np.uint32))


def temporary(upn: Texts) -> Texts:
    """Temporary pupil numbers in place of permanent ones: a letter at the end, which counts in the check."""
    characters = points(upn)
    last = characters[:, 12] - ord("0")
    characters[:, 12] = _points(UPN_LETTERS)[last]
    # The letter stands at the digit's place in the alphabet of the check, so the first letter is the same as before.
    return spelt(characters)


def nhs_numbers(seed: int, serial: Rows) -> Texts:
    """NHS numbers with their check digit, one for each `serial` below `nhs_capacity`."""
    first, place = np.divmod(shuffled(seed, serial, nhs_capacity(), "NHS number"), nhs_capacity() // len(NHS_FIRST))
    digits = np.column_stack([np.array(NHS_FIRST)[first], digits_of(place // _SPARE, 7)])
    total = (digits * np.arange(10, 2, -1)).sum(axis=1)
    last = place % _SPARE
    none = (1 - total) * 6 % 11  # the last digit that leaves no check digit: total + 2 x = 1 (mod 11), and 6 halves
    last = last + (last >= none)
    check = -(total + 2 * last) % 11
    return spelt((np.column_stack([digits, last, check]) + ord("0")).astype(np.uint32))


def nhs_capacity() -> int:
    """How many NHS numbers there are."""
    return _SPARE * 10**7 * len(NHS_FIRST)


def opaque_ids(seed: int, numbers: Rows, about: str) -> Texts:
    """Identifiers that say nothing, a different one for each number."""
    ids = _ids(bits(seed, numbers, about))
    while (again := _repeated(ids)).size:
        about += " again"
        ids[again] = _ids(bits(seed, numbers[again], about))
    return ids


def points(texts: Texts, spare: int = 0) -> NDArray[np.uint32]:
    """The characters of each text, with zeros after its end, and `spare` columns more of them."""
    width = max(texts.dtype.itemsize // 4, 1) + spare
    wide = np.ascontiguousarray(texts.astype(f"<U{width}"))
    characters: NDArray[np.uint32] = wide.view(np.uint32).reshape(texts.size, width).copy()
    return characters


def _points(symbols: str) -> NDArray[np.uint32]:
    return np.array([ord(symbol) for symbol in symbols], dtype=np.uint32)


def _ids(drawn: NDArray[np.uint64]) -> Texts:
    symbols = _points(_ID_SYMBOLS)
    base = np.uint64(symbols.size)
    places = (drawn[:, None] // base ** np.arange(_ID_LENGTH, dtype=np.uint64) % base).astype(np.int64)
    first = np.full((drawn.size, 1), ord("K"), dtype=np.uint32)
    return spelt(np.hstack([first, symbols[places]]))


def _repeated(ids: Texts) -> Rows:
    """Rows of every identifier that stood on an earlier row."""
    _, first = np.unique(ids, return_index=True)
    again: Rows = np.setdiff1d(np.arange(ids.size), first, assume_unique=True)
    return again
