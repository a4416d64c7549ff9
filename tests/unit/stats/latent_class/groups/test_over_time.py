"""Classes over time: planted sizes come back with their errors, and classes that change in one period are noticed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from careloom.stats import match_classes
from careloom.stats.latent_class import collapse, fit_latent_classes, from_yes, posterior
from careloom.stats.latent_class.following.measured import Measured
from careloom.stats.latent_class.groups.over_time import classes_by_period, shares_over_time
from careloom.stats.latent_class.rows.pairs import pair_up

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_membership import YES

SIZES = np.array([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2], [0.3, 0.5, 0.2], [0.1, 0.6, 0.3]])
YEARS = np.array([2015, 2016, 2017, 2018])


def draw_years(n: int, seed: int, odd: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Answers (n, 8), year and class of each row; ``odd`` moves the second class's first two items in the last year."""
    random = np.random.default_rng(seed)
    year = random.integers(0, 4, n)
    kind = (random.random(n)[:, None] > np.cumsum(SIZES[year], axis=1)).sum(axis=1)
    yes = YES[kind].copy()
    yes[(year == 3) & (kind == 1), :2] -= odd
    return (random.random(yes.shape) < yes).astype(int), YEARS[year], kind


def test_planted_sizes_come_back_within_their_errors() -> None:
    held = []
    for seed in range(15):
        answers, year, _ = draw_years(6000, seed)
        table, pattern_of = collapse(answers)
        fit = fit_latent_classes(table, classes=3, starts=2, seed=1, threads=1)
        order = match_classes(YES, fit.yes)
        own = shares_over_time(Measured(table, fit.parameters), pair_up(pattern_of, year)[0])
        lower, upper = own.limits()
        held.append(((lower[:, order] < SIZES) & (upper[:, order] > SIZES)).mean())
    assert own.periods.tolist() == YEARS.tolist()
    assert own.certificate.verdict == "certified"
    np.testing.assert_allclose(own.shares.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(own.numbers.sum(axis=1), np.bincount(year - 2015), rtol=1e-12)
    # 15 files of 12 intervals that share a first step: were a file's 12 as one, the mean would have an error of 0.056.
    assert np.mean(held) > 0.95 - 2.5 * 0.056


def test_shares_are_those_of_each_year_alone() -> None:
    """With the classes held, each year's shares are its own maximum: EM over its own rows finds them."""
    answers, year, _ = draw_years(3000, 21)
    table, pattern_of = collapse(answers)
    at = from_yes(SIZES.mean(axis=0), YES)
    own = shares_over_time(Measured(table, at, "known"), pair_up(pattern_of, year)[0])
    for place, when in enumerate(YEARS):
        given = posterior(from_yes([1 / 3] * 3, YES), answers[year == when])
        shares = np.full(3, 1 / 3)
        for _ in range(2000):
            joint = given * shares
            shares = (joint / joint.sum(axis=1, keepdims=True)).mean(axis=0)
        np.testing.assert_allclose(own.shares[place], shares, atol=1e-7)


def test_change_and_its_test() -> None:
    answers, year, _ = draw_years(8000, 22)
    table, pattern_of = collapse(answers)
    fit = fit_latent_classes(table, classes=3, starts=2, seed=1, threads=1)
    first = Measured(table, fit.parameters)
    own = shares_over_time(first, pair_up(pattern_of, year)[0])
    change, errors = own.change()
    np.testing.assert_allclose(change, own.shares[3] - own.shares[0])
    order = match_classes(YES, fit.yes)
    assert (np.abs(change[order] - (SIZES[3] - SIZES[0])) < 4 * errors[order]).all()
    assert own.test().p_value < 1e-10
    assert own.test().degrees_of_freedom == 6
    mixed = np.random.default_rng(23).permutation(year)
    assert shares_over_time(first, pair_up(pattern_of, mixed)[0]).test().p_value > 0.001


def test_children_seen_every_year_are_not_four_children() -> None:
    """The same answers every year: nothing changed, and by child that is known for certain."""
    answers, _, _ = draw_years(800, 24)
    table, pattern_of = collapse(np.tile(answers, (4, 1)))
    year, child = np.repeat(YEARS, 800), np.tile(np.arange(800), 4)
    fit = fit_latent_classes(table, classes=3, starts=2, seed=1, threads=1)
    first = Measured(table, fit.parameters)
    by_row, by_child = (shares_over_time(first, pair_up(pattern_of, year, clusters=own)[0]) for own in (None, child))
    assert (by_child.change()[1] < 1e-6).all()
    assert (by_row.change()[1] > 0.01).all()
    np.testing.assert_allclose(by_child.std_errors, by_row.std_errors * 2.0, rtol=0.25)


def test_a_class_that_a_year_does_not_have_has_no_error_there() -> None:
    answers, year, kind = draw_years(4000, 25)
    kept = ~((year == 2016) & (kind == 2))
    # Only class 2 ever says yes to the last item, so that its absence is known for certain.
    answers[:, 7] = kind == 2
    table, pattern_of = collapse(answers[kept])
    yes = YES.copy()
    yes[:, 7] = [1e-12, 1e-12, 1 - 1e-12]
    own = shares_over_time(Measured(table, from_yes([0.4, 0.4, 0.2], yes), "known"), pair_up(pattern_of, year[kept])[0])
    assert own.shares[1, 2] < 1e-5
    assert np.isnan(own.std_errors[1, 2])
    assert not np.isnan(np.delete(own.std_errors, 1, axis=0)).any()


def test_classes_that_change_in_a_year_are_noticed() -> None:
    for odd in (0.0, 0.5):
        answers, year, _ = draw_years(24_000, 26, odd)
        table, pattern_of = collapse(answers)
        before = year < 2018
        fit = fit_latent_classes(collapse(answers[before])[0], classes=3, starts=2, seed=1, threads=1)
        own = classes_by_period(Measured(table, fit.parameters), pair_up(pattern_of, year)[0])
        order = match_classes(YES, fit.yes)
        assert (own.likeness[order[1]] == "same") == (odd == 0.0)
        assert own.likeness[order[0]] == own.likeness[order[2]] == "same"
        worst = own.largest[:, order[1]].argmax()
        if odd:
            assert own.periods[worst] == 2018
            assert own.largest[worst, order[1]] > 0.35
            assert own.kappa[3] < own.kappa[:3].min()


def test_bad_periods_are_refused() -> None:
    answers, year, _ = draw_years(500, 27)
    table, pattern_of = collapse(answers)
    first = Measured(table, from_yes([0.4, 0.4, 0.2], YES))
    two = pair_up(pattern_of, np.column_stack([year, year]))[0]
    with pytest.raises(ValueError, match="the period is the one column"):
        shares_over_time(first, two)
    with pytest.raises(ValueError, match="no group has 2000 rows"):
        classes_by_period(first, pair_up(pattern_of, year)[0])
