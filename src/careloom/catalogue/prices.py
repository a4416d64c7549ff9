"""Price sheets: what one event, week or month of each element costs, row by row, each with its source."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from careloom.catalogue.costing import COMPONENTS
from careloom.catalogue.price_base import STAFF, Factor, PriceBase, check_year
from careloom.catalogue.sheets import Row, amount, filled, read_sheet
from careloom.catalogue.staff import HOURS_BASES, Staff
from careloom.core import CatalogueError, nearest

STANDINGS = ("illustrative", "local")
"""Whose prices they are: nobody's, made up to show how the sum is done, or the authority's own."""
UNITS = ("event", "night", "week", "month", "year")
PRICE_KEYS = ("placement_code", "provider", "need_group", "variation", "area", "age_band")
"""By what prices may differ. A blank key of a row fits anything; the row with the most keys filled in wins."""
PRICE_COLUMNS = ("standing", "price_year", "process", "element", "unit", "source")
"""What the heading of a price sheet must have; PRICE_KEYS and MORE_COLUMNS where they are used."""
MORE_COLUMNS = (
    "component", "staff", "hours", "hours_low", "hours_high", "hours_basis", "hourly_rate", "fixed", "low", "high",
)  # fmt: skip
"""`hours_low` and `hours_high` say how far hours range, `low` and `high` how far the amount in GBP does: a row has one pair."""
MOST_NAMED = 5
"""So many rows are named in a complaint about many."""


@dataclass(frozen=True)
class PriceRow:
    """One row of a sheet: hours of one kind of staff at their rate, plus a fixed amount, in GBP per unit.

    `hourly_rate`, `fixed`, `low` and `high` are as brought to the region and year asked for: the sheet's own times `factors`.
    """

    line: int
    component: str
    staff: str
    hours: Decimal
    hourly_rate: Decimal
    fixed: Decimal
    low: Decimal | None
    high: Decimal | None
    source: str
    hours_basis: str = HOURS_BASES[0]
    price_year: str = ""
    """Of the sheet's own amounts, before they were brought to another."""
    factors: tuple[Factor, ...] = ()
    paid: Staff | None = None
    """Whose rate of the staff sheet it is; None when the row gives the rate itself."""

    @property
    def amount(self) -> Decimal:
        return self.hours * self.hourly_rate + self.fixed


@dataclass(frozen=True)
class Price:
    """GBP for an event or a stretch of time: the rows with the same keys, one for each kind of staff, added up."""

    process: str
    element: str
    keys: tuple[tuple[str, str], ...]
    unit: str
    rows: tuple[PriceRow, ...]

    @property
    def amount(self) -> Decimal:
        """GBP per unit."""
        return sum((row.amount for row in self.rows), Decimal(0))

    @property
    def low(self) -> Decimal:
        """The lowest it may be; a row that does not say is as it is."""
        return sum((row.amount if row.low is None else row.low for row in self.rows), Decimal(0))

    @property
    def high(self) -> Decimal:
        return sum((row.amount if row.high is None else row.high for row in self.rows), Decimal(0))


@dataclass(frozen=True)
class PriceSheet:
    """A named sheet of prices of one financial year. `standing` is illustrative until an authority brings its own."""

    name: str
    standing: str
    price_year: str
    prices: tuple[Price, ...]
    base: PriceBase = field(default_factory=PriceBase, compare=False)
    """What stands beside it: the indices that would bring it to other years."""


def read_prices(path: Path, base: PriceBase | None = None) -> PriceSheet:
    """Read a price sheet; every row repeats the sheet's standing and price year.

    Rows of several years are brought to the one that `base` asks for; without one they are refused. Raises CatalogueError
    naming the line at fault: a blank row is never a price of zero.
    """
    base = base or PriceBase()
    lines = read_sheet(path, PRICE_COLUMNS, (*PRICE_KEYS, *MORE_COLUMNS), what="price sheet")
    check_filled(path, lines)
    standing = only(path, lines, "standing", "keep the illustrative rows in a sheet of their own")
    gathered: dict[tuple[str, str, tuple[tuple[str, str], ...], str], list[PriceRow]] = {}
    for line, row in lines:
        keys = tuple((key, row[key]) for key in PRICE_KEYS if row[key])
        made = read_row(f"{path.name} line {line}", line, row, base)
        gathered.setdefault((row["process"], row["element"], keys, row["unit"]), []).append(made)
    remedy = (
        'say in [costs] which year prices are brought to (price_year = "2023/24"), with an indices.csv beside the sheet'
    )
    price_year = base.price_year or only(path, lines, "price_year", remedy)
    prices = tuple(Price(*key, rows=tuple(parts)) for key, parts in gathered.items())
    for price in prices:
        check_once(path, price)
    check_one_basis(path, prices)
    return PriceSheet(path.stem, standing, price_year, prices, base)


def check_filled(path: Path, lines: Sequence[tuple[int, Row]]) -> None:
    """Raise when rows give no amount at all, naming them: this is how a new sheet reads before anyone has filled it in."""
    empty = [(n, row) for n, row in lines if not any(row[key] for key in ("hours", "hourly_rate", "fixed"))]
    if empty:
        named = "; ".join(f"line {n}: {said(row)}" for n, row in empty[:MOST_NAMED])
        more = (
            f"; and {len(empty) - MOST_NAMED} more, lines {ranges(n for n, _ in empty)}"
            if len(empty) > MOST_NAMED
            else ""
        )
        raise CatalogueError(
            f'{path.name}: rows are not filled in; write "hours" (with "staff" of the staff sheet, or with "hourly_rate"), or '
            f'"fixed", 0 where it costs nothing: {named}{more}'
        )


