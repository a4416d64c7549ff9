"""What an hour of a member of staff costs: pay, on-costs, overheads and capital of a year over the hours worked in it."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from careloom.catalogue.sheets import Row, amount, filled, read_sheet
from careloom.core import CatalogueError

HOURS_BASES = ("working hour", "client hour")
"""An hour at work, or an hour of work with and for clients, which bears the cost of the other hours as well.

Hours of a time survey that counted travel, recording and meetings are working hours. Hours of direct work alone are client
hours. A sheet is of one of the two: working hours at the rate of a client hour would count indirect work twice.
"""
YEARLY = ("salary", "employer_ni", "superannuation", "direct_overheads", "indirect_overheads", "capital")
"""GBP a year."""
TIME = ("weeks_per_year", "hours_per_week")
DAYS_OFF = ("leave_days", "statutory_days", "sick_days", "training_days")
STAFF_COLUMNS = ("staff", "price_year", *YEARLY, *TIME, *DAYS_OFF, "source")
STAFF_MORE = ("client_share",)
DAYS_A_WEEK = 5


@dataclass(frozen=True)
class Staff:
    """One kind of staff in one price year, as the staff sheet has it.

    Source of the formula: pay with National Insurance, superannuation, holiday and sick leave, and overheads, as the public
    pages of the Cost Calculator for Children's Services name them. Ours: a day off is a fifth of the week's hours.
    """

    line: int
    name: str
    price_year: str
    yearly: tuple[tuple[str, Decimal], ...]
    """GBP of a year, by what it is paid for, in the order of YEARLY."""
    weeks_per_year: Decimal
    hours_per_week: Decimal
    days_off: tuple[tuple[str, Decimal], ...]
    client_share: Decimal | None
    """Share of the hours worked that is work with and for clients, above 0 and at most 1; None when not known."""
    source: str

    @property
    def yearly_cost(self) -> Decimal:
        """GBP a year."""
        return sum((amount for _, amount in self.yearly), Decimal(0))

    @property
    def hours_worked(self) -> Decimal:
        """Hours of a year less leave, public holidays, sickness and training."""
        days = sum((days for _, days in self.days_off), Decimal(0))
        return self.weeks_per_year * self.hours_per_week - days * self.hours_per_week / DAYS_A_WEEK

    def rate(self, basis: str) -> Decimal | None:
        """GBP per hour of that basis; None for client hours when their share is not known."""
        per_hour = self.yearly_cost / self.hours_worked
        if basis == "working hour":
            return per_hour
        return per_hour / self.client_share if self.client_share else None


def read_staff(path: Path) -> dict[str, Staff]:
    """Read a staff sheet; rows that nobody has begun to fill in are passed over. Raises CatalogueError naming line and column."""
    staff: dict[str, Staff] = {}
    for line, row in read_sheet(path, STAFF_COLUMNS, STAFF_MORE, what="staff sheet"):
        if not any(row[name] for name in (*YEARLY, *TIME, *DAYS_OFF)):
            continue
        made = read_one(f"{path.name} line {line}", line, row)
        if made.name in staff:
            raise CatalogueError(
                f"{path.name} lines {staff[made.name].line} and {line}: the same staff stands there twice"
            )
        staff[made.name] = made
    return staff


def read_one(where: str, line: int, row: Row) -> Staff:
    filled(where, row, STAFF_COLUMNS)
    found = {name: amount(where, row, name) or Decimal(0) for name in (*YEARLY, *TIME, *DAYS_OFF)}
    share = amount(where, row, "client_share")
    if share is not None and not 0 < share <= 1:
        raise CatalogueError(f'{where}: "client_share" should be above 0 and at most 1, as 0.7')
    staff = Staff(
        line=line,
        name=row["staff"],
        price_year=row["price_year"],
        yearly=tuple((name, found[name]) for name in YEARLY),
        weeks_per_year=found["weeks_per_year"],
        hours_per_week=found["hours_per_week"],
        days_off=tuple((name, found[name]) for name in DAYS_OFF),
        client_share=share,
        source=row["source"],
    )
    if staff.weeks_per_year > 53 or staff.hours_per_week > 7 * 24:
        raise CatalogueError(f'{where}: "weeks_per_year" is at most 53 and "hours_per_week" at most 168')
    if staff.hours_worked <= 0:
        raise CatalogueError(f"{where}: with so many days off no hour of the year is worked")
    if staff.yearly_cost <= 0:
        raise CatalogueError(f"{where}: this staff costs nothing at all; fill in the salary")
    return staff
