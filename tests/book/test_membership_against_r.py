"""Membership and outcomes of classes give the numbers that R gives when everything is written out row by row."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from careloom.stats.latent_class import LatentClassFit, collapse, fit_latent_classes
from careloom.stats.latent_class.following.distal import fit_distal
from careloom.stats.latent_class.following.external import LIKELIHOOD_METHODS, Method
from careloom.stats.latent_class.following.measured import Measured
from careloom.stats.latent_class.following.membership import MembershipFit, fit_membership
from careloom.stats.latent_class.following.one_step import fit_membership_at_once
from careloom.stats.latent_class.following.three_step import step_weights
from careloom.stats.latent_class.rows.pairs import Pairs, pair_up

BOOK = Path(__file__).with_name("membership")
NAMES = ("yes", "number")

# R's EM stopped when nothing moved by 1e-14 a step, which leaves parameters some 1e-11 from the maximum, and its Newton
# steps use slopes that are exact: coefficients stand to 1e-8. Its information is by finite differences of those slopes.
COEFFICIENT = {"rtol": 0, "atol": 1e-7}
ERROR = {"rtol": 1e-5, "atol": 0}
# Where R climbed by numerical slopes alone, the height stands to 1e-6 and the place to the square root of that.
HEIGHT = {"rtol": 0, "atol": 1e-6}
PLACE = {"rtol": 0, "atol": 5e-4}
ERROR_OF_HEIGHTS = {"rtol": 5e-3, "atol": 0}


def read_answers() -> dict[tuple[str, str], NDArray[np.float64]]:
    answers = defaultdict(list)
    with (BOOK / "reference.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            answers[row["what"], row["name"]].append(float(row["value"]))
    return {key: np.array(values) for key, values in answers.items()}


R = read_answers()
ROWS = np.loadtxt(BOOK / "rows.csv", delimiter=",", skiprows=1)
ITEMS, COVARIATES, OUTCOME, WEIGHTS = ROWS[:, :6], ROWS[:, 6:8], ROWS[:, 8], ROWS[:, 9]
TABLE, PATTERN_OF = collapse(ITEMS, WEIGHTS)


@pytest.fixture(scope="module")
def fit() -> LatentClassFit:
    return fit_latent_classes(TABLE, classes=3, starts=10, seed=1)


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    return pair_up(PATTERN_OF, COVARIATES, WEIGHTS)[0]


def regress(fit: LatentClassFit, pairs: Pairs, method: Method) -> MembershipFit:
    """With model errors and the first step forgotten: what R was asked for."""
    return fit_membership(Measured(TABLE, fit.parameters, "known"), pairs, names=NAMES, method=method, errors="model")


def test_the_first_step(fit: LatentClassFit) -> None:
    assert_allclose(fit.loglik, R["first", "loglik"][0], rtol=0, atol=1e-8)
    assert_allclose(fit.shares, R["first", "shares"], **COEFFICIENT)
    assert_allclose(fit.yes.T.ravel(), R["first", "yes"], **COEFFICIENT)


def test_the_classification_errors(fit: LatentClassFit) -> None:
    ours = step_weights(TABLE, fit.parameters).error_modal
    assert_allclose(ours.T.ravel(), R["first", "error_modal"], **COEFFICIENT)


@pytest.mark.parametrize("method", sorted(set(get_args(Method)) - {"ML proportional"}))
def test_membership(fit: LatentClassFit, pairs: Pairs, method: Method) -> None:
    ours = regress(fit, pairs, method)
    assert_allclose(ours.coefficients[1:].ravel(), R[method, "coefficients"], **COEFFICIENT)
    assert_allclose(ours.std_errors[1:].ravel(), R[method, "errors"], **ERROR)
    if method in LIKELIHOOD_METHODS:
        assert_allclose(ours.loglik, R[method, "loglik"][0], rtol=0, atol=1e-7)


def test_the_naive_table_is_that_of_glm(fit: LatentClassFit, pairs: Pairs) -> None:
    ours = regress(fit, pairs, "modal")
    rows = np.array([[yes, number] for yes in (0, 1) for number in (-1, 0, 1)], dtype=float)
    weight = [WEIGHTS[(row == COVARIATES).all(axis=1)].sum() for row in rows]
    assert_allclose((ours.shares(rows) * np.array(weight)[:, None]).T.ravel(), R["glm", "fitted"], rtol=1e-6)


def test_everything_at_once(fit: LatentClassFit, pairs: Pairs) -> None:
    first = Measured(TABLE, fit.parameters)
    ours = fit_membership_at_once(first, pairs, names=NAMES, errors="model")
    assert_allclose(ours.loglik, R["one-step", "loglik"][0], **HEIGHT)
    assert ours.loglik >= R["one-step", "loglik"][0] - 1e-8
    assert_allclose(ours.membership.coefficients[1:].ravel(), R["one-step", "coefficients"], **PLACE)
    assert_allclose(ours.membership.std_errors[1:].ravel(), R["one-step", "errors"], **ERROR_OF_HEIGHTS)


@pytest.mark.parametrize("method", ["modal", "BCH modal"])
def test_means_by_weighting(fit: LatentClassFit, method: Method) -> None:
    outcome = pair_up(PATTERN_OF, OUTCOME, WEIGHTS)[0]
    ours = fit_distal(Measured(TABLE, fit.parameters, "known"), outcome, method=method)
    assert_allclose(ours.means[:, 0], R[f"mean {method}", "means"], **COEFFICIENT)


def test_means_of_a_normal_outcome(fit: LatentClassFit) -> None:
    outcome = pair_up(PATTERN_OF, OUTCOME, WEIGHTS)[0]
    ours = fit_distal(Measured(TABLE, fit.parameters, "known"), outcome, errors="model")
    assert_allclose(ours.means[:, 0], R["mean two-step", "means"], **PLACE)
    assert_allclose(ours.std_errors[:, 0], R["mean two-step", "errors"], **ERROR_OF_HEIGHTS)
