"""The catalogue: what we say about children's social care, one thing a file."""

from careloom.catalogue.load import PRICE_COLUMNS, load_catalogue, read_prices
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
    Service,
    Sign,
)
from careloom.catalogue.population import Kind, PlantedClock, Population, read_population
from careloom.catalogue.recordings import Recording, read_recording
from careloom.catalogue.targets import Target, Tolerance, read_targets

__all__ = [
    "PRICE_COLUMNS",
    "Catalogue",
    "Declaration",
    "Drop",
    "Element",
    "Indicator",
    "IndicatorSet",
    "Kind",
    "Measure",
    "Outcome",
    "Page",
    "PlacementCodes",
    "PlantedClock",
    "Population",
    "Price",
    "PriceSheet",
    "Process",
    "Recording",
    "Return",
    "Rule",
    "RuleVersion",
    "Service",
    "Sign",
    "Target",
    "Tolerance",
    "load_catalogue",
    "read_population",
    "read_prices",
    "read_recording",
    "read_targets",
]
