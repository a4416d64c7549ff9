"""Bottom-up costing: what each piece of work costs, times how often the record shows it was done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pyarrow as pa

from careloom.catalogue import Need, PlacementCodes, PriceSheet, Process
from careloom.core import Ledger
from careloom.costs.care import choose_segments, choose_spells
from careloom.costs.fees import find_averages, find_fees
from careloom.costs.lines import find_lines, price_lines
from careloom.costs.needs import NeedChoices, find_needs
from careloom.costs.reviews import choose_reviews
from careloom.costs.triggers import find_triggers
from careloom.engine import Engine


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
    needs: NeedChoices = field(default_factory=NeedChoices)


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
    ledger.extend(find_needs(engine, choices.needs.of(needs)))
    ledger.extend(find_fees(engine, is_used=choices.with_recorded_fees))
    find_averages(engine)
    engine.load("cost_choice", choice_table(choices, end_day))
    find_triggers(engine, processes)
    ledger.extend(find_lines(engine, first_day, end_day))
    ledger.extend(price_lines(engine, processes, sheet, choices.family_share))
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
