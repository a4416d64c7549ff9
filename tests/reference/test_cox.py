"""The Cox model on counts is the textbook's, row by row: likelihood, derivatives, residuals, concordance."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

sys.path.append(str(Path(__file__).parent))
import slow_cox
from slow_cox import Row

from careloom.stats import CoxModel

BETA = (0.4, -0.7)
STEP = 1e-5


@st.composite
def tables(draw: Any) -> list[Row]:
    """Some dozen rows with heavy ties, late entry, weights, strata and offsets; quarterly days, where ties bite."""
    n = draw(st.integers(8, 24))
    late, weighted, strata = draw(st.tuples(st.booleans(), st.booleans(), st.integers(1, 2)))
    rows = []
    for number in range(n):
        entry = draw(st.integers(0, 2)) if late else 0
        rows.append(
            Row(
                x=(float(draw(st.integers(0, 1))), draw(st.sampled_from([-1.0, 0.0, 0.5, 2.0]))),
                entry=float(entry),
                exit=float(entry + draw(st.integers(1, 4))),
                event=draw(st.booleans()),
                weight=draw(st.sampled_from([0.5, 1.0, 2.5])) if weighted else 1.0,
                stratum=number % strata,
                offset=draw(st.sampled_from([0.0, 0.3])),
            )
        )
    return rows


def fitted(rows: list[Row], ties: Any) -> Any:
    """The model, where it can be fitted with finite coefficients."""
    try:
        model = CoxModel(ties).fit(
            [row.x for row in rows],
            time=[row.exit for row in rows],
            event=[row.event for row in rows],
            entry=[row.entry for row in rows],
            weights=[row.weight for row in rows],
            strata=[row.stratum for row in rows],
            offset=[row.offset for row in rows],
            cluster=[number // 2 for number in range(len(rows))],
        )
    except ValueError as fault:
        assume("cannot be estimated" not in str(fault) and "no events" not in str(fault))
        raise
    assume(not model.fit_.monotone and np.abs(model.coef_).max() < 5)
    return model


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much], deadline=None)
@given(rows=tables())
def test_the_model_on_counts_is_the_textbooks(ties: Any, rows: list[Row]) -> None:
    model, efron = fitted(rows, ties), ties == "efron"
    beta, weight = model.coef_, np.array([row.weight for row in rows])
    ours = model.log_likelihood_
    assert_allclose(ours, [slow_cox.log_likelihood(rows, b, efron) for b in ((0, 0), beta)], rtol=1e-10, atol=1e-10)
    score = np.array(slow_cox.score_residuals(rows, beta, efron))
    assert_allclose(model.residuals("score"), score, atol=1e-9)
    assert_allclose(weight @ score, 0, atol=1e-5)  # the derivative at the top, to where Newton's method stops
    assert_allclose(model.residuals("martingale"), slow_cox.martingale_residuals(rows, beta, efron), atol=1e-9)
    information = curvature(rows, beta, efron)
    # Second differences with steps of 1e-3 of a log likelihood of some tens: 1e-13 / 1e-6, and the fourth derivative.
    assert_allclose(np.linalg.inv(model.fit_.covariance), information, rtol=1e-3, atol=1e-4)
    clustered = np.zeros((-(-len(rows) // 2), 2))
    np.add.at(clustered, np.arange(len(rows)) // 2, weight[:, None] * score)
    sandwich = model.fit_.covariance @ clustered.T @ clustered @ model.fit_.covariance
    assert_allclose(model.fit_.robust_covariance, sandwich, rtol=1e-6, atol=1e-9)
    found = model.concordance()
    assert_allclose((found.concordant, found.discordant, found.tied), slow_cox.concordance(rows, beta), atol=1e-9)


def curvature(rows: list[Row], beta: Any, efron: bool) -> Any:
    """Minus the second derivative, from the derivative: weighted score residuals, by central differences."""
    weight = np.array([row.weight for row in rows])

    def slope(at: Any) -> Any:
        return weight @ np.array(slow_cox.score_residuals(rows, at, efron))

    moves = STEP * np.eye(2)
    return -np.array([(slope(beta + move) - slope(beta - move)) / (2 * STEP) for move in moves])


@settings(max_examples=30, suppress_health_check=[HealthCheck.filter_too_much], deadline=None)
@given(rows=tables())
def test_the_slow_slope_is_the_slow_likelihoods(rows: list[Row]) -> None:
    """The reference agrees with itself: two of its functions, written apart."""
    weight = np.array([row.weight for row in rows])
    for efron in (True, False):
        slope = weight @ np.array(slow_cox.score_residuals(rows, BETA, efron))
        by_differences = [
            (slow_cox.log_likelihood(rows, BETA + m, efron) - slow_cox.log_likelihood(rows, BETA - m, efron))
            / (2 * STEP)
            for m in STEP * np.eye(2)
        ]
        assert_allclose(slope, by_differences, atol=1e-6)


@settings(max_examples=40, suppress_health_check=[HealthCheck.filter_too_much], deadline=None)
@given(rows=tables(), random=st.randoms(use_true_random=False))
def test_order_and_cutting_stretches_in_two_change_nothing(rows: list[Row], random: Any) -> None:
    model = fitted(rows, "efron")
    cut = []
    for row in rows:
        if row.exit - row.entry > 1:
            middle = row.entry + 1
            cut += [Row(row.x, row.entry, middle, False, row.weight, row.stratum, row.offset)]
            cut += [Row(row.x, middle, row.exit, row.event, row.weight, row.stratum, row.offset)]
        else:
            cut.append(row)
    random.shuffle(cut)
    again = fitted(cut, "efron")
    assert_allclose(again.coef_, model.coef_, atol=1e-8)
    assert_allclose(again.standard_errors_, model.standard_errors_, rtol=1e-8)
    assert_allclose(again.log_likelihood_, model.log_likelihood_, rtol=1e-10, atol=1e-10)


@settings(max_examples=30, suppress_health_check=[HealthCheck.filter_too_much], deadline=None)
@given(rows=tables())
def test_under_breslow_a_weight_of_two_is_two_rows(rows: list[Row]) -> None:
    twice = [Row(r.x, r.entry, r.exit, r.event, 2.0, r.stratum, r.offset) for r in rows[::2]] + [
        Row(r.x, r.entry, r.exit, r.event, 1.0, r.stratum, r.offset) for r in rows[1::2]
    ]
    repeated = [
        Row(r.x, r.entry, r.exit, r.event, 1.0, r.stratum, r.offset) for r in [*rows[::2], *rows[::2], *rows[1::2]]
    ]
    one, two = fitted(twice, "breslow"), fitted(repeated, "breslow")
    assert_allclose(one.coef_, two.coef_, atol=1e-8)
    assert_allclose(one.standard_errors_, two.standard_errors_, rtol=1e-8)
