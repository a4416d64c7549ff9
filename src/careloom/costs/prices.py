"""Choosing the price of a piece of work: the most specific row of the sheet, or a complaint."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pyarrow as pa

from careloom.catalogue import PRICE_KEYS, Element, Price, PriceSheet, Process
from careloom.core import CatalogueError, RequestError
from careloom.costs.needs import AGE_BANDS
from careloom.costs.triggers import elements_of
from careloom.engine import Engine, count

PER_NIGHT = {
    "night": Decimal(1),
    "week": 1 / Decimal(7),
    "month": 12 / Decimal("365.25"),
    "year": 1 / Decimal("365.25"),
}
"""What of a price falls on one night."""
PLACES = Decimal("0.000001")
MONEY = pa.decimal128(18, 6)
NUMBERS = ("element_no", "place_no", "need_no", "age_no")
PLACES_OF = {"la_no": 10**12, "place_no": 10**8, "need_no": 10**4, "age_no": 10**3, "element_no": 1}
"""What may change a price is one number, `price_key`, in which each of these has decimal places of its own."""
ROOM = 10**4
"""With as many places, or groups of need, they would run into each other there."""
SHEET_COSTS = pa.schema(
    [(name, pa.int32()) for name in (*NUMBERS, "fee_level")]
    + [(name, pa.string()) for name in (*PRICE_KEYS, "process", "process_name", "element")]
    + [(name, pa.string()) for name in ("kind", "perspective", "component", "basis", "price_rows")]
    + [("unit_cost", MONEY)]
)
BANDS = ("", *(band for _, band in AGE_BANDS))
"""Age bands by their number; 0 is 18 and over, or not known."""
COMBINATIONS = f"""
SELECT {", ".join(f"q.{key}" for key in (*NUMBERS, "variation"))}, w.placement_code, w.provider, w.area, g.need_group
FROM (SELECT DISTINCT {", ".join((*NUMBERS, "variation"))} FROM cost_key) AS q
JOIN cost_place AS w ON w.place_no = q.place_no
JOIN cost_need_group AS g ON g.need_no = q.need_no
"""


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


def make_sheet_costs(
    engine: Engine, processes: Sequence[Process], sheet: PriceSheet, share: Decimal = Decimal(1)
) -> None:
    """Make `cost_sheet`: what the sheet says one event or night costs, in GBP, for each combination of keys that came up.

    `share` is what one child bears of work that is often done once for a family.
    """
    elements = elements_of(processes)
    rows = []
    engine.make("cost_key", keys_of("SELECT DISTINCT price_key, variation FROM cost_found"))
    for asked in engine.arrow(COMBINATIONS).to_pylist():
        process, element = elements[asked["element_no"]]
        asked["age_band"] = BANDS[asked["age_no"]]
        price = choose_price(sheet, process.key, element.name, {key: asked[key] for key in PRICE_KEYS})
        factor = share if element.is_shared else Decimal(1)
        rows.append(
            asked
            | {
                "process": process.key,
                "process_name": process.name,
                "element": element.name,
                "kind": element.kind,
                "perspective": element.perspective,
                "component": element.component,
                "basis": "event" if element.basis == "event" else "night",
                "price_rows": " ".join(str(row.line) for row in price.rows),
                "fee_level": fee_level(price) if element.kind == "fee" else None,
                "unit_cost": per_unit(sheet, element, price, price.amount * factor),
            }
        )
    engine.load("cost_sheet", pa.Table.from_pylist(rows, schema=SHEET_COSTS))


def fee_level(price: Price) -> int:
    """2: an average for type and provider, area or age; 3: an average for the type alone. 1 is the child's own fee."""
    return 2 if {"provider", "area", "age_band"} & {name for name, _ in price.keys} else 3


def keys_of(lines: str) -> str:
    """Return the SELECT of price keys with the numbers that they are made of."""
    told, known = lines, "0"
    for name, place in PLACES_OF.items():
        number = f"CAST(floor(CAST(price_key - ({known}) AS DOUBLE) / {place}) AS INTEGER)"
        told = f"SELECT *, {number} AS {name} FROM ({told}) AS line"
        known = f"{known} + {price_key(**{name: name})}"
    return told


def check_room(engine: Engine) -> None:
    """Raise RequestError where there are more kinds of placement, or groups of need, than a price key can tell apart."""
    for table, what in (
        ("cost_place", "kinds of placement by provider and area"),
        ("cost_need_group", "groups of need"),
    ):
        if (there := count(engine, table)) >= ROOM:
            raise RequestError(f"there are {there:,} {what} in the records, and costs can tell {ROOM - 1:,} apart")


def price_key(**numbers: str) -> str:
    """Return the SQL of a price key, or of a part of it."""
    return " + ".join(f"{number} * CAST({PLACES_OF[name]} AS BIGINT)" for name, number in numbers.items())
