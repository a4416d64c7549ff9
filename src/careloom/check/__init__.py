"""Typed tables and rules become findings; and what is recorded, where, and how completely."""

from careloom.check.availability import measure_availability
from careloom.check.rules import run_rules

__all__ = ["measure_availability", "run_rules"]
