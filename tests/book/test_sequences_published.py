"""Distances between sequences against R's adist, textbook figures and sums done by hand."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.sequence_clusters import cluster_medoids, silhouettes
from careloom.stats.sequences import (
    constant_costs,
    hamming_distances,
    matching_distances,
    transition_costs,
    transition_rates,
)

ADIST = Path(__file__).parent / "sequences" / "adist.csv"
LETTERS = sorted("kitensgFAKRhp")


def told(text: str) -> np.ndarray:
    return np.array([[LETTERS.index(letter) for letter in text]])


def distance(a: str, b: str, *, replace: float, indel: float = 1.0) -> float:
    return float(matching_distances(told(a), told(b), constant_costs(len(LETTERS), replace), indel)[0, 0])


def test_optimal_matching_is_rs_generalised_levenshtein() -> None:
    """190 pairs, of equal and unequal lengths, at four sets of costs (make_sequence_reference.R); sums of 0.5: exact."""
    with ADIST.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 190
    for column in (name for name in rows[0] if name.startswith("indel")):
        indel, replace = map(float, re.findall(r"[\d.]+", column))
        ours = [distance(row["a"], row["b"], replace=replace, indel=indel) for row in rows]
        assert ours == [float(row[column]) for row in rows], column


def test_kitten_and_sitting() -> None:
    """The textbook pair (Wagner and Fischer's problem): two letters replaced and one put in."""
    assert distance("kitten", "sitting", replace=1) == 3
    assert distance("kitten", "sitting", replace=2) == 5  # as with two taken out and three put in: 6 + 7 - 2 x 4


def test_a_months_delay_worked_by_hand() -> None:
    """FFFh and FFhh. Hamming: one month differs. Matching: replace it for 2, or take F out and put h in for 1 + 1."""
    a, b = told("FFFh"), told("FFhh")
    assert hamming_distances(a, b)[0, 0] == 1
    assert distance("FFFh", "FFhh", replace=2) == 2
    assert distance("FFFh", "FFhh", replace=0.5) == 0.5
    # FKFK and KFKF: every month differs, and yet one taken out in front and put in behind makes them the same
    assert hamming_distances(told("FKFK"), told("KFKF"))[0, 0] == 4
    assert distance("FKFK", "KFKF", replace=2) == 2


def test_transition_costs_worked_by_hand() -> None:
    """FFh twice and Fhh once. F is followed by F 2 times and by h 3 times; h by h once.

    p(h after F) = 3/5, p(F after h) = 0, so replacing one by the other costs 2 - 0.6 - 0 = 1.4.
    """
    rates = transition_rates(np.array([[0, 0, 1], [0, 1, 1]]), [2, 1], 3)
    assert rates.tolist() == [[0.4, 0.6, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    assert transition_costs(rates) == pytest.approx(np.array([[0, 1.4, 2], [1.4, 0, 2], [2, 2, 0]]))


def test_medoids_and_silhouettes_worked_by_hand() -> None:
    """Points 0, 1, 2 and 10, 12 on a line; two groups. Medoids 1 and 10 (or 12), cost 1 + 1 + 2.

    Silhouettes: 0: own (1 + 2)/2 = 1.5, other (10 + 12)/2 = 11, so 9.5/11. 1: own 1, other 10, 9/10. 2: own 1.5, other
    9, 7.5/9. 10: own 2, other 9, 7/9. 12: own 2, other 11, 9/11.
    """
    points = np.array([0.0, 1.0, 2.0, 10.0, 12.0])
    distances = np.abs(points[:, None] - points[None, :])
    found = cluster_medoids(distances, np.ones(5), 2)
    assert found.cost == 4.0
    assert sorted(points[found.rows]) == [1.0, 10.0]
    by_hand = [9.5 / 11, 9 / 10, 7.5 / 9, 7 / 9, 9 / 11]
    assert silhouettes(distances, np.ones(5), found.labels) == pytest.approx(by_hand)
