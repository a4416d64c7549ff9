"""The region and the year that prices are brought to: multipliers and indices, each named with its source."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from careloom.catalogue.costing import COMPONENTS
from careloom.catalogue.sheets import Row, amount, filled, read_sheet
from careloom.catalogue.staff import Staff, read_staff
from careloom.core import CatalogueError, nearest

STAFF, REGIONS, INDICES = "staff.csv", "regions.csv", "indices.csv"
"""What may stand beside a price sheet."""


@dataclass(frozen=True)
class Factor:
    """What the amounts of a row are multiplied by: why, by how much, and where that stands."""

    why: str
    value: Decimal
    where: str
    source: str


@dataclass(frozen=True)
class Figure:
    """A multiplier or an index, with the line it stands on."""

    value: Decimal
    where: str
    source: str


@dataclass(frozen=True)
class PriceBase:
    """What stands beside a price sheet, and what its prices are brought to; blank: left as the sheet has them."""

    staff: Mapping[str, Staff] = field(default_factory=dict)
    multipliers: Mapping[tuple[str, str], Figure] = field(default_factory=dict)
    """By region and component; a blank component is for all that have none of their own."""
    indices: Mapping[tuple[str, str], Figure] = field(default_factory=dict)
    """By price year and component."""
    region: str = ""
    price_year: str = ""

    def factors(self, where: str, component: str, price_year: str) -> tuple[Factor, ...]:
        """Return what an amount of this component and price year is multiplied by. Raises CatalogueError when that is not known.

        u(to) = u(from) x I(to) / I(from), the index being the component's own; then the region's multiplier. Nothing is rounded.
        """
        return (*self.inflated(where, component, price_year), *self.regional(where, component))

    def inflated(self, where: str, component: str, price_year: str) -> tuple[Factor, ...]:
        if self.price_year in ("", price_year):
            return ()
        own = (price_year, component) in self.indices and (self.price_year, component) in self.indices
        key = component if own else ""
        for year in (price_year, self.price_year):
            if (year, key) not in self.indices:
                raise CatalogueError(
                    f"{where}: prices of {price_year} cannot be brought to {self.price_year}: {INDICES} holds no index of "
                    f'"{component}" for {year}; add a row for it, or one with a blank component for all'
                )
        before, after = self.indices[price_year, key], self.indices[self.price_year, key]
        why = f"prices of {price_year} at those of {self.price_year}, index of {key or 'all components'}"
        source = before.source if before.source == after.source else f"{before.source}; {after.source}"
        return (Factor(why, after.value / before.value, f"{before.where} and {after.where}", source),)

    def regional(self, where: str, component: str) -> tuple[Factor, ...]:
        if not self.region:
            return ()
        found = self.multipliers.get((self.region, component)) or self.multipliers.get((self.region, ""))
        if not found:
            known = sorted({region for region, _ in self.multipliers})
            if self.region in known:
                raise CatalogueError(
                    f'{where}: {REGIONS} holds no multiplier of "{component}" for {self.region}; add a row'
                )
            raise CatalogueError(f'{REGIONS}: there is no region "{self.region}"{nearest(self.region, known)}')
        return (Factor(f"region {self.region}", found.value, found.where, found.source),)


def read_price_base(folder: Path, price_year: str = "", region: str = "") -> PriceBase:
    """Read what stands beside a price sheet in its folder. Raises CatalogueError naming the line at fault."""
    if price_year:
        check_year("price_year", price_year)
    if region and not (folder / REGIONS).is_file():
        raise CatalogueError(f"{folder / REGIONS}: there is no such file, and a region is asked for")
    return PriceBase(
        staff=read_staff(folder / STAFF) if (folder / STAFF).is_file() else {},
        multipliers=read_figures(folder / REGIONS, "region", "multiplier"),
        indices=read_figures(folder / INDICES, "price_year", "index"),
        region=region,
        price_year=price_year,
    )


def read_figures(path: Path, by: str, figure: str) -> dict[tuple[str, str], Figure]:
    """Read figures by region or year and by component; none when there is no such file."""
    found: dict[tuple[str, str], Figure] = {}
    if not path.is_file():
        return found
    for line, row in read_sheet(path, (by, "component", figure, "source"), what="sheet of this kind"):
        where = f"{path.name} line {line}"
        key = (row[by], row["component"])
        if key in found:
            raise CatalogueError(f"{where}: the same {by.replace('_', ' ')} and component stand there twice")
        found[key] = read_figure(where, row, by, figure)
    return found


def read_figure(where: str, row: Row, by: str, figure: str) -> Figure:
    filled(where, row, (by, figure, "source"))
    if row["component"] not in ("", *COMPONENTS):
        raise CatalogueError(f'{where}: "component" should be one of {", ".join(COMPONENTS)}, or blank for all')
    if by == "price_year":
        check_year(where, row[by])
    value = amount(where, row, figure)
    if not value:
        raise CatalogueError(f'{where}: "{figure}" should be above 0')
    return Figure(value, where, row["source"])


def check_year(where: str, year: str) -> None:
    """Raise unless it is a financial year, written as 2023/24."""
    if not re.fullmatch(r"\d{4}/\d{2}", year) or (int(year[:4]) + 1) % 100 != int(year[5:]):
        raise CatalogueError(f'{where}: "price_year" should be a financial year such as 2023/24')