def said(row: Row) -> str:
    keys = ", ".join(f"{key} {row[key]}" for key in PRICE_KEYS if row[key])
    return f"{row['process']} {row['element']}" + (f" ({keys})" if keys else "")


def ranges(numbers: Iterable[int]) -> str:
    """Numbers in order, those in a row drawn together: 2-5, 9."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def only(path: Path, lines: Sequence[tuple[int, Row]], key: str, remedy: str) -> str:
    """The one value that all rows share."""
    first = lines[0][1][key]
    for line, row in lines:
        if row[key] != first:
            differ = f'line {lines[0][0]} has "{first}" and line {line} has "{row[key]}"'
            raise CatalogueError(f'{path.name}: every row must hold the same "{key}", but {differ}; {remedy}')
    return first


def read_row(where: str, line: int, row: Row, base: PriceBase) -> PriceRow:
    filled(where, row, PRICE_COLUMNS)
    check_year(where, row["price_year"])
    if row["standing"] not in STANDINGS:
        raise CatalogueError(f'{where}: "standing" should be one of {", ".join(STANDINGS)}')
    if row["unit"] not in UNITS:
        raise CatalogueError(f'{where}: "unit" should be one of {", ".join(UNITS)}')
    component = row["component"] or ("pay" if row["hours"] else "fees")
    if component not in COMPONENTS:
        raise CatalogueError(f'{where}: "component" should be one of {", ".join(COMPONENTS)}')
    basis = row["hours_basis"] or HOURS_BASES[0]
    if basis not in HOURS_BASES:
        raise CatalogueError(f'{where}: "hours_basis" should be one of {", ".join(HOURS_BASES)}')
    rate, paid = hourly_rate(where, row, basis, base)
    factors = base.factors(where, component, row["price_year"])
    times = Decimal(1)
    for factor in factors:
        times *= factor.value
    hours, fixed = (amount(where, row, key) or Decimal(0) for key in ("hours", "fixed"))
    made = PriceRow(
        line=line,
        component=component,
        staff=row["staff"],
        hours=hours,
        hourly_rate=rate * times,
        fixed=fixed * times,
        low=limit(where, row, "low", rate, times),
        high=limit(where, row, "high", rate, times),
        source=row["source"],
        hours_basis=basis,
        price_year=row["price_year"],
        factors=factors,
        paid=paid,
    )
    if (made.low is not None and made.low > made.amount) or (made.high is not None and made.high < made.amount):
        raise CatalogueError(f'{where}: the amount should lie from "low" to "high"')
    return made


def limit(where: str, row: Row, end: str, rate: Decimal, times: Decimal) -> Decimal | None:
    """The lowest or highest that the row may be, in GBP: said so, or by its hours; None when it does not say."""
    money, hours = amount(where, row, end), amount(where, row, f"hours_{end}")
    if money is not None and hours is not None:
        raise CatalogueError(f'{where}: fill in "{end}" (GBP) or "hours_{end}", not both')
    if hours is not None:
        if not row["hours"]:
            raise CatalogueError(f'{where}: there are "hours_{end}" and no "hours"')
        money = hours * rate + (amount(where, row, "fixed") or Decimal(0))
    return None if money is None else money * times


def hourly_rate(where: str, row: Row, basis: str, base: PriceBase) -> tuple[Decimal, Staff | None]:
    """The rate that the row gives, or that of its staff in the staff sheet."""
    rate, staff = amount(where, row, "hourly_rate"), base.staff.get(row["staff"])
    if not row["hours"]:
        if rate is not None:
            raise CatalogueError(f'{where}: there is an "hourly_rate" and no "hours"')
        return Decimal(0), None
    if rate is not None:
        if staff:
            raise CatalogueError(
                f'{where}: the staff sheet has this staff, too; leave "hourly_rate" blank, or name no staff'
            )
        return rate, None
    if not staff:
        known = nearest(row["staff"], base.staff) if row["staff"] and base.staff else ""
        raise CatalogueError(
            f'{where}: "hours" need an "hourly_rate", or a "staff" whose row in {STAFF}, beside the sheet, is filled in{known}'
        )
    if staff.price_year != row["price_year"]:
        why = f"{STAFF} line {staff.line} is of {staff.price_year}, and the row of {row['price_year']}"
        raise CatalogueError(f"{where}: price years are mixed: {why}; a row and its staff are of one year")
    found = staff.rate(basis)
    if found is None:
        why = f'{STAFF} line {staff.line} does not say their share: fill in "client_share"'
        raise CatalogueError(f"{where}: the hours are client hours, but {why}, or count working hours")
    return found, staff


def check_once(path: Path, price: Price) -> None:
    """Rows with the same keys add up when each is of other staff; the same staff twice is a slip of the pen."""
    staff = [row.staff for row in price.rows]
    if len(set(staff)) < len(staff):
        lines = " and ".join(str(row.line) for row in price.rows)
        raise CatalogueError(f"{path.name} lines {lines}: the same process, element, keys and staff stand there twice")


def check_one_basis(path: Path, prices: Sequence[Price]) -> None:
    """Raise when some hours are working hours and some client hours: indirect work would count twice, or not at all."""
    first = {row.hours_basis: row.line for price in prices for row in reversed(price.rows) if row.hours}
    if len(first) > 1:
        lines = " and ".join(f"line {line} is of {basis}s" for basis, line in sorted(first.items()))
        raise CatalogueError(
            f'{path.name}: {lines}; a sheet is of one "hours_basis", or indirect work counts twice or never'
        )
