"""What is lost with classes from elsewhere: on planted groups, rows dealt in halves, and sizes found by EM."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize

from careloom.stats.latent_class import PatternTable, collapse, from_yes
from careloom.stats.latent_class.groups.held_out_groups import hold_out_groups, sizes_given, split_rows
from careloom.stats.latent_class.model.likelihood import memberships
from careloom.stats.latent_class.rows.grouped_patterns import group_rows

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import TRUTH, draw, table_of
from planted_groups import draw_groups, group, mixes


def test_with_the_same_classes_everywhere_only_the_sizes_are_lost() -> None:
    held = hold_out_groups(group(*draw_groups(mixes(8, seed=51), 1500, seed=52)), TRUTH, folds=4)
    same, sizes = held.lost
    assert same > 0.005
    # Own classes have 33 more parameters to learn from 750 rows: what they cost, 33 / 750, is what sizes gain.
    assert -0.06 < sizes < -0.005
    assert (held.lost_by_group[:, 1] < 0.01).all()


def test_a_group_with_classes_of_its_own_shows_by_itself() -> None:
    """In one of ten groups what some answers mean is changed about: a tenth of what others' classes are found in."""
    rows, groups = draw_groups(np.tile([0.5, 0.3, 0.2], (10, 1)), 1500, seed=53)
    turned = groups == 4
    rows[turned] = rows[turned][:, [3, 4, 2, 0, 1, 5, 6, 7]]
    lost = hold_out_groups(group(rows, groups), TRUTH, folds=5).lost_by_group
    assert lost[4].min() > 0.5
    assert np.delete(lost, 4, axis=0).max() < 0.02


def test_halves_add_up_to_the_rows() -> None:
    table = table_of(draw(2000, seed=54)[0])
    table = table.reweighted(table.weights + 0.25)
    learn, test = split_rows(table, np.random.default_rng(1))
    assert learn.total + test.total == pytest.approx(table.total)
    # Half of 2,000 coins, and of some hundred quarters: four standard deviations.
    assert abs(learn.total - test.total) < 4.0 * np.sqrt(2000)
    together, _ = collapse(np.vstack([learn.codes, test.codes]), np.concatenate([learn.weights, test.weights]))
    assert np.sort(together.weights) == pytest.approx(np.sort(table.weights))


def test_the_sizes_are_the_likeliest() -> None:
    table = table_of(draw(800, seed=55, missing=0.1)[0])
    start = from_yes([0.3, 0.3, 0.4], np.full((3, 1), 0.5))
    begin = TRUTH.like(np.concatenate([start.log_shares, TRUTH.log_probabilities.ravel()]))
    joint = memberships(table.cells, begin)[1] / begin.shares

    def loss(odds: np.ndarray) -> float:
        weights = np.exp([0.0, *odds])
        return -float(table.weights @ np.log(joint @ (weights / weights.sum())))

    found = minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}).x
    shares = np.exp([0.0, *found])
    assert sizes_given(table, begin) == pytest.approx(shares / shares.sum(), abs=1e-6)


def test_every_group_is_scored_on_its_own_rows_and_the_same_each_time() -> None:
    grouped = group(*draw_groups(mixes(5, seed=56), 400, seed=57))
    one, other = (hold_out_groups(grouped, TRUTH, folds=2, seed=9, threads=threads) for threads in (1, 2))
    assert np.array_equal(one.per_row, other.per_row)
    assert one.weights == pytest.approx(np.full(5, 200.0), abs=60.0)
    assert one.lost == pytest.approx(one.weights @ one.lost_by_group / one.weights.sum())


def test_one_group_has_no_others() -> None:
    rows, groups = draw_groups(mixes(1, seed=58), 50, seed=59)
    with pytest.raises(ValueError, match="no others"):
        hold_out_groups(group(rows, groups), TRUTH)


def test_a_group_of_one_row_cannot_be_halved() -> None:
    table, pattern_of = collapse([[0, 1], [1, 0], [1, 0]])
    grouped = group_rows(table, pattern_of, [0, 1, 1])
    with pytest.raises(ValueError, match="too few rows"):
        split_rows(grouped.table_of(0), np.random.default_rng(1))
    assert isinstance(grouped.table_of(1), PatternTable)


def test_all_groups_cannot_be_left_out_at_once() -> None:
    rows, groups = draw_groups(mixes(3, seed=60), 50, seed=61)
    with pytest.raises(ValueError, match="all left out at once"):
        hold_out_groups(group(rows, groups), TRUTH, folds=1)
