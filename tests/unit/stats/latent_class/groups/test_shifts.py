"""Shifts of probabilities by group: the planted one found, chance drawn back, and the arithmetic against slow ways."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from careloom.stats.latent_class import Parameters, from_yes
from careloom.stats.latent_class.groups.by_group import fit_by_group
from careloom.stats.latent_class.groups.shifts import Shifts, evidence, find_shifts, shrink
from careloom.stats.latent_class.model.likelihood import memberships
from careloom.stats.latent_class.rows.grouped_patterns import group_rows
from careloom.stats.latent_class.rows.patterns import PatternTable, collapse

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import TRUTH, draw, table_of
from planted_groups import Odd, draw_groups, group, mixes


def shifts_of(groups: int, n: int, *, seed: int, odd: Odd | None = None, missing: float = 0.0) -> Shifts:
    grouped = group(*draw_groups(mixes(groups, seed=seed), n, seed=seed + 1, odd=odd, missing=missing))
    return find_shifts(grouped, fit_by_group(grouped, TRUTH))


def test_the_planted_shift_is_found_and_nothing_else() -> None:
    shifts = shifts_of(10, 3000, seed=31, odd=Odd(group=6, k=1, item=3, yes=0.6))
    yes = 2 * 3 + 1
    assert shifts.largest() == (6, yes, 1)
    common = TRUTH.probabilities[yes, 1]
    # Of the 900 or so members of that class: four standard errors.
    assert shifts.seen[6, yes, 1] + common == pytest.approx(0.6, abs=4 * np.sqrt(0.24 / 700))
    assert 0.25 < shifts.shrunken[6, yes, 1] <= shifts.seen[6, yes, 1]
    elsewhere = shifts.by_item()
    assert elsewhere[3] == elsewhere.max()
    assert np.delete(elsewhere, 3).max() < 0.04


def test_what_only_chance_shifts_is_drawn_back() -> None:
    """A third of the way at most, and on average to a twentieth: seen shifts are up to 0.1 and more in small groups."""
    shifts = shifts_of(20, 1000, seed=33)
    told = shifts.error > 0
    assert np.abs(shifts.seen[told]).max() > 0.05
    assert np.abs(shifts.shrunken).max() < 0.02


def test_the_standard_errors_are_right() -> None:
    """Over 20 groups and all cells, shifts over their errors vary as they should: about 1, less the group's own part."""
    shifts = shifts_of(20, 2000, seed=35, missing=0.1)
    told = shifts.error > 0
    ratio = shifts.seen[told] / shifts.error[told]
    # 660 ratios, of which those of one cell and group are correlated: a standard deviation is good to about 0.04.
    assert told.sum() == 20 * 3 * 11
    assert ratio.std() == pytest.approx(np.sqrt(19 / 20), abs=0.1)
    assert abs(ratio.mean()) < 0.15


def test_the_slope_is_the_derivative_of_the_likelihood() -> None:
    table = table_of(draw(500, seed=36, missing=0.2)[0])
    belongs = memberships(table.cells, TRUTH)[1]
    for item in (0, 4):
        cell = 2 * item + 1
        slope = evidence(table, TRUTH, belongs, cell)[0]
        for k in range(3):
            logliks = []
            for step in (1e-5, -1e-5):
                cells = TRUTH.probabilities.copy()
                cells[cell, k] += step
                cells[cell - 1, k] -= step
                moved = Parameters(TRUTH.log_shares, np.log(cells), TRUTH.first_cells)
                logliks.append(table.weights @ memberships(table.cells, moved)[0])
            assert slope[k] == pytest.approx((logliks[0] - logliks[1]) / 2e-5, rel=1e-5)


