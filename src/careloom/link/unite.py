"""Groups of identifiers that are one child: joined strongest link first, and never against what is known."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

MOST = 20
"""Identifiers that one child may have; more are never believed: the weakest links of such a group are cut."""
TOO_MANY = "too many identifiers for one child"
ONE_EACH = "the record knows each child once"


@dataclass(frozen=True)
class Link:
    """Two identifiers, by number, that may be one child, and what says so. `is_guess`: it is by likeness, not by a key."""

    first: int
    second: int
    rule: str
    is_guess: bool = False


@dataclass
class United:
    """What came of the links: those that hold, and those that were refused, with the reason."""

    held: list[Link] = field(default_factory=list)
    refused: list[tuple[Link, str]] = field(default_factory=list)


def components(size: int, links: pa.Table) -> NDArray[np.int64]:
    """The first identifier of the connected component of each of `size` identifiers, by number from 0."""
    first, second = (np.asarray(links[name].to_numpy(), dtype=np.int64) for name in ("first_no", "second_no"))
    if not size:
        return first
    graph = coo_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(size, size))
    _, component = connected_components(graph, directed=False)
    _, founders = np.unique(component, return_index=True)
    return np.asarray(founders[component], dtype=np.int64)


def unite(
    links: Iterable[Link],
    apart: Mapping[tuple[int, int], str],
    *,
    groups: Sequence[Collection[int]] = (),
    knows_once: Mapping[int, Collection[str]] = {},
    most: int = MOST,
) -> United:
    """Join identifiers link by link, strongest first as they come, and refuse each link that would make an impossible child.

    `apart` says which two identifiers (smaller number first) are not one child, and why: no group may hold both. `groups`
    are joined from the start. `knows_once` names, for an identifier, the records that know a child by one number only: a
    guess never brings two identifiers of one such record together. A link inside a group that stands is nothing new and
    is left out.
    """
    members = {number: set(group) for group in groups for number in group}
    united, enemies = United(), _enemies(apart)
    for group in groups:
        together = set(group)
        members.update(dict.fromkeys(together, together))
    for link in links:
        one, two = (members.setdefault(number, {number}) for number in (link.first, link.second))
        if one is two:
            continue
        why = _why_not(one, two, link, enemies, knows_once, most)
        if why:
            united.refused.append((link, why))
            continue
        large, small = (one, two) if len(one) >= len(two) else (two, one)
        large |= small
        members.update(dict.fromkeys(small, large))
        united.held.append(link)
    return united


def _enemies(apart: Mapping[tuple[int, int], str]) -> dict[int, dict[int, str]]:
    enemies: dict[int, dict[int, str]] = {}
    for (one, two), why in apart.items():
        enemies.setdefault(one, {})[two] = why
        enemies.setdefault(two, {})[one] = why
    return enemies


def _why_not(
    one: set[int],
    two: set[int],
    link: Link,
    enemies: Mapping[int, Mapping[int, str]],
    knows_once: Mapping[int, Collection[str]],
    most: int,
) -> str:
    """Why two groups are not one child; blank when nothing speaks against it. Of several reasons the first by name."""
    whys = {enemies[a][b] for a in one for b in enemies.get(a, {}).keys() & two}
    if whys:
        return min(whys)
    if len(one) + len(two) > most:
        return TOO_MANY
    if link.is_guess and {r for a in one for r in knows_once.get(a, ())} & {
        r for b in two for r in knows_once.get(b, ())
    }:
        return ONE_EACH
    return ""
