"""A latent class fit as a whole: planted truth comes back, cases known by hand hold, what must not matter does not."""

from __future__ import annotations

import sys
from itertools import product
from math import log
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.class_agreement import adjusted_rand_index, match_classes
from careloom.stats.latent_class import (
    LatentClassFit,
    PatternTable,
    collapse,
    fit_latent_classes,
    pattern_logliks,
    posterior,
)
from careloom.stats.latent_class.choosing.criteria import aic, aic3, bic, caic, icl, sabic
from careloom.stats.latent_class.fitting.starts import starting_point

sys.path.insert(0, str(Path(__file__).parent))
from planted_classes import BY_ITEM, FREE, LEVELS, SHARES, TRUTH, draw, table_of

CRITERIA = (aic, aic3, bic, sabic, caic, icl)
# A certified fit has at most 1e-9 of log-likelihood left, so two fits of the same data differ by twice that and the
# rounding of sums near 5e4; probabilities then by the root of it over the information, at the least some hundred rows.
LOGLIK, PROBABILITY = 1e-8, 1e-5


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return draw(6000, seed=11, missing=0.1)[0]


@pytest.fixture(scope="module")
def table(rows: np.ndarray) -> PatternTable:
    return table_of(rows)


@pytest.fixture(scope="module")
def fitted(table: PatternTable) -> LatentClassFit:
    return fit(table)


def fit(table: PatternTable, classes: int = 3, *, prior: float = 0.0, seed: int = 1) -> LatentClassFit:
    return fit_latent_classes(table, classes=classes, starts=6, seed=seed, prior=prior, threads=1)


def in_order_of_truth(found: LatentClassFit) -> tuple[np.ndarray, np.ndarray]:
    """Shares (3,) and all probabilities (3, M), the classes paired with the planted ones."""
    theta = np.hstack(found.probabilities)
    order = match_classes(np.hstack(BY_ITEM), theta)
    return found.shares[order], theta[order]


def assert_same(found: LatentClassFit, other: LatentClassFit) -> None:
    assert found.loglik == pytest.approx(other.loglik, abs=LOGLIK)
    assert found.shares == pytest.approx(other.shares, abs=PROBABILITY)
    for a, b in zip(found.probabilities, other.probabilities, strict=True):
        assert a == pytest.approx(b, abs=PROBABILITY)


# --- planted truth ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_planted_classes_are_recovered_from_100_000_rows(missing: float) -> None:
    """Shares within a point, probabilities within 0.02: at this size that is some four standard errors and more."""
    found = fit(table_of(draw(100_000, seed=5, missing=missing)[0]))
    shares, theta = in_order_of_truth(found)
    assert np.abs(shares - SHARES).max() < 0.01
    assert np.abs(theta - np.hstack(BY_ITEM)).max() < 0.02
    assert found.certificate.verdict == "certified"
    assert (found.weight, found.n_parameters) == (100_000, FREE)


def test_answers_missing_for_a_reason_that_is_seen_do_no_harm() -> None:
    """The third item is hardly ever asked of those who say yes to the first. Full rows only would mislead; we do not."""
    rows, _ = draw(60_000, seed=8)
    unasked = (rows[:, 0] == 1) & (np.random.default_rng(8).random(len(rows)) < 0.9)
    rows[unasked, 2] = -1
    ours = in_order_of_truth(fit(table_of(rows)))[0]
    full_rows_only = in_order_of_truth(fit(table_of(rows[~unasked])))[0]
    # The error of a share of n = 60,000 is 0.002 if classes are seen; a half more because they are not, and three of it.
    assert np.abs(ours - SHARES).max() < 0.01
    assert np.abs(full_rows_only - SHARES).max() > 0.05


def test_assignment_is_as_good_as_with_the_true_parameters() -> None:
    """Classes overlap, so no method recovers every label; knowing the truth is the best that can be done."""
    rows, classes = draw(6000, seed=11)
    ours = posterior(fit(table_of(rows)).parameters, rows).argmax(axis=1)
    best_possible = adjusted_rand_index(classes, posterior(TRUTH, rows).argmax(axis=1))
    assert best_possible > 0.6
    # Estimation error moves a row only when two classes are nearly equally likely: far less than 0.02 at n = 6000.
    assert adjusted_rand_index(classes, ours) > best_possible - 0.02


