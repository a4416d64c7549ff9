"""How each period of care ends: to whom the child goes, or what becomes of her. Which code a return has for it comes later.

Shares are made up, and tuned to the published mix of reasons (DfE, Children looked after in England, 2019 to 2023).
"""

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
from careloom.synth.care.moves import ADOPTERS, FOSTER, KIN, PARENTS
from careloom.synth.care.orders import E1
from careloom.synth.care.periods import Periods
from careloom.synth.chance import choose_by
from careloom.synth.days import collection_year
from careloom.synth.world import Floats, Rows, Texts

WAYS_OUT = (
    *("home_planned", "home_unplanned", "relatives", "arrangements_order"),
    *("guardian_kin_carer", "guardian_foster_carer", "guardian_kin", "guardian_other"),
    *("adopted_unopposed", "adopted_opposed", "own_place_supported", "own_place_alone", "adult_care"),
    *("stayed_with_carers", "custody", "remand_ended", "moved_abroad", "died", "age_assessed", "other"),
)
"""A guardian is one who fostered the child, a relative or not, or was only then found, a relative or not."""

# With adulthood: own place with and without support, adult care (the disabled only), home, relatives, any other
_AT_18 = np.array(["own_place_supported", "own_place_alone", "adult_care", "home_planned", "relatives", "other"])
_AT_18_SHARES = np.array([0.36, 0.06, 0.0, 0.04, 0.05, 0.49])
_AT_18_SHARES_DISABLED = np.array([0.10, 0.02, 0.66, 0.03, 0.03, 0.16])
# Staying on with the carers is published from 2021 on, mostly in the place of other ways: shares at 18, foster care or not
_STAYED_FROM, _STAYED_BY_YEAR = 2021, np.array([0.60, 0.85, 1.0])
_STAYED_INSTEAD, _STAYED_ANYWAY = np.array([0.60, 0.90]), np.array([0.0, 0.55])
_PLANNED, _SUPPORTED, _UNOPPOSED, _KIN_GUARDIAN = 0.82, 0.84, 0.5, 0.9
_ALWAYS = {RELATIVES: "relatives", ARRANGEMENTS: "arrangements_order", CUSTODY: "custody", OTHER: "other"} | {
    REMAND_ENDED: "remand_ended", ABROAD: "moved_abroad", DIED: "died", AGE_ASSESSED: "age_assessed",
}  # fmt: skip


def draw_leaving(periods: Periods, group: Rows, legal: Rows, rng: np.random.Generator) -> Texts:
    """How each period ends, one of WAYS_OUT.

    group, legal : the last placement's group and the last legal status of each period
    """
    left = np.array([_ALWAYS.get(way, "") for way in range(len(EXITS))])[periods.exit]
    drawn = rng.random(len(periods))
    home = np.where((group == PARENTS) | (drawn < _PLANNED), "home_planned", "home_unplanned")
    agreed = (group == ADOPTERS) & (legal != E1)
    adopted = np.where(agreed | (drawn < _UNOPPOSED), "adopted_unopposed", "adopted_opposed")
    alone = np.where(drawn < _SUPPORTED, "own_place_supported", "own_place_alone")
    guardian = np.select(
        [group == KIN, group == FOSTER, drawn < _KIN_GUARDIAN],
        ["guardian_kin_carer", "guardian_foster_carer", "guardian_kin"],
        "guardian_other",
    )
    ways = [(HOME, home), (ADOPTED, adopted), (INDEPENDENT, alone), (GUARDIANSHIP, guardian)]
    ways += [(ADULT, _at_18(periods, group, rng))]
    return np.select([periods.exit == way for way, _ in ways], [words for _, words in ways], left)


def _at_18(periods: Periods, group: Rows, rng: np.random.Generator) -> Texts:
    """Where those go who stay in care until 18."""
    shares = np.where(periods.is_disabled[:, None], _AT_18_SHARES_DISABLED, _AT_18_SHARES)
    words = _AT_18[choose_by(rng, shares)]
    since = collection_year(periods.ends_on) - _STAYED_FROM
    by_year = np.where(since < 0, 0.0, _STAYED_BY_YEAR[since.clip(0, _STAYED_BY_YEAR.size - 1)])
    foster = np.isin(group, (KIN, FOSTER)).astype(np.int64)
    stayed: Floats = np.where(words == "other", _STAYED_INSTEAD[foster], _STAYED_ANYWAY[foster]) * by_year
    return np.where((group != PARENTS) & (rng.random(since.size) < stayed), "stayed_with_carers", words)
