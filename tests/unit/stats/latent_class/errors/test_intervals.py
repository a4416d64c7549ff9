"""Intervals: closed forms where there are, the definition itself where there is none, and R in tests/book."""

from __future__ import annotations

import sys
from dataclasses import replace
from math import exp, log
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit
from scipy.stats import chi2, norm

from careloom.stats.latent_class import LatentClassFit, PatternTable, collapse, fit_latent_classes, from_yes
from careloom.stats.latent_class.errors.intervals import (
    profile_interval,
    profile_intervals,
    same_classes,
    wald_intervals,
)
from careloom.stats.latent_class.errors.standard_errors import standard_errors
from careloom.stats.latent_class.fitting.held import best_with
from careloom.stats.latent_class.model.information import free_parameters
from careloom.stats.latent_class.model.objective import PatternObjective

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import draw, table_of

CUT = chi2.ppf(0.95, 1)
# Limits are found to 1e-6 in log odds, on a likelihood climbed to 1e-8 of a loss of 1.9.
LIMIT = 1e-6


def fit(table: PatternTable, classes: int = 3, prior: float = 0.0) -> LatentClassFit:
    return fit_latent_classes(table, classes=classes, starts=6, seed=1, prior=prior, threads=1)


@pytest.fixture(scope="module")
def table() -> PatternTable:
    return table_of(draw(600, seed=62, missing=0.05)[0])


@pytest.fixture(scope="module")
def fitted(table: PatternTable) -> LatentClassFit:
    return fit(table)


def binomial_limits(yes: float, no: float) -> tuple[float, float]:
    """Where twice the log-likelihood of a binomial has lost the quantile."""
    p = yes / (yes + no)

    def lost(q: float) -> float:
        return 2 * (yes * log(p / q) + no * log((1 - p) / (1 - q))) - CUT

    return brentq(lost, 1e-12, p, xtol=1e-14), brentq(lost, p, 1 - 1e-12, xtol=1e-14)


# --- Wald ------------------------------------------------------------------------------------------------------------


def test_wald_by_hand() -> None:
    """30 of 100: the error of the log odds is 1 / sqrt(100 x 0.3 x 0.7)."""
    table, _ = collapse([[0], [1]], [70, 30])
    limits = wald_intervals(standard_errors(table, fit(table, 1)), 0.9)
    reach = norm.ppf(0.95) / np.sqrt(21)
    assert limits.probabilities[0][0, 1] == pytest.approx([expit(logit(0.3) - reach), expit(logit(0.3) + reach)])
    assert limits.probabilities[0][0, 0] == pytest.approx(1 - limits.probabilities[0][0, 1, ::-1])
    assert np.isnan(limits.shares).all()
    assert limits.level == 0.9


def test_wald_of_certain_things_is_none() -> None:
    table, _ = collapse([[1, 1, 0, 0], [0, 0, 1, 1]], [60, 40])
    limits = wald_intervals(standard_errors(table, fit(table, 2)))
    assert all(np.isnan(item).all() for item in limits.probabilities)
    reach = norm.ppf(0.975) / np.sqrt(24)
    assert limits.shares[0] == pytest.approx([expit(logit(0.6) - reach), expit(logit(0.6) + reach)], abs=1e-6)


# --- profile ---------------------------------------------------------------------------------------------------------


def test_profile_of_a_proportion() -> None:
    table, _ = collapse([[0], [1], [2], [-1]], [50, 30, 20, 9])
    one = fit(table, 1)
    for answer, yes in enumerate((50, 30, 20)):
        ours = profile_interval(table, one, of_class=0, item=0, answer=answer)
        assert ours == pytest.approx(binomial_limits(yes, 100 - yes), abs=LIMIT)


def test_profile_of_shares_where_classes_are_certain() -> None:
    """Three groups that never overlap: each share is a binomial, and so is a share held against the other two."""
    table, _ = collapse([[1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1]], [50, 30, 20])
    three = fit(table, 3)
    for k, members in enumerate((50, 30, 20)):
        assert profile_interval(table, three, of_class=k) == pytest.approx(
            binomial_limits(members, 100 - members), abs=1e-5
        )


def test_an_estimate_at_the_edge_has_an_interval_to_one_side() -> None:
    """Sixty of sixty: v to the power of 60 has lost the quantile at exp(-1.92 / 60); none of forty likewise."""
    table, _ = collapse([[1, 1, 0, 0], [0, 0, 1, 1]], [60, 40])
    two = fit(table, 2)
    assert profile_interval(table, two, of_class=0, item=0) == (pytest.approx(exp(-CUT / 120), abs=LIMIT), 1.0)
    assert profile_interval(table, two, of_class=1, item=0) == (0.0, pytest.approx(1 - exp(-CUT / 80), abs=LIMIT))
    no = profile_interval(table, two, of_class=1, item=0, answer=0)
    assert no == (pytest.approx(exp(-CUT / 80), abs=LIMIT), 1.0)


