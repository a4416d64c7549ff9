"""Rubin's rules are R's, written out number by number (make_rubin_reference.R); tolerance: the sixteenth digit of the file."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from careloom.stats.rubin import Combined, combine_sets

FOLDER = Path(__file__).parent / "rubin"


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def combined() -> dict[str, Combined]:
    sets: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows("sets.csv"):
        sets[row["case"]].append(row)
    return {
        case: combine_sets(
            [float(row["estimate"]) for row in of], [float(row["variance"]) for row in of], float(of[0]["complete"])
        )
        for case, of in sets.items()
    }


def test_every_number_is_rs() -> None:
    ours, told = combined(), rows("reference.csv")
    assert len(told) == 12 * 10 + 3
    for row in told:
        both = ours[row["case"]]
        lower, upper = both.limits()
        found = {"lower": lower, "upper": upper}.get(row["name"])
        value = float(getattr(both, row["name"]) if found is None else found)
        # p-values far in the tail are worked out by other series in R than in SciPy; 1e-10 is far below anything shown.
        assert value == pytest.approx(float(row["value"]), rel=1e-10, abs=1e-14), row
