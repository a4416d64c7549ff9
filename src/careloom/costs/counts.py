"""What costs come down to: for each element, price, placement and authority, how much of it there was and what it came to.

A few thousand cells stand for millions of lines: prices can change, be drawn a thousand times or be asked about, and no
event is counted again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from careloom.catalogue import PriceSheet
from careloom.catalogue.prices import Price
from careloom.catalogue.scenarios import Where
from careloom.core import CatalogueError
from careloom.engine import Engine, text

CELL = (
    "la",
    "process",
    "process_name",
    "element",
    "kind",
    "placement_code",
    "basis",
    "price_source",
    "price_rows",
)
EVERYTHING = "1 = 1"


@dataclass(frozen=True)
class Part:
    """What one row of the price sheet adds to a cell: GBP for hours of staff at their rate, and GBP for the rest."""

    line: int
    pay: float
    rest: float


@dataclass(frozen=True)
class Cell:
    """Lines of table `cost` alike in all that matters; `flags` says for each condition asked about whether it holds.

    `parts` is empty for recorded fees: what was paid is not a price that could be otherwise.
    """

    keys: Mapping[str, str]
    quantity: float
    cost: float
    parts: tuple[Part, ...]
    flags: tuple[bool, ...]


def condition(where: Where) -> str:
    """The condition on a line of `cost` that these columns have one of these values."""
    terms = [f"coalesce(c.{column}, '') IN ({', '.join(map(text, values))})" for column, values in where]
    return " AND ".join(terms) or EVERYTHING


def count_cells(engine: Engine, sheet: PriceSheet, conditions: Sequence[str] = ()) -> list[Cell]:
    """Read table `cost` as cells, told apart also by each of `conditions` on its lines (called `c`).

    Raises CatalogueError when a line rests on a row that the price sheet no longer has: the sheet changed after the run.
    """
    named = ", ".join(f"coalesce(c.{name}, '') AS {name}" for name in CELL)
    flags = "".join(
        f", CASE WHEN {asked} THEN 1 ELSE 0 END AS flag_{number}" for number, asked in enumerate(conditions)
    )
    by = ", ".join((*CELL, *(f"flag_{number}" for number in range(len(conditions)))))
    rows = engine.rows(
        f"""SELECT {by}, sum(quantity) AS quantity, sum(subtotal) AS cost
            FROM (SELECT {named}{flags}, c.quantity, c.subtotal FROM cost AS c) AS line GROUP BY {by} ORDER BY {by}"""
    )
    prices = {" ".join(str(row.line) for row in price.rows): price for price in sheet.prices}
    cells = []
    for row in rows:
        keys = dict(zip(CELL, map(str, row[: len(CELL)]), strict=True))
        *marks, quantity, cost = row[len(CELL) :]
        parts = parts_of(keys, prices, sheet.name, float(cost)) if keys["price_source"] == "sheet" else ()
        cells.append(Cell(keys, float(quantity), float(cost), parts, tuple(bool(mark) for mark in marks)))
    return cells


def parts_of(keys: Mapping[str, str], prices: Mapping[str, Price], sheet: str, cost: float) -> tuple[Part, ...]:
    """Share what a cell came to among the rows of its price, as they share the price."""
    price = prices.get(keys["price_rows"])
    if price is None or (price.process, price.element) != (keys["process"], keys["element"]):
        raise CatalogueError(
            f"price sheet {sheet}: the costs of the run rest on rows that it no longer has; run the study again"
        )
    if not price.amount:
        return tuple(Part(row.line, 0.0, 0.0) for row in price.rows)
    of_price = cost / float(price.amount)
    return tuple(
        Part(row.line, of_price * float(row.hours * row.hourly_rate), of_price * float(row.fixed)) for row in price.rows
    )
