"""How people put things: words of the catalogue drawn by weight, and the slips they make in writing them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from careloom.catalogue import load_catalogue
from careloom.core import CatalogueError
from careloom.synth.world import Floats, Rows

Words = list[tuple[str, float, str]]  # what is meant, its weight, how it is put


@dataclass(frozen=True)
class Vocabulary:
    """Ways to put each of several things.

    texts : every way, those of one thing together
    upto : position of the thing, plus the share of its ways up to and with this one
    """

    texts: pa.StringArray
    upto: Floats

    def say(self, what: Rows, draw: Floats) -> pa.StringArray:
        """One way to put each thing; `what` is its position, `draw` lies in [0, 1)."""
        return self.texts.take(pa.array(np.searchsorted(self.upto, what + draw, side="right")))


def vocabulary(words: Words, things: Sequence[str]) -> Vocabulary:
    """Gather the ways to put each of `things`. Raises CatalogueError for one that there is no word for."""
    texts: list[str] = []
    upto: list[Floats] = []
    for position, thing in enumerate(things):
        mine = [(weight, text) for key, weight, text in words if key == thing]
        if not mine:
            raise CatalogueError(f'there is no word for "{thing}"; add a row')
        weights = np.cumsum([weight for weight, _ in mine])
        texts += [text for _, text in mine]
        upto.append(position + weights / weights[-1])
    return Vocabulary(pa.array(texts, pa.string()), np.concatenate(upto))


@cache
def rows_of(folder: str, name: str) -> tuple[dict[str, str], ...]:
    """The rows of one of the catalogue's files of words."""
    path = load_catalogue().folder / folder / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def words_of(rows: Iterable[dict[str, str]], key: str, text: str) -> Words:
    """Rows of a file as words: column `key` says what is meant, `text` how it is put."""
    return [(row[key], float(row["weight"]), row[text]) for row in rows]


def carelessly(words: Words, *, small: float, capital: float, slip: float) -> Words:
    """The same words with shares of them in small letters, in capitals, and with a letter lost or two swapped."""
    written = []
    for key, weight, text in words:
        slips = slips_of(text)
        written += [
            (key, weight * (1 - small - capital - slip), text),
            (key, weight * small, text.lower()),
            (key, weight * capital, text.upper()),
            *((key, weight * slip / len(slips), wrong) for wrong in slips),
        ]
    return written


def slips_of(text: str) -> list[str]:
    """The text with one letter lost, or two neighbours swapped, anywhere but in front; a short text stays as it is."""
    if len(text) < 5:  # initials are not misspelt
        return [text]
    inside = range(1, len(text) - 1)
    lost = [text[:at] + text[at + 1 :] for at in inside]
    return lost + [text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in inside]