@pytest.mark.parametrize(
    ("of_class", "item", "answer"), [(0, None, -1), (2, None, -1), (1, 0, 1), (0, 6, 2), (2, 7, 0)]
)
def test_at_the_limits_the_best_there_is_has_lost_the_quantile(
    table: PatternTable, fitted: LatentClassFit, of_class: int, item: int | None, answer: int
) -> None:
    """The definition, with SciPy's general maximiser instead of ours and the value held by a penalty-free constraint."""
    limits = profile_interval(table, fitted, of_class=of_class, item=item, answer=answer)
    at, objective = fitted.parameters, PatternObjective(table)
    free = free_parameters(at)
    place = (
        of_class
        if item is None
        else 3 + 3 * (int(table.first_cells[item]) + range(table.sizes[item])[answer]) + of_class
    )

    def moved(x: np.ndarray) -> np.ndarray:
        flat = at.flat()
        flat[free] += x
        return flat

    def badness(x: np.ndarray) -> tuple[float, np.ndarray]:
        point = objective.expect(at.like(moved(x)))
        return -point.loglik, -point.slope[free]

    def log_odds(x: np.ndarray) -> float:
        p = np.exp(at.like(moved(x)).flat()[place])
        return float(np.log(p) - np.log1p(-p))

    for value in limits:
        constraint = {"type": "eq", "fun": lambda x, value=value: log_odds(x) - logit(value)}
        options = {"maxiter": 500, "ftol": 1e-12}
        found = minimize(
            badness, np.zeros(free.size), jac=True, method="SLSQP", constraints=constraint, options=options
        )
        # SLSQP ends within some 1e-5 of the best; a loss of 1.9 is compared.
        assert 2 * (found.fun + fitted.loglik) == pytest.approx(CUT, abs=1e-3)


def test_with_several_tops_the_highest_counts() -> None:
    """150 rows: held at the limit, the likelihood has more than one top. From no start is there a higher one."""
    random = np.random.default_rng(0)
    classes = random.choice(3, 150, p=[0.45, 0.35, 0.2])
    yes = [[0.05, 0.1, 0.05, 0.3, 0.05, 0.3], [0.9, 0.85, 0.8, 0.9, 0.3, 0.7], [0.5, 0.9, 0.05, 0.1, 0.7, 0.1]]
    table, _ = collapse(random.random((150, 6)) < np.array(yes)[classes], levels=[[0, 1]] * 6)
    found = fit_latent_classes(table, classes=3, starts=20, seed=1, threads=1)
    limit = profile_interval(table, found, of_class=2, item=3)[1]
    at, objective, place = found.parameters, PatternObjective(table), 3 + 3 * (2 * 3 + 1) + 2
    heights = []
    for _ in range(40):
        inside = at.like(np.maximum(at.flat(), -5.0) + random.normal(size=at.flat().size))
        point = best_with(objective, inside, place, float(logit(limit)))
        if same_classes(at, point.at):
            heights.append(point.loglik)
    assert np.ptp(heights) > 0.01
    assert 2 * (found.loglik - max(heights)) == pytest.approx(CUT, abs=1e-4)


def test_a_held_value_is_held_and_everything_still_sums_to_one(table: PatternTable, fitted: LatentClassFit) -> None:
    place = 3 + 3 * int(table.first_cells[7]) + 1  # an answer of four, in the second class
    point = best_with(PatternObjective(table), fitted.parameters, place, -1.5)
    assert point.at.flat()[place] == pytest.approx(np.log(expit(-1.5)), abs=1e-12)
    assert all(item.sum(axis=1) == pytest.approx(1.0, abs=1e-12) for item in point.at.by_item)
    assert point.loglik < fitted.loglik
    # Where it is held at its own estimate nothing is lost.
    own = np.exp(fitted.parameters.flat()[place])
    same = best_with(PatternObjective(table), fitted.parameters, place, float(logit(own)))
    assert same.loglik == pytest.approx(fitted.loglik, abs=1e-8)


def test_all_intervals_at_once_are_the_single_ones(table: PatternTable, fitted: LatentClassFit) -> None:
    limits = profile_intervals(table, fitted, threads=2)
    assert limits.shares[1] == pytest.approx(profile_interval(table, fitted, of_class=1), abs=1e-9)
    single = profile_interval(table, fitted, of_class=2, item=6, answer=1)
    assert limits.probabilities[6][2, 1] == pytest.approx(single, abs=1e-9)
    single = profile_interval(table, fitted, of_class=0, item=3, answer=0)
    assert limits.probabilities[3][0, 0] == pytest.approx(single, abs=2 * LIMIT)
    estimates = np.exp(fitted.parameters.flat())
    assert (limits.flat[:, 0] <= estimates).all()
    assert (limits.flat[:, 1] >= estimates).all()


