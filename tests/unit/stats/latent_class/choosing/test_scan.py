"""The scan: every figure is the one its own module gives, the planted number is found, and it can be repeated."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from careloom.stats.latent_class import PatternTable, collapse, fit_latent_classes
from careloom.stats.latent_class.choosing import criteria
from careloom.stats.latent_class.choosing.decision import decide
from careloom.stats.latent_class.choosing.held_out import foretell_groups, split_half
from careloom.stats.latent_class.choosing.likelihood_ratio import bootstrap_test
from careloom.stats.latent_class.choosing.quality import classification_quality
from careloom.stats.latent_class.choosing.residuals import bivariate_residuals
from careloom.stats.latent_class.choosing.scan import Scan, scan

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import draw, table_of

STARTS = 12


@pytest.fixture(scope="module")
def table() -> PatternTable:
    return table_of(draw(3000, seed=91, missing=0.05)[0])


@pytest.fixture(scope="module")
def by_group(table: PatternTable) -> csr_array:
    """The rows dealt among four groups, by pattern."""
    share = np.random.default_rng(1).dirichlet(np.ones(4), len(table.weights)).T
    return csr_array(share * table.weights)


@pytest.fixture(scope="module")
def scanned(table: PatternTable, by_group: csr_array) -> Scan:
    return scan(table, most=5, starts=STARTS, threads=1, by_group=by_group)


def test_each_figure_is_that_of_its_own_module(table: PatternTable, by_group: csr_array, scanned: Scan) -> None:
    row, fit = scanned.rows[2], fit_latent_classes(table, classes=3, starts=STARTS, threads=1)
    quality = classification_quality(table, fit.parameters)
    worst = bivariate_residuals(table, fit.parameters)[0]
    assert [row.classes for row in scanned.rows] == [1, 2, 3, 4, 5]
    assert [fit.classes for fit in scanned.fits] == [1, 2, 3, 4, 5]
    assert (row.loglik, row.parameters, row.verdict) == (fit.loglik, fit.n_parameters, fit.certificate.verdict)
    for name in ("aic", "aic3", "bic", "sabic", "caic", "icl", "entropy_r2"):
        assert getattr(row, name) == getattr(criteria, name)(fit), name
    assert (row.relative_entropy, row.smallest_share) == (fit.entropy, fit.shares.min())
    assert (row.least_posterior, row.share_certain) == (quality.least_posterior, quality.share_certain)
    assert (row.starts, row.starts_at_best) == (fit.starts, fit.starts_at_best)
    assert (row.worst_residual, row.worst_effect) == (worst.residual, worst.effect)
    assert row.gain_per_row == criteria.gain_per_row(scanned.fits[1], fit)
    halves = [split_half(table, fit.parameters) for fit in scanned.fits[1:3]]
    assert row.split_half_per_row == halves[1].loglik_per_row
    assert row.split_half_gain == halves[1].loglik_per_row - halves[0].loglik_per_row
    assert row.split_half_agreement == halves[1].agreement
    groups = [foretell_groups(table, by_group, fit.parameters) for fit in scanned.fits[1:3]]
    assert row.held_out_per_row == groups[1].loglik_per_row
    assert row.held_out_gain == groups[1].loglik_per_row - groups[0].loglik_per_row
    assert row.groups_gaining == groups[1].groups_gaining(groups[0]) == 1.0


def test_what_was_not_asked_for_is_missing(scanned: Scan) -> None:
    first = scanned.rows[0]
    compared = (first.gain_per_row, first.split_half_gain, first.held_out_gain, first.groups_gaining, first.bootstrap_p)
    assert compared == (None,) * 5
    assert all(row.bootstrap_p is None for row in scanned.rows)
    assert all(row.seconds > 0 for row in scanned.rows)


def test_the_planted_number_of_classes_is_found_by_the_rule_and_by_what_was_held_out(scanned: Scan) -> None:
    assert decide(scanned.rows).chosen == 3
    gains = [row.split_half_gain for row in scanned.rows[1:]]
    assert [gain is not None and gain > 0 for gain in gains] == [True, True, False, False]
    worst = [row.worst_residual for row in scanned.rows]
    assert worst[1] > 20 > 5 > worst[2]


def test_a_lean_scan_with_tests() -> None:
    table = table_of(draw(600, seed=92)[0])
    lean = scan(table, most=3, starts=6, threads=1, halves=False, draws=5)
    assert [row.split_half_per_row for row in lean.rows] == [None] * 3
    for k in (1, 2):
        tested = bootstrap_test(table, lean.fits[k - 1], lean.fits[k], draws=5, threads=1)
        assert lean.rows[k].bootstrap_p == tested.p


def test_the_same_seed_scans_the_same(table: PatternTable, scanned: Scan, by_group: csr_array) -> None:
    again = scan(table, most=3, starts=STARTS, threads=2, by_group=by_group)
    for one, other in zip(again.rows, scanned.rows, strict=False):
        assert replace(one, seconds=0.0) == replace(other, seconds=0.0)


def test_no_more_classes_than_patterns_and_one_item_has_no_pair() -> None:
    table, _ = collapse([[0], [1], [2]], [50, 30, 20])
    small = scan(table, most=9, starts=2, threads=1)
    assert [row.classes for row in small.rows] == [1, 2, 3]
    assert [row.worst_residual for row in small.rows] == [None] * 3
