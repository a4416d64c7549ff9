"""Sentences on costs, from released tables: how much of the cost is a few children's, and the mean without them."""

from collections.abc import Mapping, Sequence
from typing import Any

from careloom.report.question import Answer

Row = dict[str, Any]
FEWEST = 100
"""Counts are rounded, of the dearest up to 4 upwards: a mean without them is not worked out where fewer children are left."""


def bands(rows: Sequence[Row]) -> list[tuple[int, float]]:
    """Return, of one list of costs, which percentage of children bears which share of the cost, the dearest first.

    A share is the sum of the bands so far, or what the bands after it leave, whichever may be shown; the others are
    left out.
    """
    parts = [row for row in rows if row["band"] != "All"]
    found = []
    for number, row in enumerate(parts[:-1], start=1):
        so_far, after = ([part["share"] for part in some] for some in (parts[:number], parts[number:]))
        if None not in so_far:
            found.append((per_cent(row["band"]), min(sum(so_far), 1.0)))
        elif None not in after:
            found.append((per_cent(row["band"]), 1 - sum(after)))
    return found


def per_cent(band: str) -> int:
    """The percentage that a band reaches to: `The next, to 10%` is 10."""
    return int(band.rpartition(" ")[2].rstrip("%"))


def say_concentration(answers: Mapping[str, Answer]) -> list[str]:
    rows = answers["cost_concentration"].rows
    said = []
    for name in dict.fromkeys(row["list"] for row in rows):
        mine = [row for row in rows if row["list"] == name]
        parts = [f"the dearest {share}% of children have {100 * of:.0f}%" for share, of in bands(mine)]
        if parts:
            said.append(f"{name}: {', '.join(parts)} of the cost.{without(mine)}")
    return said


def without(rows: Sequence[Row]) -> str:
    """The mean cost of a child, and that of those who are left without the dearest; nothing where it may not be told."""
    first, whole = rows[0], rows[-1]
    if None in (first["cost"], first["children"], whole["cost"], whole["children"]):
        return ""
    left = whole["children"] - first["children"]
    if left < FEWEST:
        return ""
    means = whole["cost"] / whole["children"], (whole["cost"] - first["cost"]) / left
    return f" A child costs about £{means[0]:,.0f} on average; without {first['band'].lower()} about £{means[1]:,.0f}."
