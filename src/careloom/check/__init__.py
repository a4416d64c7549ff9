"""Typed tables and rules become findings; and what is recorded, where, how well, and what can be done with it."""

from careloom.check.availability import measure_availability, summarise
from careloom.check.rules import run_rules

__all__ = ["measure_availability", "run_rules", "summarise"]
