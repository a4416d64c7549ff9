"""What it took and what it cost: the record of care, times the processes, times the prices."""

from careloom.costs.classes import cost_classes
from careloom.costs.costing import CostChoices, cost_children
from careloom.costs.needs import NeedChoices
from careloom.costs.prices import choose_price
from careloom.costs.sheet_checks import check_prices
from careloom.costs.time_use import Spread, TimeUse, price_rows, read_time_use

__all__ = [
    "CostChoices",
    "NeedChoices",
    "Spread",
    "TimeUse",
    "check_prices",
    "choose_price",
    "cost_children",
    "cost_classes",
    "price_rows",
    "read_time_use",
]