def test_bic_finds_the_planted_number_of_classes(table: PatternTable) -> None:
    fits = [fit(table, classes) for classes in range(1, 5)]
    assert int(np.argmin([bic(one) for one in fits])) + 1 == 3
    logliks = [one.loglik for one in fits]
    assert logliks == sorted(logliks)


def test_whole_population_gives_back_its_parameters() -> None:
    """Weights that are the model's own probabilities: the maximum is the truth."""
    every = np.array(list(product(*(range(len(levels)) for levels in LEVELS))))
    chance = np.exp(pattern_logliks(TRUTH, every))
    assert chance.sum() == pytest.approx(1.0, abs=1e-12)
    found = fit(collapse(every, 1000.0 * chance, LEVELS)[0])
    assert found.shares == pytest.approx(SHARES, abs=PROBABILITY)
    for ours, truth in zip(found.probabilities, BY_ITEM, strict=True):
        assert ours == pytest.approx(truth, abs=PROBABILITY)
    assert found.loglik == pytest.approx(1000.0 * float(chance @ np.log(chance)), abs=LOGLIK)


# --- known by hand ---------------------------------------------------------------------------------------------------


def test_two_groups_that_never_overlap() -> None:
    """60 rows say yes to the first two items only, 40 to the last two: loglik is 60 ln 0.6 + 40 ln 0.4."""
    found = fit(collapse([[1, 1, 0, 0], [0, 0, 1, 1]], [60, 40])[0], classes=2)
    # Eight certain answers at the bound lose at most 100 * 4 * 1e-13.
    assert found.loglik == pytest.approx(60 * log(0.6) + 40 * log(0.4), abs=1e-9)
    assert found.shares == pytest.approx([0.6, 0.4], abs=1e-9)
    assert found.yes == pytest.approx(np.array([[1, 1, 0, 0], [0, 0, 1, 1]]), abs=1e-9)
    assert (found.certificate.at_boundary, found.entropy) == (8, pytest.approx(1.0, abs=1e-9))


def test_one_class_is_the_proportions_of_each_item(table: PatternTable, rows: np.ndarray) -> None:
    found = fit(table, classes=1)
    loglik = 0.0
    for item, theta in enumerate(found.probabilities):
        counts = np.bincount(rows[rows[:, item] >= 0, item])
        assert theta[0] == pytest.approx(counts / counts.sum(), rel=1e-12)
        loglik += sum(count * log(count / counts.sum()) for count in counts)
    assert found.loglik == pytest.approx(loglik, rel=1e-12)
    assert (found.n_parameters, found.entropy, found.starts) == (11, 1.0, 1)


def test_a_prior_adds_rows_to_every_answer_and_to_every_class(table: PatternTable, rows: np.ndarray) -> None:
    found = fit(table, classes=1, prior=2.5)
    for item, theta in enumerate(found.probabilities):
        counts = np.bincount(rows[rows[:, item] >= 0, item]) + 2.5
        assert theta[0] == pytest.approx(counts / counts.sum(), rel=1e-10)


def test_a_prior_keeps_probabilities_off_0_and_1() -> None:
    """Two groups that never overlap: each probability is (rows + prior) / (rows + 2 prior), up to who belongs where."""
    found = fit(collapse([[1, 1, 0, 0], [0, 0, 1, 1]], [60, 40])[0], classes=2, prior=0.5)
    # A row may belong to the other class with a chance of 1e-7 at most: (0.5 / 61)^4 to 1.
    assert found.shares == pytest.approx([60.5 / 101, 40.5 / 101], abs=1e-6)
    assert found.yes[0] == pytest.approx([60.5 / 61, 60.5 / 61, 0.5 / 61, 0.5 / 61], abs=1e-6)
    assert (found.certificate.verdict, found.certificate.at_boundary) == ("certified", 0)


