"""How many of one list another knows, told by the pairs themselves, and by that how probable each pair is.

The same likeness says more where most of one list are in the other than where hardly anybody is: the next authority's. The share is
found by expectation and maximisation, all else held (Winkler 1988, Using the EM algorithm for weight computation, ASA).
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

USUAL = 0.5
"""The share of the smaller list that the larger knows, before anything is seen."""
SURE = 20
"""So many children of the smaller list count as much as USUAL."""
ROUNDS, NEAR = 100, 1e-4
Numbers = NDArray[np.int64]
Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Lists:
    """Of each description, by number: which list it is of, and which unit of it describes."""

    of: Numbers
    unit: Numbers

    def sizes(self) -> Numbers:
        """Units of each list."""
        known = np.unique(np.column_stack([self.of, self.unit]), axis=0)
        return np.bincount(known[:, 0]).astype(np.int64)


def weigh_by_overlap(pairs: pa.Table, lists: Lists, prior: float) -> pa.Table:
    """The same pairs, their probability as the overlap of the two lists says instead of `prior`.

    `pairs` are of `likeness.weigh`, which was given `prior`: the fewer it left out, the better the share is known. Of several
    pairs of the same two units the closest counts for the share.
    """
    if not pairs.num_rows:
        return pairs
    one, two, said = (pairs[name].to_numpy() for name in ("one", "two", "probability"))
    ends = np.sort(np.column_stack([lists.of[one], lists.of[two]]), axis=1)
    between, which = np.unique(ends, axis=0, return_inverse=True)
    small, large = np.sort(lists.sizes()[between], axis=1).T
    odds = said / np.maximum(1 - said, 1e-15) / prior
    closest = closest_of(which, np.sort(np.column_stack([lists.unit[one], lists.unit[two]]), axis=1), said)
    share = shares_of(odds[closest], which[closest], small, large)
    odds = odds * (share / large)[which]
    place = pairs.column_names.index("probability")
    return pairs.set_column(place, "probability", pa.array(odds / (1 + odds)))


def closest_of(which: Numbers, units: Numbers, said: Shares) -> Numbers:
    """The most probable pair of each two units, of each two lists."""
    order = np.lexsort((-said, units[:, 1], units[:, 0], which))
    keys = np.column_stack([which, units])[order]
    is_first = np.append(True, (keys[1:] != keys[:-1]).any(axis=1))
    return np.asarray(order[is_first], dtype=np.int64)


def shares_of(odds: Shares, which: Numbers, small: Numbers, large: Numbers) -> Shares:
    """The share of the smaller of each two lists that is in the larger; `odds` are those of an even chance."""
    share = np.full(len(small), USUAL)
    for _ in range(ROUNDS):
        now = odds * (share / large)[which]
        found = np.bincount(which, now / (1 + now), len(small))
        new = np.minimum((found + USUAL * SURE) / (small + SURE), 1.0)
        share, moved = new, float(np.abs(new - share).max())
        if moved < NEAR:
            break
    return share
