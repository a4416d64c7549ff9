"""Bottom-up costing: what each piece of work costs, times how often the record shows it was done."""

from collections.abc import Sequence
from datetime import date

from careloom.catalogue import PlacementCodes, PriceSheet, Process
from careloom.core import Ledger
from careloom.costs.care import choose_segments, choose_spells
from careloom.costs.prices import make_unit_costs
from careloom.costs.quantities import find_triggers, make_quantities
from careloom.costs.reviews import choose_reviews
from careloom.engine import Engine, text

LINES = """
SELECT
  q.person_id, q.la, q.placement_id, q.placement_code,
  q.process, u.process_name, q.element, u.kind, u.basis,
  q.quantity, u.unit_cost, q.quantity * u.unit_cost AS cost, q.is_imputed,
  {standing} AS standing, {price_year} AS price_year
FROM cost_quantity AS q
JOIN cost_unit AS u
  ON u.process = q.process AND u.element = q.element
  AND u.placement_code = coalesce(q.placement_code, '') AND u.variation = q.variation
"""


def cost_children(
    engine: Engine,
    processes: Sequence[Process],
    *,
    sheet: PriceSheet,
    placement_codes: PlacementCodes,
    first_day: date,
    end_day: date,
) -> Ledger:
    """Make table `cost_line`: each element of each process, for each child and placement, in [first_day, end_day).

    Reads `spell`, `event` and `person`. A night belongs to the day it begins on, an event counts on its day; clocks
    (settling in, numbers of reviews) run from the true start, even before the window, so that adjacent windows add up.
    Costs are in GBP at the prices of the sheet's year, unrounded. Children whose placements overlap are set aside.
    Raises CatalogueError when a price is missing, or two fit equally well.
    Source: the method of the Cost Calculator for Children's Services (Ward, Holmes and Soper 2008), as its public
    pages describe it; what is ours is said in each process.
    """
    ledger = choose_spells(engine)
    choose_segments(engine, placement_codes)
    ledger.extend(choose_reviews(engine, end_day))
    ledger.extend(find_triggers(engine, processes, first_day, end_day))
    quantities = make_quantities(engine)
    make_unit_costs(engine, processes, sheet)
    lines = engine.make("cost_line", LINES.format(standing=text(sheet.standing), price_year=text(sheet.price_year)))
    ledger.note("price what was done", "cost_quantity", "cost_line", quantities, lines)
    return ledger
