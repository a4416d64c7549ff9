"""What a study asks of the typology: [typology] of the study file, and the files beside it that settle names and parameters."""

from dataclasses import dataclass
from pathlib import Path

from careloom.catalogue import Catalogue, IndicatorSet, SavedTypology, find_typology, set_of
from careloom.core import Keys, StudyError, nearest
from careloom.typology.classes import MOST_CLASSES

NAMES, SAVED = "classes.csv", "typologies"
"""Beside the study file: the names that people settled, and the folder of typologies saved there."""
USUAL = "assessment_factors_34"


@dataclass(frozen=True)
class Demand:
    """How categories of demand are found: from which indicators, or with which saved typology, and how many.

    `classes` overrules the rule that chooses their number. `names` and `folder` need not exist.
    """

    indicators: str
    classes: int | None
    include_18plus: bool
    saved: SavedTypology | None
    names: Path
    folder: Path


def read_demand(keys: Keys, home: Path, catalogue: Catalogue) -> Demand:
    """Read the keys of [typology] that say what is sought; how long to search is read beside. Raises StudyError."""
    classes = number_of_classes(keys, "classes", None)
    use = keys.text("use", None)
    saved = (
        find_typology(str(home / use) if use.endswith(".toml") else use, [home / SAVED], catalogue.typologies)
        if use
        else None
    )
    if saved and classes is not None:
        raise StudyError(f'{keys.where}: "use" takes the classes of a saved typology, so "classes" cannot be asked for')
    name = keys.text("indicators", saved.indicators if saved else USUAL)
    if name not in catalogue.indicator_sets:
        raise StudyError(f'{keys.where}: indicators = "{name}" is not known{nearest(name, catalogue.indicator_sets)}')
    if saved:
        check_set(saved, name, catalogue)
    return Demand(name, classes, keys.flag("include_18plus"), saved, home / NAMES, home / SAVED)


def number_of_classes(keys: Keys, key: str, default: int | None) -> int | None:
    """Read a number of categories. Raises StudyError for one below 1 or above what can be sought."""
    number: int | None = keys.whole(key, default)
    if number is not None and not 1 <= number <= MOST_CLASSES:
        raise StudyError(f'{keys.where}: "{key}" should be 1 to {MOST_CLASSES}')
    return number


def check_set(saved: SavedTypology, indicators: str, catalogue: Catalogue) -> IndicatorSet:
    """Return the set that a typology is scored with. Raises StudyError, saying what to write, when the study asks for another."""
    if saved.indicators != indicators:
        raise StudyError(
            f"typology {saved.name} was found from the indicators {saved.indicators}, and the study uses {indicators}: "
            f'other indicators make other classes. Write indicators = "{saved.indicators}" in [typology]'
        )
    return set_of(saved, catalogue.indicator_sets)
