"""Common first names and surnames by tradition, for children who do not exist."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from careloom.core import CatalogueError

OURS = Path(__file__).parent / "names"
WEIGHED = tuple[tuple[str, ...], tuple[float, ...]]
K = TypeVar("K")


@dataclass(frozen=True)
class NameLists:
    """Names with how common they are in each group; a group begins with one of DfE's main ethnic groups.

    first_names : (group, sex) to names and their weights; sex is M or F
    surnames : group to names and their weights
    groups_of : ethnicity code to the groups its names come from, and their shares
    nicknames : first name to the short forms it goes by
    """

    first_names: dict[tuple[str, str], WEIGHED]
    surnames: dict[str, WEIGHED]
    groups_of: dict[str, dict[str, float]]
    nicknames: dict[str, tuple[str, ...]]


@cache
def read_name_lists(folder: Path = OURS) -> NameLists:
    """Read first_names.csv, surnames.csv, mixtures.csv and nicknames.csv. Raises CatalogueError when they do not fit."""
    first = grouped(((row["group"], row["sex"]), row) for row in rows(folder / "first_names.csv"))
    last = grouped((row["group"], row) for row in rows(folder / "surnames.csv"))
    groups_of: dict[str, dict[str, float]] = {}
    for row in rows(folder / "mixtures.csv"):
        groups_of.setdefault(row["ethnicity"], {})[row["group"]] = float(row["share"])
    nicknames: dict[str, tuple[str, ...]] = {}
    for row in rows(folder / "nicknames.csv"):
        nicknames[row["name"]] = (*nicknames.get(row["name"], ()), row["nickname"])
    for code, shares in groups_of.items():
        if abs(sum(shares.values()) - 1) > 1e-6:
            raise CatalogueError(f"mixtures.csv: the shares of {code} should add up to 1")
        for group in shares:
            if group not in last or any((group, sex) not in first for sex in "MF"):
                raise CatalogueError(f'mixtures.csv: "{group}" has no first names of each sex, or no surnames')
    return NameLists(first, last, groups_of, nicknames)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def grouped(named: Iterable[tuple[K, dict[str, str]]]) -> dict[K, WEIGHED]:
    """Names and weights by group, in the order of the file."""
    lists: dict[K, tuple[list[str], list[float]]] = {}
    for key, row in named:
        names, weights = lists.setdefault(key, ([], []))
        names.append(row["name"])
        weights.append(float(row["weight"]))
    return {key: (tuple(names), tuple(weights)) for key, (names, weights) in lists.items()}
