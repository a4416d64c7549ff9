"""The likeliest sizes of known classes: against EM taken to its very end, and where EM creeps."""

from __future__ import annotations

import numpy as np
import pytest

from careloom.stats.latent_class import Parameters, PatternTable, collapse, from_yes, pattern_logliks
from careloom.stats.latent_class.following.sizes import ENOUGH, climb_in_sizes, likeliest_sizes, with_shares

ALIKE = np.array([[0.30, 0.30, 0.30, 0.30], [0.35, 0.40, 0.30, 0.35], [0.40, 0.35, 0.35, 0.30]])


def draw(n: int, shares: list[float], yes: np.ndarray, seed: int) -> PatternTable:
    random = np.random.default_rng(seed)
    rows = random.random((n, yes.shape[1])) < yes[random.choice(len(shares), n, p=shares)]
    return collapse(rows.astype(int), levels=[[0, 1]] * yes.shape[1])[0]


def loglik(table: PatternTable, at: Parameters) -> float:
    return float(table.weights @ pattern_logliks(at, table.codes))


def test_where_em_creeps_the_top_is_reached() -> None:
    """Classes hardly told apart: 1,000 steps of EM are still 1e-4 and more short, and this is not."""
    table = draw(50_000, [0.1, 0.6, 0.3], ALIKE, seed=1)
    sizes, left = likeliest_sizes(table, from_yes([0.4, 0.35, 0.25], ALIKE))
    assert left < ENOUGH
    shares = np.full(3, 1 / 3)
    given = np.array([[np.prod(np.where(row == 1, yes, 1 - yes)) for yes in ALIKE] for row in table.codes])
    for _ in range(1000):
        joint = given * shares
        shares = table.weights @ (joint / joint.sum(axis=1, keepdims=True)) / table.total
    at = from_yes(sizes, ALIKE)
    # Logarithms of sums near 1e5 are good to some 1e-10.
    assert loglik(table, at) > loglik(table, from_yes(shares, ALIKE)) + 1e-4
    assert sizes == pytest.approx(shares, abs=0.02)


@pytest.mark.parametrize("seed", range(8))
def test_no_other_sizes_are_likelier(seed: int) -> None:
    """Classes and rows that have little to do with each other: probabilities near 0 and 1, sizes that go to 0."""
    random = np.random.default_rng(seed)
    classes, items = int(random.integers(1, 9)), int(random.integers(1, 12))
    yes = np.clip(random.beta(0.3, 0.3, (classes, items)), 1e-9, 1 - 1e-9)
    table = draw(500, [0.5, 0.5], random.random((2, items)), seed)
    table = table.reweighted(random.uniform(0.01, 50.0, len(table.weights)))
    at = from_yes(np.ones(classes), yes)
    sizes, left = likeliest_sizes(table, at)
    assert left < ENOUGH
    assert sizes.sum() == pytest.approx(1.0)
    top = loglik(table, with_shares(at, sizes))
    for other in (np.full(classes, 1 / classes), *random.dirichlet(np.ones(classes), 5)):
        for part in (1.0, 0.1, 1e-3):
            assert loglik(table, with_shares(at, (1 - part) * sizes + part * other)) <= top + ENOUGH


def test_a_class_that_no_row_can_be_of_has_none() -> None:
    sizes, left = climb_in_sizes(np.array([[1.0, 0.0, 0.5], [0.5, 0.0, 1.0]]), np.array([30.0, 10.0]))
    assert left < ENOUGH
    assert sizes[1] == 0.0
    # By hand: 30 / (1 + p) = 10 / (2 - p) beyond p = 1, so all are of the first.
    assert sizes[[0, 2]] == pytest.approx([1.0, 0.0], abs=1e-6)


def test_classes_exactly_alike_share_somehow() -> None:
    yes = np.array([[0.2, 0.3, 0.4], [0.2, 0.3, 0.4], [0.8, 0.7, 0.6]])
    table = draw(4000, [0.5, 0.5], yes[1:], seed=3)
    three = likeliest_sizes(table, from_yes([0.3, 0.3, 0.4], yes))[0]
    two = likeliest_sizes(table, from_yes([0.5, 0.5], yes[1:]))[0]
    assert [three[0] + three[1], three[2]] == pytest.approx(two, abs=1e-5)


def test_rows_with_nothing_observed_say_nothing() -> None:
    table = draw(2000, [0.3, 0.3, 0.4], ALIKE, seed=4)
    blank = PatternTable(np.vstack([table.codes, [[-1] * 4]]), np.append(table.weights, 900.0), table.levels)
    at = from_yes([0.3, 0.3, 0.4], ALIKE)
    assert likeliest_sizes(blank, at)[0] == pytest.approx(likeliest_sizes(table, at)[0], abs=1e-4)
