"""The reasons an SSDA903 episode begins, ends, and that a placement changed, in the codes of the year."""

from __future__ import annotations

import numpy as np

from careloom.synth.chance import choose_by
from careloom.synth.days import Days, Flags, collection_year
from careloom.synth.world import Texts

SGO_SPLIT_YEAR = 2019  # collection year from which special guardianship has four codes
# Why a child moved on, as published for 2020 less changes of status and moves to adopters
_CHANGES = np.array(["CARPL", "OTHER", "CREQB", "CREQO", "CHILD", "LAREQ", "STAND", "ALLEG", "CLOSE", "APPRR"])
_CHANGE_SHARES = np.array([0.364, 0.311, 0.139, 0.068, 0.052, 0.023, 0.0135, 0.011, 0.008, 0.0065])
_LEFT = {
    "home_planned": "E4A", "home_unplanned": "E4B", "relatives": "E13", "arrangements_order": "E41", "other": "E8",
    "guardian_kin_carer": "E45", "guardian_foster_carer": "E46", "guardian_kin": "E47", "guardian_other": "E48",
    "adopted_unopposed": "E11", "adopted_opposed": "E12", "own_place_supported": "E5", "own_place_alone": "E6",
    "adult_care": "E7", "stayed_with_carers": "E17", "custody": "E9", "remand_ended": "E14", "moved_abroad": "E16",
    "died": "E2", "age_assessed": "E15",
}  # fmt: skip
_LEFT_BEFORE_SPLIT = {"guardian_kin_carer": "E43", "guardian_foster_carer": "E43"} | {
    "guardian_kin": "E44", "guardian_other": "E44",
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


def reason_left(left: Texts, ends_on: Days) -> Texts:
    """REC of periods that ended so (of WAYS_OUT), in the codes of the year each ended in."""
    ways = [left == way for way in _LEFT]
    since = np.select(ways, list(_LEFT.values()), "")
    before = np.select(ways, [_LEFT_BEFORE_SPLIT.get(way, code) for way, code in _LEFT.items()], "")
    return np.where(collection_year(ends_on) < SGO_SPLIT_YEAR, before, since)
