"""In which state a child is in a month of a placement history: a letter for each placement and each reason for leaving."""

import csv
from dataclasses import dataclass
from pathlib import Path

from careloom.core import CatalogueError

COLUMNS = ("kind", "code", "provider", "state", "label", "source")
KINDS = ("placement", "leaving")
OUT_OF_SIGHT = "x"
"""The state of a child whom the returns tell no more of: a placement history ends there."""


@dataclass(frozen=True)
class CareState:
    """What one code stands for in a placement history.

    kind: `placement` (code is the placement type; a blank provider fits any) or `leaving` (code is the reason why care
    ended). A blank code stands for all others of the kind. state: one letter, a capital in care. label: in words.
    """

    kind: str
    code: str
    provider: str
    state: str
    label: str
    source: str


def read_care_states(path: Path) -> tuple[CareState, ...]:
    """Read care_states.csv. Raises CatalogueError when a row is not whole, a code stands twice, or a letter has two labels."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = tuple(read_row(path, line, row) for line, row in enumerate(csv.DictReader(file), start=2))
    keys = [(row.kind, row.code, row.provider) for row in rows]
    if len(set(keys)) < len(keys) or any((kind, "", "") not in keys for kind in KINDS):
        raise CatalogueError(f"{path.name}: each code stands once, and one row of each kind leaves it blank")
    labels = {(row.state, row.label) for row in rows}
    if len(labels) > len({state for state, _ in labels}) or len(labels) > len({label for _, label in labels}):
        raise CatalogueError(f"{path.name}: each letter has one label, and each label one letter")
    return rows


def read_row(path: Path, line: int, row: dict[str, str]) -> CareState:
    where = f"{path.name} line {line}"
    if tuple(row) != COLUMNS or None in row.values():
        raise CatalogueError(f"{where}: the columns should be {', '.join(COLUMNS)}")
    state = CareState(**row)
    if state.kind not in KINDS:
        raise CatalogueError(f'{where}: "kind" should be placement or leaving')
    if len(state.state) != 1 or state.state.isupper() != (state.kind == "placement"):
        raise CatalogueError(f'{where}: "state" should be one letter, a capital for a placement only')
    if not state.label or not state.source:
        raise CatalogueError(f'{where}: "label" or "source" is blank')
    return state
