"""The catalogue: what we say about children's social care, one thing a file."""

from careloom.catalogue.care_states import OUT_OF_SIGHT, CareState
from careloom.catalogue.costing import COMPONENTS, KINDS, PERSPECTIVES, SYSTEMS, Element, Need, PlacementCodes, Process
from careloom.catalogue.indicator_sets import Indicator, IndicatorSet
from careloom.catalogue.load import load_catalogue
from careloom.catalogue.nouns import (
    Catalogue,
    Competing,
    Covariate,
    Declaration,
    Drop,
    Flow,
    Measure,
    Outcome,
    OutcomeDrop,
    Page,
    Profile,
    ProfileItem,
    Repair,
    Return,
    Rule,
    RuleVersion,
    Service,
    Sign,
)
from careloom.catalogue.own import in_place_of_ours, lay_over, says_own
from careloom.catalogue.population import Kind, PlantedClock, Population, read_population
from careloom.catalogue.price_base import Factor, PriceBase, read_price_base
from careloom.catalogue.prices import MORE_COLUMNS, PRICE_COLUMNS, PRICE_KEYS, Price, PriceRow, PriceSheet, read_prices
from careloom.catalogue.read_typologies import SavedClass, SavedTypology, find_typology, read_typology, set_of
from careloom.catalogue.recordings import Recording, read_recording
from careloom.catalogue.staff import HOURS_BASES
from careloom.catalogue.targets import Target, Tolerance, read_targets

__all__ = [
    "COMPONENTS",
    "HOURS_BASES",
    "KINDS",
    "MORE_COLUMNS",
    "OUT_OF_SIGHT",
    "PERSPECTIVES",
    "PRICE_COLUMNS",
    "PRICE_KEYS",
    "SYSTEMS",
    "CareState",
    "Catalogue",
    "Competing",
    "Covariate",
    "Declaration",
    "Drop",
    "Element",
    "Factor",
    "Flow",
    "Indicator",
    "IndicatorSet",
    "Kind",
    "Measure",
    "Need",
    "Outcome",
    "OutcomeDrop",
    "Page",
    "PlacementCodes",
    "PlantedClock",
    "Population",
    "Price",
    "PriceBase",
    "PriceRow",
    "PriceSheet",
    "Process",
    "Profile",
    "ProfileItem",
    "Recording",
    "Repair",
    "Return",
    "Rule",
    "RuleVersion",
    "SavedClass",
    "SavedTypology",
    "Service",
    "Sign",
    "Target",
    "Tolerance",
    "find_typology",
    "in_place_of_ours",
    "lay_over",
    "load_catalogue",
    "read_population",
    "read_price_base",
    "read_prices",
    "read_recording",
    "read_targets",
    "read_typology",
    "says_own",
    "set_of",
]
