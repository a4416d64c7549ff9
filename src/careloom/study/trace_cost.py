"""Where one cost line comes from: what in the record shows the work, how much of it counts, and what one of it costs."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from careloom.catalogue import Catalogue, Element, Price, PriceRow
from careloom.catalogue.price_base import STAFF
from careloom.costs.fees import FEWEST_CHILDREN
from careloom.costs.prices import per_unit
from careloom.engine import Engine, text
from careloom.study.child import plain, rows_of
from careloom.study.file import Study

Row = dict[str, Any]
CHANGED = "the price sheet gives another unit cost now than in the run: it has been changed since; run the study again"


@dataclass(frozen=True)
class Traced:
    """What a line is traced with: the kept database, the study as its file and price sheet stand now, and the catalogue."""

    engine: Engine
    study: Study
    catalogue: Catalogue


def trace_line(of: Traced, row: Row) -> Iterator[tuple[str, list[str]]]:
    """Yield the parts of a trace, each a heading and its lines. `row` is one row of table `cost`."""
    yield "WHAT SHOWS THAT IT WAS DONE", [*trigger(of, row)]
    yield "HOW MUCH OF IT", [*quantity(of, row)]
    yield "WHAT ONE COSTS", [*unit_cost(of, row)]
    yield "READ FROM", [*files(of, row)]


# --- the trigger -----------------------------------------------------------------------------------------------------


def trigger(of: Traced, row: Row) -> Iterator[str]:
    if row["is_imputed"]:
        yield "Supplied by rule: the record does not show it, only what stands below."
    for spell in spells_of(of, row):
        until = f"until {say(spell['ends_on'])}" if spell["ends_on"] else "still open at the last return"
        codes = " ".join(plain(spell[name]) for name in ("code", "detail") if spell[name])
        yield f"{spell['kind'].replace('_', ' ')} from {say(spell['starts_on'])}, {until}{', ' + codes if codes else ''} {place(spell)}"
        if spell["repairs"]:
            yield f"  repaired: {plain(spell['repairs'])}"
    for what, found in of_the_day(of, row):
        yield f"recorded for {say(row['starts_on'])}: {what} {place(found)}"


def spells_of(of: Traced, row: Row) -> list[Row]:
    named = ", ".join(text(row[name]) for name in ("trigger_id", "placement_id") if row[name])
    if not named:
        return []
    return rows_of(
        of.engine,
        f"SELECT * FROM spell WHERE person_id = {text(row['person_id'])} AND spell_id IN ({named}) ORDER BY kind, starts_on",
    )


def of_the_day(of: Traced, row: Row) -> Iterator[tuple[str, Row]]:
    """What the record has on the day: the event that the line names, or else events, and episodes of care that begin or end."""
    if row["basis"] != "event":
        return
    person, day = text(row["person_id"]), f"DATE '{row['starts_on']}'"
    events = rows_of(
        of.engine, f"SELECT * FROM event WHERE person_id = {person} AND happened_on = {day} ORDER BY event"
    )
    named = [found for found in events if row["trigger_id"] == f"{found['event']} {row['starts_on']}"]
    for found in named or events:
        yield found["event"].replace("_", " "), found
    if named:
        return
    for name, what in (("starts_on", "an episode of care begins"), ("ends_on", "an episode of care ends")):
        select = f"SELECT * FROM care_episode WHERE person_id = {person} AND {name} = {day} ORDER BY starts_on"
        for found in rows_of(of.engine, select):
            reason = found["start_reason" if name == "starts_on" else "end_reason"]
            yield what + (f", {plain(reason)}" if reason else ""), found


def place(row: Row) -> str:
    return f"[{row['delivery_id']}] line {row['line']}" if row["delivery_id"] else "[made of several rows]"


def files(of: Traced, row: Row) -> Iterator[str]:
    """Name the files that the rows shown stand in."""
    shown = [*spells_of(of, row), *(found for _, found in of_the_day(of, row)), *payments(of, row)]
    numbers = sorted({found["delivery_id"] for found in shown if found["delivery_id"]})
    if not numbers:
        return
    select = f"SELECT * FROM delivery WHERE delivery_id IN ({', '.join(map(str, numbers))}) ORDER BY delivery_id"
    for found in rows_of(of.engine, select):
        year = f" {found['collection_year']}" if found["collection_year"] else ""
        yield plain(
            f"[{found['delivery_id']}] {found['file_name']}: {found['return_name']}{year}, authority {found['la']}"
        )


# --- quantity --------------------------------------------------------------------------------------------------------


def quantity(of: Traced, row: Row) -> Iterator[str]:
    if row["basis"] == "event":
        yield f"{number(row['quantity'])} on {say(row['starts_on'])}, a day of the cost window."
    else:
        last = say(row["ends_on"] - dt.timedelta(days=1))
        yield f"{number(row['quantity'])} nights: from that of {say(row['starts_on'])} to that of {last}, both counted."
        yield "A stretch is cut by the window, and where the child's needs, age band or recorded fee change."
    said = [f"need group: {plain(row['need_group'])}"]
    said += [
        f"{name.replace('_', ' ')}: {plain(row[name])}"
        for name in ("age_band", "placement_code", "provider", "area", "variation")
        if row.get(name)
    ]
    yield f"Told by, on its first day: {'; '.join(said)}."


# --- unit cost -------------------------------------------------------------------------------------------------------


def unit_cost(of: Traced, row: Row) -> Iterator[str]:
    if row["price_source"] == "recorded fee":
        yield from recorded(of, row)
    elif row["price_source"] == "sheet":
        yield from from_sheet(of, row)
    else:
        by = (
            "authority, type, provider, area and age band"
            if row["fee_level"] == 2
            else "authority and type of placement"
        )
        yield f"£{row['unit_cost']} a night: the mean of all recorded fees of the same {by} (level {row['fee_level']}),"
        yield f"each weighted by its nights, of at least {FEWEST_CHILDREN} children. No fee of this child's own is recorded for these nights."


def payments(of: Traced, row: Row) -> list[Row]:
    """The payments that make up a child's own fee on the nights of the line."""
    if row["price_source"] != "recorded fee":
        return []
    return rows_of(
        of.engine,
        f"""SELECT * FROM fee WHERE person_id = {text(row["person_id"])} AND starts_on < DATE '{row["ends_on"]}'
            AND (ends_on IS NULL OR ends_on > DATE '{row["starts_on"]}') ORDER BY delivery_id, line""",
    )


