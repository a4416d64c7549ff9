"""How sure a cost is: lowest and highest prices, prices drawn many times over, and children drawn again.

The same price is paid for every child, so its error does not average out over children: one draw is made for each row of the
price sheet and authority, and prices of the same kind of staff, or in the same authority, go up and down together in part.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from careloom.catalogue import PriceSheet
from careloom.catalogue.prices import PriceRow
from careloom.core import RequestError
from careloom.costs.counts import Cell
from careloom.stats.drawn_amounts import Floats, alike_normals, gammas, triangular

SHAPES = {"triangular": triangular, "gamma": gammas}
FEES = "fees and allowances"
UNNAMED = "staff not named"


@dataclass(frozen=True)
class Doubt:
    """How prices are drawn. The defaults are ours: the published method gives no intervals.

    `within` is how far below and above a row may lie that says neither low nor high, as a share of its amount; `rate_sd` the
    standard deviation of an hourly rate, as a share of it. `by_staff` and `by_la` are the shares of the variance that rows of the same
    kind of staff, and all rows of one authority, have in common.
    """

    draws: int = 1000
    seed: int = 1
    within: float = 0.2
    rate_sd: float = 0.05
    shape: str = "triangular"
    by_staff: float = 0.3
    by_la: float = 0.3

    def __post_init__(self) -> None:
        if self.draws < 100 or not 0 <= self.within < 1 or not 0 <= self.rate_sd < 0.3:
            raise RequestError(
                "draws should be 100 or more, --within from 0 to below 1, and the spread of rates below 0.3"
            )
        if self.shape not in SHAPES or min(self.by_staff, self.by_la) < 0 or self.by_staff + self.by_la > 1:
            raise RequestError("amounts are drawn from triangular or gamma, and what is alike adds up to 1 at most")


@dataclass(frozen=True)
class Factors:
    """What the amounts of each row and authority are multiplied by, item x draw: pay goes with its hours and its rate."""

    places: dict[tuple[int, str], int]
    of_amount: Floats
    of_rate: Floats

    def of_cells(self, cells: Sequence[Cell], weights: Sequence["Weights"]) -> Floats:
        """GBP of each cell, cells x draws, its parts weighted."""
        drawn = np.empty((len(cells), self.of_amount.shape[1]))
        for number, (cell, weight) in enumerate(zip(cells, weights, strict=True)):
            drawn[number] = 0.0 if cell.parts else weight.whole * cell.cost
            for part, of_pay in zip(cell.parts, weight.of_pay, strict=True):
                place = self.places[part.line, cell.keys["la"]]
                drawn[number] += (
                    weight.whole * self.of_amount[place] * (of_pay * part.pay * self.of_rate[place] + part.rest)
                )
        return drawn


@dataclass(frozen=True)
class Weights:
    """What a cell is multiplied by: as a whole, and the pay of each of its parts."""

    whole: float
    of_pay: tuple[float, ...]


def as_they_are(cells: Sequence[Cell]) -> list[Weights]:
    return [Weights(1.0, (1.0,) * len(cell.parts)) for cell in cells]


def staff_of(row: PriceRow) -> str:
    """The kind of staff of a row; whatever has no hours is one kind of its own."""
    return (row.staff or UNNAMED) if row.hours else FEES


def limits(row: PriceRow, within: float) -> tuple[float, float]:
    """Between which multiples of itself the amount of a row lies: of what the sheet says, or so far below and above."""
    amount = float(row.amount)
    if not amount:
        return 1.0, 1.0
    low = (
        1 - within
        if row.low is None and row.high is None
        else float(row.amount if row.low is None else row.low) / amount
    )
    high = (
        1 + within
        if row.low is None and row.high is None
        else float(row.amount if row.high is None else row.high) / amount
    )
    return low, high


def items_of(cells: Sequence[Cell]) -> list[tuple[int, str]]:
    """The rows of the sheet that cells rest on, with the authority, in order."""
    return sorted({(part.line, cell.keys["la"]) for cell in cells for part in cell.parts})


def draw_prices(cells: Sequence[Cell], sheet: PriceSheet, doubt: Doubt) -> Factors:
    """Draw every price that the cells rest on; the seed makes the same draws again."""
    rows = {row.line: row for price in sheet.prices for row in price.rows}
    items = items_of(cells)
    places = {item: place for place, item in enumerate(items)}
    if not items:
        return Factors(places, np.ones((0, doubt.draws)), np.ones((0, doubt.draws)))
    chance = np.random.default_rng(doubt.seed)
    kinds, authorities = [staff_of(rows[line]) for line, _ in items], [la for _, la in items]
    low, high = np.array([limits(rows[line], doubt.within) for line, _ in items]).T
    normals = alike_normals([kinds, authorities], [doubt.by_staff, doubt.by_la], draws=doubt.draws, chance=chance)
    of_amount = SHAPES[doubt.shape](normals, low, np.ones(len(items)), high)
    pairs = list(zip(kinds, authorities, strict=True))
    # a rate is of a kind of staff in an authority, whatever the work: nothing of it is a row's own
    rates = alike_normals([kinds, authorities, pairs], [doubt.by_staff, doubt.by_la, 1 - doubt.by_staff - doubt.by_la], draws=doubt.draws, chance=chance)  # fmt: skip
    return Factors(places, of_amount, 1 + doubt.rate_sd * rates)


def at_limit(cells: Sequence[Cell], sheet: PriceSheet, doubt: Doubt, *, high: bool, kind: str | None = None) -> Factors:
    """Every price at its lowest or highest, or those of one kind of staff only: one draw. Rates stay as they are."""
    rows = {row.line: row for price in sheet.prices for row in price.rows}
    items = items_of(cells)
    found = [
        limits(rows[line], doubt.within)[int(high)] if kind in (None, staff_of(rows[line])) else 1.0
        for line, _ in items
    ]
    factors = np.array(found, dtype=np.float64).reshape(len(items), 1)
    return Factors({item: place for place, item in enumerate(items)}, factors, np.ones((len(items), 1)))


def kinds_of(cells: Sequence[Cell], sheet: PriceSheet) -> list[str]:
    """The kinds of staff, and fees, that the cells rest on."""
    rows = {row.line: row for price in sheet.prices for row in price.rows}
    return sorted({staff_of(rows[line]) for line, _ in items_of(cells)})
