"""How a period of care ends and how long it lasts, by age at entry.

The shares and lengths are made up, and tuned so that children of the ages who come into care in England leave in the
published mix of reasons, ages and lengths of stay (DfE, Children looked after in England, 2019 and 2020).
"""

from __future__ import annotations

import numpy as np

from careloom.synth.chance import choose_by
from careloom.synth.days import Days, Flags, birthday
from careloom.synth.life.clocks import age_band
from careloom.synth.world import Floats, Rows

EXITS = (
    "home",
    "relatives",
    "arrangements_order",
    "special_guardianship",
    "adopted",
    "adult",
    "independent",
    "custody",
    "remand_ended",
    "moved_abroad",
    "died",
    "age_assessed",
    "other",
)
HOME, RELATIVES, ARRANGEMENTS, GUARDIANSHIP, ADOPTED, ADULT, INDEPENDENT = range(7)
CUSTODY, REMAND_ENDED, ABROAD, DIED, AGE_ASSESSED, OTHER = range(7, 13)

SHORTEST_ADOPTION = 300  # time for care proceedings, a placement order and the stay with the adopters
_SHORTEST = 1
_INDEPENDENT_FROM = 16
_CRIMINAL_FROM = 12  # nobody younger is remanded or sentenced
_DISABLED_STAY = 3.0  # disabled children stay until 18 at this many times the weight of others

# exit, median days, standard deviation of log days, weights by age at entry (<1, 1-4, 5-9, 10-15, 16-17) and if alone
_WAYS: tuple[tuple[int, float, float, tuple[float, ...]], ...] = (
    (HOME, 8, 1.0, (0.090, 0.105, 0.100, 0.130, 0.125, 0.00)),
    (HOME, 230, 0.8, (0.145, 0.150, 0.155, 0.145, 0.095, 0.00)),
    (HOME, 1000, 0.6, (0.030, 0.080, 0.090, 0.080, 0.000, 0.00)),
    (RELATIVES, 210, 1.1, (0.060, 0.055, 0.060, 0.065, 0.050, 0.02)),
    (ARRANGEMENTS, 290, 0.6, (0.060, 0.070, 0.055, 0.030, 0.000, 0.00)),
    (GUARDIANSHIP, 270, 0.5, (0.215, 0.175, 0.095, 0.020, 0.000, 0.00)),
    (GUARDIANSHIP, 1100, 0.5, (0.030, 0.070, 0.065, 0.035, 0.000, 0.00)),
    (ADOPTED, 700, 0.4, (0.440, 0.205, 0.020, 0.000, 0.000, 0.00)),
    (ADULT, 1, 0.0, (0.035, 0.080, 0.290, 0.500, 0.510, 0.84)),
    (INDEPENDENT, 1, 0.0, (0.000, 0.000, 0.015, 0.050, 0.100, 0.03)),
    (CUSTODY, 110, 1.0, (0.000, 0.000, 0.000, 0.042, 0.082, 0.00)),
    (REMAND_ENDED, 45, 0.9, (0.000, 0.000, 0.000, 0.013, 0.042, 0.00)),
    (ABROAD, 300, 0.8, (0.003, 0.003, 0.003, 0.003, 0.003, 0.00)),
    (DIED, 300, 1.2, (0.003, 0.002, 0.001, 0.001, 0.001, 0.00)),
    (AGE_ASSESSED, 90, 0.9, (0.000, 0.000, 0.000, 0.000, 0.000, 0.07)),
    (OTHER, 90, 1.4, (0.020, 0.025, 0.040, 0.045, 0.085, 0.04)),
)
_EXIT_OF, _MEDIAN, _SPREAD = (np.array([way[column] for way in _WAYS]) for column in range(3))
_WEIGHTS = np.array([way[3] for way in _WAYS]).T  # age band (or alone) x way
_ALONE = 5


def draw_way_out(
    starts_on: Days, born: Days, is_uasc: Flags, is_disabled: Flags, rng: np.random.Generator
) -> tuple[Rows, Days]:
    """The exit (position in EXITS) and the last day of each period of care, at the latest the 18th birthday.

    starts_on, born : days; every child is under 18 on `starts_on`
    is_uasc, is_disabled : unaccompanied children mostly stay until 18, and so do more of the disabled
    """
    adult_on = birthday(born, 18)
    way = choose_by(rng, _weights(starts_on, born, is_uasc, is_disabled))
    exits, days = _EXIT_OF[way], _lengths(way, rng)
    ends_on = starts_on + np.where(exits == ADOPTED, np.maximum(days, SHORTEST_ADOPTION), days)
    from_on = np.maximum(starts_on + _SHORTEST, birthday(born, _INDEPENDENT_FROM))
    leaves_on = from_on + (rng.random(born.size) * (adult_on - from_on)).astype(np.int64)
    ends_on = np.where(exits == INDEPENDENT, leaves_on, ends_on)
    is_adult = (exits == ADULT) | (ends_on >= adult_on)
    return np.where(is_adult, ADULT, exits), np.where(is_adult, adult_on, ends_on)


def _weights(starts_on: Days, born: Days, is_uasc: Flags, is_disabled: Flags) -> Floats:
    weights = _WEIGHTS[np.where(is_uasc, _ALONE, age_band(born, starts_on))]
    weights[:, _EXIT_OF == ADULT] *= np.where(is_disabled, _DISABLED_STAY, 1.0)[:, None]
    weights[:, (_EXIT_OF == CUSTODY) | (_EXIT_OF == REMAND_ENDED)] *= (starts_on >= birthday(born, _CRIMINAL_FROM))[
        :, None
    ]
    return weights


def _lengths(way: Rows, rng: np.random.Generator) -> Days:
    days = _MEDIAN[way] * np.exp(_SPREAD[way] * rng.normal(size=way.size))
    whole: Days = np.maximum(np.ceil(days), _SHORTEST).astype(np.int64)
    return whole
