"""Latent classes: planted truth comes back, the mathematics agrees with slow arithmetic, bad input is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from math import comb, log, prod

import numpy as np
import pytest

from careloom.stats.latent_class import (
    LatentClassFit,
    adjusted_rand_index,
    best_by_bic,
    fit_latent_classes,
    match_classes,
    posterior,
    responses,
    scan_classes,
)
from careloom.stats.latent_class_climb import climb, climb_by_em, climb_by_newton, finish, settle
from careloom.stats.latent_class_model import (
    LOG_ODDS_BOUND,
    Parameters,
    Responses,
    expect,
    from_shares,
    gradient,
    observed_information,
)
from careloom.stats.latent_class_starts import starting_points

SHARES = np.array([0.5, 0.3, 0.2])
PROBABILITIES = np.array(
    [
        [0.10, 0.15, 0.05, 0.20, 0.10, 0.08, 0.12, 0.10],
        [0.85, 0.75, 0.60, 0.10, 0.15, 0.05, 0.20, 0.10],
        [0.20, 0.10, 0.15, 0.80, 0.90, 0.70, 0.60, 0.30],
    ]
)


@dataclass(frozen=True)
class Planted:
    """Simulated rows (N, J), the class each came from, and the same rows collapsed to patterns."""

    rows: np.ndarray
    classes: np.ndarray
    patterns: np.ndarray
    weights: np.ndarray


def plant(n: int, *, missing: float, seed: int) -> Planted:
    random = np.random.default_rng(seed)
    classes = random.choice(3, size=n, p=SHARES)
    rows = (random.random((n, 8)) < PROBABILITIES[classes]).astype(np.int8)
    rows[random.random(rows.shape) < missing] = -1
    patterns, weights = np.unique(rows, axis=0, return_counts=True)
    return Planted(rows, classes, patterns, weights)


@pytest.fixture(scope="module")
def planted() -> Planted:
    return plant(8000, missing=0.0, seed=11)


@pytest.fixture(scope="module")
def gappy() -> Planted:
    return plant(8000, missing=0.2, seed=12)


@pytest.fixture(scope="module")
def fitted(planted: Planted) -> LatentClassFit:
    return fit_latent_classes(planted.patterns, planted.weights, classes=3, starts=6, seed=1)


def slow_loglik(patterns: np.ndarray, weights: np.ndarray, shares: np.ndarray, theta: np.ndarray) -> float:
    """The likelihood as it is written in the textbook, one answer at a time."""

    def answer(code: int, p: float) -> float:
        return {1: p, 0: 1.0 - p, -1: 1.0}[code]

    def chance(row: np.ndarray, probabilities: np.ndarray) -> float:
        return prod(answer(int(code), p) for code, p in zip(row, probabilities, strict=True))

    def marginal(row: np.ndarray) -> float:
        return sum(share * chance(row, own) for share, own in zip(shares, theta, strict=True))

    return sum(weight * log(marginal(row)) for row, weight in zip(patterns, weights, strict=True))


# --- planted truth ---------------------------------------------------------------------------------------------------


def assert_recovered(fit: LatentClassFit, n: int) -> None:
    order = match_classes(PROBABILITIES, fit.probabilities)
    # Four binomial standard errors at the class's own size, half as large again because the class is not seen.
    share_error = 6.0 * np.sqrt(SHARES * (1 - SHARES) / n)
    theta_error = 6.0 * np.sqrt(PROBABILITIES * (1 - PROBABILITIES) / (n * SHARES[:, None]))
    assert (np.abs(fit.shares[order] - SHARES) < share_error).all()
    assert (np.abs(fit.probabilities[order] - PROBABILITIES) < theta_error).all()


def test_planted_classes_are_recovered(planted: Planted, fitted: LatentClassFit) -> None:
    assert_recovered(fitted, 8000)
    assert fitted.converged
    assert fitted.weight == 8000


def test_planted_classes_are_recovered_when_a_fifth_of_answers_is_missing(gappy: Planted) -> None:
    fit = fit_latent_classes(gappy.patterns, gappy.weights, classes=3, starts=6, seed=1)
    assert_recovered(fit, int(8000 * 0.8))
    assert fit.converged


def test_assignment_is_as_good_as_with_the_true_parameters(planted: Planted, fitted: LatentClassFit) -> None:
    """Classes overlap, so no method recovers every label; knowing the truth is the best that can be done."""
    ours = posterior(fitted, planted.rows).argmax(axis=1)
    data = responses(planted.rows, np.ones(len(planted.rows)))
    ideal = expect(data, from_shares(SHARES, PROBABILITIES)).memberships.argmax(axis=0)
    best_possible = adjusted_rand_index(planted.classes, ideal)
    assert best_possible > 0.6
    # Estimation error moves a child only when two classes are nearly equally likely: far less than 0.02 at n = 8000.
    assert adjusted_rand_index(planted.classes, ours) > best_possible - 0.02


def test_bic_finds_the_planted_number_of_classes(planted: Planted) -> None:
    fits = scan_classes(planted.patterns, planted.weights, most=5, starts=6, seed=1)
    assert [fit.classes for fit in fits] == [1, 2, 3, 4, 5]
    assert best_by_bic(fits).classes == 3
    logliks = [fit.loglik for fit in fits]
    assert logliks == sorted(logliks)


def test_whole_population_gives_back_its_parameters() -> None:
    """Weights that are the model's own probabilities: the maximum is the truth."""
    patterns = np.array(list(product((0, 1), repeat=8)), dtype=np.int8)
    chance = np.array([np.exp(slow_loglik(row[None], np.ones(1), SHARES, PROBABILITIES)) for row in patterns])
    fit = fit_latent_classes(patterns, 1000.0 * chance, classes=3, starts=6, seed=3)
    # The certificate leaves at most 1e-6 of log-likelihood, which at n = 1000 is a few 1e-5 in a probability.
    assert fit.shares == pytest.approx(SHARES, abs=1e-4)
    assert fit.probabilities == pytest.approx(PROBABILITIES, abs=1e-4)
    assert fit.loglik == pytest.approx(1000.0 * float(chance @ np.log(chance)), abs=1e-6)


