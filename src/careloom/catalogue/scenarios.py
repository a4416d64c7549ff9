"""What-ifs: changes to prices, frequencies, placements, needs and returns, and the switches of the method; each read from a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from careloom.catalogue.prices import UNITS
from careloom.core import CatalogueError, Keys, nearest, read_toml

OURS = Path(__file__).parent
WHATS = {
    "rate": "what an hour of staff costs",
    "hours": "how many hours the work takes",
    "fee": "what placements are charged",
    "frequency": "how often the work is done",
    "mix": "where nights are spent, or with which needs",
    "returns": "how many come back",
    "family share": "what one child of a family bears of work done once for all of them",
    "recount": "how the work is counted",
}
"""What a change changes."""
COLUMNS = (
    "process",
    "element",
    "kind",
    "perspective",
    "la",
    "placement_code",
    "provider",
    "need_group",
    "age_band",
    "variation",
)
"""Columns of table `cost` by which a change may say what it is a change of."""
KEYS_OF = {
    "rate": {"staff", "of", "times", "low", "high"},
    "hours": {"of", "times", "add", "per", "low", "high"},
    "fee": {"of", "times", "low", "high"},
    "frequency": {"of", "times", "low", "high"},
    "mix": {"from", "to", "share", "of", "low", "high"},
    "returns": {"select", "of", "share", "low", "high"},
    "family share": {"share", "low", "high"},
    "recount": {"process", "element", "select"},
}
Where = tuple[tuple[str, tuple[str, ...]], ...]
"""Columns and the values they may have; nothing stands for all."""


@dataclass(frozen=True)
class Change:
    """One change. `number` is what amounts are multiplied by (`times`), a share from 0 to 1, or hours added `per` unit of time.

    `low` and `high` are between which it may lie. Lines of table `cost` are told by `of`; a mix takes nights `from`
    some and gives them `to` others. `select` gives, for returns, the stretches (person_id, starts_on, ends_on) whose costs
    would not arise; for a recount, what the element selects instead.
    """

    what: str
    number: float = 1.0
    low: float | None = None
    high: float | None = None
    is_added: bool = False
    per: str = ""
    staff: str | None = None
    of: Where = ()
    taken_from: Where = ()
    given_to: Where = ()
    select: str = ""
    process: str = ""
    element: str = ""


@dataclass(frozen=True)
class Scenario:
    """A what-if: why it is asked, where its numbers come from, what it takes for granted, and its changes, made in order."""

    name: str
    title: str
    why: str
    source: str
    assumptions: tuple[str, ...]
    changes: tuple[Change, ...]
    examples: str = field(default="", compare=False)


@cache
def load_scenarios(folder: Path = OURS / "scenarios") -> Mapping[str, Scenario]:
    """The scenarios that are shipped, by name."""
    return {path.stem: read_scenario(path) for path in sorted(folder.glob("*.toml"))}


def load_switches() -> Mapping[str, Scenario]:
    """Conventions of the method that could be otherwise, by name: the same kind of file as a scenario."""
    return load_scenarios(OURS / "switches")


def read_scenario(path: Path) -> Scenario:
    """Read one scenario. Raises CatalogueError naming the key that is wrong and what to write."""
    keys = read_toml(path, CatalogueError)
    scenario = Scenario(
        name=path.stem,
        title=keys.text("title"),
        why=keys.text("why"),
        source=keys.text("source"),
        assumptions=keys.texts("assumptions"),
        changes=tuple(map(read_change, keys.tables("change"))),
        examples=keys.text("examples", ""),
    )
    keys.done()
    for key in ("title", "why", "source"):
        if not getattr(scenario, key).strip():
            raise CatalogueError(f'{path.name}: "{key}" is blank')
    if not scenario.changes or not scenario.assumptions:
        lacking = "assumptions" if scenario.changes else "[[change]]"
        raise CatalogueError(f"{path.name}: there is no {lacking}; say at least one")
    return scenario


def read_change(keys: Keys) -> Change:
    what = keys.one_of("what", tuple(WHATS))
    known = KEYS_OF[what] | {"what"}
    for name in keys.values:
        if name not in known:
            raise CatalogueError(f'{keys.where}: a change of {what} has no key "{name}"{nearest(name, known)}')
    keys.asked |= known
    is_added = "add" in keys.values
    number = read_number(keys, what, is_added=is_added)
    low, high = (keys.number(name) if name in keys.values else None for name in ("low", "high"))
    if (low is not None and low > number) or (high is not None and high < number):
        raise CatalogueError(f'{keys.where}: the number should lie from "low" to "high"')
    change = Change(
        what=what,
        number=number,
        low=low,
        high=high,
        is_added=is_added,
        per=keys.one_of("per", UNITS) if is_added else "",
        staff=keys.text("staff", None),
        of=read_where(keys, "of"),
        taken_from=read_where(keys, "from"),
        given_to=read_where(keys, "to"),
        select=keys.text("select") if what in ("returns", "recount") else "",
        process=keys.text("process") if what == "recount" else "",
        element=keys.text("element") if what == "recount" else "",
    )
    if what == "mix" and not (change.taken_from and change.given_to):
        raise CatalogueError(f'{keys.where}: a mix takes nights "from" some and gives them "to" others; say both')
    if what == "rate" and change.staff is None:
        raise CatalogueError(f'{keys.where}: "staff" is missing; write whose rate it is, as the price sheet has it')
    return change


def read_number(keys: Keys, what: str, *, is_added: bool) -> float:
    if what == "recount":
        return 1.0
    name = "add" if is_added else "times" if "times" in KEYS_OF[what] else "share"
    if is_added and "times" in keys.values:
        raise CatalogueError(f'{keys.where}: say "times" or "add", not both')
    number = float(keys.number(name))
    for each in (number, *(keys.number(limit) for limit in ("low", "high") if limit in keys.values)):
        if each < 0 or (name == "share" and each > 1):
            wanted = "from 0 to 1" if name == "share" else "0 or more"
            raise CatalogueError(f'{keys.where}: "{name}" and its limits should be {wanted}')
    return number


def read_where(keys: Keys, key: str) -> Where:
    """Read conditions such as { process = "LAC 3", placement_code = ["la_foster", "ifa_foster"] }."""
    if key not in keys.values:
        return ()
    asked = keys.table(key)
    for name in asked.values:
        if name not in COLUMNS:
            raise CatalogueError(f'{asked.where}: costs are not told by "{name}"{nearest(name, COLUMNS)}')
    return tuple(
        (name, (asked.text(name),) if isinstance(value, str) else asked.texts(name))
        for name, value in asked.values.items()
    )
