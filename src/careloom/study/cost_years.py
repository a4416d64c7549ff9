"""Costs year by year: at the prices of one year, and at each year's own, as they would have been paid."""

from dataclasses import replace
from decimal import Decimal

import pyarrow as pa

from careloom.catalogue import Price
from careloom.report.asking import cost_years
from careloom.study.cost_state import Costs
from careloom.study.cost_tables import Row, group_rows, load_rows, ranked
from careloom.study.kept_demand import answers_of, shown
from careloom.study.listings import Listing

OWN = "at each year's own prices"
NO_INDEX = (
    "At each year's own prices: not told, as there is no index to bring prices from year to year. Careloom ships none; write "
    "indices.csv (component, price_year, index, source) beside a price sheet of your own."
)
AS_PAID = "Fees recorded for a child are as they were paid, in both."
# A line belongs to a year by its nights; an event is one night long.
LINES = """
SELECT CASE WHEN y.is_whole THEN y.year ELSE y.year || ' (part)' END AS grp, c.person_id,
       CAST(c.subtotal AS DOUBLE) * nights_in(c.starts_on, c.ends_on, y.starts_on, y.end_day)
         / CAST(days_between(c.starts_on, c.ends_on) AS DOUBLE) * {times} AS cost
FROM cost AS c
JOIN cost_year AS y ON c.starts_on < y.end_day AND c.ends_on > y.starts_on
LEFT JOIN cost_index AS i ON i.year = y.year AND i.price_rows = c.price_rows
"""


def tell_years(costs: Costs) -> list[str | Listing]:
    """Load and release the cost of each financial year. Raises CatalogueError for a year that the index does not have."""
    years = cost_years(costs.study.cost_first_day, costs.study.cost_end_day)
    has_index = bool(costs.sheet.base.indices)
    costs.engine.load("cost_year", years)
    costs.engine.load("cost_index", index_table(costs, years.column("year").to_pylist() if has_index else []))
    load_rows(costs.engine, costs.catalogue, "cost_nominal", year_rows(costs, has_index=has_index))
    told = shown(answers_of(costs.engine, ("cost_nominal",), costs.study.disclosure), "cost_nominal")
    return [*told, AS_PAID if has_index else NO_INDEX]


def index_table(costs: Costs, years: list[str]) -> pa.Table:
    """For each price of the sheet and year, as 2023-24: what its amount is multiplied by there."""
    rows = [
        {
            "price_rows": " ".join(str(row.line) for row in price.rows),
            "year": year,
            "factor": float(times(costs, price, year.replace("-", "/"))),
        }
        for price in costs.sheet.prices
        for year in years
    ]
    schema = pa.schema([("price_rows", pa.string()), ("year", pa.string()), ("factor", pa.float64())])
    return pa.Table.from_pylist(rows, schema=schema)


def times(costs: Costs, price: Price, year: str) -> Decimal:
    """The price in another year, over what it is in the sheet's: each row goes by the index of its own component."""
    if not price.amount:
        return Decimal(1)
    base, of_sheet = replace(costs.sheet.base, price_year=year), costs.sheet.price_year
    there = Decimal(0)
    for row in price.rows:
        amount = row.amount
        for factor in base.inflated(f"{costs.sheet.name}.csv line {row.line}", row.component, of_sheet):
            amount *= factor.value
        there += amount
    return there / price.amount


def year_rows(costs: Costs, *, has_index: bool) -> list[Row]:
    """What each year came to, and whose costs these are: at the sheet's prices, and with an index at its own."""
    whats = {f"at prices of {costs.sheet.price_year}": LINES.format(times="1.0")}
    if has_index:
        whats[OWN] = LINES.format(times="coalesce(i.factor, 1.0)")
    who = ranked(costs.engine, next(iter(whats.values())))
    amounts = [
        (what, dict(costs.engine.rows(f"SELECT grp, sum(cost) AS cost FROM ({each}) AS line GROUP BY grp")))
        for what, each in whats.items()
    ]
    told = [(what, each | {"All": sum(each.values())}) for what, each in amounts]
    return group_rows("Year", told, who, sorted(told[0][1]))