# --- known by hand ---------------------------------------------------------------------------------------------------


def test_two_groups_that_never_overlap() -> None:
    """60 children say yes to the first two items only, 40 to the last two: loglik is 60 ln 0.6 + 40 ln 0.4."""
    fit = fit_latent_classes([[1, 1, 0, 0], [0, 0, 1, 1]], [60, 40], classes=2, starts=6, seed=0)
    # Eight certain answers at the bound lose at most 100 * 4 * 1e-13.
    assert fit.loglik == pytest.approx(60 * log(0.6) + 40 * log(0.4), abs=1e-9)
    assert fit.shares == pytest.approx([0.6, 0.4], abs=1e-9)
    assert fit.probabilities == pytest.approx(np.array([[1, 1, 0, 0], [0, 0, 1, 1]]), abs=1e-9)
    assert (fit.at_boundary, fit.entropy) == (8, pytest.approx(1.0, abs=1e-9))
    assert fit.converged


def test_one_class_is_the_prevalence_of_each_item(planted: Planted) -> None:
    fit = fit_latent_classes(planted.patterns, planted.weights, classes=1, starts=20, seed=0)
    yes, n = planted.rows.sum(axis=0), len(planted.rows)
    assert fit.probabilities[0] == pytest.approx(yes / n, rel=1e-12)
    assert fit.loglik == pytest.approx(sum(y * log(y / n) + (n - y) * log(1 - y / n) for y in yes), rel=1e-12)
    assert (fit.n_parameters, fit.entropy, fit.starts) == (8, 1.0, 1)


def test_three_items_and_two_classes_fit_every_cell() -> None:
    """Seven parameters for seven free cells: with an interior maximum the table is fitted exactly."""
    patterns = np.array(list(product((0, 1), repeat=3)), dtype=np.int8)
    weights = np.array([200, 40, 45, 30, 50, 35, 28, 90])
    fit = fit_latent_classes(patterns, weights, classes=2, starts=6, seed=0)
    assert fit.at_boundary == 0
    assert fit.loglik == pytest.approx(float(weights @ np.log(weights / weights.sum())), abs=1e-6)


def test_more_parameters_than_cells_is_seen_to_be_unidentified() -> None:
    fit = fit_latent_classes([[0, 0], [0, 1], [1, 0], [1, 1]], [40, 10, 12, 38], classes=2, starts=4, seed=0)
    # Five parameters for three free cells: two directions carry no information at all, up to rounding.
    assert abs(fit.least_information) < 1e-6


