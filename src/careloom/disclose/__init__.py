"""The one door out: withhold small counts, round the others, and account for what was done."""

from careloom.disclose.columns import (
    Again,
    Amount,
    Column,
    Count,
    Estimate,
    Label,
    Parts,
    Ratio,
    Same,
    Share,
    Steps,
    Total,
)
from careloom.disclose.curve import Points, safe_points
from careloom.disclose.profile import DEFAULT, USUAL, Profile, profile_names, read_profile
from careloom.disclose.release import WITHHELD, Account, Asked, Released, never_shown, release, release_all
from careloom.disclose.sums import Adding

__all__ = [
    "DEFAULT",
    "USUAL",
    "WITHHELD",
    "Account",
    "Adding",
    "Again",
    "Amount",
    "Asked",
    "Column",
    "Count",
    "Estimate",
    "Label",
    "Parts",
    "Points",
    "Profile",
    "Ratio",
    "Released",
    "Same",
    "Share",
    "Steps",
    "Total",
    "never_shown",
    "profile_names",
    "read_profile",
    "release",
    "release_all",
    "safe_points",
]
