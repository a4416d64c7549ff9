"""Names by chance, the same for the same number: common ones often, and of the tradition of the child's group."""

from __future__ import annotations

import numpy as np

from careloom.catalogue.name_lists import NameLists, read_name_lists
from careloom.synth.days import Flags
from careloom.synth.draws import choose, uniform
from careloom.synth.world import Rows, Texts

DOUBLE_BARRELLED = 0.06  # families with two surnames joined
_USUAL = "WBRI"  # names of a child whose ethnic group is not known


def draw_groups(seed: int, family: Rows, ethnicity: Texts) -> Rows:
    """Position in the groups of the name lists, one to a family of an ethnic group."""
    lists = read_name_lists()
    groups = list(lists.surnames)
    drawn = np.zeros(family.size, dtype=np.int64)
    for code in np.unique(ethnicity):
        shares = lists.groups_of.get(str(code), lists.groups_of[_USUAL])
        rows = np.flatnonzero(ethnicity == code)
        drawn[rows] = choose(seed, family[rows], "group of names", np.array([shares.get(g, 0.0) for g in groups]))
    return drawn


def draw_surnames(seed: int, number: Rows, group: Rows, about: str) -> Texts:
    """A surname for each number; some are two joined."""
    names, other = (_draw(seed, number, group, f"{about}{more}") for more in ("", ", second"))
    two = (uniform(seed, number, f"{about}, joined") < DOUBLE_BARRELLED) & (names != other)
    return np.where(two, np.char.add(np.char.add(names, "-"), other), names) if two.any() else names


def draw_first_names(seed: int, number: Rows, group: Rows, is_male: Flags, about: str) -> Texts:
    """A first name for each number."""
    names = np.zeros(number.size, dtype="<U1")
    for sex, rows in (("M", np.flatnonzero(is_male)), ("F", np.flatnonzero(~is_male))):
        drawn = _draw(seed, number[rows], group[rows], about, sex)
        names = names.astype(f"<U{max(drawn.dtype.itemsize, names.dtype.itemsize) // 4}")
        names[rows] = drawn
    return names


def _draw(seed: int, number: Rows, group: Rows, about: str, sex: str = "") -> Texts:
    lists = read_name_lists()
    names = np.zeros(number.size, dtype=f"<U{_longest(lists)}")
    for position, name in enumerate(lists.surnames):
        rows = np.flatnonzero(group == position)
        known, weights = lists.first_names[name, sex] if sex else lists.surnames[name]
        names[rows] = np.array(known)[choose(seed, number[rows], about, np.array(weights))]
    return names


def _longest(lists: NameLists) -> int:
    every = [*lists.first_names.values(), *lists.surnames.values()]
    return max(len(name) for names, _ in every for name in names)
