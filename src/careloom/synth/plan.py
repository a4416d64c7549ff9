"""The made-up world in one place. Every number is invented for demonstration; none is estimated from real children."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from careloom.synth.clocks import Clock

# Factor indicators as the typology counts them: codes that were split or pooled over the years are one indicator.
INDICATORS = (
    "1A", "1B", "1C", "2A", "2B", "2C", "3A", "3B", "3C", "4A", "4B", "4C", "5A", "5B", "5C", "6A", "6B", "6C",
    "7A", "8", "9A", "10A", "11A", "12A", "13A", "14A", "15A", "16A", "17A", "18", "19", "20", "22A", "23A", "24A",
)  # fmt: skip
FIRST_YEAR_OF_24A = 2022
SPLIT_YEAR = 2021  # 18A and 19A become 18B/18C and 19B/19C; both are in use in that first year
OLD_CODE_SHARE = {2021: 0.4, 2022: 0.1}  # use of the unsplit code after the split; nil from 2023
CHILD_ON_CHILD = 0.25  # share of split codes that are B (by a child) rather than C (by an adult)

COMMON = 0.02  # a factor that is no part of a class's picture
RARE = 0.004
RARE_FACTORS = ("8", "12A", "22A", "23A")
ONLY_IN_ITS_CLASS = ("9A", "24A")

ONLY_NO_FACTORS = 0.08  # code 21, among assessments that led to nothing more
FACTORS_LEFT_OUT = 0.005  # completed assessments whose factors block is missing


@dataclass(frozen=True)
class NeedClass:
    """One planted kind of demand.

    key, name : as the truth files spell it, and for people
    share : proportion of children
    ages : shares of age at first referral: unborn, under 1, 1-4, 5-9, 10-15, 16-17
    male : share of boys
    factors : probability of each indicator that is part of the picture, independent given the class
    to_plan, to_care : chance that an assessed case leads to a first protection plan, a first period of care
    disabled : share with a recorded disability
    need_code, abuse : usual primary need and category of abuse
    """

    key: str
    name: str
    share: float
    ages: tuple[float, float, float, float, float, float]
    male: float
    factors: Mapping[str, float]
    to_plan: float
    to_care: float
    disabled: float
    need_code: str
    abuse: str


CLASSES = (
    NeedClass(
        "domestic_abuse",
        "Domestic abuse and parental mental health",
        0.30,
        (0.05, 0.10, 0.28, 0.27, 0.24, 0.06),
        0.51,
        {"3B": 0.85, "3A": 0.35, "4B": 0.60, "17A": 0.50, "1B": 0.30, "3C": 0.08, "18": 0.12, "2B": 0.08, "20": 0.08},
        to_plan=0.20,
        to_care=0.10,
        disabled=0.04,
        need_code="N1",
        abuse="EMO",
    ),
    NeedClass(
        "neglect_substances",
        "Neglect and parental drug or alcohol use",
        0.22,
        (0.08, 0.12, 0.26, 0.26, 0.23, 0.05),
        0.51,
        {"16A": 0.85, "2B": 0.65, "1B": 0.50, "4B": 0.30, "17A": 0.15, "3B": 0.12, "5B": 0.10, "6B": 0.08, "7A": 0.08},
        to_plan=0.30,
        to_care=0.22,
        disabled=0.05,
        need_code="N1",
        abuse="NEG",
    ),
    NeedClass(
        "child_mental_health",
        "Child mental health and self-harm",
        0.18,
        (0.0, 0.0, 0.02, 0.13, 0.60, 0.25),
        0.38,
        {"4A": 0.88, "15A": 0.55, "14A": 0.35, "4B": 0.20, "5A": 0.10, "2A": 0.08, "10A": 0.06, "19": 0.08, "20": 0.12},
        to_plan=0.10,
        to_care=0.16,
        disabled=0.12,
        need_code="N5",
        abuse="EMO",
    ),
    NeedClass(
        "disability",
        "Child disability and health",
        0.16,
        (0.0, 0.04, 0.24, 0.32, 0.32, 0.08),
        0.66,
        {"5A": 0.82, "6A": 0.68, "4A": 0.10, "6B": 0.08, "4B": 0.10, "14A": 0.08, "20": 0.20},
        to_plan=0.08,
        to_care=0.10,
        disabled=0.92,
        need_code="N2",
        abuse="NEG",
    ),
    NeedClass(
        "exploitation",
        "Exploitation, gangs and going missing",
        0.14,
        (0.0, 0.0, 0.0, 0.03, 0.62, 0.35),
        0.60,
        {
            "10A": 0.70,
            "13A": 0.50,
            "2A": 0.55,
            "14A": 0.60,
            "11A": 0.40,
            "1A": 0.25,
            "12A": 0.12,
            "24A": 0.55,
            "15A": 0.06,
            "9A": 0.08,
        },
        to_plan=0.14,
        to_care=0.26,
        disabled=0.06,
        need_code="N6",
        abuse="MUL",
    ),
)
REFERENCE_CLASS = "domestic_abuse"

# --- What becomes of a referral (shares of what is left after plans) -----------------------------------------
NO_FURTHER_ACTION = 0.10
ASSESSED_ONLY = 0.42
SECTION_47_ONLY = 0.10
CONFERENCE_ONLY = 0.04  # the rest are children in need without a protection enquiry
CARE_AFTER_PLAN_TIMES = 1.6

# --- How the case ends, and how long it is kept open after protection or care ---------------------------------
STEP_DOWN_DAYS = 365  # at least this long open after a plan ends or a child goes home
STEP_DOWN_SPREAD = 120
PLAN_LEAD_DAYS = 28  # from the decision (a referral, when the case is closed) to the start of a repeat plan
CARE_LEAD_DAYS = 14  # the same for a new period of care

# --- Planted hazards -------------------------------------------------------------------------------------------
RE_REFERRAL = Clock(
    "re_referral",
    (0, 90, 365, 730),
    (0.36, 0.22, 0.15, 0.10),
    {
        "domestic_abuse": 0.0,
        "neglect_substances": 0.35,
        "child_mental_health": -0.20,
        "disability": -0.60,
        "exploitation": 0.25,
    },
    {"<1": 0.15, "1-4": 0.10, "5-9": 0.0, "10-15": 0.10, "16-17": -0.25},
    male=0.08,
)
REPEAT_PLAN = Clock(
    "repeat_plan",
    (0, 180, 365, 730),
    (0.24, 0.18, 0.04, 0.012),
    {
        "domestic_abuse": 0.0,
        "neglect_substances": 0.45,
        "child_mental_health": -0.40,
        "disability": -0.50,
        "exploitation": -0.15,
    },
    {"<1": -0.30, "1-4": 0.05, "5-9": 0.0, "10-15": -0.10, "16-17": -0.60},
    male=-0.05,
)
RE_ENTRY = Clock(
    "re_entry",
    (0, 90, 365, 730),
    (0.40, 0.22, 0.04, 0.015),
    {
        "domestic_abuse": 0.0,
        "neglect_substances": 0.20,
        "child_mental_health": 0.45,
        "disability": -0.35,
        "exploitation": 0.65,
    },
    {"<1": -0.40, "1-4": -0.20, "5-9": 0.0, "10-15": 0.35, "16-17": 0.10},
    male=0.12,
)
CLOCKS = (RE_REFERRAL, REPEAT_PLAN, RE_ENTRY)

ETHNICITY = {
    "WBRI": 0.66, "WOTH": 0.06, "WIRI": 0.01, "WIRT": 0.005, "WROM": 0.005, "MWBC": 0.035, "MWBA": 0.015, "MWAS": 0.015,
    "MOTH": 0.025, "AIND": 0.01, "APKN": 0.035, "ABAN": 0.015, "AOTH": 0.02, "BCRB": 0.015, "BAFR": 0.035, "BOTH": 0.01,
    "CHNE": 0.005, "OOTH": 0.025, "REFU": 0.005,
}  # fmt: skip
DISABILITIES = ("LD", "AUT", "BEH", "COMM", "MOB", "PC", "INC", "HAND", "HEAR", "VIS", "CON", "DDA")
