"""The climb and its proof: each verdict shown by a case, and nothing called a maximum that is none."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import LatentClassFit, Parameters, PatternTable, collapse, fit_latent_classes
from careloom.stats.latent_class.fitting.climb import MOST_STEPS, Climb, climb, climb_by_em, climb_to_end
from careloom.stats.latent_class.fitting.proof import NOTHING_LEFT, certify, climb_by_newton, finish, settle
from careloom.stats.latent_class.fitting.starts import starting_point
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.model.parameters import LEAST_LOG

sys.path.insert(0, str(Path(__file__).parent))
from planted_classes import TRUTH, draw, table_of

LOST = TRUTH.classes + 2 * TRUTH.classes * 2 + 1  # the third item's first answer in the second class


@pytest.fixture(scope="module")
def table() -> PatternTable:
    return table_of(draw(4000, seed=21)[0])


@pytest.fixture(scope="module")
def objective(table: PatternTable) -> PatternObjective:
    return PatternObjective(table)


@pytest.fixture(scope="module")
def fitted(table: PatternTable) -> LatentClassFit:
    return fit_latent_classes(table, classes=3, starts=6, seed=1, threads=1)


def at_rest(objective: PatternObjective, at: Parameters) -> Climb:
    """A climb that has not taken a step."""
    return Climb(objective.expect(at), 0, np.inf)


# --- the four verdicts -----------------------------------------------------------------------------------------------


def test_certified(fitted: LatentClassFit) -> None:
    proof = fitted.certificate
    assert (proof.verdict, proof.is_maximum, fitted.converged, proof.at_boundary) == ("certified", True, True, 0)
    assert proof.gain_left <= NOTHING_LEFT
    assert 0.001 < proof.least_information < 1.0


def test_boundary_fixed() -> None:
    """Sixty rows: some answer never goes with some class, and no way back inside is higher."""
    table = table_of(draw(60, seed=2)[0])
    found = fit_latent_classes(table, classes=3, starts=20, seed=2, threads=1)
    assert found.certificate.verdict == "boundary-fixed"
    at, objective = found.parameters, PatternObjective(table)
    at_bound = np.flatnonzero(at.at_bound)
    assert len(at_bound) == found.certificate.at_boundary > 0
    for place in at_bound:
        for inside in (-3.0, -8.0, -12.0):
            moved = at.flat()
            moved[place] = inside
            assert objective.expect(at.like(moved)).loglik <= found.loglik


def test_weakly_identified() -> None:
    """Two items tell two classes nothing: five parameters for three free cells."""
    table, _ = collapse([[0, 0], [0, 1], [1, 0], [1, 1]], [40, 10, 12, 38])
    found = fit_latent_classes(table, classes=2, starts=4, seed=0, threads=1)
    assert found.certificate.verdict == "weakly identified"
    # Two directions carry no information at all, up to rounding.
    assert abs(found.certificate.least_information) < 1e-8
    weights = np.array([40, 10, 12, 38])
    assert found.loglik == pytest.approx(float(weights @ np.log(weights / 100)), abs=1e-8)


def test_not_converged_because_there_is_more_to_gain(
    objective: PatternObjective, fitted: LatentClassFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Newton's method promises is what is left."""
    monkeypatch.setattr("careloom.stats.latent_class.fitting.proof.NEWTON_STEPS", 0)
    best = fitted.parameters
    aside = best.like(best.flat() + 0.02 * np.random.default_rng(0).normal(size=best.flat().size))
    point, proof = climb_by_newton(objective, objective.expect(aside))
    assert proof.verdict == "not converged"
    # Half the decrement is exact for a paraboloid; two hundredths of a log odds from the top the cubic term is a few %.
    assert proof.gain_left == pytest.approx(fitted.loglik - point.loglik, rel=0.1)


def test_not_converged_because_it_is_a_saddle(table: PatternTable, objective: PatternObjective) -> None:
    """Three identical classes: every slope is nil, yet this is only the one-class model."""
    same = TRUTH.like(np.concatenate([np.zeros(3), np.repeat(np.log(table.prevalence), 3)]))
    point, proof = finish(objective, at_rest(objective, same))
    assert point.loglik == pytest.approx(fit_latent_classes(table, classes=1).loglik, abs=1e-8)
    assert proof.verdict == "not converged"
    assert proof.least_information < -0.01


