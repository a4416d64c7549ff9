"""Checklists for reports of studies: what each asks, in our words, and what a run of Careloom can say to it."""

from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from careloom.core import CatalogueError, Keys, nearest, read_toml

FACTS = (
    "agreements",
    "authorities",
    "disclosure",
    "indicators",
    "link_mode",
    "masks",
    "outcomes",
    "period",
    "repairs",
    "returns",
    "rules",
    "seed",
    "vault",
    "version",
    "years",
)
"""What an answer may name in braces: each run says it of itself."""


@dataclass(frozen=True)
class ChecklistItem:
    """One item: its number in the checklist, what is asked, and the answer, with facts of the run in braces."""

    item: str
    asked: str
    said: str


@dataclass(frozen=True)
class Checklist:
    """A published checklist."""

    name: str
    title: str
    position: int
    source: str
    items: tuple[ChecklistItem, ...]


def read_checklist(path: Path) -> Checklist:
    """Read a checklist. Raises CatalogueError for an answer that names what no run says."""
    keys = read_toml(path, CatalogueError)
    items = tuple(read_item(each) for each in keys.tables("items"))
    found = Checklist(path.stem, keys.text("title"), keys.whole("position"), keys.text("source"), items)
    keys.done()
    return found


def read_item(keys: Keys) -> ChecklistItem:
    item = ChecklistItem(keys.text("item"), keys.text("asked"), keys.text("said"))
    keys.done()
    for _, named, _, _ in Formatter().parse(item.said):
        if named is not None and named not in FACTS:
            raise CatalogueError(f'{keys.where}: no run says "{named}" of itself{nearest(named, FACTS)}')
    return item
