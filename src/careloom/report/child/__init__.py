"""One child's page: a timeline in words and as a drawing. It stays inside the authority."""

from careloom.report.child.drawing import draw_child
from careloom.report.child.text import write_child
from careloom.report.child.words import ChildPage, CostRow, Lane, Line, PlacementCosts, UnitRow, write_day

__all__ = [
    "ChildPage",
    "CostRow",
    "Lane",
    "Line",
    "PlacementCosts",
    "UnitRow",
    "draw_child",
    "write_child",
    "write_day",
]
