"""Saved typologies: the parameters of classes of demand that were found once, to score other assessments with.

A file holds no child: every number stands for a count rounded to 5. It says which indicator set it reads, of which
version and fingerprint, so that nothing else is scored with it; and a checksum of all it says, so that one in which a row
was changed, or left out, is not believed.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from careloom.catalogue.indicator_sets import IndicatorSet
from careloom.core import CatalogueError, Keys, StudyError, nearest, read_examples, read_toml

ROUNDING = 0.00005
"""What is left out of a probability written with 4 decimals, at most."""


@dataclass(frozen=True)
class SavedClass:
    """One class: its name, its share of assessments, and the probability of each of the typology's items (J,)."""

    name: str
    share: float
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class SavedTypology:
    """Parameters of a latent class model of yes/no items, by descending share, and where they come from.

    `items` names the indicators used (J,), some or all of the set `indicators`; those that nobody recorded, or
    everybody, tell nothing and are not among them. `assessments` is rounded. `examples` draws records (the names of the
    indicators recorded, the others not) with the class that is likeliest and its probability.
    """

    name: str
    version: int
    why: str
    source: str
    made_by: str
    made_on: dt.date
    assessments: int
    indicators: str
    indicators_version: int
    indicators_fingerprint: str
    items: tuple[str, ...]
    classes: tuple[SavedClass, ...]
    examples: str

    @property
    def shares(self) -> tuple[float, ...]:
        return tuple(each.share for each in self.classes)


def read_typology(path: Path) -> SavedTypology:
    """Read a saved typology. Raises CatalogueError naming file and key, or saying that this is another kind of file."""
    keys = read_toml(path, CatalogueError)
    if "probabilities" not in keys.values:
        what = "a study file" if "study" in keys.values else "another file"
        raise CatalogueError(f"{keys.where}: this is {what}, not a typology saved by careloom typology --save")
    items, columns = _probabilities(keys)
    named = keys.tables("class")
    if len(named) != len(columns):
        raise CatalogueError(
            f'{keys.where}: {len(named)} [[class]], but "probabilities" has columns for {len(columns)}'
        )
    classes = tuple(
        SavedClass(each.text("name"), each.number("share"), column) for each, column in zip(named, columns, strict=True)
    )
    for each in named:
        each.done()
    made = SavedTypology(
        name=path.stem,
        version=keys.whole("version"),
        why=keys.text("why"),
        source=keys.text("source"),
        made_by=keys.text("made_by"),
        made_on=keys.day("made_on"),
        assessments=keys.whole("assessments"),
        indicators=keys.text("indicators"),
        indicators_version=keys.whole("indicators_version"),
        indicators_fingerprint=keys.text("indicators_fingerprint"),
        items=items,
        classes=classes,
        examples=keys.text("examples"),
    )
    written = keys.text("checksum")
    keys.done()
    _check(keys.where, made)
    if written != checksum(made):
        raise CatalogueError(
            f"{keys.where}: this file was changed since it was saved; take the one that was saved, or save it anew"
        )
    return made


def checksum(saved: SavedTypology) -> str:
    """SHA-256, shortened, of all that a typology says but its name, which is that of its file."""
    said = {**asdict(saved), "name": "", "made_on": saved.made_on.isoformat()}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def _probabilities(keys: Keys) -> tuple[tuple[str, ...], list[tuple[float, ...]]]:
    """The items, and for each class its probabilities, from a text table with a row an item and a column a class."""
    try:
        (table,) = read_examples(keys.text("probabilities"), "probabilities").values()
        items = tuple(str(row["indicator"]) for row in table.rows)
        numbers = [name for name in table.rows[0] if name != "indicator"]
        columns = [tuple(float(row[name] or "") for row in table.rows) for name in numbers]
    except (ValueError, KeyError, IndexError):
        raise CatalogueError(
            f'{keys.where}: "probabilities" should be a table: a row an indicator, a column a class, under indicator | 1 | 2'
        ) from None
    return items, columns


def _check(where: str, made: SavedTypology) -> None:
    if abs(sum(made.shares) - 1.0) > 2 * ROUNDING * len(made.classes):
        raise CatalogueError(f'{where}: the "share" of all [[class]] should add up to 1')
    if any(not 0 <= p <= 1 for each in made.classes for p in each.probabilities):
        raise CatalogueError(f'{where}: "probabilities" should lie between 0 and 1')
    if len(set(made.items)) < len(made.items) or len({each.name for each in made.classes}) < len(made.classes):
        raise CatalogueError(f"{where}: an indicator, or the name of a class, stands there twice")


def find_typology(name: str, places: list[Path], known: Mapping[str, SavedTypology]) -> SavedTypology:
    """Find a typology by the path of its file, or by name in a folder of the study, or in the catalogue.

    Raises StudyError, naming what there is, when there is none.
    """
    for path in (Path(name), *(folder / f"{name}.toml" for folder in places)):
        if path.suffix == ".toml" and path.is_file():
            return read_typology(path)
        if path.suffix and path.is_file():
            raise StudyError(f"{path}: this is not a saved typology, which is a .toml file of careloom typology --save")
    if name in known:
        return known[name]
    there = {path.stem for folder in places for path in folder.glob("*.toml")} | set(known)
    raise StudyError(f'there is no saved typology "{name}"{nearest(name, there)} (or name its .toml file)')


def set_of(saved: SavedTypology, sets: Mapping[str, IndicatorSet]) -> IndicatorSet:
    """Return the indicator set that a typology was found from. Raises CatalogueError when it is not what it was."""
    where = f"typology {saved.name}"
    if saved.indicators not in sets:
        raise CatalogueError(
            f'{where}: it was found from the indicator set "{saved.indicators}", which is not here{nearest(saved.indicators, sets)}'
        )
    here = sets[saved.indicators]
    if (here.version, here.fingerprint) != (saved.indicators_version, saved.indicators_fingerprint):
        raise CatalogueError(
            f"{where}: it was found from {here.name} version {saved.indicators_version} ({saved.indicators_fingerprint}), "
            f"and here that is version {here.version} ({here.fingerprint}): factors are not read alike. "
            "Score with the Careloom it was made by, or find the classes anew with careloom typology --save"
        )
    unknown = sorted(set(saved.items) - {item.name for item in here.indicators})
    if unknown:
        raise CatalogueError(f'{where}: the indicator "{unknown[0]}" is not in {here.name}')
    return here