def recorded(of: Traced, row: Row) -> Iterator[str]:
    yield f"£{row['unit_cost']} a night: the child's own fee, as recorded (level 1). Payments side by side add up:"
    for paid in payments(of, row):
        until = f"until {say(paid['ends_on'])}" if paid["ends_on"] else "still paid"
        what = plain(paid["component"] or "payment")
        yield f"  {what}: £{paid['amount']} a {plain(paid['per'])}, from {say(paid['starts_on'])}, {until} {place(paid)}"
    yield "A week is 7 nights, a month 365.25 / 12, a year 365.25. Fees are as paid: neither an index nor a region changes them."


def from_sheet(of: Traced, row: Row) -> Iterator[str]:
    sheet = of.study.prices
    price, element = price_of(of, row), element_of(of, row)
    if not price or not element:
        yield f"£{row['unit_cost']}, from line {plain(row['price_rows'])} of the price sheet; {CHANGED}."
        return
    share = of.study.cost_choices.family_share if element.is_shared else Decimal(1)
    if per_unit(sheet, element, price, price.amount * share) != row["unit_cost"]:
        yield f"£{row['unit_cost']}, from line {plain(row['price_rows'])} of the price sheet; {CHANGED}."
        return
    keys = "; ".join(f"{name.replace('_', ' ')} {value}" for name, value in price.keys) or "none: it is for all"
    yield f"£{row['unit_cost']} {'each' if price.unit == 'event' else 'a night'}: £{money(price.amount)} per {price.unit}{divided(price, share)}."
    level = f", an average (level {row['fee_level']})" if row["fee_level"] else ""
    yield f"Price sheet {sheet.name}: {sheet.standing} prices of {sheet.price_year}{level}. Keys of the price: {plain(keys)}."
    for part in price.rows:
        yield from from_row(part)