def test_a_lower_level_gives_a_narrower_interval(table: PatternTable, fitted: LatentClassFit) -> None:
    wide, narrow = (profile_interval(table, fitted, of_class=0, level=level) for level in (0.95, 0.5))
    assert wide[0] < narrow[0] < fitted.shares[0] < narrow[1] < wide[1]


def test_in_a_large_file_profile_and_wald_intervals_are_one() -> None:
    table = table_of(draw(100_000, seed=3)[0])
    found = fit(table)
    wald = wald_intervals(standard_errors(table, found))
    for k in range(3):
        lower, upper = profile_interval(table, found, of_class=k)
        # The likelihood leans by a part of 1 / sqrt(n times the share): less than 1% of the width.
        assert wald.shares[k] == pytest.approx([lower, upper], abs=0.01 * (upper - lower))


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """150 files of 500 rows of two classes; benchmarks/latent_class/interval_coverage.py has 1,000 of three."""
    shares = np.array([0.6, 0.4])
    yes = np.array([[0.1, 0.2, 0.3, 0.15, 0.4, 0.25], [0.8, 0.7, 0.85, 0.6, 0.75, 0.9]])
    truth, files = from_yes(shares, yes), 150
    wald, profile = [], []
    for number in range(files):
        random = np.random.default_rng([77, number])
        rows = random.random((500, 6)) < yes[random.choice(2, size=500, p=shares)]
        table, _ = collapse(rows, levels=[[0, 1]] * 6)
        found = fit_latent_classes(table, classes=2, starts=2, seed=1, threads=1)
        order = np.argsort(found.yes[:, 0])  # the first item tells them apart by far
        found = replace(found, parameters=found.parameters.in_order(order))
        limits = wald_intervals(standard_errors(table, found)).flat
        wald.append((limits[:, 0] <= np.exp(truth.flat())) & (np.exp(truth.flat()) <= limits[:, 1]))
        lower, upper = profile_interval(table, found, of_class=1, item=3)
        profile.append(lower <= 0.6 <= upper)
    # One interval's coverage has an error of 1.8 points; the mean of thirteen of them half a point.
    assert np.mean(wald) == pytest.approx(0.95, abs=0.02)
    assert np.mean(wald, axis=0) == pytest.approx(0.95, abs=0.0501)
    assert np.mean(profile) == pytest.approx(0.95, abs=0.0501)


def test_with_a_prior_it_is_the_posterior_that_is_profiled() -> None:
    """70 and 30, and 10 more of each: the binomial of 80 and 40."""
    table, _ = collapse([[0], [1]], [70, 30])
    ours = profile_interval(table, fit(table, 1, prior=10.0), of_class=0, item=0)
    assert ours == pytest.approx(binomial_limits(40, 80), abs=LIMIT)


def test_the_order_of_the_items_does_not_matter(table: PatternTable, fitted: LatentClassFit) -> None:
    order = [5, 7, 0, 6, 1, 2, 3, 4]
    other = PatternTable(table.codes[:, order], table.weights, tuple(table.levels[item] for item in order))
    ours = profile_interval(table, fitted, of_class=1, item=7, answer=2)
    assert_allclose(profile_interval(other, fit(other), of_class=1, item=1, answer=2), ours, atol=1e-5)


# --- refusals --------------------------------------------------------------------------------------------------------


def test_what_has_no_interval_is_refused(table: PatternTable, fitted: LatentClassFit) -> None:
    with pytest.raises(ValueError, match="single class"):
        profile_interval(table, fit(table, 1), of_class=0)
    assert np.isnan(profile_intervals(table, fit(table, 1), threads=1).shares).all()
    for level in (0.0, 1.0, 95.0):
        with pytest.raises(ValueError, match="between 0 and 1"):
            profile_interval(table, fitted, of_class=0, level=level)
        with pytest.raises(ValueError, match="between 0 and 1"):
            wald_intervals(standard_errors(table, fitted), level)
    with pytest.raises(IndexError):
        profile_interval(table, fitted, of_class=3)


def test_a_fit_that_is_not_the_maximum_is_noticed(table: PatternTable, fitted: LatentClassFit) -> None:
    at = fitted.parameters
    aside = replace(fitted, parameters=at.like(at.flat() + 0.2 * np.random.default_rng(0).normal(size=at.flat().size)))
    with pytest.raises(ValueError, match="not the maximum"):
        profile_interval(table, aside, of_class=0)
