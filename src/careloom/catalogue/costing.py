"""What costs are made of: processes and their elements, needs, and the cost codes of placements; and how each is read."""

import csv
from dataclasses import dataclass
from pathlib import Path

from careloom.core import CatalogueError, Keys, read_toml

SYSTEMS = {
    "LAC": "Looked-after children",
    "CIN": "Children in need",
    "SB": "Short breaks",
    "CL": "Care leavers",
    "SV": "Services",
}
"""The lists of processes. A process goes by its list and number, as "LAC 3" or "CIN 5"."""
KINDS = ("case_management", "fee", "service", "other_agency")
PERSPECTIVES = ("CSC", "NHS", "education", "youth justice", "other")
"""Who bears a cost; CSC is children's social care."""
COMPONENTS = ("pay", "fees", "allowances", "other")
"""What a price consists of, each with its own index of inflation."""
BASES = ("event", "night", "week", "month")


@dataclass(frozen=True)
class Element:
    """One priced element of a process. `select` finds its events or its stretches of nights in the common tables.

    It gives case_id (the spell the work is done for: a period of care, a CIN episode, a short break ...) and happened_on
    (basis event), or starts_on and ends_on (any other basis, whose unit is only that of the price: nights are counted). A
    stretch in a placement gives placement_id, a placement segment, in place of case_id; an event that belongs to no spell
    gives person_id and la. Where it has them it also gives variation (a key of the price sheet), is_imputed, trigger_id
    (what in the record shows it: a spell_id, or the event and its day) and quantity. Beside the common tables it may read the names that the costs room makes: see costs/triggers.py.
    """

    name: str
    kind: str
    basis: str
    select: str
    perspective: str = "CSC"
    component: str = "pay"
    is_shared: bool = False
    """The work is often done once for several children of a family: a study may charge each a share of it."""


@dataclass(frozen=True)
class Process:
    """One piece of work and what in the record shows that it was done."""

    system: str
    number: int
    name: str
    why: str
    source: str
    elements: tuple[Element, ...]
    items: tuple[str, ...]
    examples: str

    @property
    def key(self) -> str:
        return f"{self.system} {self.number}"


@dataclass(frozen=True)
class Need:
    """A need that a group of children is told by, with the stretches of days for which the record shows it.

    `select` reads the common tables and gives person_id, starts_on and ends_on: the first day no longer in it, blank while
    it goes on. `position` orders the names of combinations. `numbers` are what a study may set otherwise, such as a score;
    `select` finds them, by their names, in the one row of `number`.
    """

    name: str
    title: str
    position: int
    why: str
    source: str
    select: str
    items: tuple[str, ...]
    examples: str
    numbers: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class PlacementCodes:
    """Cost codes of placements: which SSDA903 placement types and providers fall under each."""

    rows: tuple[tuple[str, str, str], ...]


def read_process(path: Path) -> Process:
    keys = read_toml(path, CatalogueError)
    elements = tuple(map(read_element, keys.tables("element")))
    if len({element.name for element in elements}) < len(elements):
        raise CatalogueError(f"{keys.where}: two elements have the same name")
    process = Process(
        keys.one_of("system", tuple(SYSTEMS)),
        keys.whole("number"),
        keys.text("name"),
        keys.text("why"),
        keys.text("source"),
        elements,
        keys.texts("items"),
        keys.text("examples"),
    )
    keys.done()
    return process


def read_element(keys: Keys) -> Element:
    kind = keys.one_of("kind", KINDS)
    element = Element(
        name=keys.text("name"),
        kind=kind,
        basis=keys.one_of("basis", BASES),
        select=keys.text("select"),
        perspective=keys.one_of("perspective", PERSPECTIVES, "CSC"),
        component=keys.one_of("component", COMPONENTS, "fees" if kind == "fee" else "pay"),
        is_shared=keys.flag("shared"),
    )
    keys.done()
    return element


def read_need(path: Path) -> Need:
    keys = read_toml(path, CatalogueError)
    need = Need(
        name=path.stem,
        title=keys.text("title"),
        position=keys.whole("position"),
        why=keys.text("why"),
        source=keys.text("source"),
        select=keys.text("select"),
        items=keys.texts("items"),
        examples=keys.text("examples"),
        numbers=read_numbers(keys.table("numbers", {})),
    )
    keys.done()
    return need


def read_numbers(keys: Keys) -> tuple[tuple[str, int], ...]:
    """Read what a rule counts with, by name: whole numbers."""
    numbers = tuple((name, int(keys.whole(name))) for name in sorted(keys.values))
    keys.done()
    return numbers


def read_placement_codes(path: Path) -> PlacementCodes:
    """Read place,provider,placement_code; a blank provider fits any, and the row with a blank place is for all others."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = tuple((row["place"], row["provider"], row["placement_code"]) for row in csv.DictReader(file))
    keys = [row[:2] for row in rows]
    if len(set(keys)) < len(keys) or ("", "") not in keys:
        raise CatalogueError(f"{path.name}: each place and provider stands once, and one row leaves both blank")
    return PlacementCodes(rows)