def test_where_classes_are_certain_the_shift_is_the_difference_of_proportions() -> None:
    """Two classes that the first items tell apart for certain; the last item is what shifts."""
    random = np.random.default_rng(37)
    kinds, groups = random.integers(0, 2, 4000), np.repeat([0, 1], 2000)
    rows = np.column_stack([kinds, kinds, random.random(4000) < np.where(groups == 1, 0.5, 0.3)]).astype(int)
    table, pattern_of = collapse(rows)
    grouped = group_rows(table, pattern_of, groups)
    fit = fit_by_group(grouped, from_yes([0.5, 0.5], [[0.0, 0.0, 0.4], [1.0, 1.0, 0.4]]))
    shifts = find_shifts(grouped, fit)
    for g in range(2):
        for k in range(2):
            own = rows[(groups == g) & (kinds == (rows[:, 0] == 1)) & (kinds == k), 2]
            common = fit.common.probabilities[5, k]
            first = fit.common.probabilities[3, k] > 0.5
            if bool(first) == bool(k):
                assert shifts.seen[g, 5, k] == pytest.approx(own.mean() - common, abs=1e-6)
                assert shifts.error[g, 5, k] == pytest.approx(np.sqrt(common * (1 - common) / len(own)), rel=1e-3)


def test_shrinking_is_bayes_rule_with_the_likeliest_variance() -> None:
    random = np.random.default_rng(38)
    informations = np.array([a @ a.T for a in random.normal(size=(40, 3, 3)) * 4.0])
    truth = random.normal(scale=0.5, size=(40, 3))
    slopes = np.array([random.multivariate_normal(i @ b, i) for i, b in zip(informations, truth, strict=True)])
    variance, shrunken, seen, error = shrink(slopes, informations)

    def loglik(v: float) -> float:
        return sum(
            multivariate_normal(np.zeros(3), i + v * i @ i, allow_singular=True).logpdf(s)
            for i, s in zip(informations, slopes, strict=True)
        )

    assert all(loglik(variance) > loglik(variance * factor) for factor in (0.9, 0.99, 1.01, 1.1))
    for i, s, b in zip(informations, slopes, shrunken, strict=True):
        assert b == pytest.approx(np.linalg.solve(i + np.eye(3) / variance, s), rel=1e-6, abs=1e-9)
    assert seen[0] == pytest.approx(np.linalg.solve(informations[0], slopes[0]), rel=1e-6)
    assert error[0] == pytest.approx(np.sqrt(np.diag(np.linalg.inv(informations[0]))), rel=1e-6)
    assert 0.15 < variance < 0.4  # 0.25 was put in


def test_a_class_that_a_group_has_not_got_has_no_error_and_no_shift() -> None:
    informations = np.array([np.diag([100.0, 0.0]), np.diag([100.0, 100.0])])
    variance, shrunken, _, error = shrink(np.array([[30.0, 0.0], [-30.0, 20.0]]), informations)
    assert variance > 0
    assert np.isnan(error[0, 1])
    assert shrunken[0, 1] == 0.0
    assert error[0, 0] == pytest.approx(0.1)


def test_moved_probabilities_are_probabilities() -> None:
    shifts = shifts_of(4, 800, seed=39, odd=Odd(group=1, k=0, item=2, yes=0.9))
    for number in range(4):
        moved = shifts.probabilities(number)
        assert (moved >= 0.0).all()
        assert np.add.reduceat(moved, TRUTH.first_cells) == pytest.approx(np.ones((8, 3)))
    unmoved = Shifts(TRUTH, np.zeros((1, *moved.shape)), *(np.zeros((1, *moved.shape)) for _ in "ab"), np.zeros(19))
    assert unmoved.probabilities(0) == pytest.approx(TRUTH.probabilities)


def test_the_information_is_what_is_expected_of_an_answer() -> None:
    """By summing over both answers of every row, each as likely as the other items make it."""
    table: PatternTable = table_of(draw(200, seed=40)[0])
    item, cell = 2, 5
    _, information = evidence(table, TRUTH, memberships(table.cells, TRUTH)[1], cell)
    expected = np.zeros((3, 3))
    for codes, weight in zip(table.codes, table.weights, strict=True):
        joint = TRUTH.shares * np.prod([TRUTH.by_item[j][:, code] for j, code in enumerate(codes) if j != item], axis=0)
        rest = joint / joint.sum()
        for answer, sign in ((1, 1.0), (0, -1.0)):
            chance = rest @ TRUTH.by_item[item][:, answer]
            score = sign * rest / chance
            expected += weight * chance * np.outer(score, score)
    assert information == pytest.approx(expected, rel=1e-9)
