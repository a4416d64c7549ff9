"""Regression of membership: planted coefficients come back, every method without covariates is the plain fit, and so on."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp

from careloom.stats import match_classes
from careloom.stats.latent_class import LatentClassFit, collapse, fit_latent_classes, from_yes, posterior
from careloom.stats.latent_class.following.external import Method
from careloom.stats.latent_class.following.measured import Measured
from careloom.stats.latent_class.following.membership import MembershipFit, fit_membership
from careloom.stats.latent_class.following.one_step import fit_membership_at_once
from careloom.stats.latent_class.rows.pairs import pair_up

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_membership import COEFFICIENTS, NAMES, YES, Rows, draw_rows

METHODS = get_args(Method)


@pytest.fixture(scope="module")
def rows() -> Rows:
    return draw_rows(1500, seed=51)


@pytest.fixture(scope="module")
def fit(rows: Rows) -> LatentClassFit:
    return fit_latent_classes(collapse(rows.answers)[0], classes=3, starts=4, seed=1, threads=1)


def regress(rows: Rows, fit: LatentClassFit, method: Method = "two-step", **given: object) -> MembershipFit:
    table, pattern_of = collapse(rows.answers)
    pairs = pair_up(pattern_of, rows.covariates)[0]
    return fit_membership(Measured(table, fit.parameters), pairs, names=NAMES, method=method, **given)  # type: ignore[arg-type]


# --- planted truth ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def replicates() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Estimates and errors (40, 6) of 40 files of 1,500 rows; the benchmark three_step.py has 500 of 2,000."""
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for seed in range(40):
        rows = draw_rows(1500, seed=1000 + seed)
        table, pattern_of = collapse(rows.answers)
        fit = fit_latent_classes(table, classes=3, starts=2, seed=1, threads=1)
        order = match_classes(YES, fit.yes)
        pairs = pair_up(pattern_of, rows.covariates)[0]
        for method in ("modal", "BCH modal", "ML modal", "two-step"):
            first = Measured(table, fit.parameters)
            told = fit_membership(first, pairs, names=NAMES, method=method, reference=int(order[0]))
            pair = told.coefficients[order[1:]].ravel(), told.std_errors[order[1:]].ravel()
            found.setdefault(method, []).append(pair)
    return {method: (np.array([p[0] for p in own]), np.array([p[1] for p in own])) for method, own in found.items()}


