"""Choosing the price of a piece of work: the most specific row of the sheet, or a complaint."""

from collections.abc import Sequence

import pyarrow as pa

from careloom.catalogue import Element, Price, PriceSheet, Process
from careloom.core import CatalogueError
from careloom.engine import Engine

DAYS_A_WEEK = 7
UNIT_OF = {"event": "event", "night": "week"}
KEYS = "SELECT DISTINCT process, element, coalesce(placement_code, '') AS placement_code, variation FROM cost_quantity"


def choose_price(sheet: PriceSheet, *, process: int, element: str, placement_code: str, variation: str) -> Price:
    """Return the row that fits with the most keys filled in; a blank key of a row fits anything.

    Raises CatalogueError when no row fits, or two fit equally well: a price is never zero by default.
    """
    fitting = [
        price
        for price in sheet.prices
        if (price.process, price.element) == (process, element)
        and price.placement_code in ("", placement_code)
        and price.variation in ("", variation)
    ]
    what = f'process {process}, element "{element}", placement_code "{placement_code}", variation "{variation}"'
    if not fitting:
        raise CatalogueError(f"price sheet {sheet.name}: there is no price for {what}; add a row")
    most = max(map(filled, fitting))
    best = [price for price in fitting if filled(price) == most]
    if len(best) > 1:
        raise CatalogueError(f"price sheet {sheet.name}: {len(best)} rows fit {what} equally well; keep or fill in one")
    return best[0]


def filled(price: Price) -> int:
    """How many keys of a row are filled in."""
    return (price.placement_code != "") + (price.variation != "")


def unit_cost(sheet: PriceSheet, element: Element, price: Price) -> float:
    """Return GBP for one event, or for one night: a week's price over 7."""
    if price.unit != UNIT_OF[element.basis]:
        raise CatalogueError(
            f'price sheet {sheet.name}: process {price.process}, element "{element.name}" is counted by the '
            f"{element.basis}, so its price should be per {UNIT_OF[element.basis]}, not per {price.unit}"
        )
    return price.amount / DAYS_A_WEEK if price.unit == "week" else price.amount


def make_unit_costs(engine: Engine, processes: Sequence[Process], sheet: PriceSheet) -> None:
    """Make `cost_unit`: GBP for one event or night of each element, placement code and variation that came up."""
    elements = {
        (process.number, element.name): (process, element) for process in processes for element in process.elements
    }
    rows = []
    for number, name, placement_code, variation in engine.rows(KEYS):
        process, element = elements[number, name]
        price = choose_price(sheet, process=number, element=name, placement_code=placement_code, variation=variation)
        rows.append(
            {
                "process": number,
                "process_name": process.name,
                "element": name,
                "kind": element.kind,
                "basis": element.basis,
                "placement_code": placement_code,
                "variation": variation,
                "unit_cost": unit_cost(sheet, element, price),
            }
        )
    engine.load("cost_unit", pa.Table.from_pylist(rows, schema=UNIT_COSTS))


UNIT_COSTS = pa.schema(
    [
        ("process", pa.int32()),
        ("process_name", pa.string()),
        ("element", pa.string()),
        ("kind", pa.string()),
        ("basis", pa.string()),
        ("placement_code", pa.string()),
        ("variation", pa.string()),
        ("unit_cost", pa.float64()),
    ]
)
