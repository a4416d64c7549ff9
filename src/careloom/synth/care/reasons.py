"""The reasons an SSDA903 episode begins, ends, and that a placement changed, in the codes of the year."""

from __future__ import annotations

import numpy as np

from careloom.synth.care.exits import (
    ABROAD,
    ADOPTED,
    ADULT,
    AGE_ASSESSED,
    ARRANGEMENTS,
    CUSTODY,
    DIED,
    EXITS,
    GUARDIANSHIP,
    HOME,
    INDEPENDENT,
    OTHER,
    RELATIVES,
    REMAND_ENDED,
)
from careloom.synth.care.periods import Periods
from careloom.synth.chance import choose_by
from careloom.synth.days import Flags, collection_year
from careloom.synth.world import Texts

SGO_SPLIT_YEAR = 2019  # collection year from which special guardianship has four codes
# Why a child moved on, as published for 2020 less changes of status and moves to adopters
_CHANGES = np.array(["CARPL", "OTHER", "CREQB", "CREQO", "CHILD", "LAREQ", "STAND", "ALLEG", "CLOSE", "APPRR"])
_CHANGE_SHARES = np.array([0.364, 0.311, 0.139, 0.068, 0.052, 0.023, 0.0135, 0.011, 0.008, 0.0065])
# With adulthood: own place with and without support, adult care (the disabled only), home, relatives, any other
_ADULT = np.array(["E5", "E6", "E7", "E4A", "E13", "E8"])
_ADULT_SHARES = np.array([0.36, 0.06, 0.0, 0.04, 0.05, 0.49])
_ADULT_SHARES_DISABLED = np.array([0.10, 0.02, 0.66, 0.03, 0.03, 0.16])
# Staying put with the carers (E17) is published from 2021 on, mostly in the place of E8: shares at 18, foster care or not
_STAYED_FROM, _STAYED_BY_YEAR = 2021, np.array([0.60, 0.85, 1.0])
_STAYED_INSTEAD, _STAYED_ANYWAY = np.array([0.60, 0.90]), np.array([0.0, 0.55])
_PLANNED, _SUPPORTED, _UNOPPOSED, _KIN_GUARDIAN = 0.82, 0.84, 0.5, 0.9
_ALWAYS = {RELATIVES: "E13", ARRANGEMENTS: "E41", CUSTODY: "E9", REMAND_ENDED: "E14", ABROAD: "E16"} | {
    DIED: "E2", AGE_ASSESSED: "E15", OTHER: "E8",
}  # fmt: skip


def reason_new(is_first: Flags, legal: Flags, carer: Flags, place: Flags) -> Texts:
    """RNE from what changed: legal status, carer, type of placement."""
    whole = np.select([is_first, legal & carer, legal & place, legal, carer], ["S", "B", "U", "L", "P"], "T")
    return whole.astype("U1")


def reason_changed(new: Texts, to_adopters: Flags, temporary: Flags, rng: np.random.Generator) -> Texts:
    """REASON_PLACE_CHANGE of the episode before each one of reason `new`; "" where no placement changed, or only for days."""
    drawn = _CHANGES[choose_by(rng, np.broadcast_to(_CHANGE_SHARES, (new.size, _CHANGES.size)))]
    same_carer, other_carer = np.isin(new, ("T", "U")), np.isin(new, ("P", "B"))
    cases = [temporary, same_carer, other_carer & to_adopters, other_carer]
    return np.select(cases, [np.full(new.size, ""), np.full(new.size, "PLACE"), np.full(new.size, "CARPL"), drawn], "")


def reason_left(periods: Periods, place: Texts, rng: np.random.Generator) -> Texts:
    """REC of the last episode of each period, whose placement type is `place`."""
    left = np.array([_ALWAYS.get(way, "") for way in range(len(EXITS))])[periods.exit]
    drawn = rng.random(len(periods))
    home = np.where((place == "P1") | (drawn < _PLANNED), "E4A", "E4B")
    adopted = np.where(np.isin(place, ("A3", "A4")) | (drawn < _UNOPPOSED), "E11", "E12")
    alone = np.where(drawn < _SUPPORTED, "E5", "E6")
    ways = [(HOME, home), (ADOPTED, adopted), (INDEPENDENT, alone)]
    ways += [(GUARDIANSHIP, _guardianship(periods, place, drawn)), (ADULT, _at_18(periods, place, rng))]
    return np.select([periods.exit == way for way, _ in ways], [codes for _, codes in ways], left)


def _guardianship(periods: Periods, place: Texts, drawn: np.ndarray) -> Texts:
    kin, foster = np.isin(place, ("U1", "U2", "U3")), np.isin(place, ("U4", "U5", "U6"))
    before = np.where(kin | foster, "E43", "E44")
    since = np.select([kin, foster, drawn < _KIN_GUARDIAN], ["E45", "E46", "E47"], "E48")
    return np.where(collection_year(periods.ends_on) < SGO_SPLIT_YEAR, before, since)


def _at_18(periods: Periods, place: Texts, rng: np.random.Generator) -> Texts:
    shares = np.where(periods.is_disabled[:, None], _ADULT_SHARES_DISABLED, _ADULT_SHARES)
    codes = _ADULT[choose_by(rng, shares)]
    since = collection_year(periods.ends_on) - _STAYED_FROM
    by_year = np.where(since < 0, 0.0, _STAYED_BY_YEAR[since.clip(0, _STAYED_BY_YEAR.size - 1)])
    foster = np.char.startswith(place, "U").astype(np.int64)
    stayed = np.where(codes == "E8", _STAYED_INSTEAD[foster], _STAYED_ANYWAY[foster]) * by_year
    return np.where((place != "P1") & (rng.random(since.size) < stayed), "E17", codes)
