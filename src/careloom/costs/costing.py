"""Bottom-up costing: what each piece of work costs, times how often the record shows it was done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pyarrow as pa

from careloom.catalogue import PRICE_KEYS, Need, PlacementCodes, PriceSheet, Process
from careloom.core import Ledger
from careloom.costs.care import choose_segments, choose_spells
from careloom.costs.fees import find_averages, find_fees
from careloom.costs.needs import find_needs
from careloom.costs.prices import make_unit_costs
from careloom.costs.quantities import find_cuts, find_triggers, make_quantities
from careloom.costs.reviews import choose_reviews
from careloom.engine import Engine, count, text

SAME_KEYS = " AND ".join(f"u.{name} = q.{name}" for name in ("process", "element", *PRICE_KEYS))

# A fee is the child's own where one is recorded; else the average of its kind, the nearer one first: own fees before the sheet.
# What is no fee has nobody to pay for, so it finds none: DuckDB compares every row with every other where an outer join asks
# anything but comparisons of columns.
PRICED = f"""
SELECT q.*, f.per_night AS recorded, two.per_night AS average_2, three.per_night AS average_3,
       CASE WHEN q.kind <> 'fee' THEN NULL WHEN f.per_night IS NOT NULL THEN 1
            WHEN two.per_night IS NOT NULL OR q.sheet_level = 2 THEN 2 ELSE 3 END AS fee_level,
       CASE WHEN q.kind <> 'fee' THEN 'sheet' WHEN f.per_night IS NOT NULL THEN 'recorded fee'
            WHEN two.per_night IS NOT NULL THEN 'average of recorded fees' WHEN q.sheet_level = 2 THEN 'sheet'
            WHEN three.per_night IS NOT NULL THEN 'average of recorded fees' ELSE 'sheet' END AS price_source
FROM (
  SELECT q.*, u.process_name, u.kind, u.perspective, u.component, u.basis, u.price_rows, u.unit_cost AS sheet_cost,
         u.fee_level AS sheet_level, CASE WHEN u.kind = 'fee' THEN q.person_id END AS paid_for,
         CASE WHEN u.kind = 'fee' THEN q.la END AS paid_by
  FROM cost_quantity AS q
  JOIN cost_unit AS u ON {SAME_KEYS}) AS q
LEFT JOIN fee_stretch AS f ON f.person_id = q.paid_for AND f.starts_on <= q.starts_on AND f.ends_on > q.starts_on
LEFT JOIN fee_average_2 AS two
  ON two.la = q.paid_by AND two.placement_code = q.placement_code AND two.provider = q.provider AND two.area = q.area
  AND two.age_band = q.age_band
LEFT JOIN fee_average_3 AS three ON three.la = q.paid_by AND three.placement_code = q.placement_code
"""
LINES = """
SELECT person_id, la, placement_id, nullif(placement_code, '') AS placement_code, nullif(provider, '') AS provider,
       need_group, nullif(age_band, '') AS age_band, process, process_name, element, variation, kind, perspective, component,
       starts_on, ends_on, basis, quantity, unit_cost, CAST(quantity * unit_cost AS DECIMAL(18, 6)) AS subtotal,
       is_imputed, fee_level, price_source, CASE WHEN price_source = 'sheet' THEN price_rows END AS price_rows,
       found_in AS trigger_id,
       CASE WHEN price_source = 'sheet' THEN {standing} ELSE 'recorded' END AS standing,
       CASE WHEN price_source = 'sheet' THEN {price_year} ELSE 'as paid' END AS price_year
FROM (
  SELECT *, CASE WHEN price_source = 'recorded fee' THEN recorded WHEN price_source = 'sheet' THEN sheet_cost
                 WHEN fee_level = 2 THEN average_2 ELSE average_3 END AS unit_cost
  FROM ({priced}) AS priced) AS told
"""


@dataclass(frozen=True)
class CostChoices:
    """What an authority may do otherwise: the conventions of the method that change totals, each with its default."""

    family_share: Decimal = Decimal(1)
    """What one child bears of a referral, a section 47 enquiry or a conference: 1 is all of it."""
    with_recorded_fees: bool = True
    assessment_model: str = "single"
    """`initial_plus_core`: an assessment takes the work of both that it came in place of in 2013-14 (process CIN 2)."""
    cin_review_days: int = 42
    """Days between reviews of a child in need plan, which no return holds: a local policy."""


def cost_children(
    engine: Engine,
    processes: Sequence[Process],
    *,
    needs: Sequence[Need] = (),
    sheet: PriceSheet,
    placement_codes: PlacementCodes,
    first_day: date,
    end_day: date,
    choices: CostChoices = CostChoices(),
) -> Ledger:
    """Make table `cost`: each element of each process, for each child, event or unchanging stretch, in [first_day, end_day).

    Reads `spell`, `event`, `person`, `timeline` and `fee`. A night belongs to the day it begins on, an event counts on its
    day; clocks (settling in, numbers of reviews) run from the true start, even before the window, so that adjacent windows add
    up exactly: money is decimal, rounded once, where a unit cost is made. Costs are in GBP at the prices of the sheet's
    year; recorded fees as they were paid. Children whose placements overlap are set aside from the costs of care.
    Raises CatalogueError when a price is missing, or two fit equally well.
    Source: the method of the Cost Calculator for Children's Services (Ward, Holmes and Soper 2008), as its public
    pages describe it; what is ours is said in each process.
    """
    ledger = choose_spells(engine)
    choose_segments(engine, placement_codes)
    ledger.extend(choose_reviews(engine, end_day))
    ledger.extend(find_needs(engine, needs))
    ledger.extend(find_fees(engine, is_used=choices.with_recorded_fees))
    find_averages(engine)
    engine.load("cost_choice", choice_table(choices, end_day))
    find_triggers(engine, processes)
    find_cuts(engine)
    ledger.extend(make_quantities(engine, first_day, end_day))
    make_unit_costs(engine, processes, sheet, choices.family_share)
    said = {"standing": text(sheet.standing), "price_year": text(sheet.price_year)}
    lines = engine.make("cost", LINES.format(priced=PRICED, **said))
    ledger.note("price what was done", "cost_quantity", "cost", count(engine, "cost_quantity"), lines)
    return ledger


def choice_table(choices: CostChoices, end_day: date) -> pa.Table:
    """The choices that elements ask for, in one row: `choice` in their SQL."""
    return pa.table(
        {
            "assessment_model": pa.array([choices.assessment_model], pa.string()),
            "cin_review_days": pa.array([choices.cin_review_days], pa.int32()),
            "end_day": pa.array([end_day], pa.date32()),
        }
    )