def test_criteria_by_hand(fitted: LatentClassFit) -> None:
    assert fitted.n_parameters == 2 + 3 * 8
    assert fitted.aic == pytest.approx(2 * 26 - 2 * fitted.loglik, abs=1e-6)
    assert fitted.bic == pytest.approx(26 * log(8000) - 2 * fitted.loglik, abs=1e-6)
    assert fitted.sabic == pytest.approx(26 * log(8002 / 24) - 2 * fitted.loglik, abs=1e-6)


def test_relative_entropy_by_hand(planted: Planted, fitted: LatentClassFit) -> None:
    belongs = posterior(fitted, planted.rows)
    uncertainty = -sum(p * log(p) for p in belongs.ravel() if p > 0)
    assert fitted.entropy == pytest.approx(1 - uncertainty / (8000 * log(3)), abs=1e-6)


# --- the likelihood --------------------------------------------------------------------------------------------------


def test_likelihood_and_memberships_agree_with_slow_arithmetic(gappy: Planted) -> None:
    data = responses(gappy.patterns[:60], gappy.weights[:60])
    expected = expect(data, from_shares(SHARES, PROBABILITIES))
    slow = slow_loglik(gappy.patterns[:60], gappy.weights[:60], SHARES, PROBABILITIES)
    assert expected.loglik == pytest.approx(slow, rel=1e-12)
    joint = [
        [np.exp(slow_loglik(row[None], np.ones(1), SHARES[[k]], PROBABILITIES[[k]])) for row in gappy.patterns[:60]]
        for k in range(3)
    ]
    assert expected.memberships == pytest.approx(np.array(joint) / np.sum(joint, axis=0), abs=1e-12)


def test_a_missing_item_is_summed_over() -> None:
    at = from_shares(SHARES, PROBABILITIES)
    gap, no, yes = (
        np.exp(expect(responses([[1, 0, middle, 1, 0, 0, 1, 0]], [1.0]), at).loglik) for middle in (-1, 0, 1)
    )
    assert gap == pytest.approx(no + yes, rel=1e-12)


def test_rows_with_nothing_observed_change_nothing_but_the_count(gappy: Planted) -> None:
    some = (gappy.patterns >= 0).any(axis=1)
    patterns, weights = gappy.patterns[some], gappy.weights[some]
    without = fit_latent_classes(patterns, weights, classes=2, starts=3, seed=5)
    blank = np.full((1, 8), -1, dtype=np.int8)
    fit = fit_latent_classes(np.vstack([patterns, blank]), [*weights, 500], classes=2, starts=3, seed=5)
    assert fit.loglik == pytest.approx(without.loglik, abs=1e-5)
    assert fit.bic == pytest.approx(without.bic, abs=1e-5)
    assert (fit.weight - without.weight, fit.weight_unobserved) == (500, 500)
    assert posterior(fit, blank)[0] == pytest.approx(fit.shares)


def test_collapsed_and_uncollapsed_rows_are_the_same_data(gappy: Planted) -> None:
    at = from_shares(SHARES, PROBABILITIES)
    rows = expect(responses(gappy.rows, np.ones(8000)), at)
    patterns = expect(responses(gappy.patterns, gappy.weights), at)
    assert patterns.loglik == pytest.approx(rows.loglik, rel=1e-12)
    assert patterns.yes == pytest.approx(rows.yes, rel=1e-10)
    of_rows = fit_latent_classes(gappy.rows, np.ones(8000), classes=3, starts=3, seed=1)
    of_patterns = fit_latent_classes(gappy.patterns, gappy.weights, classes=3, starts=3, seed=1)
    # Starts differ (patterns are drawn by position), so only the maximum is shared: to the certificate.
    assert of_patterns.loglik == pytest.approx(of_rows.loglik, abs=2e-6)
    assert of_patterns.probabilities == pytest.approx(of_rows.probabilities, abs=1e-4)


@pytest.mark.parametrize("which", ["planted", "gappy"])
def test_gradient_and_information_agree_with_finite_differences(which: str, request: pytest.FixtureRequest) -> None:
    source: Planted = request.getfixturevalue(which)
    data = responses(source.patterns, source.weights)
    at = starting_points(data, 3, 2, seed=4)[1]
    step, flat = 1e-5, at.flat()

    def log_likelihood(moved: np.ndarray) -> float:
        return expect(data, at.like(moved)).loglik

    def slope(moved: np.ndarray) -> np.ndarray:
        there = at.like(moved)
        return gradient(expect(data, there), there)

    moves = step * np.eye(flat.size)
    by_differences = [(log_likelihood(flat + m) - log_likelihood(flat - m)) / (2 * step) for m in moves]
    # Central differences of a sum near 3e4 with step 1e-5: rounding 1e-11/1e-5, curvature 1e3 * 1e-10.
    assert slope(flat) == pytest.approx(np.array(by_differences), rel=1e-5, abs=1e-3)
    curvature = -np.array([(slope(flat + m) - slope(flat - m)) / (2 * step) for m in moves])
    information = observed_information(data, expect(data, at), at)
    assert information == pytest.approx(curvature, rel=1e-4, abs=1e-3)