def test_not_converged_because_something_at_the_bound_is_drawn_back(
    objective: PatternObjective, fitted: LatentClassFit
) -> None:
    """A common answer held at probability 0: among what is free all is at rest, but rows pull it back inside."""
    wrong = fitted.parameters.flat()
    wrong[LOST] = 2.0 * LEAST_LOG
    point, proof = climb_by_newton(objective, objective.expect(fitted.parameters.like(wrong)))
    assert point.at.at_bound.any()
    assert (proof.verdict, proof.gain_left <= NOTHING_LEFT) == ("not converged", True)
    assert finish(objective, Climb(point, 0, np.inf))[0].loglik == pytest.approx(fitted.loglik, abs=1e-8)


def test_a_verdict_follows_from_what_is_left(objective: PatternObjective, fitted: LatentClassFit) -> None:
    point = objective.expect(fitted.parameters)
    assert certify(point, 0.0, 0.1).verdict == "certified"
    assert certify(point, 1e-4, 0.1).verdict == "not converged"
    assert certify(point, 0.0, 1e-12).verdict == "weakly identified"
    assert certify(point, 0.0, -0.01).verdict == "not converged"
    assert certify(point, np.nan, 0.1).verdict == certify(point, 0.0, np.nan).verdict == "not converged"


# --- the climb -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("prior", [0.0, 0.5])
def test_em_never_lowers_what_it_climbs(table: PatternTable, classes: int, prior: float) -> None:
    objective = PatternObjective(table, prior)
    for number in range(3):
        at = starting_point(table, classes, 7, number)[1]
        values = [climb_by_em(objective, at, steps).point.value for steps in range(12)]
        # 1e-9: the rounding of a sum of 2e4.
        assert (np.diff(values) > -1e-9).all()


def test_the_climb_gets_where_em_is_still_going(table: PatternTable, objective: PatternObjective) -> None:
    start = starting_point(table, 4, 9, 0)[1]
    by_em, quick = climb_by_em(objective, start, 500), climb_to_end(objective, start)
    assert quick.point.loglik >= by_em.point.loglik - 1e-6
    assert quick.steps < 500
    assert quick.gain_left < 1e-8


def test_a_climb_that_may_not_go_on_says_so(table: PatternTable, objective: PatternObjective) -> None:
    cut_short = climb(objective, at_rest(objective, starting_point(table, 3, 9, 0)[1]), 5)
    assert cut_short.steps == 5
    assert cut_short.gain_left > 1e-3


@pytest.mark.parametrize("log_probability", [-15.0, -25.0, 2.0 * LEAST_LOG])
def test_a_probability_lost_near_the_edge_is_brought_back(
    objective: PatternObjective, fitted: LatentClassFit, log_probability: float
) -> None:
    """There the slope is all but nil although the answer is common: steps along it would take for ever."""
    lost = fitted.parameters.flat()
    lost[LOST] = log_probability
    stuck = climb_by_em(objective, fitted.parameters.like(lost), 0)
    assert stuck.point.loglik < fitted.loglik - 100.0
    # A climb ends with at most 1e-8 to gain.
    assert settle(objective, stuck).point.loglik == pytest.approx(fitted.loglik, abs=1e-7)


def test_a_probability_a_little_less_lost_is_brought_back_by_the_climb(
    objective: PatternObjective, fitted: LatentClassFit
) -> None:
    lost = fitted.parameters.flat()
    lost[LOST] = -10.0
    found = settle(objective, climb(objective, at_rest(objective, fitted.parameters.like(lost)), MOST_STEPS))
    assert found.point.loglik == pytest.approx(fitted.loglik, abs=1e-7)


def test_settling_leaves_a_maximum_alone(objective: PatternObjective, fitted: LatentClassFit) -> None:
    top = at_rest(objective, fitted.parameters)
    assert settle(objective, top) is top


@pytest.mark.parametrize("classes", [3, 4])
def test_with_a_prior_the_slope_is_nil_at_the_top(table: PatternTable, classes: int) -> None:
    found = fit_latent_classes(table, classes=classes, starts=6, seed=4, prior=1.0 / classes, threads=1)
    point = PatternObjective(table, 1.0 / classes).expect(found.parameters)
    assert found.certificate.verdict == "certified"
    # Newton's last step promises 1e-9 at most: slopes below the root of twice that times an information of some 1e3.
    assert np.abs(point.slope).max() < 2e-3
    assert point.value < point.loglik == found.loglik  # the prior's part is a logarithm of probabilities


def test_climbs_of_compiled_code_and_of_numpy_end_at_the_same_top(table: PatternTable) -> None:
    start = starting_point(table, 3, 5, 0)[1]
    ends = [climb_to_end(PatternObjective(table, kernel=kernel), start).point for kernel in ("auto", "numpy")]
    assert ends[0].loglik == pytest.approx(ends[1].loglik, abs=1e-7)
    assert ends[0].at.probabilities == pytest.approx(ends[1].at.probabilities, abs=1e-4)
