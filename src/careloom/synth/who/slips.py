"""Slips of the keyboard and habits of a screen, done to whole columns of text at once."""

from __future__ import annotations

import unicodedata

import numpy as np
from numpy.typing import NDArray

from careloom.catalogue.name_lists import read_name_lists
from careloom.synth.who.numbers import points, spelt
from careloom.synth.world import Floats, Rows, Texts

_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_POSTCODE_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
_STYLES = 4


def misspelt(names: Texts, kind: Rows, place: Floats, which: Floats) -> Texts:
    """Each name with one slip in it.

    kind : position in catalogue TYPOS
    place, which : draws in [0, 1) of where in the name, and of which neighbouring key
    """
    letters = points(names, spare=1)
    long = (letters > 0).sum(axis=1)
    at = (place * long).astype(np.int64)
    before_last = np.minimum(at, np.maximum(long - 2, 0))
    new = letters.copy()
    for position, slip in enumerate((_neighbour, _swapped, _left_out)):
        rows = np.flatnonzero((kind == position) & (long > 1))
        new[rows] = slip(letters[rows], (before_last if slip is _swapped else at)[rows], which[rows])
    same = np.flatnonzero((new == letters).all(axis=1))  # doubled by choice, or where another slip would not show
    new[same] = _doubled(letters[same], at[same])
    return spelt(new)


def _neighbour(letters: NDArray[np.uint32], at: Rows, which: Floats) -> NDArray[np.uint32]:
    """A key beside the right one; capitals stay capitals."""
    rows, new = np.arange(at.size), letters.copy()
    hit = letters[rows, at]
    low = np.where((hit >= ord("A")) & (hit <= ord("Z")), hit + 32, hit)
    known = (low >= ord("a")) & (low <= ord("z"))
    beside = _NEIGHBOURS[np.where(known, low, ord("a")) - ord("a"), (which * 2).astype(np.int64)]
    new[rows, at] = np.where(known, beside - (low - hit), hit)
    return new


def _swapped(letters: NDArray[np.uint32], at: Rows, which: Floats) -> NDArray[np.uint32]:
    """Two letters in each other's place; the name still begins with a capital."""
    rows, new = np.arange(at.size), letters.copy()
    first, second = letters[rows, at], letters[rows, at + 1]
    is_start = (at == 0) & (first < ord("a")) & (second >= ord("a")) & (second <= ord("z"))
    new[rows, at] = np.where(is_start, second - 32, second)
    new[rows, at + 1] = np.where(is_start, first + 32, first)
    return new


def _left_out(letters: NDArray[np.uint32], at: Rows, which: Floats) -> NDArray[np.uint32]:
    column = np.arange(letters.shape[1])
    column = np.minimum(column + (column >= at[:, None]), letters.shape[1] - 1)
    return np.take_along_axis(letters, column, axis=1)


def _doubled(letters: NDArray[np.uint32], at: Rows) -> NDArray[np.uint32]:
    column = np.arange(letters.shape[1])
    new = np.take_along_axis(letters, column - (column > at[:, None]), axis=1)
    rows = np.arange(at.size)
    first = new[rows, np.minimum(at + 1, letters.shape[1] - 1)]
    is_capital = (at == 0) & (first >= ord("A")) & (first <= ord("Z"))
    new[rows[is_capital], 1] += 32
    return new


def restyled(names: Texts, style: Floats) -> Texts:
    """Each name as another screen has it: capitals, no accents or apostrophes, hyphens as spaces, words run together."""
    if not names.size:
        return names
    manner = (style * _STYLES).astype(np.int64)
    plain = _without_marks(names)
    options = (
        np.char.upper(names),
        plain,
        np.char.replace(names, "-", " "),
        np.char.replace(np.char.replace(plain, "-", ""), " ", ""),
    )
    new = np.choose(manner, options)
    return np.where(new == names, options[0], new)  # a name with nothing to drop goes into capitals


def _without_marks(names: Texts) -> Texts:
    """Each name in the letters of the English alphabet."""
    different, which = np.unique(names, return_inverse=True)
    texts: Texts = np.array([_plain(str(name)) for name in different])[which]
    return texts


def _plain(name: str) -> str:
    apart = unicodedata.normalize("NFD", name.replace("ł", "l").replace("Ł", "L"))
    return "".join(letter for letter in apart if letter.isascii() and letter != "'")


def has_nickname(names: Texts) -> NDArray[np.bool_]:
    """Whether each first name has a short form."""
    known: NDArray[np.bool_] = np.isin(names, np.array(list(read_name_lists().nicknames)))
    return known


def nicknames(names: Texts, which: Floats) -> Texts:
    """A short form of each first name; the name itself when it has none."""
    short = read_name_lists().nicknames
    different, row = np.unique(names, return_inverse=True)
    forms = [short.get(str(name), (str(name),)) for name in different]
    many = np.array([len(form) for form in forms], dtype=np.int64)
    first = np.concatenate([[0], np.cumsum(many)])[:-1]
    flat = np.array([name for form in forms for name in form], dtype=np.str_)
    texts: Texts = flat[first[row] + (which * many[row]).astype(np.int64)] if names.size else names
    return texts


def wrong_digit(numbers: Texts, first: int, place: Floats, which: Floats) -> Texts:
    """Each number with one digit wrong, from position `first` on."""
    digits = points(numbers)
    rows, at = np.arange(numbers.size), first + (place * (digits.shape[1] - first)).astype(np.int64)
    digits[rows, at] = ord("0") + (digits[rows, at] - ord("0") + 1 + (which * 9).astype(np.uint32)) % 10
    return spelt(digits)


def wrong_postcode(postcodes: Texts, place: Floats, which: Floats) -> Texts:
    """Each postcode with one character wrong; the area is left, so that none becomes a real one."""
    characters = points(postcodes)
    long = (characters > 0).sum(axis=1)
    at = 2 + (place * (long - 2)).astype(np.int64)
    at += characters[np.arange(at.size), at] == ord(" ")
    rows = np.arange(at.size)
    hit = characters[rows, at]
    digit = ord("0") + (hit - ord("0") + 1 + (which * 9).astype(np.uint32)) % 10
    letters = np.array([ord(letter) for letter in _POSTCODE_LETTERS], dtype=np.uint32)
    letter = letters[(np.searchsorted(letters, hit) + 1 + (which * (letters.size - 1)).astype(np.int64)) % letters.size]
    characters[rows, at] = np.where(hit <= ord("9"), digit, letter)
    return spelt(characters)


def _neighbours() -> NDArray[np.uint32]:
    """The keys left and right of each letter; at the end of a row, the one and the next but one."""
    table = np.zeros((26, 2), dtype=np.uint32)
    for row in _KEYBOARD:
        for i, letter in enumerate(row):
            beside = (row[i - 1] if i else row[2], row[i + 1] if i + 1 < len(row) else row[-3])
            table[ord(letter) - ord("a")] = [ord(key) for key in beside]
    return table


_NEIGHBOURS = _neighbours()
