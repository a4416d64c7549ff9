"""Outcomes of classes: planted means and shares come back, saturated methods agree, and tests are what they say."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from scipy.stats import chi2, norm

from careloom.stats import match_classes
from careloom.stats.latent_class import LatentClassFit, collapse, fit_latent_classes, from_yes, posterior
from careloom.stats.latent_class.following.distal import DistalFit, fit_distal
from careloom.stats.latent_class.following.external import LIKELIHOOD_METHODS, Method
from careloom.stats.latent_class.following.measured import Measured
from careloom.stats.latent_class.following.wald import wald
from careloom.stats.latent_class.rows.pairs import pair_up

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_membership import CHANCES, MEANS, YES, Rows, draw_rows

METHODS = get_args(Method)


@pytest.fixture(scope="module")
def rows() -> Rows:
    return draw_rows(8000, seed=61)


@pytest.fixture(scope="module")
def fit(rows: Rows) -> LatentClassFit:
    return fit_latent_classes(collapse(rows.answers)[0], classes=3, starts=3, seed=1, threads=1)


def ask(rows: Rows, fit: LatentClassFit, outcome: np.ndarray, method: Method, **given: object) -> DistalFit:
    table, pattern_of = collapse(rows.answers)
    return fit_distal(Measured(table, fit.parameters), pair_up(pattern_of, outcome)[0], method=method, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", METHODS)
def test_planted_means_and_shares_come_back_unless_the_method_is_naive(
    rows: Rows, fit: LatentClassFit, method: Method
) -> None:
    """Within four standard errors (six numbers), which the naive methods miss by far."""
    order = match_classes(YES, fit.yes)
    mean = ask(rows, fit, rows.number, method)
    share = ask(rows, fit, rows.yes, method, categories=(0, 1), names=("no", "yes"))
    assert share.names == ("no", "yes")
    np.testing.assert_allclose(share.means.sum(axis=1), 1.0, atol=1e-9)
    off = np.abs(mean.means[order, 0] - MEANS) / mean.std_errors[order, 0]
    off_too = np.abs(share.means[order, 1] - CHANCES) / share.std_errors[order, 1]
    if method in ("modal", "proportional"):
        assert off.max() > 8
        assert off_too.max() > 6
    else:
        assert max(off.max(), off_too.max()) < 4
    assert mean.certificate.verdict == share.certificate.verdict == "certified"


def test_weighting_is_the_weighted_mean(rows: Rows, fit: LatentClassFit) -> None:
    table, pattern_of = collapse(rows.answers)
    belongs = posterior(fit.parameters, table.codes)[pattern_of]
    modal = np.eye(3)[belongs.argmax(axis=1)]
    error = (belongs.T @ modal) / belongs.sum(axis=0)[:, None]
    for method, weights in (("modal", modal), ("proportional", belongs), ("BCH modal", modal @ np.linalg.inv(error))):
        expected = weights.T @ rows.number / weights.sum(axis=0)
        np.testing.assert_allclose(ask(rows, fit, rows.number, method).means[:, 0], expected, rtol=1e-8)


@pytest.mark.parametrize("by", ["modal", "proportional"])
def test_where_the_outcome_is_free_ml_is_bch(rows: Rows, fit: LatentClassFit, by: str) -> None:
    """With as many parameters as there are shares of assigned class by category, both solve the same equations."""
    bch, ml = (ask(rows, fit, rows.yes, f"{name} {by}", categories=(0, 1)) for name in ("BCH", "ML"))  # type: ignore[arg-type]
    np.testing.assert_allclose(ml.means, bch.means, atol=1e-6)
    np.testing.assert_allclose(ml.std_errors, bch.std_errors, rtol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_weights_are_rows_written_out(method: Method) -> None:
    rows = draw_rows(300, seed=62)
    weights = np.random.default_rng(63).integers(1, 4, 300)
    often = np.repeat(np.arange(300), weights)
    found = []
    for taken, own in ((np.arange(300), weights), (often, np.ones(often.size))):
        table, pattern_of = collapse(rows.answers[taken], own)
        first = Measured(table, from_yes([0.4, 0.3, 0.3], YES))
        found.append(fit_distal(first, pair_up(pattern_of, rows.number[taken], own)[0], method=method))
    np.testing.assert_allclose(found[0].means, found[1].means, atol=1e-7)
    np.testing.assert_allclose(found[0].covariance, found[1].covariance, rtol=1e-5, atol=1e-8)


def test_the_wald_tests_by_hand() -> None:
    """Three classes of known membership: the overall test is the sum of squares about the weighted mean."""
    answers = np.repeat([[0, 0], [1, 0], [1, 1]], [50, 100, 150], axis=0)
    number = np.random.default_rng(64).normal(size=300).round(3) + np.repeat([0.0, 0.2, 0.5], [50, 100, 150])
    table, pattern_of = collapse(answers)
    tiny = 1e-12
    at = from_yes([1 / 6, 1 / 3, 1 / 2], [[tiny, tiny], [1 - tiny, tiny], [1 - tiny, 1 - tiny]])
    own = fit_distal(Measured(table, at, "known"), pair_up(pattern_of, number)[0], method="modal")
    groups = np.split(number, [50, 150])
    means, squares = np.array([g.mean() for g in groups]), np.array([g.var() / g.size for g in groups])
    np.testing.assert_allclose(own.means[:, 0], means, rtol=1e-9)
    np.testing.assert_allclose(own.std_errors[:, 0] ** 2, squares, rtol=1e-7)
    common = (means / squares).sum() / (1 / squares).sum()
    overall = own.overall()
    assert overall.degrees_of_freedom == 2
    assert overall.statistic == pytest.approx(((means - common) ** 2 / squares).sum(), rel=1e-6)
    assert overall.p_value == pytest.approx(chi2.sf(overall.statistic, 2))
    between = own.differences()[1]
    assert (between.one, between.other, between.name) == (0, 2, "mean")
    error = np.sqrt(squares[0] + squares[2])
    assert between.std_error == pytest.approx(error, rel=1e-6)
    assert between.p_value == pytest.approx(2 * norm.sf(abs(means[0] - means[2]) / error), rel=1e-6)
    assert between.upper - between.lower == pytest.approx(2 * 1.959964 * error, rel=1e-6)
    assert own.between(0, 2).statistic == pytest.approx(((means[0] - means[2]) / error) ** 2, rel=1e-6)


def test_an_outcome_that_is_the_same_for_all_classes_is_seldom_called_different(
    fit: LatentClassFit, rows: Rows
) -> None:
    """The overall test under its null, 60 times: 5 % of them, give or take three of their errors, or fewer."""
    table, pattern_of = collapse(rows.answers)
    random = np.random.default_rng(65)
    chances = []
    for _ in range(60):
        outcome = random.integers(0, 2, 8000)
        first = Measured(table, fit.parameters)
        own = fit_distal(first, pair_up(pattern_of, outcome)[0], categories=(0, 1), method="BCH modal")
        assert own.overall().degrees_of_freedom == 2
        chances.append(own.overall().p_value)
    assert np.mean(np.array(chances) < 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)
    assert 0.35 < np.mean(chances) < 0.65  # 0.5, by four errors of a mean of 60 uniform numbers


def test_a_category_that_a_class_does_not_have_has_no_error() -> None:
    rows = draw_rows(3000, seed=66)
    outcome = np.where(rows.classes == 0, rows.yes, 2)
    table, pattern_of = collapse(rows.answers)
    first = Measured(table, from_yes([0.5, 0.3, 0.2], YES), "known")
    own = fit_distal(first, pair_up(pattern_of, outcome)[0], categories=(0, 1, 2), method="two-step")
    assert own.certificate.verdict in ("boundary-fixed", "weakly identified")
    assert np.isnan(own.std_errors).any()
    assert not np.isnan(own.std_errors[0, :2]).any()
    np.testing.assert_allclose(own.means[1], [0.0, 0.0, 1.0], atol=0.02)
    assert np.isnan(wald(own.means.ravel(), own.covariance, np.eye(9)).p_value)


@pytest.mark.parametrize("method", ["two-step", "ML modal", "BCH modal"])
def test_the_unit_of_an_outcome_does_not_matter(rows: Rows, fit: LatentClassFit, method: Method) -> None:
    """Pounds, with a spread of millions about a million millions, or shares: the same means and errors in their units."""
    plain, pounds = (ask(rows, fit, outcome, method) for outcome in (rows.number, rows.number * 1e6 + 1e9))
    assert pounds.certificate.verdict == "certified"
    np.testing.assert_allclose((pounds.means - 1e9) / 1e6, plain.means, atol=1e-8)
    np.testing.assert_allclose(pounds.std_errors / 1e6, plain.std_errors, rtol=1e-6)


def test_an_outcome_that_does_not_vary_in_a_class_has_no_normal_density(rows: Rows, fit: LatentClassFit) -> None:
    """No cost at all in one class: the narrower its normal, the likelier, without end. BCH takes no harm."""
    cost = np.where(rows.classes == 0, 0.0, rows.number)
    with pytest.raises(ValueError, match="hardly varies in classes"):
        ask(rows, fit, cost, "two-step")
    found = ask(rows, fit, cost, "BCH modal")
    nil = int(match_classes(YES, fit.yes)[0])
    assert abs(found.means[nil, 0]) < 4 * found.std_errors[nil, 0]


def test_bad_outcomes_are_refused(rows: Rows, fit: LatentClassFit) -> None:
    table, pattern_of = collapse(rows.answers)
    first = Measured(table, fit.parameters)
    with pytest.raises(ValueError, match="one outcome at a time"):
        fit_distal(first, pair_up(pattern_of, rows.covariates)[0])
    with pytest.raises(ValueError, match="each value one of them"):
        ask(rows, fit, rows.yes + 1, "two-step", categories=(0, 1))
    with pytest.raises(ValueError, match="2 categories need as many names"):
        ask(rows, fit, rows.yes, "two-step", categories=(0, 1), names=("yes",))
    with pytest.raises(ValueError, match="the same for all rows"):
        ask(rows, fit, np.ones(8000), "two-step")
    with pytest.raises(ValueError, match="rows='other rows'"):
        fit_distal(first, pair_up(pattern_of[:10], rows.yes[:10])[0])
    some = fit_distal(replace(first, rows="other rows"), pair_up(pattern_of[:4000], rows.number[:4000])[0])
    assert some.certificate.is_maximum
    assert set(LIKELIHOOD_METHODS) < set(METHODS)