def test_three_items_and_two_classes_fit_every_cell() -> None:
    """Seven parameters for seven free cells: with an interior maximum the table is fitted exactly."""
    weights = np.array([200, 40, 45, 30, 50, 35, 28, 90])
    found = fit(collapse(list(product((0, 1), repeat=3)), weights)[0], classes=2)
    assert found.certificate.verdict == "certified"
    assert found.loglik == pytest.approx(float(weights @ np.log(weights / weights.sum())), abs=LOGLIK)


def test_criteria_by_hand(fitted: LatentClassFit) -> None:
    badness = -2.0 * fitted.loglik
    assert fitted.n_parameters == FREE
    assert aic(fitted) == pytest.approx(badness + 2 * FREE, rel=1e-12)
    assert aic3(fitted) == pytest.approx(badness + 3 * FREE, rel=1e-12)
    assert bic(fitted) == pytest.approx(badness + FREE * log(6000), rel=1e-12)
    assert sabic(fitted) == pytest.approx(badness + FREE * log(6002 / 24), rel=1e-12)
    assert caic(fitted) == pytest.approx(badness + FREE * (log(6000) + 1), rel=1e-12)


def test_relative_entropy_and_icl_by_hand(fitted: LatentClassFit, rows: np.ndarray) -> None:
    uncertainty = -sum(p * log(p) for p in posterior(fitted.parameters, rows).ravel() if p > 0)
    assert fitted.entropy == pytest.approx(1 - uncertainty / (6000 * log(3)), abs=1e-9)
    assert icl(fitted) == pytest.approx(bic(fitted) + 2 * uncertainty, rel=1e-9)


# --- what must not matter --------------------------------------------------------------------------------------------


def test_weights_are_the_same_as_rows_repeated() -> None:
    rows, _ = draw(800, seed=3, missing=0.1)
    weights = np.random.default_rng(3).integers(1, 4, len(rows))
    once = fit(table_of(rows, weights))
    repeated = fit(table_of(np.repeat(rows, weights, axis=0)))
    assert_same(once, repeated)
    assert once.n == repeated.n == weights.sum()
    for criterion in CRITERIA:
        # ICL holds the entropy, which moves with the parameters and not as flatly as the log-likelihood.
        assert criterion(once) == pytest.approx(criterion(repeated), abs=1e-3 if criterion is icl else 1e-7)


def test_rows_that_are_not_collapsed_give_the_same(table: PatternTable, fitted: LatentClassFit) -> None:
    twice = PatternTable(np.vstack([table.codes] * 2), np.tile(table.weights / 2, 2), table.levels)
    assert_same(fit(twice), fitted)


def test_fractional_weights_scale_the_likelihood_and_nothing_else(table: PatternTable, fitted: LatentClassFit) -> None:
    for scale in (0.01, 1000.0):
        found = fit(table.reweighted(scale * table.weights))
        assert found.shares == pytest.approx(fitted.shares, abs=PROBABILITY)
        assert found.parameters.probabilities == pytest.approx(fitted.parameters.probabilities, abs=2 * PROBABILITY)
        # Each is within 1e-9 of its own maximum, in its own units.
        assert found.loglik / scale == pytest.approx(fitted.loglik, abs=1e-7)


def test_the_order_of_the_rows_does_not_matter(rows: np.ndarray, fitted: LatentClassFit) -> None:
    assert_same(fit(table_of(np.random.default_rng(0).permutation(rows))), fitted)


def test_the_order_of_the_items_does_not_matter(rows: np.ndarray, fitted: LatentClassFit) -> None:
    order = np.random.default_rng(1).permutation(8)
    found = fit(collapse(rows[:, order], levels=[LEVELS[item] for item in order])[0])
    assert found.loglik == pytest.approx(fitted.loglik, abs=LOGLIK)
    for place, item in enumerate(order):
        assert found.probabilities[place] == pytest.approx(fitted.probabilities[item], abs=PROBABILITY)


def test_the_order_and_the_names_of_the_answers_do_not_matter(rows: np.ndarray, fitted: LatentClassFit) -> None:
    """Answers 0, 1, 2 of the seventh item called 30, 7 and 12.5, and listed in another order."""
    called = rows.astype(float)
    called[:, 6] = np.array([30.0, 7.0, 12.5, -1.0])[rows[:, 6]]
    found = fit(collapse(called, levels=[*LEVELS[:6], [7.0, 12.5, 30.0], LEVELS[7]])[0])
    assert found.loglik == pytest.approx(fitted.loglik, abs=LOGLIK)
    assert found.probabilities[6] == pytest.approx(fitted.probabilities[6][:, [1, 2, 0]], abs=PROBABILITY)


