"""The catalogue: what we say about children's social care, one thing a file."""

from careloom.catalogue.load import load_catalogue, read_prices
from careloom.catalogue.nouns import (
    Catalogue,
    Declaration,
    Drop,
    Element,
    Indicator,
    IndicatorSet,
    Measure,
    Outcome,
    Page,
    PlacementCodes,
    Price,
    PriceSheet,
    Process,
    Return,
    Rule,
    RuleVersion,
    Sign,
)

__all__ = [
    "Catalogue",
    "Declaration",
    "Drop",
    "Element",
    "Indicator",
    "IndicatorSet",
    "Measure",
    "Outcome",
    "Page",
    "PlacementCodes",
    "Price",
    "PriceSheet",
    "Process",
    "Return",
    "Rule",
    "RuleVersion",
    "Sign",
    "load_catalogue",
    "read_prices",
]
