"""95% limits of a share, worked out from released numbers only, so that they say no more than these do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

import pyarrow as pa

from careloom.disclose import Released

ENDS = ("lower", "upper")
Z = 1.959964
"""Of the normal distribution, 95% lie within so many standard deviations of its middle."""


@dataclass(frozen=True)
class Limit:
    """One end of the interval of a share; the released count `trials` says how many independent ones it rests on."""

    end: str
    trials: str


def with_limits(released: Released, limits: Mapping[str, Limit]) -> Released:
    """Put limits in the place of the share that stands in their columns; what is blank or withheld stays so."""
    rows = [_limited(row, limits) for row in released.rows.to_pylist()]
    return replace(released, rows=pa.Table.from_pylist(rows, schema=released.rows.schema))


def _limited(row: dict[str, Any], limits: Mapping[str, Limit]) -> dict[str, Any]:
    found = {}
    for name, limit in limits.items():
        share, trials = row[name], row[limit.trials]
        known = share is not None and trials
        found[name] = round(wilson(share, trials)[ENDS.index(limit.end)], 2) if known else None
    return row | found


def wilson(share: float, trials: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share of `trials` independent ones; it stays within 0 and 1.

    Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference. Journal of the American
    Statistical Association 22.
    """
    middle = (share + Z * Z / (2 * trials)) / (1 + Z * Z / trials)
    half = Z * sqrt(share * (1 - share) / trials + (Z / (2 * trials)) ** 2) / (1 + Z * Z / trials)
    return max(middle - half, 0.0), min(middle + half, 1.0)