def test_rows_with_nothing_observed_change_nothing_but_the_count(rows: np.ndarray, fitted: LatentClassFit) -> None:
    blank = np.full((500, 8), -1)
    found = fit(table_of(np.vstack([rows, blank])))
    assert_same(found, fitted)
    assert [mode.loglik for mode in found.modes] == pytest.approx([mode.loglik for mode in fitted.modes], abs=LOGLIK)
    assert found.entropy == pytest.approx(fitted.entropy, abs=PROBABILITY)
    for criterion in CRITERIA:
        assert criterion(found) == pytest.approx(criterion(fitted), abs=1e-3 if criterion is icl else 1e-7)
    assert (found.weight - fitted.weight, found.weight_unobserved, found.n) == (500, 500, fitted.n)
    assert posterior(found.parameters, blank[:1])[0] == pytest.approx(found.shares)
    assert pattern_logliks(found.parameters, blank[:1]) == pytest.approx(0.0, abs=1e-12)


def test_rows_with_nothing_observed_do_not_move_the_starts() -> None:
    """A third of the rows blank: every kind of start begins where it did, and the best of them ends there too."""
    rows, _ = draw(1000, seed=12)
    blank = np.full((500, 8), -1)
    one, other = (table_of(data) for data in (rows, np.vstack([rows, blank])))
    for number in range(6):
        (kind, at), (other_kind, other_at) = (starting_point(table, 5, 1, number) for table in (one, other))
        assert kind == other_kind
        assert at.log_probabilities == pytest.approx(other_at.log_probabilities, abs=1e-12)
    # Starts near a watershed may end on either side of it by a rounding; the best does not lie near one.
    assert fit(one, 5).loglik == pytest.approx(fit(other, 5).loglik, abs=1e-6)


def test_an_answer_that_nobody_gave_has_probability_0(rows: np.ndarray, fitted: LatentClassFit) -> None:
    found = fit(collapse(rows, levels=[*LEVELS[:7], [0, 1, 2, 3, 4]])[0])
    # A probability of 1e-13 instead of 0, for 6,000 rows.
    assert found.loglik == pytest.approx(fitted.loglik, abs=LOGLIK)
    assert (found.probabilities[7][:, 4] < 1e-12).all()
    assert (found.certificate.verdict, found.certificate.at_boundary) == ("boundary-fixed", 3)


def test_an_item_that_everyone_answers_alike_tells_nothing(rows: np.ndarray, fitted: LatentClassFit) -> None:
    found = fit(collapse(np.column_stack([rows, np.ones(len(rows))]), levels=[*LEVELS, [0, 1]])[0])
    assert found.loglik == pytest.approx(fitted.loglik, abs=LOGLIK)
    assert found.yes[:, 8] == pytest.approx(1.0, abs=1e-12)


def test_classes_come_by_descending_share(fitted: LatentClassFit) -> None:
    assert (np.diff(fitted.shares) < 0).all()
    assert fitted.shares.sum() == pytest.approx(1.0, abs=1e-12)
    assert all(theta.sum(axis=1) == pytest.approx(1.0, abs=1e-12) for theta in fitted.probabilities)


def test_posterior_is_bayes_rule(fitted: LatentClassFit) -> None:
    row = [1, 0, -1, 1, 0, 0, 2, -1]
    joint = fitted.shares.copy()
    for item, answer in enumerate(row):
        joint *= fitted.probabilities[item][:, answer] if answer >= 0 else 1.0
    assert posterior(fitted.parameters, [row])[0] == pytest.approx(joint / joint.sum(), abs=1e-12)
    assert pattern_logliks(fitted.parameters, [row])[0] == pytest.approx(log(joint.sum()), abs=1e-12)
    assert posterior(fitted.parameters, [row] * 5).shape == (5, 3)