def test_modal_assignment_draws_coefficients_to_nothing(replicates: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    estimates, _ = replicates["modal"]
    truth = COEFFICIENTS[1:].ravel()
    slopes = np.array([1, 2, 4, 5])
    kept = estimates.mean(axis=0)[slopes] / truth[slopes]
    assert (kept < 0.85).all()


@pytest.mark.parametrize("method", ["BCH modal", "ML modal", "two-step"])
def test_the_corrections_take_the_bias_away(replicates: dict[str, tuple[np.ndarray, np.ndarray]], method: str) -> None:
    estimates, errors = replicates[method]
    truth = COEFFICIENTS[1:].ravel()
    # The mean of 40 files, by three and a half of its own standard errors, and a little for what is left at 1,500 rows.
    noise = estimates.std(axis=0, ddof=1) / np.sqrt(len(estimates))
    np.testing.assert_array_less(np.abs(estimates.mean(axis=0) - truth), 3.5 * noise + 0.03)
    # 240 intervals, six by six from one file: were those six as one, the share that holds would have an error of 0.034.
    holds = (np.abs(estimates - truth) < 1.96 * errors).mean()
    assert holds > 0.95 - 2.5 * 0.034
    # Errors are as large as the spread: by 40 files its own error is a tenth, for six coefficients some 0.06.
    assert 0.8 < (errors.mean(axis=0) / estimates.std(axis=0, ddof=1)).mean() < 1.25


def test_the_naive_methods_err_and_the_rest_agree(rows: Rows, fit: LatentClassFit) -> None:
    found = {method: regress(rows, fit, method) for method in METHODS}
    for method, own in found.items():
        apart = np.abs(own.coefficients - found["two-step"].coefficients)[1:, 1:].mean()
        # The corrections differ by chance, by less than a standard error (some 0.15); slopes drawn to 0 by more.
        assert (apart > 0.15) == (method in ("modal", "proportional")), method
        assert own.certificate.verdict == "certified"


# --- identities ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_without_covariates_it_is_the_plain_fit(rows: Rows, fit: LatentClassFit, method: Method) -> None:
    table, pattern_of = collapse(rows.answers)
    nothing = pair_up(pattern_of, np.zeros((1500, 0)))[0]
    own = fit_membership(Measured(table, fit.parameters), nothing, method=method, reference=1)
    expected = fit.shares
    if method == "modal":
        likeliest = posterior(fit.parameters, table.codes).argmax(axis=1)
        expected = np.bincount(likeliest, table.weights) / 1500
    np.testing.assert_allclose(own.shares(np.zeros((1, 0)))[0], expected, atol=1e-9)
    if method == "two-step":
        assert own.loglik == pytest.approx(fit.loglik, abs=1e-8)


def test_at_once_without_covariates_is_the_plain_fit(rows: Rows, fit: LatentClassFit) -> None:
    table, pattern_of = collapse(rows.answers)
    nothing = pair_up(pattern_of, np.zeros((1500, 0)))[0]
    at_once = fit_membership_at_once(Measured(table, fit.parameters), nothing)
    assert at_once.loglik == pytest.approx(fit.loglik, abs=1e-8)
    np.testing.assert_allclose(at_once.parameters.flat(), fit.parameters.flat(), atol=1e-6)
    # The error of a share is that of the plain fit; the shares' information about each other is the same either way.
    joint = at_once.membership.mean_shares(np.zeros((1, 0)), [1.0]).std_errors
    two_step = fit_membership(Measured(table, fit.parameters), nothing, errors="robust")
    np.testing.assert_allclose(two_step.mean_shares(np.zeros((1, 0)), [1.0]).std_errors, joint, rtol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_weights_are_rows_written_out(method: Method) -> None:
    """Estimates, errors, classification errors and all: StepMix 3.0 forgets the weights here."""
    rows = draw_rows(300, seed=52)
    weights = np.random.default_rng(53).integers(1, 4, 300)
    often = np.repeat(np.arange(300), weights)
    answers = []
    for taken, own in ((np.arange(300), weights), (often, np.ones(often.size))):
        table, pattern_of = collapse(rows.answers[taken], own)
        at = from_yes([0.4, 0.3, 0.3], YES)
        pairs = pair_up(pattern_of, rows.covariates[taken], own)[0]
        answers.append(fit_membership(Measured(table, at), pairs, names=NAMES, method=method))
    np.testing.assert_allclose(answers[0].coefficients, answers[1].coefficients, atol=1e-7)
    np.testing.assert_allclose(answers[0].covariance, answers[1].covariance, rtol=1e-6, atol=1e-9)


def test_the_order_of_rows_does_not_matter(rows: Rows, fit: LatentClassFit) -> None:
    mixed = np.random.default_rng(54).permutation(1500)
    turned = Rows(*(getattr(rows, name)[mixed] for name in ("answers", "covariates", "number", "yes", "classes")))
    np.testing.assert_allclose(regress(turned, fit).coefficients, regress(rows, fit).coefficients, atol=1e-9)


def test_at_once_is_what_direct_maximisation_finds() -> None:
    """Row by row and with slopes by differences, on a small file."""
    rows = draw_rows(400, seed=52)
    answers = rows.answers[:, :5]
    table, pattern_of = collapse(answers)
    fit = fit_latent_classes(table, classes=2, starts=5, seed=1, threads=1)
    pairs = pair_up(pattern_of, rows.covariates)[0]
    ours = fit_membership_at_once(Measured(table, fit.parameters), pairs, names=NAMES)
    design = np.column_stack([np.ones(400), rows.covariates])

    def minus_loglik(at: np.ndarray) -> float:
        odds = np.column_stack([np.zeros(400), design @ at[:3]])
        yes = at[3:].reshape(2, 5)
        log_yes, log_no = -np.log1p(np.exp(-yes)), -np.log1p(np.exp(yes))
        joint = odds - logsumexp(odds, axis=1, keepdims=True) + answers @ log_yes.T + (1 - answers) @ log_no.T
        return -float(logsumexp(joint, axis=1).sum())

    # The fit has no probability at 0 or 1; without that the comparison would not be one.
    assert fit.certificate.verdict == "certified"
    yes = np.stack([item[:, 1] for item in ours.parameters.by_item], axis=1)
    at_ours = np.concatenate([ours.membership.coefficients[1], np.log(yes / (1 - yes)).ravel()])
    assert ours.loglik == pytest.approx(-minus_loglik(at_ours), abs=1e-8)
    start = np.concatenate([[0.0, 0.0, 0.0], np.log(fit.yes / (1 - fit.yes)).ravel()])
    direct = minimize(minus_loglik, start, method="BFGS", options={"gtol": 1e-5})
    assert ours.loglik >= -direct.fun - 1e-7
    assert ours.loglik == pytest.approx(-direct.fun, abs=1e-5)
    np.testing.assert_allclose(direct.x[:3], ours.membership.coefficients[1], atol=5e-3)


def test_at_once_with_a_prior_and_missing_answers(rows: Rows) -> None:
    answers = np.where(np.random.default_rng(56).random(rows.answers.shape) < 0.2, -1, rows.answers)
    table, pattern_of = collapse(answers)
    fit = fit_latent_classes(table, classes=3, starts=3, seed=1, prior=1.0, threads=1)
    pairs = pair_up(pattern_of, rows.covariates)[0]
    first = Measured(table, fit.parameters, prior=1.0)
    ours = fit_membership_at_once(first, pairs, names=NAMES)
    assert ours.membership.certificate.verdict == "certified"
    two_step = fit_membership(first, pairs, names=NAMES)
    assert ours.loglik > two_step.loglik
    np.testing.assert_allclose(ours.membership.coefficients, two_step.coefficients, atol=0.3)


# --- errors ----------------------------------------------------------------------------------------------------------


def test_every_row_a_cluster_is_no_cluster(rows: Rows, fit: LatentClassFit) -> None:
    table, pattern_of = collapse(rows.answers)
    first = Measured(table, fit.parameters)
    plain, alone = (
        fit_membership(first, pair_up(pattern_of, rows.covariates, clusters=own)[0], names=NAMES)
        for own in (None, np.arange(1500))
    )
    np.testing.assert_allclose(alone.covariance, plain.covariance * 1500 / 1499, rtol=1e-9)


def test_rows_three_times_over_tell_no_more_by_cluster(rows: Rows, fit: LatentClassFit) -> None:
    """The errors of a file with every child three times: by row they shrink by the root of 3, by child not at all."""
    table, pattern_of = collapse(np.repeat(rows.answers, 3, axis=0))
    x, child = np.repeat(rows.covariates, 3, axis=0), np.repeat(np.arange(1500), 3)
    first = Measured(table, fit.parameters)
    by_row, by_child = (
        fit_membership(first, pair_up(pattern_of, x, clusters=own)[0], names=NAMES) for own in (None, child)
    )
    once = regress(rows, fit)
    np.testing.assert_allclose(by_row.std_errors[1:], once.std_errors[1:] / np.sqrt(3), rtol=1e-6)
    np.testing.assert_allclose(by_child.covariance, once.covariance * 1500 / 1499, rtol=1e-6)


def test_the_first_step_adds_to_the_errors(rows: Rows, fit: LatentClassFit) -> None:
    table, pattern_of = collapse(rows.answers)
    pairs = pair_up(pattern_of, rows.covariates)[0]
    first = Measured(table, fit.parameters)
    known, other, same = (
        fit_membership(replace(first, rows=own), pairs, names=NAMES).std_errors[1:]
        for own in ("known", "other rows", "same rows")
    )
    assert (other > known).all()
    assert not np.allclose(same, other)
    by_model = regress(rows, fit, errors="model").std_errors[1:]
    np.testing.assert_allclose(by_model, other, rtol=0.15)  # two estimates of one thing


# --- what the fit says -----------------------------------------------------------------------------------------------


def test_another_reference_is_another_fit(rows: Rows, fit: LatentClassFit) -> None:
    asked, turned = regress(rows, fit, reference=2), regress(rows, fit).against(2)
    np.testing.assert_allclose(turned.coefficients, asked.coefficients, atol=1e-8)
    np.testing.assert_allclose(turned.covariance, asked.covariance, rtol=1e-6)
    np.testing.assert_allclose(turned.shares([[1.0, 0.0]]), asked.shares([[1.0, 0.0]]), atol=1e-9)


def test_mean_shares_and_their_errors_by_differences(rows: Rows, fit: LatentClassFit) -> None:
    own = regress(rows, fit)
    values, weights = rows.covariates[:50].astype(float), np.arange(1.0, 51.0)
    mean = own.mean_shares(values, weights)
    np.testing.assert_allclose(mean.shares, weights @ own.shares(values) / weights.sum(), rtol=1e-12)
    slope = np.empty((3, 6))
    for place in range(6):
        flat = np.zeros(6)
        flat[place] = 1e-6
        nudged = own.coefficients + np.insert(flat.reshape(2, 3), 0, 0.0, axis=0)
        moved = replace(own, coefficients=nudged).mean_shares(values, weights).shares
        slope[:, place] = (moved - mean.shares) / 1e-6
    expected = np.sqrt(np.diag(slope @ own.covariance @ slope.T))
    np.testing.assert_allclose(mean.std_errors, expected, rtol=1e-4)
    assert (mean.lower < mean.shares).all()
    assert (mean.shares < mean.upper).all()


def test_a_column_that_says_nothing_is_seen_to(rows: Rows, fit: LatentClassFit) -> None:
    table, pattern_of = collapse(rows.answers)
    noise = np.random.default_rng(57).integers(0, 2, (1500, 1))
    pairs = pair_up(pattern_of, np.hstack([rows.covariates, noise]))[0]
    own = fit_membership(Measured(table, fit.parameters), pairs, names=(*NAMES, "noise"))
    assert own.test(["yes", "number"]).p_value < 1e-6
    assert own.test(["yes", "number"]).degrees_of_freedom == 4
    assert own.test(["noise"]).p_value > 0.01
    with pytest.raises(ValueError, match="no columns age"):
        own.test(["age"])
    lower, upper = own.limits()
    np.testing.assert_allclose((upper - lower)[1:], 2 * 1.959964 * own.std_errors[1:], rtol=1e-6)


def test_the_units_of_the_values_do_not_matter(rows: Rows, fit: LatentClassFit) -> None:
    """Years from 20,180 and thousandths: as they come, a Newton step would not tell the constant from the year."""
    table, pattern_of = collapse(rows.answers)
    first, units, origin = Measured(table, fit.parameters), np.array([1.0, 1e-3]), np.array([20_180.0, 0.0])
    as_is, moved = (pair_up(pattern_of, values)[0] for values in (rows.covariates, rows.covariates * units + origin))
    for ask in (
        lambda pairs: fit_membership(first, pairs, names=NAMES),
        lambda pairs: fit_membership_at_once(first, pairs, names=NAMES).membership,
    ):
        one, other = ask(as_is), ask(moved)
        assert other.certificate.verdict == "certified"
        # Sums of 2e4 beside 1 lose five of sixteen digits, and squares of them ten.
        np.testing.assert_allclose(other.coefficients[:, 1:] * units, one.coefficients[:, 1:], rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(other.std_errors[1:, 1:] * units, one.std_errors[1:, 1:], rtol=1e-5)
        np.testing.assert_allclose(
            other.shares(rows.covariates[:9] * units + origin), one.shares(rows.covariates[:9]), atol=1e-7
        )
        assert other.test(NAMES).degrees_of_freedom == one.test(NAMES).degrees_of_freedom == 4
        assert other.test(NAMES).statistic == pytest.approx(one.test(NAMES).statistic, rel=1e-5)


# --- bad input -------------------------------------------------------------------------------------------------------


def test_a_level_that_a_class_does_not_have_has_no_error() -> None:
    """Nobody of class 1 has x = 1: the coefficient runs off, is said to, and the others keep their errors."""
    answers = np.repeat([[1, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]], 100, axis=0)
    x = np.repeat([0.0, 0.0, 1.0], 100)
    table, pattern_of = collapse(answers)
    first = Measured(table, from_yes([2 / 3, 1 / 3], [[1e-12] * 4, [1 - 1e-12] * 4]), "known")
    own = fit_membership(first, pair_up(pattern_of, x)[0], names=["x"])
    assert own.certificate.verdict == "boundary-fixed"
    assert np.isnan(own.std_errors[1, 1])
    assert own.std_errors[1, 0] == pytest.approx(np.sqrt(1 / 50), rel=1e-3)  # a log odds of half and half in 200 rows
    np.testing.assert_allclose(own.shares([[1.0]])[0], [1.0, 0.0], atol=1e-4)


def test_bad_input_is_refused(rows: Rows, fit: LatentClassFit) -> None:
    table, pattern_of = collapse(rows.answers)
    first = Measured(table, fit.parameters)
    doubled = pair_up(pattern_of, np.column_stack([rows.covariates, 1 - rows.covariates[:, 0]]))[0]
    with pytest.raises(ValueError, match="cannot be told apart from the other columns: no"):
        fit_membership(first, doubled, names=[*NAMES, "no"])
    pairs = pair_up(pattern_of, rows.covariates)[0]
    with pytest.raises(ValueError, match="2 columns of values need as many names"):
        fit_membership(first, pairs)
    with pytest.raises(ValueError, match="there is no method 'best'"):
        fit_membership(first, pairs, names=NAMES, method="best")  # type: ignore[arg-type]
    for reference in (-1, 3):
        with pytest.raises(ValueError, match="a class from 0 to 2"):
            fit_membership(first, pairs, names=NAMES, reference=reference)
        with pytest.raises(ValueError, match="a class from 0 to 2"):
            fit_membership(first, pairs, names=NAMES).against(reference)
    fewer = pair_up(pattern_of[:900], rows.covariates[:900])[0]
    with pytest.raises(ValueError, match="rows='other rows'"):
        fit_membership(first, fewer, names=NAMES)
    assert fit_membership(replace(first, rows="other rows"), fewer, names=NAMES).certificate.is_maximum
    with pytest.raises(ValueError, match="patterns that the table does not have"):
        fit_membership(replace(first, rows="known"), pair_up([10_000], np.zeros((1, 0)))[0])