def test_information_does_not_depend_on_how_many_patterns_are_taken_at_once(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, at = responses(planted.patterns, planted.weights), from_shares(SHARES, PROBABILITIES)
    whole = observed_information(data, expect(data, at), at)
    monkeypatch.setattr("careloom.stats.latent_class_model.PATTERNS_AT_ONCE", 7)
    assert observed_information(data, expect(data, at), at) == pytest.approx(whole, abs=1e-8)


# --- the climb -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_em_never_lowers_the_likelihood(gappy: Planted, classes: int) -> None:
    data = responses(gappy.patterns, gappy.weights)
    for start in starting_points(data, classes, 3, seed=classes):
        logliks = [climb_by_em(data, start, steps).loglik for steps in range(12)]
        # 1e-9: the rounding of a sum of 3e4.
        assert (np.diff(logliks) > -1e-9).all()


def test_quasi_newton_gets_where_em_is_still_going(planted: Planted) -> None:
    data = responses(planted.patterns, planted.weights)
    start = starting_points(data, 4, 1, seed=9)[0]
    by_em, quick = climb_by_em(data, start, 500), climb(data, climb_by_em(data, start, 20), 500)
    assert quick.loglik >= by_em.loglik - 1e-6
    assert quick.steps < 500


@pytest.mark.parametrize("log_odds", [-25.0, 25.0])
def test_a_probability_lost_near_the_edge_is_brought_back(
    planted: Planted, fitted: LatentClassFit, log_odds: float
) -> None:
    """There the slope is nil although the answer is common: EM and quasi-Newton steps would stay for ever."""
    data = responses(planted.patterns, planted.weights)
    lost = from_shares(fitted.shares, fitted.probabilities).log_odds.copy()
    lost[1, 2] = log_odds
    stuck = climb_by_em(data, Parameters(np.log(fitted.shares), lost), 0)
    assert stuck.loglik < fitted.loglik - 100.0
    assert settle(data, stuck).loglik == pytest.approx(fitted.loglik, abs=1e-4)


def test_a_probability_wrongly_at_the_edge_is_no_maximum(planted: Planted, fitted: LatentClassFit) -> None:
    """At the bound Newton's method cannot see it; the pull back in can."""
    data = responses(planted.patterns, planted.weights)
    wrong = from_shares(fitted.shares, fitted.probabilities).log_odds.copy()
    wrong[1, 2] = LOG_ODDS_BOUND
    there = climb_by_newton(data, climb_by_em(data, Parameters(np.log(fitted.shares), wrong), 0))
    assert there.gain_left == np.inf
    assert finish(data, there).loglik == pytest.approx(fitted.loglik, abs=1e-6)


def test_no_probability_at_the_edge_would_be_better_inside(planted: Planted) -> None:
    few = slice(None, None, 9)
    data = responses(planted.patterns[few], planted.weights[few])
    fit = fit_latent_classes(planted.patterns[few], planted.weights[few], classes=4, starts=9, seed=2)
    assert fit.at_boundary > 0
    at = from_shares(fit.shares, fit.probabilities)
    for place in zip(*np.nonzero(np.abs(at.log_odds) >= LOG_ODDS_BOUND - 1e-2), strict=True):
        for inside in (4.0, 8.0, 12.0):
            nudged = at.log_odds.copy()
            nudged[place] = np.sign(nudged[place]) * inside
            assert expect(data, Parameters(at.log_shares, nudged)).loglik <= fit.loglik


def test_a_saddle_is_not_taken_for_a_maximum(planted: Planted) -> None:
    """Three identical classes: every slope is nil, yet this is only the one-class model."""
    data = responses(planted.patterns, planted.weights)
    same = from_shares(np.full(3, 1 / 3), np.tile(data.prevalence, (3, 1)))
    there = finish(data, climb_by_em(data, same, 0))
    assert not there.is_maximum
    assert there.least_information < -0.01


def test_what_newton_promises_is_what_is_left(
    planted: Planted, fitted: LatentClassFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("careloom.stats.latent_class_climb.NEWTON_STEPS", 0)
    data, best = responses(planted.patterns, planted.weights), from_shares(fitted.shares, fitted.probabilities)
    aside = best.like(best.flat() + 0.02 * np.random.default_rng(0).normal(size=best.flat().size))
    there = climb_by_newton(data, climb_by_em(data, aside, 0))
    # Half the decrement is exact for a paraboloid; two hundredths of a log odds from the top the cubic term is a few %.
    assert there.gain_left == pytest.approx(fitted.loglik - there.loglik, rel=0.1)
    assert there.least_information > 0
    assert not there.is_maximum


def test_a_fit_with_gain_left_or_on_a_saddle_is_not_called_converged(fitted: LatentClassFit) -> None:
    assert fitted.converged
    assert not replace(fitted, gain_left=1e-4).converged
    assert not replace(fitted, gain_left=np.inf).converged
    assert not replace(fitted, least_information=-0.01).converged


def test_counting_in_thousands_changes_nothing_but_the_scale(planted: Planted, fitted: LatentClassFit) -> None:
    fit = fit_latent_classes(planted.patterns, 1000.0 * planted.weights, classes=3, starts=3, seed=1)
    assert fit.converged
    # Both are within 1e-6 of their maximum in their own total log-likelihood.
    assert fit.loglik == pytest.approx(1000.0 * fitted.loglik, abs=2e-3)
    assert fit.probabilities == pytest.approx(fitted.probabilities, abs=1e-5)


# --- starts, order, repeatability ------------------------------------------------------------------------------------


def test_classes_come_by_descending_share(fitted: LatentClassFit) -> None:
    assert (np.diff(fitted.shares) < 0).all()
    assert fitted.shares.sum() == pytest.approx(1.0, abs=1e-12)


def test_the_same_seed_gives_the_same_fit(planted: Planted, fitted: LatentClassFit) -> None:
    again = fit_latent_classes(planted.patterns, planted.weights, classes=3, starts=6, seed=1)
    assert again.start_logliks == fitted.start_logliks
    assert (again.probabilities == fitted.probabilities).all()


def test_another_seed_and_more_starts_are_other_starts(planted: Planted) -> None:
    data = responses(planted.patterns, planted.weights)
    first, other = (starting_points(data, 3, 4, seed=seed) for seed in (1, 2))
    assert all((a.log_odds != b.log_odds).any() for a, b in zip(first, other, strict=True))
    more = starting_points(data, 3, 6, seed=1)
    assert all((a.log_odds == b.log_odds).all() for a, b in zip(first, more, strict=False))
    assert (first[0].log_odds != first[3].log_odds).any()


def test_every_start_is_inside_and_every_class_of_it_different(gappy: Planted) -> None:
    data: Responses = responses(gappy.patterns, gappy.weights)
    for start in starting_points(data, 4, 9, seed=0):
        assert (np.abs(start.log_odds) < 4.0).all()
        assert len(np.unique(start.log_odds, axis=0)) == 4


def test_the_three_kinds_of_start(gappy: Planted) -> None:
    data = responses(gappy.patterns, gappy.weights)
    near, anywhere, seeded = (start.probabilities for start in starting_points(data, 6, 3, seed=0))
    middle = np.log(data.prevalence / (1 - data.prevalence))
    # 48 draws: the standard error of a standard deviation of 0.5 is 0.05.
    assert np.std(np.log(near / (1 - near)) - middle) == pytest.approx(0.5, abs=0.2)
    # A uniform variable has mean 1/2 and standard deviation 0.29; with 48 draws the errors are 0.04 and 0.03.
    assert (anywhere.mean(), anywhere.std()) == (pytest.approx(0.5, abs=0.17), pytest.approx(0.29, abs=0.1))
    answers = 2 * seeded - data.prevalence
    # A child's own answer, or the prevalence where it is missing, unless held at 0.02 or 0.98.
    nearest = np.min([np.abs(answers), np.abs(answers - 1), np.abs(answers - data.prevalence)], axis=0)
    assert (nearest[(seeded > 0.02) & (seeded < 0.98)] < 1e-12).all()
    assert len(np.unique(answers.round(9), axis=0)) == 6


def test_starts_are_accounted_for(fitted: LatentClassFit) -> None:
    assert fitted.starts == len(fitted.start_logliks) == 6
    assert list(fitted.start_logliks) == sorted(fitted.start_logliks, reverse=True)
    near = [loglik for loglik in fitted.start_logliks if fitted.loglik - loglik <= 1e-4]
    assert fitted.starts_at_best == len(near) >= 2


# --- posterior and agreement -----------------------------------------------------------------------------------------


def test_posterior_is_bayes_rule(fitted: LatentClassFit) -> None:
    row = np.array([[1, 0, -1, 1, 0, 0, 1, -1]])
    joint = [np.exp(slow_loglik(row, np.ones(1), fitted.shares[[k]], fitted.probabilities[[k]])) for k in range(3)]
    assert posterior(fitted, row)[0] == pytest.approx(np.array(joint) / sum(joint), abs=1e-12)
    assert posterior(fitted, np.repeat(row, 5, axis=0)).shape == (5, 3)


def test_adjusted_rand_index_by_hand() -> None:
    assert adjusted_rand_index([0, 0, 1, 1], [7, 7, 3, 3]) == 1.0
    # One pair together in both, two in the second, six in all: (1 - 1/3) / (1.5 - 1/3).
    assert adjusted_rand_index([0, 0, 1, 2], [0, 0, 1, 1]) == pytest.approx(4 / 7)
    assert adjusted_rand_index(["a", "a", "b", "b"], ["x", "y", "x", "y"]) == pytest.approx(-0.5)
    assert adjusted_rand_index([1, 1, 1], [2, 2, 2]) == 1.0


def test_adjusted_rand_index_agrees_with_counting_every_pair() -> None:
    random = np.random.default_rng(8)
    a, b = random.integers(0, 3, 40), random.integers(0, 4, 40)
    pairs = [(i, j) for i in range(40) for j in range(i)]
    in_a, in_b = ({(i, j) for i, j in pairs if labels[i] == labels[j]} for labels in (a, b))
    chance = len(in_a) * len(in_b) / comb(40, 2)
    by_hand = (len(in_a & in_b) - chance) / ((len(in_a) + len(in_b)) / 2 - chance)
    assert adjusted_rand_index(a, b) == pytest.approx(by_hand, abs=1e-12)


def test_matching_undoes_a_shuffle() -> None:
    order = np.array([2, 0, 1])
    shuffled = PROBABILITIES[order] + 0.01
    assert (shuffled[match_classes(PROBABILITIES, shuffled)] == PROBABILITIES + 0.01).all()


# --- refusals --------------------------------------------------------------------------------------------------------

GOOD = [[0, 1], [1, 1], [1, 0]]


@pytest.mark.parametrize(
    ("patterns", "weights", "says"),
    [
        ([0, 1, 1], [1, 1, 1], "patterns must be"),
        (np.zeros((0, 3)), [], "not empty"),
        (GOOD, [1, 1], "one weight per pattern"),
        (GOOD, [1, -1, 1], "not negative"),
        (GOOD, [1, np.nan, 1], "finite"),
        (GOOD, [0, 0, 0], "not all zero"),
        ([[0, 1], [1, 2], [1, 0]], [1, 1, 1], "coded 1"),
        ([[0, 1], [1, 0.5], [1, 0]], [1, 1, 1], "coded 1"),
        ([[0, -1], [1, -1], [1, -1]], [1, 1, 1], r"positions \[1\]"),
    ],
)
def test_bad_data_is_refused(patterns: object, weights: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        fit_latent_classes(patterns, weights, classes=2, starts=2, seed=0)


@pytest.mark.parametrize(("classes", "starts"), [(0, 3), (2, 0), (4, 3)])
def test_impossible_requests_are_refused(classes: int, starts: int) -> None:
    with pytest.raises(ValueError, match=r"class|start"):
        fit_latent_classes(GOOD, [1, 1, 1], classes=classes, starts=starts, seed=0)


def test_messages_never_show_a_row_value() -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the message itself is the subject
        fit_latent_classes([[0, 987654]], [123456], classes=1, starts=1, seed=0)
    assert "987654" not in str(refused.value)
    assert "123456" not in str(refused.value)


def test_posterior_refuses_another_set_of_items(fitted: LatentClassFit) -> None:
    with pytest.raises(ValueError, match="8 items"):
        posterior(fitted, [[0, 1]])


def test_agreement_refuses_what_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="labels"):
        adjusted_rand_index([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="shapes"):
        match_classes(PROBABILITIES, PROBABILITIES[:2])
    with pytest.raises(ValueError, match="no fits"):
        best_by_bic([])
