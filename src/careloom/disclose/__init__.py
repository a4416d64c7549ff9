"""The one door out: withhold small counts, round the others, and account for what was done."""

from careloom.disclose.columns import Amount, Column, Count, Estimate, Label, Parts, Ratio, Share, Steps, Total
from careloom.disclose.curve import Points, safe_points
from careloom.disclose.profile import DEFAULT, Profile
from careloom.disclose.release import WITHHELD, Account, Released, never_shown, release

__all__ = [
    "DEFAULT",
    "WITHHELD",
    "Account",
    "Amount",
    "Column",
    "Count",
    "Estimate",
    "Label",
    "Parts",
    "Points",
    "Profile",
    "Ratio",
    "Released",
    "Share",
    "Steps",
    "Total",
    "never_shown",
    "release",
    "safe_points",
]
