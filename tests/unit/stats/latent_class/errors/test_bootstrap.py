"""Drawing rows again: the spread is the binomial's by hand, the sandwich's in general, and classes keep their names."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib import import_module
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from careloom.stats.latent_class import LatentClassFit, Parameters, PatternTable, collapse, fit_latent_classes
from careloom.stats.latent_class.errors.bootstrap import bootstrap, draw_rows
from careloom.stats.latent_class.errors.standard_errors import standard_errors
from careloom.stats.latent_class.fitting.climb import Climb
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.rows.clusters import Clusters

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import LEVELS, draw, table_of

# The error of a standard deviation from B replicates is 1 / sqrt(2 B): 5% of 200. The largest of some forty distinct
# ones is within three and a half of that, and the formulas are for large files: a few % more, as seven other seeds show.
REPLICATES, CLOSE = 200, 0.25


def fit(table: PatternTable, classes: int = 3, prior: float = 0.0) -> LatentClassFit:
    return fit_latent_classes(table, classes=classes, starts=6, seed=1, prior=prior, threads=1)


@pytest.fixture(scope="module")
def table() -> PatternTable:
    return table_of(draw(3000, seed=51, missing=0.1)[0])


@pytest.fixture(scope="module")
def fitted(table: PatternTable) -> LatentClassFit:
    return fit(table)


def test_the_spread_of_a_proportion() -> None:
    """One class and one item: a binomial. 1,000 replicates are good to 2.2%, and three of it."""
    table, _ = collapse([[0], [1]], [70, 30])
    drawn = bootstrap(table, fit(table, 1), replicates=1000, threads=1)
    assert drawn.probabilities[0][0] == pytest.approx([sqrt(0.21 / 100)] * 2, rel=0.07)
    assert np.isnan(drawn.shares).all()
    # The quantiles of a binomial of 100 with p = 0.3 are 21 and 39; those of 1,000 draws may be one off.
    assert drawn.intervals().probabilities[0][0, 1] == pytest.approx([0.21, 0.39], abs=0.011)


def test_replicates_draw_other_numbers_than_rows_made_up_with_the_same_seed() -> None:
    """Rows and replicates of one seed: were their numbers the same, rows of a class would be drawn together."""
    rows, _ = draw(1500, seed=3)
    table, pattern_of = collapse(rows, levels=LEVELS)
    found = fit(table)
    drawn = bootstrap(table, found, replicates=20, seed=3, clusters=Clusters(np.arange(1500), pattern_of), threads=1)
    # Twenty replicates are within four standard errors, which are a point or two.
    assert np.abs(drawn.draws[:, :3] - found.shares).max() < 0.1


def test_drawn_rows_add_up_and_fractions_are_kept() -> None:
    random = np.random.default_rng(0)
    weights = np.array([10.4, 0.0, 30.2, 60.0])
    drawn = np.array([draw_rows(weights, random) for _ in range(4000)])
    assert drawn.sum(axis=1) == pytest.approx(100.6)
    # Means of 4,000 draws of at most 5 rows' deviation: errors of 0.08, and four of them.
    assert drawn.mean(axis=0) == pytest.approx(weights, abs=0.32)
    assert (drawn[:, 1] == 0).all()


def test_errors_agree_with_those_of_the_information(table: PatternTable, fitted: LatentClassFit) -> None:
    drawn = bootstrap(table, fitted, replicates=REPLICATES, threads=1)
    errors = standard_errors(table, fitted)
    assert drawn.draws.shape == (REPLICATES, 3 + 3 * 19)
    assert_allclose(drawn.shares, errors.shares, rtol=CLOSE)
    for ours, theirs in zip(drawn.probabilities, errors.probabilities, strict=True):
        assert_allclose(ours, theirs, rtol=CLOSE)
    assert drawn.left == 0.0


def test_where_the_model_does_not_hold_the_sandwich_is_right() -> None:
    """Rows that differ by degree and not in kind, as in test_standard_errors.py; two classes are the nearest there is."""
    random = np.random.default_rng(7)
    degree = random.normal(size=(3000, 1))
    rows = random.random((3000, 8)) < 1.0 / (1.0 + np.exp(-np.linspace(-1, 1, 8) - 2.0 * degree))
    table, _ = collapse(rows)
    found = fit(table, 2)
    drawn = bootstrap(table, found, replicates=800, threads=1)  # good to 2.5%
    robust, observed = (standard_errors(table, found, kind=kind) for kind in ("robust", "observed"))
    spread = np.concatenate([drawn.shares, np.hstack(drawn.probabilities).ravel()])
    ratios = [
        spread / np.concatenate([errors.shares, np.hstack(errors.probabilities).ravel()])
        for errors in (robust, observed)
    ]
    assert ratios[0] == pytest.approx(1.0, abs=0.09)
    assert np.mean(ratios[1]) > 1.05


def test_clusters_are_drawn_whole() -> None:
    """Every child assessed four times with the same answers: errors are those of the children, twice those of the rows."""
    rows = np.repeat(draw(1500, seed=3)[0], 4, axis=0)
    child = np.repeat(np.arange(1500), 4)
    table, pattern_of = collapse(rows, levels=LEVELS)
    found, clusters = fit(table), Clusters(child, pattern_of)
    drawn = bootstrap(table, found, replicates=REPLICATES, clusters=clusters, threads=1)
    clustered = standard_errors(table, found, kind="cluster", clusters=clusters)
    assert_allclose(drawn.shares, clustered.shares, rtol=CLOSE)
    assert_allclose(drawn.shares, 2.0 * standard_errors(table, found).shares, rtol=CLOSE)
    for ours, theirs in zip(drawn.probabilities, clustered.probabilities, strict=True):
        assert_allclose(ours, theirs, rtol=CLOSE)


def test_classes_keep_their_names_though_their_sizes_change_order() -> None:
    """Two classes of one size: by share they would change places in every other replicate."""
    random = np.random.default_rng(1)
    first = np.arange(600) < 300
    rows = random.random((600, 8)) < np.where(first[:, None], [0.9] * 4 + [0.1] * 4, [0.1] * 4 + [0.9] * 4)
    table, _ = collapse(rows)
    drawn = bootstrap(table, fit(table, 2), replicates=60, threads=1)
    shares, yes = drawn.draws[:, :2], drawn.draws[:, 4]
    assert 0.2 < (shares[:, 0] > 0.5).mean() < 0.8
    assert np.ptp(yes) < 0.2


def test_a_replicate_whose_classes_come_in_another_order_is_put_right(
    table: PatternTable, fitted: LatentClassFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = bootstrap(table, fitted, replicates=4, threads=1)
    module = import_module("careloom.stats.latent_class.errors.bootstrap")
    climb_on = module.climb_on

    def shuffled(objective: PatternObjective, start: Parameters) -> Climb:
        found = climb_on(objective, start)
        return replace(found, point=objective.expect(found.point.at.in_order(np.array([2, 0, 1]))))

    monkeypatch.setattr(module, "climb_on", shuffled)
    again = bootstrap(table, fitted, replicates=4, threads=1)
    assert_allclose(again.draws, drawn.draws, rtol=1e-9)
    assert again.left == 0.0


def test_replicates_that_leave_the_mode_are_counted() -> None:
    """Five classes where there are three: other tops are near, and each new weighing has its own favourite."""
    table = table_of(draw(800, seed=4)[0])
    found = fit(table, 5)
    assert len(found.modes) > 1
    left = bootstrap(table, found, replicates=30, threads=1).left
    assert 0.1 < left <= 1.0


def test_what_stands_at_0_or_1_is_nan() -> None:
    table, _ = collapse([[1, 1, 0, 0], [0, 0, 1, 1]], [60, 40])
    drawn = bootstrap(table, fit(table, 2), replicates=50, threads=1)
    assert all(np.isnan(item).all() for item in drawn.probabilities)
    assert drawn.shares == pytest.approx([sqrt(0.24 / 100)] * 2, rel=0.35)  # 50 replicates: 10%


def test_a_prior_is_kept_in_every_replicate() -> None:
    """One item, 70 and 30 rows and 50 of the prior each way: the spread shrinks by 100 / 200."""
    table, _ = collapse([[0], [1]], [70, 30])
    drawn = bootstrap(table, fit(table, 1, prior=50.0), replicates=1000, threads=1)
    assert drawn.probabilities[0][0, 1] == pytest.approx(sqrt(0.21 / 100) / 2, rel=0.07)


def test_the_same_seed_draws_the_same_on_one_thread_or_two(table: PatternTable, fitted: LatentClassFit) -> None:
    one, two, other = (
        bootstrap(table, fitted, replicates=6, seed=seed, threads=threads) for seed, threads in ((1, 1), (1, 2), (2, 1))
    )
    assert (one.draws == two.draws).all()
    assert (one.draws != other.draws).any()


def test_intervals_are_the_quantiles_of_the_draws(table: PatternTable, fitted: LatentClassFit) -> None:
    drawn = bootstrap(table, fitted, replicates=40, threads=1)
    limits = drawn.intervals(0.8)
    assert limits.shares[0] == pytest.approx(np.quantile(drawn.draws[:, 0], [0.1, 0.9]))
    assert limits.probabilities[7][2, 3] == pytest.approx(np.quantile(drawn.draws[:, -1], [0.1, 0.9]))
    with pytest.raises(ValueError, match="between 0 and 1"):
        drawn.intervals(95)


def test_what_cannot_be_drawn_is_refused(table: PatternTable, fitted: LatentClassFit) -> None:
    with pytest.raises(ValueError, match="at least two replicates"):
        bootstrap(table, fitted, replicates=1)
    with pytest.raises(ValueError, match="do not add up"):
        bootstrap(table, fitted, clusters=Clusters([1, 2, 3], [0, 0, 1]))
