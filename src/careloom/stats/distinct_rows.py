"""Which rows of a table of numbers are alike?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def distinct_rows(table: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The distinct rows (G, p) and the number of each row's own (n,); the order of the distinct rows has no meaning.

    Each row is turned to one number by random weights and the numbers are sorted, which is far quicker than sorting
    rows. Two rows with one number would be seen, for every row is then held against its own, and sorting rows decides.
    """
    weights = np.random.default_rng(0).uniform(1.0, 2.0, table.shape[1])
    _, first, number = np.unique(table @ weights, return_index=True, return_inverse=True)
    found = table[first]
    if not np.array_equal(found[number], table):
        found, number = np.unique(table, axis=0, return_inverse=True)
    return found, np.asarray(number)
