"""What it took and what it cost: the record of care, times the processes, times the prices."""

from careloom.costs.costing import cost_children
from careloom.costs.prices import choose_price

__all__ = ["choose_price", "cost_children"]
