"""Which kinds of demand are there? Assessments and their factors in, classes and class membership out."""

from careloom.typology.classes import Search, find_classes
from careloom.typology.decisions import read_decisions

__all__ = ["Search", "find_classes", "read_decisions"]
