"""Choosing the price of a piece of work: the most specific row of the sheet, or a complaint."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pyarrow as pa

from careloom.catalogue import PRICE_KEYS, Element, Price, PriceSheet, Process
from careloom.core import CatalogueError
from careloom.engine import Engine

PER_NIGHT = {
    "night": Decimal(1),
    "week": 1 / Decimal(7),
    "month": 12 / Decimal("365.25"),
    "year": 1 / Decimal("365.25"),
}
"""What of a price falls on one night."""
PLACES = Decimal("0.000001")
MONEY = pa.decimal128(18, 6)
UNIT_COSTS = pa.schema(
    [(name, pa.string()) for name in ("process", "element", *PRICE_KEYS)]
    + [(name, pa.string()) for name in ("process_name", "kind", "perspective", "component", "basis", "price_rows")]
    + [("fee_level", pa.int32())]
    + [(name, MONEY) for name in ("unit_cost", "unit_cost_low", "unit_cost_high")]
)


def choose_price(sheet: PriceSheet, process: str, element: str, keys: Mapping[str, str]) -> Price:
    """Return the price that fits with the most keys filled in; a blank key of a row fits anything.

    Raises CatalogueError when no row fits, or two fit equally well: a price is never zero by default.
    """
    fitting = [
        price
        for price in sheet.prices
        if (price.process, price.element) == (process, element)
        and all(keys.get(name, "") == value for name, value in price.keys)
    ]
    what = f'process {process}, element "{element}", ' + ", ".join(f'{k} "{v}"' for k, v in keys.items() if v)
    if not fitting:
        raise CatalogueError(f"price sheet {sheet.name}: there is no price for {what}; add a row")
    most = max(len(price.keys) for price in fitting)
    best = [price for price in fitting if len(price.keys) == most]
    if len(best) > 1:
        lines = " and ".join(str(price.rows[0].line) for price in best)
        raise CatalogueError(
            f"price sheet {sheet.name}: lines {lines} fit {what} equally well; take one out, or fill in another key"
        )
    return best[0]


def per_unit(sheet: PriceSheet, element: Element, price: Price, amount: Decimal) -> Decimal:
    """Return GBP for one event, or for one night, with six decimals; rounded here, and nowhere else before output."""
    is_event = element.basis == "event"
    if is_event != (price.unit == "event"):
        raise CatalogueError(
            f'price sheet {sheet.name}: process {price.process}, element "{element.name}" is counted by the '
            f"{element.basis}, so its price cannot be per {price.unit}"
        )
    with localcontext() as context:
        context.prec = 40
        exact = amount if is_event else amount * PER_NIGHT[price.unit]
        return exact.quantize(PLACES, ROUND_HALF_EVEN)


def make_unit_costs(
    engine: Engine, processes: Sequence[Process], sheet: PriceSheet, share: Decimal = Decimal(1)
) -> None:
    """Make `cost_unit`: GBP for one event or night of each element and combination of keys that came up.

    `share` is what one child bears of work that is often done once for a family.
    """
    elements = {(process.key, e.name): (process, e) for process in processes for e in process.elements}
    asked = ", ".join(("process", "element", *PRICE_KEYS))
    rows = []
    for number, name, *values in engine.rows(f"SELECT DISTINCT {asked} FROM cost_quantity"):
        process, element = elements[number, name]
        keys = dict(zip(PRICE_KEYS, values, strict=True))
        price = choose_price(sheet, number, name, keys)
        factor = share if element.is_shared else Decimal(1)
        unit, low, high = (
            per_unit(sheet, element, price, amount * factor) for amount in (price.amount, price.low, price.high)
        )
        rows.append(
            {
                "process": number,
                "element": name,
                **keys,
                "process_name": process.name,
                "kind": element.kind,
                "perspective": element.perspective,
                "component": element.component,
                "basis": "event" if element.basis == "event" else "night",
                "price_rows": " ".join(str(row.line) for row in price.rows),
                "fee_level": fee_level(price) if element.kind == "fee" else None,
                "unit_cost": unit,
                "unit_cost_low": low,
                "unit_cost_high": high,
            }
        )
    engine.load("cost_unit", pa.Table.from_pylist(rows, schema=UNIT_COSTS))


def fee_level(price: Price) -> int:
    """2: an average for type and provider, area or age; 3: an average for the type alone. 1 is the child's own fee."""
    return 2 if {"provider", "area", "age_band"} & {name for name, _ in price.keys} else 3
