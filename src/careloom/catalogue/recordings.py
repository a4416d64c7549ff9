"""How faithfully each system writes down who a child is: rates of error, and for whom they are higher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from careloom.core import CatalogueError, Keys, read_toml

SYSTEMS = ("ssda903_cin", "early_help", "education", "health", "services", "finance")

# Every error, and the part of a record it is in
ERRORS = {
    "first_name_typo": "name",
    "surname_typo": "name",
    "nickname": "name",
    "names_swapped": "name",
    "other_surname": "name",
    "name_style": "name",
    "day_month_swapped": "birth",
    "day_off": "birth",
    "first_of_month": "birth",
    "year_off": "birth",
    "birth_missing": "birth",
    "old_address": "address",
    "postcode_typo": "address",
    "postcode_missing": "address",
    "sex_wrong": "sex",
    "sex_missing": "sex",
    "ethnicity_coarser": "ethnicity",
    "ethnicity_different": "ethnicity",
    "ethnicity_missing": "ethnicity",
    "upn_missing": "upn",
    "upn_temporary": "upn",
    "upn_typo": "upn",
    "upn_second": "upn",
    "nhs_number_missing": "nhs_number",
    "nhs_number_typo": "nhs_number",
}
PARTS = ("name", "birth", "address", "sex", "ethnicity", "upn", "nhs_number")
CIRCUMSTANCES = (
    "under_1",
    "aged_1_to_4",
    "aged_13_and_over",
    "white_other",
    "mixed",
    "asian",
    "black",
    "other",
    "arrived",
    "adopted",
    "looked_after",
    "uasc",
)
TYPOS = ("neighbouring_key", "two_letters_swapped", "letter_left_out", "letter_doubled")
FAULTS = (
    "upn_not_found",
    "upn_second",
    "upn_settled",
    "ethnicity_not_obtained",
    "ethnicity_refused",
    "ethnicity_settled",
    "birth_wrong",
    "birth_settled",
)


@dataclass(frozen=True)
class Recording:
    """How a made-up child is written down.

    rates : by ERRORS and then SYSTEMS, the chance of the error in one keying of a record
    rekeyed : by SYSTEMS, how often a year a record is keyed anew, with errors of its own
    differs : by CIRCUMSTANCES and then PARTS, what the odds of an error are multiplied by
    typos : shares of TYPOS among slips of the keyboard
    faults : by FAULTS, what the yearly returns do not know yet, and the chance a year that it is settled
    level : what the odds of every error are multiplied by; at 0 everything is written down as it is
    """

    name: str
    title: str
    why: str
    source: str
    rates: Mapping[str, Mapping[str, float]]
    rekeyed: Mapping[str, float]
    differs: Mapping[str, Mapping[str, float]]
    typos: tuple[float, ...]
    faults: Mapping[str, float]
    level: float = 1.0

    def scaled(self, times: float) -> Recording:
        """The same with the odds of every error multiplied: 0 is no error at all."""
        return replace(self, level=self.level * times)


def read_recording(path: Path) -> Recording:
    """Read a recording. Raises CatalogueError for a rate that is none, or an error, system or circumstance not there."""
    keys = read_toml(path, CatalogueError)
    errors, differs, faults = keys.table("error"), keys.table("differs"), keys.table("fault")
    result = Recording(
        name=path.stem,
        title=keys.text("title"),
        why=keys.text("why"),
        source=keys.text("source"),
        rates={error: read_rates(errors.table(error), SYSTEMS) for error in ERRORS},
        rekeyed=read_rates(keys.table("rekeyed"), SYSTEMS),
        differs={name: read_times(differs.table(name)) for name in CIRCUMSTANCES},
        typos=read_typos(keys.table("typos")),
        faults={name: read_rates(faults.table(name), ("rate",))["rate"] for name in FAULTS},
    )
    for table in (keys, errors, differs, faults):
        table.done()
    return result


def read_rates(keys: Keys, names: tuple[str, ...]) -> dict[str, float]:
    """Take a chance for each of `names`, and the reason for them."""
    given(keys)
    rates = {name: keys.number(name) for name in names}
    keys.done()
    for name, rate in rates.items():
        if not 0 <= rate <= 1:
            raise CatalogueError(f'{keys.where}: "{name}" should be between 0 and 1')
    return rates


def read_times(keys: Keys) -> dict[str, float]:
    """Take what the odds of errors in each of PARTS are multiplied by; parts not named are as for other children."""
    given(keys)
    times = {part: keys.number(part, 1.0) for part in PARTS}
    keys.done()
    if min(times.values()) < 0:
        raise CatalogueError(f"{keys.where}: odds cannot be multiplied by less than 0")
    return times


def read_typos(keys: Keys) -> tuple[float, ...]:
    shares = tuple(read_rates(keys, TYPOS).values())
    if abs(sum(shares) - 1) > 1e-6:
        raise CatalogueError(f"{keys.where}: the shares should add up to 1")
    return shares


def given(keys: Keys) -> None:
    if not keys.text("why").strip():
        raise CatalogueError(f'{keys.where}: "why" is blank; say in a line what the numbers rest on')
