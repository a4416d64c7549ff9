"""[link] of the study file: which identifiers may join two records of one child, and what people have decided."""

import csv
from dataclasses import dataclass
from pathlib import Path

from careloom.core import Keys, StudyError
from careloom.link import LINK_MODES, Likeness

DECIDED = "links_decided.csv"
SAME, DIFFERENT = "same", "different"
COLUMNS = ("one", "two", "decision", "probability", "who", "when", "why")
"""Of the file of decisions: two identifiers by pseudonym, what was decided, how probable it was, and who, when and why."""


@dataclass(frozen=True)
class AskedOfLinks:
    """How children are linked: `mode` is one of LINK_MODES, `both` keys unless the study says otherwise.

    `likeness` counts in mode probabilistic only; `decided` is the file of what people decided, which need not be there.
    """

    mode: str
    likeness: Likeness
    decided: Path


@dataclass(frozen=True)
class Decision:
    """What one person decided of two identifiers, by their pseudonyms."""

    one: str
    two: str
    decision: str
    probability: str
    who: str
    when: str
    why: str


def read_asked_of_links(keys: Keys, home: Path) -> AskedOfLinks:
    """Read [link]. Raises StudyError naming the key at fault, or the line of the file of decisions."""
    usual = Likeness()
    mode = keys.one_of("link_mode", LINK_MODES, "both")
    threshold, doubtful = (
        share(keys, name, default)
        for name, default in (("threshold", usual.threshold), ("doubtful_from", usual.doubtful_from))
    )
    if doubtful > threshold:
        raise StudyError(f'{keys.where}: "doubtful_from" should not be above "threshold"')
    path = home / str(keys.text("decided", DECIDED))
    keys.done()
    return AskedOfLinks(mode, Likeness(threshold, doubtful, settled(read_decisions(path))), path)


def share(keys: Keys, name: str, default: float) -> float:
    value = float(keys.number(name, default))
    if not 0 < value <= 1:
        raise StudyError(f'{keys.where}: "{name}" is a probability, above 0 and at most 1')
    return value


def read_decisions(path: Path) -> list[Decision]:
    """Read what people decided, in order; nothing when there is no such file. Raises StudyError naming the line."""
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            heading, rows = tuple(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error):
        raise StudyError(f"{path}: what was decided cannot be read; it should be a CSV file in UTF-8") from None
    if heading != COLUMNS:
        raise StudyError(f"{path}: the first line should be {','.join(COLUMNS)}")
    for line, row in enumerate(rows, start=2):
        if row["decision"] not in (SAME, DIFFERENT) or None in row or None in row.values():
            raise StudyError(
                f'{path} line {line}: "decision" should be {SAME} or {DIFFERENT}, with as many cells as the heading'
            )
    return [Decision(**row) for row in rows]


def settled(decisions: list[Decision]) -> dict[tuple[str, str], bool]:
    """What holds: each reviewer's last word counts, and only where all who looked at a pair say the same."""
    words: dict[tuple[str, str], dict[str, bool]] = {}
    for each in decisions:
        pair = (min(each.one, each.two), max(each.one, each.two))
        words.setdefault(pair, {})[each.who] = each.decision == SAME
    return {pair: next(iter(said.values())) for pair, said in words.items() if len(set(said.values())) == 1}