def divided(price: Price, share: Decimal) -> str:
    nights = {"week": " / 7", "month": " x 12 / 365.25", "year": " / 365.25"}.get(price.unit, "")
    family = f" x {share}, what one child of a family bears" if share != 1 else ""
    return f"{nights}{family}{', rounded to six decimals' if nights or family else ''}"


def price_of(of: Traced, row: Row) -> Price | None:
    """The price whose lines of the sheet the run noted, if it still stands there."""
    for price in of.study.prices.prices:
        lines = " ".join(str(part.line) for part in price.rows)
        if (price.process, price.element, lines) == (row["process"], row["element"], row["price_rows"]):
            return price
    return None


def element_of(of: Traced, row: Row) -> Element | None:
    elements = [e for process in of.catalogue.processes if process.key == row["process"] for e in process.elements]
    return next((element for element in elements if element.name == row["element"]), None)


def from_row(part: PriceRow) -> Iterator[str]:
    """One row of the sheet: hours, the rate with what it is made of, what is fixed, region and index, and the source."""
    said = [f"{part.hours} {part.hours_basis}s x £{money(part.hourly_rate)}"] if part.hours else []
    said += [f"£{money(part.fixed)} fixed"] if part.fixed or not said else []
    staff = f", {plain(part.staff)}" if part.staff else ""
    yield f"  line {part.line}{staff}: {' + '.join(said)} = £{money(part.amount)}"
    if part.paid:
        yield from from_staff(part)
    for factor in part.factors:
        yield f"    already times {money(factor.value)}: {plain(factor.why)} ({factor.where}: {plain(factor.source)})"
    yield f"    source: {plain(part.source)}"


def from_staff(part: PriceRow) -> Iterator[str]:
    staff = part.paid
    if not staff:
        return
    sums = " + ".join(f"{name.replace('_', ' ')} {money(amount)}" for name, amount in staff.yearly)
    days = sum((days for _, days in staff.days_off), Decimal(0))
    hours = f"{staff.weeks_per_year} weeks x {staff.hours_per_week} hours less {days} days of {money(staff.hours_per_week / 5)}"
    yield f"    rate of {STAFF} line {staff.line}, {staff.price_year}: £{money(staff.yearly_cost)} / {money(staff.hours_worked)} hours"
    yield f"      a year: {sums}"
    yield f"      hours: {hours}"
    if part.hours_basis == "client hour":
        yield f"      per client hour: divided by the share of direct work, {staff.client_share}"
    yield f"      source: {plain(staff.source)}"


# --- words -----------------------------------------------------------------------------------------------------------


def say(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"


def money(amount: Decimal) -> str:
    """Two decimals, or up to six where there are more."""
    exact = amount.quantize(Decimal("0.000001"))
    return f"{exact:,.2f}" if exact == exact.quantize(Decimal("0.01")) else f"{exact.normalize():,f}"


def number(quantity: Decimal) -> str:
    whole = quantity.to_integral_value()
    return f"{whole:,f}" if whole == quantity else f"{quantity.normalize():f}"


def headed(parts: Sequence[tuple[str, list[str]]]) -> Iterator[str]:
    """Lines under their headings; a part without lines is left out."""
    for heading, lines in parts:
        if lines:
            yield ""
            yield heading
            yield from (f"  {line}" for line in lines)
