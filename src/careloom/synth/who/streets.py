"""Addresses that do not exist: postcode area ZZ is nowhere."""

from __future__ import annotations

import numpy as np

from careloom.synth.draws import bits, uniform
from careloom.synth.world import Rows, Texts

SECTORS_EACH = 6  # postcode sectors of one authority: 990 sectors, ZZ1 0 to ZZ99 9, for 150 of them
UNITS = 400  # postcodes in a sector
_SECTORS = 990
_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"  # the twenty letters that end a postcode
_FLATS = 0.15
_HOUSES = 120
_NAMES = (
    "Alder", "Barley", "Bramble", "Carder's", "Church", "Clover", "Dyer's", "Fuller's", "Heddle", "Hemp", "Jacquard",
    "Kiln", "Larch", "Loom", "Madder", "Meadow", "Mill", "Mulberry", "Napier", "Orchard", "Pilgrim", "Quarry", "Reed",
    "Rowan", "Saffron", "Shuttle", "Silk", "Spindle", "Station", "Tannery", "Teasel", "Thimble", "Treadle", "Victoria",
    "Warp", "Weaver's", "Weft", "Willow", "Woad", "Woolpack", "Worsted", "Yarn",
)  # fmt: skip
_KINDS = (" Road", " Street", " Lane", " Close", " Avenue", " Drive", " Court", " Way", " Terrace", " Gardens")


def postcodes(place: Rows) -> Texts:
    """The postcode of each place, a number from 0 to sectors times UNITS."""
    sector, unit = np.divmod(place % (_SECTORS * UNITS), UNITS)
    starts = np.array([f"ZZ{1 + i // 10} {i % 10}" for i in range(_SECTORS)])
    ends = np.array([first + second for first in _LETTERS for second in _LETTERS])
    return np.char.add(starts[sector], ends[unit])


def places(seed: int, home: Rows, position: Rows, sector: Rows) -> Rows:
    """The place, as `postcodes` takes it, of each home in one of the sectors of an authority."""
    unit = (bits(seed, home, "postcode") % np.uint64(UNITS)).astype(np.int64)
    place: Rows = (position * SECTORS_EACH + sector % SECTORS_EACH) * UNITS + unit
    return place


def addresses(seed: int, home: Rows, place: Rows) -> Texts:
    """House and street; all homes of a postcode are in one street."""
    street = np.array([name + kind for kind in _KINDS for name in _NAMES])
    which = (bits(seed, place, "street") % np.uint64(street.size)).astype(np.int64)
    numbers = np.array([f"{n} " for n in range(1, _HOUSES + 1)] + [f"Flat {n}, " for n in range(1, 31)])
    house = (uniform(seed, home, "house") * _HOUSES).astype(np.int64)
    flat = _HOUSES + (uniform(seed, home, "flat number") * 30).astype(np.int64)
    is_flat = uniform(seed, home, "flat") < _FLATS
    return np.char.add(numbers[np.where(is_flat, flat, house)], street[which])
