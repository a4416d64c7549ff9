"""Which kinds of demand are there? Assessments and their factors in, classes and class membership out."""

from careloom.typology.classes import find_classes

__all__ = ["find_classes"]
